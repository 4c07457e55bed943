// Live transports against a real server: graphql-transport-ws with its own client (graphql-ws) and with raw messages,
// Server-Sent Events with theirs (graphql-sse) and as raw HTTP. Waits are for messages; a time limit only ends a test that hangs.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { createClient as createSocketClient } from 'graphql-ws';
import { createClient as createEventClient } from 'graphql-sse';
import WebSocket from 'ws';
import { startFleet, runTests, until } from '../lib/fleet.mjs';
import { picture } from '../lib/picture.mjs';

// Each first pass of this fault point fails once: the socket of whoever comes first.
const fleet = await startFleet({ threads: 1, seedReports: 40, env: { FLEET_KEEP_ALIVE_S: '3', FLEET_DRAIN_S: '120', FLEET_FAULTS: 'api.ws_init:1' } });
const address = `${fleet.url.replace('http', 'ws')}/graphql`;
const limitMs = 20000;

// The promise, or a failure after a long time.
function within(promise, what) {
	let timer;
	const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`${what()}: not within ${limitMs} ms`)), limitMs); });
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// ---- raw sockets

// A socket whose messages can be waited for one by one, and that answers pings unless it is mute; ended resolves with { code, reason }.
function open({ protocols = ['graphql-transport-ws'], mute = false, ...options } = {}) {
	const socket = new WebSocket(address, protocols, options);
	const arrived = [], waiting = [];
	socket.on('message', (bytes) => {
		const message = JSON.parse(bytes);
		if (message.type === 'ping' && !mute) {
			socket.send('{"type":"pong"}');
			return;
		}
		const next = waiting.shift();
		if (next) next(message);
		else arrived.push(message);
	});
	const ended = new Promise((resolve) => socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })));
	socket.on('error', () => undefined); // a refused upgrade: ended tells
	return {
		socket,
		opened: new Promise((resolve) => socket.on('open', resolve)),
		send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
		next: () => (arrived.length ? Promise.resolve(arrived.shift())
			: within(new Promise((resolve) => { waiting.push(resolve); }), () => `a message (socket: ${socket.readyState})`)),
		ended,
		async code(wanted) {
			const { code, reason } = await within(ended, () => `close ${wanted}`);
			assert.equal(code, wanted, reason);
			return reason;
		},
	};
}

async function enter(role = 'manager', options) {
	const raw = open(options);
	await raw.opened;
	raw.send({ type: 'connection_init', payload: { authorization: `Bearer ${fleet.tokens[role]}` } });
	assert.deepEqual(await raw.next(), { type: 'connection_ack' });
	return raw;
}

async function refusedWith(code, messages, role = 'manager') {
	const raw = role ? await enter(role) : open();
	await raw.opened;
	for (const message of messages) raw.send(message);
	return raw.code(code);
}

const subscribe = (id, query, variables) => ({ id, type: 'subscribe', payload: { query, variables } });
const viewer = '{ viewer { role } }';

// A token that this server's own key signs, as an operator's tool would.
function token(claims) {
	const [, secret] = readFileSync(join(fleet.home, 'secrets', 'jwt.key'), 'utf8').trim().split(' ');
	const [head, body] = fleet.tokens.manager.split('.');
	const now = Math.floor(Date.now() / 1000);
	const changed = { ...JSON.parse(Buffer.from(body, 'base64url')), iat: now - 60, ...claims(now) };
	const signed = `${head}.${Buffer.from(JSON.stringify(changed)).toString('base64url')}`;
	return `${signed}.${createHmac('sha256', Buffer.from(secret, 'hex')).update(signed).digest('base64url')}`;
}

async function data(query, variables, caller, files) {
	const { body } = await fleet.ask(query, variables, caller, files);
	assert.equal(body.errors, undefined, JSON.stringify(body.errors));
	return body.data;
}

async function file(caller = 'manager', vehicleName = 'VAN-12', photos = []) {
	const files = photos.map((bytes, i) => ({ name: `${i}.jpg`, bytes }));
	const { createDamageReport } = await data('mutation($input: CreateDamageReportInput!) { createDamageReport(input: $input) { report { id version vehicle { id } } } }',
		{ input: { vehicleName, description: 'for the live test', photos: photos.map(() => null) } }, caller, files.length ? files : null);
	return createDamageReport.report;
}

