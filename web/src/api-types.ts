// Made by tools/schemagen from the SDL in schema/; do not edit.

/** A moment in UTC, RFC 3339 with up to microseconds, as in 2026-03-01T09:30:00.250Z. */
export type DateTime = string;

/** A whole number beyond 32 bits, written as a string or an integer. */
export type BigInt = string;

/** An exact decimal number, written as a string as in "1250.00"; never a float. */
export type Decimal = string;

/** A UUID in lower-case hexadecimal, as in "0199c7a3-3f7b-7e2f-b1c0-5f1f1d1c0a11"; taken in any case. */
export type UUID = string;

/** A geometry of GeoJSON in WGS 84, as in {"type": "Point", "coordinates": [13.4, 52.5]}: longitude first. Features are none. */
export type GeoJSON = { type: string; coordinates?: unknown[]; geometries?: unknown[]; bbox?: number[] };

/** A file sent with the request by the GraphQL multipart request specification. */
export type Upload = File | Blob;

/** Who may keep an answer. */
export type CacheControlScope = "PUBLIC" | "PRIVATE";

/** What a caller may do. */
export type Role = "DRIVER" | "MANAGER" | "AUDITOR" | "ADMIN";

/** Where a report stands. */
export type DamageReportStatus = "REPORTED" | "ASSESSED" | "APPROVED" | "IN_REPAIR" | "COMPLETED" | "REJECTED";

/** How bad the damage is, from looks only to a loss of the vehicle. */
export type Severity = "COSMETIC" | "MINOR" | "MODERATE" | "MAJOR" | "CRITICAL" | "TOTAL_LOSS";

/** What caused the damage, or what kind it is. */
export type DamageType = "COLLISION" | "VANDALISM" | "WEATHER" | "WEAR_TEAR" | "MECHANICAL" | "GLASS" | "TIRE" | "INTERIOR" | "THEFT" | "FIRE" | "FLOOD" | "OTHER";

/** What happened to a report. */
export type DamageReportChangeKind = "CREATED" | "ASSESSED" | "UPDATED";

/** The part of a vehicle that is damaged. */
export type VehiclePart = "HOOD" | "BUMPER" | "TRUNK" | "DOOR" | "FENDER" | "LIGHT" | "WINDSHIELD";

/** The kinds of signs that something is wrong with a photo. */
export type FraudSignalKind = "SAME_FILE" | "SAME_PICTURE" | "MIRRORED_PICTURE" | "CAPTURE_TIME" | "EDITED";

/** The kinds of vehicles. */
export type VehicleKind = "CAR" | "VAN" | "TRUCK";

/** Where a message stands. */
export type DeliveryState = "WAITING" | "DELIVERED" | "FAILED";

/** The stages in the making of a 3D model, in their order; any of them may be followed by FAILED. */
export type Model3DStage = "QUEUED" | "PHOTOS" | "MATCHING" | "CAMERAS" | "SURFACE" | "VARIANTS" | "READY" | "FAILED";

/** What reports can be counted by. */
export type DamageReportStatsDimension = "STATUS" | "SEVERITY" | "TYPE" | "DEPOT" | "VEHICLE" | "MONTH";

/** How the repairs of a vehicle stand beside its value. */
export type VehicleRiskCategory = "LOW" | "MODERATE" | "HIGH" | "CRITICAL";

/** What a file holds, one record a line. */
export type TransferKind = "VEHICLES" | "DRIVERS" | "FACILITIES" | "REPORTS";

/** Where an import or export stands. */
export type TransferState = "WAITING" | "RUNNING" | "DONE" | "FAILED";

/** Where an erasure stands. */
export type ErasureState = "WAITING" | "DONE";

/** What becomes of a finding. */
export type ErasureFindingState = "OPEN" | "KEPT" | "REDACTED";

/** What is left of reports that are older than a policy allows. */
export type RetentionKeep = "NOTHING" | "NUMBERS" | "ARCHIVE";

/** How complete an archive is. */
export type ArchiveState = "WRITTEN" | "COMPLETE" | "RESTORED";

/** Where a report stands in its life. */
export type DamageReportStage = "DRAFT" | "REPORTED" | "TRIAGED" | "ASSESSED" | "APPROVED" | "IN_REPAIR" | "COMPLETED" | "CLOSED" | "REJECTED" | "DUPLICATE" | "DISPUTED" | "REOPENED";

/** A way from one stage to another. */
export type DamageReportTransition = "SUBMIT" | "ASSESS" | "TRIAGE" | "APPROVE" | "REJECT" | "MARK_DUPLICATE" | "START_REPAIR" | "WITHDRAW_APPROVAL" | "COMPLETE" | "HALT_REPAIR" | "CLOSE" | "RESUME_REPAIR" | "REOPEN" | "RESTORE" | "DISPUTE" | "SETTLE";

/** How a deadline stands. */
export type SlaState = "OK" | "DUE_SOON" | "OVERDUE";

/** What kind of thing happened. */
export type HistoryKind = "CREATED" | "ASSESSED" | "MOVED" | "ENDORSED" | "UNDONE" | "CHANGED" | "OVERDUE" | "ZONE_ADDED" | "ZONE_CHANGED" | "ZONE_REPAIRED" | "ZONE_REMOVED" | "COMMENTED" | "COMMENT_EDITED" | "COMMENT_REMOVED" | "ATTACHED" | "DETACHED" | "ATTACHMENT_OPENED" | "PHOTO_OPENED" | "PHOTO_CHANGED" | "PHOTO_REMOVED" | "ESTIMATE_REQUESTED" | "ESTIMATE_LINKED" | "ESTIMATE_UNLINKED" | "ESTIMATE_SUBMITTED" | "ESTIMATE_ACCEPTED" | "ESTIMATE_DECLINED" | "ESTIMATE_WITHDRAWN" | "ESTIMATE_EXPIRED" | "ESTIMATE_RELEASED" | "RESTORED" | "HELD" | "RELEASED" | "ORDER_CREATED" | "ORDER_CHANGED" | "ORDER_MOVED" | "ORDER_TASK" | "INVOICE_RECORDED" | "INVOICE_APPROVED" | "INVOICE_VOIDED" | "CLAIM_OPENED" | "CLAIM_CHANGED" | "CLAIM_MOVED" | "DEFECT_FOUND" | "DEFECT_RESOLVED" | "PACK_MADE" | "OTHER";

/** The part of a vehicle that a zone lies on. */
export type ZonePart = "FRONT_BUMPER" | "REAR_BUMPER" | "HOOD" | "ROOF" | "TRUNK" | "FRONT_DOOR" | "REAR_DOOR" | "SLIDING_DOOR" | "CARGO_DOOR" | "FRONT_FENDER" | "REAR_QUARTER" | "SIDE_PANEL" | "SILL" | "PILLAR" | "MIRROR" | "WINDSHIELD" | "REAR_WINDOW" | "SIDE_WINDOW" | "HEADLIGHT" | "TAIL_LIGHT" | "INDICATOR" | "GRILLE" | "NUMBER_PLATE" | "FRONT_WHEEL" | "REAR_WHEEL" | "FRONT_TIRE" | "REAR_TIRE" | "UNDERBODY" | "EXHAUST" | "LOAD_AREA" | "TAIL_LIFT" | "SEAT" | "DASHBOARD" | "TRIM" | "ENGINE" | "OTHER";

/** What a damage looks like. */
export type ZoneKind = "SCRATCH" | "DENT" | "CRACK" | "GLASS_SHATTER" | "LAMP_BROKEN" | "TIRE_FLAT" | "PAINT_DAMAGE" | "MISSING_PART" | "DEFORMATION" | "RUST" | "HOLE" | "HAIL" | "STAIN_OR_TEAR" | "UNDERBODY" | "OTHER";

/** The side of a part, seen in the direction of travel. */
export type VehicleSide = "LEFT" | "RIGHT" | "MIDDLE";

/** From where a diagram or a photo looks at the vehicle. */
export type Viewpoint = "FRONT" | "FRONT_LEFT" | "LEFT" | "REAR_LEFT" | "REAR" | "REAR_RIGHT" | "RIGHT" | "FRONT_RIGHT";

/** Whether a damage is there. */
export type ZoneState = "OPEN" | "REPAIRED" | "REMOVED";

/** From where a photo looks at the vehicle. */
export type PhotoAngle = "FRONT" | "FRONT_LEFT" | "LEFT" | "REAR_LEFT" | "REAR" | "REAR_RIGHT" | "RIGHT" | "FRONT_RIGHT" | "CLOSE_UP" | "INSIDE";

/** What was done with a photo. */
export type CustodyAction = "UPLOADED" | "OPENED" | "CHANGED" | "REMOVED";

/** Where an estimate stands. */
export type EstimateState = "REQUESTED" | "SUBMITTED" | "REVISED" | "ACCEPTED" | "DECLINED" | "EXPIRED" | "WITHDRAWN";

/** What a line of an estimate is for. */
export type EstimateLineKind = "LABOUR" | "PARTS" | "PAINT" | "OTHER" | "SUBLET";

/** Where a part comes from. */
export type PartSource = "OEM" | "AFTERMARKET" | "USED";

/** How far the mail is that carries a link. */
export type LinkMailState = "WAITING" | "SENT" | "FAILED";

/** Where an estimate lies against the assessed range of costs. */
export type AgainstAssessment = "BELOW" | "WITHIN" | "ABOVE";

/** How a rule tells a total loss. */
export type TotalLossRuleKind = "THRESHOLD" | "FORMULA";

/** Where the cost in a judgement is from. */
export type TotalLossBasis = "ACCEPTED_ESTIMATE" | "CHEAPEST_ESTIMATE" | "ASSESSMENT" | "REPORT";

/** Where a work order stands. */
export type WorkOrderState = "OPEN" | "SCHEDULED" | "IN_PROGRESS" | "WAITING_PARTS" | "DONE" | "CANCELLED";

/** A step of a work order. */
export type WorkOrderStep = "SCHEDULE" | "UNSCHEDULE" | "START" | "WAIT_FOR_PARTS" | "GO_ON" | "FINISH" | "TAKE_UP_AGAIN" | "CANCEL";

/** What a line of a bill is for. */
export type CostKind = "LABOUR" | "PARTS" | "PAINT" | "TAX" | "OTHER";

/** Whether a bill counts. */
export type InvoiceState = "COUNTS" | "HELD" | "VOID";

/** Where a claim stands. */
export type ClaimState = "OPEN" | "SUBMITTED" | "ACCEPTED" | "PARTLY_PAID" | "PAID" | "DENIED" | "CLOSED";

/** A step of a claim. */
export type ClaimStep = "SUBMIT" | "ACCEPT" | "PAY" | "DENY" | "APPEAL" | "CLOSE" | "REOPEN";

/** When an inspection was made. */
export type InspectionKind = "PRE_TRIP" | "POST_TRIP" | "AD_HOC";

/** Where an inspection stands. */
export type InspectionState = "AWAITING_MECHANIC" | "AWAITING_DRIVER" | "CLOSED";

/** How an item of the checklist is. */
export type InspectionResult = "OK" | "DEFECT" | "NOT_APPLICABLE";

/** What became of a defect. */
export type DefectState = "OPEN" | "REPAIRED" | "REPAIR_UNNECESSARY";

/** As what somebody signs. */
export type InspectionSigner = "DRIVER" | "MECHANIC" | "NEXT_DRIVER";

/** What can be asked. */
export interface Query {
  /** Who is asking: the company, the role and what they may do. */
  viewer: Viewer;
  /** All reports of this company that match, newest first, each once: for exports of any length. Ask for it with @stream, and take
   * the answer in parts; without it there may be at most 10,000. What is filed after the start is not in it. */
  exportDamageReports: Array<DamageReport>;
  /** One report, by its id or by the number that people use: give exactly one. Null when this company has no such report. */
  damageReport: DamageReport | null;
  /** Several reports by their ids, in that order; null where this company has no such report. */
  damageReportsByIds: Array<DamageReport | null>;
  /** The reports of this company, newest first. */
  damageReports: DamageReportConnection;
  /** One vehicle, by its id or by its name (as in VAN-12): give exactly one. */
  vehicle: Vehicle | null;
  /** The vehicles of this company, by name. */
  vehicles: VehicleConnection;
  /** The depots of this company that are in use, by name. */
  facilities: Array<Facility>;
  /** One depot, by its id. */
  facility: Facility | null;
  /** The company's webhooks. For its administrators. */
  webhooks: Array<Webhook>;
  /** What was sent to webhooks and by mail, newest first. For administrators. */
  deliveries: DeliveryConnection;
  /** The caller's own alerts. */
  alerts: Array<Alert>;
  /** The drivers of this company, by name. For those who may see how to reach a person. */
  drivers: DriverConnection;
  /** One driver, by their id. */
  driver: Driver | null;
  /** The vendors of this company that are in use, by name. */
  vendors: Array<Vendor>;
  /** One vendor, by its id. */
  vendor: Vendor | null;
  /** Counts, costs and repair times of reports, from totals that follow each change within two seconds. For callers who see all reports of the company. */
  damageReportStats: DamageReportStats;
  /** The vehicles whose repairs of twelve months cost most beside their value, worst first. */
  riskiestVehicles: Array<Vehicle>;
  /** Reports by words, best first: the company's language is known, the last word may be a beginning, and claim numbers, plates, VINs and vehicles' names may be nearly right. Of reports that hold the words the newest 500 are ranked. */
  searchDamageReports: DamageReportSearchConnection;
  /** The reports nearest to a point, nearest first; of the last twelve months unless the filter says otherwise. */
  nearbyDamageReports: Array<NearbyDamageReport>;
  /** What a map shows of a box: one cluster for each square of 64 pixels, largest first, 2,000 at most. Below zoom 8 from totals of whole months. For callers who see all reports of the company. */
  damageReportClusters: Array<DamageReportCluster>;
  /** Places of about 200 metres where most damage happened lately, beside the same time before. For callers who see all reports of the company. */
  damageReportHotspots: Array<DamageReportHotspot>;
  /** The filters that the caller has saved, by name. */
  savedFilters: Array<SavedFilter>;
  /** How an import stands. Null when this company has no such import. */
  importJob: ImportJob | null;
  /** How an export stands. Null when this company has no such export. */
  exportJob: ExportJob | null;
  /** Erasures of what was known of persons, newest first: the register, for administrators. */
  erasures: Array<Erasure>;
  /** One erasure, with its certificate. Null when this company has no such erasure. */
  erasure: Erasure | null;
  /** How long this company keeps its reports. Not for drivers. */
  retentionPolicy: RetentionPolicy;
  /** Files of reports that are not in the tables any more, newest first. For administrators. */
  archives: Array<Archive>;
  /** What the company has decided about its reports: who may approve how much, and how soon things must happen. */
  reportPolicy: ReportPolicy;
  /** The comments that name the caller, newest first. */
  mentions: Array<Comment>;
  /** People of the company whose name or address begins with this text, at most 20: to name them in a comment. */
  people: Array<Person>;
  /** When a damage is a total loss: the company's rules by jurisdiction, first the one for all others. */
  totalLossRules: Array<TotalLossRule>;
  /** A work order by its id; null when there is none. Not for drivers. */
  workOrder: WorkOrder | null;
  /** A workshop's board: work orders, newest first. Not for drivers. */
  workOrders: WorkOrderConnection;
  /** A claim pack that the caller asked for; null when there is none. */
  claimPack: ClaimPack | null;
  /** One inspection, by its id. Everybody of the company may read it: the next driver has to. */
  inspection: Inspection | null;
  /** The inspections of this company, newest first. */
  inspections: InspectionConnection;
  /** Inspections whose defects are not all certified yet, newest first. */
  inspectionsAwaitingMechanic: InspectionConnection;
  /** Computes the hash of each signature again from what is recorded now, and says whether anything was changed since it was signed. */
  verifyInspection: InspectionProof;
  /** The checklists in use: the one that is delivered, then the company's own by name. */
  inspectionTemplates: Array<InspectionTemplate>;
  /** What the company has decided about its inspections. */
  inspectionPolicy: InspectionPolicy;
}

/** The arguments of Query.exportDamageReports. */
export interface QueryExportDamageReportsArgs {
  /** Only reports that match every condition given. */
  filter?: DamageReportFilter | null;
}

/** The arguments of Query.damageReport. */
export interface QueryDamageReportArgs {
  /** The report's id. */
  id?: string | null;
  /** The number that people use. */
  number?: BigInt | null;
}

/** The arguments of Query.damageReportsByIds. */
export interface QueryDamageReportsByIdsArgs {
  /** 1 to 100 ids. */
  ids: Array<UUID>;
}

/** The arguments of Query.damageReports. */
export interface QueryDamageReportsArgs {
  /** Only reports that match every condition given. */
  filter?: DamageReportFilter | null;
  /** How many reports to return, 1 to 100. */
  first?: number | null;
  /** Continue after this cursor, as given in pageInfo.endCursor. */
  after?: string | null;
}

/** The arguments of Query.vehicle. */
export interface QueryVehicleArgs {
  /** The vehicle's id. */
  id?: string | null;
  /** Its name, in any case. */
  name?: string | null;
}

/** The arguments of Query.vehicles. */
export interface QueryVehiclesArgs {
  /** Only vehicles whose name, plate, VIN, make or model contains this text. */
  search?: string | null;
  /** Also those that are out of use. */
  includeRetired?: boolean | null;
  /** How many vehicles to return, 1 to 100. */
  first?: number | null;
  /** Continue after this cursor. */
  after?: string | null;
}

/** The arguments of Query.facility. */
export interface QueryFacilityArgs {
  /** The depot's id. */
  id: string;
}

