import { useRef } from "preact/hooks";
import type { DamageReportStatus, Severity } from "../api-types";
import { SeverityMark, Status, When } from "../lib/marks";
import { money, pathOf, percent, severityLevels, severityWords, statusWords } from "../lib/words";
import { addressOf, arrivals, filter, fresh, listProblem, loadingList, loadList, loadOlder, open, openNumber, order,
	pageInfo, row, setFilter, type Row } from "./model";

// Whose judgement the severity is: the model's, with its confidence, or a person's.
function severityNote(report: Row): string | undefined {
	if (!report.severity)
		return report.status === "REPORTED" ? "" : "No severity";
	const made = report.assessment;
	if (!made || made.severity !== report.severity)
		return "by hand";
	return percent(made.severityConfidence);
}

function isPlainClick(event: MouseEvent): boolean {
	return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

function RowView({ id }: { id: string }) {
	const report = row(id).value;
	const thumb = report.photos[0]?.thumbnailUrl;
	const isOpen = openNumber.value === report.number;
	return (
		<li class={`row${isOpen ? " is-open" : ""}${fresh.value.has(id) ? " is-fresh" : ""}`} id={`report-${report.number}`}>
			<a href={addressOf(report.number)} aria-current={isOpen ? "true" : undefined} onClick={(event) => {
				if (!isPlainClick(event))
					return;
				event.preventDefault();
				open(report.number);
			}}>
				{thumb ? <img class="thumb" src={pathOf(thumb)} width="88" height="66" alt="" loading="lazy" decoding="async" />
					: <span class="thumb is-empty" />}
				<span class="who"><strong>{report.vehicle.name}</strong> <span class="number">#{report.number}</span></span>
				<span class="model">{report.vehicle.make} {report.vehicle.model}</span>
				<span class="words">{report.description}</span>
				<Status status={report.status} />
				<SeverityMark severity={report.severity} note={severityNote(report)} />
				<span class="cost">{report.estimatedCost ? money(report.estimatedCost) : ""}</span>
				<span class="when"><When at={report.reportedAt} /></span>
				{report.assessment?.fraudSignals.length ? <span class="flag">Check photo</span> : null}
			</a>
		</li>
	);
}

const statuses = Object.keys(statusWords) as DamageReportStatus[];
const tabs: [DamageReportStatus | "", string][] = [["", "All"], ...statuses.map((s): [DamageReportStatus, string] => [s, statusWords[s]])];

function FilterBar() {
	const { status, severity, search } = filter.value;
	const typing = useRef(0);
	return (
		<div class="filter">
			<nav class="tabs" aria-label="Status">
				{tabs.map(([code, words]) => (
					<a class="tab" href={code ? `/?status=${code}` : "/"} aria-current={status === code ? "page" : undefined}
						onClick={(event) => {
							if (!isPlainClick(event))
								return;
							event.preventDefault();
							setFilter({ status: code });
						}}>{words}</a>
				))}
			</nav>
			<form class="search" action="/" method="get" role="search" onSubmit={(event) => {
				event.preventDefault();
				clearTimeout(typing.current);
				setFilter({ search: new FormData(event.currentTarget).get("search") as string });
			}}>
				{status && <input type="hidden" name="status" value={status} />}
				<input type="search" name="search" id="search" placeholder="Search descriptions and places" aria-label="Search"
					value={search} autocomplete="off" onInput={(event) => {
						const text = event.currentTarget.value.trim();
						clearTimeout(typing.current);
						typing.current = window.setTimeout(() => setFilter({ search: text }), 250);
					}} />
				<select name="severity" aria-label="Severity" value={severity}
					onChange={(event) => setFilter({ severity: event.currentTarget.value as Severity | "" })}>
					<option value="">Any severity</option>
					{severityLevels.map((level) => <option value={level} selected={severity === level}>{severityWords[level]}</option>)}
				</select>
			</form>
		</div>
	);
}

function Empty() {
	const { status, severity, search } = filter.value;
	if (status || severity || search) {
		return (
			<div class="empty">
				<p>No report matches.</p>
				<p><a href="/" onClick={(event) => {
					event.preventDefault();
					setFilter({ status: "", severity: "", search: "" });
				}}>Show all reports</a></p>
			</div>
		);
	}
	return (
		<div class="empty">
			<p>No damage reported yet.</p>
			<p>Drivers file reports at <code>/r/</code> and the name of the vehicle. New reports appear here by themselves.</p>
		</div>
	);
}

function toTop(): void {
	document.querySelector(".list-pane")?.scrollTo({ top: 0 });
	scrollTo({ top: 0 });
	arrivals.value = 0;
}

export function List() {
	const ids = order.value;
	return (
		<section class="list-pane" aria-label="Reports" onScroll={(event) => {
			if (event.currentTarget.scrollTop < 40)
				arrivals.value = 0;
		}}>
			<FilterBar />
			{arrivals.value > 0 && <Arrivals count={arrivals.value} />}
			{listProblem.value && (
				<p class="problem" role="alert">{listProblem.value} <button type="button" onClick={() => void loadList()}>Try again</button></p>
			)}
			{ids.length === 0 && !loadingList.value ? <Empty /> : (
				<ol class={`rows${loadingList.value ? " is-loading" : ""}`}>
					{ids.map((id) => <RowView key={id} id={id} />)}
				</ol>
			)}
			{pageInfo.value.hasNextPage && (
				<p class="older">
					<a class="button" href={`/?after=${encodeURIComponent(pageInfo.value.endCursor ?? "")}`} onClick={(event) => {
						event.preventDefault();
						if (!loadingList.peek())
							void loadOlder();
					}}>{loadingList.value ? "Loading…" : "Show older"}</a>
				</p>
			)}
		</section>
	);
}

// Only for a reader who scrolled down: at the top the new row itself is seen.
function Arrivals({ count }: { count: number }) {
	const scrolled = Math.max(scrollY, document.querySelector(".list-pane")?.scrollTop ?? 0);
	if (scrolled < 40)
		return null;
	return <button type="button" class="arrivals" onClick={toTop}>{count === 1 ? "1 new report" : `${count} new reports`} ↑</button>;
}
