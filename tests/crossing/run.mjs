// Two companies full of data. One tries to reach the other through every field, argument, cursor, file, tile, event and webhook. What it is
// told must be what it is told about things that do not exist, to the letter, and no word of the other may occur anywhere.
//
// The schema drives it (schema.mjs): fields and arguments are tried because they are there. What cannot be tried without knowing it
// stands in known.mjs, and what does not stand there makes this fail.
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { strict as assert } from 'node:assert';
import { root, runTests, startFleet, until } from '../lib/fleet.mjs';
import { picture } from '../lib/picture.mjs';
import { argumentsOf, bare, operation, places, readSchema, selection } from './schema.mjs';
import { fields, plain, references, routes, withFiles } from './known.mjs';
import { collect, fill } from './company.mjs';

const program = process.env.FLEET_PROGRAM ?? join(root, 'build', 'fleet');
const ONE = 'ZQXVICTIM', TWO = 'YKJPROWLER'; // the other company's mark, and the one's who tries
const roles = ['admin', 'manager', 'auditor', 'driver'];

// ---- the fleet and its companies

const hooks = [];
const receiver = createServer((request, response) => {
	let body = '';
	request.on('data', (bytes) => { body += bytes; });
	request.on('end', () => { hooks.push({ path: request.url, body }); response.writeHead(200).end(); });
});
await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
const at = `127.0.0.1:${receiver.address().port}`;
const fleet = await startFleet({ seedReports: 20, args: ['--outbound-allow', at] });

function run(args, input = '') {
	const { status, stdout, stderr } = spawnSync(program, [...args, '--home', fleet.home], { input, encoding: 'utf8', timeout: 60000 });
	assert.equal(status, 0, stderr);
	return stdout.trim();
}

// Numbers that no two things share: what is asked for is the other's or nobody's, never by chance one's own.
function sql(text) {
	const url = JSON.parse(readFileSync(join(fleet.home, 'run', 'up.json'), 'utf8')).pg_url;
	const { status, stdout, stderr } = spawnSync('/usr/lib/postgresql/15/bin/psql', [url, '-Atc', text], { encoding: 'utf8' });
	assert.equal(status, 0, stderr);
	return stdout.trim();
}

const tokens = {};
await orStop(() => sql(`SELECT setval(format('%I.%I', n.nspname, c.relname)::regclass, 700000 + 1000 * row_number() OVER (ORDER BY c.oid)) FROM pg_class c
	JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND n.nspname = 'fleet' AND c.relname NOT LIKE 'tenants%' AND c.relname NOT LIKE 'events%'`));
for (const name of ['one', 'two']) await orStop(() => {
	run(['company', 'add', name, '--name', `Company ${name === 'one' ? ONE : TWO}`, '--admin', `admin@${name}.example`], 'a password of some length\n');
	for (const role of roles) tokens[`${name}.${role}`] = run(['token', '--tenant', name, '--role', role]);
});
const ask = (query, variables, caller, files) => fleet.ask(query, variables, tokens[caller], files);

// A person, not a program: some things belong to people.
async function logIn(name) {
	const answer = await fetch(`${fleet.url}/login`, { method: 'POST', redirect: 'manual', headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(fleet.url).origin },
		body: new URLSearchParams({ email: `admin@${name}.example`, password: 'a password of some length' }) });
	const cookie = /=([^;]+)/.exec(answer.headers.get('set-cookie') ?? '');
	assert.ok(cookie, `no log-in for ${name}: ${answer.status}`);
	return cookie[1];
}

async function orStop(work) {
	try { return await work(); } catch (error) { await fleet.kill(); throw error; }
}
for (const name of ['one', 'two']) tokens[`${name}.person`] = await orStop(() => logIn(name));

const drawn = async (name, options) => picture(name, options);
const one = await orStop(() => fill(ask, 'one', ONE, drawn, `http://${at}/one`));
const two = await orStop(() => fill(ask, 'two', TWO, drawn, `http://${at}/two`));
const schema = await orStop(() => readSchema(ask));

// ---- what the other company has

const everything = { ids: new Map(), cursors: new Map(), links: new Map() };
const fieldsWithoutArguments = schema.roots.Query.filter((f) => !f.name.startsWith('_') && !f.args.some((a) => a.type.kind === 'NON_NULL' && a.defaultValue === null));

