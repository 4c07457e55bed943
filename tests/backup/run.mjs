// The drill: a fleet is backed up while it works, lost, and restored elsewhere to the moment between two reports.
import { execFile } from 'node:child_process';
import { chmodSync, closeSync, cpSync, existsSync, openSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { makeHome, root, runTests, startFleet, until } from '../lib/fleet.mjs';
import { picture } from '../lib/picture.mjs';

const run = promisify(execFile);
const program = process.env.FLEET_PROGRAM ?? join(root, 'build', 'fleet');
const create = 'mutation M($input: CreateDamageReportInput!) { createDamageReport(input: $input) { report { id number } } }';
const find = 'query Q($id: ID!) { damageReport(id: $id) { description photos { url sha256 } } }';

const home = makeHome(), base = dirname(home);
const fleet = await startFleet({ home, seedReports: 100, demoPhotos: 0 });
const owner = statSync(home); // started as root, fleet became another user
chmodSync(base, 0o777); // that user makes the new HOMEs

// As a person types it; the answer's text, or the sentence that it failed with.
async function call(...args) {
	try {
		return (await run(program, args, { env: { ...process.env, FLEET_HOME: home } })).stdout;
	} catch (error) {
		return `FAILED: ${error.stderr}`;
	}
}

async function file(description) {
	const { body } = await fleet.ask(create, { input: { vehicleName: 'VAN-12', description, photos: [null] } }, 'manager',
		[{ name: 'a.jpg', bytes: picture('a.jpg', `--seed ${description.length} --size 320x240`) }]);
	if (body.errors) throw new Error(body.errors[0].message);
	return body.data.createDamageReport.report.id;
}

function expect(ok, what) {
	if (!ok) throw new Error(what);
}

const wal = () => readdirSync(join(home, 'backup', 'wal')).filter((name) => name.length === 31);
const psql = (sql) => run('/usr/lib/postgresql/15/bin/psql', ['-h', join(home, 'run'), '-U', 'fleet', '-d', 'fleet', '-Atc', sql]);
const ids = {};
let between, keyFile;

const restore = (name, ...more) => call('restore', '--home', join(base, name), '--backup-dir', join(home, 'backup'), '--key-file', keyFile, ...more);

// A driver who is known at the moment that is restored, and was erased after it.
async function addDriver() {
	const { body } = await fleet.ask('mutation { createDriver(input: { name: "Quirin Vogelsang" }) { driver { id } } }');
	return body.data.createDriver.driver.id;
}

async function eraseDriver(id) {
	const { body } = await fleet.ask('mutation M($id: ID!) { eraseDriver(input: { driverId: $id, reason: "asked" }) { erasure { id state } } }', { id }, 'admin');
	if (body.errors) throw new Error(body.errors[0].message);
	return body.data.eraseDriver.erasure.id;
}

// A report of long ago, of a company that keeps such in archives.
async function addOld() {
	await psql(`SELECT platform.ensure_history('2015-03-01'); SELECT set_config('app.tenant_id', '1', false);
		INSERT INTO fleet.damage_reports (tenant_id, id, vehicle_id, incident_at, status, severity, estimated_cost, description)
			VALUES (1, fleet.uuid7('2015-03-10'), 1, '2015-03-10', 6, 2, 12345, 'long ago');
		INSERT INTO fleet.events (tenant_id, xid, type, report_id, vehicle_id, agg_version, data) SELECT tenant_id, '0', 'report.created', id, vehicle_id, 1, '{"status": [null, "CLOSED"]}'
			FROM fleet.damage_reports WHERE description = 'long ago';
		INSERT INTO fleet.retention_policies (tenant_id, years, keep) VALUES (1, 10, 3)`);
	return (await psql("SELECT id FROM fleet.damage_reports WHERE description = 'long ago'")).stdout.trim();
}

const archived = (folder) => existsSync(folder) ? readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith('.sealed')).map(String) : [];

async function lookAtArchive(name) {
	const there = (...args) => call(...args, '--home', join(base, name));
	const { stdout } = await run('/usr/lib/postgresql/15/bin/psql', ['-h', join(base, name, 'run'), '-U', 'fleet', '-d', 'fleet', '-Atc', 'SELECT count(*) FROM fleet.damage_reports WHERE description = \'long ago\'']);
	expect(stdout.trim() === '0', 'the archived report is in the tables');
	expect((await there('archive', 'verify', ids.archive)).startsWith('whole and unchanged: 1 reports'), await there('archive', 'verify', ids.archive));
	expect((await there('archive', 'restore', ids.archive)).includes('1 reports are back'), 'restore of the archive');
}

