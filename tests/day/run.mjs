// A manager's day, as `fleet demo day` plays it, and what is there afterwards. Ends with 'N passed, N failed'.
import { spawnSync } from 'node:child_process';
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFleet, runTests, root } from '../lib/fleet.mjs';

const program = process.env.FLEET_PROGRAM ?? join(root, 'build', 'fleet');
const titles = readFileSync(join(root, 'tests/day/manager.day'), 'utf8').split('\n').filter((line) => line.startsWith('=== ')).map((line) => line.slice(4));
const fleet = await startFleet({ threads: 1, seedReports: 200 });

function run(args, home = fleet.home) {
	const { status, stdout, stderr } = spawnSync(program, ['demo', ...args, '--home', home], { encoding: 'utf8', timeout: 300000 });
	return { status, stdout, stderr };
}

function play() {
	const { status, stdout, stderr } = run(['day', '--json']);
	const steps = stdout.trim().split('\n').map((line) => JSON.parse(line));
	for (const step of steps) console.log(`      ${step.done ? ' ' : '!'} ${step.step}${step.problem ? `: ${step.problem}` : ''}`);
	assert.equal(status, 0, stderr);
	return steps;
}

const said = (steps, words) => steps.find((step) => step.step.includes(words)).said;
let report;

const tests = [
	['every step of the day can be played', async () => {
		const steps = play();
		assert.deepEqual(steps.map((step) => step.step), titles);
		assert.ok(steps.every((step) => step.done));
		const number = said(steps, 'the driver reports it').match(/report (\d+)/)[1];
		const { body } = await fleet.ask('query ($n: BigInt!) { damageReport(number: $n) { id stage version actualCost { amount } approvedAmount { amount } photos { id } zones { id } workOrders { state } estimates { state } } }', { n: number }, 'manager');
		report = body.data.damageReport;
	}],
	['the report has gone all the way, and its costs agree', () => {
		assert.ok(['COMPLETED', 'CLOSED'].includes(report.stage), report.stage);
		assert.equal(report.actualCost.amount, report.approvedAmount.amount);
		assert.equal(report.photos.length, 2);
		assert.equal(report.zones.length, 1);
		assert.deepEqual(report.workOrders.map((order) => order.state), ['DONE']);
		assert.equal(report.estimates.filter((estimate) => estimate.state === 'ACCEPTED').length, 1);
	}],
	['another company sees nothing of it', async () => {
		const { body } = await fleet.ask('query ($id: ID!) { damageReport(id: $id) { id } }', { id: report.id }, 'other');
		assert.equal(body.data.damageReport, null);
	}],
	['the day can be played again', () => { assert.equal(play().length, titles.length); }],
	['what is no demo is said so', () => {
		const { status, stderr } = run(['night']);
		assert.equal(status, 2);
		assert.match(stderr, /fleet demo day/);
	}],
	['without a server the way out is named', () => {
		const { status, stderr } = run(['day'], join(fleet.home, 'nowhere'));
		assert.equal(status, 1);
		assert.match(stderr, /^fleet: .+/);
	}],
];

let good = false;
try {
	good = await runTests([...tests.map(([name, test]) => ({ name, run: test })), { name: 'stops cleanly, with clean logs', run: () => fleet.stop() }]);
} finally {
	if (fleet.child.exitCode === null) await fleet.kill();
}
process.exit(good ? 0 : 1);
