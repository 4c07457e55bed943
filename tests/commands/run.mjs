// The command line against a running server: import, export, company, overview. Ends with 'N passed, N failed'.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strict as assert } from 'node:assert';
import { startFleet, runTests, root } from '../lib/fleet.mjs';

const program = process.env.FLEET_PROGRAM ?? join(root, 'build', 'fleet');
const folder = mkdtempSync(join(tmpdir(), 'fleet-commands-'));
const fleet = await startFleet({ threads: 1, seedReports: 1200 });

function run(args, input = '') {
	const { status, stdout, stderr } = spawnSync(program, [...args, '--home', fleet.home], { input, encoding: 'utf8', timeout: 60000 });
	return { status, stdout, stderr };
}

function file(name, text) {
	const path = join(folder, name);
	writeFileSync(path, text);
	return path;
}

const heading = 'name,vin,make,model,year\n';
const tests = [
	['a dry run names each bad line and fails', () => {
		const { status, stdout } = run(['import', 'vehicles', file('bad.csv', `${heading}CMD-1,WF0EXXTT0LR771101,Ford,Transit,2021\nCMD-2,wf0,Ford,Transit,never\n`), '--dry-run']);
		assert.equal(status, 1);
		assert.match(stdout, /^line 3, vin: the VIN has 3 characters/m);
		assert.match(stdout, /^line 3, year: the year is no whole number; write it as in "2023"/m);
		assert.match(stdout, /^2 lines checked, 1 wrong; nothing was written/m);
	}],
	['a good file is imported', () => {
		const { status, stdout } = run(['import', 'vehicles', file('good.csv', `${heading}CMD-1,WF0EXXTT0LR771101,Ford,Transit,2021\n`)]);
		assert.equal(stdout, '1 lines imported\n');
		assert.equal(status, 0);
	}],
	['the same again is refused, as JSON', () => {
		const { status, stdout } = run(['import', 'vehicles', join(folder, 'good.csv'), '--json']);
		assert.equal(status, 1);
		assert.deepEqual(JSON.parse(stdout).problems.map((p) => p.column), ['name', 'vin']);
	}],
	['a file that is not there', () => {
		const { status, stderr } = run(['import', 'vehicles', join(folder, 'none.csv')]);
		assert.equal(status, 1);
		assert.match(stderr, /there is no such file/);
	}],
	['a kind that is not there', () => {
		const { status, stderr } = run(['import', 'ships', join(folder, 'good.csv')]);
		assert.equal(status, 1);
		assert.match(stderr, /SHIPS/);
	}],
	['reports go out, every one, and are CSV', () => {
		const path = join(folder, 'reports.csv');
		const { status, stderr } = run(['export', 'reports', '--out', path]);
		assert.equal(status, 0, stderr);
		const lines = readFileSync(path, 'utf8').split('\r\n');
		assert.match(lines[0], /^reported_at,vehicle,description,/);
		assert.equal(lines.at(-1), '');
		assert.equal(lines.length - 2, 1200);
	}],
	['what went out may come in again', () => {
		const lines = readFileSync(join(folder, 'reports.csv'), 'utf8').split('\r\n');
		const { status, stdout } = run(['import', 'reports', file('again.csv', lines.slice(0, 51).join('\r\n')), '--dry-run']);
		assert.equal(stdout, '50 lines checked, 0 wrong; nothing was written\n');
		assert.equal(status, 0);
	}],
	['an export of nothing leaves no file', () => {
		const path = join(folder, 'ships.csv');
		const { status, stderr } = run(['export', 'ships', '--out', path]);
		assert.equal(status, 1);
		assert.match(stderr, /vehicles, drivers, facilities and reports/);
		assert.equal(existsSync(path), false);
	}],
	['a company and its administrator', async () => {
		const { status, stdout, stderr } = run(['company', 'add', 'north', '--name', 'North Couriers', '--admin', 'admin@north.example', '--language', 'german'], 'a long password\n');
		assert.equal(status, 0, stderr);
		assert.match(stdout, /^company \d+, north\n$/);
		assert.equal(run(['company', 'add', 'north', '--name', 'Again', '--admin', 'again@north.example'], 'a long password\n').status, 1);
		assert.equal(run(['company', 'add', 'south', '--name', 'South', '--admin', 'admin@south.example'], 'short\n').status, 1);
		const token = run(['token', '--tenant', 'north', '--role', 'admin']).stdout.trim();
		const { body } = await fleet.ask('{ viewer { tenant { name } } vehicles { nodes { name } } }', {}, token);
		assert.deepEqual(body.data, { viewer: { tenant: { name: 'North Couriers' } }, vehicles: { nodes: [] } });
	}],
	['old reports go into an archive by policy, are taken out, checked, downloaded and brought back', async () => {
		const ask = async (query, caller = 'admin') => { const { body } = await fleet.ask(query, {}, caller); assert.equal(body.errors, undefined, JSON.stringify(body)); return body.data; };
		assert.equal(run(['import', 'reports', file('old.csv', 'reported_at,vehicle,description,status\n2019-03-05T10:00:00Z,CMD-1,an ancient dent,REJECTED\n')]).status, 0);
		await ask('mutation { setRetentionPolicy(input: { years: 6, keep: ARCHIVE }) { policy { years } } }');
		assert.match(run(['archive', 'plan', '--company', 'demo']).stdout, /^demo 2019-03: 1 reports would go, with 0 photos of 0.0 MB; 0 are held, 0 are open; numbers and a file are kept$/m);
		assert.match(run(['archive', 'run']).stdout, /1 reports are gone, 1 files were written/);
		const [archive] = (await ask('{ archives { id month state reports url } }')).archives;
		assert.deepEqual([archive.month, archive.state, archive.reports], ['2019-03', 'COMPLETE', 1]);
		assert.match(run(['archive', 'list']).stdout, new RegExp(`^${archive.id}  demo 2019-03: 1 reports`, 'm'));
		assert.match(run(['archive', 'verify', archive.id]).stdout, /^whole and unchanged: 1 reports/);
		const get = (caller) => fetch(new URL(archive.url, fleet.url), { headers: { authorization: `Bearer ${fleet.tokens[caller]}` } });
		const file_ = await get('admin');
		assert.equal(file_.status, 200);
		assert.match(await file_.text(), /"description": "an ancient dent"/);
		assert.equal((await get('manager')).status, 403);
		assert.match(run(['archive', 'restore', archive.id]).stdout, /^1 reports are back/);
		assert.equal(run(['archive', 'verify', '00000000-0000-7000-8000-000000000000']).status, 1);
		assert.equal(run(['archive', 'restore', 'nothing']).status, 1);
		await ask('mutation { setRetentionPolicy(input: { years: null }) { policy { years } } }');
	}],
	['the platform in numbers', () => {
		const { status, stdout, stderr } = run(['overview', '--json']);
		assert.equal(status, 0, stderr);
		const all = JSON.parse(stdout);
		assert.equal(all.companies, 3);
		assert.equal(all.reports, 1200 + 120 + 1);
		assert.match(run(['overview']).stdout, /^3 companies, \d+ vehicles/);
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