async function look(name, wanted, gone) {
	const restored = await startFleet({ home: join(base, name), seedReports: 0 });
	try {
		for (const id of wanted) {
			const { body } = await restored.ask(find, { id });
			expect(body.data?.damageReport, `a report is lost: ${JSON.stringify(body)}`);
			const { url, sha256 } = body.data.damageReport.photos[0];
			const photo = await fetch(new URL(url, restored.url), { headers: { authorization: `Bearer ${restored.tokens.manager}` } });
			expect(photo.status === 200 && (await photo.arrayBuffer()).byteLength > 0, `photo ${sha256} is lost: ${photo.status}`);
		}
		for (const id of gone) {
			const { body } = await restored.ask(find, { id });
			expect(body.data && body.data.damageReport === null, 'a report of later is there');
		}
		const { body } = await restored.ask('query Q($id: ID!, $erasure: ID!) { driver(id: $id) { name } erasure(id: $erasure) { state } }', { id: ids.driver, erasure: ids.erasure }, 'admin');
		expect(body.data?.driver?.name === `erased driver ${ids.driver}` && body.data.erasure.state === 'DONE', `the erased are back: ${JSON.stringify(body)}`);
		expect(!existsSync(join(base, name, 'erasures')), 'the register was not worked off');
		await lookAtArchive(name);
		expect((await restored.ask('{ viewer { name } }', {}, fleet.tokens.manager)).body.data, 'tokens of before are not good any more: the keys are lost');
	} finally {
		await restored.stop();
	}
}

