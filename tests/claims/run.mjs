// Claim packs from a damage to a verified file, against a real server: what is in one, who gets it, what standard tools say about it, and
// that a changed one is found out. Needs unzip and sha256sum (packages/test.txt). Ends with 'N passed, N failed'.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strict as assert } from 'node:assert';
import { picture } from '../lib/picture.mjs';
import { startFleet, runTests, root } from '../lib/fleet.mjs';

const program = process.env.FLEET_PROGRAM ?? join(root, 'build', 'fleet');
const folder = mkdtempSync(join(tmpdir(), 'fleet-claims-'));
const fleet = await startFleet({ threads: 1, seedReports: 200 });
const known = {};

function run(args) {
	const { status, stdout, stderr } = spawnSync(program, [...args, '--home', fleet.home], { encoding: 'utf8', timeout: 90000, cwd: folder });
	return { status, stdout, stderr };
}

function tool(name, args, cwd) {
	return spawnSync(name, args, { encoding: 'utf8', cwd });
}

async function ask(query, variables = {}, caller = 'manager', files = null) {
	const { body } = await fleet.ask(query, variables, caller, files);
	assert.equal(body.errors, undefined, JSON.stringify(body.errors));
	return body.data;
}

async function refused(query, variables, caller) {
	const { body } = await fleet.ask(query, variables, caller);
	return body.errors?.[0].extensions.code;
}