/** The arguments of Query.deliveries. */
export interface QueryDeliveriesArgs {
  /** Only those of this webhook. */
  webhookId?: string | null;
  /** Only those in this state. */
  state?: DeliveryState | null;
  /** How many to return, 1 to 100. */
  first?: number | null;
  /** Continue after this cursor. */
  after?: string | null;
}

/** The arguments of Query.drivers. */
export interface QueryDriversArgs {
  /** Only drivers whose name contains this text. */
  search?: string | null;
  /** How many drivers to return, 1 to 100. */
  first?: number | null;
  /** Continue after this cursor. */
  after?: string | null;
}

/** The arguments of Query.driver. */
export interface QueryDriverArgs {
  /** The driver's id. */
  id: string;
}

/** The arguments of Query.vendor. */
export interface QueryVendorArgs {
  /** The vendor's id. */
  id: string;
}

/** The arguments of Query.damageReportStats. */
export interface QueryDamageReportStatsArgs {
  /** Only reports that match every condition given. */
  filter?: DamageReportStatsFilter | null;
  /** One group for each combination of these; one group in all if left out. */
  groupBy?: Array<DamageReportStatsDimension>;
  /** How many groups to return, 1 to 1000: those with the most reports, or by month the newest. */
  first?: number | null;
}

/** The arguments of Query.riskiestVehicles. */
export interface QueryRiskiestVehiclesArgs {
  /** How many vehicles to return, 1 to 100. */
  first?: number | null;
}

/** The arguments of Query.searchDamageReports. */
export interface QuerySearchDamageReportsArgs {
  /** What to look for: words, "a phrase", -not, or. */
  text: string;
  /** Only reports that match every condition given. */
  filter?: DamageReportFilter | null;
  /** How many reports to return, 1 to 100. */
  first?: number | null;
  /** Continue after this cursor, as given in pageInfo.endCursor. */
  after?: string | null;
}

/** The arguments of Query.nearbyDamageReports. */
export interface QueryNearbyDamageReportsArgs {
  /** The point. */
  point: GeoPointInput;
  /** How far they may be away, in kilometres: above 0, at most 1000. */
  radiusKm?: number;
  /** Only reports that match every condition given. */
  filter?: DamageReportFilter | null;
  /** How many reports to return, 1 to 100. */
  first?: number | null;
}

/** The arguments of Query.damageReportClusters. */
export interface QueryDamageReportClustersArgs {
  /** The box. */
  box: GeoBoxInput;
  /** The zoom of the map, 0 to 22. */
  zoom: number;
  /** Filed at or after this time; twelve months ago if left out. */
  reportedAfter?: DateTime | null;
  /** Filed before this time. */
  reportedBefore?: DateTime | null;
}

/** The arguments of Query.damageReportHotspots. */
export interface QueryDamageReportHotspotsArgs {
  /** How many days count as lately, 1 to 366. */
  days?: number;
  /** Only within this box. */
  box?: GeoBoxInput | null;
  /** How many places to return, 1 to 100. */
  first?: number | null;
}

/** The arguments of Query.importJob. */
export interface QueryImportJobArgs {
  /** The import. */
  id: string;
}

/** The arguments of Query.exportJob. */
export interface QueryExportJobArgs {
  /** The export. */
  id: string;
}

/** The arguments of Query.erasures. */
export interface QueryErasuresArgs {
  /** How many erasures to return, 1 to 100. */
  first?: number | null;
  /** Continue after the erasure with this id. */
  after?: string | null;
}

/** The arguments of Query.erasure. */
export interface QueryErasureArgs {
  /** The erasure. */
  id: string;
}

/** The arguments of Query.archives. */
export interface QueryArchivesArgs {
  /** How many archives to return, 1 to 100. */
  first?: number | null;
  /** Continue after the archive with this id. */
  after?: string | null;
}

/** The arguments of Query.mentions. */
export interface QueryMentionsArgs {
  /** Whether only those that the caller has not seen are wanted. */
  unseen?: boolean;
  /** How many comments to return, 1 to 100. */
  first?: number | null;
  /** Continue after the comment with this id. */
  after?: string | null;
}

/** The arguments of Query.people. */
export interface QueryPeopleArgs {
  /** How the name or the address begins. */
  search: string;
}

/** The arguments of Query.workOrder. */
export interface QueryWorkOrderArgs {
  /** Its id. */
  id: string;
}

/** The arguments of Query.workOrders. */
export interface QueryWorkOrdersArgs {
  /** Which ones; all when it is left out. */
  filter?: WorkOrderFilter | null;
  /** How many to return, 1 to 100. */
  first?: number | null;
  /** Continue after this cursor. */
  after?: string | null;
}

/** The arguments of Query.claimPack. */
export interface QueryClaimPackArgs {
  /** Its id. */
  id: string;
}

/** The arguments of Query.inspection. */
export interface QueryInspectionArgs {
  /** The inspection's id. */
  id: string;
}

/** The arguments of Query.inspections. */
export interface QueryInspectionsArgs {
  /** Only inspections that match every condition given. */
  filter?: InspectionFilter | null;
  /** How many inspections to return, 1 to 100. */
  first?: number | null;
  /** Continue after this cursor. */
  after?: string | null;
}

/** The arguments of Query.inspectionsAwaitingMechanic. */
export interface QueryInspectionsAwaitingMechanicArgs {
  /** How many inspections to return, 1 to 100. */
  first?: number | null;
  /** Continue after this cursor. */
  after?: string | null;
}

/** The arguments of Query.verifyInspection. */
export interface QueryVerifyInspectionArgs {
  /** The inspection's id. */
  id: string;
}

/** The caller of this request. */
export interface Viewer {
  /** The company. */
  tenant: Tenant;
  /** What the caller may do. */
  role: Role;
  /** The name of the person or of the program. */
  name: string;
}

/** A company. */
export interface Tenant {
  /** The company's public id. */
  id: string;
  /** The company's name. */
  name: string;
  /** The ISO 4217 code of the currency that its costs are kept in. */
  currency: string;
  /** The time zone that its days are counted in, as in Europe/Amsterdam. */
  timeZone: string;
  /** Grows by one with each change; send it back to change only what you have seen. */
  version: number;
}

/** An amount of money; exact. */
export interface Money {
  /** The amount in major units, as in "1250.00". */
  amount: Decimal;
  /** The ISO 4217 code, as in EUR. */
  currency: string;
}

/** A place on Earth, WGS 84. */
export interface GeoPoint {
  /** Degrees north, -90 to 90. */
  latitude: number;
  /** Degrees east, -180 to 180. */
  longitude: number;
  /** The same as a Point of GeoJSON. */
  geoJson: GeoJSON;
}

/** Where a page stands in a list. */
export interface PageInfo {
  /** Whether more follow. */
  hasNextPage: boolean;
  /** Whether some come before. */
  hasPreviousPage: boolean;
  /** The cursor of the first item. */
  startCursor: string | null;
  /** The cursor of the last item. */
  endCursor: string | null;
}

/** What can be changed; each field in a transaction of its own, one after the other. */
export interface Mutation {
  /** Files a damage report with its photos and queues its assessment. Nothing is kept when any photo is refused. */
  createDamageReport: CreateDamageReportPayload;
  /** Changes a report. Only the fields given are changed. */
  updateDamageReport: UpdateDamageReportPayload;
  /** Makes a webhook: events of the company are sent to its URL from now on. The answer holds the secret that its messages are signed with. */
  createWebhook: WebhookPayload;
  /** Changes a webhook. Only the fields given are changed. */
  updateWebhook: WebhookPayload;
  /** Deletes a webhook. What was sent to it stays in the log. */
  deleteWebhook: DeletePayload;
  /** Gives a webhook a new secret. Messages are signed with it at once. */
  rotateWebhookSecret: WebhookPayload;
  /** Sends a message of the type webhook.test. */
  testWebhook: DeliveryPayload;
  /** Sends a message again, under its own id. */
  replayDelivery: DeliveryPayload;
  /** Makes an alert of the caller, or replaces one. */
  saveAlert: AlertPayload;
  /** Deletes an alert of the caller. */
  deleteAlert: DeletePayload;
  /** Adds a vehicle. */
  createVehicle: VehiclePayload;
  /** Changes a vehicle. Only the fields given are changed; null clears one. */
  updateVehicle: VehiclePayload;
  /** Takes a vehicle out of use, or back into it. Its reports stay; nobody is assigned to it any more. */
  retireVehicle: VehiclePayload;
  /** Keeps an odometer reading. One of the past is put in its place, with a warning. */
  recordOdometer: VehiclePayload;
  /** Assigns a driver to a vehicle. An assignment that goes on ends where this one begins; any other overlap is refused. */
  assignDriver: DriverAssignmentPayload;
  /** Ends an assignment. */
  endAssignment: DriverAssignmentPayload;
  /** Adds a driver. */
  createDriver: DriverPayload;
  /** Changes a driver. Only the fields given are changed; null clears one. */
  updateDriver: DriverPayload;
  /** Notes that a driver has left, or is back. */
  retireDriver: DriverPayload;
  /** Adds a depot. */
  createFacility: FacilityPayload;
  /** Changes a depot. Only the fields given are changed; null clears one. */
  updateFacility: FacilityPayload;
  /** Takes a depot out of use, or back into it. */
  retireFacility: FacilityPayload;
  /** Adds a vendor. */
  createVendor: VendorPayload;
  /** Changes a vendor. Only the fields given are changed; null clears one. */
  updateVendor: VendorPayload;
  /** Takes a vendor out of use, or back into it. */
  retireVendor: VendorPayload;
  /** Changes the company itself; for its administrators. */
  updateCompany: CompanyPayload;
  /** Saves a filter for the caller; one of the same name is replaced. */
  saveFilter: SaveFilterPayload;
  /** Deletes a saved filter of the caller. */
  deleteSavedFilter: DeleteSavedFilterPayload;
  /** Imports a CSV file of new records, or only checks it. A file with a bad line imports nothing. Up to 10,000 lines are done at once; longer files go on by themselves: follow importJob. */
  importFile: ImportFilePayload;
  /** Makes a CSV file of all records of a kind; follow exportJob until it has a url. GET /exports/reports.csv gives the same at once, as a stream. */
  exportFile: ExportFilePayload;
  /** Erases what is known of a driver, their log-in included. Refused while a duty to keep it lasts; the sentence says which and until when. */
  eraseDriver: ErasePayload;
  /** Erases what is known of a user, their driver included. */
  eraseUser: ErasePayload;
  /** Decides about words of others that may name an erased person, or a photo that may show them. */
  decideErasureFinding: DecideErasureFindingPayload;
  /** Puts a report under a legal hold: it is neither archived nor dropped, and its people are not erased. */
  holdDamageReport: HoldDamageReportPayload;
  /** Ends a legal hold. */
  releaseDamageReport: HoldDamageReportPayload;
  /** Sets how long reports are kept, and what is left of those that go. For administrators. */
  setRetentionPolicy: SetRetentionPolicyPayload;
  /** Moves a report along its life. Ask availableTransitions first: it says what the caller may do and why not. */
  transitionDamageReport: TransitionDamageReportPayload;
  /** Takes back the caller's last step, within ten minutes and if nothing has happened to the report since. */
  undoDamageReportTransition: UndoDamageReportTransitionPayload;
  /** Changes up to 100 reports at once. Each is judged for itself: what is refused does not hold up the rest. */
  batchUpdateDamageReports: BatchUpdateDamageReportsPayload;
  /** Sets what a role may approve. Administrators only. */
  setApprovalLimit: SetApprovalLimitPayload;
  /** Sets the deadlines of a priority; they count for deadlines that begin from now on. Administrators only. */
  setReportDeadlines: SetReportDeadlinesPayload;
  /** Adds a damage at its place to a report; its number is in the answer. */
  addDamageZone: DamageZonePayload;
  /** Changes an open zone: it becomes what the input says. */
  changeDamageZone: DamageZonePayload;
  /** Says that a zone is repaired, whatever becomes of the rest of the report. */
  repairDamageZone: DamageZonePayload;
  /** Says that a zone was never there. Its history stays. */
  removeDamageZone: DamageZonePayload;
  /** Comments on a report. "@handle" names a colleague, who finds the comment among their mentions. */
  addComment: CommentPayload;
  /** Changes a comment of the caller's; what it said before is kept. */
  editComment: CommentPayload;
  /** Takes a comment of the caller's back; administrators may take back any. */
  removeComment: CommentPayload;
  /** Says that the caller has seen comments that name them. */
  markMentionsSeen: MarkMentionsSeenPayload;
  /** Attaches a file to a report: PDF, a picture, text, CSV or an office document of at most 25 MB. */
  addAttachment: AttachmentPayload;
  /** Removes an attachment: by who added it, or who decides. Its history stays. */
  removeAttachment: RemoveAttachmentPayload;
  /** Says from where a photo looks at the vehicle. */
  setPhotoAngle: SetPhotoAnglePayload;
  /** Sets the rule of a jurisdiction, or that for all others. Administrators only. */
  setTotalLossRule: TotalLossRulesPayload;
  /** Removes the rule of a jurisdiction; the one for all others becomes the usual one again. Administrators only. */
  removeTotalLossRule: TotalLossRulesPayload;
  /** Asks a vendor for an estimate: makes a link to a page where it is written, without an account. The link is in this answer and nowhere else. */
  requestEstimate: EstimateLinkPayload;
  /** Makes a new link in place of the old one; an estimate that was declined or has expired is asked for again. */
  renewEstimateLink: EstimateLinkPayload;
  /** Revokes the link to an estimate: from now on it leads to a page that says so. */
  revokeEstimateLink: EstimatePayload;
  /** Enters an estimate for a vendor, as from paper or a mail: a new one, or the next revision of one that there is. What it comes to is counted here. */
  submitEstimate: EstimatePayload;
  /** Accepts an estimate: its total becomes the report's cost, the report is approved as by APPROVE and under the same limits, and the report's other estimates are declined. In a report that is approved already it changes the approved amount. */
  acceptEstimate: AcceptEstimatePayload;
  /** Declines an estimate. */
  declineEstimate: EstimatePayload;
  /** Takes an estimate or the request for one back; its link leads nowhere any more. */
  withdrawEstimate: EstimatePayload;
  /** Orders a repair of an approved report, from a vendor or from the company's own workshop. */
  createWorkOrder: WorkOrderPayload;
  /** Changes an order that is not done yet. */
  updateWorkOrder: WorkOrderPayload;
  /** Takes an order a step on. The report follows: the first order that starts begins its repair, the last that is finished completes it. */
  moveWorkOrder: WorkOrderPayload;
  /** Says whether a task of an order is done. */
  setWorkOrderTask: WorkOrderPayload;
  /** Records what was paid for an order; the report's actualCost becomes the sum. A bill that takes it above what was approved by more than the tolerance needs an approval limit for that sum; where two persons are needed it waits for the second. */
  recordInvoice: InvoicePayload;
  /** Approves a bill that waits for a second person. */
  approveInvoice: InvoicePayload;
  /** Declares a bill void that was recorded wrongly; it no longer counts, and its number may be used again. */
  voidInvoice: InvoicePayload;
  /** Sets by how many percent a repair may cost more than was approved before somebody must allow that. Administrators only. */
  setCostTolerance: SetCostTolerancePayload;
  /** Makes one file of everything about a report, for an insurer. Ask claimPack until it is DONE; its url is for the caller only, and ends. */
  makeClaimPack: ClaimPackPayload;
  /** Begins the insurance claim of a report, or changes it. The claim number is found by the search. */
  saveClaim: ClaimPayload;
  /** Takes the claim a step on. */
  moveClaim: ClaimPayload;
  /** Submits an inspection with the driver's signature. Each defect becomes a damage report, or joins one that is open. Without defects nothing is filed unless the company wants it: filed says so. */
  submitInspection: SubmitInspectionPayload;
  /** Certifies of defects that they were repaired, or that a repair is unnecessary; all of an inspection, or some now and some later. */
  certifyInspection: CertifyInspectionPayload;
  /** The next driver's signature: has read the report, and what was certified. */
  acknowledgeInspection: InspectionPayload;
  /** Makes a checklist, or a new version of one. Inspections keep the version that they were made with. */
  saveInspectionTemplate: InspectionTemplatePayload;
  /** Sets what the company decides about its inspections. Administrators only. */
  setInspectionPolicy: InspectionPolicyPayload;
}

/** The arguments of Mutation.createDamageReport. */
export interface MutationCreateDamageReportArgs {
  /** What happened to which vehicle, and the photos. */
  input: CreateDamageReportInput;
}

/** The arguments of Mutation.updateDamageReport. */
export interface MutationUpdateDamageReportArgs {
  /** The report, and what changes. */
  input: UpdateDamageReportInput;
}

/** The arguments of Mutation.createWebhook. */
export interface MutationCreateWebhookArgs {
  /** What the new one is. */
  input: CreateWebhookInput;
}

/** The arguments of Mutation.updateWebhook. */
export interface MutationUpdateWebhookArgs {
  /** Which one, and what changes. */
  input: UpdateWebhookInput;
}

/** The arguments of Mutation.deleteWebhook. */
export interface MutationDeleteWebhookArgs {
  /** The webhook. */
  id: string;
}

/** The arguments of Mutation.rotateWebhookSecret. */
export interface MutationRotateWebhookSecretArgs {
  /** The webhook. */
  id: string;
}

/** The arguments of Mutation.testWebhook. */
export interface MutationTestWebhookArgs {
  /** The webhook. */
  id: string;
}

/** The arguments of Mutation.replayDelivery. */
export interface MutationReplayDeliveryArgs {
  /** The delivery. */
  id: string;
}

