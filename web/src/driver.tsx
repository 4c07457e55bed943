// The driver's page: photos, a sentence, send. It takes over the plain form that the server wrote, with what was
// already typed or chosen in it.
import { signal } from "@preact/signals";
import { render } from "preact";
import type { Vehicle, Viewer } from "./api-types";
import { filed, follow, Thanks } from "./driver/answer";
import { type Draft, emptyDraft, randomKey, readDraft, removeDraft, writeDraft } from "./driver/draft";
import { Previews } from "./driver/previews";
import { sendDraft } from "./driver/send";
import { ApiError } from "./lib/graphql";
import { SeverityMark, Status, When } from "./lib/marks";
import { pathOf } from "./lib/words";

interface FirstScreen { viewer: Viewer; vehicle: Vehicle }

// Refusals that the same report may not meet a minute later.
const mayPass = ["OFFLINE", "UNAVAILABLE", "TIMEOUT", "TOO_MANY_REQUESTS", "INTERNAL"];
const photosMax = 20;
const photoBytesMax = 25_000_000;

const root = document.getElementById("app") as HTMLElement;
const { vehicle } = JSON.parse(document.getElementById("first-screen")?.textContent ?? "{}") as FirstScreen;

const draft = signal<Draft>(emptyDraft(vehicle.name));
const progress = signal<number | null>(null); // null while nothing is being sent
const problem = signal("");
const locating = signal(false);

let saveTimer = 0;

function edit(change: Partial<Draft>): void {
	draft.value = { ...draft.peek(), ...change };
	problem.value = "";
	clearTimeout(saveTimer);
	saveTimer = window.setTimeout(() => void writeDraft(draft.peek()), 300);
}

function addPhotos(files: Iterable<File>): void {
	const photos = [...draft.peek().photos];
	const refused: string[] = [];
	for (const file of files) {
		if (photos.length >= photosMax)
			refused.push(`${file.name}: ${photosMax} photos are the most one report can have.`);
		else if (file.size > photoBytesMax)
			refused.push(`${file.name} is larger than 25 MB.`);
		else if (file.size === 0)
			refused.push(`${file.name} is empty.`);
		else
			photos.push({ id: randomKey(), name: file.name, bytes: file });
	}
	edit({ photos });
	problem.value = refused.join(" ");
}

async function send(): Promise<void> {
	if (progress.peek() !== null)
		return;
	if (draft.peek().photos.length === 0) {
		problem.value = "Add at least one photo of the damage.";
		return;
	}
	if (!draft.peek().description.trim()) {
		problem.value = "Say in a sentence what happened.";
		document.getElementById("description")?.focus();
		return;
	}
	problem.value = "";
	progress.value = 0;
	clearTimeout(saveTimer);
	draft.value = { ...draft.peek(), queued: true };
	await writeDraft(draft.peek());
	try {
		const report = await sendDraft(draft.peek(), (share) => { progress.value = share; });
		await removeDraft(vehicle.name);
		draft.value = emptyDraft(vehicle.name);
		follow(report);
		scrollTo({ top: 0 });
	} catch (failure) {
		const { code, message } = failure as ApiError;
		if (mayPass.includes(code)) {
			// Stays queued: it happened when it was written, not when the network came back.
			edit({ incidentAt: draft.peek().incidentAt ?? new Date().toISOString() });
			if (code !== "OFFLINE")
				problem.value = message;
			retrySoon();
		} else {
			// A refused report is changed and sent again: a new report, so a new key.
			edit({ queued: false, key: randomKey() });
			problem.value = message;
		}
	} finally {
		progress.value = null;
	}
}

let retryTimer = 0;

function retrySoon(): void {
	clearTimeout(retryTimer);
	retryTimer = window.setTimeout(() => {
		if (draft.peek().queued && navigator.onLine)
			void send();
		else
			retrySoon();
	}, 15_000);
}

function locate(): void {
	locating.value = true;
	navigator.geolocation.getCurrentPosition(({ coords }) => {
		locating.value = false;
		edit({ location: { latitude: coords.latitude, longitude: coords.longitude } });
	}, (failure) => {
		locating.value = false;
		problem.value = failure.code === failure.PERMISSION_DENIED
			? "This page may not ask for the place. Allow it in the browser's settings for this site, or go on without."
			: "The phone does not know where it is. Try again outdoors, or go on without.";
	}, { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 });
}

