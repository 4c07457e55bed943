// What an operation may cost, and what is said about it.
import assert from 'node:assert/strict';

const list = 'query($n: Int) { damageReports(first: $n) { nodes { number vehicle { name } photos { url } } } }';
// 1 Query, 1 connection; a report each with its vehicle and up to 20 photos.
const costOf = (n) => ({ fieldCost: 1 + 1 + 2 * n, typeCost: 2 + 22 * n });

// What tools send; its types nest as deep as any schema's do.
const introspection = `query IntrospectionQuery {
	__schema {
		description queryType { name } mutationType { name } subscriptionType { name }
		types { ...FullType }
		directives { name description locations args { ...InputValue } }
	}
}
fragment FullType on __Type {
	kind name description specifiedByURL
	fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
	inputFields { ...InputValue } interfaces { ...TypeRef }
	enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } }`;

export default (fleet, http) => [
	{
		name: 'cost: shown beside the data, by header or extension',
		run: async () => {
			const byHeader = await http.post({ query: list, variables: { n: 2 } }, { headers: { 'graphql-cost': 'report' } });
			assert.deepEqual(byHeader.body.extensions, { cost: { ...costOf(2), budget: 20000 } });
			assert.equal(byHeader.body.data.damageReports.nodes.length, 2);
			const byExtension = await http.post({ query: list, variables: { n: 3 }, extensions: { cost: true } }, { caller: 'driver' });
			assert.deepEqual(byExtension.body.extensions, { cost: { ...costOf(3), budget: 5000 } });
			const silent = await http.post({ query: list, variables: { n: 2 } });
			assert.equal(silent.body.extensions, undefined);
		},
	},
	{
		name: 'cost: validated alone, nothing is run',
		run: async () => {
			const before = await fleet.metric('fleet_sql_statements_total');
			const answer = await http.post({ query: list, variables: { n: 100 }, extensions: { cost: 'validate' } });
			assert.deepEqual(answer.body, { extensions: { cost: { ...costOf(100), budget: 20000 } } });
			assert.equal(await fleet.metric('fleet_sql_statements_total'), before);
		},
	},
	{
		name: 'cost: beyond the budget of the role the dearest field is named, and nothing is run',
		run: async () => {
			const deep = `query Deep($n: Int) { vehicles(first: $n) { nodes { reports: damageReports(first: 50) { nodes { photos { url } } } } } }`;
			const before = await fleet.metric('fleet_sql_statements_total');
			const { status, body } = await http.post({ query: deep, variables: { n: 20 } });
			assert.equal(status, 400);
			assert.equal(body.data, undefined);
			assert.equal(body.errors.length, 1);
			const { code, budget, typeCost, fieldCost, dearest } = body.errors[0].extensions;
			assert.deepEqual({ code, budget, typeCost, fieldCost }, { code: 'COST_LIMIT', budget: 20000, typeCost: 1 + 1 + 20 * (1 + 1 + 50 * 21), fieldCost: 1 + 1 + 20 * (1 + 1 + 50) });
			assert.deepEqual(dearest, { path: ['vehicles', 'nodes', 'reports', 'nodes', 'photos'], cost: 20000 });
			assert.match(body.errors[0].message, /vehicles\.nodes\.reports\.nodes\.photos/);
			assert.equal(await fleet.metric('fleet_sql_statements_total'), before);
			assert.equal((await http.post({ query: deep, variables: { n: 20 } }, { caller: 'admin' })).status, 200);
			assert.equal((await http.post({ query: deep, variables: { n: 5 } }, { caller: 'driver' })).body.errors[0].extensions.budget, 5000);
		},
	},
	{
		name: 'cost: introspection fits the budget of everybody who may log in',
		run: async () => {
			const { body } = await http.post({ query: introspection, extensions: { cost: true } }, { caller: 'driver' });
			assert.ok(body.data.__schema.types.length > 20);
			assert.ok(body.extensions.cost.typeCost < 2000, JSON.stringify(body.extensions));
		},
	},
];
