// Documents by their SHA-256: automatic ones, registered ones, and servers that run nothing else. A second and a third server
// run on the same database and Redis, as they would on other machines.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../lib/fleet.mjs';
import { client } from './client.mjs';

const program = process.env.FLEET_PROGRAM ?? join(import.meta.url.slice(7), '../../../build/fleet');
const hashOf = (text) => createHash('sha256').update(text).digest('hex');
const persisted = (text) => ({ persistedQuery: { version: 1, sha256Hash: hashOf(text) } });
const codeOf = ({ body }) => body.errors?.[0].extensions.code;

// One more `fleet serve` beside the one under test.
async function serve(fleet, args) {
	const up = JSON.parse(readFileSync(join(fleet.home, 'run', 'up.json'), 'utf8'));
	const child = spawn(program, ['serve', '--home', fleet.home, '--port', '0', '--threads', '1', ...args],
		{ env: { ...process.env, FLEET_PG_URL: up.pg_url, FLEET_REDIS_URL: up.redis_url }, stdio: ['ignore', 'pipe', 'pipe'] });
	let log = '';
	for (const pipe of [child.stdout, child.stderr]) pipe.on('data', (bytes) => { log += bytes; });
	const ended = new Promise((resolve) => child.on('exit', resolve));
	const port = await until('the second server', () => /serving on [\d.]+:(\d+)/.exec(log)?.[1]);
	await until('the second server to be ready', async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok);
	return {
		http: client({ url: `http://127.0.0.1:${port}`, tokens: fleet.tokens }),
		stop: async () => {
			child.kill('SIGTERM');
			assert.equal(await ended, 0, log);
		},
	};
}

function documents(fleet, ...args) {
	const { status, stdout, stderr } = spawnSync(program, ['documents', '--home', fleet.home, ...args], { encoding: 'utf8' });
	return { status, stdout, stderr };
}

