/* What belongs to reports: their photos, and what was made of them. */
#include "fleet/report/ids.h"
#include "fleet/report/report.h"

#include <stdlib.h>

/* ---- photos ---- */

static fl_sha256 read_sha256(const fl_rows *rows, int row, int column)
{
	fl_sha256 hash = {};
	fl_str bytes = fl_row_bytes(rows, row, column);
	if (bytes.len == sizeof(hash.bytes))
		memcpy(hash.bytes, bytes.ptr, bytes.len);
	return hash;
}

static fl_err read_photo(fl_ctx *ctx, const fl_rows *rows, int i, fl_photo_row *out)
{
	*out = (fl_photo_row){
		.report_id = fl_row_uuid(rows, i, 0),
		.id = fl_row_i16(rows, i, 1),
		.original = read_sha256(rows, i, 2),
		.media_type = fl_row_text(rows, i, 3),
		.size_bytes = fl_row_i64(rows, i, 4),
		.width = fl_row_i32(rows, i, 5),
		.height = fl_row_i32(rows, i, 6),
		.taken_at = fl_row_time_or_0(rows, i, 7),
		.has_quality = !fl_row_null(rows, i, 8),
		.sharpness = fl_row_f4(rows, i, 8),
		.brightness = fl_row_f4(rows, i, 9),
		.has_variants = !fl_row_null(rows, i, 11),
		.view = read_sha256(rows, i, 11),
		.thumb = read_sha256(rows, i, 12),
		.angle = fl_row_i16(rows, i, 13),
		.has_place = !fl_row_null(rows, i, 14),
		.place = { fl_row_f8(rows, i, 14), fl_row_f8(rows, i, 15) },
		.camera = fl_row_text(rows, i, 16),
		.client = fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL) ? fl_row_text(rows, i, 17) : (fl_str){},
		.uploaded_by = fl_row_i32(rows, i, 18),
		.uploaded_at = fl_row_time(rows, i, 19),
		.erased_at = fl_row_time_or_0(rows, i, 20),
	};
	out->sha256_hex = fl_str_hex(ctx->mem, out->original.bytes, sizeof(out->original.bytes));
	FL_TRY(fl_row_texts(rows, i, 10, ctx->mem, &out->problems, &out->problem_count));
	return out->sha256_hex.ptr ? FL_OK : FL_NOMEM;
}

static int compare_photos(const void *a, const void *b)
{
	const fl_photo_row *left = a, *right = b;
	int order = fl_uuid_cmp(left->report_id, right->report_id);
	return order ? order : left->id - right->id;
}

/* They come in the order of the index, month by month, so nearly always there is nothing left to sort; PostgreSQL sorted. */
static void order_photos(fl_photo_row *photos, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (compare_photos(&photos[i - 1], &photos[i]) > 0) {
			qsort(photos, count, sizeof(*photos), compare_photos);
			return;
		}
}

fl_err fl_photos_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_photo_detail detail, fl_photo_row **out,
			    size_t *count)
{
#define IF_ALL(column) "CASE WHEN $6 THEN " column " END"
	static const fl_sql sql = { "photos_of_reports",
				    "SELECT report_id, id, sha256, media_type, bytes, width, height, " IF_ALL("taken_at") ", " IF_ALL("sharpness") ", "
				    IF_ALL("brightness") ", " IF_ALL("problems") ", " IF_ALL("view_sha256") ", " IF_ALL("thumb_sha256") ", "
				    IF_ALL("angle") ", " IF_ALL("ST_Y(location::geometry)") ", " IF_ALL("ST_X(location::geometry)") ", " IF_ALL("camera") ", "
				    IF_ALL("client") ", " IF_ALL("uploaded_by") ", " IF_ALL("created_at") ", erased_at"
				    " FROM damage_photos WHERE " FL_SQL_IDS("report_id", "$1", "$2", "$3", "$4", "$5"),
				    .generic = true };
#undef IF_ALL
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_ids(&args, reports, report_count);
	fl_arg_bool(&args, detail == FL_PHOTO_ALL);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_photo_row *photos = fl_new_array(ctx->mem, fl_photo_row, (size_t)rows->count);
	if (!photos)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		FL_TRY(read_photo(ctx, rows, i, &photos[i]));
	order_photos(photos, rows->count);
	*out = photos;
	*count = rows->count;
	return FL_OK;
}

/* ---- assessments ---- */