/** The arguments of Mutation.saveAlert. */
export interface MutationSaveAlertArgs {
  /** What to watch, and whom to tell. */
  input: SaveAlertInput;
}

/** The arguments of Mutation.deleteAlert. */
export interface MutationDeleteAlertArgs {
  /** The alert. */
  id: string;
}

/** The arguments of Mutation.createVehicle. */
export interface MutationCreateVehicleArgs {
  /** What the new one is. */
  input: CreateVehicleInput;
}

/** The arguments of Mutation.updateVehicle. */
export interface MutationUpdateVehicleArgs {
  /** Which one, and what changes. */
  input: UpdateVehicleInput;
}

/** The arguments of Mutation.retireVehicle. */
export interface MutationRetireVehicleArgs {
  /** Which one. */
  input: RetireInput;
}

/** The arguments of Mutation.recordOdometer. */
export interface MutationRecordOdometerArgs {
  /** The reading. */
  input: RecordOdometerInput;
}

/** The arguments of Mutation.assignDriver. */
export interface MutationAssignDriverArgs {
  /** Who drives what, and when. */
  input: AssignDriverInput;
}

/** The arguments of Mutation.endAssignment. */
export interface MutationEndAssignmentArgs {
  /** Which assignment, and when it ends. */
  input: EndAssignmentInput;
}

/** The arguments of Mutation.createDriver. */
export interface MutationCreateDriverArgs {
  /** What the new one is. */
  input: CreateDriverInput;
}

/** The arguments of Mutation.updateDriver. */
export interface MutationUpdateDriverArgs {
  /** Which one, and what changes. */
  input: UpdateDriverInput;
}

/** The arguments of Mutation.retireDriver. */
export interface MutationRetireDriverArgs {
  /** Which one. */
  input: RetireInput;
}

/** The arguments of Mutation.createFacility. */
export interface MutationCreateFacilityArgs {
  /** What the new one is. */
  input: CreateFacilityInput;
}

/** The arguments of Mutation.updateFacility. */
export interface MutationUpdateFacilityArgs {
  /** Which one, and what changes. */
  input: UpdateFacilityInput;
}

/** The arguments of Mutation.retireFacility. */
export interface MutationRetireFacilityArgs {
  /** Which one. */
  input: RetireInput;
}

/** The arguments of Mutation.createVendor. */
export interface MutationCreateVendorArgs {
  /** What the new one is. */
  input: CreateVendorInput;
}

/** The arguments of Mutation.updateVendor. */
export interface MutationUpdateVendorArgs {
  /** Which one, and what changes. */
  input: UpdateVendorInput;
}

/** The arguments of Mutation.retireVendor. */
export interface MutationRetireVendorArgs {
  /** Which one. */
  input: RetireInput;
}

/** The arguments of Mutation.updateCompany. */
export interface MutationUpdateCompanyArgs {
  /** What changes. */
  input: UpdateCompanyInput;
}

/** The arguments of Mutation.saveFilter. */
export interface MutationSaveFilterArgs {
  /** The filter, and its name. */
  input: SaveFilterInput;
}

/** The arguments of Mutation.deleteSavedFilter. */
export interface MutationDeleteSavedFilterArgs {
  /** The filter. */
  id: string;
}

/** The arguments of Mutation.importFile. */
export interface MutationImportFileArgs {
  /** The file, and what its rows are. */
  input: ImportFileInput;
}

/** The arguments of Mutation.exportFile. */
export interface MutationExportFileArgs {
  /** What to write, and how. */
  input: ExportFileInput;
}

/** The arguments of Mutation.eraseDriver. */
export interface MutationEraseDriverArgs {
  /** The driver, and why. */
  input: EraseDriverInput;
}

/** The arguments of Mutation.eraseUser. */
export interface MutationEraseUserArgs {
  /** The user, and why. */
  input: EraseUserInput;
}

/** The arguments of Mutation.decideErasureFinding. */
export interface MutationDecideErasureFindingArgs {
  /** The finding, and what becomes of it. */
  input: DecideErasureFindingInput;
}

/** The arguments of Mutation.holdDamageReport. */
export interface MutationHoldDamageReportArgs {
  /** The report, and why. */
  input: HoldDamageReportInput;
}

/** The arguments of Mutation.releaseDamageReport. */
export interface MutationReleaseDamageReportArgs {
  /** The report. */
  input: ReleaseDamageReportInput;
}

/** The arguments of Mutation.setRetentionPolicy. */
export interface MutationSetRetentionPolicyArgs {
  /** The years, and what is left. */
  input: SetRetentionPolicyInput;
}

/** The arguments of Mutation.transitionDamageReport. */
export interface MutationTransitionDamageReportArgs {
  /** The report, and the step it takes. */
  input: TransitionDamageReportInput;
}

/** The arguments of Mutation.undoDamageReportTransition. */
export interface MutationUndoDamageReportTransitionArgs {
  /** The step to take back. */
  input: UndoDamageReportTransitionInput;
}

/** The arguments of Mutation.batchUpdateDamageReports. */
export interface MutationBatchUpdateDamageReportsArgs {
  /** The changes; no report twice. */
  inputs: Array<UpdateDamageReportInput>;
}

/** The arguments of Mutation.setApprovalLimit. */
export interface MutationSetApprovalLimitArgs {
  /** Whose limit, and how high. */
  input: SetApprovalLimitInput;
}

/** The arguments of Mutation.setReportDeadlines. */
export interface MutationSetReportDeadlinesArgs {
  /** The deadlines. */
  input: SetReportDeadlinesInput;
}

/** The arguments of Mutation.addDamageZone. */
export interface MutationAddDamageZoneArgs {
  /** The report and the damage. */
  input: AddDamageZoneInput;
}

/** The arguments of Mutation.changeDamageZone. */
export interface MutationChangeDamageZoneArgs {
  /** The zone and what it is now. */
  input: ChangeDamageZoneInput;
}

/** The arguments of Mutation.repairDamageZone. */
export interface MutationRepairDamageZoneArgs {
  /** The zone. */
  input: CloseDamageZoneInput;
}

/** The arguments of Mutation.removeDamageZone. */
export interface MutationRemoveDamageZoneArgs {
  /** The zone. */
  input: CloseDamageZoneInput;
}

/** The arguments of Mutation.addComment. */
export interface MutationAddCommentArgs {
  /** The report and what there is to say. */
  input: AddCommentInput;
}

/** The arguments of Mutation.editComment. */
export interface MutationEditCommentArgs {
  /** The comment and what it says now. */
  input: EditCommentInput;
}

/** The arguments of Mutation.removeComment. */
export interface MutationRemoveCommentArgs {
  /** The comment. */
  input: RemoveCommentInput;
}

/** The arguments of Mutation.markMentionsSeen. */
export interface MutationMarkMentionsSeenArgs {
  /** The comments, at most 100. */
  commentIds: Array<string>;
}

/** The arguments of Mutation.addAttachment. */
export interface MutationAddAttachmentArgs {
  /** The report and the file. */
  input: AddAttachmentInput;
}

/** The arguments of Mutation.removeAttachment. */
export interface MutationRemoveAttachmentArgs {
  /** The attachment. */
  input: RemoveAttachmentInput;
}

/** The arguments of Mutation.setPhotoAngle. */
export interface MutationSetPhotoAngleArgs {
  /** The photo and its angle. */
  input: SetPhotoAngleInput;
}

/** The arguments of Mutation.setTotalLossRule. */
export interface MutationSetTotalLossRuleArgs {
  /** The rule. */
  input: SetTotalLossRuleInput;
}

/** The arguments of Mutation.removeTotalLossRule. */
export interface MutationRemoveTotalLossRuleArgs {
  /** Which one. */
  input: RemoveTotalLossRuleInput;
}

/** The arguments of Mutation.requestEstimate. */
export interface MutationRequestEstimateArgs {
  /** The report, and who is asked. */
  input: RequestEstimateInput;
}

/** The arguments of Mutation.renewEstimateLink. */
export interface MutationRenewEstimateLinkArgs {
  /** The estimate. */
  input: RenewEstimateLinkInput;
}

/** The arguments of Mutation.revokeEstimateLink. */
export interface MutationRevokeEstimateLinkArgs {
  /** The estimate. */
  input: EstimateInput;
}

/** The arguments of Mutation.submitEstimate. */
export interface MutationSubmitEstimateArgs {
  /** The report, the vendor, and what was sent in. */
  input: SubmitEstimateInput;
}

/** The arguments of Mutation.acceptEstimate. */
export interface MutationAcceptEstimateArgs {
  /** The estimate. */
  input: EstimateInput;
}

/** The arguments of Mutation.declineEstimate. */
export interface MutationDeclineEstimateArgs {
  /** The estimate, and why. */
  input: CloseEstimateInput;
}

/** The arguments of Mutation.withdrawEstimate. */
export interface MutationWithdrawEstimateArgs {
  /** The estimate, and why. */
  input: CloseEstimateInput;
}

/** The arguments of Mutation.createWorkOrder. */
export interface MutationCreateWorkOrderArgs {
  /** What is to be done. */
  input: CreateWorkOrderInput;
}

/** The arguments of Mutation.updateWorkOrder. */
export interface MutationUpdateWorkOrderArgs {
  /** What becomes different. */
  input: UpdateWorkOrderInput;
}

/** The arguments of Mutation.moveWorkOrder. */
export interface MutationMoveWorkOrderArgs {
  /** The order and its step. */
  input: MoveWorkOrderInput;
}

/** The arguments of Mutation.setWorkOrderTask. */
export interface MutationSetWorkOrderTaskArgs {
  /** The task. */
  input: SetWorkOrderTaskInput;
}

/** The arguments of Mutation.recordInvoice. */
export interface MutationRecordInvoiceArgs {
  /** The bill. */
  input: RecordInvoiceInput;
}

/** The arguments of Mutation.approveInvoice. */
export interface MutationApproveInvoiceArgs {
  /** The bill. */
  input: ApproveInvoiceInput;
}

/** The arguments of Mutation.voidInvoice. */
export interface MutationVoidInvoiceArgs {
  /** The bill, and why. */
  input: VoidInvoiceInput;
}

/** The arguments of Mutation.setCostTolerance. */
export interface MutationSetCostToleranceArgs {
  /** How much. */
  input: SetCostToleranceInput;
}

/** The arguments of Mutation.makeClaimPack. */
export interface MutationMakeClaimPackArgs {
  /** Of which report. */
  input: MakeClaimPackInput;
}

/** The arguments of Mutation.saveClaim. */
export interface MutationSaveClaimArgs {
  /** What becomes different. */
  input: SaveClaimInput;
}

/** The arguments of Mutation.moveClaim. */
export interface MutationMoveClaimArgs {
  /** The step. */
  input: MoveClaimInput;
}

/** The arguments of Mutation.submitInspection. */
export interface MutationSubmitInspectionArgs {
  /** What was found. */
  input: SubmitInspectionInput;
}

/** The arguments of Mutation.certifyInspection. */
export interface MutationCertifyInspectionArgs {
  /** Which defects, and who signs. */
  input: CertifyInspectionInput;
}

/** The arguments of Mutation.acknowledgeInspection. */
export interface MutationAcknowledgeInspectionArgs {
  /** Which inspection, and who signs. */
  input: AcknowledgeInspectionInput;
}

/** The arguments of Mutation.saveInspectionTemplate. */
export interface MutationSaveInspectionTemplateArgs {
  /** The checklist. */
  input: SaveInspectionTemplateInput;
}

/** The arguments of Mutation.setInspectionPolicy. */
export interface MutationSetInspectionPolicyArgs {
  /** What it is from now on. */
  input: SetInspectionPolicyInput;
}

/** What can be followed. */
export interface Subscription {
  /** Each new report of this company, optionally of one vehicle only. */
  damageReportCreated: DamageReportChange;
  /** Each later change of a report of this company, optionally of one report only. */
  damageReportUpdated: DamageReportChange;
  /** Each finished analysis of a report's photos, optionally of one report only. */
  aiAnalysisComplete: AiAnalysis;
  /** Each step in the making of a report's 3D model, optionally of one report only. */
  model3DProcessingStatus: Model3DProgress;
}

/** The arguments of Subscription.damageReportCreated. */
export interface SubscriptionDamageReportCreatedArgs {
  /** Only those of this vehicle. */
  vehicleId?: string | null;
}

/** The arguments of Subscription.damageReportUpdated. */
export interface SubscriptionDamageReportUpdatedArgs {
  /** Only those of this report. */
  reportId?: string | null;
}

/** The arguments of Subscription.aiAnalysisComplete. */
export interface SubscriptionAiAnalysisCompleteArgs {
  /** Only those of this report. */
  reportId?: string | null;
}

/** The arguments of Subscription.model3DProcessingStatus. */
export interface SubscriptionModel3DProcessingStatusArgs {
  /** Only those of this report. */
  reportId?: string | null;
}

/** A report of damage to one vehicle. */
export interface DamageReport {
  /** A time-ordered UUID. */
  id: string;
  /** The number that people use. */
  number: BigInt;
  /** Where the report stands. */
  status: DamageReportStatus;
  /** How bad it is; null until assessed or set by hand. */
  severity: Severity | null;
  /** What kind of damage it is; null until assessed or set. */
  damageType: DamageType | null;
  /** 1 (first) to 10 (last). */
  priority: number;
  /** What the reporter wrote. */
  description: string;
  /** When the report was filed. */
  reportedAt: DateTime;
  /** When the damage happened, as far as the reporter knows. */
  incidentAt: DateTime;
  /** When the report last changed. */
  updatedAt: DateTime;
  /** When the assessment arrived. */
  assessedAt: DateTime | null;
  /** When the report was completed. */
  completedAt: DateTime | null;
  /** The damaged vehicle. */
  vehicle: Vehicle;
  /** Who drove or found it. */
  driver: Driver | null;
  /** The depot that the report belongs to. */
  facility: Facility | null;
  /** Where it happened. */
  location: GeoPoint | null;
  /** Where it happened, in words. */
  address: string | null;
  /** What the repair should cost. */
  estimatedCost: Money | null;
  /** What the repair did cost. */
  actualCost: Money | null;
  /** The photos, in the order they were sent. */
  photos: Array<Photo>;
  /** The newest assessment; null while it is being made. */
  assessment: Assessment | null;
  /** Grows by one with each change; send it back to update only what you have seen. */
  version: number;
  /** The page of this report. */
  url: string;
  /** The legal hold that it is under; null for none. Not for drivers. */
  hold: LegalHold | null;
  /** Where the report stands, finer than its status. */
  stage: DamageReportStage;
  /** The ways that lead on from here for the caller's role, those that are closed at the moment with the reason why. */
  availableTransitions: Array<AvailableTransition>;
  /** Until when the next thing has to happen: triage, a decision or the repair. Null when nothing is due. */
  slaDueAt: DateTime | null;
  /** How that deadline stands; null when nothing is due. */
  slaState: SlaState | null;
  /** The report that this one repeats. */
  duplicateOf: DamageReport | null;
  /** Whether one person has approved and a second one is needed, because the cost is above what one may approve. */
  awaitsSecondApproval: boolean;
  /** What happened to the report, newest first. */
  history: HistoryConnection;
  /** The damages at their places, open and repaired. */
  zones: Array<DamageZone>;
  /** The comments, oldest first; the newest 200 of them. */
  comments: Array<Comment>;
  /** The attached files. */
  attachments: Array<Attachment>;
  /** What vendors would charge, and who was asked; empty for drivers. */
  estimates: Array<Estimate>;
  /** The estimates beside the assessment; null for drivers. */
  estimateComparison: EstimateComparison | null;
  /** Whether the repair pays; null for drivers. */
  totalLoss: TotalLoss | null;
  /** The amount that is approved: the estimated cost while the report is approved, in repair or completed. An accepted estimate sets it; raising it is judged like an approval. Null when nothing is approved, or no amount is known. */
  approvedAmount: Money | null;
  /** What workshops were asked to do about it, oldest first. Null for drivers. */
  workOrders: Array<WorkOrder> | null;
  /** When the vehicle was away for this repair, as its work orders say, newest first; orders that overlap are one time. */
  downtimes: Array<Downtime>;
  /** What an insurer was asked to pay; null when nobody was, and for drivers. */
  claim: Claim | null;
  /** What the repair costs the company: the actual cost less what the insurer paid. Null before the actual cost is known, and for drivers. */
  netCost: Money | null;
  /** The claim packs that were made of it, the newest 20 first. Null for drivers. */
  claimPacks: Array<ClaimPack> | null;
  /** Where inspections found what this report tells of, newest first, at most 100. */
  inspectionDefects: Array<InspectionDefect>;
}

/** The arguments of DamageReport.history. */
export interface DamageReportHistoryArgs {
  /** How many entries to return, 1 to 100. */
  first?: number | null;
  /** Continue after this cursor. */
  after?: string | null;
}

