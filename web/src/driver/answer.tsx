// What the driver is told after sending: the number at once, the assessment as soon as it is there.
import { signal } from "@preact/signals";
import type { DamageReport } from "../api-types";
import { ask } from "../lib/graphql";
import { Live } from "../lib/live";
import { SeverityMark } from "../lib/marks";
import { partWords, pathOf, percent, severityMeaning, typeWords } from "../lib/words";
import answerLive from "../queries/answer_live.graphql";
import answerNow from "../queries/answer_now.graphql";

export const filed = signal<DamageReport | null>(null);

let live: Live | null = null;

async function lookAgain(id: string): Promise<void> {
	try {
		const { damageReport } = await ask<{ damageReport: DamageReport | null }>(answerNow, { id });
		if (damageReport && filed.peek()?.id === id)
			filed.value = damageReport;
	} catch {
		// The socket or the next look brings it.
	}
}

const lookAfterMs = [3_000, 8_000, 20_000, 60_000]; // where sockets are blocked on the way

export function follow(report: DamageReport): void {
	filed.value = report;
	if (report.assessment)
		return;
	const { id } = report;
	live ??= new Live(() => {
		const waiting = filed.peek();
		if (waiting && !waiting.assessment)
			void lookAgain(waiting.id);
	});
	live.subscribe<{ damageReportUpdated: { report: DamageReport } }>(answerLive, { id }, (data) => {
		if (filed.peek()?.id === id)
			filed.value = data.damageReportUpdated.report;
	});
	for (const pause of lookAfterMs) {
		setTimeout(() => {
			const waiting = filed.peek();
			if (waiting?.id === id && !waiting.assessment)
				void lookAgain(id);
		}, pause);
	}
}

function Result({ report }: { report: DamageReport }) {
	const made = report.assessment;
	if (!made) {
		return (
			<div class="pending" aria-busy="true">
				<p>The photos are being assessed. You need not wait.</p>
				<span class="bone" /><span class="bone is-short" />
			</div>
		);
	}
	const severity = report.severity ?? made.severity;
	return (
		<dl class="answer">
			<div><dt>How bad</dt><dd>{severity
				? <><SeverityMark severity={severity} note={percent(made.severityConfidence)} /> <span class="faint">{severityMeaning[severity]}</span></>
				: "The photos do not show enough. Your manager decides."}</dd></div>
			{made.part && <div><dt>Part</dt><dd>{partWords[made.part]}</dd></div>}
			{made.damageType && <div><dt>Kind</dt><dd>{typeWords[made.damageType]}</dd></div>}
		</dl>
	);
}

export function Thanks({ report, again }: { report: DamageReport; again: () => void }) {
	const advice = report.photos.flatMap((photo, i) => photo.quality?.problems.length
		? [`Photo ${i + 1} is ${photo.quality.problems.join(", ")}.`] : []);
	return (
		<section class="card thanks" role="status">
			<h2>Thank you. Report <span class="number">#{report.number}</span> is filed.</h2>
			<ol class="previews">{report.photos.map((photo) => (
				<li class="preview"><img src={pathOf(photo.thumbnailUrl)} alt="" /></li>
			))}</ol>
			<Result report={report} />
			{severityStops(report) && <p class="caution">Do not drive on before your depot says so.</p>}
			{advice.length > 0 && <p class="faint">{advice.join(" ")} A better photo in a new report helps.</p>}
			<p>Your depot sees it now and decides what happens next.</p>
			<button type="button" class="button" onClick={again}>Report other damage</button>
		</section>
	);
}

function severityStops(report: DamageReport): boolean {
	const severity = report.severity ?? report.assessment?.severity;
	return severity === "CRITICAL" || severity === "TOTAL_LOSS";
}
