// Bytes of photos and files whose rows are gone, against a real server: they leave the store, those that others named stay. Ends with
// 'N passed, N failed'.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { strict as assert } from 'node:assert';
import { picture } from '../lib/picture.mjs';
import { startFleet, runTests, until, root } from '../lib/fleet.mjs';

const program = process.env.FLEET_PROGRAM ?? join(root, 'build', 'fleet');
const fleet = await startFleet({ threads: 1, seedReports: 50 });
const known = {};

function sql(text) {
	const { status, stdout, stderr } = spawnSync('psql', [`host=${join(fleet.home, 'run')} user=fleet dbname=fleet`, '-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', text],
		{ encoding: 'utf8' });
	assert.equal(status, 0, stderr);
	return stdout.trim();
}

function store(...args) {
	const { status, stdout, stderr } = spawnSync(program, ['store', ...args, '--home', fleet.home], { encoding: 'utf8', timeout: 60000 });
	assert.equal(status, 0, stderr);
	return stdout;
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const place = (hash) => join(fleet.home, 'blobs', hash.slice(0, 2), hash.slice(2, 4), hash);
const isThere = (hash) => existsSync(place(hash));

function allFiles(folder = join(fleet.home, 'blobs')) {
	return readdirSync(folder, { withFileTypes: true }).flatMap((e) => e.isDirectory() ? allFiles(join(folder, e.name)) : /^[0-9a-f]{64}$/.test(e.name) ? [join(folder, e.name)] : []);
}

// As if all that was sent and noted until now had been two days ago.
function passTime() {
	for (const file of allFiles()) {
		const old = statSync(file).mtimeMs / 1000 - 2 * 86400;
		utimesSync(file, old, old);
	}
	sql("UPDATE platform.loose_blobs SET since = since - interval '2 days'");
}

// Twice: found without a name, and gone a day later.
function sweepAll() {
	passTime();
	store('clean');
	passTime();
	return store('clean');
}

async function ask(query, variables = {}, caller = 'manager', files = null) {
	const { body } = await fleet.ask(query, variables, caller, files);
	assert.equal(body.errors, undefined, JSON.stringify(body.errors));
	return body.data;
}

async function attach(report, bytes) {
	const data = await ask('mutation M($input: AddAttachmentInput!) { addAttachment(input: $input) { attachment { id } } }', { input: { reportId: report, file: null } }, 'manager',
		[{ name: 'letter.txt', bytes, type: 'text/plain', at: 'variables.input.file' }]);
	return data.addAttachment.attachment.id;
}

async function report(description, photos, caller = 'driver') {
	const data = await ask('mutation M($input: CreateDamageReportInput!) { createDamageReport(input: $input) { report { id number } } }',
		{ input: { vehicleName: 'VAN-12', description, photos: photos.map(() => null) } }, caller, photos.map((bytes, i) => ({ name: `${i}.jpg`, bytes })));
	return data.createDamageReport.report;
}

const removeAttachment = (reportId, attachmentId) =>
	ask('mutation M($input: RemoveAttachmentInput!) { removeAttachment(input: $input) { report { id } } }', { input: { reportId, attachmentId } });

const metric = (name) => until(name, async () => (await fleet.metric(name)) + 1).then((value) => value - 1);

const tests = [
	{ name: 'what is named stays, however old', run: async () => {
		known.photo = picture('a.jpg', '--seed 81 --size 640x480');
		known.report = await report('a scratch', [known.photo]);
		known.other = await report('another scratch', []);
		passTime();
		assert.match(store('plan'), /nothing names 0 of/);
		assert.ok(isThere(sha256(known.photo)));
	} },
	{ name: 'a removed attachment goes after its time, and not before', run: async () => {
		const id = await attach(known.report.id, 'seen at noon\n'), hash = sha256('seen at noon\n');
		await removeAttachment(known.report.id, id);
		store('clean');
		assert.ok(isThere(hash), 'sent a moment ago');
		passTime();
		assert.match(store('clean'), /names 1 of .* removed 0 of/);
		assert.ok(isThere(hash), 'found for the first time');
		passTime();
		assert.match(store('clean'), /removed 1 of/);
		assert.ok(!isThere(hash));
		assert.equal(sql('SELECT removed FROM platform.sweep'), '1');
	} },
	{ name: 'bytes that two sent stay until both are gone', run: async () => {
		const text = 'the same letter\n', hash = sha256(text);
		const [a, b] = [await attach(known.report.id, text), await attach(known.other.id, text)];
		await removeAttachment(known.report.id, a);
		sweepAll();
		assert.ok(isThere(hash));
		await removeAttachment(known.other.id, b);
		sweepAll();
		assert.ok(!isThere(hash));
	} },
	{ name: 'sent again while it waits for its end: it stays', run: async () => {
		const text = 'once more\n', hash = sha256(text);
		const id = await attach(known.report.id, text);
		await removeAttachment(known.report.id, id);
		passTime();
		store('clean');
		passTime();
		await attach(known.report.id, text);
		store('clean');
		assert.ok(isThere(hash));
		assert.ok(sweepAll());
		assert.ok(isThere(hash));
	} },
	{ name: 'a hold keeps what was removed', run: async () => {
		const text = 'evidence\n', hash = sha256(text);
		await removeAttachment(known.report.id, await attach(known.report.id, text));
		await ask('mutation M($input: HoldDamageReportInput!) { holdDamageReport(input: $input) { report { id } } }', { input: { reportId: known.report.id, reason: 'case 7' } }, 'admin');
		sweepAll();
		assert.ok(isThere(hash));
		await ask('mutation M($input: ReleaseDamageReportInput!) { releaseDamageReport(input: $input) { report { id } } }', { input: { reportId: known.report.id } }, 'admin');
		sweepAll();
		assert.ok(!isThere(hash));
	} },
	{ name: 'fleet work sweeps by itself', run: async () => {
		const text = 'by the clock\n', hash = sha256(text);
		await removeAttachment(known.report.id, await attach(known.report.id, text));
		passTime();
		store('clean');
		passTime();
		sql("UPDATE platform.sweep SET began_at = began_at - interval '7 hours'");
		process.kill(fleet.pids().work, 'SIGKILL'); // the next one looks at once
		await until('the sweep', () => !isThere(hash), 30000);
		await until('its end', () => sql('SELECT count(*) FROM platform.loose_blobs') === '0');
	} },
	{ name: 'a store that another database belongs to is left alone', run: async () => {
		const before = allFiles().length;
		const id = sql('SELECT store FROM platform.sweep');
		sql('UPDATE platform.sweep SET store = gen_random_uuid()');
		const { status, stderr } = spawnSync(program, ['store', 'clean', '--home', fleet.home], { encoding: 'utf8', timeout: 60000 });
		assert.equal(status, 1);
		assert.match(stderr, /another database/);
		assert.equal(allFiles().length, before);
		sql(`UPDATE platform.sweep SET store = '${id}'`);
		store('clean');
	} },
	{ name: 'figures: /metrics and the daily report', run: async () => {
		assert.ok((await metric('fleet_store_swept_seconds')) > 0);
		assert.equal(await metric('fleet_store_sweep_refused'), 0);
		const { stdout } = spawnSync(program, ['maintain', 'daily', '--json', '--dry-run', '--home', fleet.home], { encoding: 'utf8', timeout: 120000 });
		const found = JSON.parse(stdout).findings;
		const loose = found.find((f) => f.code === 'loose-bytes'), age = found.find((f) => f.code === 'sweep-age');
		assert.equal(loose.value, 0);
		assert.match(loose.detail, /went so far/);
		assert.equal(age.state, 'ok');
	} },
];

let good = false;
try {
	good = await runTests([...tests, { name: 'stops cleanly, with clean logs', run: () => fleet.stop() }]);
} finally {
	if (fleet.child.exitCode === null) await fleet.kill();
}
process.exit(good ? 0 : 1);
