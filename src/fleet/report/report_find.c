/* Reading reports. Every statement carries $1: the user whose reports alone may be seen (a driver's own), or NULL for those who see all of their
 * company. */
#include "fleet/report/ids.h"
#include "fleet/report/report.h"
#include "fleet/search/search.h"
#include "fleet/search/words.h"

#include <stdlib.h>

#define COLUMNS                                                                                                        \
	"id, report_number, status, severity, damage_type, priority, vehicle_id, driver_id, facility_id, reported_by, " \
	"reported_at, incident_at, updated_at, assessed_at, completed_at, description, address, "                       \
	"location, estimated_cost, actual_cost, version, " \
	"coalesce(stage, stage_of_status(status)), endorsed_by, duplicate_of, phase_since, due_at"
#define VISIBLE "($1::int IS NULL OR reported_by = $1)"

static fl_report read_report(const fl_rows *rows, int i, const char *currency)
{
	fl_point location = {};
	bool has_location = fl_row_place(rows, i, 17, &location.longitude, &location.latitude);
	return (fl_report){
		.id = fl_row_uuid(rows, i, 0),
		.number = fl_row_i64(rows, i, 1),
		.status = fl_row_i16(rows, i, 2),
		.severity = fl_row_i16(rows, i, 3),
		.damage_type = fl_row_i16(rows, i, 4),
		.priority = fl_row_i16(rows, i, 5),
		.vehicle_id = fl_row_i32(rows, i, 6),
		.driver_id = fl_row_i32(rows, i, 7),
		.facility_id = fl_row_i32(rows, i, 8),
		.reported_by = fl_row_i32(rows, i, 9),
		.reported_at = fl_row_time_or_0(rows, i, 10),
		.incident_at = fl_row_time_or_0(rows, i, 11),
		.updated_at = fl_row_time_or_0(rows, i, 12),
		.assessed_at = fl_row_time_or_0(rows, i, 13),
		.completed_at = fl_row_time_or_0(rows, i, 14),
		.description = fl_row_text(rows, i, 15),
		.address = fl_row_text(rows, i, 16),
		.has_location = has_location,
		.location = location,
		.has_estimated = !fl_row_null(rows, i, 18),
		.estimated_cents = fl_row_i64(rows, i, 18),
		.has_actual = !fl_row_null(rows, i, 19),
		.actual_cents = fl_row_i64(rows, i, 19),
		.version = fl_row_i32(rows, i, 20),
		.currency = currency,
		.stage = fl_row_i16(rows, i, 21),
		.endorsed_by = fl_row_i32(rows, i, 22),
		.has_duplicate_of = !fl_row_null(rows, i, 23),
		.duplicate_of = fl_row_uuid(rows, i, 23),
		.phase_since = fl_row_time_or_0(rows, i, 24),
		.due_at = fl_row_time_or_0(rows, i, 25),
	};
}

static fl_err read_reports(fl_ctx *ctx, const fl_rows *rows, fl_report **out, size_t *count)
{
	const fl_tenant *tenant;
	FL_TRY(fl_tenant_get(ctx, &tenant));
	fl_report *reports = fl_new_array(ctx->mem, fl_report, (size_t)rows->count);
	if (!reports)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		reports[i] = read_report(rows, i, tenant->currency);
	*out = reports;
	*count = rows->count;
	return FL_OK;
}

/* Starts the arguments of a statement with $1, after asking whether the caller may read reports at all. */
static fl_err visible_args(fl_ctx *ctx, fl_args *args)
{
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	*args = fl_args_make(ctx->mem);
	if (fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL))
		fl_arg_null(args, FL_DB_I32);
	else
		fl_arg_i32(args, ctx->caller.user_id);
	return FL_OK;
}

static void arg_id_or_null(fl_args *args, int32_t id)
{
	if (id)
		fl_arg_i32(args, id);
	else
		fl_arg_null(args, FL_DB_I32);
}

/* The bounds of the ids that a page may hold: from the time conditions and the cursor, the narrower. Every list has both,
 * so that months outside are not even looked at. */
