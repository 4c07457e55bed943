// What a manager may do with a report: the server says which ways are open. An auditor and a driver see none of it.
import { useState } from "preact/hooks";
import type { AvailableTransition, Severity } from "../api-types";
import { severityLevels, severityWords } from "../lib/words";
import { change, type ChangeResult, move, type Report, undo, viewer } from "./model";

type Way = AvailableTransition;

const onward = ["APPROVE", "START_REPAIR", "COMPLETE", "CLOSE"];

function asks(way: Way): "reason" | "cost" | "other" | null {
	return way.needsReason ? "reason" : way.needsDuplicateOf ? "other" : way.transition === "COMPLETE" ? "cost" : null;
}

export function mayDecide(): boolean {
	const role = viewer.value?.role;
	return role === "MANAGER" || role === "ADMIN";
}

function Question({ way, busy, answer, cancel }: { way: Way; busy: boolean; answer: (text: string) => void; cancel: () => void }) {
	const kind = asks(way);
	const rejects = way.transition === "REJECT";
	return (
		<form class="ask" onSubmit={(event) => {
			event.preventDefault();
			const text = (new FormData(event.currentTarget).get("answer") as string).trim();
			if (text || kind === "cost")
				answer(text);
		}}>
			{kind === "reason" && (
				<label>{rejects ? "Why is it rejected?" : `${way.label}: why?`} <textarea name="answer" rows={2} required maxLength={1000} autofocus /></label>
			)}
			{kind === "cost" && (
				<label>What did the repair cost ({viewer.value?.tenant.currency})? <input name="answer" inputMode="decimal"
					pattern="[0-9]{1,9}([.][0-9]{1,2})?" placeholder="Leave empty if not known" autofocus /></label>
			)}
			{kind === "other" && (
				<label>Which report is about the same damage? <input name="answer" inputMode="numeric" pattern="#?[0-9]{1,15}"
					placeholder="Its number, as in 1042" required autofocus /></label>
			)}
			<AskButtons words={rejects ? "Reject report" : kind === "cost" ? "Complete report" : way.label} busy={busy} cancel={cancel} />
		</form>
	);
}

export function Actions({ report }: { report: Report }) {
	const [asking, setAsking] = useState<Way | "severity" | null>(null);
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<{ conflict: boolean; message: string } | null>(null);
	const [taken, setTaken] = useState<{ words: string; version: number } | null>(null);
	if (!mayDecide())
		return null;

	async function run(work: () => Promise<ChangeResult>, words: string): Promise<void> {
		setBusy(true);
		setProblem(null);
		setTaken(null);
		const result = await work();
		setBusy(false);
		setAsking(null);
		if (!result.ok)
			setProblem(result);
		else if (result.undoVersion)
			setTaken({ words, version: result.undoVersion });
	}

	function go(way: Way, text = ""): void {
		const kind = asks(way);
		void run(() => move(report, way.transition, {
			...(kind === "reason" && { reason: text }),
			...(kind === "cost" && text && { actualCost: text }),
		}, kind === "other" ? text.replace("#", "") : null), way.label);
	}

	return (
		<section class="actions" aria-label="Decision">
			<form class="buttons" onSubmit={(event) => event.preventDefault()}>
				{report.availableTransitions.map((way) => (
					<button type="button" class={onward.includes(way.transition) ? "button is-main" : "button"} disabled={busy || !way.allowed}
						title={way.whyNot ?? undefined} aria-keyshortcuts={way.transition === "APPROVE" ? "A" : undefined} data-step={way.transition}
						onClick={() => asks(way) ? setAsking(way) : go(way)}>{way.label}{asks(way) && "…"}</button>
				))}
				{report.status !== "COMPLETED" && report.status !== "REJECTED" && (
					<button type="button" class="button" disabled={busy} onClick={() => setAsking("severity")}>Correct severity…</button>
				)}
			</form>
			{report.awaitsSecondApproval && <p class="caution">One person approved; the cost asks for a second one.</p>}
			{asking === "severity" && (
				<form class="ask" onSubmit={(event) => {
					event.preventDefault();
					const severity = new FormData(event.currentTarget).get("severity") as Severity;
					void run(() => change(report, { severity }), "");
				}}>
					<label>Severity <select name="severity" autofocus>
						{severityLevels.map((level) => <option value={level} selected={level === report.severity}>{severityWords[level]}</option>)}
					</select></label>
					<AskButtons words="Save" busy={busy} cancel={() => setAsking(null)} />
				</form>
			)}
			{asking !== null && asking !== "severity" && (
				<Question key={asking.transition} way={asking} busy={busy} answer={(text) => go(asking, text)} cancel={() => setAsking(null)} />
			)}
			{taken && taken.version === report.version && (
				<p class="taken" role="status">{taken.words}: done. <button type="button" class="button" disabled={busy}
					onClick={() => void run(() => undo(report), "")}>Undo</button></p>
			)}
			{problem && (
				<p class="problem" role="alert">{problem.conflict
					? "Somebody changed this report a moment ago, so nothing was saved. This is how it stands now; decide again."
					: problem.message}</p>
			)}
		</section>
	);
}

function AskButtons({ words, busy, cancel }: { words: string; busy: boolean; cancel: () => void }) {
	return (
		<div class="buttons">
			<button class="button is-main" disabled={busy}>{words}</button>
			<button type="button" class="button" onClick={cancel}>Cancel</button>
		</div>
	);
}