const update = (id, priority, caller) => data('mutation($id: ID!, $p: Int) { updateDamageReport(input: { id: $id, priority: $p }) { report { version } } }', { id, p: priority }, caller);

// ---- the clients

function socketClient(role = 'manager', more = {}) {
	return createSocketClient({ url: address, webSocketImpl: WebSocket, retryAttempts: 0, lazy: true,
		connectionParams: { authorization: `Bearer ${fleet.tokens[role]}` }, ...more });
}

const eventClient = (role = 'manager', more = {}) =>
	createEventClient({ url: `${fleet.url}/graphql`, headers: { authorization: `Bearer ${fleet.tokens[role]}` }, retryAttempts: 0, ...more });

// Collects what an operation gives; first(n) waits for n results.
function collect(client, request) {
	const results = [], waiting = [];
	let done, failed;
	const ended = new Promise((resolve, reject) => {
		done = resolve;
		failed = (why) => reject(why instanceof Error || Array.isArray(why) ? why : new Error(`closed: ${why.code} ${why.reason}`));
	});
	ended.catch(() => undefined);
	const stop = client.subscribe(request, {
		next: (result) => {
			results.push(result);
			for (const { n, resolve } of waiting) if (results.length >= n) resolve(results);
		},
		error: failed, complete: done,
	});
	const first = (n) => within(Promise.race([new Promise((resolve) => {
		if (results.length >= n) resolve(results);
		else waiting.push({ n, resolve });
	}), ended.then(() => results)]), () => `${results.length} of ${n} results`);
	return { results, ended, first, stop };
}

// Until the server follows so many subscriptions.
const followed = (n) => until(`${n} subscriptions`, async () => await fleet.metric('fleet_subscriptions') === n);

// ---- raw event streams

// { status, headers, event(): the next event as { event, data } or { comment }, leave() }
function events(path, { method = 'POST', headers = {}, body } = {}) {
	return new Promise((resolve, reject) => {
		const sent = httpRequest(`${fleet.url}${path}`, { method, headers: { accept: 'text/event-stream', authorization: `Bearer ${fleet.tokens.manager}`,
			...(body ? { 'content-type': 'application/json' } : {}), ...headers } }, (answer) => {
			let text = '', over = false;
			const arrived = [], waiting = [];
			const give = (event) => (waiting.length ? waiting.shift()(event) : arrived.push(event));
			answer.setEncoding('utf8');
			answer.on('data', (piece) => {
				text += piece;
				for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
					const lines = text.slice(0, end).split('\n');
					if (lines[0].startsWith(':')) give({ comment: true });
					else give(Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)])));
				}
			});
			const finish = (how) => {
				if (over) return;
				over = true;
				give({ end: how });
			};
			answer.on('end', () => finish('whole'));
			answer.on('error', () => finish('cut'));
			const next = () => (arrived.length ? Promise.resolve(arrived.shift()) : new Promise((got) => { waiting.push(got); }));
			resolve({ status: answer.statusCode, headers: answer.headers, leave: () => sent.destroy(),
				async event() {
					for (;;) {
						const event = await next();
						if (!event.comment) return event;
					}
				}, next });
		});
		sent.on('error', reject);
		sent.end(body ? JSON.stringify(body) : undefined);
	});
}

const tests = [], only = process.argv[2];
const test = (name, run) => {
	if (!only || name.includes(only) || name.startsWith('4500')) tests.push({ name, run });
};

// ---- close codes

test('4500: an error of ours while a socket opens', async () => {
	assert.equal(await refusedWith(4500, [{ type: 'connection_init', payload: { authorization: `Bearer ${fleet.tokens.manager}` } }], null), 'Internal server error');
});

test('4400: what is no message', async () => {
	for (const message of ['{', '[]', '{"type":"hello"}', { type: 'subscribe', id: '', payload: { query: viewer } }, { type: 'subscribe', id: 'a' },
		{ type: 'next', id: 'a', payload: {} }]) await refusedWith(4400, [message]);
	const raw = await enter();
	raw.socket.send(Buffer.from('{"type":"ping"}'), { binary: true });
	await raw.code(4400);
});

