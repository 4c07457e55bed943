// The types of schema/fleet.graphql that the page uses, field for field.

export type Role = "DRIVER" | "MANAGER" | "AUDITOR" | "ADMIN";
export type DamageReportStatus = "REPORTED" | "ASSESSED" | "APPROVED" | "IN_REPAIR" | "COMPLETED" | "REJECTED";
export type Severity = "COSMETIC" | "MINOR" | "MODERATE" | "MAJOR" | "CRITICAL" | "TOTAL_LOSS";
export type DamageType = "COLLISION" | "VANDALISM" | "WEATHER" | "WEAR_TEAR" | "MECHANICAL" | "GLASS" | "TIRE"
	| "INTERIOR" | "THEFT" | "FIRE" | "FLOOD" | "OTHER";
export type VehiclePart = "HOOD" | "BUMPER" | "TRUNK" | "DOOR" | "FENDER" | "LIGHT" | "WINDSHIELD";
export type FraudSignalKind = "SAME_FILE" | "SAME_PICTURE" | "MIRRORED_PICTURE" | "CAPTURE_TIME" | "EDITED";
export type DamageReportChangeKind = "CREATED" | "ASSESSED" | "UPDATED";

export interface Tenant { id: string; name: string; currency: string }
export interface Viewer { tenant: Tenant; role: Role; name: string }
export interface Money { amount: string; currency: string }
export interface GeoPoint { latitude: number; longitude: number }
export interface Driver { id: string; name: string }
export interface Facility { id: string; name: string; location: GeoPoint | null; address: string | null }

export interface Vehicle {
	id: string;
	name: string;
	plate: string | null;
	vin: string;
	make: string;
	model: string;
	year: number;
	facility: Facility | null;
	damageReports: DamageReportConnection;
	reportUrl: string;
}

export interface PhotoQuality { sharpness: number; brightness: number; problems: string[] }

export interface Photo {
	id: string;
	url: string;
	viewUrl: string;
	thumbnailUrl: string;
	mediaType: string;
	sizeBytes: string;
	width: number;
	height: number;
	takenAt: string | null;
	sha256: string;
	quality: PhotoQuality | null;
}

export interface CostRange { low: Money; likely: Money; high: Money }
export interface HoursRange { low: number; likely: number; high: number }

export interface FraudSignal {
	kind: FraudSignalKind;
	score: number;
	message: string;
	photoId: string;
	seenIn: DamageReport | null;
}

export interface SimilarCase { report: DamageReport; similarity: number }

export interface Assessment {
	model: string;
	createdAt: string;
	durationMs: number;
	severity: Severity | null;
	severityConfidence: number;
	part: VehiclePart | null;
	partConfidence: number;
	damageType: DamageType | null;
	damageTypeConfidence: number;
	cost: CostRange | null;
	repairHours: HoursRange | null;
	rule: string[];
	fraudSignals: FraudSignal[];
	similarCases: SimilarCase[];
}

export interface DamageReport {
	id: string;
	number: string;
	status: DamageReportStatus;
	severity: Severity | null;
	damageType: DamageType | null;
	priority: number;
	description: string;
	reportedAt: string;
	incidentAt: string;
	updatedAt: string;
	assessedAt: string | null;
	completedAt: string | null;
	vehicle: Vehicle;
	driver: Driver | null;
	facility: Facility | null;
	location: GeoPoint | null;
	address: string | null;
	estimatedCost: Money | null;
	actualCost: Money | null;
	photos: Photo[];
	assessment: Assessment | null;
	version: number;
	url: string;
}

export interface PageInfo {
	hasNextPage: boolean;
	hasPreviousPage: boolean;
	startCursor: string | null;
	endCursor: string | null;
}

export interface DamageReportConnection { nodes: DamageReport[]; pageInfo: PageInfo }

export interface DamageReportFilter {
	status?: DamageReportStatus[];
	severity?: Severity[];
	damageType?: DamageType[];
	vehicleId?: string;
	facilityId?: string;
	reportedAfter?: string;
	reportedBefore?: string;
	search?: string;
}

export interface UpdateDamageReportInput {
	id: string;
	version?: number;
	status?: DamageReportStatus;
	reason?: string;
	severity?: Severity;
	damageType?: DamageType;
	priority?: number;
	description?: string;
	estimatedCost?: string;
	actualCost?: string;
}

export interface CreateDamageReportInput {
	vehicleId?: string;
	vehicleName?: string;
	description: string;
	photos: unknown[];
	incidentAt?: string;
	location?: GeoPoint;
	damageType?: DamageType;
	idempotencyKey?: string;
}

export interface DamageReportChange {
	eventId: string;
	kind: DamageReportChangeKind;
	at: string;
	report: DamageReport;
}
