// Chromium with a watch on everything that must not happen, and people who sign in.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const desktop = { viewport: { width: 1440, height: 900 } };
export const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

export function slug(text) {
	return text.replace(/[^a-z0-9]+/gi, "-").toLowerCase();
}

export async function openBrowser(url, shots) {
	const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--headless", "--no-sandbox",
		"--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-sync"] });
	let contexts = [];
	let problems = [];
	let expected = [];

	function note(kind, text) {
		if (!expected.some((pattern) => pattern.test(text)))
			problems.push(`${kind}: ${text}`);
	}

	async function open(how = desktop) {
		const context = await browser.newContext({ baseURL: url, ...how });
		contexts.push(context);
		context.setDefaultTimeout(30_000); // for machines that do other work besides
		context.on("console", (message) => {
			if (["error", "warning"].includes(message.type()))
				note(`console ${message.type()}`, `${message.text()} (${message.location().url})`);
		});
		context.on("weberror", (failure) => note("page error", failure.error().stack));
		context.on("page", (page) => page.on("crash", () => note("crash", page.url())));
		await context.addInitScript(() => addEventListener("securitypolicyviolation",
			(event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`)));
		return context;
	}

	return {
		url,
		begin() {
			problems = [];
			expected = [];
		},
		// What a test provokes on purpose, as a pattern of the console's text.
		expect(...patterns) {
			expected.push(...patterns);
		},
		assertClean() {
			if (problems.length)
				throw new Error(`not asked for:\n${problems.join("\n")}`);
		},
		open,
		async signIn(email, password, how = desktop) {
			const context = await open(how);
			const page = await context.newPage();
			await page.goto("/login");
			await page.getByLabel("E-mail").fill(email);
			await page.getByLabel("Password").fill(password);
			await page.getByRole("button", { name: "Sign in" }).click();
			await page.waitForURL((at) => at.pathname === "/");
			return page;
		},
		// Serious findings of axe on the page as it stands, with WCAG 2.2 A and AA rules.
		async accessibility(page) {
			await page.evaluate(axe);
			const { violations } = await page.evaluate(() => window.axe.run(document, {
				runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
			return violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)} ${node.failureSummary}`));
		},
		async shot(page, name) {
			if (shots)
				await page.screenshot({ path: join(shots, `${name}.png`) });
		},
		async shotOfFailure(name) {
			if (!shots)
				return;
			for (const [i, page] of contexts.flatMap((context) => context.pages()).entries())
				await page.screenshot({ path: join(shots, `failed-${slug(name)}-${i}.png`) }).catch(() => undefined);
		},
		async end() {
			await Promise.all(contexts.map((context) => context.close().catch(() => undefined)));
			contexts = [];
		},
		close: () => browser.close(),
	};
}

export async function until(what, check, limitMs = 30_000) {
	const end = Date.now() + limitMs;
	for (;;) {
		const found = await check();
		if (found)
			return found;
		if (Date.now() > end)
			throw new Error(`never came: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}
