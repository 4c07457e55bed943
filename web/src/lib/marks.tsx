// The small marks that say status, severity, cost and time wherever a report is shown.
import type { CostRange, DamageReportStatus, Money, Severity } from "../api-types";
import { nowMs } from "./clock";
import { ago, dayAndTime, money, severityLevels, severityWords, statusWords } from "./words";

export function Status({ status }: { status: DamageReportStatus }) {
	return <span class={`status is-${status.toLowerCase()}`}>{statusWords[status]}</span>;
}

// Six steps; colour never says it alone.
export function SeverityMeter({ severity }: { severity: Severity }) {
	const level = severityLevels.indexOf(severity) + 1;
	return (
		<svg class={`meter level-${level}`} viewBox="0 0 34 10" width="34" height="10" aria-hidden="true">
			{severityLevels.map((_, step) => (
				<rect class={step < level ? "on" : "off"} x={step * 6} y={8 - step * 1.6} width="4" height={2 + step * 1.6} rx="1" />
			))}
		</svg>
	);
}

export function SeverityMark({ severity, note }: { severity: Severity | null; note?: string | undefined }) {
	if (!severity)
		return <span class="severity none">{note ?? "Not assessed"}</span>;
	return (
		<span class="severity">
			<SeverityMeter severity={severity} />
			<span class="severity-word">{severityWords[severity]}</span>
			{note && <small class="sure">{note}</small>}
		</span>
	);
}

export function When({ at, exact }: { at: string; exact?: boolean }) {
	const time = new Date(at);
	return <time dateTime={at} title={dayAndTime(time)}>{exact ? dayAndTime(time) : ago(time, nowMs.value)}</time>;
}

export function Confidence({ share }: { share: number }) {
	return (
		<svg class="confidence" viewBox="0 0 60 6" width="60" height="6" preserveAspectRatio="none" aria-hidden="true">
			<rect class="track" width="60" height="6" rx="3" />
			<rect class="fill" width={Math.max(3, Math.round(share * 60))} height="6" rx="3" />
		</svg>
	);
}

function amount(sum: Money): number {
	return Number(sum.amount);
}

// Low, likely and high on one line, with room on both sides, so that a wide range looks as wide as it is.
export function CostLine({ cost }: { cost: CostRange }) {
	const top = amount(cost.high) * 1.15 || 1;
	const at = (sum: Money) => Math.round(amount(sum) / top * 300);
	return (
		<svg class="cost-line" viewBox="0 0 300 14" preserveAspectRatio="none" aria-hidden="true">
			<rect class="track" y="5" width="300" height="4" rx="2" />
			<rect class="fill" x={at(cost.low)} y="5" width={Math.max(2, at(cost.high) - at(cost.low))} height="4" rx="2" />
			<rect class="likely" x={at(cost.likely) - 2} y="0" width="4" height="14" rx="2" />
		</svg>
	);
}

export function CostWords({ cost }: { cost: CostRange }) {
	return <>{money(cost.low)} – {money(cost.high)}</>;
}