/** One photo of a report. */
export interface Photo {
  /** The photo's number within its report. */
  id: string;
  /** The photo as sent. */
  url: string;
  /** The photo upright, at most 1280 pixels on its longer side, JPEG. */
  viewUrl: string;
  /** The photo upright, at most 320 pixels on its longer side, JPEG. */
  thumbnailUrl: string;
  /** The media type as found in the bytes, not as claimed. */
  mediaType: string;
  /** The file's size in bytes. */
  sizeBytes: BigInt;
  /** Upright width in pixels. */
  width: number;
  /** Upright height in pixels. */
  height: number;
  /** When the camera says that it was taken. */
  takenAt: DateTime | null;
  /** The SHA-256 of the file, in hexadecimal. It stays when the photo is removed. */
  sha256: string;
  /** When an erasure removed it: what stands behind its URLs is gone then, and all that the picture told. */
  removedAt: DateTime | null;
  /** How usable the photo is. */
  quality: PhotoQuality | null;
  /** From where it looks at the vehicle. */
  angle: PhotoAngle | null;
  /** Where the camera says that it was. */
  location: GeoPoint | null;
  /** The camera, by its own word. */
  camera: string | null;
  /** When it was sent. */
  uploadedAt: DateTime;
  /** Who sent it; null for a program. */
  uploadedBy: Person | null;
  /** With what it was sent, by the client's own word; not for drivers. */
  client: string | null;
  /** Who had it: sent, original opened (one entry a person and hour), changed. Previews are not counted. Not for drivers. */
  custody: Array<CustodyEntry> | null;
}

/** How usable a photo is. */
export interface PhotoQuality {
  /** 0 (blurred) to 1 (sharp). */
  sharpness: number;
  /** 0 (black) to 1 (white): the mean brightness. */
  brightness: number;
  /** Advice for the photographer, as in "too dark"; empty when the photo is fine. */
  problems: Array<string>;
}

/** A page of reports. */
export interface DamageReportConnection {
  /** The reports with their cursors. */
  edges: Array<DamageReportEdge>;
  /** The reports. */
  nodes: Array<DamageReport>;
  /** Where the page stands in the list. */
  pageInfo: PageInfo;
}

/** A report in a list. */
export interface DamageReportEdge {
  /** Where it stands in the list. */
  cursor: string;
  /** The report. */
  node: DamageReport;
}

/** The new report. */
export interface CreateDamageReportPayload {
  /** The report as filed; its assessment follows. */
  report: DamageReport;
}

/** The changed report. */
export interface UpdateDamageReportPayload {
  /** The report after the change. */
  report: DamageReport;
}

/** One change of a report. */
export interface DamageReportChange {
  /** The event's id; a repeat of an event carries the same one. */
  eventId: string;
  /** What happened. */
  kind: DamageReportChangeKind;
  /** When it happened. */
  at: DateTime;
  /** The report as it is now. */
  report: DamageReport;
}

/** An analysis that has just been finished. */
export interface AiAnalysis {
  /** The event's id; a repeat of an event carries the same one. */
  eventId: string;
  /** When it was finished. */
  at: DateTime;
  /** The report as it is now. */
  report: DamageReport;
  /** What the photos show: the newest assessment of the report. */
  assessment: Assessment;
}

/** What the system makes of the photos of a report. */
export interface Assessment {
  /** The model and rules that made it, as in damage-1. */
  model: string;
  /** When it was made. */
  createdAt: DateTime;
  /** How long it took, in milliseconds. */
  durationMs: number;
  /** How bad the damage is; null when the model abstains. */
  severity: Severity | null;
  /** How sure the model is of the severity, 0 to 1, calibrated. */
  severityConfidence: number;
  /** The part that is most likely damaged; null when none is clear. */
  part: VehiclePart | null;
  /** How sure the model is of the part, 0 to 1. */
  partConfidence: number;
  /** What kind of damage it is; null when unclear. */
  damageType: DamageType | null;
  /** How sure the model is of the kind, 0 to 1. */
  damageTypeConfidence: number;
  /** Low, likely and high cost of the repair. */
  cost: CostRange | null;
  /** Low, likely and high hours of work. */
  repairHours: HoursRange | null;
  /** The rule behind cost and hours, in words, line by line. */
  rule: Array<string>;
  /** Signs that something is wrong with the photos. */
  fraudSignals: Array<FraudSignal>;
  /** Earlier reports that look alike, most alike first. */
  similarCases: Array<SimilarCase>;
}

/** A cost with its uncertainty. */
export interface CostRange {
  /** What one in ten such repairs should stay below, by the rate table. */
  low: Money;
  /** The likely cost. */
  likely: Money;
  /** What one in ten such repairs may go above, by the rate table. */
  high: Money;
}

/** Hours of work with their uncertainty. */
export interface HoursRange {
  /** What one in ten such repairs should stay below, by the rate table. */
  low: number;
  /** The likely time. */
  likely: number;
  /** What one in ten such repairs may go above, by the rate table. */
  high: number;
}

/** A sign that something is wrong with a photo. */
export interface FraudSignal {
  /** What kind of sign it is. */
  kind: FraudSignalKind;
  /** How strong it is, 0 to 1. */
  score: number;
  /** What was found, in words. */
  message: string;
  /** The photo it is about, by its number in this report. */
  photoId: string;
  /** The report that had the picture before. */
  seenIn: DamageReport | null;
}

/** An earlier report that looks alike. */
export interface SimilarCase {
  /** The earlier report. */
  report: DamageReport;
  /** How alike the photos are, 0 to 1. */
  similarity: number;
}

/** A vehicle of the company. */
export interface Vehicle {
  /** The vehicle's id. */
  id: string;
  /** The name that people use, as in VAN-12. */
  name: string;
  /** The licence plate. */
  plate: string | null;
  /** The vehicle identification number. */
  vin: string;
  /** Who made it. */
  make: string;
  /** The model. */
  model: string;
  /** The model year. */
  year: number;
  /** What kind of vehicle it is. */
  kind: VehicleKind;
  /** What it is worth. */
  value: Money | null;
  /** The depot it belongs to. */
  facility: Facility | null;
  /** Where it is registered, by ISO 3166, as in DE or US-TX; null: where its depot is. */
  jurisdiction: string | null;
  /** Its odometer readings, newest first. */
  odometer: Array<OdometerReading>;
  /** Who has driven it when, newest first. */
  assignments: Array<DriverAssignment>;
  /** Who drove it at that moment; null when nobody was assigned. */
  driverAt: Driver | null;
  /** When it was taken out of use. */
  retiredAt: DateTime | null;
  /** Grows by one with each change; send it back to change only what you have seen. */
  version: number;
  /** Its reports, newest first. */
  damageReports: DamageReportConnection;
  /** The page where a driver reports damage to it. */
  reportUrl: string;
  /** What its repairs of twelve months cost beside its value. */
  risk: VehicleRisk;
  /** What was damaged on the vehicle at a moment, newest first: the answer to "was it already there?" */
  damagesAt: Array<VehicleDamage>;
  /** When the vehicle was away for repairs, newest first, at most 100; and what is planned. */
  downtimes: Array<Downtime>;
  /** Its inspections, also those as a trailer, newest first. */
  inspections: InspectionConnection;
  /** The newest inspection. */
  lastInspection: Inspection | null;
  /** Defects that nobody has certified yet, at most 100, those of the newest inspection first. */
  openDefects: Array<InspectionDefect>;
  /** False while a defect is open that makes it unsafe. */
  safeToOperate: boolean;
}

/** The arguments of Vehicle.odometer. */
export interface VehicleOdometerArgs {
  /** How many readings to return, 1 to 100. */
  first?: number | null;
}

/** The arguments of Vehicle.assignments. */
export interface VehicleAssignmentsArgs {
  /** How many assignments to return, 1 to 100. */
  first?: number | null;
}

/** The arguments of Vehicle.driverAt. */
export interface VehicleDriverAtArgs {
  /** The moment; now if left out. */
  time?: DateTime | null;
}

/** The arguments of Vehicle.damageReports. */
export interface VehicleDamageReportsArgs {
  /** How many reports to return, 1 to 100. */
  first?: number | null;
  /** Continue after this cursor. */
  after?: string | null;
}

/** The arguments of Vehicle.damagesAt. */
export interface VehicleDamagesAtArgs {
  /** The moment; now if left out. */
  at?: DateTime | null;
}

/** The arguments of Vehicle.inspections. */
export interface VehicleInspectionsArgs {
  /** How many inspections to return, 1 to 100. */
  first?: number | null;
  /** Continue after this cursor. */
  after?: string | null;
}

/** A depot. */
export interface Facility {
  /** The depot's id. */
  id: string;
  /** The depot's name. */
  name: string;
  /** Where it is. */
  location: GeoPoint | null;
  /** Its address. */
  address: string | null;
  /** The corners of the area that belongs to it, in order around it. */
  geofence: Array<GeoPoint> | null;
  /** The same area as a Polygon of GeoJSON. */
  geofenceGeoJson: GeoJSON | null;
  /** The country or the part of one that it lies in, by ISO 3166, as in DE or US-TX. */
  jurisdiction: string | null;
  /** When it was taken out of use. */
  retiredAt: DateTime | null;
  /** Grows by one with each change; send it back to change only what you have seen. */
  version: number;
}

/** A page of vehicles. */
export interface VehicleConnection {
  /** The vehicles with their cursors. */
  edges: Array<VehicleEdge>;
  /** The vehicles. */
  nodes: Array<Vehicle>;
  /** Where the page stands in the list. */
  pageInfo: PageInfo;
}

/** A vehicle in a list. */
export interface VehicleEdge {
  /** Where it stands in the list. */
  cursor: string;
  /** The vehicle. */
  node: Vehicle;
}

/** A program that is told of events. Messages are signed as Standard Webhooks 1.0 describes (headers webhook-id, webhook-timestamp, webhook-signature). */
export interface Webhook {
  /** The webhook's id. */
  id: string;
  /** Where messages are sent. */
  url: string;
  /** What it is for. */
  description: string;
  /** The types of events it gets, as in report.created or report.*; empty: all. */
  types: Array<string>;
  /** Whether it gets any. */
  active: boolean;
  /** Why the server switched it off by itself. */
  stoppedWhy: string | null;
  /** When it was made. */
  createdAt: DateTime;
  /** Grows by one with each change; send it back to change only what you have seen. */
  version: number;
}

/** A webhook that was made or changed. */
export interface WebhookPayload {
  /** The webhook. */
  webhook: Webhook;
  /** The secret that its messages are signed with, as in whsec_...; keep it like a password. */
  secret: string;
}

/** Something was deleted. */
export interface DeletePayload {
  /** The id of what is gone. */
  id: string;
}

/** A message to one receiver. */
export interface Delivery {
  /** The message's id, in the header webhook-id; the same each time it is sent. */
  id: string;
  /** The webhook; null for a mail. */
  webhookId: string | null;
  /** The event it tells of. */
  eventId: string;
  /** The type of the event. */
  eventType: string;
  /** Where it stands. */
  state: DeliveryState;
  /** How often it was tried. */
  attempts: number;
  /** When the receiver took it. */
  deliveredAt: DateTime | null;
  /** The last tries, oldest first; at most 20. */
  tries: Array<DeliveryTry>;
}

/** One try to deliver a message. */
export interface DeliveryTry {
  /** When. */
  at: DateTime;
  /** What the receiver answered, as an HTTP or SMTP status; null when it did not. */
  status: number | null;
  /** How long it took, in milliseconds. */
  durationMs: number;
  /** What went wrong. */
  error: string | null;
}

/** A page of messages. */
export interface DeliveryConnection {
  /** The messages. */
  nodes: Array<Delivery>;
  /** Where the page stands in the list. */
  pageInfo: PageInfo;
}

/** A message that was queued. */
export interface DeliveryPayload {
  /** The message. */
  delivery: Delivery;
}

/** What a person wants to hear of by mail. */
export interface Alert {
  /** The alert's id. */
  id: string;
  /** What it is about, in the person's words. */
  name: string;
  /** The types of events, as in report.created or report.*; empty: all. */
  types: Array<string>;
  /** Only reports at least as bad as this. */
  minSeverity: Severity | null;
  /** Only reports of this depot. */
  facility: Facility | null;
  /** When quiet hours begin, as in 22:00 by the company's clock; mails wait until they end. */
  quietFrom: string | null;
  /** When quiet hours end, as in 06:30. */
  quietTo: string | null;
  /** Whether it is on. */
  active: boolean;
  /** Grows by one with each change; send it back to change only what you have seen. */
  version: number;
}

/** An alert that was saved. */
export interface AlertPayload {
  /** The alert. */
  alert: Alert;
}

/** A step in the making of a 3D model. */
export interface Model3DProgress {
  /** The event's id; a repeat of an event carries the same one. */
  eventId: string;
  /** When the step was reached. */
  at: DateTime;
  /** The report as it is now. */
  report: DamageReport;
  /** The stage that was reached. */
  stage: Model3DStage;
  /** How much of the whole is done, 0 to 100. */
  percent: number;
  /** What goes on, in words. */
  message: string | null;
  /** Where the model can be fetched, once it is ready. */
  url: string | null;
}

/** Somebody who drives for the company. */
export interface Driver {
  /** The driver's id. */
  id: string;
  /** The driver's name. */
  name: string;
  /** The e-mail address; null for callers who may not see how to reach a person. So are the next three. */
  email: string | null;
  /** The telephone number. */
  phone: string | null;
  /** The number of the driving licence. */
  licenceNumber: string | null;
  /** The company's own number for the person. */
  employeeNumber: string | null;
  /** When the driver left. */
  retiredAt: DateTime | null;
  /** Grows by one with each change; send it back to change only what you have seen. */
  version: number;
}

/** A page of drivers. */
export interface DriverConnection {
  /** The drivers with their cursors. */
  edges: Array<DriverEdge>;
  /** The drivers. */
  nodes: Array<Driver>;
  /** Where the page stands in the list. */
  pageInfo: PageInfo;
}

/** A driver in a list. */
export interface DriverEdge {
  /** Where it stands in the list. */
  cursor: string;
  /** The driver. */
  node: Driver;
}

/** A workshop, or whoever else repairs. */
export interface Vendor {
  /** The vendor's id. */
  id: string;
  /** The vendor's name. */
  name: string;
  /** Its address. */
  address: string | null;
  /** Where quotes are asked for. */
  email: string | null;
  /** Its telephone number. */
  phone: string | null;
  /** What an hour of its work costs. */
  labourRate: Money | null;
  /** When it was taken out of use. */
  retiredAt: DateTime | null;
  /** Grows by one with each change; send it back to change only what you have seen. */
  version: number;
}

/** What an odometer showed. */
export interface OdometerReading {
  /** When it was read. */
  readAt: DateTime;
  /** Kilometres. */
  km: number;
  /** When the reading reached us. */
  recordedAt: DateTime;
}

/** Who drives a vehicle for a time. */
export interface DriverAssignment {
  /** The assignment's id. */
  id: string;
  /** The vehicle. */
  vehicle: Vehicle;
  /** The driver. */
  driver: Driver;
  /** When it begins. */
  from: DateTime;
  /** When it ends; null: it goes on. */
  until: DateTime | null;
  /** Grows by one with each change; send it back to change only what you have seen. */
  version: number;
}

/** The vehicle after the change. */
export interface VehiclePayload {
  /** The vehicle. */
  vehicle: Vehicle;
  /** What looks odd but was taken all the same, as sentences. */
  warnings: Array<string>;
}

/** The driver after the change. */
export interface DriverPayload {
  /** The driver. */
  driver: Driver;
  /** What looks odd but was taken all the same, as sentences. */
  warnings: Array<string>;
}

/** The depot after the change. */
export interface FacilityPayload {
  /** The depot. */
  facility: Facility;
  /** What looks odd but was taken all the same, as sentences. */
  warnings: Array<string>;
}

/** The vendor after the change. */
export interface VendorPayload {
  /** The vendor. */
  vendor: Vendor;
  /** What looks odd but was taken all the same, as sentences. */
  warnings: Array<string>;
}

/** The assignment after the change. */
export interface DriverAssignmentPayload {
  /** The assignment. */
  assignment: DriverAssignment;
}

/** The company after the change. */
export interface CompanyPayload {
  /** The company. */
  company: Tenant;
}

/** Reports in numbers. */
export interface DamageReportStats {
  /** All reports that match. */
  total: DamageReportStatsGroup;
  /** The groups asked for. */
  groups: Array<DamageReportStatsGroup>;
  /** The same reports by the month that they were filed in, oldest first. */
  byMonth: Array<DamageReportStatsGroup>;
}

/** Reports that have something in common, in numbers. */
export interface DamageReportStatsGroup {
  /** Their status, when grouped by it. So for the others; severity and damageType are null for reports of which they are not known. */
  status: DamageReportStatus | null;
  /** Their severity. */
  severity: Severity | null;
  /** Their kind of damage. */
  damageType: DamageType | null;
  /** Their depot. */
  facility: Facility | null;
  /** Their vehicle. */
  vehicle: Vehicle | null;
  /** The first moment of their month, UTC. */
  month: DateTime | null;
  /** How many reports there are. */
  count: number;
  /** The sum of their estimates. */
  estimatedCost: Money;
  /** The sum of what is known to have been paid. */
  actualCost: Money;
  /** What they cost: the actual cost where it is known, else the estimate; refused reports cost nothing. */
  cost: Money;
  /** How many are completed. */
  completed: number;
  /** Mean hours from filing to completion, of those completed. */
  averageRepairHours: number | null;
}

/** What a vehicle's repairs of twelve months cost beside its value. */
export interface VehicleRisk {
  /** Null when the vehicle's value is not known. */
  category: VehicleRiskCategory | null;
  /** What the reports of this month and the eleven before cost. */
  repairCost: Money;
  /** How many reports that were. */
  reports: number;
  /** repairCost divided by the vehicle's value; null when that is not known. */
  share: number | null;
}

/** A page of what was found. */
export interface DamageReportSearchConnection {
  /** What was found, with cursors. */
  edges: Array<DamageReportHit>;
  /** The reports. */
  nodes: Array<DamageReport>;
  /** Where the page stands in the list. */
  pageInfo: PageInfo;
}

