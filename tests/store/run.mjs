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

const decide = (finding) => fleet.ask('mutation M($i: DecideErasureFindingInput!) { decideErasureFinding(input: $i) { finding { state } } }',
	{ i: { erasureId: known.erasure.id, findingId: finding.id, redactTo: '(erased)' } }, 'admin');

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
	{ name: 'an erasure finds the photos of a driver', run: async () => {
		known.face = picture('face.jpg', '--seed 82 --size 640x480');
		known.shared = picture('shared.jpg', '--seed 83 --size 640x480');
		known.drivers = await report('hit the gate', [known.face, known.shared]);
		known.others = await report('seen again', [known.shared], 'manager');
		const { damageReport } = await ask('query Q($id: ID!) { damageReport(id: $id) { driver { id } } }', { id: known.drivers.id });
		assert.ok(damageReport.driver);
		await until('the assessment', async () => (await ask('query Q($id: ID!) { damageReport(id: $id) { assessment { model } } }', { id: known.drivers.id })).damageReport.assessment, 30000);
		const pack = (await ask('mutation M($i: MakeClaimPackInput!) { makeClaimPack(input: $i) { pack { id } } }', { i: { reportId: known.drivers.id } })).makeClaimPack.pack.id;
		known.pack = await until('the pack', async () => {
			const { claimPack } = await ask('query Q($id: ID!) { claimPack(id: $id) { state url } }', { id: pack });
			return claimPack.state === 'DONE' && claimPack;
		}, 30000);
		known.packFiles = allFiles().length;
		const made = await ask(`mutation M($i: EraseDriverInput!) { eraseDriver(input: $i) { erasure { id state findings(first: 100) { id photo report { id } state } } } }`,
			{ i: { driverId: damageReport.driver.id, reason: 'asked by letter' } }, 'admin');
		known.erasure = made.eraseDriver.erasure;
		assert.equal(known.erasure.state, 'DONE');
		known.findings = known.erasure.findings.filter((f) => f.report?.id === known.drivers.id && f.photo !== null).sort((a, b) => a.photo - b.photo);
		assert.deepEqual(known.findings.map((f) => f.photo), [1, 2]);
	} },
	{ name: 'a hold forbids to remove a photo', run: async () => {
		await ask('mutation M($i: HoldDamageReportInput!) { holdDamageReport(input: $i) { report { id } } }', { i: { reportId: known.drivers.id, reason: 'case 8' } }, 'admin');
		const { body } = await decide(known.findings[0]);
		assert.equal(body.errors[0].extensions.code, 'CONFLICT');
		assert.match(body.errors[0].message, /legal hold/);
		assert.equal(sql('SELECT count(*) FROM fleet.damage_photos WHERE erased_at IS NOT NULL'), '0');
		await ask('mutation M($i: ReleaseDamageReportInput!) { releaseDamageReport(input: $i) { report { id } } }', { i: { reportId: known.drivers.id } }, 'admin');
	} },
	{ name: 'a photo that is redacted is removed, and the record says so', run: async () => {
		const hashes = sql(`SELECT encode(view_sha256, 'hex') || ' ' || encode(thumb_sha256, 'hex') FROM fleet.damage_photos WHERE report_id = '${known.drivers.id}' AND id = 1`).split(' ');
		known.variants = hashes;
		for (const finding of known.findings) assert.equal((await decide(finding)).body.data.decideErasureFinding.finding.state, 'REDACTED');
		const { damageReport: r } = await ask(`query Q($id: ID!) { damageReport(id: $id) { number photos { id sha256 removedAt takenAt camera location { latitude } quality { sharpness } url viewUrl
			custody { action actor { handle } } } history { nodes { kind text } } assessment { severity } } }`, { id: known.drivers.id });
		assert.equal(r.photos.length, 2);
		assert.equal(r.photos[0].sha256, sha256(known.face));
		assert.ok(r.photos[0].removedAt && r.photos[1].removedAt);
		assert.deepEqual([r.photos[0].takenAt, r.photos[0].camera, r.photos[0].location, r.photos[0].quality], [null, null, null, null]);
		assert.deepEqual([r.photos[0].custody.at(0).action, r.photos[0].custody.at(-1)], ['UPLOADED', { action: 'REMOVED', actor: { handle: 'admin' } }]);
		assert.equal(r.history.nodes.filter((n) => n.kind === 'PHOTO_REMOVED').length, 2);
		assert.match(r.history.nodes.find((n) => n.kind === 'PHOTO_REMOVED').text, /removed photo [12] by an erasure/);
		assert.equal(sql(`SELECT count(*) FROM fleet.photo_embeddings WHERE report_id = '${known.drivers.id}'`), '0');
		assert.equal(sql(`SELECT string_agg(data->>'sha256', ' ' ORDER BY id) FROM fleet.events WHERE type = 'photo.erased'`), `${sha256(known.face)} ${sha256(known.shared)}`);
		const get = (path, caller = 'manager') => fetch(fleet.url + path, { headers: { authorization: `Bearer ${fleet.tokens[caller]}` } });
		const original = await get(r.photos[0].url), view = await get(r.photos[0].viewUrl), 
			page = await fetch(`${fleet.url}/reports/${r.number}`, { headers: { cookie: `fleet_session=${fleet.tokens.manager}` } });
		assert.equal(original.status, 410);
		assert.match((await original.json()).errors[0].message, /^photo 1 was removed on \d{4}-\d\d-\d\d by an erasure$/);
		assert.deepEqual([view.status, view.headers.get('content-type'), view.headers.get('cache-control')], [410, 'image/svg+xml', 'no-store']);
		assert.match(await view.text(), /Removed on/);
		assert.equal(page.status, 200);
		assert.match(await page.text(), /removed by an erasure/);
		// The other's report has the same picture still; nothing else is taken from it.
		const other = (await ask('query Q($id: ID!) { damageReport(id: $id) { photos { removedAt url } } }', { id: known.others.id })).damageReport.photos[0];
		assert.equal(other.removedAt, null);
		assert.equal((await get(other.url)).status, 200);
	} },
	{ name: 'a pack with it is gone, and a new one says what is missing', run: async () => {
		const token = { headers: { authorization: `Bearer ${fleet.tokens.manager}` } };
		assert.equal((await fetch(fleet.url + known.pack.url, token)).status, 404);
		const pack = (await ask('mutation M($i: MakeClaimPackInput!) { makeClaimPack(input: $i) { pack { id } } }', { i: { reportId: known.drivers.id } })).makeClaimPack.pack.id;
		const { url } = await until('the pack', async () => {
			const { claimPack } = await ask('query Q($id: ID!) { claimPack(id: $id) { state url error } }', { id: pack });
			assert.equal(claimPack.error, null);
			return claimPack.state === 'DONE' && claimPack;
		}, 30000);
		const bytes = Buffer.from(await (await fetch(fleet.url + url, token)).arrayBuffer());
		assert.ok(bytes.includes('claim.pdf') && bytes.includes('custody.csv') && !bytes.includes('photos/01.jpg'));
	} },
	{ name: 'its bytes leave the store, those of others stay, and the proof holds', run: async () => {
		assert.ok(isThere(sha256(known.face)));
		sweepAll();
		assert.ok(!isThere(sha256(known.face)) && !isThere(known.variants[0]) && !isThere(known.variants[1]));
		assert.ok(isThere(sha256(known.shared)));
		const { status, stdout } = spawnSync(program, ['rebuild', '--check', '--home', fleet.home], { encoding: 'utf8', timeout: 60000 });
		assert.equal(status, 0, stdout);
		// Assessed once more, with nothing to look at, nothing breaks.
		sql(`INSERT INTO fleet.jobs (tenant_id, queue, payload, dedupe_key) SELECT tenant_id, 1, jsonb_build_object('report', id), id::text || ' again' FROM fleet.damage_reports WHERE id = '${known.drivers.id}'`);
		await until('the job', () => sql('SELECT count(*) FROM fleet.jobs WHERE queue = 1') === '0');
		assert.equal(sql('SELECT count(*) FROM fleet.jobs_dead'), '0');
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
