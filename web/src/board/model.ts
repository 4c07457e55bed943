// What the dashboard knows: the list, the open report, the filter, the connection. Views read signals, nothing else.
import { batch, signal, type Signal } from "@preact/signals";
import type { DamageReport, DamageReportFilter, DamageReportStatus, DamageReportTransition, PageInfo, Severity, Viewer } from "../api-types";
import { ApiError, ask } from "../lib/graphql";
import { Live, Seen } from "../lib/live";
import boardQuery from "../queries/board.graphql";
import changeMutation from "../queries/change.graphql";
import createdSubscription from "../queries/created.graphql";
import otherQuery from "../queries/other.graphql";
import reportQuery from "../queries/report.graphql";
import transitionMutation from "../queries/transition.graphql";
import undoMutation from "../queries/undo.graphql";
import updatedSubscription from "../queries/updated.graphql";

// A row carries fewer fields than a whole report; the queries say which.
export type Row = DamageReport;
export type Report = DamageReport;

export interface Filter {
	status: DamageReportStatus | "";
	severity: Severity | "";
	search: string;
}

interface BoardAnswer {
	viewer: Viewer;
	damageReports: { nodes: Row[]; pageInfo: PageInfo };
	damageReport?: Report | null;
}

export interface FirstScreen extends BoardAnswer {
	number: string | null;
}

const pageSize = 30;
const listMax = 100; // of one refetch; the API gives no more in one page

export const viewer = signal<Viewer | null>(null);
export const order = signal<string[]>([]);
export const pageInfo = signal<Pick<PageInfo, "hasNextPage" | "endCursor">>({ hasNextPage: false, endCursor: null });
export const filter = signal<Filter>({ status: "", severity: "", search: "" });
export const loadingList = signal(false);
export const listProblem = signal("");

export const openNumber = signal<string | null>(null);
export const openReport = signal<Report | null | undefined>(undefined); // undefined while it loads, null when there is none
// Counts what happened to the open report, also beside it: an estimate that was sent in.
export const touched = signal(0);
export const reportProblem = signal("");

// Ids whose rows changed a moment ago, for the calm highlight, and how many new ones came above the reader.
export const fresh = signal<ReadonlySet<string>>(new Set());
export const arrivals = signal(0);
export const announcement = signal("");

const rows = new Map<string, Signal<Row>>();

export function row(id: string): Signal<Row> {
	return rows.get(id) as Signal<Row>;
}

function keep(report: Row): void {
	const known = rows.get(report.id);
	if (!known)
		rows.set(report.id, signal(report));
	else if (report.version >= known.peek().version)
		known.value = report;
}

// ---- the list ----

function conditions(): DamageReportFilter | null {
	const { status, severity, search } = filter.peek();
	const made: DamageReportFilter = {};
	if (status)
		made.status = [status];
	if (severity)
		made.severity = [severity];
	if (search)
		made.search = search;
	return Object.keys(made).length ? made : null;
}

function isFiltered(): boolean {
	return conditions() !== null;
}

function showPage(page: BoardAnswer["damageReports"], append: boolean): void {
	batch(() => {
		page.nodes.forEach(keep);
		const ids = page.nodes.map((node) => node.id);
		const known = new Set(order.peek());
		order.value = append ? [...order.peek(), ...ids.filter((id) => !known.has(id))] : ids;
		pageInfo.value = page.pageInfo;
	});
}

let listRequest: AbortController | null = null;

// Quiet: nobody asked for it, so nothing shows that it is under way.
async function loadPage(first: number, after: string | null, quiet = false): Promise<BoardAnswer | null> {
	listRequest?.abort();
	const request = listRequest = new AbortController();
	loadingList.value = !quiet;
	try {
		const answer = await ask<BoardAnswer>(boardQuery, { filter: conditions(), first, after }, request.signal);
		listProblem.value = "";
		return answer;
	} catch (failure) {
		if (request.signal.aborted)
			return null;
		listProblem.value = (failure as Error).message;
		return null;
	} finally {
		if (listRequest === request)
			loadingList.value = false;
	}
}

