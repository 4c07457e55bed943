// The draft of a report in the phone's own database: it survives a reload, a dead battery and a cellar without signal.
import type { GeoPointInput } from "../api-types";

export interface DraftPhoto { id: string; name: string; bytes: Blob }

export interface Draft {
	vehicle: string;
	key: string; // the idempotency key: sending the draft again files nothing new
	description: string;
	photos: DraftPhoto[];
	location: GeoPointInput | null;
	incidentAt: string | null; // when it was written, if it could not be sent at once
	queued: boolean; // the driver pressed send; it goes as soon as the network allows
}

// crypto.randomUUID exists on secure origins only; a phone in the depot may come by plain HTTP.
export function randomKey(): string {
	return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function emptyDraft(vehicle: string): Draft {
	return { vehicle, key: randomKey(), description: "", photos: [], location: null, incidentAt: null, queued: false };
}

function inStore<T>(mode: IDBTransactionMode, run: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
	return new Promise((resolve, reject) => {
		const opening = indexedDB.open("fleet", 1);
		opening.onupgradeneeded = () => opening.result.createObjectStore("drafts", { keyPath: "vehicle" });
		opening.onerror = () => reject(opening.error);
		opening.onsuccess = () => {
			const db = opening.result;
			const transaction = db.transaction("drafts", mode);
			const request = run(transaction.objectStore("drafts"));
			transaction.oncomplete = () => {
				db.close();
				resolve(request.result);
			};
			transaction.onabort = transaction.onerror = () => {
				db.close();
				reject(transaction.error);
			};
		};
	});
}

export async function readDraft(vehicle: string): Promise<Draft | null> {
	try {
		return await inStore<Draft | undefined>("readonly", (store) => store.get(vehicle) as IDBRequest<Draft | undefined>) ?? null;
	} catch {
		return null; // private windows have no database; the page works without
	}
}

// False when the phone has no room or no database: the draft then lives only as long as the page.
export async function writeDraft(draft: Draft): Promise<boolean> {
	try {
		await inStore("readwrite", (store) => store.put(draft));
		return true;
	} catch {
		return false;
	}
}

export async function removeDraft(vehicle: string): Promise<void> {
	try {
		await inStore("readwrite", (store) => store.delete(vehicle) as IDBRequest<undefined>);
	} catch {
		// Nothing was kept, so nothing is left.
	}
}
