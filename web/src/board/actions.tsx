// What a manager may do with a report. An auditor and a driver see none of it; the server refuses them anyway.
import { useState } from "preact/hooks";
import type { DamageReportStatus, Severity } from "../api-types";
import { severityLevels, severityWords } from "../lib/words";
import { change, type Change, type Report, viewer } from "./model";

interface Step {
	to: DamageReportStatus;
	words: string;
	key?: string;
	quiet?: boolean;
	asks?: "reason" | "cost";
}

const approve: Step = { to: "APPROVED", words: "Approve repair", key: "A" };
const reject: Step = { to: "REJECTED", words: "Reject…", quiet: true, asks: "reason" };

function stepsFrom(report: Report): Step[] {
	switch (report.status) {
	case "REPORTED":
	case "ASSESSED": return [approve, reject];
	case "APPROVED": return [{ to: "IN_REPAIR", words: "Start repair" }, reject];
	case "IN_REPAIR": return [{ to: "COMPLETED", words: "Complete…", asks: "cost" }];
	case "COMPLETED": return [{ to: "IN_REPAIR", words: "Reopen", quiet: true }];
	case "REJECTED": return [{ to: report.assessment ? "ASSESSED" : "REPORTED", words: "Reopen", quiet: true }];
	}
}

export function mayDecide(): boolean {
	const role = viewer.value?.role;
	return role === "MANAGER" || role === "ADMIN";
}

export function Actions({ report }: { report: Report }) {
	const [asking, setAsking] = useState<Step | "severity" | null>(null);
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<{ conflict: boolean; message: string } | null>(null);
	if (!mayDecide())
		return null;

	async function send(input: Change): Promise<void> {
		setBusy(true);
		setProblem(null);
		const result = await change(report, input);
		setBusy(false);
		setAsking(null);
		if (!result.ok)
			setProblem(result);
	}

	return (
		<section class="actions" aria-label="Decision">
			<form class="buttons" onSubmit={(event) => event.preventDefault()}>
				{stepsFrom(report).map((step) => (
					<button type="button" class={step.quiet ? "button" : "button is-main"} disabled={busy}
						aria-keyshortcuts={step.key} data-step={step.to}
						onClick={() => step.asks ? setAsking(step) : void send({ status: step.to })}>{step.words}</button>
				))}
				{report.status !== "COMPLETED" && report.status !== "REJECTED" && (
					<button type="button" class="button" disabled={busy} onClick={() => setAsking("severity")}>Correct severity…</button>
				)}
			</form>
			{asking === "severity" && (
				<form class="ask" onSubmit={(event) => {
					event.preventDefault();
					void send({ severity: new FormData(event.currentTarget).get("severity") as Severity });
				}}>
					<label>Severity <select name="severity" autofocus>
						{severityLevels.map((level) => <option value={level} selected={level === report.severity}>{severityWords[level]}</option>)}
					</select></label>
					<AskButtons words="Save" busy={busy} cancel={() => setAsking(null)} />
				</form>
			)}
			{asking !== null && asking !== "severity" && asking.asks === "reason" && (
				<form class="ask" onSubmit={(event) => {
					event.preventDefault();
					const reason = (new FormData(event.currentTarget).get("reason") as string).trim();
					if (reason)
						void send({ status: asking.to, reason });
				}}>
					<label>Why is it rejected? <textarea name="reason" rows={2} required maxLength={1000} autofocus /></label>
					<AskButtons words="Reject report" busy={busy} cancel={() => setAsking(null)} />
				</form>
			)}
			{asking !== null && asking !== "severity" && asking.asks === "cost" && (
				<form class="ask" onSubmit={(event) => {
					event.preventDefault();
					const cost = (new FormData(event.currentTarget).get("cost") as string).trim();
					void send(cost ? { status: asking.to, actualCost: cost } : { status: asking.to });
				}}>
					<label>What did the repair cost ({viewer.value?.tenant.currency})? <input name="cost" inputMode="decimal"
						pattern="[0-9]{1,9}([.][0-9]{1,2})?" placeholder="Leave empty if not known" autofocus /></label>
					<AskButtons words="Complete report" busy={busy} cancel={() => setAsking(null)} />
				</form>
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