async function get(url, caller) {
	const token = fleet.tokens[caller] ?? caller;
	return fetch(`${fleet.url}${url}`, { headers: { authorization: `Bearer ${token}` } });
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const text = (name) => readFileSync(join(folder, 'open', name), 'utf8');

async function damage() {
	const photos = [{ name: 'a.jpg', bytes: picture('a.jpg', '--seed 71 --size 640x480') }, { name: 'b.jpg', bytes: picture('b.jpg', '--seed 72 --size 640x480') }];
	const made = await ask('mutation M($input: CreateDamageReportInput!) { createDamageReport(input: $input) { report { id number } } }',
		{ input: { vehicleName: 'VAN-12', description: 'reversed into a bollard', photos: [null, null] } }, 'driver', photos);
	Object.assign(known, made.createDamageReport.report, { photos });
	const attached = [{ name: 'letter of the police.txt', bytes: 'seen at noon\n', type: 'text/plain', at: 'variables.input.file' }];
	await ask('mutation M($input: AddAttachmentInput!) { addAttachment(input: $input) { attachment { id } } }', { input: { reportId: known.id, file: null } }, 'manager', attached);
	await ask(`mutation M($id: ID!) { addDamageZone(input: { reportId: $id, zone: { part: REAR_BUMPER, kind: DENT, severity: MODERATE, sizeMm: 140 } }) { zoneId } }`, { id: known.id });
}

async function repair() {
	const id = known.id;
	const vendor = (await ask('mutation { createVendor(input: { name: "Garage Claims" }) { vendor { id } } }')).createVendor.vendor.id;
	await ask('mutation M($i: SubmitEstimateInput!) { submitEstimate(input: $i) { estimate { id } } }',
		{ i: { reportId: id, vendorId: vendor, lines: [{ kind: 'LABOUR', text: 'straighten the bumper', quantity: '4', unitPrice: '80' }] } });
	await ask('mutation M($i: EstimateInput!) { acceptEstimate(input: $i) { report { stage } } }', { i: { reportId: id, estimateId: '1' } });
	const order = (await ask('mutation M($i: CreateWorkOrderInput!) { createWorkOrder(input: $i) { workOrder { id } } }', { i: { reportId: id, estimateId: '1' } })).createWorkOrder.workOrder.id;
	await ask(`mutation M($o: ID!) { a: moveWorkOrder(input: { id: $o, step: START }) { workOrder { id } } b: setWorkOrderTask(input: { workOrderId: $o, taskId: "1", done: true }) { workOrder { id } }
		c: moveWorkOrder(input: { id: $o, step: FINISH }) { report { stage } } }`, { o: order });
	await ask('mutation M($o: ID!) { recordInvoice(input: { workOrderId: $o, number: "G-1", lines: [{ kind: LABOUR, amount: "325.50" }] }) { invoice { state } } }', { o: order });
	await ask(`mutation M($id: ID!) { saveClaim(input: { reportId: $id, insurer: "Noord", claimNumber: "CL-9", deductible: "100", claimedAmount: "325.50", adjuster: { name: "Adjuster Zwart" } }) { claim { state } } }`, { id });
}

const tests = [
	['a damage with photos, an attachment and a zone', damage],
	['assessed, estimated, repaired, billed, claimed', async () => {
		for (let i = 0; i < 200; i++) {
			const { damageReport } = await ask('query Q($id: ID!) { damageReport(id: $id) { status } }', { id: known.id });
			if (damageReport.status === 'ASSESSED') break;
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
		await repair();
	}],
	['a pack by the command line', () => {
		const { status, stdout, stderr } = run(['claim', 'pack', String(known.number), '--out', 'p.zip', '--json']);
		assert.equal(status, 0, stderr);
		known.made = JSON.parse(stdout);
		assert.equal(known.made.files, 9);
		assert.equal(statSync(join(folder, 'p.zip')).size > 10000, true);
	}],
	['unzip and sha256sum agree with it', () => {
		const tested = tool('unzip', ['-tq', 'p.zip'], folder);
		assert.equal(tested.status, 0, tested.stdout);
		assert.equal(tool('unzip', ['-q', 'p.zip', '-d', 'open'], folder).status, 0);
		const sums = tool('sha256sum', ['--strict', '-c', 'MANIFEST.sha256'], join(folder, 'open'));
		assert.equal(sums.status, 0, sums.stderr);
		assert.equal(sums.stdout.trim().split('\n').length, 8);
	}],
	['the manifest says what is in it and whose names are', () => {
		const manifest = JSON.parse(text('manifest.json'));
		assert.equal(sha256(readFileSync(join(folder, 'open', 'manifest.json'))), known.made.manifestSha256);
		assert.equal(manifest.format, 'fleet-pack-1');
		assert.equal(manifest.kind, 'claim');
		assert.equal(manifest.report, Number(known.number));
		assert.equal(manifest.claimNumber, 'CL-9');
		assert.deepEqual(manifest.files.map((f) => f.name),
			['claim.pdf', 'report.json', 'history.csv', 'custody.csv', 'photos/01.jpg', 'photos/02.jpg', 'attachments/01-letter_of_the_police.txt']);
		assert.ok(manifest.names.includes('Adjuster Zwart') && manifest.names.includes(manifest.madeBy), JSON.stringify(manifest.names));
		for (const f of manifest.files) assert.equal(f.size, statSync(join(folder, 'open', f.name)).size);
	}],
	['originals are the bytes that were sent', () => {
		assert.equal(sha256(readFileSync(join(folder, 'open', 'photos/01.jpg'))), sha256(known.photos[0].bytes));
		assert.equal(text('attachments/01-letter_of_the_police.txt'), 'seen at noon\n');
	}],
	['report.json holds all of it', () => {
		const r = JSON.parse(text('report.json'));
		assert.equal(r.format, 'fleet-claim-1');
		assert.equal(r.report.stage, 'COMPLETED');
		assert.equal(r.report.actualCost, '325.50');
		assert.equal(r.report.netCost, '325.50');
		assert.equal(r.claim.deductible, '100.00');
		assert.equal(r.zones[0].part, 'REAR_BUMPER');
		assert.equal(r.photos.length, 2);
		assert.equal(r.photos[0].sha256, sha256(known.photos[0].bytes));
		assert.ok(r.assessment.model);
		assert.equal(r.estimates[0].total, '320.00');
		assert.equal(r.workOrders[0].invoices[0].lines[0].amount, '325.50');
		assert.equal(r.downtimes.length, 1);
		assert.ok(r.history.some((e) => /accepted estimate/.test(e.text)));
		assert.equal(text('history.csv').split('\r\n').length, r.history.length + 2);
		assert.match(text('custody.csv'), /^photo,sha256,action,at,who,client\r\n1,[0-9a-f]{64},UPLOADED,/);
	}],
	['claim.pdf is one, and says the claim', () => {
		assert.equal(readFileSync(join(folder, 'open', 'claim.pdf')).subarray(0, 5).toString(), '%PDF-');
		const words = tool('pdftotext', ['-layout', 'claim.pdf', '-'], join(folder, 'open'));
		if (words.status !== 0) return; // poppler-utils is not here
		for (const word of ['Claim CL-9', 'Noord', 'VAN-12', 'rear bumper', 'Garage Claims', '325.50', 'Chain of custody', 'Timeline']) assert.ok(words.stdout.includes(word), word);
	}],
	['verify says that it is whole, offline', () => {
		const { status, stdout } = run(['claim', 'verify', 'p.zip', '--manifest', known.made.manifestSha256]);
		assert.equal(status, 0, stdout);
		assert.match(stdout, /^whole: 7 files, \d+ bytes, made 20/);
		assert.equal(run(['claim', 'verify', 'p.zip', '--manifest', '0'.repeat(64)]).status, 1);
	}],
	['one bit is found out, and the file named', () => {
		const bytes = readFileSync(join(folder, 'p.zip'));
		const at = bytes.indexOf(Buffer.from(known.photos[1].bytes).subarray(20000, 20064));
		bytes[at] ^= 1;
		writeFileSync(join(folder, 'bad.zip'), bytes);
		const { status, stdout } = run(['claim', 'verify', 'bad.zip']);
		assert.equal(status, 1);
		assert.match(stdout, /^photos\/02\.jpg: bytes 0 to \d+ are not what the manifest says$/m);
		assert.equal(run(['claim', 'verify', join(root, 'README.md')]).status, 1);
		assert.equal(run(['claim', 'verify', 'none.zip']).status, 1);
		assert.equal(run(['claim', 'burn', 'p.zip']).status, 2);
	}],
	['without names there are none', () => {
		const { status, stderr } = run(['claim', 'pack', String(known.number), '--out', 'q.zip', '--without-names']);
		assert.equal(status, 0, stderr);
		assert.equal(tool('unzip', ['-q', 'q.zip', '-d', 'quiet'], folder).status, 0);
		const names = JSON.parse(text('manifest.json')).names;
		const manifest = JSON.parse(readFileSync(join(folder, 'quiet', 'manifest.json'), 'utf8'));
		assert.deepEqual(manifest.names, []);
		for (const file of ['report.json', 'history.csv', 'custody.csv', 'manifest.json'])
			for (const name of names) assert.ok(!readFileSync(join(folder, 'quiet', file), 'utf8').includes(name), `${name} in ${file}`);
		assert.match(manifest.madeBy, /^person \d+$/);
	}],
	['the history has the hash of each manifest', async () => {
		const { damageReport } = await ask('query Q($id: ID!) { damageReport(id: $id) { history(first: 50) { nodes { kind text } } claimPacks { state done total manifestSha256 withNames url expiresAt } } }', { id: known.id });
		const told = damageReport.history.nodes.filter((n) => n.kind === 'PACK_MADE');
		assert.equal(told.length, 2);
		assert.ok(told.some((n) => n.text.includes(known.made.manifestSha256)));
		assert.equal(damageReport.claimPacks.length, 2);
		assert.deepEqual(damageReport.claimPacks.map((p) => p.withNames), [false, true]);
		for (const p of damageReport.claimPacks) assert.ok(p.state === 'DONE' && p.done === p.total && Date.parse(p.expiresAt) > Date.now() + 6 * 86400e3);
		known.url = damageReport.claimPacks[1].url;
	}],
	['only who asked for it gets the file', async () => {
		const good = await get(known.url, 'manager');
		assert.equal(good.status, 200);
		assert.equal(good.headers.get('content-type'), 'application/zip');
		assert.equal(sha256(Buffer.from(await good.arrayBuffer())), sha256(readFileSync(join(folder, 'p.zip'))));
		for (const caller of ['admin', 'auditor']) assert.equal((await get(known.url, caller)).status, 404, caller);
		assert.equal((await get(known.url, 'driver')).status, 403);
		assert.equal((await fetch(`${fleet.url}${known.url}`)).status, 401);
		const other = run(['token', '--tenant', 'other', '--role', 'manager']).stdout.trim();
		if (other.includes('.')) assert.equal((await get(known.url, other)).status, 404);
	}],
	['drivers make none and see none', async () => {
		assert.equal(await refused('mutation M($id: ID!) { makeClaimPack(input: { reportId: $id }) { pack { id } } }', { id: known.id }, 'driver'), 'FORBIDDEN');
		const { damageReport } = await ask('query Q($id: ID!) { damageReport(id: $id) { claimPacks { id } claim { state } history(first: 50) { nodes { kind } } } }', { id: known.id }, 'driver');
		assert.equal(damageReport.claimPacks, null);
		assert.equal(damageReport.claim, null);
		assert.ok(!damageReport.history.nodes.some((n) => /PACK|CLAIM|INVOICE/.test(n.kind)));
	}],
	['no such report', () => {
		const { status, stderr } = run(['claim', 'pack', '99999999', '--out', 'none.zip']);
		assert.equal(status, 1);
		assert.match(stderr, /no report/);
		assert.equal(existsSync(join(folder, 'none.zip')), false);
	}],
	['reports are still what their events say', () => {
		const { status, stdout, stderr } = run(['rebuild', '--check']);
		assert.equal(status, 0, stdout + stderr);
	}],
];

let good = false;
try {
	good = await runTests([...tests.map(([name, test]) => ({ name, run: test })), { name: 'stops cleanly, with clean logs', run: () => fleet.stop() }]);
} finally {
	if (fleet.child.exitCode === null) await fleet.kill();
	rmSync(folder, { recursive: true, force: true });
}
process.exit(good ? 0 : 1);