/** A report that was found by words. */
export interface DamageReportHit {
  /** Where it stands in the list. */
  cursor: string;
  /** The report. */
  node: DamageReport;
  /** How well it fits; comparable within one search only. */
  rank: number;
  /** The part of the description that fits, cut where words that matched begin and end. */
  snippet: Array<SnippetPart>;
}

/** A piece of a snippet. */
export interface SnippetPart {
  /** The text. */
  text: string;
  /** Whether it is what was looked for. */
  match: boolean;
}

/** A report and how far away it is. */
export interface NearbyDamageReport {
  /** The report. */
  report: DamageReport;
  /** Metres from the point. */
  distanceMeters: number;
}

/** Reports that lie close together on the map. */
export interface DamageReportCluster {
  /** The middle of the reports. */
  center: GeoPoint;
  /** How many reports there are. */
  count: number;
  /** What they cost. */
  cost: Money;
  /** The worst severity among them; null when none is known. */
  worstSeverity: Severity | null;
}

/** A place where much damage happens. */
export interface DamageReportHotspot {
  /** The middle of its reports. */
  center: GeoPoint;
  /** How many reports lately. */
  count: number;
  /** How many in the same time before. */
  previousCount: number;
  /** How much more there is now, as a part of what there was before: 0.5 is half as much again. Null when there was none before. */
  trend: number | null;
  /** What the reports cost. */
  cost: Money;
  /** The worst severity among them; null when none is known. */
  worstSeverity: Severity | null;
  /** The depot that most of them belong to. */
  facility: Facility | null;
  /** The address that most of them give. */
  address: string | null;
}

/** A filter that somebody keeps. */
export interface SavedFilter {
  /** Its id. */
  id: string;
  /** Its name. */
  name: string;
  /** The filter as JSON, as it was saved. */
  filter: string;
  /** When it was first saved. */
  createdAt: DateTime;
}

/** The saved filter. */
export interface SaveFilterPayload {
  /** The filter as kept. */
  savedFilter: SavedFilter;
}

/** The deleted filter. */
export interface DeleteSavedFilterPayload {
  /** The id that it had. */
  id: string;
}

/** An import. */
export interface ImportJob {
  /** Its id. */
  id: string;
  /** What the file holds. */
  kind: TransferKind;
  /** Where it stands. */
  state: TransferState;
  /** Whether the file was only checked. */
  dryRun: boolean;
  /** How many lines the file has, without the first; 0 before it was read. */
  total: number;
  /** How many lines are imported, or checked. */
  done: number;
  /** How many lines are wrong. */
  bad: number;
  /** What is wrong with them, in the order of the file: the first 1,000 things. */
  problems: Array<ImportProblem>;
  /** Why it failed. */
  error: string | null;
  /** When it was asked for. */
  createdAt: DateTime;
  /** When it was done, or failed. */
  finishedAt: DateTime | null;
}

/** The arguments of ImportJob.problems. */
export interface ImportJobProblemsArgs {
  /** How many problems to return, 1 to 1000. */
  first?: number | null;
}

/** Something that is wrong with a line. */
export interface ImportProblem {
  /** The line, counted from 1; the first line names the columns. */
  line: number;
  /** The column; empty when it is about the whole line. */
  column: string;
  /** What stands there, up to 200 bytes. */
  value: string;
  /** What is wrong, and what would be right. */
  problem: string;
}

/** An export to a file. */
export interface ExportJob {
  /** Its id. */
  id: string;
  /** What the file holds. */
  kind: TransferKind;
  /** Where it stands. */
  state: TransferState;
  /** How many records are written. */
  done: number;
  /** The file, once it is done. */
  url: string | null;
  /** Why it failed. */
  error: string | null;
  /** When it was asked for. */
  createdAt: DateTime;
  /** When it was done, or failed. */
  finishedAt: DateTime | null;
}

/** The import. */
export interface ImportFilePayload {
  /** How it stands. */
  job: ImportJob;
}

/** The export. */
export interface ExportFilePayload {
  /** How it stands. */
  job: ExportJob;
}

/** What keeps a report from being archived, dropped or changed by an erasure. */
export interface LegalHold {
  /** Why, as in the number of a case. */
  reason: string;
  /** Who set it; null for a program. */
  setBy: Person | null;
  /** When it was set. */
  setAt: DateTime;
}

/** An erasure of what was known of a person. It is the certificate: it names numbers and counts only. */
export interface Erasure {
  /** Its id. */
  id: string;
  /** Where it stands. */
  state: ErasureState;
  /** The driver, as they are called now; null when the person was none. */
  driver: Driver | null;
  /** Why. */
  reason: string;
  /** What the company files it under; empty for nothing. */
  reference: string;
  /** Who asked for it; null for a program. */
  requestedBy: Person | null;
  /** When it was asked for. */
  requestedAt: DateTime;
  /** When the data went. */
  doneAt: DateTime | null;
  /** Of a waiting one: the end of the last duty that has a date. */
  until: DateTime | null;
  /** Of a waiting one: what it waits for, at most 40 sentences. */
  duties: Array<string>;
  /** What went, by table. */
  erased: Array<ErasedCount>;
  /** Where words of others may name the person, and photos that may show them. */
  findings: Array<ErasureFinding>;
  /** How many findings there are. */
  findingCount: number;
  /** How many of them nobody has decided about. */
  findingsOpen: number;
}

/** The arguments of Erasure.findings. */
export interface ErasureFindingsArgs {
  /** How many findings to return, 1 to 100. */
  first?: number | null;
  /** Continue after the finding with this id. */
  after?: number | null;
}

/** How much of a table an erasure blanked or removed. */
export interface ErasedCount {
  /** The table. */
  what: string;
  /** How many of its rows. */
  rows: number;
}

/** A place where the person may still be found. */
export interface ErasureFinding {
  /** Its number within the erasure. */
  id: number;
  /** The place, as in "damage_reports.description". */
  place: string;
  /** The report that it belongs to. */
  report: DamageReport | null;
  /** The number of the photo within the report; null when it is text. */
  photo: number | null;
  /** What stands there now; null for photos, and for what is gone. */
  text: string | null;
  /** What became of it. */
  state: ErasureFindingState;
}

/** The erasure; of a dry run what it would be. */
export interface ErasePayload {
  /** The erasure. */
  erasure: Erasure;
}

/** The finding. */
export interface DecideErasureFindingPayload {
  /** The finding as it is now. */
  finding: ErasureFinding;
}

/** The report. */
export interface HoldDamageReportPayload {
  /** The report as it is now. */
  report: DamageReport;
}

/** How long reports are kept. */
export interface RetentionPolicy {
  /** How many years after its report and its repair a closed report stays; null for ever. */
  years: number | null;
  /** What is left of those that go. */
  keep: RetentionKeep;
  /** Grows with each change; 0 as long as nobody has set anything. */
  version: number;
  /** When it was set. */
  setAt: DateTime | null;
  /** What would go now, by month, as a dry run. For administrators. */
  plan: Array<RetentionMonth>;
}

/** What would go of a month. */
export interface RetentionMonth {
  /** The month, as in 2021-03. */
  month: string;
  /** How many reports would go. */
  reports: number;
  /** How many photos would go with them. */
  photos: number;
  /** The bytes of those photos, as text: they may be many. */
  bytes: string;
  /** How many reports stay because of a legal hold. */
  held: number;
  /** How many reports stay because they are not done with. */
  open: number;
}

/** A sealed file with reports of one month. Whoever runs the platform checks it and brings reports back: fleet archive. */
export interface Archive {
  /** Its id. */
  id: string;
  /** The month, as in 2021-03. */
  month: string;
  /** How complete it is. */
  state: ArchiveState;
  /** How many reports are in it. */
  reports: number;
  /** How many files of photos and attachments are in it. */
  files: number;
  /** Its size in bytes, as text. */
  bytes: string;
  /** The SHA-256 of the sealed file, in hexadecimal digits. */
  sha256: string;
  /** Where an administrator downloads it, unsealed: lines of JSON, and the bytes of photos between them. An event says who did. */
  url: string;
  /** When it was written. */
  createdAt: DateTime;
}

/** The policy. */
export interface SetRetentionPolicyPayload {
  /** The policy as it is now. */
  policy: RetentionPolicy;
}

/** A way on from where a report stands. */
export interface AvailableTransition {
  /** The way. */
  transition: DamageReportTransition;
  /** Where it leads. */
  to: DamageReportStage;
  /** What a button for it says. */
  label: string;
  /** Whether the caller may go it now. */
  allowed: boolean;
  /** Why not, in a sentence. */
  whyNot: string | null;
  /** Whether a reason must be given. */
  needsReason: boolean;
  /** Whether another report must be named. */
  needsDuplicateOf: boolean;
  /** Whether the caller would count as the first of two persons, because the cost is above what they may approve alone. */
  needsSecondPerson: boolean;
  /** Whether it can be taken back for a while. */
  undoable: boolean;
}

/** The report after a step. */
export interface TransitionDamageReportPayload {
  /** The report as it is now. */
  report: DamageReport;
  /** Whether a second person has to approve too; the report then stays where it was. */
  awaitsSecondApproval: boolean;
  /** Until when the step can be taken back; null when it cannot. */
  undoUntil: DateTime | null;
}

/** The report after its last step was taken back. */
export interface UndoDamageReportTransitionPayload {
  /** The report as it is now. */
  report: DamageReport;
}

/** What became of a batch. */
export interface BatchUpdateDamageReportsPayload {
  /** One result for each input, in its order. */
  results: Array<BatchUpdateDamageReportResult>;
  /** How many were changed. */
  changed: number;
}

/** What became of one report of a batch. */
export interface BatchUpdateDamageReportResult {
  /** The report that was to be changed. */
  id: string;
  /** The report after the change; null when it was refused. */
  report: DamageReport | null;
  /** Why it was refused; null when it was changed. */
  error: BatchError | null;
}

/** Why one item of a batch was refused. */
export interface BatchError {
  /** The code, as in extensions.code of errors. */
  code: string;
  /** The sentence for people. */
  message: string;
}

/** What the company has decided about its reports. */
export interface ReportPolicy {
  /** What each role may approve; a role that is not here may approve any amount. */
  approvalLimits: Array<ApprovalLimit>;
  /** The deadlines, by priority. */
  deadlines: Array<ReportDeadlines>;
  /** By how many percent a repair may cost more than was approved before somebody must allow that. */
  costTolerancePercent: number;
}

/** What a role may approve. */
export interface ApprovalLimit {
  /** The role. */
  role: Role;
  /** Up to this cost one person is enough; null: any cost. */
  alone: Money | null;
  /** Up to this cost two persons may together, above it an administrator must; null: any cost. */
  together: Money | null;
}

/** How soon things must happen to reports of a priority; null: no deadline. */
export interface ReportDeadlines {
  /** The priority, 1 (first) to 10 (last). */
  priority: number;
  /** Hours from filing until somebody must have looked. */
  triageHours: number | null;
  /** Hours from triage until a decision. */
  decideHours: number | null;
  /** Hours from the approval until the repair is complete. */
  repairHours: number | null;
  /** Whether the company set them itself; else they are as delivered. */
  isOwn: boolean;
}

/** The limits as they are now. */
export interface SetApprovalLimitPayload {
  /** What the company has decided. */
  policy: ReportPolicy;
}

/** The deadlines as they are now. */
export interface SetReportDeadlinesPayload {
  /** What the company has decided. */
  policy: ReportPolicy;
}

/** Somebody who logs in. */
export interface Person {
  /** The person's id. */
  id: string;
  /** The person's name. */
  name: string;
  /** How to name them in a comment, after an @. */
  handle: string;
}

/** One thing that happened to a report. */
export interface HistoryEntry {
  /** The event's id. */
  id: string;
  /** What kind of thing it was. */
  kind: HistoryKind;
  /** When it happened. */
  at: DateTime;
  /** Who did it; null for the system and for programs. */
  actor: Person | null;
  /** What happened, in a sentence. */
  text: string;
  /** Why, in the words of who decided. */
  reason: string | null;
  /** The fields that changed. */
  changes: Array<FieldChange>;
  /** The number of the zone, photo, attachment, estimate or work order that it is about. */
  number: number | null;
  /** The comment that it is about. */
  commentId: string | null;
}

/** A field before and after. */
export interface FieldChange {
  /** The field, as in the API. */
  field: string;
  /** What it was; null: nothing. */
  before: string | null;
  /** What it became; null: nothing. */
  after: string | null;
}

/** A page of a history. */
export interface HistoryConnection {
  /** The entries with their cursors. */
  edges: Array<HistoryEdge>;
  /** The entries. */
  nodes: Array<HistoryEntry>;
  /** Where the page stands in the history. */
  pageInfo: PageInfo;
}

/** An entry in a history. */
export interface HistoryEdge {
  /** Where it stands in the history. */
  cursor: string;
  /** The entry. */
  node: HistoryEntry;
}

/** One damage at its place on the vehicle. */
export interface DamageZone {
  /** The zone's number within its report. */
  id: string;
  /** The part. */
  part: ZonePart;
  /** The side of the part. */
  side: VehicleSide | null;
  /** What it looks like. */
  kind: ZoneKind;
  /** The longer side, in millimetres. */
  sizeMm: number | null;
  /** How bad this damage is by itself. */
  severity: Severity | null;
  /** The diagram that it is drawn on. */
  viewpoint: Viewpoint | null;
  /** The corners of the drawing, 0 to 1 of the diagram: two for a box from corner to corner, more for a polygon. */
  corners: Array<ZoneCorner>;
  /** The number of the photo that shows it. */
  photoId: string | null;
  /** What there is to say about it. */
  note: string | null;
  /** Whether it is there. */
  state: ZoneState;
  /** When it was written down. */
  createdAt: DateTime;
  /** When it was repaired or removed. */
  closedAt: DateTime | null;
}

/** A corner of a drawing. */
export interface ZoneCorner {
  /** From the left, 0 to 1. */
  x: number;
  /** From the top, 0 to 1. */
  y: number;
}

/** A damage that was on a vehicle at some moment. */
export interface VehicleDamage {
  /** The report that tells of it; null when the caller may not read it. */
  report: DamageReport | null;
  /** Where it is; null when nobody has drawn it. */
  zone: DamageZone | null;
  /** Since when it is there: when it happened, as far as the reporter knew. */
  since: DateTime;
  /** When it was gone; null while it is there. */
  until: DateTime | null;
}

/** The report after a change of its zones. */
export interface DamageZonePayload {
  /** The report. */
  report: DamageReport;
  /** The number of the zone. */
  zoneId: string;
}

/** What somebody wrote about a report. */
export interface Comment {
  /** The comment's id. */
  id: string;
  /** The report that it is about; null when the caller may not read it any more. */
  report: DamageReport | null;
  /** Who wrote it; null for a program. */
  author: Person | null;
  /** What it says; null when it was taken back. */
  body: string | null;
  /** Whether it is hidden from drivers. */
  internal: boolean;
  /** Who is named in it. */
  mentions: Array<Person>;
  /** When it was written. */
  createdAt: DateTime;
  /** When it was last edited. */
  editedAt: DateTime | null;
  /** When it was taken back. */
  removedAt: DateTime | null;
  /** What it said before, oldest first. */
  edits: Array<CommentEdit>;
}

/** What a comment said before an edit. */
export interface CommentEdit {
  /** When it was edited. */
  at: DateTime;
  /** What it said until then. */
  body: string;
}

/** The comment. */
export interface CommentPayload {
  /** The comment as it is now. */
  comment: Comment;
}

/** What was seen. */
export interface MarkMentionsSeenPayload {
  /** How many of them were new. */
  seen: number;
}

/** One link in the chain of custody of a photo. */
export interface CustodyEntry {
  /** What was done. */
  action: CustodyAction;
  /** When. */
  at: DateTime;
  /** By whom; null for a program. */
  actor: Person | null;
  /** With what, by the client's own word. */
  client: string | null;
}

/** A file that belongs to a report. */
export interface Attachment {
  /** The attachment's number within its report. */
  id: string;
  /** What it is called. */
  name: string;
  /** Its media type, as found in the bytes. */
  mediaType: string;
  /** Its size in bytes. */
  sizeBytes: BigInt;
  /** The SHA-256 of the file, in hexadecimal. */
  sha256: string;
  /** Where to download it. */
  url: string;
  /** When it was added. */
  createdAt: DateTime;
  /** Who added it; null for a program. */
  uploadedBy: Person | null;
  /** With what it was sent, by the client's own word; not for drivers. */
  client: string | null;
}

/** The report with its new attachment. */
export interface AttachmentPayload {
  /** The attachment. */
  attachment: Attachment;
  /** The report. */
  report: DamageReport;
}

/** The report without the attachment. */
export interface RemoveAttachmentPayload {
  /** The report. */
  report: DamageReport;
}

/** The report with its photos. */
export interface SetPhotoAnglePayload {
  /** The report. */
  report: DamageReport;
}

/** What a vendor would charge for the repair of a report's damage. */
export interface Estimate {
  /** The estimate's number within its report. */
  id: string;
  /** The report's id. */
  reportId: UUID;
  /** Where it stands. */
  state: EstimateState;
  /** Counts up with each change. */
  version: number;
  /** The vendor in the registry; null when only an address is known. */
  vendor: Vendor | null;
  /** The vendor's name, or the address that was asked. */
  vendorName: string;
  /** The address that was asked. */
  email: string | null;
  /** What the vendor was told. */
  message: string | null;
  /** Who asked for it or entered it; null for a program. */
  requestedBy: Person | null;
  /** When it was asked for or entered. */
  createdAt: DateTime;
  /** When it was accepted, declined or taken back. */
  decidedAt: DateTime | null;
  /** Who did that; null when nobody did, or the vendor. */
  decidedBy: Person | null;
  /** Why it was declined or taken back. */
  reason: string | null;
  /** Whether it can be accepted, as far as it goes by itself. */
  isOpen: boolean;
  /** The link by which the vendor writes it; null when there is none. */
  link: EstimateLink | null;
  /** What was sent in last; null when nothing was. */
  current: EstimateRevision | null;
  /** Everything that was sent in, oldest first. */
  revisions: Array<EstimateRevision>;
}

