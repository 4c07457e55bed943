// Traces and explanations of a real server: a small collector here decodes what the server exports by OTLP over HTTP.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import WebSocket from 'ws';
import { createClient } from 'graphql-ws';
import { startFleet, runTests, until } from '../lib/fleet.mjs';

// ---- the collector

const spans = [];
let refuse = false, refused = 0;
const collector = createServer((request, answer) => {
	let body = '';
	request.on('data', (piece) => { body += piece; });
	request.on('end', () => {
		if (refuse) {
			refused++;
			answer.writeHead(503).end();
			return;
		}
		assert.equal(request.method, 'POST');
		assert.equal(request.url, '/v1/traces');
		for (const { resource, scopeSpans } of JSON.parse(body).resourceSpans)
			for (const { spans: some } of scopeSpans)
				for (const span of some) spans.push({ ...span, service: resource.attributes[0].value.stringValue,
					attributes: Object.fromEntries(span.attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)])) });
		answer.writeHead(200, { 'content-type': 'application/json' }).end('{}');
	});
});
await new Promise((resolve) => collector.listen(0, '127.0.0.1', resolve));
const fleet = await startFleet({ threads: 1, seedReports: 60, env: { FLEET_OTLP_URL: `http://127.0.0.1:${collector.address().port}/v1/traces` } });

const hex = (bytes) => randomBytes(bytes).toString('hex');
const ofTrace = (id) => spans.filter((span) => span.traceId === id);
const traced = (id) => until(`the trace ${id}`, () => ofTrace(id).some((span) => span.kind === 2) && ofTrace(id));

