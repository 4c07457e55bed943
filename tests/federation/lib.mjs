// What both federation tests need: composing subgraphs, and a gateway that asks them and remembers what it asked.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { composeServices } from '@apollo/composition';
import { ApolloGateway } from '@apollo/gateway';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { execute, parse } from 'graphql';

// A subgraph in this process.
export function localSubgraph(sdl, resolvers) {
	const schema = buildSubgraphSchema({ typeDefs: parse(sdl), resolvers });
	return { sdl, ask: (request) => execute({ schema, document: parse(request.query), variableValues: request.variables }) };
}

// A subgraph that answers lines of JSON on its standard streams.
export async function lineSubgraph(program) {
	const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
	const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
	let last = Promise.resolve();
	const ask = (request) => {
		const answer = last.then(async () => {
			child.stdin.write(`${JSON.stringify({ query: request.query, variables: request.variables })}\n`);
			return JSON.parse((await lines.next()).value);
		});
		last = answer.catch(() => {});
		return answer;
	};
	const { data } = await ask({ query: '{ _service { sdl } }' });
	return { sdl: data._service.sdl, ask, stop: () => child.stdin.end() };
}

export function compose(subgraphs) {
	const services = Object.entries(subgraphs).map(([name, { sdl }]) => ({ name, url: `http://${name}.test`, typeDefs: parse(sdl) }));
	const { errors, hints, supergraphSdl } = composeServices(services);
	if (errors) throw new Error(errors.map((error) => error.message).join('\n'));
	return { supergraphSdl, hints };
}

// ask(query, variables) runs an operation on the whole; asked lists the subgraphs that it took, in order.
export async function openGateway(subgraphs) {
	const { supergraphSdl } = compose(subgraphs);
	const quiet = { debug() {}, info() {}, warn() {}, error() {} };
	let asked = [];
	const gateway = new ApolloGateway({
		supergraphSdl, logger: quiet,
		buildService: ({ name }) => ({
			process: ({ request }) => {
				asked.push({ name, query: request.query, variables: request.variables });
				return subgraphs[name].ask(request);
			},
		}),
	});
	const { schema, executor } = await gateway.load();
	const ask = async (query, variables = {}) => {
		asked = [];
		const answer = await executor({
			schema, source: query, document: parse(query), request: { query, variables }, operationName: null,
			queryHash: createHash('sha256').update(query).digest('hex'), context: {}, metrics: {}, logger: quiet, cache: undefined,
			overallCachePolicy: { restrict() {}, policyIfCacheable: () => null },
		});
		return { ...JSON.parse(JSON.stringify(answer)), asked };
	};
	return { ask, schema, supergraphSdl, stop: () => gateway.stop() };
}