/** A link to an estimate. Where it leads is told once, to who makes it. */
export interface EstimateLink {
  /** Until when it is good. */
  expiresAt: DateTime;
  /** Whether it was revoked. */
  revoked: boolean;
  /** How often it was used, for the page or a photo. */
  uses: number;
  /** When it was used last. */
  lastUsedAt: DateTime | null;
  /** How far the mail is that carries it; null when none was asked for. */
  mail: LinkMailState | null;
  /** Why the mail did not go yet, or could not. */
  mailProblem: string | null;
  /** How often the mail was tried. */
  mailTries: number;
  /** When the mail was tried last. */
  mailTriedAt: DateTime | null;
}

/** An estimate as it was sent in; it never changes. */
export interface EstimateRevision {
  /** Its number, from 1. */
  number: number;
  /** When it was sent in. */
  sentAt: DateTime;
  /** Whether the vendor wrote it by the link; else it was entered here. */
  byVendor: boolean;
  /** The vendor's own reference. */
  reference: string | null;
  /** What the vendor says about it. */
  note: string | null;
  /** Until when the offer is valid. */
  validUntil: DateTime | null;
  /** How many days the repair takes. */
  repairDays: number | null;
  /** The tax rate of lines that have none of their own, in percent. */
  taxRate: Decimal;
  /** The lines. */
  lines: Array<EstimateLine>;
  /** Hours of work, of all lines of that kind. */
  labourHours: Decimal;
  /** Work, after discounts and before tax. */
  labour: Money;
  /** Parts, after discounts and before tax. */
  parts: Money;
  /** Paint, after discounts and before tax. */
  paint: Money;
  /** Everything else, after discounts and before tax. */
  other: Money;
  /** All lines before tax. */
  net: Money;
  /** The tax, counted once for each rate. */
  tax: Money;
  /** What it comes to. */
  total: Money;
}

/** One line of an estimate. */
export interface EstimateLine {
  /** What it is for. */
  kind: EstimateLineKind;
  /** In words. */
  text: string;
  /** Hours of work, or how many. */
  quantity: Decimal;
  /** What an hour or a piece costs. */
  unitPrice: Money;
  /** The discount in percent. */
  discount: Decimal;
  /** The tax rate in percent, where it is not that of the estimate. */
  taxRate: Decimal | null;
  /** The number of the part. */
  partNumber: string | null;
  /** Where the part comes from. */
  source: PartSource | null;
  /** The part of the vehicle that it is for. */
  part: ZonePart | null;
  /** The side of it. */
  side: VehicleSide | null;
  /** The number of the report's zone that it is for. */
  zoneId: string | null;
  /** What it costs after discount and before tax: quantity times price, rounded to the cent with halves up, less the discount, rounded likewise. */
  net: Money;
}

/** A link to an estimate. */
export interface EstimateLinkPayload {
  /** The estimate. */
  estimate: Estimate;
  /** The link. It is not kept: nobody can ask for it again. */
  url: string;
  /** Whether it was sent to the address. */
  mailed: boolean;
  /** Why it was not, or not yet. */
  mailProblem: string | null;
}

/** The estimate after a change. */
export interface EstimatePayload {
  /** The estimate as it is now. */
  estimate: Estimate;
}

/** What came of accepting an estimate. */
export interface AcceptEstimatePayload {
  /** The estimate as it is now. */
  estimate: Estimate;
  /** Its report as it is now. */
  report: DamageReport;
  /** Whether a second person has to accept it too, because its total is above what one may approve; nothing is accepted until then. */
  awaitsSecondApproval: boolean;
  /** Until when undoDamageReportTransition can take it back; null when it cannot. */
  undoUntil: DateTime | null;
}

/** The estimates of a report beside its assessment. */
export interface EstimateComparison {
  /** The assessment; null when there is none. */
  assessment: Assessment | null;
  /** What was sent in, by number. */
  estimates: Array<ComparedEstimate>;
}

/** An estimate beside the assessment. */
export interface ComparedEstimate {
  /** The estimate. */
  estimate: Estimate;
  /** Where its total lies; null without an assessed cost. */
  against: AgainstAssessment | null;
  /** By how many percent its total is above (or, negative, below) the likely cost. */
  deviationPercent: number | null;
  /** Its hours of work. */
  labourHours: number;
  /** By how many percent they are above (or, negative, below) the likely time. */
  hoursDeviationPercent: number | null;
  /** Whether places can be compared: zones are drawn, and lines name places. */
  placesKnown: boolean;
  /** Lines for places that are not damaged, or not any more. */
  linesOutsideDamage: Array<EstimateLine>;
  /** Damage that no line is for. */
  missingDamage: Array<DamageZone>;
  /** Whether it is the cheapest of those that can be accepted or are; several are when they are equal. */
  isCheapest: boolean;
  /** Whether it promises the shortest repair of those; several do when they are equal. */
  isFastest: boolean;
}

/** When a damage is a total loss. */
export interface TotalLossRule {
  /** The jurisdiction, by ISO 3166; null: the rule for all others. */
  jurisdiction: string | null;
  /** How it is told. */
  kind: TotalLossRuleKind;
  /** The threshold, or the salvage, in percent of the value. */
  percent: Decimal;
  /** Whether the company set it; else it is the usual one. */
  isOwn: boolean;
}

/** Whether the repair of a report's damage pays. */
export interface TotalLoss {
  /** Null when it cannot be told: explanation says what is missing. */
  isTotalLoss: boolean | null;
  /** The cost of the repair divided by the value; null when one of them is not known. */
  ratio: number | null;
  /** The cost that was judged by. */
  cost: Money | null;
  /** Where that is from. */
  basis: TotalLossBasis | null;
  /** What the vehicle was worth when it happened; null when nobody knows. */
  value: Money | null;
  /** The jurisdiction of the vehicle or else of its depot; null when neither has one. */
  jurisdiction: string | null;
  /** The rule that it was judged by. */
  rule: TotalLossRule;
  /** All of that in words. */
  explanation: string;
}

/** The rules as they are now. */
export interface TotalLossRulesPayload {
  /** All of them. */
  rules: Array<TotalLossRule>;
}

/** What a workshop is asked to do. */
export interface WorkOrder {
  /** Its id. */
  id: string;
  /** The report that it is about. */
  report: DamageReport;
  /** The vehicle. */
  vehicle: Vehicle;
  /** Who does it; null for the company's own workshop. */
  vendor: Vendor | null;
  /** The number of the accepted estimate that it follows. */
  estimateId: string | null;
  /** Where it stands. */
  state: WorkOrderState;
  /** The steps that lead on from here. */
  steps: Array<WorkOrderStep>;
  /** When the work shall begin. */
  plannedStart: DateTime | null;
  /** When it shall be done. */
  plannedEnd: DateTime | null;
  /** When the work began. */
  startedAt: DateTime | null;
  /** When it ended. */
  finishedAt: DateTime | null;
  /** What it may cost. */
  budget: Money | null;
  /** What its bills come to that count. */
  cost: Money;
  /** What the workshop should know. */
  instructions: string;
  /** What is to be done, point by point. */
  tasks: Array<WorkOrderTask>;
  /** What was recorded as paid for it, oldest first. */
  invoices: Array<Invoice>;
  /** When it was written. */
  createdAt: DateTime;
  /** Who wrote it; null for a program. */
  createdBy: Person | null;
  /** Grows by one with each change. */
  version: number;
}

/** One point of a work order. */
export interface WorkOrderTask {
  /** Its number within the order. */
  id: string;
  /** What is to be done. */
  title: string;
  /** Whether it is done. */
  done: boolean;
  /** When it was. */
  doneAt: DateTime | null;
  /** Who said so. */
  doneBy: Person | null;
}

/** A vendor's bill, or what the own workshop used. */
export interface Invoice {
  /** Its id. */
  id: string;
  /** The vendor's own number. */
  number: string | null;
  /** The date on it, at midnight UTC. */
  dated: DateTime | null;
  /** Whether it counts. */
  state: InvoiceState;
  /** The sum of its lines. */
  total: Money;
  /** What it is made of. */
  lines: Array<InvoiceLine>;
  /** When it was recorded. */
  recordedAt: DateTime;
  /** By whom; null for a program. */
  recordedBy: Person | null;
  /** Why it is void. */
  voidReason: string | null;
}

/** One line of a bill. */
export interface InvoiceLine {
  /** What it is for. */
  kind: CostKind;
  /** In words. */
  title: string;
  /** How much. */
  amount: Money;
}

/** A time in which a vehicle was away. */
export interface Downtime {
  /** Since when. */
  from: DateTime;
  /** Until when; null while it lasts, or when the end of a plan is not known. */
  until: DateTime | null;
  /** Whether it is only planned. */
  planned: boolean;
  /** How many hours that is; up to now while it lasts. */
  hours: number;
}

/** Work orders, page by page. */
export interface WorkOrderConnection {
  /** The orders, each with its cursor. */
  edges: Array<WorkOrderEdge>;
  /** The orders. */
  nodes: Array<WorkOrder>;
  /** Whether there are more. */
  pageInfo: PageInfo;
}

/** An order in a page. */
export interface WorkOrderEdge {
  /** Continue after this one with it. */
  cursor: string;
  /** The order. */
  node: WorkOrder;
}

/** The order as it is now. */
export interface WorkOrderPayload {
  /** The order. */
  workOrder: WorkOrder;
  /** Its report, which may have followed. */
  report: DamageReport;
}

/** The bill as it is now. */
export interface InvoicePayload {
  /** The bill. */
  invoice: Invoice;
  /** The order that it is for. */
  workOrder: WorkOrder;
  /** The report with its cost. */
  report: DamageReport;
}

/** The policy as it is now. */
export interface SetCostTolerancePayload {
  /** What the company has decided. */
  policy: ReportPolicy;
}

/** What an insurer was asked to pay of a report. */
export interface Claim {
  /** Where it stands. */
  state: ClaimState;
  /** The steps that lead on from here. */
  steps: Array<ClaimStep>;
  /** The insurer. */
  insurer: string;
  /** The number of the policy. */
  policyNumber: string | null;
  /** The insurer's number of the claim. */
  claimNumber: string | null;
  /** What the company bears itself. */
  deductible: Money;
  /** What was claimed. */
  claimedAmount: Money | null;
  /** What the insurer has paid. */
  paidAmount: Money;
  /** When the insurer was told, at midnight UTC. */
  noticedOn: DateTime | null;
  /** Who decides at the insurer; null when nobody is named, and for callers who may not see how to reach a person. */
  adjuster: Adjuster | null;
  /** What the insurer paid, payment by payment. */
  payments: Array<ClaimPayment>;
  /** When it was begun. */
  createdAt: DateTime;
  /** By whom; null for a program. */
  createdBy: Person | null;
  /** Grows by one with each change. */
  version: number;
}

/** A person of an insurer. */
export interface Adjuster {
  /** Their name. */
  name: string | null;
  /** Their e-mail address. */
  email: string | null;
  /** Their phone number. */
  phone: string | null;
}

/** A payment of an insurer. */
export interface ClaimPayment {
  /** Its number within the claim. */
  id: string;
  /** How much. */
  amount: Money;
  /** On which day, at midnight UTC. */
  paidOn: DateTime;
  /** The insurer's reference. */
  reference: string | null;
  /** When it was recorded. */
  recordedAt: DateTime;
  /** By whom; null for a program. */
  recordedBy: Person | null;
}

/** The claim as it is now. */
export interface ClaimPayload {
  /** The claim. */
  claim: Claim;
  /** Its report. */
  report: DamageReport;
}

/** One file of everything about a report: to read, for machines, with the originals and a manifest of hashes (docs/claims.md). */
export interface ClaimPack {
  /** Its id. */
  id: string;
  /** How far it is. */
  state: TransferState;
  /** How many bytes of photos and attachments go in. */
  total: BigInt;
  /** How many have. */
  done: BigInt;
  /** Whether names of people are in it. */
  withNames: boolean;
  /** The size of the ZIP; null before it is done. */
  sizeBytes: BigInt | null;
  /** How many files it holds; null before it is done. */
  files: number | null;
  /** The SHA-256 of its manifest.json, which proves the whole; it also stands in the report's history. */
  manifestSha256: string | null;
  /** Where who asked for it gets it, until expiresAt; nobody else does. */
  url: string | null;
  /** Why it failed. */
  error: string | null;
  /** Who asked for it; null for a program. */
  madeBy: Person | null;
  /** When it was asked for. */
  createdAt: DateTime;
  /** When it was done, or failed. */
  finishedAt: DateTime | null;
  /** Until when it is kept. */
  expiresAt: DateTime | null;
}

/** The pack that is being made. */
export interface ClaimPackPayload {
  /** The pack. */
  pack: ClaimPack;
}

/** What a driver found on a vehicle (a driver vehicle inspection report, 49 CFR 396.11). */
export interface Inspection {
  /** A time-ordered UUID. */
  id: string;
  /** The vehicle. */
  vehicle: Vehicle;
  /** The vehicle as it was called then: name, plate, make and model, VIN. */
  vehicleText: string;
  /** The trailer. */
  trailer: Vehicle | null;
  /** The trailer as it was called then. */
  trailerText: string | null;
  /** When it was made. */
  kind: InspectionKind;
  /** Where it stands. */
  state: InspectionState;
  /** The driver's judgement: may the vehicle be operated? */
  safeToOperate: boolean;
  /** Who made it. */
  madeBy: Person | null;
  /** The driver behind that account. */
  driver: Driver | null;
  /** When the vehicle was looked at. */
  inspectedAt: DateTime;
  /** When it was submitted. */
  submittedAt: DateTime;
  /** What the odometer showed, in kilometres. */
  odometerKm: number | null;
  /** Where the vehicle stood. */
  location: GeoPoint | null;
  /** Where, in words. */
  place: string | null;
  /** What else there is to say. */
  note: string | null;
  /** The id of the checklist, as in inspectionTemplates; 0 is the one that is delivered. */
  checklistId: string;
  /** The version of the checklist that it was made with. */
  checklistVersion: number;
  /** The items, in the order of the checklist. */
  items: Array<InspectedItem>;
  /** The defects. */
  defects: Array<InspectionDefect>;
  /** The signatures, oldest first. */
  signatures: Array<InspectionSignature>;
  /** Grows by one with each signature; send it back to sign only what you have seen. */
  version: number;
  /** The report as PDF, for who is logged in. */
  pdfUrl: string;
}

/** An item as it was found. */
export interface InspectedItem {
  /** The item's key, as in parking_brake. */
  key: string;
  /** What it is called. */
  title: string;
  /** How it is. */
  result: InspectionResult;
}

/** Something that is wrong with a vehicle. */
export interface InspectionDefect {
  /** Its number within its inspection. */
  id: string;
  /** The inspection that found it. */
  inspection: Inspection;
  /** Which vehicle it is on: the vehicle, or its trailer. */
  vehicle: Vehicle;
  /** The key of the item. */
  item: string;
  /** What the item is called. */
  title: string;
  /** What is wrong. */
  note: string;
  /** How bad it is, by the driver's judgement. */
  severity: Severity | null;
  /** Whether the vehicle is unsafe because of it. */
  unsafe: boolean;
  /** What became of it. */
  state: DefectState;
  /** What the mechanic says. */
  remark: string | null;
  /** When it was certified. */
  resolvedAt: DateTime | null;
  /** The damage report that follows it up; null when the caller may not read it. */
  report: DamageReport | null;
}

/** A signature. Its hash covers what was signed and the signature before it. */
export interface InspectionSignature {
  /** Its number within its inspection. */
  id: string;
  /** As what it was given. */
  signer: InspectionSigner;
  /** The name, as printed. */
  name: string;
  /** The account. */
  account: Person | null;
  /** When. */
  signedAt: DateTime;
  /** What was declared. */
  statement: string;
  /** What else was said. */
  remark: string | null;
  /** The drawn signature, a list of strokes. */
  strokes: Array<SignatureStroke>;
  /** SHA-256 of the canonical form of what was signed, in hexadecimal. */
  sha256: string;
}

/** One line of a drawn signature. */
export interface SignatureStroke {
  /** x, y, x, y, ...: 0 to 1 of the field, from the left and from the top. */
  points: Array<number>;
}

/** Whether an inspection is as it was signed. */
export interface InspectionProof {
  /** Whether all signatures fit what is recorded, each other, and the state. */
  valid: boolean;
  /** What is wrong with the whole; null when nothing is. */
  problem: string | null;
  /** Each signature. */
  signatures: Array<SignatureProof>;
}

/** Whether a signature fits. */
export interface SignatureProof {
  /** The signature. */
  signature: InspectionSignature;
  /** Whether it fits. */
  valid: boolean;
  /** What is wrong; null when nothing is. */
  problem: string | null;
}

/** A page of inspections. */
export interface InspectionConnection {
  /** The inspections with their cursors. */
  edges: Array<InspectionEdge>;
  /** The inspections. */
  nodes: Array<Inspection>;
  /** Where the page stands in the list. */
  pageInfo: PageInfo;
}

/** An inspection in a list. */
export interface InspectionEdge {
  /** Where it stands in the list. */
  cursor: string;
  /** The inspection. */
  node: Inspection;
}

