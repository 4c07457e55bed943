/* The kinds of records: their fields, their statements, and what a violated constraint means to a person. */
#include "fleet/registry/registry.h"
#include "fleet/repair/total_loss.h"
#include "fleet/registry/vin.h"

void fl_warnings_add(fl_warnings *warnings, fl_str text)
{
	if (text.len && warnings->count < FL_WARNINGS_MAX)
		warnings->texts[warnings->count++] = text;
}

/* One address, as far as can be told without sending to it. */
static fl_err check_email(fl_arena *mem, fl_diag *diag, fl_str *text)
{
	fl_str domain, local = fl_str_cut(*text, '@', &domain);
	bool good = local.len && domain.len && fl_str_find_char(domain, '@') < 0 && fl_str_find_char(domain, '.') > 0;
	for (size_t i = 0; i < text->len; i++)
		good &= (unsigned char)text->ptr[i] > ' ' && text->ptr[i] != ',' && text->ptr[i] != ';' && text->ptr[i] != '<';
	return good ? FL_OK : fl_fail(diag, FL_BAD_INPUT, "the e-mail address is none; write it as in \"workshop@example.com\"");
}

/* ---- vehicles ---- */

static const char *const vehicle_kinds[] = { "CAR", "VAN", "TRUCK", NULL };

static const fl_field vehicle_fields[] = {
	{ "name", "name", "the name", "VAN-12", FL_FIELD_TEXT, .required = true, .most = 60 },
	{ "kind", "kind", "the kind of vehicle", "VAN", FL_FIELD_CODE, .names = vehicle_kinds },
	{ "plate", "plate", "the plate", "V-123-AB", FL_FIELD_TEXT, .most = 20 },
	{ "vin", "vin", "the VIN", "1HGCM82633A004352", FL_FIELD_TEXT, .required = true, .most = 40, .check = fl_vin_check },
	{ "make", "make", "the make", "Ford", FL_FIELD_TEXT, .required = true, .most = 60 },
	{ "model", "model", "the model", "Transit", FL_FIELD_TEXT, .required = true, .most = 60 },
	{ "year", "year", "the year", "2023", FL_FIELD_NUMBER, .required = true, .least = 1950, .most = 2100 },
	{ "value", "value", "the value", "24500.00", FL_FIELD_CENTS },
	{ "facilityId", "facility", "the depot", "Rotterdam Waalhaven", FL_FIELD_DEPOT },
	{ "jurisdiction", "jurisdiction", "the jurisdiction", "US-TX", FL_FIELD_TEXT, .most = 6, .check = fl_jurisdiction_check },
};

static const fl_refusal vehicle_refusals[] = {
	{ "vehicles_tenant_id_name_key_key", FL_DUPLICATE, "there is a vehicle of this name already" },
	{ "vehicles_tenant_id_vin_key", FL_DUPLICATE, "there is a vehicle with this VIN already" },
	{ "vehicles_tenant_id_facility_id_fkey", FL_BAD_INPUT, "there is no such depot" },
	{ 0 },
};

const fl_record_kind fl_record_vehicle = {
	.noun = "vehicle", .may = FL_MAY_REGISTRY_CHANGE, .fields = vehicle_fields, .field_count = FL_COUNT(vehicle_fields), .refusals = vehicle_refusals, .is_vehicle = true,
	.event_created = "vehicle.created", .event_updated = "vehicle.updated", .event_retired = "vehicle.retired",
	.insert = { "vehicle_insert", "INSERT INTO vehicles (tenant_id, name, kind, plate, vin, make, model, year, value, facility_id, jurisdiction)"
		" VALUES ($1, $2, coalesce($3, 1), $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id", .write = true },
	.lock = { "vehicle_lock", "SELECT version, name, kind, plate, vin, make, model, year, value, facility_id, jurisdiction FROM vehicles WHERE id = $1 FOR UPDATE",
		.generic = true },
	.update = { "vehicle_update", "UPDATE vehicles SET name = $2, kind = coalesce($3, kind), plate = $4, vin = $5, make = $6, model = $7, year = $8,"
		" value = $9, facility_id = $10, jurisdiction = $11, version = version + 1, updated_at = now() WHERE id = $1", .write = true },
	/* Nobody drives a vehicle that is gone. */
	.retire = { "vehicle_retire", "WITH v AS (UPDATE vehicles SET retired_at = CASE WHEN $2 THEN coalesce(retired_at, now()) END,"
		" version = version + 1, updated_at = now() WHERE id = $1 RETURNING id)"
		" UPDATE driver_assignments SET ends_at = now(), version = version + 1 WHERE $2 AND vehicle_id IN (SELECT id FROM v)"
		" AND starts_at < now() AND coalesce(ends_at, 'infinity') > now()", .write = true },
};

