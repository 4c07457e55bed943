import { signal } from "@preact/signals";

// Ticks twice a minute, so that "5 min ago" grows old while a page stays open.
export const nowMs = signal(Date.now());

setInterval(() => {
	if (!document.hidden)
		nowMs.value = Date.now();
}, 30_000);
