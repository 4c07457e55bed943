// A primary and two streaming replicas: who answers, who never sees less than before, and what happens when one of them goes.
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { request as httpRequest } from 'node:http';
import { promisify } from 'node:util';
import { root, runTests, startFleet, until } from '../lib/fleet.mjs';
import { Cluster } from './cluster.mjs';
import { askBySocket } from './socket.mjs';

const run = promisify(execFile);
const program = process.env.FLEET_PROGRAM ?? join(root, 'build', 'fleet');
const THREADS = 2;
const LAG_MS = 4000; // long enough that a paused replica stays in use while a test asks a few questions

const cluster = new Cluster(['p', 'a', 'b']);
let fleet;

function expect(ok, what) {
	if (!ok) throw new Error(what);
}

// ---- asking

const create = 'mutation M($name: String!) { createFacility(input: { name: $name, address: "Minervum 7100, Breda", location: { latitude: 51.6, longitude: 4.81 } }) { facility { id name version } } }';
const rename = 'mutation R($id: ID!, $name: String!) { updateFacility(input: { id: $id, name: $name }) { facility { name } } }';
const read = 'query Q($id: ID!) { facility(id: $id) { name } }';

// Node.js 18 knows them only as one text; a comma before NAME= begins the next.
const cookiesOf = (answer) => (answer.headers.get('set-cookie') ?? '').split(/, (?=[^;,=\s]+=)/).filter(Boolean);

// With the headers given; the answer's Fleet-Written and cookies besides its body.
async function post(query, variables, headers) {
	const answer = await fetch(`${fleet.url}/graphql`, { method: 'POST', body: JSON.stringify({ query, variables }),
		headers: { 'content-type': 'application/json', accept: 'application/json', ...headers } });
	const body = await answer.json();
	if (body.errors) throw new Error(JSON.stringify(body.errors));
	return { data: body.data, written: answer.headers.get('fleet-written'), cookies: cookiesOf(answer) };
}
const bearer = (who) => ({ authorization: `Bearer ${fleet.tokens[who]}` });
const nameOf = async (id, headers) => (await post(read, { id }, headers)).data.facility?.name ?? null;

const metric = async (name) => {
	const line = (await (await fetch(`${fleet.url}/metrics`)).text()).split('\n').find((row) => row.startsWith(`${name} `));
	return Number(line.slice(name.length + 1));
};
const reads = (target) => metric(`fleet_db_reads_total{target="${target}"}`);
const failedOf = (number) => metric(`fleet_replica_failed_total{replica="${number}"}`);
const states = async () => (await (await fetch(`${fleet.url}/readyz`)).json()).replicas;
// All loops ask it, or none does and one of them says why.
const stateIs = (index, wanted) => until(`replica ${index + 1} is ${wanted}`, async () =>
	(await metric(`fleet_replica_used{replica="${index + 1}"}`)) === (wanted === 'good' ? THREADS : 0) && (wanted === 'good' || (await states())[index] === wanted));
const ofReplicas = async () => (await reads('replica 1')) + (await reads('replica 2'));

// Redis's marks are taken away, as if they had been of another Redis.
const redis = async (...args) => (await run('redis-cli', ['-s', join(fleet.home, 'run', 'redis.sock'), ...args])).stdout.trim();
const forget = () => redis('FLUSHALL');

// A write, and no mark of it is left: neither that of who wrote, nor that of the event that was published.
async function writeUnmarked(name) {
	await forget();
	const answer = await post(rename, { id: ids.depot, name }, bearer('manager'));
	await until('the event is published', async () => (await redis('KEYS', 'fleet:told:*')) !== '');
	await forget();
	return answer;
}

// Until a replica has answered who asks: its marks are then those of the replica's state.
async function answeredByReplica(headers) {
	await until('a replica answers', async () => {
		const before = await ofReplicas();
		await post('{ facilities { id } }', {}, headers);
		return (await ofReplicas()) > before;
	});
}

// By a connection of its own: whether it was taken.
function writeAlone(name) {
	const body = JSON.stringify({ query: rename, variables: { id: ids.depot, name } });
	return new Promise((resolve) => {
		const request = httpRequest(`${fleet.url}/graphql`, { method: 'POST', agent: false, headers: { ...bearer('manager'), 'content-type': 'application/json', accept: 'application/json' } }, (answer) => {
			let text = '';
			answer.on('data', (bytes) => { text += bytes; });
			answer.on('end', () => resolve(JSON.parse(text).data?.updateFacility != null));
		});
		request.on('error', () => resolve(false));
		request.end(body);
	});
}

