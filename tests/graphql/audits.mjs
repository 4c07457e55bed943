// GraphQL over HTTP: the audits of the specification's own tool against a real server, with authentication on.
import { serverAudits } from 'graphql-http';
import { startFleet } from '../lib/fleet.mjs';

const fleet = await startFleet({ threads: 1, seedReports: 20 });
let passed = 0, failed = 0;
try {
	const fetchFn = (url, options = {}) => fetch(url, { ...options, headers: { ...options.headers, authorization: `Bearer ${fleet.tokens.manager}` } });
	for (const audit of serverAudits({ url: `${fleet.url}/graphql`, fetchFn })) {
		const result = await audit.fn();
		if (result.status === 'ok') {
			passed++;
			continue;
		}
		failed++;
		console.log(`FAILED  ${audit.id} ${audit.name}: ${result.reason}`);
	}
} finally {
	await fleet.stop();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