static fl_err read_fraud(fl_ctx *ctx, fl_str json, fl_assessment_row *out)
{
	const fl_json *list;
	FL_TRY(fl_json_parse(ctx->mem, json, &list, &ctx->diag));
	if (list->type != FL_JSON_ARRAY)
		return FL_OK;
	out->fraud = fl_new_array(ctx->mem, fl_fraud_row, list->items.count);
	if (!out->fraud)
		return FL_NOMEM;
	for (const fl_json *item = list->items.first; item; item = item->next) {
		fl_fraud_row *row = &out->fraud[out->fraud_count++];
		row->kind = fl_json_int(fl_json_get(item, FL_STR("kind")), 0);
		row->score = fl_json_double(fl_json_get(item, FL_STR("score")), 0);
		row->message = fl_json_str(fl_json_get(item, FL_STR("message")), FL_STR(""));
		row->photo = fl_json_int(fl_json_get(item, FL_STR("photo")), 0);
		row->has_seen_in = fl_uuid_parse(fl_json_str(fl_json_get(item, FL_STR("seen_in")), FL_STR("")), &row->seen_in);
	}
	return FL_OK;
}

static fl_err read_similar(fl_ctx *ctx, fl_str json, fl_assessment_row *out)
{
	const fl_json *list;
	FL_TRY(fl_json_parse(ctx->mem, json, &list, &ctx->diag));
	if (list->type != FL_JSON_ARRAY)
		return FL_OK;
	out->similar = fl_new_array(ctx->mem, fl_similar_row, list->items.count);
	if (!out->similar)
		return FL_NOMEM;
	for (const fl_json *item = list->items.first; item; item = item->next) {
		fl_similar_row *row = &out->similar[out->similar_count];
		row->similarity = fl_json_double(fl_json_get(item, FL_STR("similarity")), 0);
		out->similar_count += fl_uuid_parse(fl_json_str(fl_json_get(item, FL_STR("report")), FL_STR("")), &row->report_id);
	}
	return FL_OK;
}

static fl_err read_assessment(fl_ctx *ctx, const fl_rows *rows, int i, const char *currency, fl_assessment_row *out)
{
	*out = (fl_assessment_row){
		.report_id = fl_row_uuid(rows, i, 0),
		.model = fl_row_text(rows, i, 1),
		.created_at = fl_row_time(rows, i, 2),
		.duration_ms = fl_row_i32(rows, i, 3),
		.severity = fl_row_i16(rows, i, 4),
		.severity_confidence = fl_row_f4(rows, i, 5),
		.part = fl_row_i16(rows, i, 6),
		.part_confidence = fl_row_f4(rows, i, 7),
		.damage_type = fl_row_i16(rows, i, 8),
		.type_confidence = fl_row_f4(rows, i, 9),
		.has_estimate = !fl_row_null(rows, i, 10),
		.cost_low = fl_row_i64(rows, i, 10),
		.cost_likely = fl_row_i64(rows, i, 11),
		.cost_high = fl_row_i64(rows, i, 12),
		.hours_low = fl_row_f4(rows, i, 13),
		.hours_likely = fl_row_f4(rows, i, 14),
		.hours_high = fl_row_f4(rows, i, 15),
		.currency = currency,
	};
	FL_TRY(fl_row_texts(rows, i, 16, ctx->mem, &out->rule, &out->rule_count));
	if (!fl_may(&ctx->caller, FL_MAY_FRAUD_READ))
		return FL_OK;
	FL_TRY(read_fraud(ctx, fl_row_jsonb(rows, i, 17), out));
	return read_similar(ctx, fl_row_jsonb(rows, i, 18), out);
}

fl_err fl_assessments_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_assessment_row **out, size_t *count)
{
	static const fl_sql sql = { "assessments_of_reports",
				    "SELECT DISTINCT ON (report_id) report_id, model, created_at, duration_ms, severity, severity_confidence, part,"
				    " part_confidence, damage_type, type_confidence, cost_low, cost_likely, cost_high, hours_low, hours_likely,"
				    " hours_high, rule, fraud_signals, similar_cases FROM assessments WHERE "
				    FL_SQL_IDS("report_id", "$1", "$2", "$3", "$4", "$5") " ORDER BY report_id, id DESC",
				    .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_tenant *tenant;
	const fl_rows *rows;
	fl_arg_ids(&args, reports, report_count);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	FL_TRY(fl_tenant_get(ctx, &tenant));
	fl_assessment_row *list = fl_new_array(ctx->mem, fl_assessment_row, (size_t)rows->count);
	if (!list)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		FL_TRY(read_assessment(ctx, rows, i, tenant->currency, &list[i]));
	*out = list;
	*count = rows->count;
	return FL_OK;
}