const tooDear = (body) => body.errors?.some((error) => /COST_LIMIT|TOO_|DEPTH/.test(error.extensions?.code ?? ''));

async function dump(caller, into) {
	const texts = [];
	for (const field of fieldsWithoutArguments) {
		const first = field.args.some((arg) => arg.name === 'first') ? '(first: 3)' : '';
		for (const depth of [3, 2, 1, 0]) {
			const { body } = await ask(`{ ${field.name}${first} ${selection(schema, bare(field.type).name, depth)} }`, {}, caller);
			if (tooDear(body)) continue;
			texts.push(JSON.stringify(body));
			if (body.data) collect(body.data, into);
			break;
		}
	}
	return texts;
}

const seenByOne = await orStop(() => dump('one.person', everything));
for (const [kind, value] of Object.entries(one)) if (typeof value === 'string') everything.ids.set(`made.${kind}`, value);
// Small numbers are places within a report, which every report has.
const foreignIds = [...new Map([...everything.ids].map(([kind, value]) => [value, kind]))].map(([value, kind]) => ({ kind, value })).filter((f) => !/^\d{1,5}$/.test(f.value));
const foreignCursors = [...everything.cursors].map(([kind, value]) => ({ kind, value }));

// Something of the same form that nobody has.
let nobody = 0;
function absentLike(value) {
	if (/^[0-9a-f]{8}-/.test(value)) return `${value.slice(0, 24)}${randomUUID().slice(24)}${value.slice(36)}`;
	if (/^\d+$/.test(value)) return String(190000000 + nobody++); // each another, or questions wait for each other in an exclusion constraint
	return null;
}

// ---- what must never occur

const marks = [ONE, ONE.toLowerCase(), one.vin], secrets = [...marks];
function clean(text, where, alsoSent = '') {
	for (const secret of secrets) if (text.includes(secret) && !alsoSent.includes(secret)) throw new Error(`${where} tells of the other company: ${text.slice(Math.max(0, text.indexOf(secret) - 200), text.indexOf(secret) + 100)}`);
}

