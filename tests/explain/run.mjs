// Every list, search, place and number question of the API, asked of a real server that holds 50,000 reports of 60 companies, and the
// plans of the statements that it sent: no big table is read as a whole, every index is bound to the company under row security, months
// that cannot hold an answer are not touched, and no statement reads more buffers (8 KB) than its rule says.
//
// The largest company has a quarter of the reports, which is where plans go wrong. A statement without a rule may read 600.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { startFleet, runTests, root } from '../lib/fleet.mjs';
import { buffers, explainEverything, faults, mark, plansSince, sql } from './plans.mjs';

const REPORTS = 50000;
const otherwise = { buffers: 600 };
const program = process.env.FLEET_PROGRAM ?? join(root, 'build', 'fleet');
const ago = (days) => new Date(Date.now() - days * 86400e3).toISOString();
const LIST = 'nodes { id number status reportedAt vehicle { id name facility { id name } } driver { id name } photos { id } assessment { model } } pageInfo { endCursor }';
const SHORT = 'nodes { id number }';

// needs: a field of Query; the case is left out where the schema has it not. rules: by the statement's name.
function cases(fleet) {
	const at = JSON.parse(sql(fleet, "SELECT json_build_object('latitude', ST_Y(location::geometry), 'longitude', ST_X(location::geometry)) FROM fleet.damage_reports WHERE tenant_id = 1 ORDER BY id DESC LIMIT 1"));
	const box = { west: at.longitude - 0.1, east: at.longitude + 0.1, south: at.latitude - 0.1, north: at.latitude + 0.1 };
	const one = JSON.parse(sql(fleet, 'SELECT json_build_object(\'id\', id, \'number\', report_number::text, \'vehicle\', vehicle_id::text, \'depot\', facility_id::text) FROM fleet.damage_reports WHERE tenant_id = 1 ORDER BY id DESC OFFSET 700 LIMIT 1'));
	return [
		{ name: 'newest', query: `{ damageReports(first: 50) { ${LIST} } }`, rules: { reports_newest: { buffers: 120, parts: 6 } } },
		{ name: 'newest, deep by cursor', query: `{ damageReports(first: 50, filter: { reportedBefore: "${ago(500)}" }) { ${SHORT} } }`, rules: { reports_newest: { buffers: 150, parts: 2 } } },
		{ name: 'newest of 30 days', query: `{ damageReports(first: 50, filter: { reportedAfter: "${ago(30)}" }) { ${SHORT} } }`, rules: { reports_newest: { buffers: 120, parts: 7 } } },
		{ name: 'by status', query: '{ damageReports(first: 50, filter: { status: [APPROVED, IN_REPAIR] }) { nodes { id } } }', rules: { reports_of_status: { buffers: 500 } } },
		{ name: 'by status and severity, 30 days', query: `{ damageReports(first: 50, filter: { status: [REPORTED, COMPLETED], severity: [MAJOR], reportedAfter: "${ago(30)}" }) { nodes { id } } }`, rules: { reports_of_status: { buffers: 500, parts: 7 } } },
		{ name: 'by severity and kind, 90 days', query: `{ damageReports(first: 50, filter: { severity: [CRITICAL, TOTAL_LOSS], damageType: [COLLISION], reportedAfter: "${ago(90)}" }) { nodes { id } } }`, rules: { reports_find: { buffers: 800, parts: 9 } } },
		{ name: 'of a vehicle', query: `{ damageReports(first: 50, filter: { vehicleId: "${one.vehicle}" }) { nodes { id } } }`, rules: { reports_find: { buffers: 300 } } },
		{ name: 'of a depot, 60 days', query: `{ damageReports(first: 50, filter: { facilityId: "${one.depot}", reportedAfter: "${ago(60)}" }) { nodes { id } } }`, rules: { reports_find: { buffers: 600, parts: 8 } } },
		{ name: 'by number', query: `{ damageReport(number: ${JSON.stringify(one.number)}) { id } }`, rules: { report_by_number: { buffers: 120 } } },
		{ name: 'by id', query: `{ damageReport(id: "${one.id}") { id number description vehicle { name } } }`, rules: { reports_get: { buffers: 20, parts: 1 } } },
		{ name: 'words, a year', query: `{ damageReports(first: 50, filter: { search: "windscreen", reportedAfter: "${ago(365)}" }) { nodes { id } } }`, rules: { reports_words: { buffers: 1500 }, reports_get: { buffers: 300 } } },
		{ name: 'words of a depot', query: `{ damageReports(first: 50, filter: { search: "windscreen", facilityId: "${one.depot}" }) { nodes { id } } }`, rules: { reports_search: { buffers: 1500, parts: 6 } } },
		{ name: 'reports far apart by their ids', query: 'query ($ids: [UUID!]!) { damageReportsByIds(ids: $ids) { id photos { id } assessment { model } } }',
			variables: { ids: sql(fleet, 'SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM fleet.damage_reports WHERE tenant_id = 1) x WHERE n % 500 = 0 ORDER BY n LIMIT 20').split('\n') },
			rules: { reports_get: { buffers: 400 }, photos_of_reports: { buffers: 400 } } },
		{ name: 'words that only others use', query: '{ damageReports(first: 50, filter: { search: "Marktstrasse", minCost: "1" }) { nodes { id } } }', rules: { search_newest_words: { buffers: 1500 } } },
		{ name: 'newest within 50 km', query: 'query ($p: GeoPointInput!) { damageReports(first: 50, filter: { near: { point: $p, radiusKm: 50 } }) { nodes { id } } }', variables: { p: at }, rules: { search_newest_walk: { buffers: 800, parts: 6 } } },
		{ name: 'a rare word', query: `{ damageReports(first: 50, filter: { search: "sinkhole" }) { nodes { id } } }`, rules: { reports_words_scattered: { buffers: 300 } } },
		{ name: 'reports of vehicles', query: '{ vehicles(first: 20) { nodes { id name damageReports(first: 5) { nodes { id } } } } }', rules: { reports_of_vehicles: { buffers: 800 } }, optional: true },
		{ name: 'vehicles by a part of a plate', query: '{ vehicles(first: 20, search: "AN-1") { nodes { id } } }', rules: { vehicles_find: { buffers: 150 } }, optional: true },
		{ name: 'depots', query: '{ facilities { id name } }' },
		{ name: 'drivers by name', needs: 'drivers', query: '{ drivers(first: 20, search: "de Vries") { nodes { id name } } }', optional: true },
		{ name: 'numbers of a year by month and severity', needs: 'damageReportStats', query: '{ damageReportStats(groupBy: [MONTH, SEVERITY]) { groups { count } } }', rules: { stats_depot: { buffers: 700, parts: 2 } } },
		{ name: 'numbers by vehicle', needs: 'damageReportStats', query: '{ damageReportStats(groupBy: [VEHICLE], first: 50) { groups { count } } }', rules: { stats_vehicle: { buffers: 600, parts: 2 } } },
		{ name: 'riskiest vehicles', needs: 'riskiestVehicles', query: '{ riskiestVehicles(first: 10) { id } }', rules: { vehicles_riskiest: { buffers: 600 } } },
		{ name: 'ranked words', needs: 'searchDamageReports', query: '{ searchDamageReports(text: "windscreen crack", first: 20) { nodes { id } } }', rules: {}, most: 12000, optional: true },
		{ name: 'nearest', needs: 'nearbyDamageReports', query: 'query ($p: GeoPointInput!) { nearbyDamageReports(point: $p, radiusKm: 5, first: 20) { distanceMeters } }', variables: { p: at }, most: 4000, optional: true },
		{ name: 'clusters', needs: 'damageReportClusters', query: 'query ($b: GeoBoxInput!) { damageReportClusters(box: $b, zoom: 12) { count } }', variables: { b: box }, most: 9000 },
		{ name: 'hotspots', needs: 'damageReportHotspots', query: '{ damageReportHotspots(days: 30, first: 10) { count } }', most: 9000, optional: true },
	];
}

