/* The kinds of files, and the rows that follow imports and exports. */
#include "fleet/event.h"
#include "fleet/registry/registry.h"
#include "fleet/transfer/transfer_int.h"

/* ---- kinds ---- */

/* A historic report: its id is minted from reported_at. */
static const char *const statuses[] = { "REPORTED", "ASSESSED", "APPROVED", "IN_REPAIR", "COMPLETED", "REJECTED", NULL };
static const char *const severities[] = { "COSMETIC", "MINOR", "MODERATE", "MAJOR", "CRITICAL", "TOTAL_LOSS", NULL };
static const char *const damage_types[] = { "COLLISION", "VANDALISM", "WEATHER", "WEAR_TEAR", "MECHANICAL", "GLASS", "TIRE", "INTERIOR", "THEFT",
	"FIRE", "FLOOD", "OTHER", NULL };

static const fl_field report_fields[] = {
	{ "reportedAt", "reported_at", "the time of the report", "2024-03-01T09:30:00Z", FL_FIELD_TIME, .required = true },
	{ "vehicle", "vehicle", "the vehicle", "VAN-12", FL_FIELD_VEHICLE, .required = true },
	{ "description", "description", "the description", "scraped the rear left door", FL_FIELD_TEXT, .required = true, .most = FL_DESCRIPTION_MAX },
	{ "incidentAt", "incident_at", "the time of the incident", "2024-03-01T08:15:00Z", FL_FIELD_TIME },
	{ "status", "status", "the status", "COMPLETED", FL_FIELD_CODE, .names = statuses },
	{ "severity", "severity", "the severity", "MINOR", FL_FIELD_CODE, .names = severities },
	{ "damageType", "damage_type", "the kind of damage", "COLLISION", FL_FIELD_CODE, .names = damage_types },
	{ "priority", "priority", "the priority", "5", FL_FIELD_NUMBER, .least = 1, .most = 10 },
	{ "facility", "facility", "the depot", "Rotterdam Waalhaven", FL_FIELD_DEPOT },
	{ "driver", "driver", "the driver", "E-1042", FL_FIELD_DRIVER },
	{ "estimatedCost", "estimated_cost", "the estimate", "480.00", FL_FIELD_CENTS },
	{ "actualCost", "actual_cost", "the actual cost", "512.30", FL_FIELD_CENTS },
	{ "latitude", "latitude", "the latitude", "51.8829", FL_FIELD_DEGREES, .least = -90, .most = 90 },
	{ "longitude", "longitude", "the longitude", "4.4391", FL_FIELD_DEGREES, .least = -180, .most = 180 },
	{ "address", "address", "the address", "Coolsingel, Rotterdam", FL_FIELD_TEXT, .most = 500 },
	{ "claimNumber", "claim_number", "the claim number", "CLM-2024-000123", FL_FIELD_TEXT, .most = 100 },
	{ "completedAt", "completed_at", "the time of the completion", "2024-03-12T16:00:00Z", FL_FIELD_TIME },
};

static const fl_record_kind report_record = { .noun = "report", .fields = report_fields, .field_count = FL_COUNT(report_fields) };

#define TAKEN(name, condition) { name, "SELECT t FROM unnest($1::text[]) t WHERE EXISTS (SELECT 1 FROM " condition ")" }
static const fl_import_unique vehicle_uniques[] = {
	{ "name", TAKEN("import_vehicle_names", "vehicles WHERE name_key = lower(t)") },
	{ "vin", TAKEN("import_vehicle_vins", "vehicles WHERE vin = t") },
	{ 0 },
};
static const fl_import_unique driver_uniques[] = {
	{ "licenceNumber", TAKEN("import_driver_licences", "drivers WHERE licence_no = t") },
	{ "employeeNumber", TAKEN("import_driver_numbers", "drivers WHERE employee_no = t") },
	{ 0 },
};
static const fl_import_unique facility_uniques[] = { { "name", TAKEN("import_facility_names", "facilities WHERE name = t") }, { 0 } };
static const fl_import_unique no_uniques[] = { { 0 } };

/* What is written at once is told as one event, by the import; those of its rows are history (xid 0) that nobody is told of. */
#define EVENTS(type, vehicle)                                                                                          \
	" INSERT INTO events (tenant_id, xid, type, vehicle_id, agg_version, actor, data)"                             \
	" SELECT $1, '0', '" type "', " vehicle ", 1, $2, jsonb_build_object('id', id, 'import', $3::text) FROM r"
