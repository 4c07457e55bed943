// What this test knows. A field, a scalar argument or a route that is not here makes it fail: whoever adds one looks whether another
// company could be reached through it, says so here, and the test then tries.

// Arguments of texts and numbers that name something of a company, and which values of the other one they are tried with.
export const references = {
	after: 'cursors', ids: 'all', id: 'all', number: 'numbers', name: 'words', search: 'words', text: 'words', vehicleName: 'words',
};

// Arguments of texts and numbers that name nothing: contents, amounts, limits.
export const plain = new Set(`accidents address adjuster alone amount angle areaGeoJson at body budget campaign claimNumber claimedAmount dated days deductible description discount
	email employeeNumber estimatedCost actualCost filter findingId first from idempotencyKey incidentAfter incidentAt incidentBefore includeRetired inspectedAt insurer
	instructions jurisdiction keepDays key km labourRate latitude licenceNumber longitude make maxCost message minCost model noticedOn note odometerKm paidAmount paidOn
	partNumber percent phone place plannedBefore plannedEnd plannedStart plate policyNumber points priority quantity quietFrom quietTo radiusKm reason redactTo reference remark
	repairDays reportedAfter reportedBefore sizeMm submittedAfter submittedBefore taxRate tasks timeZone title together triageHours decideHours repairHours types unitPrice until
	url validUntil value version vin west south east north x y years year zoom expiresAt damageAreas representations item claimText method deliveryId`.split(/\s+/));

// Root fields. Subscription fields are followed, the others are asked.
export const fields = new Set(`viewer damageReport damageReportsByIds damageReports vehicle vehicles facilities facility drivers driver vendors vendor damageReportStats riskiestVehicles
	reportPolicy searchDamageReports nearbyDamageReports damageReportClusters damageReportHotspots savedFilters importJob exportJob webhooks deliveries alerts mentions people
	exportDamageReports erasures erasure archives retentionPolicy inspection inspections inspectionsAwaitingMechanic verifyInspection inspectionTemplates inspectionPolicy
	totalLossRules workOrder workOrders _service _entities
	createDamageReport updateDamageReport createVehicle updateVehicle retireVehicle recordOdometer assignDriver endAssignment createDriver updateDriver retireDriver createFacility
	updateFacility retireFacility createVendor updateVendor retireVendor createWebhook updateWebhook deleteWebhook rotateWebhookSecret testWebhook replayDelivery saveAlert
	deleteAlert updateCompany transitionDamageReport undoDamageReportTransition batchUpdateDamageReports setApprovalLimit setReportDeadlines saveFilter deleteSavedFilter
	importFile exportFile addDamageZone changeDamageZone repairDamageZone removeDamageZone addComment editComment removeComment markMentionsSeen addAttachment removeAttachment
	setPhotoAngle eraseDriver eraseUser decideErasureFinding holdDamageReport releaseDamageReport setRetentionPolicy submitInspection certifyInspection acknowledgeInspection
	saveInspectionTemplate setInspectionPolicy setTotalLossRule removeTotalLossRule requestEstimate renewEstimateLink revokeEstimateLink submitEstimate acceptEstimate
	declineEstimate withdrawEstimate saveClaim moveClaim claimPack makeClaimPack createWorkOrder updateWorkOrder moveWorkOrder setWorkOrderTask recordInvoice approveInvoice voidInvoice setCostTolerance
	aiAnalysisComplete model3DProcessingStatus damageReportCreated damageReportUpdated`.split(/\s+/));

// Mutations that ask for a file: tried without one, which validation refuses before anything is named.
export const withFiles = new Set(['importFile', 'addAttachment']);
// Mutations of which one more call changes what the next call of the same kind would say: their places are tried all the same, but they may
// not succeed with a foreign value.

// Routes as src/ registers them: how to try them with what another company has. null: nothing of a company can be named there, or the
// address itself is the permission (a link to an estimate).
export const routes = {
	'GET /': null, 'GET /login': null, 'POST /login': null, 'POST /logout': null, 'GET /graphiql': null, 'GET /assets/*path': null, 'GET /sw.js': null,
	'GET /manifest.webmanifest': null, 'GET /icon.svg': null, 'GET /favicon.ico': null, 'GET /*path': null, 'GET /metrics': null, 'GET /livez': null, 'GET /readyz': null,
	'GET /graphql': null, 'POST /graphql': null, 'GET /exports/:file': null,
	'GET /quote/:token': null, 'POST /quote/:token': null, 'GET /quote/:token/photos/:photo/:variant': null,
	'GET /reports/:number': ['number'], 'POST /reports/:number': ['number'], 'GET /r/:vehicle': ['vehicleName'], 'POST /r/:vehicle': ['vehicleName'],
	'GET /reports/:number/repair': ['number'], 'POST /reports/:number/repair': ['number'], 'GET /tiles/:z/:x/:y': 'tiles',
	'GET /photos/:report/:photo/:variant': ['report', '1', 'original'], 'GET /attachments/:report/:attachment': ['report', '1'], 'GET /exports/jobs/:id': ['exportJob'],
	'GET /inspections/:file': ['inspectionFile'], 'GET /archives/:id': ['report'], 'GET /claim-packs/:id': ['claimPack'], 'GET /inspect/:vehicle': ['vehicleName'], 'POST /inspect/:vehicle': ['vehicleName'],
};
