// The keyboard of the dashboard: J and K walk the list, arrows the photos, / searches, A approves, Esc goes back.
import { enlarged, stepPhoto } from "./gallery";
import { open, openNumber, order, row } from "./model";

function walk(by: number): void {
	const ids = order.peek();
	const at = ids.findIndex((id) => row(id).peek().number === openNumber.peek());
	const next = ids[at < 0 ? 0 : Math.min(ids.length - 1, Math.max(0, at + by))];
	if (next === undefined)
		return;
	const { number } = row(next).peek();
	open(number);
	document.getElementById(`report-${number}`)?.scrollIntoView({ block: "nearest" });
}

function isTyping(target: EventTarget | null): boolean {
	return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function listenToKeys(): void {
	addEventListener("keydown", (event) => {
		if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey)
			return;
		if (isTyping(event.target)) {
			if (event.key === "Escape")
				(event.target as HTMLElement).blur();
			return;
		}
		switch (event.key) {
		case "j": walk(1); break;
		case "k": walk(-1); break;
		case "ArrowRight": stepPhoto(1); return;
		case "ArrowLeft": stepPhoto(-1); return;
		case "a": document.querySelector<HTMLElement>("[data-step=APPROVE]")?.click(); break;
		case "/": document.getElementById("search")?.focus(); break;
		case "Escape":
			if (enlarged.peek())
				return; // the dialog closes itself
			open(null);
			break;
		default: return;
		}
		event.preventDefault();
	});
}