async function ask(query, { caller = 'manager', headers = {} } = {}) {
	const answer = await fetch(`${fleet.url}/graphql`, { method: 'POST', body: JSON.stringify({ query }),
		headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', authorization: `Bearer ${fleet.tokens[caller]}`, ...headers } });
	return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

const list = 'query Newest { damageReports(first: 30) { nodes { id vehicle { name } other: vehicle { plate } photos { id } } } }';

const tests = [];
const test = (name, run) => tests.push({ name, run });

test('one query: a span a selection, SQL below it, in the caller\'s trace', async () => {
	const trace = hex(16), parent = hex(8);
	const { status, headers } = await ask(list, { headers: { traceparent: `00-${trace}-${parent}-01` } });
	assert.equal(status, 200);
	const found = await traced(trace);
	const named = (name) => found.filter((span) => span.name === name);
	const [root] = named('POST /graphql');
	assert.equal(root.parentSpanId, parent);
	assert.equal(headers.get('traceparent'), `00-${trace}-${root.spanId}-01`);
	assert.equal(root.service, 'fleet serve');
	assert.equal(root.attributes['http.response.status_code'], 200);
	assert.equal(root.attributes['http.route'], '/graphql');
	const [query] = named('query');
	assert.equal(query.parentSpanId, root.spanId);
	assert.equal(query.attributes['graphql.operation.name'], 'Newest');
	assert.equal(query.attributes['graphql.waves'], 2);
	assert.equal(query.attributes['graphql.calls'], 3);
	for (const [name, parents, wave] of [['Query.damageReports', 1, 1], ['DamageReport.vehicle', 30, 2], ['DamageReport.photos', 30, 2]]) {
		const calls = named(name);
		assert.equal(calls.length, 1, name); // for thirty objects and two aliases
		assert.equal(calls[0].parentSpanId, query.spanId);
		assert.equal(calls[0].attributes['graphql.parents'], parents);
		assert.equal(calls[0].attributes['graphql.wave'], wave);
		const sql = found.filter((span) => span.parentSpanId === calls[0].spanId && span.kind === 3);
		assert.ok(sql.length >= 1, `${name} asks the database`);
		for (const span of sql) {
			assert.match(span.attributes['db.query.text'], /^SELECT /);
			assert.equal(span.attributes['db.system.name'], 'postgresql');
		}
	}
	const [reports] = found.filter((span) => span.name === 'reports_newest');
	assert.equal(reports.attributes['db.response.returned_rows'], 31); // one more, to know of a next page
	for (const span of found) {
		assert.match(span.traceId, /^[0-9a-f]{32}$/);
		assert.match(span.spanId, /^[0-9a-f]{16}$/);
		assert.ok(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano));
		assert.ok(BigInt(span.endTimeUnixNano) <= BigInt(root.endTimeUnixNano));
	}
	assert.equal(new Set(found.map((span) => span.spanId)).size, found.length);
});

test('who says that a request is not traced is heard; nonsense begins a new trace', async () => {
	const silent = hex(16), loud = hex(16);
	const { headers } = await ask(list, { headers: { traceparent: `00-${silent}-${hex(8)}-00` } });
	assert.equal(headers.get('traceparent'), null);
	const nonsense = await ask(list, { headers: { traceparent: `00-${'0'.repeat(32)}-${hex(8)}-01` } });
	const begun = nonsense.headers.get('traceparent').split('-')[1];
	await ask(list, { headers: { traceparent: `00-${loud}-${hex(8)}-01` } });
	await traced(loud);
	assert.equal(ofTrace(silent).length, 0);
	assert.equal((await traced(begun)).find((span) => span.kind === 2).parentSpanId, undefined);
});

test('a failing field is a failed span', async () => {
	const trace = hex(16);
	await ask('{ damageReport(id: "00000000-0000-7000-8000-000000000000", number: 1) { id } }', { headers: { traceparent: `00-${trace}-${hex(8)}-01` } });
	const call = (await traced(trace)).find((span) => span.name === 'Query.damageReport');
	assert.deepEqual(call.status, { code: 2, message: 'BAD_INPUT' });
});

test('operations of sockets and told events are traced', async () => {
	const trace = hex(16), traceparent = `00-${trace}-${hex(8)}-01`;
	const client = createClient({ url: `${fleet.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0, lazyCloseTimeout: 5000,
		connectionParams: { authorization: `Bearer ${fleet.tokens.manager}` } });
	const told = new Promise((resolve, reject) => client.subscribe({ query: 'subscription { damageReportCreated { report { vehicle { name } } } }' },
		{ next: resolve, error: reject, complete: () => undefined }));
	await until('a subscription', async () => await fleet.metric('fleet_subscriptions') === 1);
	await new Promise((resolve, reject) => client.subscribe({ query: '{ viewer { role } }', extensions: { traceparent } },
		{ next: () => undefined, error: reject, complete: resolve }));
	assert.deepEqual((await traced(trace)).map(({ name }) => name).sort(), ['Query.viewer', 'graphql-transport-ws', 'query']);
	await ask('mutation { createDamageReport(input: { vehicleName: "VAN-12", description: "traced" }) { report { id } } }');
	await told;
	const event = await until('the event', () => spans.find((span) => span.name === 'damageReportCreated'));
	assert.equal(event.attributes['messaging.message.type'], 'report.created');
	assert.ok(ofTrace(event.traceId).some((span) => span.name === 'DamageReportChange.report'));
	await client.dispose();
});

test('a collector that is away costs requests nothing but its spans', async () => {
	const lost = hex(16), kept = hex(16);
	refuse = true;
	assert.equal((await ask(list, { headers: { traceparent: `00-${lost}-${hex(8)}-01` } })).status, 200);
	await until('a refused batch', () => refused > 0);
	assert.equal((await ask(list)).status, 200);
	refuse = false;
	await until('a batch that is taken', async () => {
		await ask('{ viewer { role } }', { headers: { traceparent: `00-${kept}-${hex(8)}-01` } });
		return ofTrace(kept).length;
	});
	assert.equal(ofTrace(lost).length, 0);
});

test('explain: the plan, its waves, calls and SQL, for who may see them', async () => {
	const { body, headers } = await ask(list, { headers: { 'fleet-explain': '1' } });
	assert.equal(body.data.damageReports.nodes.length, 30);
	assert.equal(headers.get('cache-control'), 'no-store');
	const { explain } = body.extensions;
	assert.equal(explain.operation, 'query');
	assert.equal(explain.cached, true);
	for (const part of ['prepare', 'execute', 'write']) assert.ok(explain.micros[part] >= 0 && Number.isInteger(explain.micros[part]), part);
	assert.deepEqual(explain.plan, [{ key: 'damageReports', field: 'Query.damageReports', how: 'batch', wave: 1, selections: [
		{ key: 'nodes', field: 'DamageReportConnection.nodes', how: 'getter', selections: [
			{ key: 'id', field: 'DamageReport.id', how: 'column' },
			{ key: 'vehicle', field: 'DamageReport.vehicle', how: 'batch', wave: 2, selections: [{ key: 'name', field: 'Vehicle.name', how: 'column' }] },
			{ key: 'other', field: 'DamageReport.vehicle', how: 'batch', wave: 2, selections: [{ key: 'plate', field: 'Vehicle.plate', how: 'column' }] },
			{ key: 'photos', field: 'DamageReport.photos', how: 'batch', wave: 2, selections: [{ key: 'id', field: 'Photo.id', how: 'column' }] },
		] },
	] }]);
	assert.deepEqual(explain.calls.map(({ wave, field, parents }) => [wave, field, parents]),
		[[1, 'Query.damageReports', 1], [2, 'DamageReport.vehicle', 30], [2, 'DamageReport.photos', 30]]);
	const [reports] = explain.calls[0].sql.filter(({ name }) => name === 'reports_newest');
	assert.equal(reports.rows, 31);
	assert.match(reports.text, /^SELECT .* FROM damage_reports/);
	assert.ok(reports.micros > 0 && reports.micros <= explain.calls[0].micros + 1000);
	assert.equal((await ask('mutation { createDamageReport(input: { vehicleName: "VAN-12", description: "explained" }) { report { id } } }',
		{ headers: { 'fleet-explain': '1' } })).body.extensions.explain.operation, 'mutation');
});

test('explain is not for everybody, and nobody gets it unasked', async () => {
	for (const caller of ['driver', 'auditor']) {
		const { status, body } = await ask(list, { caller, headers: { 'fleet-explain': '1' } });
		assert.equal(status, 403);
		assert.equal(body.errors[0].extensions.code, 'FORBIDDEN');
		assert.equal(body.data, undefined);
	}
	assert.ok((await ask(list, { caller: 'admin', headers: { 'fleet-explain': '1' } })).body.extensions.explain);
	assert.equal((await ask(list)).body.extensions, undefined);
	assert.equal((await ask(list, { headers: { 'fleet-explain': '0' } })).body.extensions, undefined);
	const both = await ask(list, { headers: { 'fleet-explain': '1', 'graphql-cost': 'report' } });
	assert.deepEqual(Object.keys(both.body.extensions), ['cost', 'explain']);
});

let good = false;
try {
	good = await runTests([...tests, { name: 'stops cleanly, with clean logs', run: () => fleet.stop() }]);
} finally {
	if (fleet.child.exitCode === null) await fleet.kill();
	collector.close();
}
process.exit(good ? 0 : 1);
