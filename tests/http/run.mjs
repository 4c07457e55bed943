// GraphQL over HTTP against a real server: what the audits of graphql-http do not ask. One file a topic, each a function that
// gets the running fleet and a client and gives tests. node tests/http/run.mjs [TOPIC...]
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startFleet, runTests, root } from '../lib/fleet.mjs';
import { client } from './client.mjs';

const folder = join(root, 'tests', 'http');
const wanted = process.argv.slice(2);
const topics = readdirSync(folder).map((name) => name.replace(/\.mjs$/, ''))
	.filter((name) => !['run', 'client'].includes(name) && (wanted.length === 0 || wanted.includes(name))).sort();
const fleet = await startFleet({ threads: 1, seedReports: 300 });
let good = false;
try {
	const tests = [];
	for (const topic of topics) tests.push(...(await import(`./${topic}.mjs`)).default(fleet, client(fleet)));
	good = await runTests([...tests, { name: 'stops cleanly, with clean logs', run: () => fleet.stop() }]);
} finally {
	if (fleet.child.exitCode === null) await fleet.kill();
}
process.exit(good ? 0 : 1);