async function ask(fleet, test) {
	const answer = await fleet.ask(test.query, test.variables ?? {}, 'admin');
	if (answer.body.errors && !test.optional) throw new Error(JSON.stringify(answer.body.errors[0]));
	return !answer.body.errors;
}

// Once to prepare and warm, once to look.
async function check(fleet, test, big, seen) {
	if (!await ask(fleet, test)) return 'the schema has it not';
	const from = mark(fleet);
	await ask(fleet, test);
	const names = Object.keys(test.rules ?? {});
	let plans = [];
	for (const end = Date.now() + 10000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 30))) {
		plans = plansSince(fleet, from);
		if (plans.length && names.every((name) => plans.some((p) => p.name === name))) break;
	}
	const missing = names.filter((name) => !plans.some((p) => p.name === name));
	if (missing.length) throw new Error(`the server did not send ${missing.join(', ')}; it sent ${plans.map((p) => p.name).join(', ')}`);
	const wrong = plans.filter((p) => !/^(chore|job|relay|outbox|deliver)/.test(p.name)).flatMap(({ name, plan }) => {
		seen.set(name, Math.max(seen.get(name) ?? 0, buffers(plan)));
		return faults(plan, big, test.rules?.[name] ?? { buffers: test.most ?? otherwise.buffers }).map((fault) => `${name} ${fault}`);
	});
	if (wrong.length) throw new Error([...new Set(wrong)].join('\n'));
}