test('4401, 4403, 4406, 4408, 4409, 4429', async () => {
	const silent = open(), handshake = silent.opened;
	await Promise.all([
		refusedWith(4401, [subscribe('a', viewer)], null),
		refusedWith(4403, [{ type: 'connection_init' }], null),
		refusedWith(4403, [{ type: 'connection_init', payload: { authorization: 'Bearer nonsense' } }], null),
		refusedWith(4409, [subscribe('twice', 'subscription { damageReportUpdated { kind } }'), subscribe('twice', viewer)])
			.then((reason) => assert.equal(reason, 'Subscriber for twice already exists')),
		refusedWith(4429, [{ type: 'connection_init' }]),
		(async () => {
			for (const protocols of [[], ['graphql-ws']]) {
				const raw = open({ protocols });
				if (protocols.length === 0) await raw.code(4406);
				else await raw.code(1006); // this client gives up by itself: the answer names none of its protocols
			}
		})(),
		handshake.then(() => silent.code(4408)),
	]);
});

test('a log-in that ends closes the socket with 4403', async () => {
	const raw = open();
	await raw.opened;
	raw.send({ type: 'connection_init', payload: { authorization: `Bearer ${token((now) => ({ exp: now + 3 }))}` } });
	assert.deepEqual(await raw.next(), { type: 'connection_ack' });
	assert.equal(await raw.code(4403), 'the log-in has ended');
});

// ---- pings

test('a ping is answered with its payload', async () => {
	const raw = await enter();
	raw.send({ type: 'ping', payload: { mark: [1, 'é'] } });
	assert.deepEqual(await raw.next(), { type: 'pong', payload: { mark: [1, 'é'] } });
	raw.send({ type: 'ping' });
	assert.deepEqual(await raw.next(), { type: 'pong' });
	raw.socket.close();
});

test('a quiet socket is pinged, and given up when it does not answer', async () => {
	const raw = await enter('manager', { mute: true });
	assert.deepEqual(await raw.next(), { type: 'ping' });
	raw.send({ type: 'pong' });
	assert.deepEqual(await raw.next(), { type: 'ping' });
	await raw.code(4499);
});

// ---- operations over the socket