// What was asked with is the same word in both answers; where a document stands, and which request it was, says nothing.
function same(text, ...asked) {
	for (const value of asked) text = text.split(JSON.stringify(String(value)).slice(1, -1)).join('#');
	return text.replace(/,?"(requestId|locations)":("[^"]*"|\[[^\]]*\])/g, '');
}

// What the one who tries has, by the name of an argument.
function own(name, type, fieldName) {
	if (type.kind === 'ENUM') return type.enumValues[0].name;
	const ids = { reportId: two.report, vehicleId: two.vehicle, driverId: two.driver, facilityId: two.facility, vendorId: two.vendor, commentId: two.comment, commentIds: two.comment,
		estimateId: two.estimate, zoneId: '1', photoId: '1', attachmentId: '1', erasureId: two.erasure, templateId: two.template, userId: '1', ids: two.report };
	if (name === 'id') return /vehicle/i.test(fieldName) ? two.vehicle : /driver/i.test(fieldName) ? two.driver : /facility/i.test(fieldName) ? two.facility
		: /vendor/i.test(fieldName) ? two.vendor : /webhook/i.test(fieldName) ? two.webhook : /alert/i.test(fieldName) ? two.alert : /filter/i.test(fieldName) ? two.filter
		: /template/i.test(fieldName) ? two.template : /assignment/i.test(fieldName) ? two.assignment : two.report;
	if (name in ids) return ids[name];
	switch (type.name) {
	case 'Int': case 'BigInt': return name === 'year' ? 2020 : 1;
	case 'Float': return 1;
	case 'Boolean': return false;
	case 'Decimal': return '1.00';
	case 'DateTime': return '2026-01-01T00:00:00Z';
	case 'Upload': return undefined;
	case 'ID': case 'UUID': return two.report;
	default: return name === 'email' ? 'a@b.example' : name === 'url' ? `http://${at}/two` : 'plain';
	}
}

// As much of the answer as the budget allows; how deep that is is found once.
const depths = new Map();
let collided = 0;
async function askOf(kind, field, variables, caller) {
	const key = `${caller} ${field.name}`;
	for (let depth = depths.get(key) ?? 2; ; depth--) {
		const answer = await ask(operation(kind, field, selection(schema, bare(field.type).name, depth)), variables, caller);
		if (depth > 0 && tooDear(answer.body)) continue;
		// Eight questions of ours at a time may get into each other's way; that is no answer.
		if (/"code":"(UNAVAILABLE|TIMEOUT)"/.test(JSON.stringify(answer.body.errors ?? '')) && collided++ < 500) { depth++; continue; }
		depths.set(key, depth);
		return answer;
	}
}

let tried = 0;
async function tryPlace(kind, field, place, foreign, absent, caller) {
	const asked = async (value) => JSON.stringify((await askOf(kind, field, argumentsOf(schema, field, place, value, own), caller)).body);
	const told = await asked(foreign.value), none = await asked(absent);
	tried++;
	clean(told, `${caller}: ${field.name}(${place.path.join('.')}: ${foreign.kind} ${foreign.value})`, String(foreign.value));
	assert.equal(same(told, foreign.value, absent), same(none, foreign.value, absent), `${caller}: ${field.name}(${place.path.join('.')}: ${foreign.kind} ${foreign.value}) is told apart from what does not exist`);
}

function valuesFor(place, kind) {
	if (place.scalar === 'ID' || place.scalar === 'UUID') return foreignIds.map((f) => ({ foreign: f, absent: absentLike(f.value) })).filter((v) => v.absent !== null);
	if (place.name === 'after') return foreignCursors.map((f) => ({ foreign: f, absent: null }));
	if (kind === 'mutation') return []; // texts and amounts of one's own
	if (references[place.name] === 'words') return [one.vehicleName, one.vin, ONE, `${ONE}-C1`, `${ONE.toLowerCase()}@driver.example`].map((value) => ({ foreign: { kind: 'words', value },
		absent: value.replace(/[A-Za-z]/g, (c) => (c < 'a' ? 'J' : 'j')).replace(/\d/g, '0') }));
	if (references[place.name] === 'numbers') return [{ foreign: { kind: 'number', value: one.number }, absent: '199999999' }];
	return [];
}

// Eight at a time: the server is one, and waits for PostgreSQL most of the time.
async function all(jobs) {
	let next = 0;
	const failed = [];
	await Promise.all(Array.from({ length: 8 }, async () => {
		while (next < jobs.length && failed.length < 10) {
			try { await jobs[next++](); } catch (error) { failed.push(error.message); }
		}
	}));
	if (failed.length) throw new Error(failed.join('\n\n'));
}

async function tryAll(kind, rootFields, caller) {
	const jobs = [];
	for (const field of rootFields) {
		if (field.name.startsWith('_') || withFiles.has(field.name)) continue;
		for (const place of places(schema, field))
			for (const { foreign, absent } of valuesFor(place, kind)) {
				if (absent !== null) jobs.push(() => tryPlace(kind, field, place, foreign, absent, caller));
				else jobs.push(async () => {
					const { body } = await askOf(kind, field, argumentsOf(schema, field, place, foreign.value, own), caller);
					tried++;
					clean(JSON.stringify(body), `${caller}: ${field.name}(${place.path.join('.')}: ${foreign.kind})`);
				});
			}
	}
	await all(jobs);
}

// ---- routes

function routesInSource() {
	const found = new Set();
	const walk = (folder) => {
		for (const name of readdirSync(folder)) {
			const path = join(folder, name);
			if (statSync(path).isDirectory()) walk(path);
			else if (path.endsWith('.c')) for (const m of readFileSync(path, 'utf8').matchAll(/FL_(GET|POST|PUT|DELETE),\s*"(\/[^"]*)"/g)) found.add(`${m[1]} ${m[2]}`);
		}
	};
	for (const folder of ['api', 'app', 'page']) walk(join(root, 'src', folder));
	return found;
}

async function fetched(method, path, caller) {
	const answer = await fetch(fleet.url + path, { method, redirect: 'manual', headers: { authorization: `Bearer ${tokens[caller]}`, cookie: `fleet=${tokens[caller]}`,
		origin: new URL(fleet.url).origin, ...(method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}) }, body: method === 'POST' ? 'verb=APPROVE' : undefined });
	const bytes = Buffer.from(await answer.arrayBuffer());
	return { status: answer.status, text: bytes.toString('latin1') };
}