static fl_uuid high_bound(int64_t to, const fl_uuid *after)
{
	fl_uuid high;
	memset(high.bytes, 0xff, sizeof(high.bytes));
	if (to)
		high = fl_uuid7_floor(to);
	return after && fl_uuid_cmp(*after, high) < 0 ? *after : high;
}

static void arg_id_bounds(fl_args *args, int64_t from, int64_t to, const fl_uuid *after)
{
	fl_arg_uuid(args, fl_uuid7_floor(from));
	fl_arg_uuid(args, high_bound(to, after));
}

#define LIST_CONDITIONS                                                                                                \
	VISIBLE " AND ($2::int2[] IS NULL OR status = ANY($2)) AND ($3::int2[] IS NULL OR severity = ANY($3))"         \
		" AND ($4::int2[] IS NULL OR damage_type = ANY($4)) AND ($5::int IS NULL OR vehicle_id = $5)"          \
		" AND ($6::int IS NULL OR facility_id = $6) AND id >= $7 AND id < $8"                                   \
		" AND ($10::int2[] IS NULL OR coalesce(stage, stage_of_status(status)) = ANY($10)) AND (NOT $11 OR due_at < now())"

static const fl_sql find_sql = { "reports_find", "SELECT " COLUMNS " FROM damage_reports WHERE " LIST_CONDITIONS " ORDER BY id DESC LIMIT $9" };
/* Of some statuses, by severity and kind at most: all of that stands in the index dr_list, in the order asked for, so the newest of each status are
 * known before a report is read. $1 statuses, $2 severities, $3 kinds, $4, $5 ids, $6 limit. */
static const fl_sql of_status_sql = { "reports_of_status",
	"SELECT " COLUMNS " FROM damage_reports WHERE id >= $4 AND id < $5 AND id IN (SELECT n.id FROM unnest($1::int2[]) s CROSS JOIN LATERAL"
	" (SELECT id FROM damage_reports WHERE status = s AND ($2::int2[] IS NULL OR severity = ANY($2)) AND ($3::int2[] IS NULL OR damage_type = ANY($3))"
	" AND id >= $4 AND id < $5 ORDER BY id DESC LIMIT $6) n ORDER BY 1 DESC LIMIT $6) ORDER BY id DESC" };
/* The list that is asked for most, by far: everything, newest first. Of two bounds whose values it does not know PostgreSQL
 * takes a two hundredth for granted, so few rows that it would rather sort them all. The lower bound, given twice, does not
 * count as one, and still leaves out the months below it. */
static const fl_sql newest_sql = { "reports_newest",
				   "SELECT " COLUMNS " FROM damage_reports WHERE id < $1 AND (id >= $2 OR id >= $3) ORDER BY id DESC LIMIT $4",
				   .generic = true };
/* $12 the text, $13 the language. */
#define SEARCH(holding)                                                                                                                        \
	"SELECT " COLUMNS " FROM damage_reports JOIN (SELECT report_id FROM " holding("$7", "$8", FL_SQL_ASKED("$13", "$12")) " x) s ON report_id = id" \
	" WHERE " LIST_CONDITIONS " ORDER BY id DESC LIMIT $9"
static const fl_sql search_sql = { "reports_search", SEARCH(FL_SQL_HOLDING) };
static const fl_sql scattered_sql = { "reports_search_scattered", SEARCH(FL_SQL_SCATTERED) };
#undef SEARCH
/* The same when there is nothing else to a filter: $1, $2 ids, $3 text, $4 language, $5 limit. */
static const fl_sql words_sql = { "reports_words", FL_SQL_HOLDERS("report_id", FL_SQL_HOLDING("$1", "$2", FL_SQL_ASKED("$4", "$3"))) "$5" };
static const fl_sql words_scattered_sql = { "reports_words_scattered", FL_SQL_HOLDERS("report_id", FL_SQL_SCATTERED("$1", "$2", FL_SQL_ASKED("$4", "$3"))) "$5" };

bool fl_report_filter_is_plain(const fl_report_filter *f)
{
	return !f->statuses && !f->stages && !f->severities && !f->damage_types && !f->vehicle_id && !f->facility_id && !f->overdue &&
	       f->search.len == 0 && !f->wide;
}

