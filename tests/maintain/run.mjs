// `fleet maintain` against a running server: a healthy one leaves nothing to do, and each planted problem is found.
// Ends with 'N passed, N failed'.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { strict as assert } from 'node:assert';
import { startFleet, runTests, root, until } from '../lib/fleet.mjs';

const program = process.env.FLEET_PROGRAM ?? join(root, 'build', 'fleet');
const fleet = await startFleet({ threads: 1, seedReports: 400, env: { FLEET_MAINTAIN: 'off' } });
const database = fleet.pg_url ?? `postgresql://fleet@${encodeURIComponent(join(fleet.home, 'run'))}/fleet`;

// The exit status, and the findings by code: of several of a code, the worst.
function maintain(...args) {
	const { status, stdout, stderr } = spawnSync(program, ['maintain', ...args, '--json', '--home', fleet.home], { encoding: 'utf8', timeout: 120000 });
	const report = stdout.startsWith('{') ? JSON.parse(stdout.split('\n')[0]) : null;
	const found = {};
	for (const one of report?.findings ?? []) if (!found[one.code] || one.state === 'act') found[one.code] = one;
	return { status, stdout, stderr, report, found };
}

function text(...args) {
	return spawnSync(program, ['maintain', ...args, '--home', fleet.home], { encoding: 'utf8', timeout: 120000 });
}

// As the owner of the tables: PostgreSQL lets in whoever owns its socket's folder, and root.
function sql(statement) {
	const { status, stdout, stderr } = spawnSync('psql', [database, '-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', statement], { encoding: 'utf8' });
	assert.equal(status, 0, stderr);
	return stdout.trim();
}

// A disk that is nearly full, or a package that waits, is no fault of this program.
const ofMachine = ['disk-used', 'disk-80', 'disk-95', 'updates-security'];
const acts = (report) => report.findings.filter((f) => f.state === 'act' && !ofMachine.includes(f.code)).map((f) => `${f.code}: ${f.detail}`);
const counts = () => sql('SELECT (SELECT count(*) FROM platform.figures) || \' \' || (SELECT count(*) FROM platform.maintenance)');

