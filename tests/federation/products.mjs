// The subgraph of products (tests/unit/graphql/subgraph.c) beside users and inventory, written with Apollo's own library: what
// the compatibility suite of Apollo Federation looks at, feature by feature.
import assert from 'node:assert/strict';
import { lineSubgraph, localSubgraph, openGateway } from './lib.mjs';

const users = localSubgraph(`
	extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])
	type Query { user(email: ID!): User }
	type User @key(fields: "email") { email: ID! name: String totalProductsCreated: Int @shareable yearsOfEmployment: Int! }
`, {
	Query: { user: (_, { email }) => ({ email }) },
	User: { __resolveReference: ({ email }) => ({ email }), name: () => 'of the users subgraph', totalProductsCreated: () => 1337, yearsOfEmployment: () => 10 },
});

const inventory = localSubgraph(`
	extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable", "@external", "@requires"])
	type Query { inventory(id: ID!): Inventory }
	interface Inventory @key(fields: "id") { id: ID! }
	type Warehouse implements Inventory @key(fields: "id") { id: ID! city: String }
	type Product @key(fields: "id") {
		id: ID!
		dimensions: ProductDimension @external
		delivery(zip: String): DeliveryEstimates @requires(fields: "dimensions { size weight }")
	}
	type ProductDimension @shareable { size: String weight: Float }
	type DeliveryEstimates { estimatedDelivery: String }
`, {
	Query: { inventory: (_, { id }) => ({ __typename: 'Warehouse', id }) },
	Inventory: { __resolveType: () => 'Warehouse', __resolveReference: ({ id }) => ({ __typename: 'Warehouse', id }) },
	Warehouse: { __resolveReference: (ref) => ref, city: () => 'Utrecht' },
	Product: {
		__resolveReference: (ref) => ref,
		delivery: ({ dimensions }, { zip }) => ({ estimatedDelivery: `${dimensions.size} of ${dimensions.weight} kg to ${zip}` }),
	},
});

export async function productTests(program) {
	const products = await lineSubgraph(program);
	const gateway = await openGateway({ products, users, inventory });
	const data = async (query, variables) => {
		const { data: found, errors } = await gateway.ask(query, variables);
		assert.equal(errors, undefined, JSON.stringify(errors));
		return found;
	};
	const names = (answer) => answer.asked.map((step) => step.name);
	const entities = async (representation, fields) =>
		(await products.ask({ query: `query($r: [_Any!]!) { _entities(representations: $r) { ${fields} } }`, variables: { r: [representation] } })).data._entities[0];
	return [
		{ name: 'link: the SDL says which federation', run: () => assert.match(products.sdl, /@link\(\s*url: "https:\/\/specs\.apollo\.dev\/federation\/v2\.3"/) },
		{ name: 'SDL: the directives stand there, the machinery does not', run: () => {
			assert.match(products.sdl, /type Product @custom @key\(fields: "id"\) @key\(fields: "sku package"\) @key\(fields: "sku variation \{ id \}"\)/);
			assert.doesNotMatch(products.sdl, /_entities|_service|scalar _Any|directive @key/);
		} },
		{ name: 'key: one field, several, and one inside an object', run: async () => {
			assert.deepEqual(await entities({ __typename: 'Product', id: 'studio' }, '... on Product { sku }'), { sku: 'studio' });
			assert.deepEqual(await entities({ __typename: 'Product', sku: 'federation', package: 'federation-package' }, '... on Product { id }'), { id: 'federation' });
			assert.deepEqual(await entities({ __typename: 'Product', sku: 'studio', variation: { id: 'platform' } }, '... on Product { id }'), { id: 'studio' });
			assert.deepEqual(await entities({ __typename: 'ProductResearch', study: { caseNumber: '1234' } }, '... on ProductResearch { study { description } }'),
				{ study: { description: 'Federation Study' } });
		} },
		{ name: 'requires: inventory computes with what products know', run: async () => assert.deepEqual(
			await data('query($id: ID!) { product(id: $id) { sku delivery(zip: "3511") { estimatedDelivery } } }', { id: 'federation' }),
			{ product: { sku: 'federation', delivery: { estimatedDelivery: 'small of 1 kg to 3511' } } }) },
		{ name: 'requires: products compute with what users know', run: async () => {
			const answer = await gateway.ask('{ user(email: "a@example.org") { averageProductsCreatedPerYear } }');
			assert.deepEqual(answer.data, { user: { averageProductsCreatedPerYear: 134 } });
			assert.deepEqual(names(answer), ['users', 'products']);
		} },
		{ name: 'provides: what products bring along is not asked of users', run: async () => {
			const answer = await gateway.ask('{ product(id: "studio") { createdBy { email totalProductsCreated } } }');
			assert.deepEqual(answer.data, { product: { createdBy: { email: 'support@example.org', totalProductsCreated: 1337 } } });
			assert.deepEqual(names(answer), ['products']);
		} },
		{ name: 'external: what they do not bring is', run: async () => {
			const answer = await gateway.ask('{ deprecatedProduct(sku: "federation-v1", package: "federation-v1-package") { reason createdBy { yearsOfEmployment } } }');
			assert.deepEqual(answer.data, { deprecatedProduct: { reason: 'Migrate to Federation V2', createdBy: { yearsOfEmployment: 10 } } });
			assert.deepEqual(names(answer), ['products', 'users']);
		} },
		{ name: 'override: products took a field over from users', run: async () => assert.deepEqual(
			await data('{ user(email: "a@example.org") { name } }'), { user: { name: 'Jane Smith' } }) },
		{ name: 'shareable: two subgraphs have one type', run: async () => assert.deepEqual(
			await data('{ product(id: "studio") { dimensions { size weight } } }'), { product: { dimensions: { size: 'small', weight: 1 } } }) },
		{ name: 'inaccessible: in the subgraph, not in the whole', run: async () => {
			assert.match(products.sdl, /unit: String @inaccessible/);
			assert.deepEqual((await products.ask({ query: '{ product(id: "studio") { dimensions { unit } } }' })).data, { product: { dimensions: { unit: 'kg' } } });
			assert.equal(gateway.schema.getType('ProductDimension').getFields().unit, undefined);
		} },
		{ name: 'tag and composeDirective: kept for the whole', run: () => {
			assert.match(gateway.supergraphSdl, /notes: String .*@tag\(name: "internal"\)/);
			assert.match(gateway.supergraphSdl, /@custom/);
		} },
		{ name: 'interfaceObject: a field for all that implement', run: async () => {
			const answer = await gateway.ask('{ inventory(id: "w1") { __typename id deprecatedProducts { sku } ... on Warehouse { city } } }');
			assert.deepEqual(answer.data, { inventory: { __typename: 'Warehouse', id: 'w1', deprecatedProducts: [{ sku: 'federation-v1' }], city: 'Utrecht' } });
		} },
		{ name: 'introspection: clients see no machinery', run: async () => {
			const { data: { __schema } } = await products.ask({ query: '{ __schema { queryType { fields { name } } types { name } directives { name } } }' });
			const seen = [...__schema.types, ...__schema.directives, ...__schema.queryType.fields].map(({ name }) => name);
			for (const name of ['_Any', '_Entity', '_Service', '_entities', '_service', 'key', 'link', 'federation__FieldSet', 'link__Import']) assert.ok(!seen.includes(name), name);
		} },
		{ name: 'products end', run: async () => { await gateway.stop(); products.stop(); } },
	];
}