export async function loadList(): Promise<void> {
	const answer = await loadPage(pageSize, null);
	if (answer)
		showPage(answer.damageReports, false);
}

export async function loadOlder(): Promise<void> {
	const answer = await loadPage(pageSize, pageInfo.peek().endCursor);
	if (answer)
		showPage(answer.damageReports, true);
}

// Fetches again what is shown, after a cut or when a filter must be judged by the server. Rows that stay keep
// their place; what is below the refetched part stays too.
export async function refreshList(): Promise<void> {
	const shown = order.peek();
	const first = Math.min(listMax, Math.max(pageSize, shown.length));
	const answer = await loadPage(first, null, true);
	if (!answer)
		return;
	const page = answer.damageReports;
	const known = new Set(shown);
	const changed = page.nodes.filter((node) => {
		const before = rows.get(node.id)?.peek();
		return !known.has(node.id) || (before !== undefined && before.version < node.version);
	}).map((node) => node.id);
	batch(() => {
		page.nodes.forEach(keep);
		const ids = page.nodes.map((node) => node.id);
		const last = ids[ids.length - 1];
		const below = last === undefined ? [] : shown.slice(shown.indexOf(last) + 1).filter((id) => !ids.includes(id));
		const keepBelow = shown.length > listMax && last !== undefined && known.has(last);
		order.value = keepBelow ? [...ids, ...below] : ids;
		if (!keepBelow)
			pageInfo.value = page.pageInfo;
	});
	changed.forEach(highlight);
}

export function setFilter(change: Partial<Filter>): void {
	filter.value = { ...filter.peek(), ...change };
	history.replaceState(null, "", addressOf(openNumber.peek()));
	void loadList();
}

// ---- the open report ----

export function addressOf(number: string | null): string {
	const { status, severity, search } = filter.peek();
	const query = new URLSearchParams();
	if (status)
		query.set("status", status);
	if (severity)
		query.set("severity", severity);
	if (search)
		query.set("search", search);
	const text = query.toString();
	return `${number ? `/reports/${number}` : "/"}${text ? `?${text}` : ""}`;
}

async function loadReport(number: string): Promise<void> {
	try {
		const { damageReport } = await ask<{ damageReport: Report | null }>(reportQuery, { number });
		if (openNumber.peek() !== number)
			return;
		batch(() => {
			openReport.value = damageReport;
			reportProblem.value = "";
		});
	} catch (failure) {
		if (openNumber.peek() === number)
			reportProblem.value = (failure as Error).message;
	}
}

export function open(number: string | null, push = true): void {
	if (number === openNumber.peek())
		return;
	batch(() => {
		openNumber.value = number;
		openReport.value = undefined;
		reportProblem.value = "";
	});
	if (push)
		history.pushState(null, "", addressOf(number));
	if (number)
		void loadReport(number);
}

export function retryReport(): void {
	const number = openNumber.peek();
	if (number)
		void loadReport(number);
}

// undoVersion: the version that can still be taken back.
export type ChangeResult = { ok: true; undoVersion?: number } | { ok: false; conflict: boolean; message: string };

export interface Change {
	severity?: Severity;
	estimatedCost?: string;
}

function show(changed: Report): void {
	batch(() => {
		if (openNumber.peek() === changed.number)
			openReport.value = changed;
		keep(changed);
	});
}

async function attempt(report: Report, work: () => Promise<ChangeResult>): Promise<ChangeResult> {
	try {
		return await work();
	} catch (failure) {
		const conflict = failure instanceof ApiError && failure.code === "CONFLICT";
		if (conflict)
			await loadReport(report.number);
		return { ok: false, conflict, message: (failure as Error).message };
	}
}