#define INT(column) "nullif(u." column ", '')::int"
#define TEXT(column) "nullif(u." column ", '')"
#define POINT "ST_SetSRID(ST_MakePoint(nullif(u.longitude, '')::float8, nullif(u.latitude, '')::float8), 4326)::geography"

static const fl_import_kind kinds[] = {
	[FL_TRANSFER_VEHICLES] = {
		"vehicles", &fl_record_vehicle, FL_MAY_REGISTRY_CHANGE, FL_MAY_REPORT_READ_ALL, vehicle_uniques,
		{ "import_vehicles", "WITH r AS (INSERT INTO vehicles (tenant_id, name, kind, plate, vin, make, model, year, value, facility_id, jurisdiction)"
			" SELECT $1, u.name, coalesce(" INT("kind") ", 1), " TEXT("plate") ", u.vin, u.make, u.model, u.year::int, nullif(u.value, '')::bigint, " INT("facility")
			", " TEXT("jurisdiction") " FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])"
			" AS u(name, kind, plate, vin, make, model, year, value, facility, jurisdiction) RETURNING id)" EVENTS("vehicle.created", "id"), .write = true },
		{ "export_vehicles", "SELECT v.id, v.name, v.kind, v.plate, v.vin, v.make, v.model, v.year, v.value, f.name, v.jurisdiction FROM vehicles v"
			" LEFT JOIN facilities f ON f.tenant_id = v.tenant_id AND f.id = v.facility_id WHERE v.id > $1 ORDER BY v.id LIMIT $2" } },
	[FL_TRANSFER_DRIVERS] = {
		"drivers", &fl_record_driver, FL_MAY_REGISTRY_CHANGE, FL_MAY_PERSON_READ, driver_uniques,
		{ "import_drivers", "WITH r AS (INSERT INTO drivers (tenant_id, name, email, phone, licence_no, employee_no)"
			" SELECT $1, u.name, " TEXT("email") ", " TEXT("phone") ", " TEXT("licence") ", " TEXT("employee")
			" FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) AS u(name, email, phone, licence, employee) RETURNING id)"
			EVENTS("driver.created", "NULL"), .write = true },
		{ "export_drivers", "SELECT id, name, email, phone, licence_no, employee_no FROM drivers WHERE id > $1 AND erased_at IS NULL ORDER BY id LIMIT $2" } },
	[FL_TRANSFER_FACILITIES] = {
		"facilities", &fl_record_facility, FL_MAY_REGISTRY_CHANGE, FL_MAY_REPORT_READ_ALL, facility_uniques,
		{ "import_facilities", "WITH r AS (INSERT INTO facilities (tenant_id, name, address, location, geofence, jurisdiction)"
			" SELECT $1, u.name, " TEXT("address") ", " POINT ", ST_SetSRID(ST_GeomFromGeoJSON(" TEXT("geofence") "), 4326)::geography, " TEXT("jurisdiction")
			" FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[]) AS u(name, address, latitude, longitude, geofence, jurisdiction)"
			" RETURNING id)"
			EVENTS("facility.created", "NULL"), .write = true },
		{ "export_facilities", "SELECT id, name, address, ST_Y(location::geometry), ST_X(location::geometry), ST_AsGeoJSON(geofence::geometry, 7), jurisdiction FROM facilities"
			" WHERE id > $1 ORDER BY id LIMIT $2" } },
	[FL_TRANSFER_REPORTS] = {
		"reports", &report_record, FL_MAY_REPORT_DECIDE, FL_MAY_REPORT_READ_ALL, no_uniques,
		/* The first event says what the report is, so that it can be rebuilt from its history. */
		{ "import_reports", "WITH u AS (SELECT * FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],"
			" $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::uuid[])"
			" AS u(reported_at, vehicle, description, incident_at, status, severity, damage_type, priority, facility, driver, estimated, actual, latitude,"
			" longitude, address, claim, completed_at, id)),"
			" r AS (INSERT INTO damage_reports (tenant_id, id, vehicle_id, description, incident_at, status, severity, damage_type, priority, facility_id, driver_id,"
			" estimated_cost, actual_cost, location, address, claim_no, assessed_at, completed_at)"
			" SELECT $1, u.id, u.vehicle::int, u.description, coalesce(nullif(u.incident_at, '')::timestamptz, u.reported_at::timestamptz),"
			" coalesce(" INT("status") ", 1), " INT("severity") ", " INT("damage_type") ", coalesce(" INT("priority") ", 5), " INT("facility") ", " INT("driver")
			", nullif(u.estimated, '')::bigint, nullif(u.actual, '')::bigint, " POINT ", " TEXT("address") ", " TEXT("claim")
			", CASE WHEN coalesce(" INT("status") ", 1) > 1 THEN u.reported_at::timestamptz END,"
			" CASE WHEN " INT("status") " = 5 THEN coalesce(nullif(u.completed_at, '')::timestamptz, u.reported_at::timestamptz) END FROM u"
			" RETURNING id, vehicle_id, status, severity, damage_type, priority, estimated_cost, actual_cost)"
			" INSERT INTO events (tenant_id, id, xid, type, report_id, vehicle_id, agg_version, actor, data)"
			" SELECT $1, uuid7(uuid7_time(r.id)), '0', 'report.imported', r.id, r.vehicle_id, 1, $2, jsonb_strip_nulls(jsonb_build_object('import', $3::text,"
			" 'status', jsonb_build_array(NULL, upper(st.name)), 'priority', jsonb_build_array(NULL, r.priority::text),"
			" 'severity', CASE WHEN r.severity IS NOT NULL THEN jsonb_build_array(NULL, upper(sv.name)) END,"
			" 'damageType', CASE WHEN r.damage_type IS NOT NULL THEN jsonb_build_array(NULL, upper(dt.name)) END,"
			" 'estimatedCost', CASE WHEN r.estimated_cost IS NOT NULL THEN jsonb_build_array(NULL, (r.estimated_cost::numeric / 100)::numeric(20, 2)::text) END,"
			" 'actualCost', CASE WHEN r.actual_cost IS NOT NULL THEN jsonb_build_array(NULL, (r.actual_cost::numeric / 100)::numeric(20, 2)::text) END))"
			" FROM r JOIN ref_code st ON st.kind = 'status' AND st.code = r.status LEFT JOIN ref_code sv ON sv.kind = 'severity' AND sv.code = r.severity"
			" LEFT JOIN ref_code dt ON dt.kind = 'damage_type' AND dt.code = r.damage_type", .write = true },
		{ "export_reports", "SELECT r.id, r.reported_at, v.name, r.description, r.incident_at, r.status, r.severity, r.damage_type, r.priority, f.name, d.employee_no,"
			" r.estimated_cost, r.actual_cost, ST_Y(r.location::geometry), ST_X(r.location::geometry), r.address, r.claim_no, r.completed_at"
			" FROM (SELECT * FROM damage_reports WHERE id < $1 ORDER BY id DESC LIMIT $2) r"
			" JOIN vehicles v ON v.tenant_id = r.tenant_id AND v.id = r.vehicle_id LEFT JOIN facilities f ON f.tenant_id = r.tenant_id AND f.id = r.facility_id"
			" LEFT JOIN drivers d ON d.tenant_id = r.tenant_id AND d.id = r.driver_id ORDER BY r.id DESC" } },
};

