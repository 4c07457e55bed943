// From an estimate that is asked for by a link to a repair that is paid for, on the report's page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { desktop, phone, until } from "./lib/browser.mjs";

const createVendor = "mutation($input: CreateVendorInput!) { createVendor(input: $input) { vendor { id } } }";

async function assessedReport(fleet, pictures, words) {
	const { id, number } = await fleet.file(words, pictures.slice(0, 1));
	await fleet.assessed(id);
	return { id, number };
}

async function askByMail(page, email) {
	await page.getByText("Ask a workshop for an estimate").click();
	await page.getByLabel(/^E-mail/).fill(email);
	await page.getByRole("button", { name: "Ask for an estimate" }).click();
	return page.locator(".repair-said input").inputValue();
}

async function fillQuote(vendor, price) {
	const line = vendor.getByRole("group", { name: "Line 1", exact: true });
	await vendor.getByLabel("Days of repair").fill("2");
	await line.getByLabel("What for").fill("straighten the <door>");
	await line.getByLabel("Hours or pieces").fill("1");
	await line.getByLabel("Price each").fill(price);
	await vendor.getByRole("button", { name: "Send estimate" }).click();
	await vendor.getByText("Thank you. Your estimate was sent").waitFor();
}

export default (test) => {
	test("estimate by link, accepted, ordered, finished, paid", async ({ browser, fleet, pictures }) => {
		const { number } = await assessedReport(fleet, pictures, "to be estimated");
		const page = await browser.signIn("manager@demo.example", fleet.password);
		await page.goto(`/reports/${number}`);
		await page.getByText("Live", { exact: true }).waitFor();
		await page.evaluate(() => { window.notReloaded = true; });
		await page.getByText("No workshop was asked yet.").waitFor();
		await page.getByText("Ask a workshop for an estimate").click();
		await page.getByRole("button", { name: "Ask for an estimate" }).click();
		await page.locator(".repair [role=alert]").getByText("Not done:").waitFor();
		await page.getByLabel(/^E-mail/).fill("shop@example.org");
		await page.getByRole("button", { name: "Ask for an estimate" }).click();
		const link = await page.locator(".repair-said input").inputValue();
		assert.match(link, /\/quote\/[A-Za-z0-9]{44}$/);
		await page.getByRole("button", { name: "Copy link" }).click();
		await page.getByRole("button", { name: /Copied|Selected/ }).waitFor();
		await page.locator(".repair-said").scrollIntoViewIfNeeded();
		await browser.shot(page, "repair-link");

		const vendor = await (await browser.open(phone)).newPage();
		await vendor.goto(new URL(link).pathname);
		await fillQuote(vendor, "420");

		await page.locator(".repair").getByText("Sent in", { exact: true }).waitFor(); // by itself
		assert.equal(await page.locator(".repair-said input").inputValue(), link); // and the link is still there
		assert.equal(await page.getByText("Cheapest").count(), 0); // one alone is nothing special
		await page.getByText("2 days").waitFor();
		await page.locator(".repair .block").first().scrollIntoViewIfNeeded();
		await browser.shot(page, "repair-estimate");
		await page.getByRole("button", { name: "Accept estimate" }).click();
		await page.locator(".report-head").getByText("Approved").waitFor();
		await page.locator(".repair .tag", { hasText: "Accepted" }).waitFor();

		await page.getByText("Make a work order").click();
		await page.getByRole("combobox", { name: "Who repairs it" }).selectOption({ index: 0 });
		await page.getByRole("button", { name: "Make work order" }).click();
		const check = page.getByRole("checkbox", { name: /straighten the <door>/ });
		await page.getByRole("button", { name: "Start work" }).click();
		await page.locator(".report-head").getByText("In repair").waitFor();
		await page.getByRole("button", { name: "Finish" }).click();
		await page.locator(".repair [role=alert]").getByText("Not done:").waitFor();
		await check.focus();
		await page.keyboard.press("Space");
		await until("the task is done", async () => await check.getAttribute("aria-checked") === "true");
		await until("it keeps the focus", () => check.evaluate((box) => box === document.activeElement));
		await page.getByText("Record a bill").click();
		await page.getByLabel("Number on the bill").fill(`B ${number}`);
		await page.getByLabel("Labour", { exact: true }).fill("350.50");
		await page.getByLabel("Tax", { exact: true }).fill("66.60");
		await browser.shot(page, "repair-bill");
		await page.getByRole("button", { name: "Record bill" }).click();
		await page.locator(".bills").getByText("417.10").waitFor();
		await page.getByRole("button", { name: "Finish" }).click();
		await page.locator(".report-head").getByText("Completed").waitFor();
		await page.locator(".repair .tag", { hasText: "Done" }).waitFor();
		await page.locator(".repair dl", { hasText: "Approved amount" }).getByText("417.10").waitFor();
		assert.equal(await page.evaluate(() => window.notReloaded), true);
		assert.deepEqual(await browser.accessibility(page), []);
		await page.locator(".repair .block").nth(1).scrollIntoViewIfNeeded();
		await browser.shot(page, "repair-done");
	});

	test("the same by forms alone, on a phone", async ({ browser, fleet, pictures }) => {
		const { number } = await assessedReport(fleet, pictures, "without script");
		const page = await (await browser.open({ ...phone, javaScriptEnabled: false })).newPage();
		browser.expect(/400/);
		await page.goto(`/login?token=${fleet.tokens.manager}&next=/reports/${number}`);
		const link = await askByMail(page, "second@example.org");
		assert.equal(await page.getByRole("button", { name: "Copy link" }).count(), 0);
		await page.locator(".repair-said").scrollIntoViewIfNeeded();
		await browser.shot(page, "repair-phone-link");
		const vendor = await (await browser.open({ ...desktop, javaScriptEnabled: false })).newPage();
		await vendor.goto(new URL(link).pathname);
		await fillQuote(vendor, "300");
		await page.goto(`/reports/${number}`);
		await page.getByRole("button", { name: "Accept estimate" }).click();
		await page.waitForURL(`**/reports/${number}#repair`);
		await page.getByText("Make a work order").click();
		await page.getByLabel("Who repairs it").selectOption("own");
		await page.getByLabel(/^Tasks/).fill("wash\n\npaint & dry");
		await page.getByRole("button", { name: "Make work order" }).click();
		await page.getByRole("button", { name: "Start work" }).click();
		await page.getByRole("checkbox", { name: "wash" }).click();
		assert.equal(await page.getByRole("checkbox", { name: "wash" }).getAttribute("aria-checked"), "true");
		await page.getByText("Cancel this order").click();
		await page.getByRole("button", { name: "Cancel order" }).click();
		await page.locator(".repair [role=alert]").getByText("Not done:").waitFor();
		await page.locator(".repair .block").nth(1).scrollIntoViewIfNeeded();
		await browser.shot(page, "repair-phone-orders");
		const wide = await page.evaluate(() => document.documentElement.scrollWidth).catch(() => 390);
		assert.ok(wide <= 390, `the page is ${wide} wide`);
	});

	test("two persons, an auditor, a driver", async ({ browser, fleet, pictures }) => {
		const { id, number } = await assessedReport(fleet, pictures, "dear");
		const { createVendor: made } = await fleet.ask("admin", createVendor, { input: { name: `Dear & Sons ${number}` } });
		await fleet.ask("manager", "mutation($input: SubmitEstimateInput!) { submitEstimate(input: $input) { estimate { id } } }",
			{ input: { reportId: id, vendorId: made.vendor.id, repairDays: 9, lines: [{ kind: "PARTS", text: "everything", unitPrice: "45000" }] } });
		const { createVendor: other } = await fleet.ask("admin", createVendor, { input: { name: `Fair ${number}` } });
		await fleet.ask("manager", "mutation($input: SubmitEstimateInput!) { submitEstimate(input: $input) { estimate { id } } }",
			{ input: { reportId: id, vendorId: other.vendor.id, repairDays: 12, lines: [{ kind: "PARTS", text: "less", unitPrice: "44000" }] } });
		const page = await browser.signIn("manager@demo.example", fleet.password);
		await page.goto(`/reports/${number}`);
		await page.getByText("Live", { exact: true }).waitFor();
		const dear = page.locator(".repair-list li", { hasText: `Dear & Sons ${number}` });
		await dear.getByText("Fastest").waitFor();
		await page.locator(".repair-list li", { hasText: `Fair ${number}` }).getByText("Cheapest").waitFor();
		await page.locator(".repair").getByText("it is one.").waitFor(); // a total loss
		await dear.getByRole("button", { name: "Accept estimate" }).click();
		await page.getByText("a second person has to accept it too").waitFor();
		await page.locator(".report-head").getByText("To decide").waitFor();
		await browser.shot(page, "repair-second");
		const second = await browser.signIn("admin@demo.example", fleet.password);
		await second.goto(`/reports/${number}`);
		await second.getByText("One person approved").waitFor();
		await second.locator(".repair-list li", { hasText: `Dear & Sons ${number}` }).getByRole("button", { name: "Accept estimate" }).click();
		await page.locator(".report-head").getByText("Approved").waitFor(); // where the first person looks
		await dear.getByText("Accepted", { exact: true }).waitFor();
		const auditor = await browser.signIn("auditor@demo.example", fleet.password);
		await auditor.goto(`/reports/${number}`);
		await auditor.locator(".repair").getByText(`Dear & Sons ${number}`).waitFor();
		assert.equal(await auditor.locator(".repair form, .repair button").count(), 0);
		const refused = await auditor.evaluate(async (at) => (await fetch(`/reports/${at}/repair?part`, { method: "POST",
			body: new URLSearchParams({ form: "e1", act: "accept", reportId: "x", estimateId: "1" }) })).text(), number);
		assert.match(refused, /Not done:/);
		const driver = await browser.signIn("driver@demo.example", fleet.password);
		const seen = await driver.evaluate(async (at) => (await fetch(`/reports/${at}/repair?part`)).text(), number);
		assert.equal(seen, "");
		const foreign = await fetch(`${fleet.url}/reports/${number}/repair`, { method: "POST", headers: { origin: "http://example.org" } });
		assert.equal(foreign.status, 403);
	});

	test("the claim, the inspection behind it, everything unfolded on a phone", async ({ browser, fleet }) => {
		const { vehicle, inspectionTemplates } = await fleet.ask("driver",
			"{ vehicle(name: \"VAN-12\") { id } inspectionTemplates { id items { key } } }");
		const [{ id: templateId, items }] = inspectionTemplates;
		const { submitInspection: made } = await fleet.ask("driver", `mutation($input: SubmitInspectionInput!) { submitInspection(input: $input) {
			inspection { defects { report { id number } } } } }`, { input: { vehicleId: vehicle.id, kind: "PRE_TRIP", templateId, safeToOperate: false,
			items: items.map(({ key }, i) => ({ key, result: i ? "OK" : "DEFECT" })), signature: { name: "Anouk" },
			defects: [{ item: items[0].key, note: "worn <through>", unsafe: true, newReport: true }] } });
		const { id, number } = made.inspection.defects[0].report;
		await fleet.ask("manager", "mutation($input: SaveClaimInput!) { saveClaim(input: $input) { claim { state } } }",
			{ input: { reportId: id, insurer: "Delta & Co", claimNumber: "C-77", deductible: "150", claimedAmount: "900" } });
		const page = await browser.signIn("manager@demo.example", fleet.password, phone);
		await page.goto(`/reports/${number}`);
		await page.locator(".repair").getByText("Delta & Co").waitFor();
		await page.locator(".repair").getByText("€900.00").waitFor();
		await page.locator(".repair").getByText("worn <through>").waitFor();
		const paper = await page.getByRole("link", { name: "the inspection as PDF" }).getAttribute("href");
		assert.equal(await page.evaluate(async (at) => (await fetch(at)).headers.get("content-type"), paper), "application/pdf");
		await page.getByRole("button", { name: "Make a claim pack" }).click();
		const pack = await page.getByRole("link", { name: /Claim pack, \d+ files/ }).getAttribute("href");
		assert.equal(await page.evaluate(async (at) => (await fetch(at)).headers.get("content-type"), pack), "application/zip");
		await page.locator("details").evaluateAll((folds) => folds.forEach((fold) => { fold.open = true; }));
		for (const colorScheme of ["light", "dark"]) {
			await page.emulateMedia({ colorScheme });
			assert.deepEqual(await browser.accessibility(page), [], colorScheme);
		}
		const wide = await page.evaluate(() => document.documentElement.scrollWidth);
		assert.ok(wide <= 390, `the page is ${wide} wide`);
		await page.locator(".repair .block").first().scrollIntoViewIfNeeded();
		await page.locator("#repair").evaluate((part) => part.scrollIntoView());
		await browser.shot(page, "repair-phone-dark");
		await page.locator("#repair").evaluate((part) => part.lastElementChild.scrollIntoView({ block: "center" }));
		await browser.shot(page, "repair-phone-claim");
	});

	test("what the page asks for is far below each role's budget", async ({ fleet }) => {
		const query = readFileSync(new URL("../../web/src/queries/repair.graphql", import.meta.url), "utf8");
		for (const caller of ["manager", "auditor", "admin"]) {
			const reply = await fetch(`${fleet.url}/graphql`, { method: "POST", headers: { "content-type": "application/json", "graphql-cost": "report",
				authorization: `Bearer ${fleet.tokens[caller]}` }, body: JSON.stringify({ query, variables: { number: "1", deciding: caller !== "auditor" } }) });
			const { errors, extensions: { cost } } = await reply.json();
			assert.equal(errors, undefined);
			assert.ok(cost.typeCost + cost.fieldCost < cost.budget / 10, `${caller}: ${JSON.stringify(cost)}`);
		}
	});
};