static bool is_of_status(const fl_report_filter *f)
{
	return f->statuses && !f->stages && !f->vehicle_id && !f->facility_id && !f->overdue;
}

static fl_err find_between(fl_ctx *ctx, fl_uuid low, fl_uuid high, uint32_t limit, fl_report **out, size_t *count)
{
	const fl_rows *rows;
	fl_args args = fl_args_make(ctx->mem);
	fl_arg_uuid(&args, high);
	fl_arg_uuid(&args, low);
	fl_arg_uuid(&args, low);
	fl_arg_i64(&args, limit);
	FL_TRY(await_query(ctx, ctx->services->db, &newest_sql, &args, &rows));
	return read_reports(ctx, rows, out, count);
}

static fl_err append(fl_ctx *ctx, const fl_report *more, size_t more_count, fl_report **all, size_t *count)
{
	fl_report *grown = fl_new_array(ctx->mem, fl_report, *count + more_count);
	if (!grown)
		return FL_NOMEM;
	if (*count)
		memcpy(grown, *all, *count * sizeof(*grown));
	if (more_count)
		memcpy(grown + *count, more, more_count * sizeof(*grown));
	*all = grown;
	*count += more_count;
	return FL_OK;
}

static fl_err find_older(fl_ctx *ctx, fl_uuid high, uint32_t limit, fl_report **out, size_t *count)
{
	fl_report *older;
	size_t older_count;
	FL_TRY(find_between(ctx, (fl_uuid){}, high, limit - (uint32_t)*count, &older, &older_count));
	return append(ctx, older, older_count, out, count);
}

/* PostgreSQL makes every month between the bounds ready before it reads the newest, and a page lies in one or two of many
 * months. So the lower bound is first one that the page should not reach, by the pace at which the company's reports came
 * when somebody last looked; what it does reach beyond is asked for once more. */
static fl_uuid likely_low(fl_ctx *ctx, int64_t until, uint32_t limit)
{
	int64_t pace = *fl_tenant_pace(ctx);
	return pace ? fl_uuid7_floor(FL_MAX(until - FL_MAX(4 * pace * limit, 7 * FL_DAY_US), 0)) : (fl_uuid){};
}

static fl_err find_newest(fl_ctx *ctx, fl_uuid high, uint32_t limit, fl_report **out, size_t *count)
{
	int64_t until = FL_MIN(fl_uuid7_time_us(high), fl_now_us());
	fl_uuid low = likely_low(ctx, until, limit);
	FL_TRY(find_between(ctx, low, high, limit, out, count));
	if (*count < limit && !fl_uuid_eq(low, (fl_uuid){}))
		FL_TRY(find_older(ctx, low, limit, out, count));
	if (*count == limit)
		*fl_tenant_pace(ctx) = FL_MAX((until - fl_uuid7_time_us((*out)[limit - 1].id)) / limit, 1);
	return FL_OK;
}

static fl_err find_of_status(fl_ctx *ctx, const fl_report_filter *filter, const fl_uuid *after, uint32_t limit, fl_report **out, size_t *count)
{
	const fl_rows *rows;
	fl_args args = fl_args_make(ctx->mem);
	fl_arg_i16s(&args, filter->statuses, filter->status_count);
	fl_arg_i16s(&args, filter->severities, filter->severity_count);
	fl_arg_i16s(&args, filter->damage_types, filter->damage_type_count);
	arg_id_bounds(&args, filter->reported_after, filter->reported_before, after);
	fl_arg_i64(&args, limit);
	FL_TRY(await_query(ctx, ctx->services->db, &of_status_sql, &args, &rows));
	return read_reports(ctx, rows, out, count);
}