const fl_import_kind *fl_import_kind_of(fl_transfer_kind kind)
{
	assert(kind >= FL_TRANSFER_VEHICLES && kind < (int)FL_COUNT(kinds));
	return &kinds[kind];
}

const fl_record_kind *fl_transfer_record(fl_transfer_kind kind)
{
	return fl_import_kind_of(kind)->record;
}

fl_str fl_transfer_kind_name(fl_transfer_kind kind)
{
	return fl_str_z(fl_import_kind_of(kind)->name);
}

fl_err fl_transfer_kind_parse(fl_diag *diag, fl_str name, fl_transfer_kind *out)
{
	for (size_t i = 1; i < FL_COUNT(kinds); i++)
		if (fl_str_eq(name, fl_str_z(kinds[i].name))) {
			*out = (fl_transfer_kind)i;
			return FL_OK;
		}
	return fl_fail(diag, FL_NOT_FOUND, "there are the files vehicles, drivers, facilities and reports");
}

fl_err fl_transfer_may(fl_ctx *ctx, fl_transfer_direction direction, fl_transfer_kind kind)
{
	const fl_import_kind *k = fl_import_kind_of(kind);
	return fl_must(ctx, direction == FL_TRANSFER_IMPORT ? k->import : k->export);
}

/* ---- the row of a transfer ---- */

const fl_sql fl_transfer_update = {
	"transfer_update",
	"UPDATE transfers SET state = $2, total = $3, done = $4, bad = $5, problems = $6, error = $7, blob = coalesce($8, blob), finished_at = $9 WHERE id = $1",
	.write = true
};

