// The link by which a vendor without an account writes an estimate, as a browser without script and as a program: what it shows,
// what it hides, and every way in which it ends. Mail goes to an SMTP server of this test.
import { spawnSync } from 'node:child_process';
import { strict as assert } from 'node:assert';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { root, runTests, startFleet, until } from '../lib/fleet.mjs';
import { picture } from '../lib/picture.mjs';

const program = process.env.FLEET_PROGRAM ?? join(root, 'build', 'fleet');

// ---- a mail server

const mails = []; // { to, text }
let refuse = '', refusals = 0; // what the server says instead of taking mail
const post = createServer((socket) => {
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
			} else if (refuse && /^MAIL FROM/i.test(line)) { // also on a connection that was kept
				refusals++;
				socket.end(`${refuse}\r\n`);
			} else if (/^RCPT TO:<(.*?)>/i.test(line)) { mail.to = /<(.*?)>/.exec(line)[1]; socket.write('250 ok\r\n'); }
			else if (/^DATA/i.test(line)) { inData = true; socket.write('354 go on\r\n'); }
			else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
			else socket.write('250 ok\r\n');
		}
	});
});
await new Promise((resolve) => post.listen(0, '127.0.0.1', resolve));
const fleet = await startFleet({ seedReports: 50, args: ['--mail-url', `smtp://127.0.0.1:${post.address().port}`, '--mail-from', 'fleet@example.org'] });

// ---- the API

async function ask(query, variables, caller = 'manager') {
	const { body } = await fleet.ask(query, variables, caller);
	if (body.errors) throw new Error(body.errors[0].message);
	return body.data;
}

async function refused(code, query, variables, caller = 'manager') {
	const { body } = await fleet.ask(query, variables, caller);
	assert.equal(body.errors?.[0].extensions.code, code, JSON.stringify(body));
}

const file = 'mutation M($input: CreateDamageReportInput!) { createDamageReport(input: $input) { report { id number } } }';
const request = 'mutation M($input: RequestEstimateInput!) { requestEstimate(input: $input) { url mailed mailProblem estimate { id state version vendorName } } }';
const renew = 'mutation M($input: RenewEstimateLinkInput!) { renewEstimateLink(input: $input) { url estimate { state } } }';
const revoke = 'mutation M($input: EstimateInput!) { revokeEstimateLink(input: $input) { estimate { link { revoked } } } }';
const accept = 'mutation M($input: EstimateInput!) { acceptEstimate(input: $input) { estimate { state } report { stage } } }';
const read = `query Q($id: ID!) { damageReport(id: $id) { estimates { id state version link { uses revoked } current { number byVendor reference repairDays validUntil labourHours net { amount } total { amount }
	lines { kind text zoneId partNumber source net { amount } } } } history(first: 3) { nodes { kind text actor { name } } } } }`;
const estimateOf = async (report, id) => (await ask(read, { id: report })).damageReport.estimates.find((e) => e.id === id);

async function newReport(description, photos) {
	const { createDamageReport: { report } } = await ask(file, { input: { vehicleName: 'VAN-31', description, photos: [] } });
	return report.id;
}

async function asked(report, input = {}) {
	const answer = (await ask(request, { input: { reportId: report, email: 'shop@example.org', mail: false, ...input } })).requestEstimate;
	tokens.push(answer.url.split('/').at(-1));
	return { ...answer, path: new URL(answer.url).pathname, token: answer.url.split('/').at(-1), id: answer.estimate.id };
}

// ---- a browser without script

