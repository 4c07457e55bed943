/* Filters with a wide part, words with a rank, and saved filters. */
#include "fleet/search/search_int.h"

/* ---- what a filter may hold ---- */

fl_err fl_box_check(fl_diag *diag, const fl_box *box)
{
	bool good = box->south >= -90 && box->north <= 90 && box->west >= -180 && box->west <= 180 && box->east >= -180 && box->east <= 180;
	if (good && box->south < box->north && box->west != box->east)
		return FL_OK;
	return fl_fail(diag, FL_BAD_INPUT, "the box is none: south lies below north, west beside east, latitudes within -90 to 90, longitudes within -180 to 180");
}

fl_err fl_radius_check(fl_diag *diag, double km, double *radius_m)
{
	if (!(km > 0 && km <= 1000))
		return fl_fail(diag, FL_BAD_INPUT, "the radius is %.6g km; it goes from above 0 to 1000", km);
	*radius_m = km * 1000;
	return FL_OK;
}

/* ---- arguments ---- */

static void arg_id(fl_args *args, int32_t id)
{
	if (id)
		fl_arg_i32(args, id);
	else
		fl_arg_null(args, FL_DB_I32);
}

static void arg_cents(fl_args *args, bool has, int64_t cents)
{
	if (has)
		fl_arg_i64(args, cents);
	else
		fl_arg_null(args, FL_DB_I64);
}

static void arg_degrees(fl_args *args, bool has, double value)
{
	if (has)
		fl_arg_f8(args, value);
	else
		fl_arg_null(args, FL_DB_F8);
}

static fl_box box_around(fl_area area)
{
	fl_box box = { area.points[0].longitude, area.points[0].latitude, area.points[0].longitude, area.points[0].latitude };
	for (size_t i = 1; i < area.count; i++) {
		box.west = FL_MIN(box.west, area.points[i].longitude);
		box.east = FL_MAX(box.east, area.points[i].longitude);
		box.south = FL_MIN(box.south, area.points[i].latitude);
		box.north = FL_MAX(box.north, area.points[i].latitude);
	}
	return box;
}

static fl_err arg_place(fl_ctx *ctx, const fl_wide_filter *w, fl_args *args)
{
	bool has_box = w->has_box;
	fl_box box = w->box;
	fl_area area;
	if (w->area.ptr && !has_box) {
		FL_TRY(fl_area_parse(ctx->mem, &ctx->diag, "the area", w->area, &area));
		box = box_around(area);
		has_box = true;
	}
	arg_degrees(args, w->has_near, w->near.longitude);
	arg_degrees(args, w->has_near, w->near.latitude);
	arg_degrees(args, w->has_near, w->radius_m);
	arg_degrees(args, has_box, box.west);
	arg_degrees(args, has_box, box.south);
	arg_degrees(args, has_box, box.east);
	arg_degrees(args, has_box, box.north);
	fl_arg_bool(args, has_box && box.east > box.west && box.east - box.west <= 90);
	fl_arg_text(args, w->area);
	return args->err;
}

static void arg_bounds(fl_args *args, int64_t from, int64_t to, const fl_uuid *after)
{
	fl_uuid high;
	memset(high.bytes, 0xff, sizeof(high.bytes));
	if (to)
		high = fl_uuid7_floor(to);
	if (after && fl_uuid_cmp(*after, high) < 0)
		high = *after;
	fl_arg_uuid(args, fl_uuid7_floor(from));
	fl_arg_uuid(args, high);
}

fl_err fl_wide_args(fl_ctx *ctx, const fl_report_filter *filter, int64_t reported_after, const fl_uuid *after, fl_args *args)
{
	static const fl_wide_filter nothing;
	const fl_wide_filter *w = filter->wide ? filter->wide : &nothing;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	*args = fl_args_make(ctx->mem);
	arg_id(args, fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL) ? 0 : ctx->caller.user_id ? ctx->caller.user_id : -1);
	fl_arg_i16s(args, filter->statuses, filter->status_count);
	fl_arg_i16s(args, filter->severities, filter->severity_count);
	fl_arg_i16s(args, filter->damage_types, filter->damage_type_count);
	arg_id(args, filter->vehicle_id);
	arg_id(args, filter->facility_id);
	arg_bounds(args, filter->reported_after ? filter->reported_after : reported_after, filter->reported_before, after);
	arg_id(args, w->driver_id);
	arg_cents(args, w->has_cost_min, w->cost_min);
	arg_cents(args, w->has_cost_max, w->cost_max);
	fl_arg_time(args, w->incident_after ? w->incident_after : FL_NEVER);
	fl_arg_time(args, w->incident_before ? w->incident_before : FL_NEVER);
	FL_TRY(arg_place(ctx, w, args));
	fl_arg_jsonb(args, w->damage_areas);
	fl_arg_i16s(args, filter->stages, filter->stage_count);
	fl_arg_bool(args, filter->overdue);
	return args->err;
}

