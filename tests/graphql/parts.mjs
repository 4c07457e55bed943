// Responses in parts from a real server: multipart/mixed, Server-Sent Events and WebSocket, both formats, and an export that
// is read slowly. `npm ci` here first; then: node parts.mjs [REPORTS], as many reports as the export shall have.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { once } from 'node:events';
import WebSocket from 'ws';
import { root, startFleet, runTests } from '../lib/fleet.mjs';
import { Merged } from './merge.mjs';

const program = process.env.FLEET_PROGRAM ?? `${root}/build/fleet`;
const reports = Number(process.argv[2] ?? 5000);
const fleet = await startFleet({ threads: 1, seedReports: Math.min(reports, 5000) });
if (reports > 5000) { // a server that starts has a time limit; one that runs is filled as long as it takes
	const seed = spawn(program, ['seed', '--home', fleet.home, '--reports', String(reports - 5000)], { stdio: 'inherit' });
	assert.equal((await once(seed, 'exit'))[0], 0);
}
const v02 = 'multipart/mixed; incrementalSpec=v0.2, application/json';
const of2022 = 'multipart/mixed;deferSpec=20220824,application/json';
const document = `query($n: Int!) {
	damageReports(first: $n) { nodes { id number ...@defer(label: "vehicle") { vehicle { name } } } }
	facilities @stream(initialCount: 1, label: "depots") { id name }
}`;

