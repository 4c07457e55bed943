// `fleet maintain` against a running server: a healthy one leaves nothing to do, and each planted problem is found.
// Ends with 'N passed, N failed'.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:net';
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
const patient = ['--slow-ms', '60000']; // so is a machine that is busy with other things
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
		const { report, found } = maintain('daily', ...patient);
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
		for (let i = 0; i < 5; i++) sql('/* planted_slow */ SELECT pg_sleep(0.5)');
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
	['a worker that was killed, and one that fell over, are counted with how and why', async () => {
		const again = async (name, signal) => {
			const pid = fleet.pids()[name];
			process.kill(pid, signal);
			await until(`another ${name}`, () => fleet.pids()[name] && fleet.pids()[name] !== pid);
		};
		const healthy = maintain('daily').found.restarts;
		assert.deepEqual([healthy.state, healthy.value], ['ok', 0]);
		await again('work', 'SIGKILL');
		appendFileSync(join(fleet.home, 'log', 'work.log'), `${new Date().toISOString()} error work job 17: the floor gave way\n`);
		await again('work', 'SIGABRT');
		const { status, found } = maintain('daily');
		assert.equal(status, 1);
		assert.deepEqual([found.restarts.state, found.restarts.value], ['act', 2]);
		assert.match(found.restarts.detail, /work, SIGKILL \(1\)/);
		assert.match(found.restarts.detail, /work, SIGABRT: error work job #: the floor gave way \(1\)/);
		assert.match(found.restarts.advice, /restarts\.log/);
		assert.match(readFileSync(join(fleet.home, 'log', 'restarts.log'), 'utf8'), /^\S+ warn  up restart: work, SIGKILL \(ran \d+ s\)$/m);
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
	['a healthy week: statistics are made, the view is refreshed, rights are those of the migrations', () => {
		const dry = maintain('weekly', '--dry-run').found, real = maintain('weekly'), again = maintain('weekly').found;
		assert.deepEqual(acts(real.report), []);
		assert.equal(dry.analyzed.state, 'would');
		assert.equal(real.found.analyzed.state, 'done');
		assert.equal(real.found.analyzed.value, dry.analyzed.value);
		assert.ok(again.analyzed.value < real.found.analyzed.value, 'what was analyzed needs it no more');
		assert.deepEqual([real.found.refreshed.state, real.found.refreshed.detail], ['done', 'platform.month_overview']);
		assert.match(real.found['rights-wide'].detail, /^\d{3,} rights, all of the migrations$/);
		assert.equal(sql(`SELECT count(*) FROM pg_database WHERE datname = 'fleet_rights_check'`), '0');
	}],
	['wide rights, a second superuser, a table without row security and trust by TCP are found', () => {
		const hba = join(fleet.home, 'pg', 'pg_hba.conf'), was = readFileSync(hba, 'utf8');
		appendFileSync(hba, 'host all all 10.0.0.0/8 trust\n');
		sql(`GRANT DELETE ON fleet.damage_reports TO fleet_app; GRANT SELECT (password) ON fleet.users TO PUBLIC; CREATE ROLE planted SUPERUSER;
			ALTER TABLE fleet.vehicles DISABLE ROW LEVEL SECURITY`);
		const { status, found } = maintain('weekly');
		writeFileSync(hba, was);
		sql(`REVOKE DELETE ON fleet.damage_reports FROM fleet_app; REVOKE SELECT (password) ON fleet.users FROM PUBLIC; DROP ROLE planted;
			ALTER TABLE fleet.vehicles ENABLE ROW LEVEL SECURITY`);
		assert.equal(status, 1);
		assert.equal(found['rights-wide'].value, 2);
		assert.match(found['rights-wide'].detail, /users\.password: SELECT to everybody; table .*damage_reports: DELETE to fleet_app/);
		assert.equal(found['roles-wide'].detail, 'planted');
		assert.match(found['row-security-off'].detail, /vehicles$/);
		assert.equal(found['hba-trust'].value, 1);
		assert.match(found['hba-trust'].detail, /^line \d+: host 10\.0\.0\.0/);
	}],
	['failed log-ins are counted by account and by address', async () => {
		const body = new URLSearchParams({ email: 'manager@demo.example', password: 'wrong wrong wrong' });
		for (let i = 0; i < 31; i++)
			assert.equal((await fetch(`${fleet.url}/login`, { method: 'POST', body, headers: { 'sec-fetch-site': 'same-origin' } })).status, 401);
		assert.equal((await fleet.ask('{ viewer { name } }', {}, 'not.a.token')).status, 401);
		const { found } = maintain('weekly');
		assert.equal(found['logins-account'].state, 'act');
		assert.equal(found['logins-account'].value, 31);
		assert.match(found['logins-account'].detail, /^\d+ of company \d+ \(31\)/);
		assert.equal(found['tokens-refused'].value, 1);
		assert.match(found['logins-address'].detail, /^127\.0\.0\.1 \(31\)/);
	}],
	['a disk that will be full is foreseen, in spite of one odd day', () => {
		const { found: daily } = maintain('daily');
		const gb = daily['disk-used'].detail.match(/([\d.]+) GB of ([\d.]+) GB/);
		const total = Number(gb[1]) * 2 ** 30 / (1 - daily['disk-used'].value / 100), used = total * daily['disk-used'].value / 100;
		for (let day = 1; day <= 9; day++)
			sql(`INSERT INTO platform.figures VALUES (current_date - ${day}, 'size', 'disk-used', ${used - day * total * 0.05 + (day === 4 ? -total : 0)}, 0)`);
		const { found } = maintain('weekly');
		sql(`DELETE FROM platform.figures WHERE day < current_date`);
		assert.equal(found['disk-80'].state, 'act');
		assert.ok(found['disk-80'].value < 17 && found['disk-95'].value - found['disk-80'].value > 2.5, `${found['disk-80'].value} ${found['disk-95'].value}`);
	}],
	['a statement that slowed down since last week is named', () => {
		sql(`INSERT INTO platform.figures SELECT current_date - 7, 'statement', name, 0, 0 FROM platform.statement_totals() WHERE name = 'planted_slower'
			UNION ALL SELECT current_date - 7, 'statement', 'planted_slower', 1000, 1000 UNION ALL SELECT current_date - 14, 'statement', 'planted_slower', 900, 900`);
		const many = spawnSync('psql', [database, '-XAtq', ...Array(60).fill(['-c', '/* planted_slower */ SELECT 1, pg_sleep(0.01)']).flat()], { encoding: 'utf8' });
		assert.equal(many.status, 0, many.stderr);
		const { found } = maintain('weekly');
		sql(`DELETE FROM platform.figures WHERE day < current_date`);
		assert.equal(found['slower-week'].state, 'act');
		assert.match(found['slower-week'].detail, /^planted_slower: 1\d\.\d ms, 1\d\.\d\d x/);
	}],
	['a bloated table and index are found, left alone by a dry run, and mended', () => {
		sql(`CREATE TABLE fleet.planted (tenant_id int, a text PRIMARY KEY) WITH (autovacuum_enabled = false);
			ALTER TABLE fleet.planted ENABLE ROW LEVEL SECURITY;
			INSERT INTO fleet.planted SELECT 1, md5(i::text) FROM generate_series(1, 200000) i;
			DELETE FROM fleet.planted WHERE a > '1'; ANALYZE fleet.planted`);
		const size = () => Number(sql(`SELECT pg_relation_size('fleet.planted_pkey')`)), before = size();
		sql('VACUUM (ANALYZE, INDEX_CLEANUP ON) fleet.planted');
		sql(`UPDATE fleet.planted SET tenant_id = 2`);
		const dry = maintain('monthly', '--dry-run').found;
		assert.equal(dry.vacuumed.state, 'would');
		assert.match(dry.vacuumed.detail, /planted/);
		assert.equal(dry.reindexed.state, 'would');
		assert.equal(size(), before);
		const { found } = maintain('monthly');
		assert.equal(found.vacuumed.state, 'done');
		assert.deepEqual([found.reindexed.state, found.reindexed.detail], ['done', 'planted_pkey']);
		assert.equal(found.reindexed.value, before - size());
		assert.ok(size() < before / 4);
		assert.equal(maintain('monthly', '--dry-run').found.reindexed.state, 'ok');
	}],
	['an index that somebody holds is given up in seconds, and said', async () => {
		sql(`INSERT INTO fleet.planted SELECT 1, md5(i::text) FROM generate_series(1, 200000) i ON CONFLICT DO NOTHING; DELETE FROM fleet.planted WHERE a > '1'`);
		sql('VACUUM (ANALYZE, INDEX_CLEANUP ON) fleet.planted');
		const holder = spawn('psql', [database, '-XAtq'], { stdio: ['pipe', 'pipe', 'ignore'] });
		holder.stdin.write("BEGIN; LOCK TABLE fleet.planted IN SHARE MODE; SELECT 'held';\n");
		await new Promise((resolve) => holder.stdout.on('data', (bytes) => { if (String(bytes).includes('held')) resolve(); }));
		const { status, found } = maintain('monthly');
		holder.stdin.end();
		await new Promise((resolve) => holder.on('exit', resolve));
		assert.equal(status, 1);
		assert.match(found['tidy-failed'].detail, /planted/);
		assert.equal(found['reindex-left'].state, 'watch');
		sql('DROP TABLE fleet.planted');
		assert.equal(sql('SELECT count(*) FROM pg_index WHERE NOT indisvalid'), '0');
	}],
	['the API is timed and compared with last month; storage has a price', () => {
		const first = maintain('monthly', '--storage-price', '0.10');
		assert.deepEqual(acts(first.report), []);
		assert.equal(first.found['api-slower'].state, 'unknown');
		assert.match(first.found['api-median'].detail, /^viewer [\d.]+, list [\d.]+, vehicles [\d.]+, stats [\d.]+$/);
		const companies = first.report.findings.filter((f) => f.code === 'bytes-company').map((f) => f.detail);
		assert.match(companies[0], /^demo, \d+ reports: \d+\.\d\d a month$/);
		assert.equal(first.report.findings.filter((f) => f.code === 'bytes-kind').length, 6);
		sql(`INSERT INTO platform.figures SELECT current_date - 30, kind, name, CASE name WHEN 'list' THEN 0.001 ELSE 1e6 END, 0 FROM platform.figures WHERE kind = 'api'`);
		const { found } = maintain('monthly');
		sql(`DELETE FROM platform.figures WHERE day < current_date`);
		assert.equal(found['api-slower'].state, 'act');
		assert.match(found['api-slower'].detail, /^list: [\d.]+ ms, was 0\.0 ms$/);
	}],
	['what is due runs once', () => {
		assert.equal(text('due').stdout, 'nothing is due\n');
		sql(`DELETE FROM platform.maintenance WHERE period = 'daily'`);
		assert.match(text('due').stdout, /^daily maintenance/);
		assert.equal(text('due').stdout, 'nothing is due\n');
	}],
	['nonsense is refused with status 2', () => {
		assert.equal(text('hourly').status, 2);
		assert.match(text('hourly').stderr, /daily, weekly, monthly, or due/);
		const price = spawnSync(program, ['maintain', 'daily', '--storage-price', 'dear', '--home', fleet.home], { encoding: 'utf8' });
		assert.equal(price.status, 2);
		assert.match(price.stderr, /'dear' is no price/);
	}],
];

// A mail server that keeps what it is given.
const mails = [];
const post = createServer((socket) => {
	let buffer = '', inData = false;
	socket.write('220 test\r\n');
	socket.on('error', () => {});
	socket.on('data', (bytes) => {
		buffer += bytes;
		for (let end; (end = buffer.indexOf(inData ? '\r\n.\r\n' : '\r\n')) >= 0;) {
			const line = buffer.slice(0, end);
			buffer = buffer.slice(end + (inData ? 5 : 2));
			if (inData) mails.push(line);
			inData = !inData && /^DATA/i.test(line);
			socket.write(inData ? '354 go on\r\n' : /^QUIT/i.test(line) ? '221 bye\r\n' : '250 ok\r\n');
		}
	});
});

async function byTheClock() {
	await new Promise((resolve) => post.listen(0, '127.0.0.1', resolve));
	const other = await startFleet({ threads: 1, seedReports: 50, env: { FLEET_MAINTAIN_LOOK_S: '1', FLEET_MAINTAIN_HOUR: String(new Date().getUTCHours()),
		FLEET_OPERATOR_MAIL: 'operator@example.org', FLEET_MAIL_URL: `smtp://127.0.0.1:${post.address().port}`, FLEET_MAIL_FROM: 'fleet@example.org' } });
	try {
		const reports = () => (existsSync(join(other.home, 'reports')) ? readdirSync(join(other.home, 'reports')).map((name) => name.split('-')[0]).sort() : []);
		await until('three reports', () => reports().length >= 3, 90000);
		assert.deepEqual(reports(), ['daily', 'monthly', 'weekly']);
		await until('the mail of the daily one', () => mails.length >= 1);
		assert.match(mails[0], /^To: <operator@example.org>\r$/m);
		const subject = [...mails[0].matchAll(/=\?UTF-8\?B\?([^?]*)\?=/g)].map((part) => Buffer.from(part[1], 'base64').toString()).join('');
		assert.match(subject, /^fleet: \d+ findings? of the daily maintenance to act on$/);
		assert.match(mails[0], /age of the newest backup/);
	} finally {
		await other.stop();
		post.close();
	}
}

let good = false;
try {
	good = await runTests([...tests.map(([name, test]) => ({ name, run: test })), { name: 'stops cleanly, with clean logs', run: () => fleet.stop() },
		{ name: 'without a database it says so, with status 2', run: () => {
			const { status, stderr } = spawnSync(program, ['maintain', 'daily', '--home', '/nonexistent'], { encoding: 'utf8' });
			assert.equal(status, 2);
			assert.match(stderr, /no fleet runs here/);
		} },
		{ name: 'by the clock each runs once, and what needs a person goes to the operator', run: byTheClock }]);
} finally {
	if (fleet.child.exitCode === null) await fleet.kill();
}
process.exit(good ? 0 : 1);
