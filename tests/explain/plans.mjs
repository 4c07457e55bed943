// The plans of what the server sent, as PostgreSQL itself wrote them down: auto_explain logs every statement of every connection, with the
// values it was asked with, under the role and row security it ran under. The pool puts each statement's name into a comment.
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../lib/fleet.mjs';

export function sql(fleet, text) {
	const run = spawnSync('psql', ['-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', `host=${join(fleet.home, 'run')} user=fleet dbname=fleet`, '-c', text], { encoding: 'utf8' });
	if (run.status !== 0) throw new Error(`${text}: ${run.stderr}`);
	return run.stdout.trim();
}

const log = (fleet) => join(fleet.home, 'log', 'postgres.log');

// From now on, for connections made from now on; those that are there are closed, and the pools come back.
export async function explainEverything(fleet) {
	for (const setting of ["session_preload_libraries = 'auto_explain'", 'auto_explain.log_min_duration = 0', 'auto_explain.log_analyze = on',
		'auto_explain.log_buffers = on', 'auto_explain.log_timing = off', "auto_explain.log_format = 'json'"]) sql(fleet, `ALTER DATABASE fleet SET ${setting}`);
	sql(fleet, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'fleet%'");
	await until('the pool is back', async () => (await fetch(`${fleet.url}/readyz`)).ok);
}

export const mark = (fleet) => statSync(log(fleet)).size;

// Plans of named statements logged since the mark: [{ name, plan }]. An entry begins with a line that has "plan:" at its end; its
// other lines are indented by a tab.
export function plansSince(fleet, from) {
	const lines = readFileSync(log(fleet)).subarray(from).toString('utf8').split('\n');
	const found = [];
	for (let i = 0; i < lines.length; i++) {
		if (!/ duration: .* plan:$/.test(lines[i])) continue;
		let text = '';
		while (i + 1 < lines.length && lines[i + 1].startsWith('\t')) text += `${lines[++i].slice(1)}\n`;
		let entry;
		try { entry = JSON.parse(text); } catch { continue; } // its end is not written yet
		const name = /^\/\* (\w+) \*\//.exec(entry['Query Text'])?.[1];
		if (name) found.push({ name, plan: entry.Plan });
	}
	return found;
}

export function* nodes(plan) {
	yield plan;
	for (const child of plan.Plans ?? []) yield* nodes(child);
}

// Temporary blocks count too: a sort or hash that spills is as bad as reading.
export const buffers = (plan) => plan['Shared Hit Blocks'] + plan['Shared Read Blocks'] + plan['Temp Read Blocks'];

// What is wrong with a plan, in words; big maps a table to its rows. anyOrder: walks in an index's own order, as nearest does.
export function faults(plan, big, rule) {
	const wrong = [];
	for (const node of nodes(plan)) {
		const table = node['Relation Name'], index = node['Index Name'];
		if (node['Actual Loops'] === 0) continue;
		if (node['Node Type'] === 'Seq Scan' && big.has(table)) wrong.push(`reads all of ${table} (${big.get(table)} rows)`);
		const scan = ['Index Scan', 'Index Only Scan', 'Bitmap Index Scan'].includes(node['Node Type']);
		if (scan && !node['Index Cond'] && (!table || big.has(table))) wrong.push(`walks all of ${index}`);
		if (scan && node['Index Cond'] && /^(damage_reports|report_search|assessments|damage_photos|events|rollup_|vehicles|drivers)/.test(index ?? '') && !/_brin|reported_at_incident/.test(index)
			&& !node['Index Cond'].includes('tenant_id')) wrong.push(`${index} is not bound to the company: ${node['Index Cond']}`);
	}
	if (buffers(plan) > rule.buffers) wrong.push(`${buffers(plan)} buffers, more than ${rule.buffers}`);
	const parts = new Set([...nodes(plan)].filter((n) => n['Actual Loops'] > 0 && /^damage_reports_\d/.test(n['Relation Name'] ?? '')).map((n) => n['Relation Name']));
	if (rule.parts !== undefined && parts.size > rule.parts) wrong.push(`${parts.size} months or years of reports, more than ${rule.parts}: ${[...parts].join(' ')}`);
	return wrong;
}