async function bothGood() {
	await stateIs(0, 'good');
	await stateIs(1, 'good');
}

// What an attempt at writing needs to succeed, while the primary changes.
const ids = {};

const tests = [
	{ name: 'queries are answered by both replicas, mutations by none', run: async () => {
		await bothGood();
		ids.depot = (await post(create, { name: 'Depot 0' }, bearer('manager'))).data.createFacility.facility.id;
		await until('both have answered', async () => {
			await nameOf(ids.depot, bearer('manager'));
			return (await reads('replica 1')) > 0 && (await reads('replica 2')) > 0;
		});
		const before = await ofReplicas();
		await post(rename, { id: ids.depot, name: 'Depot 1' }, bearer('manager'));
		expect((await ofReplicas()) === before, 'a mutation asked a replica');
	} },
	{ name: 'WebSocket queries, tiles and CSV exports are answered by replicas, and none takes back what was seen', run: async () => {
		await bothGood();
		const get = async (path, headers = bearer('manager')) => {
			const answer = await fetch(fleet.url + path, { headers });
			expect([200, 204].includes(answer.status), `${path}: ${answer.status}`);
			return answer.text();
		};
		const socket = async (who = 'manager') => (await askBySocket(fleet.url, fleet.tokens[who], read, { id: ids.depot })).data.facility.name;
		const csv = async (who = 'manager') => /^.*Depot-CSV[^,]*/m.exec(await get('/exports/facilities.csv', bearer(who)))?.[0];
		const kinds = { socket: () => socket(), tile: () => get('/tiles/5/16/10.mvt'), export: () => get('/exports/reports.csv') };
		for (const [name, ask] of Object.entries(kinds)) {
			const before = await ofReplicas();
			await until(`${name}: a replica answers`, async () => {
				await ask();
				return (await ofReplicas()) > before;
			}, 10000);
		}
		await cluster.pause('a');
		await cluster.pause('b');
		try {
			await post(rename, { id: ids.depot, name: 'Depot-CSV by all' }, bearer('manager'));
			expect((await socket()) === 'Depot-CSV by all', 'the socket does not show the own write');
			expect((await csv())?.includes('Depot-CSV by all'), 'the export does not hold the own write');
			// Who has no mark may be shown the state of before, by replicas: the own write above came from the primary on purpose.
			await writeUnmarked('Depot-CSV unmarked');
			const before = await ofReplicas();
			expect((await socket('auditor')) !== 'Depot-CSV unmarked' && !(await csv('auditor'))?.includes('unmarked'), 'replicas were not asked: this proves nothing');
			expect((await ofReplicas()) > before, 'no replica was asked');
		} finally {
			await cluster.resume('a');
			await cluster.resume('b');
		}
		await bothGood();
		await until('the others see it too', async () => (await socket('auditor')) === 'Depot-CSV unmarked');
	} },
	{ name: 'with replay paused, own writes are seen at once: with the header, with the cookie, and with neither', run: async () => {
		const form = await fetch(`${fleet.url}/login`, { method: 'POST', redirect: 'manual', headers: { origin: fleet.url, 'sec-fetch-site': 'same-origin' },
			body: new URLSearchParams({ email: 'manager@demo.example', password: fleet.password }) });
		const session = cookiesOf(form)[0].split(';')[0];
		const browser = { cookie: session, origin: fleet.url, 'sec-fetch-site': 'same-origin' };
		await bothGood();
		await answeredByReplica(bearer('manager'));
		await cluster.pause('a');
		await cluster.pause('b');
		try {
			const neither = await post(rename, { id: ids.depot, name: 'by neither' }, bearer('manager'));
			expect(/^[0-9A-F]+\/[0-9A-F]+$/.test(neither.written), `Fleet-Written: ${neither.written}`);
			expect((await nameOf(ids.depot, bearer('manager'))) === 'by neither', 'a client that ignores headers does not see its write');
			const header = await post(rename, { id: ids.depot, name: 'by header' }, bearer('manager'));
			await forget();
			expect((await nameOf(ids.depot, { ...bearer('manager'), 'fleet-written': header.written })) === 'by header', 'with the header');
			const cookie = await post(rename, { id: ids.depot, name: 'by cookie' }, browser);
			const mark = cookie.cookies.find((line) => line.startsWith('fleet_written='));
			expect(mark && /HttpOnly/i.test(mark), `cookies: ${cookie.cookies}`);
			await forget();
			expect((await nameOf(ids.depot, { ...browser, cookie: `${session}; ${mark.split(';')[0]}` })) === 'by cookie', 'with the cookie');
		} finally {
			await cluster.resume('a');
			await cluster.resume('b');
		}
	} },
	{ name: 'with replay paused, what stands behind a mutation in a batch sees it', run: async () => {
		await bothGood();
		await answeredByReplica(bearer('manager'));
		await cluster.pause('a');
		await cluster.pause('b');
		try {
			const one = (name) => [{ query: read, variables: { id: ids.depot } }, { query: rename, variables: { id: ids.depot, name } }, { query: read, variables: { id: ids.depot } }];
			for (const name of ['batch 1', 'batch 2']) {
				const answer = await fetch(`${fleet.url}/graphql`, { method: 'POST', body: JSON.stringify(one(name)), headers: { 'content-type': 'application/json', ...bearer('manager') } });
				const items = await answer.json();
				expect(items[2].data.facility.name === name && items[0].data.facility.name !== name, JSON.stringify(items));
				expect(answer.headers.get('fleet-written'), 'the header is missing');
			}
		} finally {
			await cluster.resume('a');
			await cluster.resume('b');
		}
	} },
	{ name: 'without any mark the paused replicas do answer, and have the state of before: the limit is what is promised', run: async () => {
		await bothGood();
		await answeredByReplica(bearer('auditor'));
		const old = await nameOf(ids.depot, bearer('auditor'));
		await cluster.pause('a');
		await cluster.pause('b');
		try {
			await writeUnmarked('not yet everywhere');
			const before = await ofReplicas();
			expect((await nameOf(ids.depot, bearer('auditor'))) === old, 'somebody else saw it: the tests above prove nothing');
			expect((await ofReplicas()) > before, 'no replica was asked');
			await stateIs(0, 'lagging');
			await stateIs(1, 'lagging');
			expect((await nameOf(ids.depot, bearer('auditor'))) === 'not yet everywhere', 'a replica that is too late was asked');
		} finally {
			await cluster.resume('a');
			await cluster.resume('b');
		}
		await bothGood();
	} },
	{ name: 'nothing seen is taken back: who has read on the primary reads no older state', run: async () => {
		await answeredByReplica(bearer('auditor'));
		await cluster.pause('a');
		await cluster.pause('b');
		try {
			const { written } = await writeUnmarked('seen');
			expect((await nameOf(ids.depot, { ...bearer('auditor'), 'fleet-written': written })) === 'seen', 'the primary was not asked');
			expect((await nameOf(ids.depot, bearer('auditor'))) === 'seen', 'what the auditor saw is gone again');
		} finally {
			await cluster.resume('a');
			await cluster.resume('b');
		}
	} },
	{ name: 'who is told of an event and asks because of it sees what it tells of', run: async () => {
		await bothGood();
		await answeredByReplica(bearer('auditor'));
		const report = (await post('{ damageReports(first: 1) { edges { node { id } } } }', {}, bearer('manager'))).data.damageReports.edges[0].node.id;
		const stop = new AbortController();
		const stream = await fetch(`${fleet.url}/graphql`, { method: 'POST', signal: stop.signal, headers: { ...bearer('auditor'), accept: 'text/event-stream', 'content-type': 'application/json' },
			body: JSON.stringify({ query: 'subscription S($id: ID!) { damageReportUpdated(reportId: $id) { report { priority } } }', variables: { id: report } }) });
		const reader = stream.body.getReader();
		await cluster.pause('a');
		await cluster.pause('b');
		try {
			let text = '';
			for (const priority of [4, 2]) { // whatever it was, one of the two changes it
				await post('mutation M($id: ID!, $p: Int!) { updateDamageReport(input: { id: $id, priority: $p }) { report { id } } }', { id: report, p: priority }, bearer('manager'));
				while (!text.includes(`"priority":${priority}`)) text += new TextDecoder().decode((await reader.read()).value);
				const again = await post('query Q($id: ID!) { damageReport(id: $id) { priority } }', { id: report }, bearer('auditor'));
				expect(again.data.damageReport.priority === priority, 'the event was ahead of what a query shows');
			}
		} finally {
			stop.abort();
			await cluster.resume('a');
			await cluster.resume('b');
		}
	} },
	{ name: 'kill -9 of a replica under load: no query fails, and it comes back', run: async () => {
		await bothGood();
		let going = true, answered = 0;
		const load = Array.from({ length: 8 }, async () => {
			for (; going; answered++) await post('{ damageReports(first: 10) { edges { node { number vehicle { name } } } } }', {}, bearer('manager'));
		});
		try {
			const started = await reads('replica 1');
			await until('load on the replica', async () => (await reads('replica 1')) > started + 50);
			await cluster.kill('a');
			await stateIs(0, 'away');
			expect((await states())[1] === 'good', 'the other one went too');
			const since = answered;
			await until('the others go on', () => answered > since + 50);
			await cluster.start('a');
			await stateIs(0, 'good');
			const back = await reads('replica 1');
			await until('it is asked again', async () => (await reads('replica 1')) > back);
		} finally {
			going = false;
			await Promise.all(load);
		}
	} },
	{ name: 'a replica that hangs: its queries are asked of others, and it comes back', run: async () => {
		await bothGood();
		let going = true;
		const load = Array.from({ length: 8 }, async () => {
			while (going) await post('{ damageReports(first: 10) { edges { node { number } } } }', {}, bearer('manager'));
		});
		try {
			cluster.signal('b', 'SIGSTOP');
			await stateIs(1, 'away');
			const since = await ofReplicas();
			await until('the other replica goes on', async () => (await ofReplicas()) > since + 20);
			going = false;
			await Promise.all(load); // while it still hangs
		} finally {
			going = false;
			cluster.signal('b', 'SIGCONT');
		}
		await stateIs(1, 'good');
	} },
	{ name: 'queries that the replay of the log cuts off are asked again, and nobody notices', run: async () => {
		await bothGood();
		let going = true;
		const load = Array.from({ length: 8 }, async () => {
			while (going) await post('{ damageReports(first: 100) { edges { node { number vehicle { name } photos { id } } } } }', {}, bearer('manager'));
		});
		for (const name of ['a', 'b']) await cluster.sql(name, 'ALTER SYSTEM SET max_standby_streaming_delay = 0');
		for (const name of ['a', 'b']) await cluster.sql(name, 'SELECT pg_reload_conf()');
		try {
			await until('the replay has cut a query off', async () => {
				await cluster.sql('p', 'BEGIN; LOCK TABLE fleet.vehicles IN ACCESS EXCLUSIVE MODE; COMMIT');
				return (await failedOf(1)) + (await failedOf(2)) > 1;
			});
		} finally {
			going = false;
			await Promise.all(load);
			for (const name of ['a', 'b']) await cluster.sql(name, 'ALTER SYSTEM RESET max_standby_streaming_delay');
			for (const name of ['a', 'b']) await cluster.sql(name, 'SELECT pg_reload_conf()');
		}
	} },
	{ name: 'no statement that a replica may run has effects', run: async () => {
		const effects = (await cluster.sql('p', "SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname IN ('fleet', 'platform') AND provolatile = 'v'")).split('\n');
		const pattern = new RegExp(`\\b(${effects.join('|')}|nextval|pg_notify|pg_\\w*advisory\\w*)\\(|\\b(INSERT INTO|(?<!FOR )UPDATE \\w+|DELETE FROM|CREATE|TRUNCATE)\\b`);
		let seen = 0;
		for (const folder of ['api', 'fleet', 'queue'].map((name) => join(root, 'src', name)))
			for (const file of readdirSync(folder, { recursive: true }).map(String).filter((name) => name.endsWith('.c')))
				for (const [, name, , body] of readFileSync(join(folder, file), 'utf8').matchAll(/\bfl_sql\s+(\w+)(\[\])?\s*=\s*\{([\s\S]*?)\};/g)) {
					seen++;
					expect(/\.write = true/.test(body) || !pattern.test(body), `${file}: ${name} has effects and is not marked .write`);
				}
		expect(seen > 100, `only ${seen} statements were found`);
	} },
	{ name: 'the command line shows them', run: async () => {
		const env = { ...process.env, FLEET_HOME: fleet.home, FLEET_PG_URL: cluster.url('p', 'a', 'b'), FLEET_PG_REPLICAS: `${cluster.url('a')},${cluster.url('b')}` };
		const lines = (await run(program, ['db', 'replicas', '--json'], { env })).stdout.trim().split('\n').map((line) => JSON.parse(line));
		expect(lines.length === 2 && lines.every((line) => line.state === 'follows' && line.timeline === 1), JSON.stringify(lines));
		const doctor = await run(program, ['doctor'], { env }).catch((error) => error);
		expect(/replicas +2, all of them follow/.test(doctor.stdout), doctor.stdout);
		const bad = await run(program, ['doctor'], { env: { ...env, FLEET_PG_REPLICAS: 'host=a,host=b' } }).catch((error) => error);
		expect(/bad +replicas .*write URLs/.test(bad.stdout), bad.stdout);
		const config = (await run(program, ['config'], { env: { ...env, FLEET_PG_REPLICAS: 'postgresql://u:secret1@a/fleet,postgresql://u:secret2@b,c/fleet' } })).stdout;
		expect(/u:\*\*\*@a\/fleet,postgresql:\/\/u:\*\*\*@b,c/.test(config) && !/secret/.test(config), 'a password is shown');
	} },
	{ name: 'the primary is lost and a replica promoted: writes go on without a restart, and the other replica follows', run: async () => {
		await bothGood();
		await forget();
		await cluster.kill('p');
		await new Promise((resolve) => setTimeout(resolve, 9000)); // the pauses between tries to connect have become as long as they get
		await cluster.sql('a', 'SELECT pg_promote()');
		const promoted = Date.now();
		let taken = 0; // in a row, each by a connection of its own: whichever loop it comes to
		await until('writes are taken by every loop', async () => {
			const good = await writeAlone('after the change');
			taken = good ? taken + 1 : 0;
			return taken === 20;
		}, 30000);
		const took = Date.now() - promoted;
		expect(took < 2000, `it took ${took} ms until every loop had found the new primary`);
		const seen = await nameOf(ids.depot, bearer('manager'));
		expect(seen === 'after the change', `the write is not seen: ${seen}`);
		await until('events go on', async () => (await redis('KEYS', 'fleet:told:*')) !== '');
		await stateIs(0, 'promoted');
		await stateIs(1, 'good');
		await forget(); // of marks that the new primary has not reached yet
		const before = await reads('replica 2'), names = new Set();
		await until('the other replica answers', async () => {
			names.add(await nameOf(ids.depot, bearer('auditor')));
			return (await reads('replica 2')) > before;
		});
		expect(names.size === 1 && names.has('after the change'), `the replica does not follow: ${[...names]}`);
	} },
	{ name: 'a replica that is promoted beside its primary is left out', run: async () => {
		await cluster.sql('b', 'SELECT pg_promote()');
		await stateIs(1, 'promoted');
		const before = await ofReplicas();
		expect((await nameOf(ids.depot, bearer('auditor'))) === 'after the change', 'no answer');
		expect((await ofReplicas()) === before, 'it was asked');
		const log = fleet.logs().find(({ name }) => name.includes('serve')).text;
		expect(/replica 2: left out: promoted/.test(log), 'the log does not say so');
	} },
];

let good = false;
try {
	await cluster.makePrimary('p');
	await cluster.makeReplica('a', 'p');
	await cluster.makeReplica('b', 'p');
	fleet = await startFleet({ seedReports: 100, threads: THREADS, args: ['--pg-url', cluster.url('p', 'a'), '--pg-replicas', `${cluster.url('a')},${cluster.url('b')}`,
		'--replica-lag-ms', String(LAG_MS)] });
	good = await runTests(tests);
	await fleet.stop();
} catch (error) {
	good = false;
	console.log(error.stack);
	if (fleet) await fleet.kill().catch(() => {});
} finally {
	await cluster.stop();
}
process.exit(good ? 0 : 1);