export default (fleet, http) => {
	const folder = mkdtempSync(join(tmpdir(), 'fleet-documents-'));
	const file = (name, text) => {
		writeFileSync(join(folder, name), text);
		return join(folder, name);
	};
	const later = (what, check) => until(what, check, 10000);
	return [
		{
			name: 'documents: a query is sent once, and then named by its hash',
			run: async () => {
				const query = 'query Who { viewer { role name } }';
				const unknown = await http.post({ extensions: persisted(query) });
				assert.equal(unknown.status, 400);
				assert.equal(unknown.body.errors[0].message, 'PersistedQueryNotFound');
				assert.equal(codeOf(unknown), 'PERSISTED_QUERY_NOT_FOUND');
				assert.equal((await http.post({ extensions: persisted(query) }, { headers: { accept: 'application/json' } })).status, 200);
				const sent = await http.post({ query, extensions: persisted(query) });
				assert.equal(sent.body.data.viewer.role, 'MANAGER');
				for (const operationName of [undefined, 'Who'])
					assert.deepEqual((await http.post({ operationName, extensions: persisted(query) })).body, sent.body);
				const byGet = await http.get({ extensions: JSON.stringify(persisted(query)) });
				assert.deepEqual(byGet.body, sent.body);
				assert.match(byGet.headers.etag, /^W\//);
				assert.deepEqual((await http.post({ documentId: `sha256:${hashOf(query)}` })).body, sent.body);
				assert.deepEqual((await http.get({ documentId: hashOf(query) })).body, sent.body);
			},
		},
		{
			name: 'documents: a hash that is not that of its query is refused, and teaches nothing',
			run: async () => {
				const mine = '{ viewer { role } }', theirs = '{ viewer { name } }';
				const wrong = await http.post({ query: mine, extensions: persisted(theirs) });
				assert.equal(wrong.status, 400);
				assert.match(wrong.body.errors[0].message, /provided sha does not match query/);
				assert.equal(codeOf(await http.post({ extensions: persisted(theirs) })), 'PERSISTED_QUERY_NOT_FOUND');
				for (const extensions of [{ persistedQuery: { version: 3, sha256Hash: hashOf(mine) } }, { persistedQuery: { version: 1, sha256Hash: 'x' } }])
					assert.equal(codeOf(await http.post({ query: mine, extensions })), 'BAD_REQUEST');
				assert.equal(codeOf(await http.post({ query: mine, documentId: hashOf(mine) })), 'BAD_REQUEST');
				assert.equal(codeOf(await http.post({ documentId: 'list-1' })), 'BAD_REQUEST');
			},
		},
		{
			name: 'documents: mutations too, but not by GET; in batches as well',
			run: async () => {
				const query = 'mutation Change($i: UpdateDamageReportInput!) { updateDamageReport(input: $i) { report { id } } }';
				const variables = { i: { id: '7' } };
				await http.post({ query, variables, extensions: persisted(query) });
				assert.deepEqual((await http.post({ variables, extensions: persisted(query) })).body.errors[0].path, ['updateDamageReport']);
				assert.equal((await http.get({ extensions: JSON.stringify(persisted(query)), variables: JSON.stringify(variables) })).status, 405);
				const { body } = await http.post([{ extensions: persisted('{ never }') }, { extensions: persisted(query), variables }, { query: '{ __typename }' }]);
				assert.deepEqual(body.map((item) => item.errors?.[0].extensions.code ?? item.data.__typename), ['PERSISTED_QUERY_NOT_FOUND', body[1].errors[0].extensions.code, 'Query']);
			},
		},
		{
			name: 'documents: another server knows what this one was sent; one may be told not to',
			run: async () => {
				const query = 'query Shared { viewer { role } }';
				await http.post({ query, extensions: persisted(query) });
				const other = await serve(fleet, []);
				const none = await serve(fleet, ['--automatic-documents', '0']);
				try {
					await later('the other server', async () => !codeOf(await other.http.post({ extensions: persisted(query) })));
					assert.equal(codeOf(await none.http.post({ extensions: persisted(query) })), 'PERSISTED_QUERY_NOT_SUPPORTED');
					assert.equal(codeOf(await none.http.post({ query, extensions: persisted(query) })), 'PERSISTED_QUERY_NOT_SUPPORTED');
					assert.equal((await none.http.post({ query })).status, 200);
				} finally {
					await Promise.all([other.stop(), none.stop()]);
				}
			},
		},
		{
			name: 'documents: registered ones are checked, and all of them or none',
			run: async () => {
				assert.equal(documents(fleet, 'list').stdout, '');
				const good = file('good.graphql', '{ viewer { role } }'), bad = file('bad.graphql', '{ viewer { shoe } }');
				const refused = documents(fleet, 'add', good, bad);
				assert.equal(refused.status, 1);
				assert.match(refused.stderr, /bad\.graphql: .*Cannot query field "shoe"/);
				assert.equal(documents(fleet, 'list').stdout, '');
				assert.match(documents(fleet, 'add', file('f.graphql', 'fragment F on Viewer { role }')).stderr, /has no operation/);
				assert.match(documents(fleet, 'add', file('m.json', JSON.stringify({ [hashOf('x')]: '{ viewer { role } }' }))).stderr, /is not the SHA-256/);
				assert.match(documents(fleet, 'add', join(folder, 'none.graphql')).stderr, /No such file/);
				assert.equal(documents(fleet, 'add').status, 2);
				assert.equal(documents(fleet, 'forget').status, 2);
				assert.equal(documents(fleet, 'remove', hashOf('nothing')).status, 1);
			},
		},
		{
			name: 'documents: where only trusted ones run, they run without a restart, and are refused once removed',
			run: async () => {
				const list = 'query Names($n: Int) { vehicles(first: $n) { nodes { name } } }\n', role = '{ viewer { role } }', two = 'query A { __typename } query B { viewer { name } }';
				const trusted = await serve(fleet, ['--documents', 'trusted']);
				try {
					assert.equal(codeOf(await trusted.http.post({ query: list })), 'TRUSTED_DOCUMENTS_ONLY');
					assert.equal(codeOf(await trusted.http.post({ query: list, extensions: persisted(list) })), 'TRUSTED_DOCUMENTS_ONLY');
					assert.equal(codeOf(await trusted.http.post({ documentId: hashOf(list) })), 'PERSISTED_QUERY_NOT_FOUND');
					assert.equal(codeOf(await trusted.http.get({ query: '{ __schema { types { name } } }' })), 'TRUSTED_DOCUMENTS_ONLY');

					const apollo = { format: 'apollo-persisted-query-manifest', version: 1, operations: [{ id: hashOf(role), name: 'Role', type: 'query', body: role }] };
					const added = documents(fleet, 'add', '--json', file('list.graphql', list), file('apollo.json', JSON.stringify(apollo)), file('relay.json', JSON.stringify({ [`sha256:${hashOf(two)}`]: two })));
					assert.equal(added.status, 0, added.stderr);
					assert.deepEqual(JSON.parse(added.stdout).map(({ documentId }) => documentId), [list, role, two].map((text) => `sha256:${hashOf(text)}`));
					assert.equal(documents(fleet, 'list').stdout.split('\n').length, 4);

					await later('the new document', async () => !codeOf(await trusted.http.post({ documentId: `sha256:${hashOf(list)}`, variables: { n: 2 } })));
					assert.equal((await trusted.http.post({ documentId: hashOf(list), variables: { n: 2 } })).body.data.vehicles.nodes.length, 2);
					assert.equal((await trusted.http.post({ query: list, variables: { n: 3 } })).body.data.vehicles.nodes.length, 3);
					assert.equal((await trusted.http.post({ extensions: persisted(role) })).body.data.viewer.role, 'MANAGER');
					assert.deepEqual((await trusted.http.post({ documentId: hashOf(two), operationName: 'A' })).body, { data: { __typename: 'Query' } });
					assert.equal((await trusted.http.get({ documentId: hashOf(role) })).status, 200);
					// The other server, which runs anything, knows them by id too.
					assert.equal((await http.post({ documentId: hashOf(list), variables: { n: 1 } })).status, 200);

					assert.equal(documents(fleet, 'remove', hashOf(list), `sha256:${hashOf(two)}`).status, 0);
					await later('the removal', async () => codeOf(await trusted.http.post({ documentId: hashOf(list) })) === 'PERSISTED_QUERY_NOT_FOUND');
					assert.equal(codeOf(await trusted.http.post({ query: list })), 'TRUSTED_DOCUMENTS_ONLY');
					assert.equal((await trusted.http.post({ extensions: persisted(role) })).status, 200);
					assert.equal(documents(fleet, 'add', join(folder, 'list.graphql')).status, 0);
					await later('the document again', async () => !codeOf(await trusted.http.post({ documentId: hashOf(list) })));
				} finally {
					await trusted.stop();
				}
			},
		},
		{
			name: 'documents: what the pages and the command line send is always trusted',
			run: async () => {
				const trusted = await serve(fleet, ['--documents', 'trusted']);
				try {
					const sent = readFileSync(join(import.meta.url.slice(7), '../../../web/dist/queries/report.graphql'), 'utf8');
					const { status, body } = await trusted.http.post({ query: sent, variables: { number: 1 } });
					assert.equal(status, 200, JSON.stringify(body));
				} finally {
					await trusted.stop();
					rmSync(folder, { recursive: true });
				}
			},
		},
	];
};
