// The dashboard: takes over the first screen that the server wrote and keeps it current.
import { effect } from "@preact/signals";
import { render } from "preact";
import type { DamageReportStatus, Severity } from "./api-types";
import { enlarged, shownPhoto } from "./board/gallery";
import { listenToKeys } from "./board/keys";
import { List } from "./board/list";
import { announcement, type FirstScreen, live, open, openNumber, openReport, start } from "./board/model";
import { keepFirstRepair } from "./board/repair";
import { ReportPane } from "./board/report";

const liveWords = { connecting: "Connecting", live: "Live", waiting: "Reconnecting", "signed-out": "Signed out" };

function LiveMark() {
	const state = live.state.value;
	return (
		<span class={`live is-${state}`} role="status">
			{state === "signed-out" ? <a href={`/login?next=${encodeURIComponent(location.pathname)}`}>Sign in again</a> : liveWords[state]}
		</span>
	);
}

function Board() {
	return (
		<div class={openNumber.value ? "board has-report" : "board"}>
			<List />
			{openNumber.value && <ReportPane />}
			<p class="unseen" aria-live="polite">{announcement.value}</p>
		</div>
	);
}

function readFirstScreen(): FirstScreen {
	return JSON.parse(document.getElementById("first-screen")?.textContent ?? "{}") as FirstScreen;
}

const query = new URLSearchParams(location.search);

start(readFirstScreen(), {
	status: (query.get("status") ?? "") as DamageReportStatus | "",
	severity: (query.get("severity") ?? "") as Severity | "",
	search: query.get("search") ?? "",
});

addEventListener("popstate", () => open(/^\/reports\/(\d+)/.exec(location.pathname)?.[1] ?? null, false));

effect(() => {
	openNumber.value; // a new report starts with its first photo
	shownPhoto.value = 0;
	enlarged.value = false;
});

effect(() => {
	const report = openReport.value;
	document.title = report ? `${report.vehicle.name} #${report.number} · Fleet` : "Reports · Fleet";
});

listenToKeys();
keepFirstRepair();
render(<Board />, document.getElementById("app") as HTMLElement);
render(<LiveMark />, document.getElementById("live") as HTMLElement);
