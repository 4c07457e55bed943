// The real server as one subgraph of two: telematics, which knows vehicles by their VIN and incidents by the report's number.
import assert from 'node:assert/strict';
import { localSubgraph, openGateway } from './lib.mjs';

const telematics = localSubgraph(`
	extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires", "@shareable"])
	scalar BigInt
	type Query { lowBatteries: [Vehicle!]! incident(number: BigInt!): Incident! }
	type Vehicle @key(fields: "vin") {
		vin: String!
		name: String! @external
		batteryPercent: Int!
		label: String! @requires(fields: "name")
	}
	type DamageReport @key(fields: "number", resolvable: false) { number: BigInt! }
	type Incident { report: DamageReport! impact: GeoPoint }
	scalar GeoJSON
	type GeoPoint @shareable { latitude: Float! longitude: Float! geoJson: GeoJSON! } # a shared type has the same fields everywhere
`, {
	Query: {
		lowBatteries: () => telematics.vins.map((vin) => ({ vin })),
		incident: (_, { number }) => ({ report: { number }, impact: { latitude: 52.1, longitude: 5.1, geoJson: { type: 'Point', coordinates: [5.1, 52.1] } } }),
	},
	Vehicle: {
		__resolveReference: (ref) => ref,
		batteryPercent: ({ vin }) => vin.length,
		label: ({ vin, name }) => `${name} (${vin})`,
	},
});

export async function fleetTests(fleet) {
	const direct = async (query, variables, caller = 'manager') => (await fleet.ask(query, variables, caller)).body;
	const { data: { _service: { sdl } } } = await direct('{ _service { sdl } }');
	let caller = 'manager', statements = 0;
	const server = { sdl, ask: async (request) => {
		const before = await fleet.metric('fleet_sql_statements_total');
		const answer = await direct(request.query, request.variables, caller);
		statements += await fleet.metric('fleet_sql_statements_total') - before;
		return answer;
	} };
	const { data: { vehicles, damageReports } } = await direct('{ vehicles(first: 20) { nodes { id vin name facility { name } } } damageReports(first: 1) { nodes { id number vehicle { vin name } } } }');
	telematics.vins = vehicles.nodes.map(({ vin }) => vin);
	const gateway = await openGateway({ fleet: server, telematics });
	const ask = async (query, variables) => {
		statements = 0;
		const answer = await gateway.ask(query, variables);
		assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
		return answer;
	};
	const report = damageReports.nodes[0];
	return [
		{ name: 'the server\'s schema composes with another', run: () => assert.match(gateway.supergraphSdl, /type DamageReport/) },
		{ name: 'from telematics to the server: twenty vehicles, one request, one statement', run: async () => {
			const { data, asked } = await ask('{ lowBatteries { batteryPercent name make } }');
			assert.equal(data.lowBatteries.length, vehicles.nodes.length);
			assert.deepEqual(data.lowBatteries.map(({ name }) => name), vehicles.nodes.map(({ name }) => name));
			assert.deepEqual(asked.map(({ name }) => name), ['telematics', 'fleet']);
			assert.ok(statements <= 1, `${statements} statements`);
		} },
		{ name: 'from the server to telematics and back: fields of both on one vehicle', run: async () => {
			const { data } = await ask('query($id: ID!) { vehicle(id: $id) { name batteryPercent label facility { name } } }', { id: vehicles.nodes[0].id });
			const { vin, name, facility } = vehicles.nodes[0];
			assert.deepEqual(data.vehicle, { name, batteryPercent: vin.length, label: `${name} (${vin})`, facility });
		} },
		{ name: 'by the second key: a report that another subgraph knows by its number', run: async () => {
			const { data } = await ask('query($n: BigInt!) { incident(number: $n) { impact { latitude geoJson } report { id number vehicle { vin batteryPercent } } } }', { n: report.number });
			assert.deepEqual(data.incident, {
				impact: { latitude: 52.1, geoJson: { type: 'Point', coordinates: [5.1, 52.1] } },
				report: { id: report.id, number: report.number, vehicle: { vin: report.vehicle.vin, batteryPercent: report.vehicle.vin.length } },
			});
		} },
		{ name: 'row security holds behind the gateway: a driver does not see the reports of others', run: async () => {
			caller = 'driver';
			const answer = await gateway.ask('query($n: BigInt!) { incident(number: $n) { report { id } } }', { n: report.number });
			caller = 'manager';
			assert.equal(answer.data?.incident ?? null, null);
		} },
		{ name: 'the gateway closes', run: () => gateway.stop() },
	];
}
