// A company full of data, with an unmistakable mark in every text that people write, and everything that a client of it could hold.
export async function fill(ask, who, mark, picture, receiver) {
	const say = async (query, variables, caller = 'admin', files = null) => {
		const { body } = await ask(query, variables, `${who}.${caller}`, files);
		if (body.errors) throw new Error(`${query}: ${JSON.stringify(body.errors)}`);
		return Object.values(body.data)[0];
	};
	const m = (text) => `${mark} ${text}`;
	const vin = who === 'one' ? 'WF0EXXTT0AA100001' : 'WF0EXXTT0BB200002';
	const at = who === 'one' ? { latitude: 48.2, longitude: 16.37 } : { latitude: 51.92, longitude: 4.48 };
	const facility = (await say('mutation M($input: CreateFacilityInput!) { createFacility(input: $input) { facility { id } } }',
		{ input: { name: m('depot'), address: m('street 1'), location: at } })).facility.id;
	const vehicle = (await say('mutation M($input: CreateVehicleInput!) { createVehicle(input: $input) { vehicle { id } } }',
		{ input: { name: `${mark}-VAN`, vin, plate: `${mark.slice(0, 4)}-77`, make: m('make'), model: m('model'), year: 2021, value: '20000', facilityId: facility } })).vehicle.id;
	const driver = (await say('mutation M($input: CreateDriverInput!) { createDriver(input: $input) { driver { id } } }',
		{ input: { name: m('driver'), email: `${mark.toLowerCase()}@driver.example`, phone: '+43 1 5550001', licenceNumber: `${mark}L`, employeeNumber: `${mark}E` } })).driver.id;
	const vendor = (await say('mutation M($input: CreateVendorInput!) { createVendor(input: $input) { vendor { id } } }',
		{ input: { name: m('garage'), email: `${mark.toLowerCase()}@garage.example`, labourRate: '70' } })).vendor.id;
	const assignment = (await say('mutation M($input: AssignDriverInput!) { assignDriver(input: $input) { assignment { id } } }',
		{ input: { vehicleId: vehicle, driverId: driver } })).assignment.id;
	await say('mutation M($input: RecordOdometerInput!) { recordOdometer(input: $input) { vehicle { id } } }', { input: { vehicleId: vehicle, km: 1234 } });
	const reports = [];
	for (let i = 0; i < (who === 'one' ? 6 : 2); i++) {
		const photos = i === 0 ? [await picture('door.jpg', `--seed ${who === 'one' ? 31 : 41} --part door`)] : null;
		reports.push(await say('mutation M($input: CreateDamageReportInput!) { createDamageReport(input: $input) { report { id number version } } }',
			{ input: { vehicleId: vehicle, description: m(`report ${i}`), location: at, damageType: 'COLLISION', photos: photos ? [null] : [] } }, 'manager',
			photos ? [{ name: 'door.jpg', bytes: photos[0] }] : null).then((made) => made.report));
	}
	const report = reports.at(-1).id;
	const comment = (await say('mutation M($input: AddCommentInput!) { addComment(input: $input) { comment { id } } }', { input: { reportId: report, body: m('comment') } })).comment.id;
	await say('mutation M($input: AddDamageZoneInput!) { addDamageZone(input: $input) { __typename } }',
		{ input: { reportId: report, zone: { part: 'HOOD', kind: 'DENT', note: m('zone') } } });
	await say('mutation M($input: AddAttachmentInput!) { addAttachment(input: $input) { __typename } }', { input: { reportId: reports[0].id, file: null } }, 'admin',
		[{ name: `${mark}.txt`, type: 'text/plain', bytes: m('attachment'), at: 'variables.input.file' }]).catch((error) => { if (!/media type|kind of file|PDF/i.test(error.message)) throw error; });
	const webhook = (await say('mutation M($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } } }',
		{ input: { url: receiver, description: m('hook') } })).webhook.id;
	const alert = (await say('mutation M($input: SaveAlertInput!) { saveAlert(input: $input) { alert { id } } }', { input: { name: m('alert'), facilityId: facility } }, 'person')).alert.id;
	const filter = (await say('mutation M($input: SaveFilterInput!) { saveFilter(input: $input) { savedFilter { id } } }',
		{ input: { name: m('filter'), filter: JSON.stringify({ search: mark }) } }, 'person')).savedFilter.id;
	const estimate = (await say(`mutation M($input: SubmitEstimateInput!) { submitEstimate(input: $input) { estimate { id } } }`,
		{ input: { reportId: report, vendorId: vendor, note: m('note'), lines: [{ kind: 'LABOUR', text: m('line'), quantity: '1', unitPrice: '50' }] } })).estimate.id;
	await say('mutation M($input: SaveClaimInput!) { saveClaim(input: $input) { __typename } }',
		{ input: { reportId: report, insurer: m('insurer'), claimNumber: `${mark}-C1`, adjuster: { name: m('adjuster') } } });
	await say('mutation M($input: HoldDamageReportInput!) { holdDamageReport(input: $input) { report { id } } }', { input: { reportId: reports[1].id, reason: m('hold') } });
	const victim = (await say('mutation M($input: CreateDriverInput!) { createDriver(input: $input) { driver { id } } }', { input: { name: 'to be erased' } })).driver.id;
	const erasure = (await say('mutation M($input: EraseDriverInput!) { eraseDriver(input: $input) { erasure { id } } }', { input: { driverId: victim, reason: m('erasure') } })).erasure.id;
	const exported = (await say('mutation M($input: ExportFileInput!) { exportFile(input: $input) { job { id } } }', { input: { kind: 'VEHICLES' } })).job.id;
	const template = (await say('mutation M($input: SaveInspectionTemplateInput!) { saveInspectionTemplate(input: $input) { template { id } } }',
		{ input: { name: m('template'), items: [{ key: 'brakes', title: m('brakes') }] } })).template.id;
	const pack = (await say('mutation M($input: MakeClaimPackInput!) { makeClaimPack(input: $input) { pack { id } } }', { input: { reportId: report } }, 'person')).pack.id;
	const items = ['service_brakes', 'parking_brake', 'steering_mechanism', 'lighting_devices', 'tires', 'horn', 'windshield_wipers', 'rear_vision_mirrors', 'coupling_devices',
		'wheels_and_rims', 'emergency_equipment'].map((key) => ({ key, result: key === 'horn' ? 'DEFECT' : 'OK' }));
	const inspection = (await say('mutation M($input: SubmitInspectionInput!) { submitInspection(input: $input) { inspection { id } } }',
		{ input: { vehicleId: vehicle, kind: 'POST_TRIP', items, defects: [{ item: 'horn', note: m('defect') }], safeToOperate: true, note: m('inspection'), signature: { name: m('signer') } } }, 'person')).inspection.id;
	const wanted = await say('mutation M($input: CreateDamageReportInput!) { createDamageReport(input: $input) { report { id } } }', { input: { vehicleId: vehicle, description: m('to repair') } }, 'manager');
	await say('mutation M($input: UpdateDamageReportInput!) { updateDamageReport(input: $input) { report { id } } }', { input: { id: wanted.report.id, status: 'APPROVED', estimatedCost: '900' } });
	const order = (await say('mutation M($input: CreateWorkOrderInput!) { createWorkOrder(input: $input) { workOrder { id } } }',
		{ input: { reportId: wanted.report.id, instructions: m('order'), tasks: [m('task')], budget: '900' } })).workOrder.id;
	return { pack, claimPack: pack, inspection, order, facility, vehicle, driver, vendor, assignment, report, reports, comment, webhook, alert, filter, estimate, erasure, exportJob: exported, template,
		vehicleName: `${mark}-VAN`, vin, number: String(reports.at(-1).number) };
}

// Every id, cursor and link that answers held, by the type that it stood in.
export function collect(value, into, type = '') {
	if (Array.isArray(value)) for (const item of value) collect(item, into, type);
	else if (value && typeof value === 'object') {
		const name = value.__typename ?? type;
		for (const [key, inner] of Object.entries(value)) {
			if (typeof inner === 'string' || typeof inner === 'number') {
				if (/(^id$|Id$)/.test(key)) into.ids.set(`${name}.${key}`, String(inner));
				else if (/[cC]ursor$/.test(key)) into.cursors.set(`${name}.${key}`, inner);
				else if (/[uU]rl$/.test(key) && /\//.test(inner)) into.links.set(`${name}.${key}`, inner);
			}
			collect(inner, into, name);
		}
	}
	return into;
}