/* ---- drivers ---- */

static const fl_field driver_fields[] = {
	{ "name", "name", "the name", "Kim de Vries", FL_FIELD_TEXT, .required = true, .personal = true, .most = 200 },
	{ "email", "email", "the e-mail address", "kim@example.com", FL_FIELD_TEXT, .personal = true, .most = 254, .check = check_email },
	{ "phone", "phone", "the telephone number", "+31 6 12345678", FL_FIELD_TEXT, .personal = true, .most = 40 },
	{ "licenceNumber", "licence_number", "the licence number", "5012345678", FL_FIELD_TEXT, .personal = true, .most = 40 },
	{ "employeeNumber", "employee_number", "the employee number", "E-1042", FL_FIELD_TEXT, .personal = true, .most = 40 },
};

static const fl_refusal driver_refusals[] = {
	{ "drivers_licence", FL_DUPLICATE, "there is a driver with this licence number already" },
	{ "drivers_employee", FL_DUPLICATE, "there is a driver with this employee number already" },
	{ 0 },
};

const fl_record_kind fl_record_driver = {
	.noun = "driver", .may = FL_MAY_REGISTRY_CHANGE, .fields = driver_fields, .field_count = FL_COUNT(driver_fields), .refusals = driver_refusals,
	.event_created = "driver.created", .event_updated = "driver.updated", .event_retired = "driver.retired",
	.insert = { "driver_insert", "INSERT INTO drivers (tenant_id, name, email, phone, licence_no, employee_no) VALUES ($1, $2, $3, $4, $5, $6)"
		" RETURNING id", .write = true },
	.lock = { "driver_lock", "SELECT version, name, email, phone, licence_no, employee_no FROM drivers WHERE id = $1 AND erased_at IS NULL FOR UPDATE",
		.generic = true },
	.update = { "driver_update", "UPDATE drivers SET name = $2, email = $3, phone = $4, licence_no = $5, employee_no = $6, version = version + 1,"
		" updated_at = now() WHERE id = $1", .write = true },
	.retire = { "driver_retire", "WITH d AS (UPDATE drivers SET retired_at = CASE WHEN $2 THEN coalesce(retired_at, now()) END,"
		" version = version + 1, updated_at = now() WHERE id = $1 RETURNING id)"
		" UPDATE driver_assignments SET ends_at = now(), version = version + 1 WHERE $2 AND driver_id IN (SELECT id FROM d)"
		" AND starts_at < now() AND coalesce(ends_at, 'infinity') > now()", .write = true },
};

/* ---- depots ---- */

static const fl_field facility_fields[] = {
	{ "name", "name", "the name", "Rotterdam Waalhaven", FL_FIELD_TEXT, .required = true, .most = 200 },
	{ "address", "address", "the address", "Waalhaven Zuidzijde 18, Rotterdam", FL_FIELD_TEXT, .most = 500 },
	{ "latitude", "latitude", "the latitude", "51.8829", FL_FIELD_DEGREES, .least = -90, .most = 90 },
	{ "longitude", "longitude", "the longitude", "4.4391", FL_FIELD_DEGREES, .least = -180, .most = 180 },
	{ "geofence", "geofence", "the geofence", "{\"type\":\"Polygon\",\"coordinates\":[...]}", FL_FIELD_AREA },
	{ "jurisdiction", "jurisdiction", "the jurisdiction", "US-TX", FL_FIELD_TEXT, .most = 6, .check = fl_jurisdiction_check },
};

static const fl_refusal facility_refusals[] = {
	{ "facilities_tenant_id_name_key", FL_DUPLICATE, "there is a depot of this name already" },
	{ "facilities_geofence_valid", FL_BAD_INPUT, "the geofence crosses itself: give its corners in order around it" },
	{ 0 },
};