fl_err fl_transfer_problems_json(fl_ctx *ctx, const fl_transfer *t, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(8 << 20);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '[');
	for (size_t i = 0; i < t->problem_count; i++) {
		fl_json_open(&j, '{');
		fl_json_key(&j, FL_STR("line"));
		fl_json_put_i64(&j, t->problems[i].line);
		fl_json_key(&j, FL_STR("column"));
		fl_json_put_str(&j, t->problems[i].column);
		fl_json_key(&j, FL_STR("value"));
		fl_json_put_str(&j, t->problems[i].value);
		fl_json_key(&j, FL_STR("problem"));
		fl_json_put_str(&j, t->problems[i].problem);
		fl_json_close(&j, '}');
	}
	fl_json_close(&j, ']');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

fl_err fl_transfer_update_args(fl_ctx *ctx, const fl_transfer *t, fl_args *args)
{
	fl_str problems;
	FL_TRY(fl_transfer_problems_json(ctx, t, &problems));
	*args = fl_args_make(ctx->mem);
	fl_arg_uuid(args, t->id);
	fl_arg_i16(args, t->state);
	fl_arg_i64(args, t->total);
	fl_arg_i64(args, t->done);
	fl_arg_i64(args, t->bad);
	fl_arg_jsonb(args, problems);
	fl_arg_text(args, t->error);
	fl_arg_bytes(args, t->has_blob ? fl_str_make(t->blob.bytes, sizeof(t->blob.bytes)) : (fl_str){});
	fl_arg_time(args, t->finished_at ? t->finished_at : FL_NEVER);
	return args->err;
}

fl_err fl_transfer_save(fl_ctx *ctx, const fl_transfer *t)
{
	fl_args args;
	FL_TRY(fl_transfer_update_args(ctx, t, &args));
	return await_query(ctx, ctx->services->db, &fl_transfer_update, &args, NULL);
}

static fl_err read_problems(fl_ctx *ctx, fl_str text, fl_transfer *t)
{
	const fl_json *list;
	FL_TRY(fl_json_parse(ctx->mem, text, &list, &ctx->diag));
	if (list->type != FL_JSON_ARRAY)
		return FL_OK;
	t->problems = fl_new_array(ctx->mem, fl_problem, FL_TRANSFER_PROBLEMS_MAX);
	if (!t->problems)
		return FL_NOMEM;
	for (const fl_json *p = list->items.first; p && t->problem_count < FL_TRANSFER_PROBLEMS_MAX; p = p->next)
		t->problems[t->problem_count++] = (fl_problem){ fl_json_int(fl_json_get(p, FL_STR("line")), 0),
			fl_json_str(fl_json_get(p, FL_STR("column")), FL_STR("")), fl_json_str(fl_json_get(p, FL_STR("value")), FL_STR("")),
			fl_json_str(fl_json_get(p, FL_STR("problem")), FL_STR("")) };
	return FL_OK;
}

fl_err fl_transfer_get(fl_ctx *ctx, fl_transfer_direction direction, fl_uuid id, fl_transfer *out)
{
	static const fl_sql sql = { "transfer_get", "SELECT kind, state, dry_run, blob, total, done, bad, problems, error, created_at, finished_at, user_id"
		" FROM transfers WHERE id = $1 AND direction = $2", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuid(&args, id);
	fl_arg_i16(&args, (int16_t)direction);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	if (rows->count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such %s", direction == FL_TRANSFER_IMPORT ? "import" : "export");
	*out = (fl_transfer){ .id = id, .direction = (int16_t)direction, .kind = fl_row_i16(rows, 0, 0), .state = fl_row_i16(rows, 0, 1),
		.dry_run = fl_row_bool(rows, 0, 2), .has_blob = !fl_row_null(rows, 0, 3), .total = fl_row_i64(rows, 0, 4), .done = fl_row_i64(rows, 0, 5),
		.bad = fl_row_i64(rows, 0, 6), .error = fl_row_text(rows, 0, 8), .created_at = fl_row_time(rows, 0, 9),
		.finished_at = fl_row_time_or_0(rows, 0, 10), .user_id = fl_row_i32(rows, 0, 11) };
	fl_str blob = fl_row_bytes(rows, 0, 3);
	if (blob.len == sizeof(out->blob.bytes))
		memcpy(out->blob.bytes, blob.ptr, blob.len);
	if (ctx->caller.role != FL_ROLE_SYSTEM)
		FL_TRY(fl_transfer_may(ctx, direction, (fl_transfer_kind)out->kind));
	return read_problems(ctx, fl_row_jsonb(rows, 0, 7), out);
}
