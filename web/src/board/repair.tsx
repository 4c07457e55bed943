// The repair part of a report: the server writes it (src/page/repair.c), for browsers without a script and for this one.
// Here its forms are sent without leaving the page, and the answer takes the part's place.
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { toLogin } from "../lib/graphql";
import { openNumber, type Report, retryReport, touched } from "./model";

// What the server wrote into the page, until it is shown by the script.
let first: { number: string | null; html: string } = { number: null, html: "" };

export function keepFirstRepair(): void {
	first = { number: openNumber.peek(), html: document.getElementById("repair")?.innerHTML ?? "" };
}

async function part(number: string, form?: URLSearchParams): Promise<string> {
	const reply = await fetch(`/reports/${number}/repair?part`, form ? { method: "POST", body: form } : {});
	if (reply.redirected)
		toLogin();
	if (!reply.ok)
		throw new Error(`answered ${reply.status}`);
	return reply.text();
}

const WAIT_MS = 1500;

const offline = "The server cannot be reached, or did not understand. Nothing is known to be saved; try again in a moment.";

function show(box: HTMLElement, html: string): void {
	const open = [...box.querySelectorAll<HTMLElement>("details[open]")].map((fold) => fold.dataset.key);
	box.innerHTML = html;
	for (const fold of box.querySelectorAll<HTMLDetailsElement>("details"))
		fold.open ||= open.includes(fold.dataset.key);
	for (const button of box.querySelectorAll<HTMLElement>("[data-copy]"))
		button.hidden = false;
	const number = openNumber.peek();
	if (number && box.querySelector("[data-wait]"))
		setTimeout(() => lookAgain(box, number), WAIT_MS);
}

// Something is being made that no news will tell of: looks again until it is there.
function lookAgain(box: HTMLElement, number: string): void {
	if (!box.isConnected || openNumber.peek() !== number || !box.querySelector("[data-wait]"))
		return;
	if (isInUse(box))
		setTimeout(() => lookAgain(box, number), WAIT_MS);
	else
		void refresh(box, number);
}

// Somebody is writing here, or reads what went wrong: news wait until the form is sent.
function isInUse(box: HTMLElement): boolean {
	return box.ariaBusy === "true" || box.querySelector("[role=alert]") !== null
		|| [...box.querySelectorAll<HTMLInputElement>("input, textarea")].some((field) => field.value !== field.defaultValue)
		|| document.activeElement instanceof HTMLSelectElement && box.contains(document.activeElement);
}

async function refresh(box: HTMLElement, number: string): Promise<void> {
	if (isInUse(box))
		return;
	const html = await part(number).catch(() => null);
	if (html === null || isInUse(box) || openNumber.peek() !== number)
		return;
	const said = box.querySelector(".repair-said"); // a link that is told once stays
	const focused = box.contains(document.activeElement) ? finderOf(document.activeElement as HTMLElement) : null;
	show(box, html);
	if (said)
		box.prepend(said);
	focused?.(box)?.focus();
}

function placeOf(form: HTMLFormElement | null): string | undefined {
	return form?.querySelector<HTMLInputElement>("input[name=form]")?.value;
}

function formAt(box: HTMLElement, place: string): HTMLFormElement | undefined {
	return [...box.querySelectorAll("form")].find((form) => placeOf(form) === place);
}

// Finds the same element in the part when it is written anew.
function finderOf(element: HTMLElement): ((box: HTMLElement) => HTMLElement | null | undefined) | null {
	const place = placeOf(element.closest("form"));
	if (element.tagName === "SUMMARY")
		return (box) => box.querySelector<HTMLElement>(`details[data-key="${element.parentElement?.dataset.key}"] > summary`);
	if (element instanceof HTMLButtonElement && place)
		return (box) => formAt(box, place)?.querySelector<HTMLElement>(buttonLike(element));
	return null;
}

// A check box has another value once it is checked: "+3", "-3".
function buttonLike(button: HTMLButtonElement): string {
	return button.name === "toggle" ? `button[value="+${button.value.slice(1)}"], button[value="-${button.value.slice(1)}"]` : `button[name="${button.name}"]`;
}

async function send(box: HTMLElement, number: string, form: HTMLFormElement, button: HTMLButtonElement | null): Promise<void> {
	const fields = new URLSearchParams([...new FormData(form)] as [string, string][]);
	if (button?.name)
		fields.set(button.name, button.value);
	box.ariaBusy = "true";
	try {
		const html = await part(number, fields);
		if (openNumber.peek() !== number)
			return;
		form.closest("details")?.removeAttribute("open");
		show(box, html);
		settle(box, fields.get("form") as string, button);
		retryReport();
	} catch {
		form.querySelector("[role=alert]")?.remove();
		form.prepend(Object.assign(document.createElement("p"), { className: "problem", role: "alert", textContent: offline }));
	} finally {
		box.ariaBusy = null;
	}
}

// The reader goes on at what was said, or where the form was.
function settle(box: HTMLElement, place: string, button: HTMLButtonElement | null): void {
	const to = box.querySelector<HTMLElement>(".repair-said")
		?? formAt(box, place)?.querySelector<HTMLElement>(button ? buttonLike(button) : "button")
		?? box.querySelector<HTMLElement>("summary");
	to?.focus();
	box.querySelector(":scope > [role=alert]")?.scrollIntoView({ block: "nearest" });
}

async function copy(button: HTMLElement): Promise<void> {
	const field = button.parentElement?.querySelector("input") as HTMLInputElement;
	field.select();
	await navigator.clipboard?.writeText(field.value).catch(() => undefined);
	button.textContent = navigator.clipboard ? "Copied" : "Selected; copy it now";
}

export function Repair({ report }: { report: Report }) {
	const ref = useRef<HTMLDivElement>(null);
	const news = touched.value;
	useLayoutEffect(() => {
		const box = ref.current as HTMLDivElement;
		show(box, first.number === report.number ? first.html : "");
	}, [report.number]);
	useEffect(() => {
		if (first.number === report.number)
			first.number = null; // it is there already
		else
			void refresh(ref.current as HTMLDivElement, report.number);
	}, [report, news]);
	return (
		<div id="repair" class="repair" ref={ref} onSubmit={(event) => {
			event.preventDefault();
			void send(event.currentTarget, report.number, event.target as HTMLFormElement, event.submitter as HTMLButtonElement | null);
		}} onClick={(event) => {
			if (event.target instanceof HTMLElement && event.target.dataset.copy !== undefined)
				void copy(event.target);
		}} />
	);
}