/* ---- reports by their ids, in the order asked for ---- */

static fl_report *find_report(fl_report *reports, size_t count, fl_uuid id)
{
	for (size_t i = 0; i < count; i++)
		if (fl_uuid_eq(reports[i].id, id))
			return &reports[i];
	return NULL;
}

fl_err fl_reports_in_order(fl_ctx *ctx, const fl_rows *rows, fl_report ***out)
{
	size_t n = (size_t)rows->count, count = 0;
	fl_uuid *ids = fl_new_array(ctx->mem, fl_uuid, n);
	fl_report **sorted = fl_new_array(ctx->mem, fl_report *, n), *reports = NULL;
	if (!ids || !sorted)
		return FL_NOMEM;
	for (size_t i = 0; i < n; i++)
		ids[i] = fl_row_uuid(rows, (int)i, 0);
	if (n)
		FL_TRY(fl_reports_get(ctx, ids, n, &reports, &count));
	for (size_t i = 0; i < n; i++)
		sorted[i] = find_report(reports, count, ids[i]);
	*out = sorted;
	return FL_OK;
}

/* ---- newest first ---- */

static const fl_sql newest_sql = { "search_newest", "SELECT id FROM damage_reports WHERE " FL_SQL_WIDE " ORDER BY id DESC LIMIT $26" };
/* Each report in its turn, whatever the filter lets through: right where it lets through much. */
static const fl_sql newest_walk_sql = { "search_newest_walk", "SELECT id FROM (SELECT * FROM damage_reports WHERE id >= $7 AND id < $8 ORDER BY id DESC OFFSET 0) r"
	" WHERE " FL_SQL_WIDE " ORDER BY id DESC LIMIT $26" };
/* $27 the text, $28 the language. */
#define NEWEST_WORDS(holding) "SELECT id FROM damage_reports JOIN " holding("$7", "$8", FL_SQL_ASKED("$28", "$27")) " s ON report_id = id WHERE " FL_SQL_WIDE " ORDER BY id DESC LIMIT $26"
static const fl_sql newest_words_sql = { "search_newest_words", NEWEST_WORDS(FL_SQL_HOLDING) };
static const fl_sql newest_scattered_sql = { "search_newest_scattered", NEWEST_WORDS(FL_SQL_SCATTERED) };
#undef NEWEST_WORDS

/* The reports of column 0 after those that are there. */
static fl_err add_rows(fl_ctx *ctx, const fl_rows *rows, fl_report *list, size_t *count)
{
	fl_report **sorted;
	FL_TRY(fl_reports_in_order(ctx, rows, &sorted));
	for (int i = 0; i < rows->count; i++)
		if (sorted[i])
			list[(*count)++] = *sorted[i];
	return FL_OK;
}

/* Words and places may be everywhere in a company or nowhere, and PostgreSQL knows only how common they are among all. */
static bool may_be_scattered(const fl_report_filter *filter)
{
	return filter->search.len > 0 || filter->wide->has_near || filter->wide->has_box || filter->wide->area.ptr;
}

static const fl_sql *sql_of_window(const fl_report_filter *filter, const fl_window *window)
{
	if (filter->search.len > 0)
		return window->number == 1 ? &newest_words_sql : &newest_scattered_sql;
	return window->number == 1 ? &newest_walk_sql : &newest_sql;
}

static fl_err find_window(fl_ctx *ctx, const fl_report_filter *filter, const fl_window *window, uint32_t limit, fl_report *list, size_t *count)
{
	fl_report_filter within = *filter;
	const fl_tenant *tenant;
	const fl_rows *rows;
	fl_args args;
	within.reported_after = window->from_us;
	FL_TRY(fl_wide_args(ctx, &within, 0, &window->high, &args));
	fl_arg_i64(&args, limit);
	if (filter->search.len > 0) {
		FL_TRY(fl_tenant_get(ctx, &tenant));
		fl_arg_text(&args, filter->search);
		fl_arg_i32(&args, tenant->language);
	}
	FL_TRY(await_query(ctx, ctx->services->db, sql_of_window(filter, window), &args, &rows));
	return add_rows(ctx, rows, list, count);
}

