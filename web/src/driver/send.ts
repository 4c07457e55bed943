// Sends a draft by the GraphQL multipart request specification. XMLHttpRequest, because fetch tells no upload progress.
import type { CreateDamageReportInput, DamageReport } from "../api-types";
import { ApiError, readAnswer, toLogin } from "../lib/graphql";
import fileMutation from "../queries/file.graphql";
import type { Draft } from "./draft";

export function formOf(draft: Draft): FormData {
	// In the JSON each photo is null; the map says which part of the form takes its place.
	const input: Omit<CreateDamageReportInput, "photos"> & { photos: null[] } = {
		vehicleName: draft.vehicle,
		description: draft.description.trim(),
		photos: draft.photos.map(() => null),
		idempotencyKey: draft.key,
	};
	if (draft.location)
		input.location = draft.location;
	if (draft.incidentAt)
		input.incidentAt = draft.incidentAt;
	const form = new FormData();
	form.append("operations", JSON.stringify({ query: fileMutation, variables: { input } }));
	form.append("map", JSON.stringify(Object.fromEntries(draft.photos.map((_, i) => [i, [`variables.input.photos.${i}`]]))));
	draft.photos.forEach((photo, i) => form.append(String(i), photo.bytes, photo.name));
	return form;
}

const quietMs = 60_000; // without any progress; the whole upload may take long on a bad line

export function sendDraft(draft: Draft, onProgress: (share: number) => void): Promise<DamageReport> {
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();
		let timer = 0;
		const stillAlive = () => {
			clearTimeout(timer);
			timer = window.setTimeout(() => request.abort(), quietMs);
		};
		const unreachable = () => {
			clearTimeout(timer);
			reject(new ApiError("No connection to the depot.", "OFFLINE"));
		};
		request.open("POST", "/graphql");
		request.setRequestHeader("accept", "application/graphql-response+json, application/json");
		request.upload.onprogress = (event) => {
			stillAlive();
			if (event.lengthComputable)
				onProgress(event.loaded / event.total);
		};
		request.onload = () => {
			clearTimeout(timer);
			if (request.status === 401) {
				toLogin();
				return;
			}
			try {
				resolve(readAnswer<{ createDamageReport: { report: DamageReport } }>(JSON.parse(request.responseText))
					.createDamageReport.report);
			} catch (failure) {
				reject(failure instanceof ApiError ? failure
					: new ApiError("The server did not answer as expected. Try again in a moment.", "UNAVAILABLE"));
			}
		};
		request.onerror = unreachable;
		request.onabort = unreachable;
		stillAlive();
		request.send(formOf(draft));
	});
}