/** A checklist. */
export interface InspectionTemplate {
  /** Its id; 0 is the one that is delivered. */
  id: string;
  /** Grows by one with each change. */
  version: number;
  /** What it is called. */
  name: string;
  /** Its items: the eleven of 49 CFR 396.11(a)(1), then the company's own. */
  items: Array<InspectionTemplateItem>;
  /** When it was taken out of use. */
  retiredAt: DateTime | null;
}

/** An item of a checklist. */
export interface InspectionTemplateItem {
  /** Its key, as in tail_lift. */
  key: string;
  /** What it is called. */
  title: string;
  /** Whether it is one of the eleven, which no company can take out. */
  required: boolean;
}

/** What a company has decided about its inspections. */
export interface InspectionPolicy {
  /** Whether an inspection is kept as a report although nothing was found. The law asks it of who carries passengers. */
  noDefectReports: boolean;
  /** The usual checklist; 0 is the one that is delivered. */
  templateId: string;
  /** How many days closed inspections are kept; null: for ever. Three months are the least. */
  keepDays: number | null;
  /** Grows by one with each change; 0 while nothing was decided. */
  version: number;
}

/** What became of a submitted inspection. */
export interface SubmitInspectionPayload {
  /** Whether it was filed. */
  filed: boolean;
  /** What happened, in a sentence. */
  message: string;
  /** The inspection; null when none was filed. */
  inspection: Inspection | null;
  /** What looks odd but was taken all the same, as sentences. */
  warnings: Array<string>;
}

/** The inspection after a certification. */
export interface CertifyInspectionPayload {
  /** The inspection. */
  inspection: Inspection;
  /** In how many other inspections the same was certified. */
  alsoCertified: number;
}

/** The inspection after a step. */
export interface InspectionPayload {
  /** The inspection. */
  inspection: Inspection;
}

/** The checklist after a change. */
export interface InspectionTemplatePayload {
  /** The checklist. */
  template: InspectionTemplate;
}

/** The settings after a change. */
export interface InspectionPolicyPayload {
  /** The settings. */
  policy: InspectionPolicy;
}

/** A place on Earth, WGS 84. */
export interface GeoPointInput {
  /** Degrees north, -90 to 90. */
  latitude: number;
  /** Degrees east, -180 to 180. */
  longitude: number;
}

/** Conditions on reports; all that are given must hold. */
export interface DamageReportFilter {
  /** Any of these statuses. */
  status?: Array<DamageReportStatus> | null;
  /** Any of these stages. */
  stage?: Array<DamageReportStage> | null;
  /** Whether only reports whose deadline has passed are wanted. */
  overdue?: boolean | null;
  /** Any of these severities. */
  severity?: Array<Severity> | null;
  /** Any of these kinds. */
  damageType?: Array<DamageType> | null;
  /** Only this vehicle. */
  vehicleId?: string | null;
  /** Only this depot. */
  facilityId?: string | null;
  /** Filed at or after this time. */
  reportedAfter?: DateTime | null;
  /** Filed before this time. */
  reportedBefore?: DateTime | null;
  /** Words that the description, address or claim number contains. */
  search?: string | null;
  /** Only of this driver. */
  driverId?: string | null;
  /** Costing at least this much, in major units: the actual cost, or the estimate where there is none. */
  minCost?: Decimal | null;
  /** Costing at most this much. */
  maxCost?: Decimal | null;
  /** Happened at or after this time. */
  incidentAfter?: DateTime | null;
  /** Happened before this time. */
  incidentBefore?: DateTime | null;
  /** Happened within this circle. */
  near?: GeoCircleInput | null;
  /** Happened within this box. */
  within?: GeoBoxInput | null;
  /** Happened within the area of these corners, in order around it; 3 to 1,000 of them. */
  area?: Array<GeoPointInput> | null;
  /** Happened within this area: a GeoJSON polygon of one ring, or a feature that holds one. */
  areaGeoJson?: string | null;
  /** A JSON list that the report's damage areas must contain, as in [{"part":"door"}]. */
  damageAreas?: string | null;
}

/** A new damage report. */
export interface CreateDamageReportInput {
  /** The vehicle by its id; give this or vehicleName. */
  vehicleId?: string | null;
  /** The vehicle by its name, as in VAN-12; give this or vehicleId. */
  vehicleName?: string | null;
  /** What happened, in the reporter's words; up to 10,000 characters. */
  description: string;
  /** 1 to 20 photos: JPEG, PNG, WebP or HEIC, each at most 25 MB and 100 megapixels. */
  photos?: Array<Upload>;
  /** From where the photos look at the vehicle, in their order; null where nobody knows. */
  photoAngles?: Array<PhotoAngle | null> | null;
  /** When it happened; now if left out. */
  incidentAt?: DateTime | null;
  /** Where it happened. */
  location?: GeoPointInput | null;
  /** What kind of damage it is, if known. */
  damageType?: DamageType | null;
  /** Whether it stays a draft until it is sent by the transition SUBMIT; it is not assessed before. */
  draft?: boolean;
  /** Any text chosen by the client: a second report with the same key returns the first and files nothing. */
  idempotencyKey?: string | null;
}

/** A change of a report. */
export interface UpdateDamageReportInput {
  /** The report. */
  id: string;
  /** The version that the change is based on; the change is refused when the report moved on since. */
  version?: number | null;
  /** The new status. */
  status?: DamageReportStatus | null;
  /** Why, in the words of who decides; kept in the history. REJECTED asks for one. */
  reason?: string | null;
  /** The severity as a person sees it. */
  severity?: Severity | null;
  /** The kind as a person sees it. */
  damageType?: DamageType | null;
  /** 1 (first) to 10 (last). */
  priority?: number | null;
  /** The description, corrected. */
  description?: string | null;
  /** What the repair should cost, in major units of the company's currency. */
  estimatedCost?: Decimal | null;
  /** What the repair did cost, in major units of the company's currency. */
  actualCost?: Decimal | null;
}

/** A new webhook. */
export interface CreateWebhookInput {
  /** Where messages are sent: https, an address of the public internet. */
  url: string;
  /** What it is for; up to 200 characters. */
  description?: string | null;
  /** The types of events it gets, as in report.created or report.*; left out or empty: all. */
  types?: Array<string> | null;
}

/** A change of a webhook. */
export interface UpdateWebhookInput {
  /** The webhook. */
  id: string;
  /** The version that the change is based on. */
  version?: number | null;
  /** Where messages are sent. */
  url?: string | null;
  /** What it is for. */
  description?: string | null;
  /** The types of events it gets; empty: all. */
  types?: Array<string> | null;
  /** Whether it gets any. true also takes a stop by the server back. */
  active?: boolean | null;
}

/** An alert as it is to be. */
export interface SaveAlertInput {
  /** The alert to replace; left out: a new one. */
  id?: string | null;
  /** The version that the change is based on. */
  version?: number | null;
  /** What it is about; up to 100 characters. */
  name: string;
  /** The types of events; left out or empty: all. */
  types?: Array<string> | null;
  /** Only reports at least as bad as this. A report that is not assessed yet has no severity: ask for report.assessed. */
  minSeverity?: Severity | null;
  /** Only reports of this depot. */
  facilityId?: string | null;
  /** When quiet hours begin, as in 22:00 by the company's clock. */
  quietFrom?: string | null;
  /** When quiet hours end, as in 06:30. */
  quietTo?: string | null;
  /** Whether it is on. */
  active?: boolean | null;
}

/** A new vehicle. */
export interface CreateVehicleInput {
  /** The name that people use, as in VAN-12. */
  name: string;
  /** What kind of vehicle it is; a car if left out. */
  kind?: VehicleKind | null;
  /** The licence plate. */
  plate?: string | null;
  /** The vehicle identification number: 17 characters without I, O and Q. A check digit that is wrong is a warning. */
  vin: string;
  /** Who made it. */
  make: string;
  /** The model. */
  model: string;
  /** The model year. */
  year: number;
  /** What it is worth, in major units of the company's currency. */
  value?: Decimal | null;
  /** The depot it belongs to. */
  facilityId?: string | null;
  /** Where it is registered, by ISO 3166, as in DE or US-TX, where that is not where its depot is. */
  jurisdiction?: string | null;
}

/** A change of a vehicle. */
export interface UpdateVehicleInput {
  /** The vehicle. */
  id: string;
  /** The version that the change is based on; the change is refused when the vehicle moved on since. */
  version?: number | null;
  /** The name that people use, as in VAN-12. */
  name?: string | null;
  /** What kind of vehicle it is. */
  kind?: VehicleKind | null;
  /** The licence plate. */
  plate?: string | null;
  /** The vehicle identification number: 17 characters without I, O and Q. A check digit that is wrong is a warning. */
  vin?: string | null;
  /** Who made it. */
  make?: string | null;
  /** The model. */
  model?: string | null;
  /** The model year. */
  year?: number | null;
  /** What it is worth, in major units of the company's currency. */
  value?: Decimal | null;
  /** The depot it belongs to. */
  facilityId?: string | null;
  /** Where it is registered, by ISO 3166, as in DE or US-TX, where that is not where its depot is. */
  jurisdiction?: string | null;
}

/** A new driver. */
export interface CreateDriverInput {
  /** The driver's name. */
  name: string;
  /** The e-mail address. */
  email?: string | null;
  /** The telephone number. */
  phone?: string | null;
  /** The number of the driving licence. */
  licenceNumber?: string | null;
  /** The company's own number for the person. */
  employeeNumber?: string | null;
}

/** A change of a driver. */
export interface UpdateDriverInput {
  /** The driver. */
  id: string;
  /** The version that the change is based on; the change is refused when the driver moved on since. */
  version?: number | null;
  /** The driver's name. */
  name?: string | null;
  /** The e-mail address. */
  email?: string | null;
  /** The telephone number. */
  phone?: string | null;
  /** The number of the driving licence. */
  licenceNumber?: string | null;
  /** The company's own number for the person. */
  employeeNumber?: string | null;
}

/** A new depot. */
export interface CreateFacilityInput {
  /** The depot's name. */
  name: string;
  /** Its address. */
  address?: string | null;
  /** Where it is. */
  location?: GeoPointInput | null;
  /** The corners of the area that belongs to it, in order around it; 3 to 1,000 of them. */
  geofence?: Array<GeoPointInput> | null;
  /** The country or the part of one that it lies in, by ISO 3166, as in DE or US-TX. */
  jurisdiction?: string | null;
}

/** A change of a depot. */
export interface UpdateFacilityInput {
  /** The depot. */
  id: string;
  /** The version that the change is based on; the change is refused when the depot moved on since. */
  version?: number | null;
  /** The depot's name. */
  name?: string | null;
  /** Its address. */
  address?: string | null;
  /** Where it is. */
  location?: GeoPointInput | null;
  /** The corners of the area that belongs to it, in order around it; 3 to 1,000 of them. */
  geofence?: Array<GeoPointInput> | null;
  /** The country or the part of one that it lies in, by ISO 3166, as in DE or US-TX. */
  jurisdiction?: string | null;
}

/** A new vendor. */
export interface CreateVendorInput {
  /** The vendor's name. */
  name: string;
  /** Its address. */
  address?: string | null;
  /** Where quotes are asked for. */
  email?: string | null;
  /** Its telephone number. */
  phone?: string | null;
  /** What an hour of its work costs, in major units of the company's currency. */
  labourRate?: Decimal | null;
}

/** A change of a vendor. */
export interface UpdateVendorInput {
  /** The vendor. */
  id: string;
  /** The version that the change is based on; the change is refused when the vendor moved on since. */
  version?: number | null;
  /** The vendor's name. */
  name?: string | null;
  /** Its address. */
  address?: string | null;
  /** Where quotes are asked for. */
  email?: string | null;
  /** Its telephone number. */
  phone?: string | null;
  /** What an hour of its work costs, in major units of the company's currency. */
  labourRate?: Decimal | null;
}

/** A change of the company. */
export interface UpdateCompanyInput {
  /** The version that the change is based on; the change is refused when the company moved on since. */
  version?: number | null;
  /** The company's name. */
  name?: string | null;
  /** The time zone that its days are counted in, as in Europe/Amsterdam. */
  timeZone?: string | null;
}

/** Out of use, or back into it. */
export interface RetireInput {
  /** What is meant. */
  id: string;
  /** The version that the change is based on; the change is refused when it moved on since. */
  version?: number | null;
  /** False brings it back into use. */
  retired?: boolean | null;
}

/** An odometer reading. */
export interface RecordOdometerInput {
  /** The vehicle. */
  vehicleId: string;
  /** Kilometres, 0 to 10,000,000. */
  km: number;
  /** When it was read; now if left out. */
  at?: DateTime | null;
}

/** An assignment of a driver to a vehicle. */
export interface AssignDriverInput {
  /** The vehicle. */
  vehicleId: string;
  /** The driver. */
  driverId: string;
  /** When it begins; now if left out. */
  from?: DateTime | null;
  /** When it ends; it goes on if left out. */
  until?: DateTime | null;
}

/** The end of an assignment. */
export interface EndAssignmentInput {
  /** The assignment. */
  id: string;
  /** The version that the change is based on; the change is refused when it moved on since. */
  version?: number | null;
  /** When it ends; now if left out. */
  until?: DateTime | null;
}

/** Conditions on the reports that are counted; all that are given must hold. */
export interface DamageReportStatsFilter {
  /** Any of these statuses. */
  status?: Array<DamageReportStatus> | null;
  /** Any of these severities. */
  severity?: Array<Severity> | null;
  /** Any of these kinds. */
  damageType?: Array<DamageType> | null;
  /** Only this depot. */
  facilityId?: string | null;
  /** Only this vehicle. */
  vehicleId?: string | null;
  /** Filed at or after this time. Twelve months ago if left out. */
  reportedAfter?: DateTime | null;
  /** Filed before this time. */
  reportedBefore?: DateTime | null;
}

/** A box on the map. West may be greater than east: it then crosses the 180th meridian. */
export interface GeoBoxInput {
  /** Degrees east, -180 to 180. */
  west: number;
  /** Degrees north, -90 to 90. */
  south: number;
  /** Degrees east, -180 to 180. */
  east: number;
  /** Degrees north, -90 to 90. */
  north: number;
}

/** A circle on Earth. */
export interface GeoCircleInput {
  /** Its middle. */
  point: GeoPointInput;
  /** Its radius in kilometres: above 0, at most 1000. */
  radiusKm: number;
}

/** A filter to keep. */
export interface SaveFilterInput {
  /** Its name, at most 100 characters. */
  name: string;
  /** The filter as a JSON object, as in {"status":["ASSESSED"]}; at most 16,000 bytes. */
  filter: string;
}

/** A file to import. */
export interface ImportFileInput {
  /** What it holds. */
  kind: TransferKind;
  /** The file: CSV in UTF-8, at most 25 MB, separated by commas, semicolons or tabs; its first line names the columns. */
  file: Upload;
  /** Only checks the file: what would be wrong is told, nothing is written. */
  dryRun?: boolean;
}

/** A file to make. */
export interface ExportFileInput {
  /** What it shall hold. */
  kind: TransferKind;
}

/** A driver to erase. */
export interface EraseDriverInput {
  /** The driver. */
  driverId: string;
  /** Why, up to 500 characters. It is kept: name nobody in it. */
  reason: string;
  /** What the company files it under, up to 100 characters. */
  reference?: string;
  /** Where duties forbid it: whether the use is restricted now and the data go when the duties have ended. */
  wait?: boolean;
  /** Whether only to say what would go and what forbids it. */
  dryRun?: boolean;
}

/** A user to erase. */
export interface EraseUserInput {
  /** The user. */
  userId: string;
  /** Why, up to 500 characters. It is kept: name nobody in it. */
  reason: string;
  /** What the company files it under, up to 100 characters. */
  reference?: string;
  /** Where duties forbid it: whether the use is restricted now and the data go when the duties have ended. */
  wait?: boolean;
  /** Whether only to say what would go and what forbids it. */
  dryRun?: boolean;
}

/** A decision about a finding. */
export interface DecideErasureFindingInput {
  /** The erasure. */
  erasureId: string;
  /** The number of the finding. */
  findingId: number;
  /** The words that take its place, up to 5,000 characters; none to leave it as it is. A photo is removed whatever the words are, and cannot be brought back. */
  redactTo?: string | null;
}

/** A report to put under a hold. */
export interface HoldDamageReportInput {
  /** The report. */
  reportId: string;
  /** Why, up to 500 characters. */
  reason: string;
}

/** A report to release. */
export interface ReleaseDamageReportInput {
  /** The report. */
  reportId: string;
}

/** A policy. */
export interface SetRetentionPolicyInput {
  /** How many years closed reports stay, 1 to 100; none for ever. */
  years?: number | null;
  /** What is left of those that go. */
  keep?: RetentionKeep;
  /** The version that was seen; none to change whatever is there. */
  version?: number | null;
}

/** A step of a report's life. */
export interface TransitionDamageReportInput {
  /** The report. */
  id: string;
  /** The version that the step is based on; it is refused when the report moved on since. */
  version?: number | null;
  /** The way to go. */
  transition: DamageReportTransition;
  /** Why, in the words of who decides; up to 2,000 characters, kept in the history. */
  reason?: string | null;
  /** For MARK_DUPLICATE: the report that stays. */
  duplicateOfId?: string | null;
  /** What the repair did cost, in major units of the company's currency; set on the way. */
  actualCost?: Decimal | null;
}

/** A step to take back. */
export interface UndoDamageReportTransitionInput {
  /** The report. */
  id: string;
  /** The version after the step; it is refused when the report moved on since. */
  version?: number | null;
}