const fl_record_kind fl_record_facility = {
	.noun = "facility", .may = FL_MAY_REGISTRY_CHANGE, .fields = facility_fields, .field_count = FL_COUNT(facility_fields), .refusals = facility_refusals,
	.event_created = "facility.created", .event_updated = "facility.updated", .event_retired = "facility.retired",
	.insert = { "facility_insert", "INSERT INTO facilities (tenant_id, name, address, location, geofence, jurisdiction) VALUES ($1, $2, $3,"
		" ST_SetSRID(ST_MakePoint($5, $4), 4326)::geography, ST_SetSRID(ST_GeomFromGeoJSON($6::text), 4326)::geography, $7) RETURNING id", .write = true },
	.lock = { "facility_lock", "SELECT version, name, address, ST_Y(location::geometry), ST_X(location::geometry), ST_AsGeoJSON(geofence::geometry, 9),"
		" jurisdiction FROM facilities WHERE id = $1 FOR UPDATE", .generic = true },
	.update = { "facility_update", "UPDATE facilities SET name = $2, address = $3, location = ST_SetSRID(ST_MakePoint($5, $4), 4326)::geography,"
		" geofence = ST_SetSRID(ST_GeomFromGeoJSON($6::text), 4326)::geography, jurisdiction = $7, version = version + 1, updated_at = now() WHERE id = $1",
		.write = true },
	.retire = { "facility_retire", "UPDATE facilities SET retired_at = CASE WHEN $2 THEN coalesce(retired_at, now()) END, version = version + 1,"
		" updated_at = now() WHERE id = $1", .write = true },
};

/* ---- vendors ---- */

static const fl_field vendor_fields[] = {
	{ "name", "name", "the name", "Garage Maas", FL_FIELD_TEXT, .required = true, .most = 200 },
	{ "address", "address", "the address", "Sluisjesdijk 20, Rotterdam", FL_FIELD_TEXT, .most = 500 },
	{ "email", "email", "the e-mail address", "workshop@example.com", FL_FIELD_TEXT, .most = 254, .check = check_email },
	{ "phone", "phone", "the telephone number", "+31 10 1234567", FL_FIELD_TEXT, .most = 40 },
	{ "labourRate", "labour_rate", "the labour rate", "78.50", FL_FIELD_CENTS },
};

static const fl_refusal vendor_refusals[] = {
	{ "vendors_tenant_id_name_key", FL_DUPLICATE, "there is a vendor of this name already" },
	{ 0 },
};

const fl_record_kind fl_record_vendor = {
	.noun = "vendor", .may = FL_MAY_REGISTRY_CHANGE, .fields = vendor_fields, .field_count = FL_COUNT(vendor_fields), .refusals = vendor_refusals,
	.event_created = "vendor.created", .event_updated = "vendor.updated", .event_retired = "vendor.retired",
	.insert = { "vendor_insert", "INSERT INTO vendors (tenant_id, name, address, email, phone, labour_rate) VALUES ($1, $2, $3, $4, $5, $6)"
		" RETURNING id", .write = true },
	.lock = { "vendor_lock", "SELECT version, name, address, email, phone, labour_rate FROM vendors WHERE id = $1 FOR UPDATE", .generic = true },
	.update = { "vendor_update", "UPDATE vendors SET name = $2, address = $3, email = $4, phone = $5, labour_rate = $6, version = version + 1,"
		" updated_at = now() WHERE id = $1", .write = true },
	.retire = { "vendor_retire", "UPDATE vendors SET retired_at = CASE WHEN $2 THEN coalesce(retired_at, now()) END, version = version + 1,"
		" updated_at = now() WHERE id = $1", .write = true },
};

/* ---- the company ---- */

static const fl_field company_fields[] = {
	{ "name", "name", "the company's name", "Maas & Rijn Service", FL_FIELD_TEXT, .required = true, .most = 200 },
	{ "timeZone", "time_zone", "the time zone", "Europe/Amsterdam", FL_FIELD_TEXT, .required = true, .most = 64 },
};

static const fl_refusal company_refusals[] = { { 0 } };

/* Made on the command line by whoever runs the platform; changed here by its administrators. The zone is tried before it is kept. */
const fl_record_kind fl_record_company = {
	.noun = "company", .may = FL_MAY_COMPANY_CHANGE, .fields = company_fields, .field_count = FL_COUNT(company_fields), .refusals = company_refusals,
	.event_created = "company.created", .event_updated = "company.updated", .event_retired = "company.retired",
	.lock = { "company_lock", "SELECT version, name, tz FROM tenants WHERE id = $1 FOR UPDATE", .generic = true },
	.update = { "company_update", "UPDATE tenants SET name = $2, tz = CASE WHEN (now() AT TIME ZONE $3::text) IS NOT NULL THEN $3::text END,"
		" version = version + 1 WHERE id = $1", .write = true },
};
