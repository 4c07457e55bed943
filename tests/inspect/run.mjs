// A driver's inspection as a browser without script sends it: the page, the form, the report as PDF, the next driver's signature, and
// everything that is refused. Ends with 'N passed, N failed'.
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { runTests, startFleet } from '../lib/fleet.mjs';
import { picture } from '../lib/picture.mjs';

const fleet = await startFleet({ seedReports: 30 });

async function ask(query, variables, caller = 'manager') {
	const { body } = await fleet.ask(query, variables, caller);
	if (body.errors) throw new Error(body.errors[0].message);
	return body.data;
}

// ---- a browser without script

async function signIn(caller) {
	const answer = await fetch(`${fleet.url}/login?token=${encodeURIComponent(fleet.tokens[caller])}`, { redirect: 'manual' });
	return answer.headers.get('set-cookie').split(';')[0];
}
const cookies = { driver: await signIn('driver'), auditor: await signIn('auditor') };

async function get(path, caller = 'driver') {
	const answer = await fetch(fleet.url + path, { headers: { accept: 'text/html', ...caller && { cookie: cookies[caller] } }, redirect: 'manual' });
	return { status: answer.status, location: answer.headers.get('location'), headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}
const page = async (path, caller) => (await get(path, caller)).bytes.toString();

async function send(path, fields, { caller = 'driver', files = [], headers = {} } = {}) {
	const form = new FormData();
	for (const [name, value] of Object.entries(fields)) form.append(name, value);
	for (const { field, name, bytes } of files) form.append(field, new Blob([bytes]), name);
	const answer = await fetch(fleet.url + path, { method: 'POST', body: form, redirect: 'manual',
		headers: { accept: 'text/html', origin: fleet.url, 'sec-fetch-site': 'same-origin', ...caller && { cookie: cookies[caller] }, ...headers } });
	return { status: answer.status, location: answer.headers.get('location'), text: await answer.text() };
}

// What the form would send when everything is in order: each item found in the page, and its hidden fields.
async function filled(path, name = 'Ada Driver') {
	const text = await page(path);
	const form = text.slice(text.indexOf('class="file inspect"'));
	const fields = { kind: '2', odometer: '120,455', trailer: '', note: '', name };
	for (const [, hidden, value] of form.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)) fields[hidden] = value;
	for (const [, item] of form.matchAll(/name="result\.(\w+)" value="OK"/g)) fields[`result.${item}`] = 'OK';
	return fields;
}

const path = '/inspect/VAN-31';
const hostile = '"><script>alert(1)</script>';
let signed;