/** What a role may approve. */
export interface SetApprovalLimitInput {
  /** The role. */
  role: Role;
  /** Up to this cost one person is enough, in major units; left out: any cost. */
  alone?: Decimal | null;
  /** Up to this cost two persons may together; left out: any cost. */
  together?: Decimal | null;
}

/** The deadlines of a priority; what is left out has none. */
export interface SetReportDeadlinesInput {
  /** The priority, 1 (first) to 10 (last). */
  priority: number;
  /** Hours until somebody must have looked, 1 to 8,760. */
  triageHours?: number | null;
  /** Hours until a decision, 1 to 8,760. */
  decideHours?: number | null;
  /** Hours until the repair is complete, 1 to 8,760. */
  repairHours?: number | null;
}

/** A corner of a drawing. */
export interface ZoneCornerInput {
  /** From the left, 0 to 1. */
  x: number;
  /** From the top, 0 to 1. */
  y: number;
}

/** What a zone is. */
export interface DamageZoneInput {
  /** The part. */
  part: ZonePart;
  /** The side of the part. */
  side?: VehicleSide | null;
  /** What it looks like. */
  kind: ZoneKind;
  /** The longer side, in millimetres, 1 to 30,000. */
  sizeMm?: number | null;
  /** How bad this damage is by itself. */
  severity?: Severity | null;
  /** The diagram that it is drawn on; needed for corners. */
  viewpoint?: Viewpoint | null;
  /** 2 corners of a box, or 3 to 50 of a polygon. */
  corners?: Array<ZoneCornerInput> | null;
  /** The number of the photo that shows it. */
  photoId?: string | null;
  /** What there is to say about it, up to 500 characters. */
  note?: string | null;
}

/** A new zone. */
export interface AddDamageZoneInput {
  /** The report. */
  reportId: string;
  /** The version that the change is based on; it is refused when the report moved on since. */
  version?: number | null;
  /** The damage. */
  zone: DamageZoneInput;
}

/** A changed zone. */
export interface ChangeDamageZoneInput {
  /** The report. */
  reportId: string;
  /** The zone's number. */
  zoneId: string;
  /** The version that the change is based on. */
  version?: number | null;
  /** What the zone is now, all of it. */
  zone: DamageZoneInput;
}

/** A zone that is no more. */
export interface CloseDamageZoneInput {
  /** The report. */
  reportId: string;
  /** The zone's number. */
  zoneId: string;
  /** The version that the change is based on. */
  version?: number | null;
}

/** A new comment. */
export interface AddCommentInput {
  /** The report. */
  reportId: string;
  /** What there is to say, up to 5,000 characters. */
  body: string;
  /** Whether drivers shall not see it. */
  internal?: boolean;
}

/** An edited comment. */
export interface EditCommentInput {
  /** The report. */
  reportId: string;
  /** The comment. */
  commentId: string;
  /** What it says now. */
  body: string;
}

/** A comment to take back. */
export interface RemoveCommentInput {
  /** The report. */
  reportId: string;
  /** The comment. */
  commentId: string;
}

/** A file for a report. */
export interface AddAttachmentInput {
  /** The report. */
  reportId: string;
  /** The file. */
  file: Upload;
}

/** An attachment to remove. */
export interface RemoveAttachmentInput {
  /** The report. */
  reportId: string;
  /** The attachment's number. */
  attachmentId: string;
}

/** From where a photo looks at the vehicle. */
export interface SetPhotoAngleInput {
  /** The report. */
  reportId: string;
  /** The photo's number. */
  photoId: string;
  /** The angle; null takes back what was said. */
  angle?: PhotoAngle | null;
}

/** One line of an estimate. */
export interface EstimateLineInput {
  /** What it is for. */
  kind: EstimateLineKind;
  /** In words, up to 300 characters. */
  text: string;
  /** Hours of work, or how many, with at most three decimals. */
  quantity?: Decimal;
  /** What an hour or a piece costs, in major units of the company's currency. */
  unitPrice: Decimal;
  /** The discount in percent, with at most two decimals. */
  discount?: Decimal | null;
  /** The tax rate in percent, where it is not that of the estimate. */
  taxRate?: Decimal | null;
  /** The number of the part. */
  partNumber?: string | null;
  /** Where the part comes from. */
  source?: PartSource | null;
  /** The part of the vehicle that it is for. */
  part?: ZonePart | null;
  /** The side of it. */
  side?: VehicleSide | null;
  /** The number of the report's zone that it is for. */
  zoneId?: string | null;
}

/** Who is asked for an estimate. */
export interface RequestEstimateInput {
  /** The report. */
  reportId: string;
  /** The vendor; this or an address, or both. */
  vendorId?: string | null;
  /** The address; the vendor's own when it is left out. */
  email?: string | null;
  /** What the vendor is told, up to 2,000 characters. */
  message?: string | null;
  /** Until when the link is good: at most 180 days, 14 when it is left out. */
  expiresAt?: DateTime | null;
  /** Whether the link is sent to the address, where the server can send mail. */
  mail?: boolean;
}

/** A new link to an estimate. */
export interface RenewEstimateLinkInput {
  /** The report. */
  reportId: string;
  /** The estimate. */
  estimateId: string;
  /** The version that the caller saw; it is refused when the estimate changed since. */
  version?: number | null;
  /** Until when the link is good: at most 180 days, 14 when it is left out. */
  expiresAt?: DateTime | null;
  /** Whether the link is sent to the address, where the server can send mail. */
  mail?: boolean;
}

/** What a vendor sent in. */
export interface SubmitEstimateInput {
  /** The report. */
  reportId: string;
  /** The estimate, for its next revision; left out for a new one. */
  estimateId?: string | null;
  /** The version that the revision is based on; it is refused when the estimate changed since. */
  version?: number | null;
  /** The vendor of a new estimate. */
  vendorId?: string | null;
  /** The vendor's own reference, up to 100 characters. */
  reference?: string | null;
  /** What the vendor says about it, up to 2,000 characters. */
  note?: string | null;
  /** Until when the offer is valid. */
  validUntil?: DateTime | null;
  /** How many days the repair takes, 0 to 365. */
  repairDays?: number | null;
  /** The tax rate of lines that have none of their own, in percent. */
  taxRate?: Decimal | null;
  /** The lines, 1 to 200. */
  lines: Array<EstimateLineInput>;
}

/** Which estimate. */
export interface EstimateInput {
  /** The report. */
  reportId: string;
  /** The estimate. */
  estimateId: string;
  /** The version that the caller saw; it is refused when the estimate changed since. */
  version?: number | null;
}

/** An estimate that is not to be. */
export interface CloseEstimateInput {
  /** The report. */
  reportId: string;
  /** The estimate. */
  estimateId: string;
  /** The version that the caller saw; it is refused when the estimate changed since. */
  version?: number | null;
  /** Why, up to 2,000 characters. */
  reason?: string | null;
}

/** A rule for total losses. */
export interface SetTotalLossRuleInput {
  /** The jurisdiction, by ISO 3166, as in DE or US-TX; left out: the rule for all others. */
  jurisdiction?: string | null;
  /** How it is told. */
  kind: TotalLossRuleKind;
  /** The threshold, 1 to 200, or the salvage, 0 to 100, in percent of the value. */
  percent: Decimal;
}

/** A rule that is to be no more. */
export interface RemoveTotalLossRuleInput {
  /** The jurisdiction; left out: the rule for all others. */
  jurisdiction?: string | null;
}

/** Which work orders; conditions combine. */
export interface WorkOrderFilter {
  /** In one of these states. */
  state?: Array<WorkOrderState> | null;
  /** Of this vendor. */
  vendorId?: string | null;
  /** Of the company's own workshop; not together with vendorId. */
  ownWorkshop?: boolean | null;
  /** Of this vehicle. */
  vehicleId?: string | null;
  /** Planned to begin before this moment. */
  plannedBefore?: DateTime | null;
}

/** A work order to write. */
export interface CreateWorkOrderInput {
  /** The report; its repair must be approved. */
  reportId: string;
  /** The accepted estimate that it follows: its vendor, total and lines count where nothing else is said. */
  estimateId?: string | null;
  /** Who shall do it; left out: the company's own workshop. */
  vendorId?: string | null;
  /** When the work shall begin; the order is then SCHEDULED. */
  plannedStart?: DateTime | null;
  /** When it shall be done. */
  plannedEnd?: DateTime | null;
  /** What it may cost, in major units; left out: what was approved. */
  budget?: Decimal | null;
  /** What the workshop should know, up to 5,000 characters. */
  instructions?: string | null;
  /** What is to be done, point by point; up to 100. */
  tasks?: Array<string> | null;
}

/** A work order to change; what is left out stays. */
export interface UpdateWorkOrderInput {
  /** The order. */
  id: string;
  /** The version that the change is based on; it is refused when the order changed since. */
  version?: number | null;
  /** Who shall do it; null: the company's own workshop. Only before the work begins. */
  vendorId?: string | null;
  /** What it may cost, in major units. */
  budget?: Decimal | null;
  /** What the workshop should know. */
  instructions?: string | null;
  /** What is left to be done: replaces the tasks that are not done. */
  tasks?: Array<string> | null;
}

/** A step of a work order. */
export interface MoveWorkOrderInput {
  /** The order. */
  id: string;
  /** The version that the step is based on; it is refused when the order changed since. */
  version?: number | null;
  /** The step. */
  step: WorkOrderStep;
  /** For SCHEDULE: when the work shall begin. */
  plannedStart?: DateTime | null;
  /** For SCHEDULE: when it shall be done. */
  plannedEnd?: DateTime | null;
  /** Why, up to 2,000 characters; CANCEL asks for it. */
  reason?: string | null;
}

/** A task of a work order. */
export interface SetWorkOrderTaskInput {
  /** The order. */
  workOrderId: string;
  /** The task's number. */
  taskId: string;
  /** Whether it is done. */
  done: boolean;
}

/** A line of a bill. */
export interface InvoiceLineInput {
  /** What it is for. */
  kind: CostKind;
  /** In words. */
  title?: string | null;
  /** How much, in major units. */
  amount: Decimal;
}

/** A bill to record. */
export interface RecordInvoiceInput {
  /** The order that it is for; its vendor sent it. */
  workOrderId: string;
  /** The vendor's own number; a vendor's bill has one, and each one once. */
  number?: string | null;
  /** The date on it. */
  dated?: DateTime | null;
  /** What it is made of, 1 to 100 lines. */
  lines: Array<InvoiceLineInput>;
}

/** A bill to approve. */
export interface ApproveInvoiceInput {
  /** The bill. */
  id: string;
}

/** A bill to declare void. */
export interface VoidInvoiceInput {
  /** The bill. */
  id: string;
  /** Why, up to 2,000 characters. */
  reason: string;
}

/** How much more a repair may cost. */
export interface SetCostToleranceInput {
  /** In percent of what was approved, 0 to 100. */
  percent: number;
}

/** A claim to begin or to change; what is left out stays, an empty text takes it away. */
export interface SaveClaimInput {
  /** The report. */
  reportId: string;
  /** The version of the claim that the change is based on; it is refused when the claim changed since. */
  version?: number | null;
  /** The insurer; a new claim names one. */
  insurer?: string | null;
  /** The number of the policy. */
  policyNumber?: string | null;
  /** The insurer's number of the claim. */
  claimNumber?: string | null;
  /** What the company bears itself, in major units. */
  deductible?: Decimal | null;
  /** What is claimed, in major units; above the deductible. */
  claimedAmount?: Decimal | null;
  /** When the insurer was told. */
  noticedOn?: DateTime | null;
  /** Who decides at the insurer. */
  adjuster?: AdjusterInput | null;
}

/** A person of an insurer; what is left out stays. */
export interface AdjusterInput {
  /** Their name. */
  name?: string | null;
  /** Their e-mail address. */
  email?: string | null;
  /** Their phone number. */
  phone?: string | null;
}

/** A step of a claim. */
export interface MoveClaimInput {
  /** The report. */
  reportId: string;
  /** The version of the claim that the step is based on. */
  version?: number | null;
  /** The step. */
  step: ClaimStep;
  /** Why, up to 2,000 characters. */
  reason?: string | null;
  /** For PAY: how much, in major units. */
  paidAmount?: Decimal | null;
  /** For PAY: when; left out: today. */
  paidOn?: DateTime | null;
  /** For PAY: the insurer's reference. */
  reference?: string | null;
}

/** A claim pack to make. */
export interface MakeClaimPackInput {
  /** The report. */
  reportId: string;
  /** Whether names of people may be in it; for callers who may see how to reach a person. */
  withNames?: boolean;
}

/** Conditions on inspections; all that are given must hold. */
export interface InspectionFilter {
  /** Any of these states. */
  state?: Array<InspectionState> | null;
  /** Only this vehicle, also as a trailer. */
  vehicleId?: string | null;
  /** Whether only those are wanted that found the vehicle unsafe. */
  unsafe?: boolean | null;
  /** Submitted at or after this time. */
  submittedAfter?: DateTime | null;
  /** Submitted before this time. */
  submittedBefore?: DateTime | null;
}

/** Who signs, and how. */
export interface SignatureInput {
  /** The name, as printed. */
  name: string;
  /** The drawn signature: at most 100 strokes with 2,000 points together. */
  strokes?: Array<SignatureStrokeInput> | null;
}

/** One line of a drawn signature. */
export interface SignatureStrokeInput {
  /** x, y, x, y, ...: 0 to 1 of the field, from the left and from the top. */
  points: Array<number>;
}

/** An item as it was found. */
export interface InspectedItemInput {
  /** The item's key. */
  key: string;
  /** How it is. */
  result: InspectionResult;
}

/** A defect. */
export interface InspectionDefectInput {
  /** The key of the item. */
  item: string;
  /** What is wrong, up to 2,000 characters. */
  note: string;
  /** Whether it is on the trailer. */
  onTrailer?: boolean;
  /** How bad it is. */
  severity?: Severity | null;
  /** Whether the vehicle is unsafe because of it. */
  unsafe?: boolean;
  /** The open damage report that tells of it already. Left out, it joins the report of an open defect of the same item, or a new one is filed. */
  reportId?: string | null;
  /** Whether a new report is wanted in any case. */
  newReport?: boolean;
  /** Photos of a new report, as in createDamageReport. */
  photos?: Array<Upload>;
}

/** A new inspection. */
export interface SubmitInspectionInput {
  /** The vehicle. */
  vehicleId: string;
  /** The trailer. */
  trailerId?: string | null;
  /** When it is made. */
  kind: InspectionKind;
  /** The checklist, 0 for the one that is delivered; the company's usual one when left out. */
  templateId?: string | null;
  /** When the vehicle was looked at; now if left out. At most 31 days ago. */
  inspectedAt?: DateTime | null;
  /** What the odometer shows, in kilometres; kept among its readings. */
  odometerKm?: number | null;
  /** Where the vehicle stands. */
  location?: GeoPointInput | null;
  /** Where, in words. */
  place?: string | null;
  /** What else there is to say. */
  note?: string | null;
  /** Each item of the checklist, once. */
  items: Array<InspectedItemInput>;
  /** The defects, at most 30. */
  defects?: Array<InspectionDefectInput>;
  /** Whether the vehicle may be operated: false if and only if a defect makes it unsafe. */
  safeToOperate: boolean;
  /** The driver's signature. */
  signature: SignatureInput;
  /** Any text chosen by the client: a second inspection with the same key returns the first. */
  idempotencyKey?: string | null;
}

/** What a mechanic or the carrier says of a defect. */
export interface DefectResolutionInput {
  /** The defect's number. */
  defectId: string;
  /** REPAIRED or REPAIR_UNNECESSARY. */
  state: DefectState;
  /** What was done, or why nothing has to be; needed for REPAIR_UNNECESSARY. */
  remark?: string | null;
}

/** A certification. */
export interface CertifyInspectionInput {
  /** The inspection. */
  id: string;
  /** The version that was seen; it is refused when somebody signed since. */
  version?: number | null;
  /** The defects, each once. */
  resolutions: Array<DefectResolutionInput>;
  /** Whether the same goes for open defects of other inspections that stand behind the same damage reports, at most 200; each of those inspections gets a signature of its own. */
  everywhere?: boolean;
  /** Who signs. */
  signature: SignatureInput;
}

/** An acknowledgement. */
export interface AcknowledgeInspectionInput {
  /** The inspection. */
  id: string;
  /** The version that was seen; it is refused when somebody signed since. */
  version?: number | null;
  /** What else there is to say. */
  remark?: string | null;
  /** Who signs. */
  signature: SignatureInput;
}

/** An item of a company's own. */
export interface InspectionTemplateItemInput {
  /** Its key: small letters, digits and underlines. */
  key: string;
  /** What it is called. */
  title: string;
}

/** A checklist. */
export interface SaveInspectionTemplateInput {
  /** Which one; left out: a new one. */
  id?: string | null;
  /** The version that the change is based on. */
  version?: number | null;
  /** What it is called. */
  name: string;
  /** Its items besides the eleven, at most 49. */
  items?: Array<InspectionTemplateItemInput>;
  /** Whether it is out of use. */
  retired?: boolean;
}

/** What a company decides about its inspections. */
export interface SetInspectionPolicyInput {
  /** The version that the change is based on. */
  version?: number | null;
  /** Whether an inspection is kept as a report although nothing was found. */
  noDefectReports: boolean;
  /** The usual checklist; 0, or left out: the one that is delivered. */
  templateId?: string | null;
  /** How many days closed inspections are kept, 93 or more; left out: for ever. */
  keepDays?: number | null;
}
