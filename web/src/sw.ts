// Lets a driver's page open without a network: the page of a vehicle that was open before, and what it is made of.
// Everything else goes to the server untouched. The draft itself lives in the page's own database.
export {};

interface FetchLike extends Event {
	request: Request;
	respondWith(reply: Promise<Response>): void;
	waitUntil(work: Promise<unknown>): void;
}

const pages = "pages-1";
const parts = "parts-1";
const partsMax = 40;

async function pageFirst(request: Request): Promise<Response> {
	const cache = await caches.open(pages);
	try {
		const reply = await fetch(request);
		if (reply.ok && !reply.redirected)
			await cache.put(new URL(request.url).pathname, reply.clone());
		return reply;
	} catch (failure) {
		const kept = await cache.match(new URL(request.url).pathname);
		if (kept)
			return kept;
		throw failure;
	}
}

// Names carry a hash, so what is kept is never stale; the oldest go when there are many.
async function partFirst(request: Request): Promise<Response> {
	const cache = await caches.open(parts);
	const kept = await cache.match(request);
	if (kept)
		return kept;
	const reply = await fetch(request);
	if (reply.ok) {
		await cache.put(request, reply.clone());
		const keys = await cache.keys();
		await Promise.all(keys.slice(0, Math.max(0, keys.length - partsMax)).map((key) => cache.delete(key)));
	}
	return reply;
}

addEventListener("install", () => void (self as unknown as { skipWaiting(): Promise<void> }).skipWaiting());

addEventListener("fetch", (event) => {
	const asked = event as FetchLike;
	const { request } = asked;
	const { origin, pathname } = new URL(request.url);
	if (origin !== location.origin || request.method !== "GET")
		return;
	if (request.mode === "navigate" && pathname.startsWith("/r/"))
		asked.respondWith(pageFirst(request));
	else if (request.mode === "navigate" && pathname === "/login")
		asked.waitUntil(caches.delete(pages)); // somebody signed out: their pages are not for the next one
	else if (pathname.startsWith("/assets/"))
		asked.respondWith(partFirst(request));
});
