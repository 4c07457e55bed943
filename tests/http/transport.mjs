// Media types, methods, validators, compression, batches, and requests that a page of another site could send.
import assert from 'node:assert/strict';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { send } from './client.mjs';

const typed = 'application/graphql-response+json; charset=utf-8', plain = 'application/json; charset=utf-8';
const vehicles = '{ vehicles(first: 20) { nodes { id name make model vin facility { name } } } }';
const report = '{ damageReports(first: 1) { nodes { id description priority } } }';

export default (fleet, http) => [
	{
		name: 'transport: the media type is the one that the client likes best',
		run: async () => {
			const type = async (accept, query = '{ __typename }') => {
				const { status, headers } = await http.post({ query }, { headers: { accept } });
				return [status, headers['content-type']];
			};
			assert.deepEqual(await type('application/graphql-response+json'), [200, typed]);
			assert.deepEqual(await type('application/json'), [200, plain]);
			assert.deepEqual(await type('*/*'), [200, plain]);
			assert.deepEqual(await type('application/graphql-response+json;q=0.5, application/json'), [200, plain]);
			assert.deepEqual(await type('application/graphql-response+json, application/json;q=0.9'), [200, typed]);
			assert.deepEqual(await type('application/json', '{ nothing }'), [200, plain]);
			assert.deepEqual(await type('application/graphql-response+json', '{ nothing }'), [400, typed]);
			const none = await http.post({ query: '{ __typename }' }, { headers: { accept: 'text/html' } });
			assert.equal(none.status, 406);
			assert.equal(none.body.errors[0].extensions.code, 'NOT_ACCEPTABLE');
			assert.equal((await http.post({ query: '{ __typename }' }, { headers: { accept: 'text/html, */*;q=0' } })).status, 406);
		},
	},
	{
		name: 'transport: methods and bodies that are not for GraphQL',
		run: async () => {
			const put = await send(`${fleet.url}/graphql`, { method: 'PUT', body: '{}' });
			assert.equal(put.status, 405);
			assert.match(put.headers.allow, /POST/);
			const mutation = await http.get({ query: 'mutation { updateDamageReport(input: { id: "x" }) { report { id } } }' });
			assert.equal(mutation.status, 405);
			assert.equal(mutation.headers.allow, 'POST');
			const text = await http.post('{ __typename }', { headers: { 'content-type': 'text/plain' } });
			assert.equal(text.status, 415);
			assert.equal(text.body.errors[0].extensions.code, 'UNSUPPORTED_MEDIA_TYPE');
		},
	},
	{
		name: 'transport: every answer has its request id, also that of an error',
		run: async () => {
			const ids = new Set();
			for (const query of ['{ __typename }', '{ nothing }', '{'])
				ids.add((await http.post({ query })).headers['x-request-id']);
			ids.add((await http.post('nonsense')).headers['x-request-id']);
			assert.equal(ids.size, 4);
			for (const id of ids) assert.match(id, /^[0-9a-zA-Z-]{16,}$/);
			const answer = await http.post({ query: 'mutation { updateDamageReport(input: { id: "7" }) { report { id } } }' });
			assert.equal(answer.body.errors[0].extensions.requestId, answer.headers['x-request-id']);
		},
	},
	{
		name: 'transport: a query by GET has a tag, and 304 for who has the copy',
		run: async () => {
			const first = await http.get({ query: vehicles });
			assert.equal(first.status, 200);
			assert.match(first.headers.etag, /^W\/"[\w-]+"$/);
			assert.match(first.headers['cache-control'], /private/);
			assert.match(first.headers.vary, /Authorization/);
			const again = await http.get({ query: vehicles }, { headers: { 'if-none-match': first.headers.etag } });
			assert.equal(again.status, 304);
			assert.equal(again.bytes.length, 0);
			assert.equal(again.headers.etag, first.headers.etag);
			const others = await http.get({ query: vehicles }, { headers: { 'if-none-match': '"another", W/"one"' } });
			assert.equal(others.status, 200);
			assert.equal((await http.get({ query: vehicles.replace('vin', '') })).headers.etag === first.headers.etag, false);
			// A change of what is shown changes the tag.
			const { body } = await http.get({ query: report });
			const { id, priority } = body.data.damageReports.nodes[0], before = (await http.get({ query: report })).headers.etag;
			const changed = await http.post({ query: 'mutation($i: UpdateDamageReportInput!) { updateDamageReport(input: $i) { report { id } } }', variables: { i: { id, priority: priority % 10 + 1 } } });
			assert.equal(changed.body.errors, undefined);
			assert.equal(changed.headers.etag, undefined);
			assert.equal(changed.headers['cache-control'], 'no-store');
			assert.equal((await http.get({ query: report }, { headers: { 'if-none-match': before } })).status, 200);
			const wrong = await http.get({ query: '{ nothing }' });
			assert.equal(wrong.headers.etag, undefined);
			assert.equal(wrong.headers['cache-control'], 'no-store');
		},
	},
	{
		name: 'transport: answers are compressed as the client likes',
		run: async () => {
			const whole = await http.get({ query: vehicles });
			const packed = async (encoding) => http.get({ query: vehicles }, { headers: { 'accept-encoding': encoding } });
			const gzip = await packed('gzip'), br = await packed('br'), zstd = await packed('gzip, br, zstd');
			assert.deepEqual([gzip, br, zstd].map(({ headers }) => headers['content-encoding']), ['gzip', 'br', 'zstd']);
			assert.deepEqual(gunzipSync(gzip.bytes), whole.bytes);
			assert.deepEqual(brotliDecompressSync(br.bytes), whole.bytes);
			assert.equal(zstd.bytes.readUInt32LE(0), 0xfd2fb528);
			for (const { bytes, headers } of [gzip, br, zstd]) {
				assert.ok(bytes.length < whole.bytes.length / 2);
				assert.equal(headers.etag, whole.headers.etag);
				assert.match(headers.vary, /Accept-Encoding/);
			}
		},
	},
	{
		name: 'transport: a batch is answered in its order, each item by itself',
		run: async () => {
			const { status, body, headers } = await http.post([
				{ query: '{ viewer { role } }' },
				{ query: '{ nothing }' },
				{ query: 'query($n: Int) { damageReports(first: $n) { nodes { number } } }', variables: { n: 2 }, extensions: { cost: true } },
				{ quary: '' },
				{ query: 'mutation { updateDamageReport(input: { id: "7" }) { report { id } } }' },
				{ query: 'query A { __typename } query B { viewer { name } }', operationName: 'A' },
			]);
			assert.equal(status, 200);
			assert.equal(headers['cache-control'], 'no-store');
			assert.equal(body.length, 6);
			assert.deepEqual(body[0], { data: { viewer: { role: 'MANAGER' } } });
			assert.equal(body[1].errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
			assert.equal(body[2].data.damageReports.nodes.length, 2);
			assert.ok(body[2].extensions.cost.budget < 20000, 'what stands before has used some of the budget');
			assert.equal(body[3].errors[0].extensions.code, 'BAD_REQUEST');
			assert.equal(body[4].errors[0].path[0], 'updateDamageReport');
			assert.deepEqual(body[5], { data: { __typename: 'Query' } });
		},
	},
	{
		name: 'transport: queries of a batch share their waves',
		run: async () => {
			const one = { query: '{ viewer { tenant { name } } vehicles(first: 5) { nodes { name facility { name } } } }' };
			const statements = async (body) => {
				const before = await fleet.metric('fleet_sql_statements_total');
				await http.post(body);
				return await fleet.metric('fleet_sql_statements_total') - before;
			};
			const single = await statements(one);
			assert.equal(await statements([one, one, one]), 3 * single);
		},
	},
	{
		name: 'transport: batches are bounded, in number and in cost',
		run: async () => {
			const many = await http.post(Array(11).fill({ query: '{ __typename }' }));
			assert.equal(many.status, 400);
			assert.equal(many.body.errors[0].extensions.code, 'BATCH_LIMIT');
			assert.equal((await http.post([])).status, 400);
			const dear = { query: '{ damageReports(first: 100) { nodes { photos { id } } } }' }; // 2,102
			const { body } = await http.post([dear, dear, dear], { caller: 'driver' });
			assert.deepEqual(body.map(({ errors }) => errors?.[0].extensions.code), [undefined, undefined, 'COST_LIMIT']);
		},
	},
	{
		name: 'transport: a log-in counts only for requests that another site cannot send unasked',
		run: async () => {
			const cookie = `fleet_session=${fleet.tokens.manager}`;
			const get = (headers) => http.get({ query: '{ viewer { role } }' }, { caller: null, headers: { cookie, ...headers } });
			assert.equal((await get({})).status, 403);
			for (const name of ['graphql-preflight', 'apollo-require-preflight', 'x-apollo-operation-name', 'x-requested-with'])
				assert.equal((await get({ [name]: '1' })).status, 200, name);
			assert.equal((await get({ 'sec-fetch-site': 'same-origin' })).status, 200);
			assert.equal((await get({ 'sec-fetch-site': 'cross-site', 'graphql-preflight': '1' })).status, 403);
			assert.equal((await get({ origin: 'http://evil.example', 'graphql-preflight': '1' })).status, 403);
			const post = (headers) => http.post({ query: '{ viewer { role } }' }, { caller: null, headers: { cookie, ...headers } });
			assert.equal((await post({})).status, 200); // JSON cannot be sent unasked
			const form = 'operations=x';
			const simple = await http.post(form, { caller: null, headers: { cookie, 'content-type': 'multipart/form-data; boundary=x' } });
			assert.equal(simple.status, 403);
			assert.equal((await http.get({ query: '{ viewer { role } }' }, { caller: null })).status, 401);
		},
	},
];