export function change(report: Report, input: Change): Promise<ChangeResult> {
	return attempt(report, async () => {
		const answer = await ask<{ updateDamageReport: { report: Report } }>(changeMutation,
			{ input: { id: report.id, version: report.version, ...input } });
		show(answer.updateDamageReport.report);
		return { ok: true };
	});
}

// A step of the report's life; otherNumber names the report that this one repeats.
export function move(report: Report, transition: DamageReportTransition, input: { reason?: string; actualCost?: string },
	otherNumber: string | null): Promise<ChangeResult> {
	return attempt(report, async () => {
		const other = otherNumber && (await ask<{ damageReport: Report | null }>(otherQuery, { number: otherNumber })).damageReport;
		if (otherNumber && !other)
			return { ok: false, conflict: false, message: `There is no report #${otherNumber}.` };
		const answer = await ask<{ transitionDamageReport: { undoUntil: string | null; report: Report } }>(transitionMutation,
			{ input: { id: report.id, version: report.version, transition, ...input, ...(other && { duplicateOfId: other.id }) } });
		const { report: moved, undoUntil } = answer.transitionDamageReport;
		show(moved);
		return undoUntil ? { ok: true, undoVersion: moved.version } : { ok: true };
	});
}

export function undo(report: Report): Promise<ChangeResult> {
	return attempt(report, async () => {
		const answer = await ask<{ undoDamageReportTransition: { report: Report } }>(undoMutation, { input: { id: report.id, version: report.version } });
		show(answer.undoDamageReportTransition.report);
		return { ok: true };
	});
}

// ---- live ----

interface LiveEvent {
	eventId: string;
	kind: "CREATED" | "ASSESSED" | "UPDATED";
	report: Row;
}

const highlightMs = 4000;

function highlight(id: string): void {
	fresh.value = new Set([...fresh.peek(), id]);
	setTimeout(() => {
		const rest = new Set(fresh.peek());
		rest.delete(id);
		fresh.value = rest;
	}, highlightMs);
}

let refreshTimer = 0;

function refreshSoon(waitMs: number): void {
	clearTimeout(refreshTimer);
	refreshTimer = window.setTimeout(() => void refreshList(), waitMs);
}

const seen = new Seen();

function take(event: LiveEvent): void {
	if (seen.isRepeat(event.eventId))
		return;
	const { report } = event;
	const known = rows.has(report.id) && order.peek().includes(report.id);
	if (known) {
		keep(report);
		highlight(report.id);
	} else if (isFiltered()) {
		refreshSoon(300); // only the server can say whether it matches
	} else if (event.kind === "CREATED") {
		batch(() => {
			keep(report);
			order.value = [report.id, ...order.peek()];
			arrivals.value++;
		});
		highlight(report.id);
	}
	announcement.value = event.kind === "CREATED" ? `New report ${report.number} for ${report.vehicle.name}`
		: event.kind === "ASSESSED" ? `Report ${report.number} is assessed` : "";
	const shown = openReport.peek();
	if (openNumber.peek() === report.number)
		touched.value++;
	if (openNumber.peek() === report.number && (!shown || shown.version < report.version))
		void loadReport(report.number);
}

export let live: Live;

export function start(first: FirstScreen, initial: Filter): void {
	batch(() => {
		viewer.value = first.viewer;
		filter.value = initial;
		showPage(first.damageReports, false);
		openNumber.value = first.number;
		openReport.value = first.number ? first.damageReport ?? null : undefined;
	});
	live = new Live(() => {
		// The subscriptions are on their way; what happened before they stood is fetched.
		refreshSoon(400);
		retryReport();
	});
	live.subscribe<{ damageReportCreated: LiveEvent }>(createdSubscription, {}, (data) => take(data.damageReportCreated));
	live.subscribe<{ damageReportUpdated: LiveEvent }>(updatedSubscription, {}, (data) => take(data.damageReportUpdated));
}
