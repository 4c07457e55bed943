// Cache-Control by the hints of the schema.
import assert from 'node:assert/strict';

export default (fleet, http) => [
	{
		name: 'caching: the shortest age of what is selected, for who asked alone',
		run: async () => {
			const control = async (query) => (await http.get({ query })).headers['cache-control'];
			assert.equal(await control('{ viewer { role tenant { name } } }'), 'private, max-age=60');
			assert.equal(await control('{ viewer { role } vehicles(first: 1) { nodes { name facility { name } } } }'), 'private, max-age=10');
			assert.equal(await control('{ vehicles(first: 1) { nodes { name damageReports(first: 1) { nodes { number } } } } }'), 'private, no-cache');
			assert.equal(await control('{ damageReports(first: 1) { nodes { number } } }'), 'private, no-cache');
			assert.equal(await control('{ __typename }'), 'private, no-cache');
			assert.equal(await control('{ vehicle(id: "zero") { name } }'), 'no-store');
			assert.equal(await control('{ nothing }'), 'no-store');
		},
	},
	{
		name: 'caching: what variables leave out does not count',
		run: async () => {
			const query = 'query($r: Boolean!) { viewer { role } damageReports(first: 1) @include(if: $r) { nodes { number } } }';
			const control = async (r) => (await http.get({ query, variables: JSON.stringify({ r }) })).headers['cache-control'];
			assert.equal(await control(false), 'private, max-age=60');
			assert.equal(await control(true), 'private, no-cache');
		},
	},
	{
		name: 'caching: an answer to POST is kept only as long as it says',
		run: async () => {
			const control = async (query, extensions) => (await http.post({ query, extensions })).headers['cache-control'];
			assert.equal(await control('{ viewer { role } }'), 'private, max-age=60');
			assert.equal(await control('{ damageReports(first: 1) { nodes { number } } }'), 'no-store');
			assert.equal(await control('{ viewer { role } }', { cost: 'validate' }), 'no-store');
			assert.equal(await control('mutation { updateDamageReport(input: { id: "7" }) { report { id } } }'), 'no-store');
		},
	},
];
