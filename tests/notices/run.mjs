// Webhooks and alerts against real receivers: an HTTP server that checks signatures, and an SMTP server, both of this test.
import { execFile } from 'node:child_process';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root, runTests, startFleet, until } from '../lib/fleet.mjs';
import { difference } from '../lib/match.mjs';

const program = process.env.FLEET_PROGRAM ?? join(root, 'build', 'fleet');

// ---- receivers

const hooks = []; // { path, id, type, body, good }
let secret = '', answerWith = 200;
const receiver = createServer((request, response) => {
	let body = '';
	request.on('data', (bytes) => { body += bytes; });
	request.on('end', () => {
		const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = request.headers;
		const sum = createHmac('sha256', Buffer.from(secret.slice(6), 'base64')).update(`${id}.${at}.${body}`).digest();
		const given = Buffer.from(String(signature).slice(3), 'base64');
		const good = signature?.startsWith('v1,') && given.length === sum.length && timingSafeEqual(given, sum) && Math.abs(Date.now() / 1000 - Number(at)) < 60;
		hooks.push({ path: request.url, id, body: JSON.parse(body), good, status: answerWith });
		response.writeHead(answerWith).end();
	});
});
await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));

const mails = []; // { from, to, text }
const post = createTcpServer((socket) => {
	let buffer = '', mail = {}, inData = false;
	socket.write('220 test\r\n');
	socket.on('error', () => {});
	socket.on('data', (bytes) => {
		buffer += bytes;
		for (let end; (end = buffer.indexOf(inData ? '\r\n.\r\n' : '\r\n')) >= 0;) {
			const line = buffer.slice(0, end);
			buffer = buffer.slice(end + (inData ? 5 : 2));
			if (inData) {
				mails.push({ ...mail, text: line });
				inData = false;
				socket.write('250 taken\r\n');
			} else if (/^EHLO/i.test(line)) socket.write('250-test\r\n250 8BITMIME\r\n');
			else if (/^MAIL FROM:<(.*?)>/i.test(line)) { mail = { from: /<(.*?)>/.exec(line)[1] }; socket.write('250 ok\r\n'); }
			else if (/^RCPT TO:<(.*?)>/i.test(line)) { mail.to = /<(.*?)>/.exec(line)[1]; socket.write('250 ok\r\n'); }
			else if (/^DATA/i.test(line)) { inData = true; socket.write('354 go on\r\n'); }
			else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
			else socket.write('250 ok\r\n');
		}
	});
});
await new Promise((resolve) => post.listen(0, '127.0.0.1', resolve));

const at = `127.0.0.1:${receiver.address().port}`;
const fleet = await startFleet({ seedReports: 50, args: ['--outbound-allow', at, '--mail-url', `smtp://127.0.0.1:${post.address().port}`, '--mail-from', 'fleet@example.org'] });

// ---- the API

async function ask(query, variables, caller = 'admin') {
	const { body } = await fleet.ask(query, variables, caller);
	if (body.errors) throw new Error(body.errors[0].message);
	return body.data;
}

async function refused(code, query, variables, caller = 'admin') {
	const { body } = await fleet.ask(query, variables, caller);
	if (body.errors?.[0].extensions.code !== code) throw new Error(`not ${code}: ${JSON.stringify(body)}`);
}

function expect(actual, wanted) {
	const why = difference(wanted, actual, {});
	if (why) throw new Error(why);
}

const create = 'mutation M($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id active types stoppedWhy } secret } }';
const update = 'mutation M($input: UpdateWebhookInput!) { updateWebhook(input: $input) { webhook { id active stoppedWhy version } } }';
const file = 'mutation M($input: CreateDamageReportInput!) { createDamageReport(input: $input) { report { id number version } } }';
const log = 'query Q($id: ID, $state: DeliveryState) { deliveries(webhookId: $id, state: $state) { nodes { id eventId eventType state attempts deliveredAt tries { status durationMs error } } } }';
const deliveryOf = async (id, state) => (await ask(log, { id, state })).deliveries.nodes;
const fileReport = async (description) => (await ask(file, { input: { vehicleName: 'VAN-12', description, photos: [] } }, 'manager')).createDamageReport.report;
let hook, report;