// The response as it comes: its headers, and its body piece by piece.
async function send(query, variables, accept) {
	const body = JSON.stringify({ query, variables });
	const call = httpRequest(`${fleet.url}/graphql`, { method: 'POST', headers: {
		accept, authorization: `Bearer ${fleet.tokens.manager}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body),
	} });
	call.end(body);
	const [response] = await once(call, 'response');
	response.setEncoding('utf8');
	return response;
}

// The payloads of a multipart response, each as soon as its boundary is there.
async function* multipart(response) {
	assert.match(response.headers['content-type'], /^multipart\/mixed; boundary="-"; /);
	assert.equal(response.headers['transfer-encoding'], 'chunked');
	let text = '', first = true;
	for await (const piece of response) {
		text += piece;
		for (let at; (at = text.indexOf('\r\n---', first ? 0 : 1)) >= 0;) {
			const part = text.slice(0, at);
			text = text.slice(at + 5);
			if (first) assert.equal(part, '');
			else {
				const [head, json] = part.split('\r\n\r\n');
				assert.equal(head, '\r\nContent-Type: application/json; charset=utf-8');
				yield JSON.parse(json);
			}
			first = false;
		}
	}
	assert.equal(text, '--\r\n');
}

async function merged(payloads, old = false) {
	const all = new Merged(old);
	for await (const payload of payloads) all.take(payload);
	all.finish();
	assert.deepEqual([...all.errors], []);
	return all;
}

async function* events(response) {
	assert.match(response.headers['content-type'], /^text\/event-stream/);
	let text = '', ended = false;
	for await (const piece of response) {
		text += piece;
		for (let at; (at = text.indexOf('\n\n')) >= 0;) {
			const lines = text.slice(0, at).split('\n');
			text = text.slice(at + 2);
			if (lines[0] === 'event: complete') ended = true;
			else if (lines[0] === 'event: next') yield JSON.parse(lines[1].slice('data: '.length));
		}
	}
	assert.ok(ended);
}

async function* socket(query, variables) {
	const ws = new WebSocket(`${fleet.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
	const arrived = [];
	let wake = () => undefined;
	ws.on('message', (bytes) => { arrived.push(JSON.parse(bytes)); wake(); });
	await once(ws, 'open');
	ws.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${fleet.tokens.manager}` } }));
	ws.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables } }));
	try {
		for (;;) {
			while (arrived.length === 0) await new Promise((resolve) => { wake = resolve; });
			const message = arrived.shift();
			if (message.type === 'complete') return;
			if (message.type === 'next') yield message.payload;
			else assert.equal(message.type, 'connection_ack', JSON.stringify(message));
		}
	} finally {
		ws.close();
	}
}

async function whole() {
	const { body } = await fleet.ask(document, { n: 3 });
	assert.equal(body.errors, undefined);
	return body.data;
}

const rssKiB = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${fleet.pids().serve}/status`, 'utf8'))[1]);
const exportDocument = `{ exportDamageReports @stream { id number status description vehicle { name } photos { id } } }`;

const tests = [
	{ name: 'who takes no parts gets the whole', async run() {
		const response = await send(document, { n: 3 }, 'application/json');
		assert.match(response.headers['content-type'], /^application\/json/);
		let text = '';
		for await (const piece of response) text += piece;
		assert.deepEqual(JSON.parse(text), { data: await whole() });
	} },
	{ name: 'multipart/mixed', async run() {
		const response = await send(document, { n: 3 }, v02);
		assert.match(response.headers['content-type'], /incrementalSpec=v0\.2$/);
		const all = await merged(multipart(response));
		assert.deepEqual(all.data, await whole());
		assert.ok(all.used.size >= 4);
	} },
	{ name: 'multipart/mixed of 2022', async run() {
		const response = await send(document, { n: 3 }, of2022);
		assert.match(response.headers['content-type'], /deferSpec=20220824$/);
		const all = await merged(multipart(response), true);
		assert.deepEqual(all.data, await whole());
		assert.ok(all.labels.includes('vehicle') && all.labels.includes('depots'));
	} },
	{ name: 'a single part: JSON for who takes it, else multipart', async run() {
		const json = await send('{ viewer { role } }', {}, v02);
		assert.match(json.headers['content-type'], /^application\/json/);
		json.resume();
		const payloads = [];
		for await (const payload of multipart(await send('{ viewer { role } }', {}, 'multipart/mixed'))) payloads.push(payload);
		assert.deepEqual(payloads, [{ data: { viewer: { role: 'MANAGER' } } }]);
	} },
	{ name: 'a document that is wrong', async run() {
		const response = await send('{ nothing ... @defer { hello } }', {}, v02);
		let text = '';
		for await (const piece of response) text += piece;
		assert.equal(JSON.parse(text).errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
	} },
	{ name: 'Server-Sent Events', async run() {
		const all = await merged(events(await send(document, { n: 3 }, 'text/event-stream')));
		assert.deepEqual(all.data, await whole());
	} },
	{ name: 'WebSocket', async run() {
		const all = await merged(socket(document, { n: 3 }));
		assert.deepEqual(all.data, await whole());
		assert.ok(all.used.size >= 4);
	} },
	{ name: 'a client that leaves in the middle', async run() {
		const response = await send(exportDocument, {}, v02);
		await once(response, 'data');
		response.destroy();
		for await (const payload of socket(exportDocument, {})) if (payload.incremental) break;
		assert.equal((await fleet.ask('{ viewer { role } }')).status, 200);
	} },
	{ name: `an export of ${reports} reports, read slowly, in constant memory`, async run() {
		await merged(multipart(await send('{ exportDamageReports(filter: { status: [REPORTED] }) @stream { id } }', {}, v02)));
		const ids = new Set();
		let before = 0, most = 0, payloads = 0;
		const response = await send(exportDocument, {}, v02);
		const { socket: wire } = response;
		for await (const payload of multipart(response)) {
			payloads++;
			for (const entry of payload.incremental ?? []) for (const item of entry.items ?? []) ids.add(item.id);
			if (payloads === 12) before = rssKiB();
			if (payloads % 20 === 0) {
				most = Math.max(most, rssKiB());
				await new Promise((resolve) => setTimeout(resolve, 10)); // the server waits for a reader that is not in a hurry
			}
		}
		assert.equal(ids.size, reports);
		console.log(`        ${payloads} payloads, ${(wire.bytesRead / 1e6).toFixed(1)} MB; the server has ${(before / 1024).toFixed(1)} MiB in memory after 12 of them, at most ${(most / 1024).toFixed(1)} MiB`);
		assert.ok(most === 0 || most < before + 8 * 1024, `${before} KiB grew to ${most} KiB`);
	} },
	{ name: 'stops cleanly, with clean logs', run: () => fleet.stop() },
];

let good = false;
try {
	good = await runTests(tests);
} finally {
	if (fleet.child.exitCode === null) await fleet.kill();
}
process.exit(good ? 0 : 1);
