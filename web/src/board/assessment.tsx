import type { Assessment, FraudSignal, Severity, SimilarCase } from "../api-types";
import { Confidence, CostLine, CostWords, SeverityMark, SeverityMeter } from "../lib/marks";
import { hours, money, partWords, pathOf, percent, severityMeaning, severityWords, signalWords, sureness,
	typeWords } from "../lib/words";
import { addressOf, open, type Report } from "./model";

function Finding({ label, words, share }: { label: string; words: string | null; share: number }) {
	return (
		<div class="finding">
			<dt>{label}</dt>
			<dd>
				<span class={words ? "" : "faint"}>{words ?? "Not clear from the photos"}</span>
				{words && <span class="share"><Confidence share={share} /> {percent(share)}, {sureness(share)}</span>}
			</dd>
		</div>
	);
}

function Verdict({ report, made }: { report: Report; made: Assessment }) {
	const severity: Severity | null = report.severity ?? made.severity;
	if (!severity) {
		return (
			<div class="verdict">
				<p class="verdict-word">No severity</p>
				<p class="faint">The photos do not show enough for the model to decide. A person has to.</p>
			</div>
		);
	}
	const byHand = made.severity !== severity;
	return (
		<div class="verdict">
			<p class="verdict-word"><SeverityMeter severity={severity} /> {severityWords[severity]}</p>
			<p class="faint">{severityMeaning[severity]}</p>
			{byHand
				? <p class="share">Set by a person{made.severity ? `; the model said ${severityWords[made.severity]}, ${percent(made.severityConfidence)}` : ""}.</p>
				: <p class="share"><Confidence share={made.severityConfidence} /> {percent(made.severityConfidence)}, {sureness(made.severityConfidence)}</p>}
			{!byHand && made.severityConfidence < 0.6 && <p class="caution">The model is not sure. Look at the photos before deciding.</p>}
		</div>
	);
}

function SignalView({ sign }: { sign: FraudSignal }) {
	const earlier = sign.seenIn;
	const thumb = earlier?.photos[0]?.thumbnailUrl;
	return (
		<li class="signal">
			{thumb && <img src={pathOf(thumb)} width="72" height="54" alt="" loading="lazy" />}
			<div>
				<p><strong>{signalWords[sign.kind]}</strong> <span class="share">{percent(sign.score)}</span></p>
				<p>{sign.message}</p>
				{earlier && <p><ReportLink number={earlier.number}>Open report #{earlier.number}, {earlier.vehicle.name}</ReportLink></p>}
			</div>
		</li>
	);
}

function ReportLink({ number, children }: { number: string; children: preact.ComponentChildren }) {
	return <a href={addressOf(number)} onClick={(event) => {
		if (event.metaKey || event.ctrlKey)
			return;
		event.preventDefault();
		open(number);
	}}>{children}</a>;
}

function Similar({ cases }: { cases: SimilarCase[] }) {
	return (
		<section class="block">
			<h3>Similar cases</h3>
			<ol class="similar">
				{cases.map(({ report, similarity }) => {
					const thumb = report.photos[0]?.thumbnailUrl;
					const cost = report.actualCost ?? report.estimatedCost;
					return (
						<li>
							<ReportLink number={report.number}>
								{thumb ? <img src={pathOf(thumb)} width="144" height="108" alt="" loading="lazy" /> : <span class="thumb is-empty" />}
								<span><strong>{report.vehicle.name}</strong> <span class="number">#{report.number}</span></span>
								<SeverityMark severity={report.severity} />
								<span>{cost ? money(cost) : "No cost"} <small class="sure">{report.actualCost ? "paid" : "estimated"}</small></span>
								<span class="faint">{percent(similarity)} alike</span>
							</ReportLink>
						</li>
					);
				})}
			</ol>
		</section>
	);
}

export function AssessmentView({ report }: { report: Report }) {
	const made = report.assessment;
	if (!made) {
		return (
			<section class="card assessment" aria-busy={report.status === "REPORTED"}>
				<h3>Assessment</h3>
				{report.status === "REPORTED"
					? <div class="pending"><p>The photos are being assessed. The result appears here by itself.</p>
						<span class="bone" /><span class="bone" /><span class="bone is-short" /></div>
					: <p class="faint">No assessment was made for this report.</p>}
			</section>
		);
	}
	return (
		<section class="card assessment">
			<h3>Assessment</h3>
			<Verdict report={report} made={made} />
			<dl>
				<Finding label="Part" words={made.part && partWords[made.part]} share={made.partConfidence} />
				<Finding label="Kind" words={made.damageType && typeWords[made.damageType]} share={made.damageTypeConfidence} />
			</dl>
			{made.cost ? (
				<div class="estimate">
					<p class="estimate-label">Repair cost</p>
					<p class="estimate-sum">{money(made.cost.likely)}</p>
					<CostLine cost={made.cost} />
					<p class="faint">Range by the rate table: <CostWords cost={made.cost} /></p>
				</div>
			) : <p class="faint">No cost: the photos do not show enough.</p>}
			{made.repairHours && (
				<p class="hours">{hours(made.repairHours.likely)} h of work <span class="faint">({hours(made.repairHours.low)} – {hours(made.repairHours.high)} h)</span></p>
			)}
			{made.rule.length > 0 && (
				<details class="rule">
					<summary>How cost and hours are made</summary>
					<ol>{made.rule.map((line) => <li>{line}</li>)}</ol>
				</details>
			)}
			<p class="origin">Made by {made.model}{made.durationMs > 0 ? ` in ${(made.durationMs / 1000).toFixed(1)} s` : ""}. A suggestion: people decide.</p>
		</section>
	);
}

export function Evidence({ report }: { report: Report }) {
	const made = report.assessment;
	if (!made)
		return null;
	return (
		<>
			{made.fraudSignals.length > 0 && (
				<section class="block signals">
					<h3>Check these photos</h3>
					<ul>{made.fraudSignals.map((sign) => <SignalView sign={sign} />)}</ul>
				</section>
			)}
			{made.similarCases.length > 0 && <Similar cases={made.similarCases} />}
		</>
	);
}

