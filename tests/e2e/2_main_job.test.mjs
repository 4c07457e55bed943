// A driver files a report; a manager sees it arrive, assessed, and decides.
import assert from "node:assert/strict";
import { phone, until } from "./lib/browser.mjs";

async function chooseAndSend(page, pictures, words) {
	await page.locator("input[type=file][name=photos]").setInputFiles(pictures.map(([name, buffer]) => ({ name, mimeType: "image/jpeg", buffer })));
	await page.getByLabel("What happened?").fill(words);
	await page.getByRole("button", { name: "Send report" }).click();
}

async function numberOf(page) {
	const text = await page.getByRole("heading", { name: /Thank you\. Report #/ }).innerText();
	return /#(\d+)/.exec(text)[1];
}

export default (test) => {
	test("from the phone to the approval, live", async ({ browser, fleet, pictures }) => {
		const words = `scraped the rear left door ${Date.now()}`;
		const manager = await browser.signIn("manager@demo.example", fleet.password);
		await manager.getByText("Live", { exact: true }).waitFor();
		await manager.evaluate(() => { window.notReloaded = true; });

		const driver = await browser.signIn("driver@demo.example", fleet.password, phone);
		await driver.goto("/r/VAN-12");
		await driver.getByRole("heading", { name: "VAN-12", exact: true }).waitFor();
		await browser.shot(driver, "driver-empty");
		const choose = driver.locator("input[type=file][name=photos]");
		await choose.setInputFiles(pictures.slice(0, 3).map(([name, buffer]) => ({ name, mimeType: "image/jpeg", buffer })));
		await until("three previews", async () => await driver.locator(".preview img").count() === 3);
		await driver.getByRole("button", { name: `Remove ${pictures[2][0]}` }).click();
		assert.equal(await driver.locator(".preview").count(), 2);
		await driver.getByRole("button", { name: "Send report" }).click();
		await driver.getByRole("alert").getByText("Say in a sentence").waitFor();
		await driver.getByLabel("What happened?").fill(words);
		await browser.shot(driver, "driver-filled");
		await driver.getByRole("button", { name: "Send report" }).click();
		const number = await numberOf(driver);

		const row = manager.locator(`#report-${number}`);
		await row.getByText(words).waitFor();
		await row.getByText("To decide").waitFor();
		await browser.shot(manager, "dashboard-arrived");
		assert.equal(await manager.evaluate(() => window.notReloaded), true);

		await until("the answer on the phone", async () => await driver.getByText("Your depot sees it now").count() === 1
			&& await driver.locator(".thanks .pending").count() === 0);
		await browser.shot(driver, "driver-answer");

		await row.getByRole("link").click();
		await manager.waitForURL(`**/reports/${number}`);
		await manager.getByRole("heading", { name: `VAN-12 #${number}` }).waitFor();
		await until("the large photo", () => manager.locator(".stage img").evaluate((img) => img.complete && img.naturalWidth > 0));
		await manager.getByText(/Made by .+ in/).waitFor();
		await browser.shot(manager, "report-assessed");
		await manager.getByRole("button", { name: "Approve repair" }).click();
		await manager.locator(".report-head").getByText("Approved").waitFor();
		await row.getByText("Approved").waitFor();
		await manager.getByRole("button", { name: "Start repair" }).click();
		await manager.getByRole("button", { name: "Complete…" }).click();
		await manager.getByLabel(/What did the repair cost/).fill("512.40");
		await manager.getByRole("button", { name: "Complete report" }).click();
		await manager.locator(".report-head").getByText("Completed").waitFor();
		await manager.locator(".facts").getByText("512.40").first().waitFor();
		await manager.locator(".timeline").getByText("completed the repair").waitFor();
		assert.equal(await manager.evaluate(() => window.notReloaded), true);
	});

	test("a rejection asks for its reason", async ({ browser, fleet, pictures }) => {
		const { id, number } = await fleet.file("to be rejected", pictures.slice(0, 1));
		await fleet.assessed(id);
		const page = await browser.signIn("manager@demo.example", fleet.password);
		await page.goto(`/reports/${number}`);
		await page.getByRole("button", { name: "Reject…" }).click();
		await page.getByLabel("Why is it rejected?").fill("old damage, known since spring");
		await page.getByRole("button", { name: "Reject report" }).click();
		await page.locator(".report-head").getByText("Rejected").waitFor();
		await page.getByRole("button", { name: "Undo" }).click();
		await page.locator(".report-head").getByText("To decide").waitFor();
	});

	test("whoever decides on an old state is told kindly", async ({ browser, fleet, pictures }) => {
		const { id, number } = await fleet.file("two managers at once", pictures.slice(0, 1));
		await fleet.assessed(id);
		const page = await browser.signIn("manager@demo.example", fleet.password);
		browser.expect(/WebSocket/);
		await page.routeWebSocket(/\/graphql/, (socket) => socket.close()); // so that it does not learn of the other
		await page.goto(`/reports/${number}`);
		await page.getByRole("button", { name: "Reject…" }).click();
		await fleet.ask("manager", "mutation($input: UpdateDamageReportInput!) { updateDamageReport(input: $input) { report { id } } }",
			{ input: { id, status: "APPROVED" } });
		await page.getByLabel("Why is it rejected?").fill("too late");
		await page.getByRole("button", { name: "Reject report" }).click();
		await page.getByRole("alert").getByText("Somebody changed this report").waitFor();
		await page.locator(".report-head").getByText("Approved").waitFor();
		await page.getByRole("button", { name: "Start repair" }).waitFor();
	});

	test("a person's severity stands beside the model's", async ({ browser, fleet, pictures }) => {
		const { id, number } = await fleet.file("severity by hand", pictures.slice(0, 1));
		await fleet.assessed(id);
		const page = await browser.signIn("manager@demo.example", fleet.password);
		await page.goto(`/reports/${number}`);
		await page.getByRole("button", { name: "Correct severity…" }).click();
		await page.locator(".ask select[name=severity]").selectOption("TOTAL_LOSS");
		await page.getByRole("button", { name: "Save" }).click();
		await page.getByText(/Set by a person/).waitFor();
	});

	test("words stay words", async ({ browser, fleet, pictures }) => {
		const hostile = "<img src=x onerror=\"document.title='owned'\"></script><script>document.title='owned'</script> & \u202e";
		const { number } = await fleet.file(hostile, pictures.slice(0, 1));
		const page = await browser.signIn("manager@demo.example", fleet.password);
		await page.goto(`/reports/${number}`);
		await page.locator(".description", { hasText: "<img src=x" }).waitFor();
		assert.equal(await page.locator("img[src=x]").count(), 0);
		assert.equal((await page.title()).includes("owned"), false);
	});

	test("a refused photo is named, and the draft stays", async ({ browser, fleet, pictures }) => {
		const page = await browser.signIn("driver@demo.example", fleet.password, phone);
		await page.goto("/r/VAN-12");
		await page.locator("input[type=file][name=photos]").setInputFiles([
			{ name: "good.jpg", mimeType: "image/jpeg", buffer: pictures[0][1] },
			{ name: "broken.jpg", mimeType: "image/jpeg", buffer: Buffer.from("not a picture at all") },
		]);
		await page.getByLabel("What happened?").fill("one of these is no picture");
		await page.getByRole("button", { name: "Send report" }).click();
		await page.getByRole("alert").getByText("broken.jpg").waitFor();
		await browser.shot(page, "driver-refused");
		await page.getByRole("button", { name: "Remove broken.jpg" }).click();
		await page.getByRole("button", { name: "Send report" }).click();
		await numberOf(page);
	});

	test("an answer lost on the way does not file twice", async ({ browser, fleet, pictures }) => {
		const page = await browser.signIn("driver@demo.example", fleet.password, phone);
		browser.expect(/net::ERR_/);
		await page.goto("/r/VAN-13");
		let lost = 0;
		await page.route("**/graphql", async (route) => {
			if (lost++ > 0 || route.request().method() !== "POST")
				return route.fallback();
			await route.fetch();
			await route.abort("connectionreset");
		});
		const words = `filed once ${Date.now()}`;
		await chooseAndSend(page, pictures.slice(0, 1), words);
		await page.getByText("Not sent yet").waitFor();
		await page.getByRole("button", { name: "Send now" }).click();
		await numberOf(page);
		const { damageReports } = await fleet.ask("manager", "query($f: DamageReportFilter) { damageReports(filter: $f) { nodes { number } } }",
			{ f: { search: words } });
		assert.equal(damageReports.nodes.length, 1);
	});

	test("without a network the draft waits and is sent later", async ({ browser, fleet, pictures }) => {
		const page = await browser.signIn("driver@demo.example", fleet.password, phone);
		browser.expect(/net::ERR_/, /WebSocket/);
		await page.goto("/r/VAN-14");
		await page.evaluate(() => navigator.serviceWorker.ready);
		await page.reload(); // now through the worker, which keeps the page
		await page.getByRole("heading", { name: "VAN-14", exact: true }).waitFor();
		await page.context().setOffline(true);
		await chooseAndSend(page, pictures.slice(0, 2), "written in a cellar");
		await page.getByText("Not sent yet").waitFor();
		await page.reload();
		await page.getByText("Not sent yet").waitFor();
		assert.equal(await page.getByLabel("What happened?").inputValue(), "written in a cellar");
		await until("the previews again", async () => await page.locator(".preview img").count() === 2);
		await browser.shot(page, "driver-offline");
		await page.context().setOffline(false);
		await numberOf(page);
	});
};