test('errors of one operation leave the socket open', async () => {
	const raw = await enter();
	raw.send(subscribe('syntax', 'subscription {'));
	const first = await raw.next();
	assert.equal(first.type, 'error');
	assert.equal(first.id, 'syntax');
	assert.equal(first.payload[0].extensions.code, 'GRAPHQL_PARSE_FAILED');
	raw.send(subscribe('unknown', 'subscription { nothing }'));
	assert.equal((await raw.next()).payload[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
	raw.send(subscribe('syntax', viewer)); // the id is free again
	assert.deepEqual(await raw.next(), { id: 'syntax', type: 'next', payload: { data: { viewer: { role: 'MANAGER' } } } });
	assert.deepEqual(await raw.next(), { id: 'syntax', type: 'complete' });
	raw.socket.close();
});

test('complete ends a subscription at any time, and frees its id', async () => {
	const raw = await enter(), report = await file();
	for (let i = 0; i < 20; i++) {
		raw.send(subscribe('a', 'subscription { damageReportUpdated { kind } }'));
		raw.send({ id: 'a', type: 'complete' });
	}
	raw.send({ id: 'never', type: 'complete' });
	raw.send(subscribe('a', 'subscription($id: ID) { damageReportUpdated(reportId: $id) { report { id } } }', { id: report.id }));
	raw.send({ type: 'ping' });
	assert.deepEqual(await raw.next(), { type: 'pong' });
	await update(report.id, 3);
	assert.deepEqual(await raw.next(), { id: 'a', type: 'next', payload: { data: { damageReportUpdated: { report: { id: report.id } } } } });
	raw.send({ id: 'a', type: 'complete' });
	raw.socket.close();
	await raw.ended;
	await followed(0);
});

test('a long answer comes whole, compressed where that is agreed', async () => {
	const query = '{ damageReports(first: 40) { nodes { id number description vehicle { id name } url } } }';
	const wanted = (await fleet.ask(query)).body;
	const sizes = {};
	for (const perMessageDeflate of [true, false]) {
		const raw = await enter('manager', { perMessageDeflate });
		const before = raw.socket._socket.bytesRead;
		assert.equal(raw.socket.extensions, perMessageDeflate ? 'permessage-deflate' : '');
		raw.send(subscribe('long', query));
		assert.deepEqual((await raw.next()).payload, wanted);
		sizes[perMessageDeflate] = raw.socket._socket.bytesRead - before;
		raw.socket.close();
	}
	assert.ok(sizes.true * 2 < sizes.false, JSON.stringify(sizes));
});

test('many queries at once on one socket', async () => {
	const raw = await enter();
	for (let i = 0; i < 30; i++) raw.send(subscribe(`q${i}`, '{ damageReports(first: 5) { nodes { id } } }'));
	const open = new Set(Array.from({ length: 30 }, (_, i) => `q${i}`));
	while (open.size) {
		const message = await raw.next();
		if (message.type === 'complete') open.delete(message.id);
		assert.notEqual(message.type, 'error', JSON.stringify(message));
	}
	raw.socket.close();
});

test('graphql-ws: query, mutation, subscription, errors', async () => {
	const client = socketClient();
	const query = collect(client, { query: viewer });
	await query.ended;
	assert.deepEqual(query.results, [{ data: { viewer: { role: 'MANAGER' } } }]);
	const created = collect(client, { query: 'subscription($v: ID) { damageReportCreated(vehicleId: $v) { kind report { id } } }', variables: { v: (await file()).vehicle.id } });
	await followed(1);
	const mutation = collect(client, { query: 'mutation { createDamageReport(input: { vehicleName: "VAN-12", description: "by socket" }) { report { id } } }' });
	await mutation.ended;
	const { id } = mutation.results[0].data.createDamageReport.report;
	assert.deepEqual((await created.first(1))[0].data.damageReportCreated, { kind: 'CREATED', report: { id } });
	await file('manager', 'VAN-11'); // of another vehicle: not heard
	created.stop();
	await created.ended;
	assert.equal(created.results.length, 1);
	await assert.rejects(collect(client, { query: '{ nothing }' }).ended, (errors) => errors[0].extensions.code === 'GRAPHQL_VALIDATION_FAILED');
	await client.dispose();
	await followed(0);
});

test('an analysis is told when it is complete, with its report and assessment', async () => {
	const photo = picture('door.jpg', '--seed 3 --part door'); // before the socket is there: nobody answers its pings while it is drawn
	const client = socketClient();
	const heard = collect(client, { query: 'subscription { aiAnalysisComplete { eventId at report { id status } assessment { model cost { likely { amount } } } } }' });
	await followed(1);
	const report = await file('manager', 'VAN-12', [photo]);
	const [{ data: got }] = await heard.first(1);
	assert.equal(got.aiAnalysisComplete.report.id, report.id);
	assert.equal(got.aiAnalysisComplete.report.status, 'ASSESSED');
	const stored = await data('query($id: ID) { damageReport(id: $id) { assessment { model cost { likely { amount } } } } }', { id: report.id });
	assert.deepEqual(got.aiAnalysisComplete.assessment, stored.damageReport.assessment);
	heard.stop();
	await client.dispose();
});

// ---- who hears what

test('companies and drivers hear only of what is theirs', async () => {
	const query = 'subscription { damageReportUpdated { report { id } } }';
	const mine = await file('driver'), notMine = await file('manager'), foreign = await file('other', (await data('{ vehicles(first: 1) { nodes { name } } }', {}, 'other')).vehicles.nodes[0].name);
	const clients = { manager: socketClient('manager'), driver: socketClient('driver'), other: socketClient('other') };
	const ears = Object.fromEntries(Object.entries(clients).map(([role, client]) => [role, collect(client, { query })]));
	const byId = collect(clients.other, { query: 'subscription($id: ID) { damageReportUpdated(reportId: $id) { report { id } } }', variables: { id: mine.id } });
	const streamed = collect(eventClient('other'), { query });
	await followed(5);
	await update(notMine.id, 4);
	await update(mine.id, 4);
	await update(foreign.id, 4, 'other');
	const ids = (results) => results.map(({ data: got }) => got.damageReportUpdated.report.id);
	assert.deepEqual(ids(await ears.manager.first(2)), [notMine.id, mine.id]);
	assert.deepEqual(ids(await ears.driver.first(1)), [mine.id]);
	assert.deepEqual(ids(await ears.other.first(1)), [foreign.id]);
	assert.deepEqual(ids(await streamed.first(1)), [foreign.id]);
	await update(mine.id, 5); // whatever came too much would have come before this
	await ears.driver.first(2);
	await update(foreign.id, 5, 'other');
	assert.deepEqual(ids(await ears.other.first(2)), [foreign.id, foreign.id]);
	assert.equal(byId.results.length, 0);
	streamed.stop();
	await Promise.all(Object.values(clients).map((client) => client.dispose()));
	await followed(0);
});

// ---- slow readers

test('a reader that is too slow is told so and closed; others do not notice', async () => {
	const report = await file();
	const query = 'subscription { damageReportUpdated { report { id ' + Array.from({ length: 40 }, (_, i) => `d${i}: description a${i}: url`).join(' ') + ' } } }';
	const slow = await enter('manager', { perMessageDeflate: false }), quick = await enter('manager', { perMessageDeflate: false });
	for (const raw of [slow, quick]) {
		raw.send(subscribe('s', query));
		raw.send({ type: 'ping' });
		while ((await raw.next()).type !== 'pong');
	}
	slow.socket.pause();
	let rounds = 0;
	const description = 'x'.repeat(9000);
	await data('mutation($id: ID!, $d: String) { updateDamageReport(input: { id: $id, description: $d }) { report { version } } }', { id: report.id, d: description });
	await until('the server gives the slow one up', async () => {
		await update(report.id, 1 + rounds++ % 10);
		return await fleet.metric('fleet_subscriptions') === 1;
	}, 60000);
	let heard = 0;
	while (heard < rounds + 1) {
		if ((await quick.next()).type === 'next') heard++;
	}
	slow.socket.resume();
	const { code, reason } = await within(slow.ended, () => "the end of the slow one");
	assert.ok([1013, 1006].includes(code), `${code} ${reason}`);
	quick.socket.close();
	await quick.ended;
	await followed(0);
});

// ---- Server-Sent Events

test('graphql-sse: query, mutation, subscription, errors', async () => {
	const client = eventClient();
	const query = collect(client, { query: viewer });
	await query.ended;
	assert.deepEqual(query.results, [{ data: { viewer: { role: 'MANAGER' } } }]);
	const report = await file();
	const heard = collect(client, { query: 'subscription($id: ID) { damageReportUpdated(reportId: $id) { kind report { id priority } } }', variables: { id: report.id } });
	await followed(1);
	const mutation = collect(client, { query: 'mutation($id: ID!) { updateDamageReport(input: { id: $id, priority: 2 }) { report { priority } } }', variables: { id: report.id } });
	await mutation.ended;
	assert.deepEqual(mutation.results, [{ data: { updateDamageReport: { report: { priority: 2 } } } }]);
	assert.deepEqual((await heard.first(1))[0].data.damageReportUpdated, { kind: 'UPDATED', report: { id: report.id, priority: 2 } });
	heard.stop();
	await followed(0);
	const wrong = collect(client, { query: '{ nothing }' });
	await wrong.ended;
	assert.equal(wrong.results[0].errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
	client.dispose();
});

test('event streams by POST and GET', async () => {
	for (const stream of [await events('/graphql', { body: { query: viewer } }), await events(`/graphql?query=${encodeURIComponent(viewer)}`, { method: 'GET' })]) {
		assert.equal(stream.status, 200);
		assert.equal(stream.headers['content-type'], 'text/event-stream; charset=utf-8');
		assert.equal(stream.headers['cache-control'], 'no-store');
		assert.deepEqual(await stream.event(), { event: 'next', data: '{"data":{"viewer":{"role":"MANAGER"}}}' });
		assert.deepEqual(await stream.event(), { event: 'complete', data: '' });
		assert.deepEqual(await stream.event(), { end: 'whole' });
	}
	const mutation = encodeURIComponent('mutation { createDamageReport(input: { vehicleName: "VAN-12", description: "by GET" }) { report { id } } }');
	const refused = await events(`/graphql?query=${mutation}`, { method: 'GET' });
	assert.match((await refused.event()).data, /Mutations are sent by POST/);
	assert.equal((await refused.event()).event, 'complete');
	assert.equal((await events('/graphql', { body: { query: viewer }, headers: { authorization: 'Bearer nonsense' } })).status, 401);
});

test('an event stream gives signs of life, and ends when its client leaves', async () => {
	const stream = await events('/graphql', { body: { query: 'subscription { damageReportCreated { report { id } } }' } });
	await followed(1);
	assert.deepEqual(await stream.next(), { comment: true }); // the opening one
	assert.deepEqual(await stream.next(), { comment: true });
	const { id } = await file();
	assert.deepEqual(await stream.event(), { event: 'next', data: `{"data":{"damageReportCreated":{"report":{"id":"${id}"}}}}` });
	stream.leave();
	await followed(0);
});

test('a log-in that ends ends its event stream, with the reason', async () => {
	const stream = await events('/graphql', { body: { query: 'subscription { damageReportCreated { report { id } } }' },
		headers: { authorization: `Bearer ${token((now) => ({ exp: now + 3 }))}` } });
	assert.equal(JSON.parse((await stream.event()).data).errors[0].extensions.code, 'UNAUTHENTICATED');
	assert.deepEqual(await stream.event(), { end: 'cut' });
	await followed(0);
});

test('a log-in that somebody closes ends its sockets and event streams at once, and nobody else\'s', async () => {
	const { sub } = JSON.parse(Buffer.from(fleet.tokens.auditor.split('.')[1], 'base64url'));
	const watch = 'subscription { damageReportUpdated { kind } }', authorization = `Bearer ${fleet.tokens.auditor}`;
	const quiet = await enter('auditor'), follows = await enter('auditor'), other = await enter('manager');
	follows.send(subscribe('a', watch));
	other.send(subscribe('a', watch));
	const stream = await events('/graphql', { body: { query: watch }, headers: { authorization } });
	await followed(3);
	const began = Date.now();
	await data('mutation M($input: EraseUserInput!) { eraseUser(input: $input) { erasure { state } } }', { input: { userId: String(sub).split(':').at(-1), reason: 'left the company' } }, 'admin');
	assert.deepEqual(await Promise.all([quiet.code(4403), follows.code(4403)]), ['the log-in was closed', 'the log-in was closed']);
	assert.deepEqual(JSON.parse((await stream.event()).data).errors[0], { message: 'the log-in was closed', extensions: { code: 'UNAUTHENTICATED' } });
	assert.deepEqual(await stream.event(), { end: 'cut' });
	assert.ok(Date.now() - began < 5000, `${Date.now() - began} ms`);
	await followed(1);
	// It opens nothing new either.
	await refusedWith(4403, [{ type: 'connection_init', payload: { authorization } }], null);
	await update((await file()).id, 3);
	assert.equal((await other.next()).type, 'next');
	other.send({ id: 'a', type: 'complete' });
	await followed(0);
	other.socket.close();
});

// ---- the end

test('a server that stops says so to sockets and cuts event streams', async () => {
	const raw = await enter();
	raw.send(subscribe('a', 'subscription { damageReportUpdated { kind } }'));
	const stream = await events('/graphql', { body: { query: 'subscription { damageReportCreated { report { id } } }' } });
	await followed(2);
	// Requests in flight would be waited for two minutes, and stop() fails before that.
	const [, , last] = await Promise.all([fleet.stop(), raw.code(1001), stream.event()]);
	assert.deepEqual(last, { end: 'cut' });
});

let good = false;
try {
	if (only) test(only, () => fleet.stop());
	good = await runTests(tests);
} finally {
	if (fleet.child.exitCode === null) await fleet.kill();
}
process.exit(good ? 0 : 1);
