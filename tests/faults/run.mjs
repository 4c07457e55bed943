// Kills each process of a running fleet with signal 9 while reports are being filed, and checks that everything recovers and that
// nothing acknowledged is lost, nothing is there twice, and every report is assessed once.
import { startFleet, runTests, until, childrenOf } from '../lib/fleet.mjs';
import { picture } from '../lib/picture.mjs';

const create = `mutation M($input: CreateDamageReportInput!) { createDamageReport(input: $input) { report { id number } } }`;
const find = `query Q($id: ID!) { damageReport(id: $id) { number status description photos { id } assessment { createdAt } } }`;
const list = `query Q($id: String!) { vehicle(name: $id) { damageReports(first: 100) { nodes { id description } } } }`;

let fleet = await startFleet({ threads: 2, seedReports: 100 });
let serial = 0;

// Files one report, as a client does that does not give up: the same key until there is an answer.
async function file(vehicle) {
	const key = `fault-${process.pid}-${++serial}`;
	const bytes = picture('a.jpg', `--seed ${serial % 7} --size 640x480`);
	return until(`report ${key}`, async () => {
		const { body } = await fleet.ask(create, { input: { vehicleName: vehicle, description: key, photos: [null], idempotencyKey: key } },
			'manager', [{ name: 'a.jpg', bytes }]);
		if (body.errors) throw new Error(body.errors[0].message);
		return { key, id: body.data.createDamageReport.report.id };
	}, 60000);
}

async function checkAll(vehicle, filed) {
	for (const { id, key } of filed) {
		const report = await until(`assessment of ${key}`, async () => {
			const { body } = await fleet.ask(find, { id });
			if (body.errors) throw new Error(body.errors[0].message);
			if (!body.data.damageReport) throw new Error('it is lost');
			return body.data.damageReport.assessment ? body.data.damageReport : null;
		}, 60000);
		if (report.description !== key || report.photos.length !== 1) throw new Error(`${key} came back different: ${JSON.stringify(report)}`);
	}
	const { body } = await fleet.ask(list, { id: vehicle });
	const seen = body.data.vehicle.damageReports.nodes.map((node) => node.description).filter((text) => text.startsWith('fault-'));
	if (new Set(seen).size !== seen.length) throw new Error(`a report is there twice: ${seen.sort()}`);
	for (const { key } of filed) if (!seen.includes(key)) throw new Error(`${key} is not in the list`);
}

function killTest(name, vehicle) {
	return {
		name: `kill -9 ${name}`,
		run: async () => {
			const before = fleet.pids()[name];
			if (!before) throw new Error(`there is no ${name}`);
			const filed = [await file(vehicle)];
			const busy = Promise.all([1, 2, 3].map(async () => {
				for (let i = 0; i < 4; i++) filed.push(await file(vehicle));
			}));
			process.kill(before, 'SIGKILL');
			await busy;
			await until(`a new ${name}`, () => fleet.pids()[name] && fleet.pids()[name] !== before);
			await until('/readyz', async () => {
				const ready = await (await fetch(`${fleet.url}/readyz`)).json();
				return ready.ready && ready.redis;
			});
			await checkAll(vehicle, filed);
		},
	};
}

async function killAll() {
	const vehicle = 'TRUCK-02', filed = [];
	for (let i = 0; i < 5; i++) filed.push(await file(vehicle));
	const children = childrenOf(fleet.child.pid);
	fleet.child.kill('SIGKILL');
	await fleet.ended;
	await until('the end of its children', () => children.every((pid) => {
		try {
			process.kill(pid, 0);
			return false;
		} catch {
			return true;
		}
	}), 30000);
	fleet = await startFleet({ threads: 2, home: fleet.home, keepHome: false });
	await checkAll(vehicle, filed);
}

let good = false;
try {
	good = await runTests([
		killTest('serve', 'VAN-21'),
		killTest('work', 'VAN-22'),
		killTest('postgres', 'VAN-23'),
		killTest('redis', 'VAN-24'),
		{ name: 'kill -9 of fleet up itself: a new one goes on', run: killAll },
		{ name: 'stops cleanly, with clean logs', run: () => fleet.stop() },
	]);
} finally {
	if (fleet.child.exitCode === null && fleet.child.signalCode === null) await fleet.kill();
}
process.exit(good ? 0 : 1);