// The names of what reads, as they stand in the sources.
function readingStatements() {
	const names = new Set();
	for (const folder of ['fleet', 'api', 'queue']) {
		for (const file of readdirSync(join(root, 'src', folder), { recursive: true }).filter((name) => name.endsWith('.c'))) {
			const text = readFileSync(join(root, 'src', folder, file), 'utf8');
			for (const [whole, name] of text.matchAll(/fl_sql \w+ = \{\s*(?:\.name = )?"(\w+)"[^;]*;/g)) if (!whole.includes('.write = true')) names.add(name);
		}
	}
	return names;
}

if (!existsSync(program)) throw new Error(`${program} is missing`);
const fleet = await startFleet({ threads: 1, seedReports: 0, env: { FLEET_SLOW_MS: '0' }, readyMs: 180000 });
let good = false;
try {
	const seeded = spawnSync(program, ['seed', '--home', fleet.home, '--reports', String(REPORTS), '--companies', '60'], { encoding: 'utf8' });
	if (seeded.status !== 0) throw new Error(seeded.stderr);
	sql(fleet, 'VACUUM (ANALYZE)');
	const big = new Map(sql(fleet, "SELECT relname || ' ' || reltuples::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace = 'fleet'::regnamespace AND reltuples > 1000")
		.split('\n').map((line) => line.split(' ')).map(([name, rows]) => [name, Number(rows)]));
	await explainEverything(fleet);
	const fields = new Set((await fleet.ask('{ __schema { queryType { fields { name } } } }', {}, 'admin')).body.data.__schema.queryType.fields.map((f) => f.name));
	const seen = new Map();
	const tests = cases(fleet).filter((test) => !test.needs || fields.has(test.needs)).map((test) => ({ name: test.name, run: () => check(fleet, test, big, seen) }));
	tests.push({ name: 'slow statements are logged with their operation, and fleet db top knows them', run: async () => {
		await fleet.ask('query Board { damageReports(first: 3) { nodes { id } } }', {}, 'admin');
		const line = fleet.logs().map(({ text }) => /db: slow: reports_newest took \d+ ms: operation Board, company 1, request \S+/.exec(text)).find(Boolean);
		if (!line) throw new Error('no line for reports_newest of operation Board');
		const top = spawnSync(program, ['db', 'top', '--json', '--limit', '100', '--home', fleet.home], { encoding: 'utf8' });
		const rows = top.stdout.trim().split('\n').map((row) => JSON.parse(row));
		if (!rows.some((row) => row.statement === 'reports_newest' && row.calls > 0)) throw new Error(`${top.stderr}${top.stdout}`);
		const size = spawnSync(program, ['db', 'size', '--json', '--home', fleet.home], { encoding: 'utf8' });
		if (!size.stdout.trim().split('\n').map((row) => JSON.parse(row)).some((row) => row.table.endsWith('damage_reports') && row.parts > 10)) throw new Error(`${size.stderr}${size.stdout}`);
	} });
	good = await runTests([...tests, { name: 'stops cleanly, with clean logs', run: () => fleet.stop() }]);
	console.error(`most buffers: ${[...seen].sort((a, b) => b[1] - a[1]).map(([name, n]) => `${name} ${n}`).join(', ')}`);
	console.error(`not asked here: ${[...readingStatements()].filter((name) => !seen.has(name)).sort().join(', ')}`);
} finally {
	if (fleet.child.exitCode === null) await fleet.kill();
}
process.exit(good ? 0 : 1);