fl_err fl_search_newest(fl_ctx *ctx, const fl_report_filter *filter, const fl_uuid *after, uint32_t limit, fl_report **out, size_t *count)
{
	fl_window window = fl_window_of(filter->reported_after, filter->reported_before, after);
	const fl_rows *rows;
	fl_args args;
	fl_report *list = fl_new_array(ctx->mem, fl_report, limit);
	if (!list)
		return FL_NOMEM;
	*count = 0;
	*out = list;
	if (may_be_scattered(filter)) {
		while (*count < limit && fl_window_next(&window, limit - *count))
			FL_TRY(find_window(ctx, filter, &window, limit - (uint32_t)*count, list, count));
		return FL_OK;
	}
	FL_TRY(fl_wide_args(ctx, filter, 0, after, &args));
	fl_arg_i64(&args, limit);
	FL_TRY(await_query(ctx, ctx->services->db, &newest_sql, &args, &rows));
	return add_rows(ctx, rows, list, count);
}

/* ---- saved filters ---- */

static fl_err person(fl_ctx *ctx)
{
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	return ctx->caller.user_id ? FL_OK : fl_fail(&ctx->diag, FL_FORBIDDEN, "filters are kept for people, not for programs");
}

fl_err fl_filters_saved(fl_ctx *ctx, fl_saved_filter **out, size_t *count)
{
	static const fl_sql sql = { "filters_saved", "SELECT id, name, filter, created_at FROM saved_filters WHERE user_id = $1 ORDER BY name", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(person(ctx));
	fl_arg_i32(&args, ctx->caller.user_id);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_saved_filter *made = fl_new_array(ctx->mem, fl_saved_filter, (size_t)rows->count);
	if (!made)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		made[i] = (fl_saved_filter){ fl_row_i32(rows, i, 0), fl_row_text(rows, i, 1), fl_row_jsonb(rows, i, 2), fl_row_time(rows, i, 3) };
	*out = made;
	*count = (size_t)rows->count;
	return FL_OK;
}

fl_err fl_filter_save(fl_ctx *ctx, fl_str name, fl_str filter, fl_saved_filter *out)
{
	static const fl_sql sql = {
		"filter_save",
		"INSERT INTO saved_filters AS f (tenant_id, user_id, name, filter) SELECT $1, $2, $3, $4"
		" WHERE (SELECT count(*) FROM saved_filters WHERE user_id = $2 AND name <> $3) < $5"
		" ON CONFLICT (tenant_id, user_id, name) DO UPDATE SET filter = excluded.filter RETURNING f.id, f.name, f.filter, f.created_at",
		.write = true
	};
	fl_args args = fl_args_make(ctx->mem);
	const fl_json *json = NULL;
	const fl_rows *rows;
	FL_TRY(person(ctx));
	name = fl_str_trim(name);
	FL_TRY(fl_text_check(&ctx->diag, "the name", name, 100));
	if (name.len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the filter has no name");
	if (filter.len > 16000 || fl_json_parse(ctx->mem, filter, &json, &ctx->diag) != FL_OK || json->type != FL_JSON_OBJECT)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the filter must be a JSON object of at most 16,000 bytes");
	fl_arg_i32(&args, ctx->caller.tenant_id);
	fl_arg_i32(&args, ctx->caller.user_id);
	fl_arg_text(&args, name);
	fl_arg_jsonb(&args, filter);
	fl_arg_i64(&args, FL_SAVED_FILTERS_MAX);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	if (rows->count == 0)
		return fl_fail(&ctx->diag, FL_LIMIT, "you keep %d filters already; delete one first", FL_SAVED_FILTERS_MAX);
	*out = (fl_saved_filter){ fl_row_i32(rows, 0, 0), fl_row_text(rows, 0, 1), fl_row_jsonb(rows, 0, 2), fl_row_time(rows, 0, 3) };
	return FL_OK;
}

fl_err fl_filter_delete(fl_ctx *ctx, int32_t id)
{
	static const fl_sql sql = { "filter_delete", "DELETE FROM saved_filters WHERE id = $1 AND user_id = $2", .write = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(person(ctx));
	fl_arg_i32(&args, id);
	fl_arg_i32(&args, ctx->caller.user_id);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return rows->affected ? FL_OK : fl_fail(&ctx->diag, FL_NOT_FOUND, "you keep no filter with the id %d", id);
}
