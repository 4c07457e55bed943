// Real photos, from ../shared/data/vision, which is not part of the repository: every kind of source is filed through the API and
// assessed. How good the assessments are is the model card's matter (train/); here they must arrive, be sane, and tell a photo that was
// sent before.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFleet, runTests, until, root } from '../lib/fleet.mjs';

const folder = join(root, '..', 'shared', 'data', 'vision');
const perSource = 12;
const create = `mutation M($input: CreateDamageReportInput!) { createDamageReport(input: $input) { report { id } } }`;
const find = `query Q($id: ID!) { damageReport(id: $id) { photos { width height quality { sharpness brightness } } assessment { severity severityConfidence
  cost { low { amount } likely { amount } high { amount } } repairHours { low likely high } fraudSignals { kind } } } }`;

// The manifest's first columns are file and source; neither holds a comma.
function sample() {
	const bySource = new Map();
	for (const line of readFileSync(join(folder, 'manifest.csv'), 'utf8').split('\n').slice(1)) {
		const [file, source] = line.split(',');
		if (!source) continue;
		if (!bySource.has(source)) bySource.set(source, []);
		bySource.get(source).push(file);
	}
	return [...bySource].map(([source, files]) => {
		const step = Math.max(1, Math.floor(files.length / perSource));
		return { source, files: files.sort().filter((_, i) => i % step === 0).slice(0, perSource) };
	});
}

const bytesOf = (file) => readFileSync(join(folder, file.includes('/') ? file : join('train', file)));

async function file(fleet, vehicle, names) {
	const files = names.map((name) => ({ name, bytes: bytesOf(name) }));
	const { body } = await fleet.ask(create, { input: { vehicleName: vehicle, description: 'a real photo', photos: names.map(() => null) } }, 'manager', files);
	if (body.errors) throw new Error(`${names.join(' ')}: ${body.errors[0].message}`);
	return body.data.createDamageReport.report.id;
}

async function assessed(fleet, id) {
	return until('the assessment', async () => {
		const { body } = await fleet.ask(find, { id });
		if (body.errors) throw new Error(body.errors[0].message);
		return body.data.damageReport.assessment ? body.data.damageReport : null;
	}, 60000);
}

function check(report, names) {
	const { assessment, photos } = report;
	const cost = ['low', 'likely', 'high'].map((which) => Number(assessment.cost[which].amount));
	const hours = ['low', 'likely', 'high'].map((which) => assessment.repairHours[which]);
	const rising = (list) => list.every((value, i) => Number.isFinite(value) && value >= 0 && (i === 0 || value >= list[i - 1]));
	if (!rising(cost) || !rising(hours)) throw new Error(`${names}: cost ${cost}, hours ${hours}`);
	if (!(assessment.severityConfidence >= 0 && assessment.severityConfidence <= 1)) throw new Error(`${names}: confidence ${assessment.severityConfidence}`);
	if (photos.length !== names.length) throw new Error(`${names}: ${photos.length} photos came back`);
}

const fleet = await startFleet({ threads: 2, seedReports: 50 });
let good = false;
try {
	good = await runTests([
		...sample().map(({ source, files }) => ({
			name: `${files.length} photos of ${source}`,
			run: async () => {
				for (let i = 0; i < files.length; i += 3) {
					const names = files.slice(i, i + 3);
					check(await assessed(fleet, await file(fleet, 'CAR-05', names)), names);
				}
			},
		})),
		{
			name: 'a photo that was sent before is noticed',
			run: async () => {
				const [{ files }] = sample();
				const report = await assessed(fleet, await file(fleet, 'CAR-06', [files[0]]));
				if (!report.assessment.fraudSignals.some((signal) => signal.kind === 'SAME_FILE')) throw new Error(JSON.stringify(report.assessment.fraudSignals));
			},
		},
		{ name: 'stops cleanly, with clean logs', run: () => fleet.stop() },
	]);
} finally {
	if (fleet.child.exitCode === null && fleet.child.signalCode === null) await fleet.kill();
}
process.exit(good ? 0 : 1);