const good = await runTests([
	{ name: 'before the first backup nothing is kept, and restore says what is missing', run: async () => {
		expect(!existsSync(join(home, 'backup')), 'there is a folder already');
		expect((await call('backup', 'list')).includes('no backup'), 'list');
		expect((await call('backup', 'verify')).includes('`fleet backup` makes one'), 'verify');
	} },
	{ name: 'a backup while reports come in; it is good', run: async () => {
		ids.before = await file('before the backup');
		const [made] = await Promise.all([call('backup', '--json'), file('meanwhile')]);
		const note = JSON.parse(made.split('\n')[0]);
		expect(note.blobs >= 3 && note.blobsNew === note.blobs && note.clusterBytes > 0, made);
		expect((await call('backup', 'verify')).startsWith('good'), await call('backup', 'verify'));
		keyFile = join(base, 'key');
		writeFileSync(keyFile, await call('backup', 'key'));
		chmodSync(keyFile, 0o644);
	} },
	{ name: 'what lies in the backup tells nothing', run: async () => {
		const folder = join(home, 'backup', 'base'), tar = readdirSync(folder).find((name) => name.endsWith('.tar.sealed'));
		expect(!readFileSync(join(folder, tar)).includes('before the backup'), 'a description can be read');
	} },
	{ name: 'an archive of old reports is beside the backups before its reports leave the tables', run: async () => {
		ids.old = await addOld();
		expect((await call('archive', 'run')).includes('1 reports are gone, 1 files were written'), 'archive run');
		const [file] = archived(join(home, 'archive'));
		ids.archive = /-([0-9a-f-]{36})\.sealed$/.exec(file)[1];
		expect(readFileSync(join(home, 'archive', file)).equals(readFileSync(join(home, 'backup', 'archives', file))), 'the copy differs');
	} },
	{ name: 'reports after it are in the log', run: async () => {
		ids.kept = await file('after the backup');
		ids.driver = await addDriver();
		await new Promise((resolve) => setTimeout(resolve, 50)); // the moment lies between the two commits
		between = (await psql('SELECT to_char(clock_timestamp() AT TIME ZONE \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')')).stdout.trim();
		ids.later = await file('after the moment');
		ids.erasure = await eraseDriver(ids.driver);
		await until('the register beside the backups', () => existsSync(join(home, 'backup', 'erasures', `${ids.erasure}.sealed`)));
		const before = wal().length;
		await psql('SELECT pg_switch_wal()');
		await until('the segment in the backup', () => wal().length > before);
	} },
	{ name: 'a second backup copies only new photos, and keeps as many as asked for', run: async () => {
		const note = JSON.parse((await call('backup', '--json', '--keep', '2')).split('\n')[0]);
		expect(note.blobsNew > 0 && note.blobsNew < note.blobs, JSON.stringify(note));
		expect((await call('backup', 'list', '--json')).trim().split('\n').length === 2, 'list');
	} },
	{ name: 'a HOME in use is not restored into; a wrong key opens nothing; a moment nobody kept is refused', run: async () => {
		expect((await call('restore', '--home', home, '--backup-dir', join(home, 'backup'), '--key-file', keyFile)).includes('was used before'), 'in use');
		const wrong = join(base, 'wrong');
		writeFileSync(wrong, `${'0'.repeat(64)}\n`);
		chmodSync(wrong, 0o644);
		expect((await call('restore', '--home', join(base, 'w'), '--backup-dir', join(home, 'backup'), '--key-file', wrong)).includes('another key'), 'key');
		expect((await restore('past', '--at', '2020-01-01T00:00:00Z')).includes('reaches back to'), 'past');
		expect((await restore('future', '--at', '2100-01-01T00:00:00Z')).includes('does not reach that moment'), 'future');
	} },
	{ name: 'one changed byte is found', run: async () => {
		const copy = join(base, 'changed');
		cpSync(join(home, 'backup'), copy, { recursive: true });
		const tar = join(copy, 'base', readdirSync(join(copy, 'base')).filter((name) => name.endsWith('.tar.sealed')).sort().pop());
		const fd = openSync(tar, 'r+');
		writeSync(fd, Buffer.from([readFileSync(tar)[5000] ^ 1]), 0, 1, 5000);
		closeSync(fd);
		if (process.getuid() === 0) await run('/bin/chown', ['-R', `${owner.uid}`, copy]);
		expect((await call('backup', 'verify', '--backup-dir', copy)).includes('changed'), 'verify did not see it');
		rmSync(tar);
		cpSync(join(home, 'backup', 'base'), join(copy, 'base'), { recursive: true });
		const archive = join(copy, 'archives', archived(join(copy, 'archives'))[0]), bytes = readFileSync(archive);
		bytes[100] ^= 1;
		writeFileSync(archive, bytes);
		if (process.getuid() === 0) await run('/bin/chown', ['-R', `${owner.uid}`, copy]);
		const found = await call('backup', 'verify', '--backup-dir', copy);
		expect(found.includes('FAILED') && found.includes('2015-03'), `verify did not see the archive: ${found}`);
	} },
	{ name: 'what left the store leaves the backups when none is older', run: async () => {
		const other = join(base, 'other'), blobs = () => archived(join(other, 'blobs')).length;
		const attached = await fleet.ask('mutation M($input: AddAttachmentInput!) { addAttachment(input: $input) { attachment { sha256 } } }', { input: { reportId: ids.kept, file: null } },
			'manager', [{ name: 'a.txt', bytes: 'a letter\n', type: 'text/plain', at: 'variables.input.file' }]);
		const { sha256 } = attached.body.data.addAttachment.attachment, place = join(sha256.slice(0, 2), sha256.slice(2, 4));
		const one = JSON.parse((await call('backup', '--json', '--backup-dir', other)).split('\n')[0]);
		expect(blobs() === one.blobs && one.archives === 1 && one.archivesNew === 1, JSON.stringify(one));
		rmSync(join(home, 'blobs', place, sha256));
		await new Promise((resolve) => setTimeout(resolve, 2500)); // disks may keep time in steps of two seconds
		await call('backup', '--backup-dir', other, '--keep', '2');
		expect(existsSync(join(other, 'blobs', place, `${sha256}.sealed`)), 'a kept backup has it still');
		const last = JSON.parse((await call('backup', '--json', '--backup-dir', other, '--keep', '1')).split('\n')[0]);
		expect(!existsSync(join(other, 'blobs', place, `${sha256}.sealed`)), 'it is there for ever');
		expect(blobs() === last.blobs && last.blobs === one.blobs - 1 && archived(join(other, 'archives')).length === 1, JSON.stringify(last));
		expect((await call('backup', 'verify', '--backup-dir', other)).startsWith('good'), 'verify');
	} },
	{ name: 'the machine is lost; restored to the moment, it has what was there, with photos and keys', run: async () => {
		fleet.keepHome = true;
		await fleet.kill();
		const answer = await restore('then', '--at', between);
		expect(answer.includes('restored from'), answer);
		await look('then', [ids.before, ids.kept], [ids.later]);
	} },
	{ name: 'restored as far as the log reaches, nothing is missing', run: async () => {
		const answer = await restore('all');
		expect(answer.includes('restored from'), answer);
		await look('all', [ids.before, ids.kept, ids.later], []);
	} },
]);
rmSync(base, { recursive: true, force: true });
process.exit(good ? 0 : 1);