/* $1 to $11 of LIST_CONDITIONS. */
static fl_err list_args(fl_ctx *ctx, const fl_report_filter *filter, int64_t from_us, const fl_uuid *after, uint32_t limit, fl_args *args)
{
	FL_TRY(visible_args(ctx, args));
	fl_arg_i16s(args, filter->statuses, filter->status_count);
	fl_arg_i16s(args, filter->severities, filter->severity_count);
	fl_arg_i16s(args, filter->damage_types, filter->damage_type_count);
	arg_id_or_null(args, filter->vehicle_id);
	arg_id_or_null(args, filter->facility_id);
	arg_id_bounds(args, from_us, filter->reported_before, after);
	fl_arg_i64(args, limit);
	fl_arg_i16s(args, filter->stages, filter->stage_count);
	fl_arg_bool(args, filter->overdue);
	return args->err;
}

static fl_err find_words(fl_ctx *ctx, const fl_report_filter *filter, const fl_uuid *after, uint32_t limit, fl_report **out, size_t *count)
{
	fl_window window = fl_window_of(filter->reported_after, filter->reported_before, after);
	const fl_tenant *tenant;
	const fl_rows *rows;
	fl_report *more;
	size_t more_count;
	fl_args args;
	FL_TRY(fl_tenant_get(ctx, &tenant));
	*out = NULL;
	*count = 0;
	while (*count < limit && fl_window_next(&window, limit - *count)) {
		FL_TRY(list_args(ctx, filter, window.from_us, &window.high, limit - (uint32_t)*count, &args));
		fl_arg_text(&args, filter->search);
		fl_arg_i32(&args, tenant->language);
		FL_TRY(await_query(ctx, ctx->services->db, window.number == 1 ? &search_sql : &scattered_sql, &args, &rows));
		FL_TRY(read_reports(ctx, rows, &more, &more_count));
		FL_TRY(append(ctx, more, more_count, out, count));
	}
	return FL_OK;
}

static bool is_of_words(const fl_report_filter *f)
{
	fl_report_filter rest = *f;
	rest.search = (fl_str){};
	return f->search.len > 0 && fl_report_filter_is_plain(&rest);
}

static int newest_first(const void *a, const void *b)
{
	return fl_uuid_cmp(((const fl_report *)b)->id, ((const fl_report *)a)->id);
}

static fl_err find_of_words(fl_ctx *ctx, const fl_report_filter *filter, const fl_uuid *after, uint32_t limit, fl_report **out, size_t *count)
{
	fl_window window = fl_window_of(filter->reported_after, filter->reported_before, after);
	fl_uuid *ids = fl_new_array(ctx->mem, fl_uuid, limit);
	const fl_tenant *tenant;
	const fl_rows *rows;
	uint32_t found = 0;
	if (!ids)
		return FL_NOMEM;
	FL_TRY(fl_tenant_get(ctx, &tenant));
	while (found < limit && fl_window_next(&window, limit - found)) {
		fl_args args = fl_args_make(ctx->mem);
		fl_arg_uuid(&args, fl_uuid7_floor(window.from_us));
		fl_arg_uuid(&args, window.high);
		fl_arg_text(&args, filter->search);
		fl_arg_i32(&args, tenant->language);
		fl_arg_i64(&args, limit - found);
		FL_TRY(await_query(ctx, ctx->services->db, window.number == 1 ? &words_sql : &words_scattered_sql, &args, &rows));
		for (int i = 0; i < rows->count; i++)
			ids[found++] = fl_row_uuid(rows, i, 0);
	}
	*out = NULL;
	*count = 0;
	if (!found)
		return FL_OK;
	FL_TRY(fl_reports_get(ctx, ids, found, out, count));
	qsort(*out, *count, sizeof(**out), newest_first);
	return FL_OK;
}

