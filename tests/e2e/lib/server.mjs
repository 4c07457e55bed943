// A Fleet of its own, asked the way these tests need it. tests/lib/fleet.mjs starts and stops it; with a file that holds the
// line which `fleet up --json` printed, the fleet that runs already is used.
import { readFileSync } from "node:fs";
import { startFleet as start, until } from "../../lib/fleet.mjs";

export async function startFleet(program, running) {
	const fleet = running ? { ...JSON.parse(readFileSync(running, "utf8")), stop() {} }
		: await start({ ...program ? { program } : {}, seedReports: 300, readyMs: 180_000 });

	async function send(caller, body, headers) {
		const reply = await fetch(`${fleet.url}/graphql`, { method: "POST", body,
			headers: { ...headers, accept: "application/json", authorization: `Bearer ${fleet.tokens[caller]}` } });
		const { data, errors } = await reply.json();
		if (errors)
			throw new Error(JSON.stringify(errors));
		return data;
	}

	const ask = (caller, query, variables = {}) =>
		send(caller, JSON.stringify({ query, variables }), { "content-type": "application/json" });

	// Files a report as a program would, with photos given as [name, bytes].
	async function file(description, photos, vehicleName = "VAN-12") {
		const form = new FormData();
		form.set("operations", JSON.stringify({
			query: "mutation($input: CreateDamageReportInput!) { createDamageReport(input: $input) { report { id number version } } }",
			variables: { input: { vehicleName, description, photos: photos.map(() => null) } },
		}));
		form.set("map", JSON.stringify(Object.fromEntries(photos.map((_, i) => [i, [`variables.input.photos.${i}`]]))));
		photos.forEach(([name, bytes], i) => form.set(String(i), new Blob([bytes], { type: "image/jpeg" }), name));
		return (await send("driver", form)).createDamageReport.report;
	}

	function assessed(id) {
		return until(`the assessment of ${id}`, async () => {
			const { damageReport } = await ask("manager", "query($id: ID!) { damageReport(id: $id) { id number version status severity } }", { id });
			return damageReport.status !== "REPORTED" && damageReport;
		});
	}

	return { url: fleet.url, password: fleet.password, tokens: fleet.tokens, ask, file, assessed, stop: () => fleet.stop() };
}
