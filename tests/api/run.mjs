// Runs tests/api/*.test against a real server. A file is a list of steps; all files share one demo company, so a file counts on
// nothing that another one makes. The server has one loop, so that the SQL statements of a step can be counted exactly.
//
//   === what the step shows                       a file may have any number of steps; they run in order
//   caller: manager                               manager (when left out), driver, auditor, admin, nobody
//   statements: 3                                 at most so many SQL statements; may be left out
//   status: 200                                   the HTTP status; may be left out
//   get: /photos/{{report}}/1/view                asks for a file instead of an operation; its answer is { "type", "start", "error" }: the media
//                                                 type, the first five bytes, and the code of an error
//   wait: 10                                      asks again, for so many seconds at most, until the answer is the expected one
//   --- operation
//   query Q($id: ID!) { damageReport(id: $id) { number } }
//   --- variables                                 JSON; may be left out; {{NAME}} is what an earlier step saved
//   { "id": "{{report}}" }
//   --- files                                     one a line, in the order of variables.input.photos; may be left out
//   door.jpg = picture --seed 3 --part door       drawn by tools/picture with these options
//   bad.jpg = text not a picture                  these bytes
//   empty.jpg = empty
//   cars.csv @variables.input.file = lines name,vin\nA,B      these lines, escaped as in JSON, at that place instead
//   cars.csv @variables.input.file = vehicles 12000           so many vehicles that nobody else has
//   --- answer                                    JSON with the patterns of tests/lib/match.mjs
//   { "data": { "damageReport": { "number": "<<string>>" } } }
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startFleet, runTests, root } from '../lib/fleet.mjs';
import { difference, fill } from '../lib/match.mjs';
import { picture } from '../lib/picture.mjs';

const folder = join(root, 'tests', 'api');

function parse(text, name) {
	const steps = [];
	let step = null, part = null;
	text.split('\n').forEach((line, i) => {
		const heading = /^=== (.+)$/.exec(line), section = /^--- (operation|variables|files|answer)$/.exec(line);
		if (heading) {
			step = { title: heading[1], line: i + 1, caller: 'manager', parts: {} };
			steps.push(step);
			part = null;
		} else if (section) {
			part = section[1];
			step.parts[part] = '';
		} else if (part) {
			step.parts[part] += `${line}\n`;
		} else if (/^\s*(#.*)?$/.test(line)) {
			return;
		} else {
			const field = /^(caller|statements|status|wait|get): (\S+)$/.exec(line);
			if (!field || !step) throw new Error(`${name}:${i + 1}: '${line}' is not understood`);
			step[field[1]] = ['caller', 'get'].includes(field[1]) ? field[2] : Number(field[2]);
		}
	});
	return steps;
}

// A CSV file of vehicles with names and VINs of their own.
function vehicles(count) {
	const line = (i) => `BULK-${i},WF0EXXTT0BB${String(100000 + i)},Ford,Transit,2021`;
	return `name,vin,make,model,year\n${Array.from({ length: count }, (_, i) => line(i)).join('\n')}\n`;
}

function fileOf(line) {
	const match = /^(\S+)(?: @(\S+))? = (picture|text|empty|lines|vehicles)\s?(.*)$/.exec(line);
	if (!match) throw new Error(`'${line}' names no file`);
	const [, name, at, kind, rest] = match;
	const made = { picture: () => picture(name, rest), text: () => rest, empty: () => '', lines: () => JSON.parse(`"${rest}"`), vehicles: () => vehicles(Number(rest)) };
	return { name, at, bytes: made[kind]() };
}

async function getFile(fleet, step, saved) {
	const token = fleet.tokens[step.caller];
	const answer = await fetch(fleet.url + fill(step.get, saved), { headers: token ? { authorization: `Bearer ${token}` } : {} });
	const text = Buffer.from(await answer.arrayBuffer()).toString('latin1');
	const good = answer.status === 200;
	return { status: answer.status, statements: 0, body: good ? { type: answer.headers.get('content-type'), start: text.slice(0, 5) }
		: { error: JSON.parse(text).errors?.[0]?.extensions?.code ?? text } };
}

async function ask(fleet, step, saved) {
	if (step.get) return getFile(fleet, step, saved);
	const variables = step.parts.variables ? fill(JSON.parse(step.parts.variables), saved) : {};
	const lines = (step.parts.files ?? '').split('\n').filter((line) => line.trim());
	const files = step.parts.files ? lines.map(fileOf) : null;
	const before = await fleet.metric('fleet_sql_statements_total');
	const { status, body } = await fleet.ask(step.parts.operation, variables, step.caller, files);
	for (const error of body.errors ?? []) if (typeof error.extensions?.requestId === 'string') delete error.extensions.requestId; // random
	const statements = await fleet.metric('fleet_sql_statements_total') - before;
	return { status, body, statements };
}

function judge(step, { status, body, statements }, saved) {
	const expected = fill(JSON.parse(step.parts.answer), saved);
	const wrong = difference(expected, body, saved);
	if (wrong) return `${wrong}\nanswer: ${JSON.stringify(body)}`;
	if (step.status !== undefined && status !== step.status) return `status ${status}, not ${step.status}`;
	if (step.statements !== undefined && statements > step.statements) return `${statements} SQL statements, more than ${step.statements}`;
	return null;
}

// Now and then a server asks for itself: for the company, for closed log-ins, for documents. A question that is asked again at once
// costs only what it costs.
async function askFrugally(fleet, step, saved) {
	for (let tries = 3; ; tries--) {
		const answer = await ask(fleet, step, saved);
		if (step.statements === undefined || answer.statements <= step.statements || tries === 1 || /^\s*mutation/.test(step.parts.operation)) return answer;
	}
}

async function runStep(fleet, step, saved, name) {
	const end = Date.now() + (step.wait ?? 0) * 1000;
	for (;;) {
		const wrong = judge(step, await askFrugally(fleet, step, saved), saved);
		if (!wrong) return;
		if (Date.now() >= end) throw new Error(`${name}:${step.line}: ${step.title}: ${wrong}`);
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
}

const wanted = process.argv.slice(2);
const names = readdirSync(folder).filter((name) => name.endsWith('.test') && (wanted.length === 0 || wanted.some((part) => name.includes(part)))).sort();
const fleet = await startFleet({ threads: 1, seedReports: 300 });
let good = false;
try {
	good = await runTests([...names.map((name) => ({
		name: name.replace(/\.test$/, ''),
		run: async () => {
			const saved = { url: fleet.url };
			for (const step of parse(readFileSync(join(folder, name), 'utf8'), name)) await runStep(fleet, step, saved, name);
		},
	})), { name: 'stops cleanly, with clean logs', run: () => fleet.stop() }]);
} finally {
	if (fleet.child.exitCode === null) await fleet.kill();
}
process.exit(good ? 0 : 1);
