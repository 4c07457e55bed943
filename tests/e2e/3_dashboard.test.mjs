// The list and the report: live after cuts, filters, paging, keys, both sizes, without a script, readable by all.
import assert from "node:assert/strict";
import { desktop, phone, until } from "./lib/browser.mjs";

const withoutScript = { ...desktop, javaScriptEnabled: false };

// The text of the first screen, without what depends on the reader's clock and zone, and on the script being there.
async function textOf(page) {
	return page.locator("#app").evaluate((app) => {
		const copy = app.cloneNode(true);
		for (const gone of copy.querySelectorAll("time, noscript, .live, .step, .ask, .unseen"))
			gone.remove();
		return copy.textContent.replace(/\s+/g, "");
	});
}

export default (test) => {
	test("the first screen says the same before and after the script", async ({ browser, fleet, pictures }) => {
		const { id, number } = await fleet.file("the same words twice", pictures.slice(0, 2));
		await fleet.assessed(id);
		for (const path of ["/", `/reports/${number}`, "/?status=COMPLETED"]) {
			const plain = await (await browser.open(withoutScript)).newPage();
			await plain.goto(`/login?token=${fleet.tokens.manager}&next=${encodeURIComponent(path)}`);
			const before = await textOf(plain);
			const page = await browser.signIn("manager@demo.example", fleet.password);
			await page.goto(path);
			await page.getByText("Live", { exact: true }).waitFor();
			assert.equal(await textOf(page), before, path);
		}
	});

	test("everything can be read and filed without a script", async ({ browser, fleet, pictures }) => {
		const context = await browser.open(withoutScript);
		const page = await context.newPage();
		await page.goto(`/login?token=${fleet.tokens.manager}`);
		assert.ok(await page.locator(".row").count() >= 20);
		await browser.shot(page, "list-no-script");
		const first = await page.locator(".row").first().getAttribute("id");
		await page.getByRole("link", { name: "Show older" }).click();
		await page.locator(".row").first().waitFor();
		assert.notEqual(await page.locator(".row").first().getAttribute("id"), first);

		await page.goto("/?status=COMPLETED");
		const states = await page.locator(".row .status").allInnerTexts();
		assert.ok(states.length > 0 && states.every((state) => state === "Completed"));

		const words = `by a plain form ${Date.now()}`;
		await page.goto("/r/VAN-12");
		await page.locator("input[type=file]").setInputFiles([{ name: "a.jpg", mimeType: "image/jpeg", buffer: pictures[0][1] }]);
		await page.getByLabel("What happened?").fill(words);
		await page.getByRole("button", { name: "Send report" }).click();
		const thanks = await page.getByRole("heading", { name: /Thank you/ }).innerText();
		const number = /#(\d+)/.exec(thanks)[1];
		await page.getByRole("link", { name: "See the assessment" }).click();
		await page.getByText(words).first().waitFor();
		await until("the assessment", async () => {
			await page.reload();
			return await page.getByText(/Made by/).count() > 0;
		});
		await browser.shot(page, "report-no-script");
		await page.getByRole("button", { name: "Approve repair" }).click();
		await page.waitForURL(`**/reports/${number}`);
		await page.locator(".report-head").getByText("Approved").waitFor();
	});

	test("filters, search and older pages", async ({ browser, fleet, pictures }) => {
		const word = `zebra${Date.now()}`;
		await fleet.file(`a ${word} on the road`, pictures.slice(0, 1));
		const page = await browser.signIn("manager@demo.example", fleet.password);
		const count = await page.locator(".row").count();
		await page.getByRole("link", { name: "Show older" }).click();
		await until("more rows", async () => await page.locator(".row").count() > count);
		await page.getByRole("searchbox").fill(word);
		await until("one row", async () => await page.locator(".row").count() === 1);
		assert.ok(page.url().includes(`search=${word}`));
		await page.reload();
		assert.equal(await page.locator(".row").count(), 1);
		await page.getByRole("searchbox").fill("");
		await until("all rows", async () => await page.locator(".row").count() >= count);
		await page.getByLabel("Severity").selectOption("MAJOR");
		await until("only major", async () => {
			const found = await page.locator(".row .severity-word").allInnerTexts();
			return found.length > 0 && found.every((severity) => severity === "Major");
		});
	});

	test("after a cut it comes back and shows what it missed; repeats count once", async ({ browser, fleet, pictures }) => {
		const page = await browser.signIn("manager@demo.example", fleet.password);
		browser.expect(/WebSocket/);
		let sockets = [];
		let isCut = false;
		await page.routeWebSocket(/\/graphql/, (socket) => {
			if (isCut) {
				socket.close();
				return;
			}
			const server = socket.connectToServer();
			sockets.push(socket);
			server.onMessage((message) => {
				socket.send(message);
				if (String(message).includes('"next"'))
					socket.send(message); // what a relay does that was killed at a bad moment
			});
		});
		await page.goto("/");
		await page.getByText("Live", { exact: true }).waitFor();
		const first = await fleet.file("seen twice", pictures.slice(0, 1));
		await page.locator(`#report-${first.number}`).waitFor();
		await fleet.assessed(first.id);
		await page.locator(`#report-${first.number}`).getByText("To decide").waitFor();
		assert.equal(await page.locator(`#report-${first.number}`).count(), 1);

		isCut = true;
		for (const socket of sockets)
			await socket.close();
		await page.getByText("Reconnecting").waitFor();
		const second = await fleet.file("filed during the cut", pictures.slice(0, 1));
		isCut = false;
		await page.locator(`#report-${second.number}`).waitFor();
		await page.getByText("Live", { exact: true }).waitFor();
	});

	test("the keyboard is enough", async ({ browser, fleet, pictures }) => {
		const { id, number } = await fleet.file("by keyboard", pictures.slice(0, 3));
		await fleet.assessed(id);
		const page = await browser.signIn("manager@demo.example", fleet.password);
		await page.getByText("Live", { exact: true }).waitFor();
		await page.keyboard.press("j");
		await page.waitForURL(`**/reports/${number}`);
		await page.getByRole("img", { name: /Photo 1 of 3/ }).waitFor();
		await page.keyboard.press("ArrowRight");
		await page.getByRole("img", { name: /Photo 2 of 3/ }).waitFor();
		await page.keyboard.press("j");
		await until("the next report", () => !page.url().endsWith(`/${number}`));
		await page.keyboard.press("k");
		await page.waitForURL(`**/reports/${number}`);
		await page.locator(".report-head").getByText("To decide").waitFor();
		await page.keyboard.press("a");
		await page.locator(".report-head").getByText("Approved").waitFor();
		await page.keyboard.press("/");
		assert.equal(await page.evaluate(() => document.activeElement.id), "search");
		await page.keyboard.press("Escape");
		await page.keyboard.press("Escape");
		await page.waitForURL((at) => at.pathname === "/");
		await page.goBack();
		await page.waitForURL(`**/reports/${number}`);
	});

	test("a phone shows one thing at a time and never scrolls sideways", async ({ browser, fleet, pictures }) => {
		const { id, number } = await fleet.file("on a phone: " + "Donaudampfschifffahrtsgesellschaft".repeat(4), pictures.slice(0, 3));
		await fleet.assessed(id);
		const page = await browser.signIn("manager@demo.example", fleet.password, phone);
		for (const [path, name] of [["/", "list"], [`/reports/${number}`, "report"], ["/r/VAN-12", "driver"], ["/login", "login"]]) {
			await page.goto(path);
			await page.waitForLoadState("networkidle");
			const { wide, seen } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, seen: innerWidth }));
			assert.ok(wide <= seen, `${path} is ${wide} wide on ${seen}`);
			await browser.shot(page, `phone-${name}`);
		}
		await page.goto("/");
		await page.locator(`#report-${number}`).getByRole("link").click();
		await page.getByRole("heading", { name: `#${number}` }).waitFor();
		assert.equal(await page.locator(".list-pane").isVisible(), false);
		await page.getByRole("link", { name: "All reports" }).click();
		await page.locator(`#report-${number}`).waitFor();
	});

	test("pages pass the accessibility rules in light and dark", async ({ browser, fleet, pictures }) => {
		const { id, number } = await fleet.file("for everybody", pictures.slice(0, 2));
		await fleet.assessed(id);
		const page = await browser.signIn("manager@demo.example", fleet.password);
		browser.expect(/404/); // the page that is missing on purpose
		for (const path of ["/", `/reports/${number}`, "/r/VAN-12", "/login", "/no-such-page"]) {
			await page.goto(path);
			await page.waitForLoadState("networkidle");
			for (const colorScheme of ["light", "dark"]) {
				await page.emulateMedia({ colorScheme });
				assert.deepEqual(await browser.accessibility(page), [], `${path} ${colorScheme}`);
				await browser.shot(page, `${colorScheme}-${path.split("/")[1] || "list"}`);
			}
		}
	});

	test("it is small and does not jump", async ({ browser, fleet }) => {
		const page = await browser.signIn("manager@demo.example", fleet.password);
		await page.goto("/");
		await page.getByText("Live", { exact: true }).waitFor();
		const script = await page.locator("script[type=module]").getAttribute("src");
		const bytes = Number((await page.request.head(script, { headers: { "accept-encoding": "br" } })).headers()["content-length"]);
		const seen = await page.evaluate(() => new Promise((resolve) => {
			const found = { shift: 0, lcp: 0 };
			new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
				if (!entry.hadRecentInput)
					found.shift += entry.value;
			})).observe({ type: "layout-shift", buffered: true });
			new PerformanceObserver((list) => list.getEntries().forEach((entry) => { found.lcp = entry.startTime; }))
				.observe({ type: "largest-contentful-paint", buffered: true });
			setTimeout(() => resolve(found), 1000);
		}));
		console.log(`        script ${bytes} bytes, layout shift ${seen.shift.toFixed(4)}, largest paint ${Math.round(seen.lcp)} ms`);
		assert.ok(bytes > 0 && bytes < 40_000, `the script is ${bytes} bytes`);
		assert.ok(seen.shift < 0.02, `layout shift ${seen.shift}`);
	});
};
