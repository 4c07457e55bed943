// Signing in and out, and what each role and company gets to see.
import assert from "node:assert/strict";
import { until } from "./lib/browser.mjs";

export default (test) => {
	test("nobody is led to the sign-in page and back", async ({ browser, fleet }) => {
		browser.expect(/401/);
		const context = await browser.open();
		const page = await context.newPage();
		await page.goto("/r/VAN-12");
		assert.equal(new URL(page.url()).pathname, "/login");
		await page.getByLabel("E-mail").fill("driver@demo.example");
		await page.getByLabel("Password").fill("not the password");
		await page.getByRole("button", { name: "Sign in" }).click();
		await page.getByRole("alert").getByText("do not belong together").waitFor();
		await browser.shot(page, "login-wrong");
		await page.getByLabel("Password").fill(fleet.password);
		await page.getByRole("button", { name: "Sign in" }).click();
		await page.waitForURL("**/r/VAN-12");
		const [cookie] = await context.cookies();
		assert.equal(cookie.name, "fleet_session");
		assert.equal(cookie.httpOnly, true);
		assert.equal(cookie.sameSite, "Lax");
		await page.getByRole("button", { name: "Sign out" }).click();
		await page.waitForURL("**/login");
		assert.deepEqual(await context.cookies(), []);
	});

	test("a printed link signs in once and leaves no token in the address", async ({ browser, fleet }) => {
		const context = await browser.open();
		const page = await context.newPage();
		await page.goto(`/login?token=${fleet.tokens.manager}&next=/`);
		await page.locator(".person", { hasText: "Manager" }).waitFor();
		assert.equal(page.url().includes("token"), false);
	});

	test("a link cannot lead away", async ({ browser, fleet }) => {
		const context = await browser.open();
		const page = await context.newPage();
		await page.goto(`/login?token=${fleet.tokens.manager}&next=//example.org/`);
		assert.equal(new URL(page.url()).origin, fleet.url);
	});

	test("a form of another site is refused", async ({ fleet }) => {
		const reply = await fetch(`${fleet.url}/logout`, { method: "POST", redirect: "manual", headers: { origin: "http://example.org" } });
		assert.equal(reply.status, 403);
	});

	test("an auditor reads everything and decides nothing", async ({ browser, fleet, pictures }) => {
		const { number } = await fleet.file("for the auditor", pictures.slice(0, 1));
		const page = await browser.signIn("auditor@demo.example", fleet.password);
		await page.goto(`/reports/${number}`);
		await page.getByRole("heading", { name: `#${number}` }).waitFor();
		await page.getByText("Live", { exact: true }).waitFor();
		assert.equal(await page.getByRole("button", { name: /Approve|Reject|Correct/ }).count(), 0);
		await page.getByText("Photo files as sent").click();
		await page.getByText(/^[0-9a-f]{64}$/).first().waitFor();
	});

	test("another company sees none of it", async ({ browser, fleet, pictures }) => {
		browser.expect(/404/);
		const { number } = await fleet.file("secret words of demo", pictures.slice(0, 1));
		const page = await browser.signIn("manager@other.example", fleet.password);
		await page.goto("/?search=secret+words");
		await page.getByText("No report matches.").waitFor();
		const reply = await page.goto(`/reports/${number}`);
		const shown = await page.locator("main").innerText();
		assert.equal(shown.includes("secret words"), false);
		assert.ok([200, 404].includes(reply.status())); // the other company may have a report of that number itself
	});

	test("an ended session says so", async ({ browser, fleet }) => {
		browser.expect(/401/);
		const page = await browser.signIn("manager@demo.example", fleet.password);
		await page.getByText("Live", { exact: true }).waitFor();
		await page.context().clearCookies();
		await page.getByRole("link", { name: "To decide", exact: true }).click();
		await until("the sign-in page", () => new URL(page.url()).pathname === "/login");
	});

	test("the API explorer knows the schema and asks", async ({ browser, fleet }) => {
		const page = await browser.signIn("manager@demo.example", fleet.password);
		await page.goto("/graphiql");
		await page.getByRole("button", { name: /Execute query/ }).click();
		await page.getByRole("menuitem", { name: "Newest" }).click();
		await page.locator(".result-window").getByText("VAN-").first().waitFor();
		await page.getByRole("button", { name: /Documentation Explorer/ }).click();
		await page.getByText("A GraphQL schema provides").waitFor();
		await browser.shot(page, "graphiql");
		await page.getByRole("button", { name: /Show Explain/ }).click();
		await page.getByRole("checkbox", { name: /explain what I run/ }).check();
		await page.getByRole("button", { name: /Execute query/ }).click();
		await page.getByRole("menuitem", { name: "Newest" }).click();
		await page.getByText("Wave 2").waitFor();
		await page.getByText("DamageReport.vehicle").first().waitFor();
	});
};