function Pick() {
	const onChange = (event: Event) => {
		const input = event.currentTarget as HTMLInputElement;
		addPhotos(input.files ?? []);
		input.value = ""; // so that the same file can be chosen again
	};
	const count = draft.value.photos.length;
	return (
		<div class="pick">
			<label class="camera">
				<input type="file" accept="image/*" capture="environment" onChange={onChange} />
				<svg viewBox="0 0 24 24" width="32" height="32" aria-hidden="true"><path d="M9 4 7.5 6H4a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2V8a2 2 0 0 0-2-2h-3.5L15 4Zm3 5a4 4 0 1 1 0 8 4 4 0 0 1 0-8Z" /></svg>
				{count ? "Take another photo" : "Take a photo"}
			</label>
			<label class="choose">
				<input type="file" name="photos" accept="image/*" multiple onChange={onChange} />
				Choose photos
			</label>
			{count === 0 && <p class="faint">Best: one of the whole side, one or two close up.</p>}
		</div>
	);
}

function Place() {
	const { location } = draft.value;
	if (!isSecureContext || !("geolocation" in navigator))
		return null;
	if (location) {
		return (
			<p class="place">Place added ({location.latitude.toFixed(4)}, {location.longitude.toFixed(4)}).{" "}
				<button type="button" class="link" onClick={() => edit({ location: null })}>Remove</button></p>
		);
	}
	return <button type="button" class="button" disabled={locating.value} onClick={locate}>{locating.value ? "Finding the place…" : "Add the place"}</button>;
}

function Sending({ share }: { share: number }) {
	return (
		<div class="sending" role="status">
			<progress max="1" value={share < 1 ? share : undefined} aria-label="Upload" />
			<p>{share < 1 ? `Sending photos, ${Math.round(share * 100)} %` : "Checking the photos…"}</p>
		</div>
	);
}

function Form() {
	const { photos, description, queued } = draft.value;
	const share = progress.value;
	const busy = share !== null;
	return (
		<form class="file" method="post" enctype="multipart/form-data" onSubmit={(event) => {
			event.preventDefault();
			void send();
		}}>
			{!busy && <Pick />}
			<Previews photos={photos} fixed={busy} remove={(id) => edit({ photos: draft.peek().photos.filter((photo) => photo.id !== id) })} />
			<label class="field" for="description">What happened?</label>
			<textarea id="description" name="description" rows={3} maxLength={10_000} disabled={busy} value={description}
				placeholder="Scraped the rear left door at the loading dock" onInput={(event) => edit({ description: event.currentTarget.value })} />
			{!busy && <Place />}
			{problem.value && <p class="problem" role="alert">{problem.value}</p>}
			{queued && !busy && <p class="queued" role="status">Not sent yet. The report is kept on this phone and is sent as soon as the server can be reached.</p>}
			{busy ? <Sending share={share} /> : <button class="send">{queued ? "Send now" : "Send report"}</button>}
		</form>
	);
}

function Earlier() {
	const earlier = vehicle.damageReports.nodes;
	if (earlier.length === 0)
		return null;
	return (
		<section class="earlier">
			<h2>Already reported on {vehicle.name}</h2>
			<ol>{earlier.map((report) => (
				<li>
					{report.photos[0] ? <img src={pathOf(report.photos[0].thumbnailUrl)} width="88" height="66" alt="" loading="lazy" />
						: <span class="thumb is-empty" />}
					<p><span class="words">{report.description}</span>
						<span class="line"><Status status={report.status} /> <SeverityMark severity={report.severity} note={report.severity ? undefined : ""} /></span>
						<span class="faint">#{report.number}, <When at={report.reportedAt} /></span></p>
				</li>
			))}</ol>
		</section>
	);
}

function Page() {
	const report = filed.value;
	return (
		<>
			<header class="vehicle">
				<h1>{vehicle.name}</h1>
				<p class="faint">{vehicle.make} {vehicle.model}{vehicle.plate ? `, ${vehicle.plate}` : ""}</p>
				<p><a href={`/inspect/${encodeURIComponent(vehicle.name)}`}>Inspect this vehicle</a></p>
			</header>
			{report ? <Thanks report={report} again={() => { filed.value = null; }} /> : <Form />}
			<Earlier />
		</>
	);
}

// What the driver did before this code arrived is not lost.
const early = {
	description: root.querySelector<HTMLTextAreaElement>("[name=description]")?.value ?? "",
	files: [...root.querySelector<HTMLInputElement>("[name=photos]")?.files ?? []],
};

render(<Page />, root);

void readDraft(vehicle.name).then((kept) => {
	if (kept)
		draft.value = kept;
	if (early.description)
		edit({ description: early.description });
	if (early.files.length)
		addPhotos(early.files);
	if (kept?.queued)
		void send();
});

// Only secure origins have one; without it the page works, but needs the network to open.
void navigator.serviceWorker?.register("/sw.js").catch(() => undefined);

addEventListener("online", () => {
	if (draft.peek().queued)
		void send();
});
