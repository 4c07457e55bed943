// The page in a real browser against a real server: `node run.mjs [--fleet PROGRAM | --running FILE] [--shots DIR] [--only TEXT]`.
//
// Starts `PROGRAM up` in a home of its own on a free port, runs every test of *.test.mjs, stops it, and ends with
// 'N passed, N failed'. A test fails also by what it did not ask about: an error on the console, a refused resource, a
// violation of the Content-Security-Policy. Needs /usr/bin/chromium and `npm ci` in this folder.
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { openBrowser } from "./lib/browser.mjs";
import { makePictures } from "./lib/pictures.mjs";
import { startFleet } from "./lib/server.mjs";

const root = new URL("../..", import.meta.url).pathname;

function option(name, otherwise) {
	const at = process.argv.indexOf(name);
	return at > 0 ? process.argv[at + 1] : otherwise;
}

const shots = option("--shots", "");
const only = option("--only", "");
const limitMs = 120_000;

const tests = [];
for (const file of readdirSync(new URL(".", import.meta.url)).filter((name) => name.endsWith(".test.mjs")).sort()) {
	const { default: register } = await import(`./${file}`);
	register((name, run) => tests.push({ name: `${file.replace(".test.mjs", "")}: ${name}`, run }));
}

if (shots)
	mkdirSync(shots, { recursive: true });

function withLimit(work, what) {
	let timer;
	const limit = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error(`${what} took longer than ${limitMs / 1000} s`)), limitMs);
	});
	return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

let passed = 0;
const failed = [];
const fleet = await startFleet(option("--fleet", ""), option("--running", ""));
try {
	const pictures = makePictures(option("--picture", join(root, "build", "tools", "picture", "picture")));
	const browser = await openBrowser(fleet.url, shots);
	try {
		for (const { name, run } of tests) {
			if (!name.includes(only))
				continue;
			const started = Date.now();
			browser.begin(name);
			try {
				await withLimit(run({ fleet, browser, pictures }), name);
				browser.assertClean();
				passed++;
				console.log(`ok      ${name} (${Date.now() - started} ms)`);
			} catch (failure) {
				failed.push(name);
				console.log(`FAILED  ${name}\n        ${String(failure?.stack ?? failure).split("\n").slice(0, 12).join("\n        ")}`);
				await browser.shotOfFailure(name);
			} finally {
				await browser.end();
			}
		}
	} finally {
		await browser.close();
	}
} catch (failure) {
	failed.push("start");
	console.log(`FAILED  start: ${failure?.stack ?? failure}`);
}
try {
	await fleet.stop();
} catch (failure) {
	failed.push("stop");
	console.log(`FAILED  stop: ${failure.message}`);
}
console.log(`${passed} passed, ${failed.length} failed`);
process.exit(failed.length ? 1 : 0);