async function get(path, headers = { accept: 'text/html' }) {
	const answer = await fetch(fleet.url + path, { headers, redirect: 'manual' });
	return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

async function send(path, fields) {
	const answer = await fetch(fleet.url + path, { method: 'POST', headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' },
		body: new URLSearchParams(fields).toString(), redirect: 'manual' });
	return { status: answer.status, location: answer.headers.get('location'), text: await answer.text() };
}

const tokens = [];
const hostile = '"><script>alert(1)</script>&\'`';
let report, link;

const good = await runTests([
	{ name: 'only who decides asks, and only for what is there', run: async () => {
		const photo = { name: 'door.jpg', bytes: picture('door.jpg', '--seed 5 --part door') };
		const { body } = await fleet.ask(file, { input: { vehicleName: 'VAN-31', description: `The left door. ${hostile}`, photos: [null] } }, 'driver', [photo]);
		report = body.data.createDamageReport.report.id;
		for (const caller of ['driver', 'auditor']) await refused('FORBIDDEN', request, { input: { reportId: report, email: 'a@example.org' } }, caller);
		await refused('UNAUTHENTICATED', request, { input: { reportId: report, email: 'a@example.org' } }, null);
		await refused('BAD_USER_INPUT', request, { input: { reportId: report } });
		await refused('BAD_USER_INPUT', request, { input: { reportId: report, email: 'not an address' } });
		await refused('BAD_USER_INPUT', request, { input: { reportId: report, email: 'a@example.org', expiresAt: '2020-01-01T00:00:00Z' } });
		await refused('BAD_USER_INPUT', request, { input: { reportId: report, email: 'a@example.org', expiresAt: '2099-01-01T00:00:00Z' } });
		await refused('NOT_FOUND', request, { input: { reportId: '0199c7a3-3f7b-7e2f-b1c0-5f1f1d1c0a11', email: 'a@example.org' } });
	} },
	{ name: 'a link goes by mail, and the token is nowhere but in it', run: async () => {
		link = await asked(report, { email: 'shop@example.org', message: 'Please by Friday.', mail: true });
		assert.equal(link.mailed, true, link.mailProblem);
		assert.match(link.token, /^[A-Za-z0-9]{44}$/);
		const mail = mails.find(({ to }) => to === 'shop@example.org');
		assert.ok(mail.text.replace(/=\r\n/g, '').includes(link.token));
		assert.ok(mail.text.includes('Please by Friday.'));
		const { damageReport: { estimates, history } } = await ask(read, { id: report });
		assert.ok(!JSON.stringify([estimates, history]).includes(link.token));
		assert.equal(history.nodes[0].kind, 'ESTIMATE_REQUESTED');
		for (const { text } of fleet.logs()) assert.ok(!text.includes(link.token));
	} },
	{ name: 'a mail server that is away gets it later, and the manager sees why it waits', run: async () => {
		const mailOf = async (id, estimate) => (await ask('query Q($id: ID!) { damageReport(id: $id) { estimates { id link { mail mailProblem mailTries mailTriedAt } } } }', { id })).damageReport.estimates.find((e) => e.id === estimate).link;
		const id = await newReport('while the mail is away');
		refuse = '421 come back later';
		const one = await asked(id, { email: 'patient@example.org', mail: true }), old = await asked(id, { email: 'renewed@example.org', mail: true });
		assert.equal(one.mailed, false);
		assert.match(one.mailProblem, /; it is tried again$/);
		const first = await mailOf(id, one.id);
		assert.equal(first.mail, 'WAITING');
		assert.ok(first.mailProblem.length > 5 && first.mailTriedAt);
		const { damageReport: { number } } = await ask('query Q($id: ID!) { damageReport(id: $id) { number } }', { id });
		const page = await get(`/reports/${number}`, { accept: 'text/html', cookie: `fleet_session=${fleet.tokens.manager}` });
		assert.match(page.text, /Not yet sent: /);
		const next = (await ask('mutation M($input: RenewEstimateLinkInput!) { renewEstimateLink(input: $input) { url } }', { input: { reportId: id, estimateId: old.id, mail: false } })).renewEstimateLink;
		tokens.push(next.url.split('/').at(-1));
		await until('the queue to try', async () => (await mailOf(id, one.id)).mailTries > 1);
		assert.equal((await mailOf(id, one.id)).mail, 'WAITING');
		assert.ok(refusals >= 3);
		refuse = '';
		const mail = await until('the mail', () => mails.find(({ to }) => to === 'patient@example.org'));
		assert.ok(mail.text.replace(/=\r\n/g, '').includes(one.url)); // the link that the manager was shown
		const sent = await until('its state', async () => { const link = await mailOf(id, one.id); return link.mail === 'SENT' && link; });
		assert.equal(sent.mailProblem, null);
		assert.equal((await get(one.path)).status, 200);
		assert.ok(!mails.some(({ to }) => to === 'renewed@example.org'), 'a link that another took the place of was sent');
		assert.deepEqual(await mailOf(id, old.id), { mail: null, mailProblem: null, mailTries: 0, mailTriedAt: null });
	} },
	{ name: 'the page shows the damage and nothing of the company or its people', run: async () => {
		await ask('mutation M($input: AddDamageZoneInput!) { addDamageZone(input: $input) { zoneId } }', { input: { reportId: report, zone: { part: 'FRONT_DOOR', side: 'LEFT', kind: 'DENT', sizeMm: 120 } } });
		const { status, headers, text } = await get(link.path);
		assert.equal(status, 200);
		assert.match(headers.get('content-security-policy'), /default-src 'self'/);
		assert.match(headers.get('x-robots-tag'), /noindex/);
		assert.match(text, /Damage 1: dent, left front door, 120 mm/);
		assert.match(text, /Please by Friday\./);
		assert.ok(!text.includes('<script>alert'));
		assert.ok(text.includes('&lt;script&gt;alert(1)&lt;/script&gt;'));
		assert.ok(!text.includes(report), 'the id of the report');
		const { damageReport: facts } = await ask('query Q($id: ID!) { damageReport(id: $id) { number vehicle { vin name value { amount } } driver { name } estimatedCost { amount } facility { name } } }', { id: report });
		const hidden = [facts.vehicle.vin, facts.vehicle.name, facts.driver?.name, facts.facility?.name].filter(Boolean);
		for (const word of hidden) assert.ok(!text.includes(word), word);
	} },
	{ name: 'its photos are there, the originals are not', run: async () => {
		const { text } = await get(link.path);
		const [, path] = /src="(\/quote\/[^"]+\/thumb)"/.exec(text);
		const thumb = await fetch(fleet.url + path);
		assert.equal(thumb.status, 200);
		assert.equal(thumb.headers.get('content-type'), 'image/jpeg');
		assert.equal((await fetch(fleet.url + path.replace('thumb', 'original'))).status, 404);
		assert.equal((await fetch(fleet.url + path.replace('/1/', '/2/'))).status, 404);
		assert.equal((await fetch(fleet.url + path.replace(link.token, link.token.slice(1) + 'a'))).status, 404);
	} },
	{ name: 'every wrong token gives the same answer', run: async () => {
		const last = link.token.at(-1) === 'A' ? 'B' : 'A';
		const wrong = [link.token.slice(0, -1) + last, link.token.slice(1), `${link.token}x`, link.token.toLowerCase(), 'x', '%00', '%ff%fe', "'; DROP TABLE estimates; --", 'x'.repeat(900)];
		const answers = await Promise.all(wrong.map((token) => get(`/quote/${encodeURIComponent(decodeURIComponentSafe(token))}`)));
		for (const answer of answers) assert.equal(answer.status, 404);
		assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
		for (const token of wrong.slice(0, 5)) assert.equal((await send(`/quote/${token}`, { action: 'send' })).status, 404);
	} },
	{ name: 'a form with a mistake says which, and keeps what was typed', run: async () => {
		const answer = await send(link.path, { action: 'send', revision: '0', k1: 'LABOUR', t1: hostile, q1: '2', p1: 'a lot', t2: 'kept', k2: 'PARTS', p2: '10' });
		assert.equal(answer.status, 400);
		assert.match(answer.text, /line 1: the price must be a number/);
		assert.match(answer.text, /value="kept"/);
		assert.ok(!answer.text.includes('<script>alert'));
		for (const fields of [{}, { t1: 'no price', k1: 'LABOUR' }, { t1: 'x', k1: 'NOTHING', p1: '1' }, { t1: 'x', k1: 'LABOUR', p1: '99999999999' }, { t1: 'x', k1: 'LABOUR', p1: '1', valid: 'soon' },
			{ t1: 'x', k1: 'LABOUR', p1: '1', tax: '101' }, { t1: 'x'.repeat(301), k1: 'LABOUR', p1: '1' }, { t1: 'x', k1: 'LABOUR', p1: '1', q1: '-1' }])
			assert.equal((await send(link.path, { action: 'send', revision: '0', ...fields })).status, 400, JSON.stringify(fields));
		assert.equal((await estimateOf(report, link.id)).state, 'REQUESTED');
	} },
	{ name: 'rows are added without losing any', run: async () => {
		const { status, text } = await send(link.path, { action: 'more', revision: '0', t6: 'the sixth', k6: 'PAINT', p6: 'not yet a number' });
		assert.equal(status, 200);
		assert.match(text, /name="t16"/);
		assert.match(text, /value="the sixth"/);
	} },
	{ name: 'saved, and the company does not see it yet', run: async () => {
		const answer = await send(link.path, { action: 'save', revision: '0', k1: 'LABOUR', t1: 'straighten', q1: '3', p1: '80', tax: '19' });
		assert.deepEqual([answer.status, answer.location], [303, `${link.path}?done=save`]);
		const { text } = await get(answer.location);
		assert.match(text, /Saved\. It is not sent yet/);
		assert.match(text, /value="straighten"/);
		const estimate = await estimateOf(report, link.id);
		assert.deepEqual([estimate.state, estimate.current], ['REQUESTED', null]);
	} },
	{ name: 'sent, counted by us', run: async () => {
		const answer = await send(link.path, { action: 'send', revision: '0', reference: 'KV 7', tax: '19', days: '2', valid: '2030-06-30', note: hostile, total: '1',
			k1: 'LABOUR', t1: 'straighten', q1: '3', p1: '80', z1: '1', k2: 'PARTS', t2: hostile, q2: '1,5', p2: '10.00', d2: '10', n2: 'N-1', s2: 'USED' });
		assert.deepEqual([answer.status, answer.location], [303, `${link.path}?done=send`]);
		const estimate = await estimateOf(report, link.id);
		assert.equal(estimate.state, 'SUBMITTED');
		assert.deepEqual(estimate.current, { number: 1, byVendor: true, reference: 'KV 7', repairDays: 2, validUntil: '2030-07-01T00:00:00Z', labourHours: '3', net: { amount: '253.50' }, total: { amount: '301.67' },
			lines: [{ kind: 'LABOUR', text: 'straighten', zoneId: '1', partNumber: null, source: null, net: { amount: '240.00' } },
				{ kind: 'PARTS', text: hostile, zoneId: null, partNumber: 'N-1', source: 'USED', net: { amount: '13.50' } }] });
		const { damageReport: { history } } = await ask(read, { id: report });
		assert.deepEqual([history.nodes[0].kind, history.nodes[0].actor], ['ESTIMATE_SUBMITTED', null]);
		assert.match(history.nodes[0].text, /^The vendor sent in estimate 1 of shop@example\.org, 301\.67$/);
	} },
	{ name: 'a form that is behind does not write over what was sent', run: async () => {
		const answer = await send(link.path, { action: 'send', revision: '0', k1: 'LABOUR', t1: 'old', p1: '1' });
		assert.equal(answer.status, 409);
		assert.equal((await estimateOf(report, link.id)).current.number, 1);
	} },
	{ name: 'a program of a vendor reads and revises as JSON', run: async () => {
		const headers = { accept: 'application/json', 'content-type': 'application/json' };
		const seen = JSON.parse((await get(link.path, headers)).text);
		assert.deepEqual([seen.state, seen.sent.total, seen.damages[0].part], ['OPEN', '301.67', 'FRONT_DOOR']);
		const put = async (body) => fetch(fleet.url + link.path, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
		for (const body of ['', '{', '[]', '{"lines":7}', { lines: [] }, { lines: [{ kind: 'LABOUR', text: 'x', unitPrice: 'much' }] }, { lines: Array(201).fill({ kind: 'LABOUR', text: 'x', unitPrice: 1 }) }])
			assert.equal((await put(body)).status, 400, JSON.stringify(body).slice(0, 80));
		const answer = await put({ taxRate: 19, lines: [{ kind: 'LABOUR', text: 'straighten', quantity: 2.5, unitPrice: '80.00', damage: 1 }] });
		assert.equal(answer.status, 200);
		assert.deepEqual((await answer.json()).sent, { revision: 2, net: '200.00', tax: '38.00', total: '238.00' });
		assert.equal((await estimateOf(report, link.id)).state, 'REVISED');
	} },
	{ name: 'two who send at once: one of them is told', run: async () => {
		const one = { action: 'send', revision: '2', k1: 'LABOUR', t1: 'at once', p1: '5' };
		const answers = await Promise.all([send(link.path, one), send(link.path, one), send(link.path, one)]);
		assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 409, 409]);
		assert.equal((await estimateOf(report, link.id)).current.number, 3);
	} },
	{ name: 'another link of the same report sees nothing of this one', run: async () => {
		const other = await asked(report, { email: 'rival@example.org' });
		const { text } = await get(other.path);
		for (const word of ['shop@example.org', 'at once', 'KV 7', 'Please by Friday']) assert.ok(!text.includes(word), word);
		await send(other.path, { action: 'withdraw', reason: 'too far' });
		assert.equal((await estimateOf(report, other.id)).state, 'WITHDRAWN');
		const after = await get(other.path);
		assert.equal(after.status, 410);
		assert.ok(!after.text.includes('The left door'));
	} },
	{ name: 'a session of the same browser changes nothing', run: async () => {
		const { status, text } = await get(link.path, { accept: 'text/html', cookie: `fleet_session=${fleet.tokens.admin}` });
		assert.equal(status, 200);
		assert.ok(!text.includes('Sign out'));
		assert.equal((await get(`/reports/1001`, { accept: 'text/html', cookie: `fleet_session=${link.token}` })).status, 303);
		await refused('UNAUTHENTICATED', '{ viewer { name } }', {}, `${link.token}.x.y`);
	} },
	{ name: 'accepted: the page says so and takes nothing more', run: async () => {
		const { version } = await estimateOf(report, link.id);
		const { acceptEstimate } = await ask(accept, { input: { reportId: report, estimateId: link.id, version } });
		assert.deepEqual(acceptEstimate, { estimate: { state: 'ACCEPTED' }, report: { stage: 'APPROVED' } });
		const { status, text } = await get(link.path);
		assert.equal(status, 200);
		assert.match(text, /Your estimate was accepted/);
		assert.ok(!text.includes('<form class="card quote-form"'));
		await send(link.path, { action: 'send', revision: '3', k1: 'LABOUR', t1: 'more', p1: '9999' });
		assert.equal((await estimateOf(report, link.id)).current.number, 3);
	} },
	{ name: 'two managers who choose at once, and a vendor who revises: one of them is told', run: async () => {
		const id = await newReport('for the race');
		const links = [await asked(id), await asked(id, { email: 'other@example.org' })];
		for (const [i, one] of links.entries()) assert.equal((await send(one.path, { action: 'send', revision: '0', k1: 'LABOUR', t1: 'work', p1: String(100 + i) })).status, 303);
		const choose = async (one) => (await fleet.ask(accept, { input: { reportId: id, estimateId: one.id, version: 2 } }, 'manager')).body.errors?.[0].extensions.code ?? 'OK';
		const results = await Promise.all([choose(links[0]), choose(links[1]), choose(links[0]), choose(links[1])]);
		assert.deepEqual(results.sort(), ['CONFLICT', 'CONFLICT', 'CONFLICT', 'OK']);
		const { damageReport: { estimates } } = await ask(read, { id });
		assert.deepEqual(estimates.map(({ state }) => state).sort(), ['ACCEPTED', 'DECLINED']);
		const late = await newReport('for the other race');
		const link = await asked(late);
		await send(link.path, { action: 'send', revision: '0', k1: 'LABOUR', t1: 'work', p1: '100' });
		const [revised, chosen] = await Promise.all([send(link.path, { action: 'send', revision: '1', k1: 'LABOUR', t1: 'more work', p1: '900' }),
			fleet.ask(accept, { input: { reportId: late, estimateId: link.id, version: 2 } }, 'manager')]);
		const { state, current } = await estimateOf(late, link.id);
		// Whoever was first: nobody has accepted an amount that they did not see.
		if (chosen.body.errors) assert.deepEqual([revised.status, state, current.total.amount, chosen.body.errors[0].extensions.code], [303, 'REVISED', '900.00', 'CONFLICT']);
		else assert.deepEqual([revised.status >= 400, state, current.total.amount], [true, 'ACCEPTED', '100.00']);
	} },
	{ name: 'a link that expired, was replaced, or was revoked', run: async () => {
		const id = await newReport('for links that end');
		const brief = await asked(id, { expiresAt: new Date(Date.now() + 1500).toISOString() });
		assert.equal((await get(brief.path)).status, 200);
		const ended = await until('the end of the link', async () => { const answer = await get(brief.path); return answer.status === 410 && answer; });
		assert.match(ended.text, /This link has expired/);
		assert.ok(!ended.text.includes('for links that end'));
		assert.equal((await send(brief.path, { action: 'send', revision: '0', k1: 'LABOUR', t1: 'late', p1: '1' })).status, 410);
		const second = (await ask(renew, { input: { reportId: id, estimateId: brief.id, mail: false } })).renewEstimateLink;
		const path = new URL(second.url).pathname;
		assert.notEqual(path, brief.path);
		assert.equal((await get(brief.path)).status, 404);
		assert.equal((await get(path)).status, 200);
		assert.deepEqual(await ask(revoke, { input: { reportId: id, estimateId: brief.id } }), { revokeEstimateLink: { estimate: { link: { revoked: true } } } });
		await refused('BAD_USER_INPUT', revoke, { input: { reportId: id, estimateId: brief.id } });
		const revoked = await get(path);
		assert.equal(revoked.status, 410);
		assert.match(revoked.text, /good no more/);
		assert.equal((await send(path, { action: 'send', revision: '0', k1: 'LABOUR', t1: 'late', p1: '1' })).status, 410);
		assert.equal((await estimateOf(id, brief.id)).current, null);
	} },
	{ name: 'a report that is refused needs no estimate', run: async () => {
		const id = await newReport('to be refused');
		const one = await asked(id);
		await ask('mutation M($input: TransitionDamageReportInput!) { transitionDamageReport(input: $input) { report { stage } } }', { input: { id, transition: 'REJECT', reason: 'wear' } });
		assert.match((await get(one.path)).text, /Nothing is to be estimated any more/);
		assert.equal((await send(one.path, { action: 'send', revision: '0', k1: 'LABOUR', t1: 'x', p1: '1' })).status, 410);
		await refused('BAD_USER_INPUT', request, { input: { reportId: id, email: 'b@example.org' } });
	} },
	{ name: 'twenty estimates a report, two hundred lines an estimate', run: async () => {
		const id = await newReport('for many');
		let last;
		for (let i = 0; i < 20; i++) last = await asked(id);
		await refused('LIMIT_EXCEEDED', request, { input: { reportId: id, email: 'b@example.org', mail: false } });
		const fields = { action: 'send', revision: '0' };
		for (let i = 1; i <= 200; i++) Object.assign(fields, { [`k${i}`]: 'OTHER', [`t${i}`]: `line ${i}`, [`p${i}`]: '0.01' });
		Object.assign(fields, { k201: 'OTHER', t201: 'one too many', p201: '1000' });
		assert.equal((await send(last.path, fields)).status, 303);
		const { current } = await estimateOf(id, last.id);
		assert.deepEqual([current.lines.length, current.total.amount], [200, '2.00']);
	} },
	{ name: 'another company has no part in it', run: async () => {
		const made = spawnSync(program, ['company', 'add', 'rival', '--name', 'Rival', '--admin', 'admin@rival.example', '--home', fleet.home], { input: 'a long password\n', encoding: 'utf8' });
		assert.equal(made.status, 0, made.stderr);
		const token = spawnSync(program, ['token', '--tenant', 'rival', '--role', 'admin', '--home', fleet.home], { encoding: 'utf8' }).stdout.trim();
		const { body } = await fleet.ask(read, { id: report }, token);
		assert.equal(body.data.damageReport, null);
		for (const [query, input] of [[request, { reportId: report, email: 'c@example.org' }], [renew, { reportId: report, estimateId: link.id }], [revoke, { reportId: report, estimateId: link.id }], [accept, { reportId: report, estimateId: link.id }]])
			await refused('NOT_FOUND', query, { input }, token);
	} },
	{ name: 'a link that is used without end is slowed down', run: async () => {
		const one = await asked(await newReport('for the limit'));
		const answers = await Promise.all(Array.from({ length: 260 }, () => get(one.path)));
		const limited = answers.filter(({ status }) => status === 429).length;
		assert.ok(limited >= 20 && limited < 40, `${limited} were refused`);
	} },
	{ name: 'who watches the report hears of an estimate at once', run: async () => {
		const id = await newReport('to be watched');
		const one = await asked(id);
		const stop = new AbortController();
		const answer = await fetch(`${fleet.url}/graphql`, { method: 'POST', signal: stop.signal,
			headers: { authorization: `Bearer ${fleet.tokens.manager}`, accept: 'text/event-stream', 'content-type': 'application/json' },
			body: JSON.stringify({ query: 'subscription S($id: ID) { damageReportUpdated(reportId: $id) { report { estimates { state current { total { amount } } } } } }', variables: { id } }) });
		const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
		let heard = '', sent = false;
		await until('the event', async () => {
			if (!sent) sent = (await send(one.path, { action: 'send', revision: '0', k1: 'LABOUR', t1: 'work', p1: '12' })).status === 303;
			heard += (await reader.read()).value ?? '';
			return heard.includes('"state":"SUBMITTED"');
		});
		assert.match(heard, /"amount":"12.00"/);
		await reader.cancel().catch(() => {});
		stop.abort();
	} },
	{ name: 'no log holds a token', run: () => {
		for (const { name, text } of fleet.logs()) for (const token of tokens) assert.ok(!text.includes(token), name);
	} },
	{ name: 'reports are still what their events say', run: async () => {
		const { status, stdout, stderr } = spawnSync(program, ['rebuild', '--check', '--home', fleet.home], { encoding: 'utf8' });
		assert.equal(status, 0, stdout + stderr);
	} },
	{ name: 'stops cleanly, with clean logs', run: () => fleet.stop() },
]);
post.close();
process.exit(good ? 0 : 1);

function decodeURIComponentSafe(text) {
	return text === '%00' ? '\u0001' : text === '%ff%fe' ? 'ÿþ' : text;
}