const tests = [
	['without a backup a person is needed, and told the command', () => {
		const { status, found } = maintain('daily');
		assert.equal(status, 1);
		assert.equal(found['backup-age'].state, 'act');
		assert.equal(found['backup-age'].detail, 'there is none');
		assert.match(found['backup-age'].advice, /fleet backup/);
	}],
	['a healthy system leaves nothing to do', () => {
		const { status, stderr } = spawnSync(program, ['backup', '--home', fleet.home], { encoding: 'utf8', timeout: 120000 });
		assert.equal(status, 0, stderr);
		const { report, found } = maintain('daily');
		assert.deepEqual(acts(report), []);
		assert.equal(found['backup-verify'].state, 'ok');
		assert.equal(found['wal-gap'].value, 0);
		assert.equal(found['months-ahead'].value, 4);
	}],
	['the report for people has a line a finding, and no colours in a pipe', () => {
		const { stdout } = text('daily');
		assert.match(stdout, /^daily maintenance, 20/);
		assert.match(stdout, /^ {2}ok +0 {2}jobs that gave up in a day +at most 0$/m);
		assert.equal(stdout.includes('\u001b'), false);
	}],
	['it is kept in HOME/reports', () => {
		const kept = readdirSync(join(fleet.home, 'reports')).filter((name) => /^daily-\d{8}T\d{6}Z\.txt$/.test(name));
		assert.ok(kept.length >= 1);
		assert.match(readFileSync(join(fleet.home, 'reports', kept[0]), 'utf8'), /^daily maintenance/);
	}],
	['a dry run leaves no trace', () => {
		const before = counts(), kept = readdirSync(join(fleet.home, 'reports')).length;
		const { report } = maintain('daily', '--dry-run');
		assert.equal(report.dryRun, true);
		assert.equal(counts(), before);
		assert.equal(readdirSync(join(fleet.home, 'reports')).length, kept);
	}],
	['the second of two at once says who runs', async () => {
		const holder = spawn('psql', [database, '-XAtq'], { stdio: ['pipe', 'pipe', 'ignore'] });
		holder.stdin.write("SET application_name = 'fleet maintain weekly'; SELECT pg_advisory_lock(727044); SELECT 'held';\n");
		await new Promise((resolve) => holder.stdout.on('data', (bytes) => { if (String(bytes).includes('held')) resolve(); }));
		const { status, stderr } = maintain('daily');
		holder.stdin.end();
		await new Promise((resolve) => holder.on('exit', resolve));
		assert.equal(status, 2);
		assert.match(stderr, /fleet maintain weekly runs already, since 20.* \(process \d+ of PostgreSQL\)/);
	}],
	['a job that gave up, an error, a slow statement and a month that is missing are found', () => {
		sql(`INSERT INTO fleet.jobs_dead (id, tenant_id, queue, priority, state, run_at, attempts, max_attempts, payload, last_error, created_at)
			VALUES (987654321, 1, 98, 5, 0, now(), 5, 5, '{"report":"x"}', 'the model is away', now())`);
		appendFileSync(join(fleet.home, 'log', 'serve.log'), `${new Date().toISOString()} error serve request 17: the sky fell\n`);
		for (let i = 0; i < 5; i++) sql('/* planted_slow */ SELECT pg_sleep(0.3)');
		const next = sql("SELECT 'photo_embeddings_' || to_char(now() AT TIME ZONE 'UTC' + interval '1 month', 'YYYYMM')");
		sql(`DROP TABLE fleet.${next}`);
		const { status, found } = maintain('daily');
		assert.equal(status, 1);
		assert.equal(found['dead-jobs'].value, 1);
		assert.match(found['dead-jobs'].detail, /98: the model is away/);
		assert.equal(found['log-errors'].value, 1);
		assert.match(found['log-errors'].detail, /request #: the sky fell/);
		assert.equal(found['slow-mean'].state, 'act');
		assert.match(found['slow-mean'].detail, /^planted_slow, 5 times/);
		assert.equal(found['months-missing'].value, 1);
		assert.equal(found['months-missing'].detail, next);
	}],
	['what the advice says mends them', () => {
		sql(`SELECT platform.ensure_partitions(now()::date, (now() + interval '4 months')::date)`);
		assert.equal(sql(`SELECT platform.jobs_revive()`), '1');
		assert.equal(sql('SELECT count(*) FROM fleet.jobs_dead'), '0');
		sql('DELETE FROM fleet.jobs WHERE tenant_id = 1 AND payload @> \'{"report":"x"}\'');
		const { found } = maintain('daily');
		assert.equal(found['months-missing'].state, 'ok');
		assert.equal(found['dead-jobs'].state, 'ok');
	}],
	['a job and an event that wait too long are found', () => {
		sql(`INSERT INTO fleet.jobs (tenant_id, queue, payload, run_at, created_at) VALUES (1, 99, '{}', now() - interval '1 hour', now() - interval '1 hour')`);
		sql(`INSERT INTO fleet.events (tenant_id, id, type) VALUES (1, fleet.uuid7(now() - interval '1 hour'), 'planted.event');
			INSERT INTO fleet.outbox_cursor (consumer, xid, seq) VALUES ('planted', '0', 0)`);
		const { found } = maintain('daily');
		sql(`DELETE FROM fleet.jobs WHERE queue = 99; DELETE FROM fleet.outbox_cursor WHERE consumer = 'planted'`);
		assert.equal(found['queue-oldest'].state, 'act');
		assert.ok(found['queue-oldest'].value >= 3600);
		assert.ok(found['relay-lag'].value >= 3600);
		assert.equal(found['relay-lag'].detail, 'planted');
	}],
	['an old backup, a gap in the log and a changed byte are found', async () => {
		const folder = join(fleet.home, 'backup'), notes = readdirSync(join(folder, 'base')).filter((name) => name.endsWith('.json'));
		const note = join(folder, 'base', notes[0]), was = readFileSync(note, 'utf8');
		writeFileSync(note, was.replace(/("finished_?[aA]t" *: *")([^"]*)"/, '$12020-01-01T00:00:00Z"').replace(/("finished_?[aA]t" *: *)\d+/, '$11577836800000000'));
		const { found } = maintain('daily');
		writeFileSync(note, was);
		assert.equal(found['backup-age'].state, 'act');
		const segments = () => readdirSync(join(folder, 'wal')).filter((name) => /^[0-9A-F]{24}\.sealed$/.test(name)).sort();
		for (let i = 0; i < 3; i++) {
			const before = segments().length;
			sql('CREATE TABLE platform.planted (i int); DROP TABLE platform.planted; SELECT pg_switch_wal()');
			await until('a segment in the backup', () => segments().length > before);
		}
		const lost = join(folder, 'wal', segments().at(-2));
		renameSync(lost, `${lost}.away`);
		const gap = maintain('daily').found['wal-gap'];
		renameSync(`${lost}.away`, lost);
		assert.equal(gap.state, 'act');
		assert.equal(gap.value, 1);
		assert.equal(gap.detail, `the first is ${segments().at(-2).slice(8, 24)}`);
		const tar = join(folder, 'base', readdirSync(join(folder, 'base')).find((name) => name.endsWith('.tar.sealed'))), bytes = readFileSync(tar);
		bytes[5000] ^= 1;
		writeFileSync(tar, bytes);
		const changed = maintain('daily').found['backup-verify'];
		bytes[5000] ^= 1;
		writeFileSync(tar, bytes);
		assert.equal(changed.state, 'act');
		assert.match(changed.detail, /changed/);
	}],
	['nonsense is refused with status 2', () => {
		assert.equal(text('hourly').status, 2);
		assert.match(text('hourly').stderr, /daily, weekly, monthly, or due/);
		const price = spawnSync(program, ['maintain', 'daily', '--storage-price', 'dear', '--home', fleet.home], { encoding: 'utf8' });
		assert.equal(price.status, 2);
		assert.match(price.stderr, /'dear' is no price/);
	}],
];

let good = false;
try {
	good = await runTests([...tests.map(([name, test]) => ({ name, run: test })), { name: 'stops cleanly, with clean logs', run: () => fleet.stop() },
		{ name: 'without a database it says so, with status 2', run: () => {
			const { status, stderr } = spawnSync(program, ['maintain', 'daily', '--home', '/nonexistent'], { encoding: 'utf8' });
			assert.equal(status, 2);
			assert.match(stderr, /no fleet runs here/);
		} }]);
} finally {
	if (fleet.child.exitCode === null) await fleet.kill();
}
process.exit(good ? 0 : 1);