fl_err fl_reports_find(fl_ctx *ctx, const fl_report_filter *filter, const fl_uuid *after, uint32_t limit, fl_report **out, size_t *count)
{
	const bool all = fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL);
	const fl_rows *rows;
	fl_args args;
	if (filter->wide)
		return fl_search_newest(ctx, filter, after, limit, out, count);
	if (all && is_of_words(filter))
		return find_of_words(ctx, filter, after, limit, out, count);
	if (filter->search.len > 0)
		return find_words(ctx, filter, after, limit, out, count);
	if (all && fl_report_filter_is_plain(filter)) {
		fl_uuid high = high_bound(filter->reported_before, after);
		return filter->reported_after ? find_between(ctx, fl_uuid7_floor(filter->reported_after), high, limit, out, count) :
						find_newest(ctx, high, limit, out, count);
	}
	if (all && is_of_status(filter))
		return find_of_status(ctx, filter, after, limit, out, count);
	FL_TRY(list_args(ctx, filter, filter->reported_after, after, limit, &args));
	FL_TRY(await_query(ctx, ctx->services->db, &find_sql, &args, &rows));
	return read_reports(ctx, rows, out, count);
}

fl_err fl_reports_of_vehicles(fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, const fl_uuid *after, uint32_t limit,
			      fl_report **out, size_t *count)
{
	static const fl_sql sql = { "reports_of_vehicles",
				    "SELECT r.* FROM unnest($2::int[]) v CROSS JOIN LATERAL (SELECT " COLUMNS " FROM damage_reports"
				    " WHERE " VISIBLE " AND vehicle_id = v AND id >= $3 AND id < $4 ORDER BY id DESC LIMIT $5) r" };
	const fl_rows *rows;
	fl_args args;
	FL_TRY(visible_args(ctx, &args));
	fl_arg_i32s(&args, vehicles, vehicle_count);
	arg_id_bounds(&args, 0, 0, after);
	fl_arg_i64(&args, limit);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_reports(ctx, rows, out, count);
}

fl_err fl_reports_get(fl_ctx *ctx, const fl_uuid *ids, size_t id_count, fl_report **out, size_t *count)
{
	static const fl_sql sql = { "reports_get", "SELECT " COLUMNS " FROM damage_reports WHERE " VISIBLE
						   " AND " FL_SQL_IDS("id", "$2", "$3", "$4", "$5", "$6"), .generic = true };
	const fl_rows *rows;
	fl_args args;
	FL_TRY(visible_args(ctx, &args));
	fl_arg_ids(&args, ids, id_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_reports(ctx, rows, out, count);
}

fl_err fl_report_audience(fl_ctx *ctx, fl_uuid id, fl_audience *out)
{
	static const fl_sql sql = { "report_audience", "SELECT reported_by FROM damage_reports WHERE id = $1", .generic = true };
	const fl_rows *rows;
	fl_args args = fl_args_make(ctx->mem);
	fl_arg_uuid(&args, id);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	*out = (fl_audience){ rows->count > 0, rows->count > 0 ? fl_row_i32(rows, 0, 0) : 0 };
	return FL_OK;
}

/* As VISIBLE says. */
bool fl_audience_has(const fl_audience *audience, const fl_caller *caller)
{
	if (!audience->exists || !fl_may(caller, FL_MAY_REPORT_READ_OWN))
		return false;
	return fl_may(caller, FL_MAY_REPORT_READ_ALL) || (caller->user_id && audience->filed_by == caller->user_id);
}

fl_err fl_report_by_number(fl_ctx *ctx, int64_t number, const fl_report **out)
{
	static const fl_sql sql = { "report_by_number", "SELECT " COLUMNS " FROM damage_reports WHERE " VISIBLE " AND report_number = $2", .generic = true };
	const fl_rows *rows;
	fl_report *reports;
	size_t count;
	fl_args args;
	FL_TRY(visible_args(ctx, &args));
	fl_arg_i64(&args, number);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	FL_TRY(read_reports(ctx, rows, &reports, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no report %lld", (long long)number);
	*out = reports;
	return FL_OK;
}

fl_err fl_reports_by_numbers(fl_ctx *ctx, const int64_t *numbers, size_t number_count, fl_report **out, size_t *count)
{
	static const fl_sql sql = { "reports_by_numbers", "SELECT " COLUMNS " FROM damage_reports WHERE " VISIBLE " AND report_number = ANY($2)",
		.generic = true };
	const fl_rows *rows;
	fl_args args;
	FL_TRY(visible_args(ctx, &args));
	fl_arg_i64s(&args, numbers, number_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_reports(ctx, rows, out, count);
}
