// Federation: subgraphs of ours composed with others by Apollo's own composition, and asked through Apollo's own gateway.
//	node run.mjs SUBGRAPH_PROBE        FLEET_PROGRAM as for the other suites
import { startFleet, runTests } from '../lib/fleet.mjs';

if (Number(process.versions.node.split('.')[0]) < 18) {
	console.log(`SKIPPED  federation: @apollo/composition asks for Node.js 18, this is ${process.version}`);
	console.log('0 passed, 0 failed');
	process.exit(0);
}
const { productTests } = await import('./products.mjs');
const { fleetTests } = await import('./fleet.mjs');

const fleet = await startFleet({ threads: 1, seedReports: 60 });
let good = false;
try {
	good = await runTests([...await productTests(process.argv[2]), ...await fleetTests(fleet), { name: 'the server stops cleanly', run: () => fleet.stop() }]);
} finally {
	if (fleet.child.exitCode === null) await fleet.kill();
}
process.exit(good ? 0 : 1);
