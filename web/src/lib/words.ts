// The words that people read for the codes of the API, and numbers, money and times as they are written here.
// src/page/words.c says the same in C: a first screen must not change its wording when the page comes alive.
import type { DamageReportStatus, DamageType, FraudSignalKind, Money, Role, Severity, VehiclePart } from "../api-types";

export const statusWords: Record<DamageReportStatus, string> = {
	REPORTED: "Assessing",
	ASSESSED: "To decide",
	APPROVED: "Approved",
	IN_REPAIR: "In repair",
	COMPLETED: "Completed",
	REJECTED: "Rejected",
};

export const severityWords: Record<Severity, string> = {
	COSMETIC: "Cosmetic",
	MINOR: "Minor",
	MODERATE: "Moderate",
	MAJOR: "Major",
	CRITICAL: "Critical",
	TOTAL_LOSS: "Total loss",
};

export const severityMeaning: Record<Severity, string> = {
	COSMETIC: "Looks only: light scratches, scuffs.",
	MINOR: "Small dents and scratches; safe to drive.",
	MODERATE: "Parts need repair.",
	MAJOR: "Parts need replacing.",
	CRITICAL: "Unsafe to drive.",
	TOTAL_LOSS: "Repair costs more than the vehicle is worth.",
};

export const severityLevels = Object.keys(severityWords) as Severity[];

export const typeWords: Record<DamageType, string> = {
	COLLISION: "Collision",
	VANDALISM: "Vandalism",
	WEATHER: "Weather",
	WEAR_TEAR: "Wear and tear",
	MECHANICAL: "Mechanical",
	GLASS: "Glass",
	TIRE: "Tyre or wheel",
	INTERIOR: "Interior",
	THEFT: "Theft",
	FIRE: "Fire",
	FLOOD: "Flood",
	OTHER: "Other",
};

export const partWords: Record<VehiclePart, string> = {
	HOOD: "Hood",
	BUMPER: "Bumper",
	TRUNK: "Trunk or tailgate",
	DOOR: "Door",
	FENDER: "Fender",
	LIGHT: "Light",
	WINDSHIELD: "Windscreen or rear window",
};

export const signalWords: Record<FraudSignalKind, string> = {
	SAME_FILE: "Same file sent before",
	SAME_PICTURE: "Same picture sent before",
	MIRRORED_PICTURE: "Mirrored picture sent before",
	CAPTURE_TIME: "Time of capture does not fit",
	EDITED: "Saved by editing software",
};

export const roleWords: Record<Role, string> = {
	DRIVER: "Driver",
	MANAGER: "Manager",
	AUDITOR: "Auditor",
	ADMIN: "Administrator",
};

const signs: Record<string, string> = { EUR: "€", USD: "$", GBP: "£" };

// "€1,250"; with cents only where the exact sum matters.
export function money(sum: Money, cents = false): string {
	const negative = sum.amount.startsWith("-");
	const [whole = "0", fraction = ""] = sum.amount.replace("-", "").split(".");
	let units = BigInt(whole);
	if (!cents && (fraction[0] ?? "0") >= "5")
		units += 1n;
	const grouped = units.toString().replace(/\B(?=(\d{3})+$)/g, ",");
	const sign = signs[sum.currency] ?? `${sum.currency} `;
	return `${negative ? "-" : ""}${sign}${grouped}${cents ? `.${fraction.padEnd(2, "0").slice(0, 2)}` : ""}`;
}

export function percent(share: number): string {
	return `${Math.round(share * 100)} %`;
}

// How a confidence reads to somebody who must act on it.
export function sureness(share: number): string {
	return share >= 0.85 ? "sure" : share >= 0.6 ? "fairly sure" : "unsure";
}

export function hours(count: number): string {
	return count >= 10 ? String(Math.round(count)) : String(Math.round(count * 10) / 10);
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function two(count: number): string {
	return String(count).padStart(2, "0");
}

export function day(at: Date): string {
	return `${at.getDate()} ${months[at.getMonth()]} ${at.getFullYear()}`;
}

export function dayAndTime(at: Date): string {
	return `${day(at)}, ${two(at.getHours())}:${two(at.getMinutes())}`;
}

export function ago(at: Date, nowMs: number): string {
	const seconds = Math.max(0, Math.floor((nowMs - at.getTime()) / 1000));
	if (seconds < 60)
		return "just now";
	if (seconds < 3600)
		return `${Math.floor(seconds / 60)} min ago`;
	if (seconds < 86400)
		return `${Math.floor(seconds / 3600)} h ago`;
	if (seconds < 7 * 86400)
		return `${Math.floor(seconds / 86400)} d ago`;
	return day(at);
}

export function size(bytes: number): string {
	return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1e3))} kB`;
}

// The API gives whole addresses for mail and scripts; the page stays on the origin that it was opened by.
export function pathOf(url: string): string {
	return url.replace(/^https?:\/\/[^/]+/, "");
}