const good = await runTests([
	{ name: 'the page asks for the eleven items, and for a log-in first', run: async () => {
		const fields = await filled(path);
		assert.equal(Object.keys(fields).filter((name) => name.startsWith('result.')).length, 11);
		const text = await page(path);
		assert.ok(!/<script(?! type="application\/json")/.test(text) && text.includes('enctype="multipart/form-data"'));
		assert.match((await get(path, null)).location, /^\/login\?next=/);
		assert.equal((await get('/inspect/NO-SUCH')).status, 404);
		assert.ok((await page('/r/VAN-31')).includes('href="/inspect/VAN-31"'));
	} },
	{ name: 'nothing found: no report, and it is said', run: async () => {
		const answer = await send(path, await filled(path));
		assert.deepEqual([answer.status, answer.location], [303, `${path}?done=none`]);
		assert.ok((await page(answer.location)).includes('none was filed'));
		const { vehicle } = await ask('{ vehicle(name: "VAN-31") { lastInspection { id } odometer(first: 1) { km } } }');
		assert.deepEqual(vehicle, { lastInspection: null, odometer: [{ km: 120455 }] });
	} },
	{ name: 'what is wrong with a form is said, and nothing is filed', run: async () => {
		const fields = await filled(path);
		const wrong = [[{ name: ' ' }, /no name/], [{ kind: '' }, /before or after/], [{ odometer: 'many' }, /number of kilometres/], [{ 'result.horn': 'DEFECT' }, /what is wrong/],
			[{ 'note.horn': 'silent' }, /answer the item as defective/], [{ template: 'x' }, /no checklist/], [{ trailer: 'NO-SUCH' }, /vehicle/],
			[{ action: 'acknowledge', id: 'x' }, /no inspection/]];
		for (const [change, sentence] of wrong) {
			const answer = await send(path, { ...fields, ...change });
			assert.ok(answer.status >= 400 && answer.status < 500, `${JSON.stringify(change)}: ${answer.status}`);
			assert.match(answer.text, sentence);
		}
		const { 'result.horn': _, ...lacks } = fields;
		assert.match((await send(path, lacks)).text, /horn.*not answered/);
		const many = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`result.k${i}`, 'OK']));
		assert.match((await send(path, { ...fields, ...many })).text, /more items than a checklist/);
		assert.equal((await ask('{ vehicle(name: "VAN-31") { lastInspection { id } } }')).vehicle.lastInspection, null);
	} },
	{ name: 'a form of another site, of nobody, of an auditor', run: async () => {
		const fields = await filled(path);
		assert.equal((await send(path, fields, { headers: { 'sec-fetch-site': 'cross-site' } })).status, 403);
		assert.equal((await send(path, fields, { caller: null })).location, '/login');
		assert.equal((await send(path, fields, { caller: 'auditor' })).status, 403);
	} },
	{ name: 'two defects with a photo; sent twice it is one', run: async () => {
		const fields = { ...await filled(path), 'result.tires': 'DEFECT', 'note.tires': hostile, 'unsafe.tires': 'yes', 'result.horn': 'DEFECT', 'note.horn': 'silent' };
		const files = [{ field: 'photo.tires', name: 'tire.jpg', bytes: picture('tire.jpg', '--seed 8 --size 640x480') }];
		for (let i = 0; i < 2; i++) assert.equal((await send(path, fields, { files: i ? [] : files })).location, `${path}?done=filed`);
		const { vehicle } = await ask(`{ vehicle(name: "VAN-31") { safeToOperate inspections { nodes { id version state safeToOperate odometerKm
			defects { id item note unsafe report { id photos { id } } } } } } }`);
		assert.equal(vehicle.inspections.nodes.length, 1);
		[signed] = vehicle.inspections.nodes;
		assert.equal(vehicle.safeToOperate, false);
		const tires = signed.defects.find(({ item }) => item === 'tires');
		assert.deepEqual([tires.note, tires.unsafe, tires.report.photos.length, signed.defects.length], [hostile, true, 1, 2]);
		const text = await page(path);
		assert.ok(text.includes('Not safe to operate') && !text.includes(hostile) && text.includes('&lt;script&gt;'));
	} },
	{ name: 'certified, the next driver signs on the page', run: async () => {
		await ask('mutation M($input: CertifyInspectionInput!) { certifyInspection(input: $input) { inspection { state } } }', { input: { id: signed.id,
			resolutions: signed.defects.map(({ id }) => ({ defectId: id, state: 'REPAIRED', remark: 'new' })), signature: { name: 'Cy Mechanic' } } });
		const text = await page(path);
		assert.ok(text.includes('Before you drive') && text.includes('repaired') && !text.includes('Not safe to operate'));
		assert.equal((await send(path, { action: 'acknowledge', id: signed.id, version: '1', name: 'Ben Driver' })).status, 409);
		const answer = await send(path, { action: 'acknowledge', id: signed.id, version: '2', name: 'Ben Driver' });
		assert.equal(answer.location, `${path}?done=signed`);
		assert.ok(!(await page(answer.location)).includes('Before you drive'));
		const { inspection, verifyInspection } = await ask('query Q($id: ID!) { inspection(id: $id) { state } verifyInspection(id: $id) { valid } }', { id: signed.id });
		assert.deepEqual([inspection.state, verifyInspection.valid], ['CLOSED', true]);
	} },
	{ name: 'the report as PDF, read back', run: async () => {
		const answer = await get(`/inspections/${signed.id}.pdf`);
		assert.equal(answer.status, 200);
		assert.equal(answer.headers.get('content-type'), 'application/pdf');
		assert.match(answer.headers.get('cache-control'), /private/);
		const { stdout, status } = spawnSync('pdftotext', ['-layout', '-', '-'], { input: answer.bytes, encoding: 'utf8' });
		assert.equal(status, 0);
		for (const part of ['Driver vehicle inspection report', hostile, 'Ada Driver', 'Cy Mechanic', 'Ben Driver', 'page 1 of', 'closed']) assert.ok(stdout.includes(part), `${part} in ${stdout}`);
		const again = await get(`/inspections/${signed.id}.pdf`);
		assert.ok(again.bytes.equals(answer.bytes));
	} },
	{ name: 'twenty papers at once', run: async () => {
		const answers = await Promise.all(Array.from({ length: 20 }, () => get(`/inspections/${signed.id}.pdf`)));
		assert.ok(answers.every(({ status, bytes }) => status === 200 && bytes.equals(answers[0].bytes)));
	} },
	{ name: 'stops cleanly, with clean logs', run: () => fleet.stop() },
]);
if (fleet.child.exitCode === null) await fleet.kill();
process.exit(good ? 0 : 1);