const good = await runTests([
	{ name: 'only administrators set up webhooks, and only to where they may lead', run: async () => {
		await refused('FORBIDDEN', create, { input: { url: `http://${at}/` } }, 'manager');
		await refused('FORBIDDEN', '{ webhooks { id } }', {}, 'driver');
		await refused('FORBIDDEN', '{ deliveries { nodes { id } } }', {}, 'auditor');
		for (const url of ['https://127.0.0.1/', 'https://169.254.169.254/latest']) await refused('FORBIDDEN', create, { input: { url } });
		for (const url of ['http://example.com/', 'file:///etc/passwd', 'https://a:b@example.com/', 'nothing']) await refused('BAD_USER_INPUT', create, { input: { url } });
		await refused('BAD_USER_INPUT', create, { input: { url: `http://${at}/`, types: ['Report Created'] } });
	} },
	{ name: 'a filed report arrives, signed, with what a receiver needs to ask', run: async () => {
		({ webhook: hook, secret } = (await ask(create, { input: { url: `http://${at}/hook`, types: ['report.created'] } })).createWebhook);
		if (!/^whsec_[A-Za-z0-9+/]{43}=$/.test(secret)) throw new Error(secret);
		report = await fileReport('for the webhook');
		await until('the message', () => hooks.length);
		const message = hooks[0];
		if (!message.good) throw new Error('the signature is wrong');
		expect(message.body, { type: 'report.created', timestamp: '<<string>>', data: { eventId: '<<uuid>>', company: '<<uuid>>', reportId: report.id,
			reportUrl: `${fleet.url}/reports/${report.id}`, vehicleId: '<<string>>', change: '<<any>>' } });
		const [delivery] = await until('its log', async () => { const found = await deliveryOf(hook.id, 'DELIVERED'); return found.length && found; });
		expect(delivery, { id: message.id, eventId: message.body.data.eventId, eventType: 'report.created', state: 'DELIVERED', attempts: 1, deliveredAt: '<<string>>',
			tries: [{ status: 200, durationMs: '<<number>>', error: null }] });
	} },
	{ name: 'what is not asked for is not sent', run: async () => {
		await ask('mutation M($input: UpdateDamageReportInput!) { updateDamageReport(input: $input) { report { id } } }', { input: { id: report.id, priority: 2 } }, 'manager');
		const other = await fileReport('behind it'); // its message comes after what would have come before
		await until('the next message', () => hooks.some(({ body }) => body.data.reportId === other.id));
		if (hooks.some(({ body }) => body.type !== 'report.created')) throw new Error('an event came that nobody asked for');
	} },
	{ name: 'a receiver that fails is tried again, and the log says so', run: async () => {
		answerWith = 503;
		const failing = await fileReport('refused at first');
		await until('the first try', () => hooks.some(({ body }) => body.data.reportId === failing.id));
		answerWith = 200;
		const second = await until('the second try', () => hooks.filter(({ body }) => body.data.reportId === failing.id)[1]);
		const delivery = await until('its log', async () => (await deliveryOf(hook.id, 'DELIVERED')).find(({ id }) => id === second.id));
		expect(delivery.tries, [{ status: 503, durationMs: '<<number>>', error: 'it answered 503' }, { status: 200, durationMs: '<<number>>', error: null }]);
	} },
	{ name: 'a message can be sent again, under its own id', run: async () => {
		const [latest] = await deliveryOf(hook.id);
		const before = hooks.length;
		await ask('mutation M($id: ID!) { replayDelivery(id: $id) { delivery { state } } }', { id: latest.id });
		await until('the repeat', () => hooks.length > before);
		if (hooks[before].id !== latest.id) throw new Error('the repeat has another id');
	} },
	{ name: 'a new secret signs at once; a test message', run: async () => {
		const old = secret;
		({ secret } = (await ask('mutation M($id: ID!) { rotateWebhookSecret(id: $id) { secret } }', { id: hook.id })).rotateWebhookSecret);
		if (secret === old) throw new Error('it is the old one');
		const before = hooks.length;
		await ask('mutation M($id: ID!) { testWebhook(id: $id) { delivery { id state } } }', { id: hook.id });
		await until('the test message', () => hooks.length > before);
		if (!hooks[before].good || hooks[before].body.type !== 'webhook.test') throw new Error(JSON.stringify(hooks[before]));
	} },
	{ name: 'other companies have no part in it', run: async () => {
		const { stdout } = await promisify(execFile)(program, ['token', '--home', fleet.home, '--tenant', 'other', '--role', 'admin']);
		const other = stdout.trim();
		await refused('NOT_FOUND', 'mutation M($id: ID!) { replayDelivery(id: $id) { delivery { id } } }', { id: (await deliveryOf(hook.id))[0].id }, other);
		await refused('NOT_FOUND', 'mutation M($id: ID!) { testWebhook(id: $id) { delivery { id } } }', { id: hook.id }, other);
		await refused('NOT_FOUND', 'mutation M($id: ID!) { deleteWebhook(id: $id) { id } }', { id: hook.id }, other);
		expect(await ask('{ webhooks { id } deliveries { nodes { id } } }', {}, other), { webhooks: [], deliveries: { nodes: [] } });
	} },
	{ name: '410 Gone switches it off', run: async () => {
		answerWith = 410;
		await fileReport('nobody wants it');
		const stopped = await until('the stop', async () => (await ask('{ webhooks { id active stoppedWhy } }')).webhooks.find(({ active }) => !active));
		expect(stopped, { id: hook.id, active: false, stoppedWhy: 'the receiver answered 410 Gone' });
		if ((await deliveryOf(hook.id, 'FAILED')).length !== 1) throw new Error('the message does not count as failed');
		answerWith = 200;
		expect((await ask(update, { input: { id: hook.id, active: true } })).updateWebhook.webhook, { id: hook.id, active: true, stoppedWhy: null, version: '<<number>>' });
		await ask('mutation M($id: ID!) { deleteWebhook(id: $id) { id } }', { id: hook.id });
		expect((await ask('{ webhooks { id } }')).webhooks, []);
	} },
	{ name: 'an alert becomes a mail; quiet hours keep it back', run: async () => {
		const save = 'mutation M($input: SaveAlertInput!) { saveAlert(input: $input) { alert { id version quietFrom quietTo minSeverity } } }';
		await refused('BAD_USER_INPUT', save, { input: { name: 'x', quietFrom: '25:00', quietTo: '06:00' } }, 'manager');
		await refused('BAD_USER_INPUT', save, { input: { name: 'x', quietFrom: '22:00' } }, 'manager');
		const { alert } = (await ask(save, { input: { name: 'new damage', types: ['report.created'] } }, 'manager')).saveAlert;
		const now = new Date(), clock = (minutes) => new Date(now.getTime() + minutes * 60000).toISOString().slice(11, 16);
		await ask(save, { input: { name: 'kept back', types: ['report.*'], quietFrom: clock(-60), quietTo: clock(120) } }, 'manager');
		const filed = await fileReport('Kratzer an der Tür – „tief“');
		const mail = await until('the mail', () => mails[0]);
		if (mail.from !== 'fleet@example.org' || mail.to !== 'manager@demo.example') throw new Error(JSON.stringify(mail));
		for (const part of [`/reports/${filed.id}`, 'Kratzer an der Tür – „tief“', 'your alert "new damage"', 'Subject: =?UTF-8?B?'])
			if (!mail.text.includes(part)) throw new Error(`'${part}' is not in the mail:\n${mail.text}`);
		await until('the log', async () => (await deliveryOf()).filter(({ eventType, state }) => eventType === 'report.created' && state === 'WAITING').length === 1);
		if (mails.length !== 1) throw new Error('quiet hours kept nothing back');
		await ask('mutation M($id: ID!) { deleteAlert(id: $id) { id } }', { id: alert.id }, 'manager');
	} },
	{ name: 'a worker that dies loses no message', run: async () => {
		secret = (await ask(create, { input: { url: `http://${at}/late`, types: ['report.created'] } })).createWebhook.secret;
		process.kill(fleet.pids().work, 'SIGKILL');
		const late = await fileReport('while nobody works');
		await until('its message', () => hooks.some(({ body, path }) => path === '/late' && body.data.reportId === late.id), 60000);
	} },
	{ name: 'stops cleanly, with clean logs', run: () => fleet.stop() },
]);
receiver.close();
receiver.closeAllConnections?.();
post.close();
if (fleet.child.exitCode === null && fleet.child.signalCode === null) await fleet.kill();
process.exit(good ? 0 : 1);