const routeValue = (name) => ({ report: one.reports[0].id, number: '' + (Number(one.number)), vehicleName: encodeURIComponent(one.vehicleName), exportJob: one.exportJob, inspectionFile: `${one.inspection}.pdf`, claimPack: one.claimPack })[name] ?? name;

// ---- live

async function follow(query, caller, seen) {
	const answer = await fetch(`${fleet.url}/graphql`, { method: 'POST', headers: { accept: 'text/event-stream', 'content-type': 'application/json', authorization: `Bearer ${tokens[caller]}` },
		body: JSON.stringify({ query }) });
	const reader = answer.body.getReader(), decoder = new TextDecoder();
	(async () => {
		try {
			for (;;) {
				const { done, value } = await reader.read();
				if (done) return;
				seen.text += decoder.decode(value, { stream: true });
			}
		} catch { /* closed by us */ }
	})();
	return () => reader.cancel().catch(() => {});
}

const change = (who, id) => ask('mutation M($input: AddCommentInput!) { addComment(input: $input) { comment { id } } }',
	{ input: { reportId: id, body: `${who === 'one' ? ONE : TWO} says something new` } }, `${who}.person`);

const tests = [
	['the other company has data to tell of', () => {
		assert.ok(seenByOne.some((text) => text.includes(ONE)));
		assert.ok(foreignIds.length > 20 && foreignCursors.length > 3, `${foreignIds.length} ids, ${foreignCursors.length} cursors`);
	}],
	['this test can tell: the other is told its own, and its words are found in it', async () => {
		const field = schema.roots.Query.find((f) => f.name === 'damageReport'), [place] = places(schema, field);
		const foreign = { kind: 'report', value: one.report };
		await assert.rejects(() => tryPlace('query', field, place, foreign, absentLike(one.report), 'one.admin'), /tells of the other company/);
		secrets.length = 0;
		await assert.rejects(() => tryPlace('query', field, place, foreign, absentLike(one.report), 'one.admin'), /told apart/);
		secrets.push(...marks);
	}],
	['every field, argument and route is known here', () => {
		const unknown = [];
		for (const [kind, list] of Object.entries(schema.roots))
			for (const field of list) {
				if (!fields.has(field.name)) unknown.push(`${kind}.${field.name}`);
				for (const place of places(schema, field))
					if (!['ID', 'UUID', 'Boolean', 'Upload'].includes(place.scalar) && !(place.name in references) && !plain.has(place.name)) unknown.push(`${field.name}(${place.path.join('.')}: ${place.scalar})`);
			}
		for (const route of routesInSource()) if (!(route in routes)) unknown.push(route);
		assert.deepEqual([...new Set(unknown)], [], 'add them to tests/crossing/known.mjs, and say what they can name');
	}],
	...roles.map((role) => [`nothing of the other is in any answer to a ${role}`, async () => {
		for (const text of await dump(`two.${role}`, { ids: new Map(), cursors: new Map(), links: new Map() })) clean(text, role);
	}]),
	...roles.map((role) => [`queries by a ${role}, with every id, word and cursor of the other`, () => tryAll('query', schema.roots.Query, `two.${role}`)]),
	...roles.map((role) => [`mutations by a ${role}, with every id of the other`, () => tryAll('mutation', schema.roots.Mutation, `two.${role}`)]),
	['keys of other subgraphs', async () => {
		const { body } = await ask('{ _service { sdl } }', {}, 'two.admin');
		const types = [...body.data._service.sdl.matchAll(/^type (\w+)[^{]*@key\(fields: "id"/gm)].map(([, name]) => name);
		assert.ok(types.length >= 4, types.join());
		for (const name of types)
			for (const { value } of foreignIds) {
				const absent = absentLike(value);
				const asked = async (id) => JSON.stringify((await ask(`query Q($r: [_Any!]!) { _entities(representations: $r) { __typename ... on ${name} { id } } }`, { r: [{ __typename: name, id }] }, 'two.admin')).body);
				if (absent === null) continue;
				const told = await asked(value);
				clean(told, `_entities ${name}`);
				assert.equal(same(told, value, absent), same(await asked(absent), value, absent), `_entities(${name} ${value})`);
			}
	}],
	['files, pages and exports', async () => {
		for (const [route, captures] of Object.entries(routes)) {
			if (!Array.isArray(captures) || !routesInSource().has(route)) continue;
			const [method, pattern] = route.split(' ');
			const path = (values) => pattern.replace(/:\w+/g, () => values.shift());
			const foreign = captures.map(routeValue), absent = captures.map((name) => (routeValue(name) === name ? name : absentLike(routeValue(name)) ?? 'JJJ-NONE'));
			for (const role of ['admin', 'driver', 'person']) {
				const told = await fetched(method, path([...foreign]), `two.${role}`), none = await fetched(method, path([...absent]), `two.${role}`);
				clean(told.text, route, decodeURIComponent(foreign[0]));
				assert.equal(told.status, none.status, `${route} as ${role}`);
			}
		}
		for (const [kind, link] of everything.links) {
			const path = link.startsWith('http') ? new URL(link).pathname : link;
			if (!path.startsWith('/') || path.startsWith('/quote/') || link.includes(at)) continue;
			const told = await fetched('GET', path, 'two.admin');
			assert.ok([401, 403, 404].includes(told.status) || !told.text.includes(ONE), `${kind} ${path}: ${told.status}`);
		}
		for (const kind of ['reports', 'vehicles', 'drivers', 'facilities']) {
			const told = await fetched('GET', `/exports/${kind}.csv`, 'two.admin');
			assert.equal(told.status, 200, kind);
			clean(told.text, `exports ${kind}`);
			assert.ok(told.text.includes(TWO), kind);
		}
	}],
	['tiles', async () => {
		for (let z = 0; z <= 14; z++) {
			const n = 2 ** z, x = Math.floor((16.37 + 180) / 360 * n), r = 48.2 * Math.PI / 180, y = Math.floor((1 - Math.log(Math.tan(r) + 1 / Math.cos(r)) / Math.PI) / 2 * n);
			const mine = await fetched('GET', `/tiles/${z}/${x}/${y}.mvt`, 'two.admin'), theirs = await fetched('GET', `/tiles/${z}/${x}/${y}.mvt`, 'one.admin');
			clean(mine.text, `tile ${z}`);
			for (const { id } of one.reports) assert.ok(!mine.text.includes(id));
			if (z >= 8) assert.ok(theirs.text.length > mine.text.length, `the tile ${z} shows the other's reports to the other`);
		}
	}],
	['subscriptions', async () => {
		const streams = [], seen = { text: '' }, ours = { text: '' };
		for (const field of schema.roots.Subscription) {
			const select = selection(schema, bare(field.type).name, 2), filters = field.args.filter((a) => /Id$/.test(a.name));
			streams.push(await follow(`subscription { ${field.name} ${select} }`, 'two.admin', ours));
			for (const { name } of filters) streams.push(await follow(`subscription { ${field.name}(${name}: "${name === 'vehicleId' ? one.vehicle : one.report}") ${select} }`, 'two.admin', seen));
		}
		await change('one', one.report);
		await change('two', two.report);
		await until('an event of our own', () => ours.text.includes(two.report));
		clean(ours.text + seen.text, 'a subscription');
		assert.ok(!(ours.text + seen.text).includes(one.report) || /errors/.test(seen.text), 'an event of the other arrived');
		for (const stop of streams) await stop();
	}],
	['webhooks', async () => {
		await until('both were told', () => hooks.some((h) => h.path === '/two' && h.body.includes(two.report)) && hooks.some((h) => h.path === '/one' && h.body.includes(one.report)));
		for (const hook of hooks.filter((h) => h.path === '/two')) {
			clean(hook.body, 'a webhook');
			assert.ok(!one.reports.some((r) => hook.body.includes(r.id)));
		}
	}],
	['nothing of either is in the logs', () => {
		for (const { name, text } of fleet.logs()) for (const mark of [ONE, TWO]) {
			const line = text.split('\n').find((row) => row.includes(mark));
			assert.equal(line, undefined, `${name} tells of a company`);
		}
	}],
	['stops cleanly, with clean logs', () => fleet.stop()],
].map(([name, run]) => ({ name, run }));

const passed = await runTests(tests);
console.log(`        ${tried} questions were asked twice`);
receiver.close();
process.exit(passed ? 0 : 1);
