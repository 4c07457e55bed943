/* Changes of inspections, checklists and settings; and the report as a file.
 *
 *	GET /inspections/:id.pdf     made when it is asked for */
#include "api/api_int.h"
#include "fleet/inspection/inspection.h"

#include <math.h>

/* ---- signatures ---- */

static fl_err read_stroke(fl_ctx *ctx, const fl_gql_value *in, fl_stroke *out)
{
	const fl_gql_value *points = fl_gql_member(in, "points");
	if (points->count > 2 * FL_INSPECTION_POINTS_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a stroke of the signature has %u numbers; at most %d are taken", points->count,
			2 * FL_INSPECTION_POINTS_MAX);
	int32_t *xy = fl_new_array(ctx->mem, int32_t, points->count);
	if (!xy)
		return FL_NOMEM;
	for (uint32_t i = 0; i < points->count; i++) {
		double at = fl_gql_float_or(&points->items[i], -1);
		xy[i] = at >= 0 && at <= 1 ? (int32_t)lround(at * 10000) : -1;
	}
	*out = (fl_stroke) { xy, points->count };
	return FL_OK;
}

static fl_err read_signing(fl_ctx *ctx, const fl_gql_value *in, fl_signing *out)
{
	const fl_gql_value *signature = fl_gql_member(in, "signature"), *list = fl_gql_member(signature, "strokes");
	*out = (fl_signing) { .name = fl_gql_text(fl_gql_member(signature, "name")) };
	if (!fl_gql_given(list) || list->count == 0)
		return FL_OK;
	if (list->count > FL_INSPECTION_STROKES_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the signature has %u strokes; at most %d are taken", list->count, FL_INSPECTION_STROKES_MAX);
	fl_stroke *strokes = fl_new_array(ctx->mem, fl_stroke, list->count);
	if (!strokes)
		return FL_NOMEM;
	for (uint32_t i = 0; i < list->count; i++)
		FL_TRY(read_stroke(ctx, &list->items[i], &strokes[i]));
	out->strokes = strokes;
	out->stroke_count = list->count;
	return FL_OK;
}

static fl_err read_template_id(fl_ctx *ctx, const fl_gql_value *value, int32_t *out)
{
	*out = 0;
	if (!fl_gql_given(value) || fl_str_eq(fl_gql_text(value), FL_STR("0")) || (value->kind == FL_GQL_INT && value->integer == 0))
		return FL_OK;
	return fl_api_id(ctx, "templateId", value, out);
}

/* ---- submitInspection ---- */

static fl_err read_photos(fl_ctx *ctx, const fl_gql_value *list, fl_defect_draft *out)
{
	if (!fl_gql_given(list) || list->count == 0)
		return FL_OK;
	fl_upload *photos = fl_new_array(ctx->mem, fl_upload, list->count);
	if (!photos)
		return FL_NOMEM;
	for (uint32_t i = 0; i < list->count; i++)
		photos[i] = *(const fl_upload *)list->items[i].pointer;
	out->photos = photos;
	out->photo_count = list->count;
	return FL_OK;
}

static fl_err read_defect(fl_ctx *ctx, const fl_gql_value *in, fl_defect_draft *out)
{
	const fl_gql_value *report = fl_gql_member(in, "reportId");
	*out = (fl_defect_draft) { .item = fl_gql_text(fl_gql_member(in, "item")),
		.note = fl_gql_text(fl_gql_member(in, "note")),
		.on_trailer = fl_gql_bool_or(fl_gql_member(in, "onTrailer"), false),
		.unsafe = fl_gql_bool_or(fl_gql_member(in, "unsafe"), false),
		.severity = (int16_t)fl_gql_int_or(fl_gql_member(in, "severity"), 0),
		.new_report = fl_gql_bool_or(fl_gql_member(in, "newReport"), false),
		.has_report = fl_gql_given(report) };
	if (out->has_report)
		FL_TRY(fl_api_uuid(ctx, "reportId", report, &out->report_id));
	return read_photos(ctx, fl_gql_member(in, "photos"), out);
}

static fl_err read_findings(fl_ctx *ctx, const fl_gql_value *in, fl_inspection_draft *out)
{
	const fl_gql_value *items = fl_gql_member(in, "items"), *list = fl_gql_member(in, "defects");
	if (items->count > FL_INSPECTION_ITEMS_MAX || list->count > FL_INSPECTION_DEFECTS_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%u items and %u defects were given; an inspection takes %d and %d", items->count, list->count,
			FL_INSPECTION_ITEMS_MAX, FL_INSPECTION_DEFECTS_MAX);
	fl_answered_item *answers = fl_new_array(ctx->mem, fl_answered_item, items->count);
	fl_defect_draft *found = fl_new_array(ctx->mem, fl_defect_draft, list->count);
	if (!answers || !found)
		return FL_NOMEM;
	for (uint32_t i = 0; i < items->count; i++)
		answers[i] = (fl_answered_item) { .key = fl_gql_text(fl_gql_member(&items->items[i], "key")),
			.result = (int16_t)fl_gql_int_or(fl_gql_member(&items->items[i], "result"), 0) };
	for (uint32_t i = 0; i < list->count; i++)
		FL_TRY(read_defect(ctx, &list->items[i], &found[i]));
	out->items = answers;
	out->item_count = items->count;
	out->defects = found;
	out->defect_count = list->count;
	return FL_OK;
}

static fl_err read_draft(fl_ctx *ctx, const fl_gql_value *in, fl_inspection_draft *out)
{
	const fl_gql_value *trailer = fl_gql_member(in, "trailerId"), *odometer = fl_gql_member(in, "odometerKm"),
			   *location = fl_gql_member(in, "location"), *template = fl_gql_member(in, "templateId");
	*out = (fl_inspection_draft) { .kind = (int16_t)fl_gql_int_or(fl_gql_member(in, "kind"), 0),
		.inspected_at = fl_gql_int_or(fl_gql_member(in, "inspectedAt"), 0),
		.has_odometer = fl_gql_given(odometer),
		.odometer_km = (int32_t)fl_gql_int_or(odometer, 0),
		.has_location = fl_gql_given(location),
		.has_template = fl_gql_given(template),
		.place = fl_gql_text(fl_gql_member(in, "place")),
		.note = fl_gql_text(fl_gql_member(in, "note")),
		.safe = fl_gql_bool_or(fl_gql_member(in, "safeToOperate"), false),
		.idempotency_key = fl_gql_text(fl_gql_member(in, "idempotencyKey")) };
	FL_TRY(fl_api_id(ctx, "vehicleId", fl_gql_member(in, "vehicleId"), &out->vehicle_id));
	if (fl_gql_given(trailer))
		FL_TRY(fl_api_id(ctx, "trailerId", trailer, &out->trailer_id));
	if (out->has_location)
		out->location = fl_api_point(location);
	FL_TRY(read_template_id(ctx, template, &out->template_id));
	FL_TRY(read_findings(ctx, in, out));
	return read_signing(ctx, in, &out->signing);
}

typedef struct submit_answer {
	bool filed;
	fl_str message;
	const fl_inspection *inspection;
	fl_gql_texts warnings;
} submit_answer;

const struct fl_api_submit_inspection_payload fl_api_submit_inspection_payload = {
	.filed = FL_COLUMN(submit_answer, filed),
	.message = FL_COLUMN(submit_answer, message),
	.inspection = FL_POINTER(submit_answer, inspection),
	.warnings = FL_COLUMN(submit_answer, warnings),
};

static fl_err find_one(fl_ctx *ctx, fl_uuid id, const fl_inspection **out)
{
	fl_inspection *rows;
	size_t count;
	FL_TRY(fl_inspections_get(ctx, &id, 1, &rows, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such inspection");
	*out = rows;
	return FL_OK;
}

fl_err fl_api_submit_inspection(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	submit_answer *made = fl_new(ctx->mem, submit_answer);
	fl_str *texts = fl_new_array(ctx->mem, fl_str, FL_WARNINGS_MAX);
	fl_inspection_draft draft;
	fl_submitted done;
	if (!made || !texts)
		return FL_NOMEM;
	FL_TRY(read_draft(ctx, fl_gql_arg(field, "input"), &draft));
	FL_TRY(fl_inspection_submit(ctx, &draft, &done));
	made->filed = done.filed;
	made->message = FL_STR("Nothing was found, and this company keeps no reports without defects: no report was filed.");
	if (done.filed) {
		FL_TRY(find_one(ctx, done.id, &made->inspection));
		made->message = made->inspection->state == FL_INSPECTION_AWAITS_MECHANIC
			? FL_STR("The inspection was filed; its defects await a mechanic or the carrier.")
			: FL_STR("The inspection was filed.");
	}
	memcpy(texts, done.warnings.texts, done.warnings.count * sizeof(texts[0]));
	made->warnings = (fl_gql_texts) { texts, done.warnings.count };
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

/* ---- certifyInspection, acknowledgeInspection ---- */

const struct fl_api_inspection_payload fl_api_inspection_payload = { .inspection = FL_SELF };

static fl_err give(fl_ctx *ctx, fl_uuid id, fl_gql_batch *batch)
{
	const fl_inspection *found = NULL;
	FL_TRY(find_one(ctx, id, &found));
	batch->results[0] = fl_gql_object(found);
	return FL_OK;
}

static fl_err read_resolution(fl_ctx *ctx, const fl_gql_value *in, fl_resolution *out)
{
	int32_t id;
	FL_TRY(fl_api_id(ctx, "defectId", fl_gql_member(in, "defectId"), &id));
	*out = (fl_resolution) { (int16_t)FL_MIN(id, INT16_MAX), (int16_t)fl_gql_int_or(fl_gql_member(in, "state"), 0),
		fl_gql_text(fl_gql_member(in, "remark")) };
	return FL_OK;
}

typedef struct certify_answer {
	const fl_inspection *inspection;
	int32_t also;
} certify_answer;

const struct fl_api_certify_inspection_payload fl_api_certify_inspection_payload = {
	.inspection = FL_POINTER(certify_answer, inspection),
	.also_certified = FL_COLUMN(certify_answer, also),
};

fl_err fl_api_certify_inspection(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input"), *list = fl_gql_member(in, "resolutions");
	certify_answer *made = fl_new(ctx->mem, certify_answer);
	fl_resolution resolutions[FL_INSPECTION_DEFECTS_MAX];
	fl_signing signing;
	fl_uuid id;
	if (!made)
		return FL_NOMEM;
	FL_TRY(fl_api_uuid(ctx, "id", fl_gql_member(in, "id"), &id));
	FL_TRY(read_signing(ctx, in, &signing));
	for (uint32_t i = 0; i < list->count && i < FL_INSPECTION_DEFECTS_MAX; i++)
		FL_TRY(read_resolution(ctx, &list->items[i], &resolutions[i]));
	bool everywhere = fl_gql_bool_or(fl_gql_member(in, "everywhere"), false);
	FL_TRY(fl_inspection_certify(ctx, id, (int32_t)fl_gql_int_or(fl_gql_member(in, "version"), 0), resolutions, list->count, &signing,
		everywhere ? &made->also : NULL));
	FL_TRY(find_one(ctx, id, &made->inspection));
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

fl_err fl_api_acknowledge_inspection(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	fl_signing signing;
	fl_uuid id;
	FL_TRY(fl_api_uuid(ctx, "id", fl_gql_member(in, "id"), &id));
	FL_TRY(read_signing(ctx, in, &signing));
	FL_TRY(fl_inspection_acknowledge(
		ctx, id, (int32_t)fl_gql_int_or(fl_gql_member(in, "version"), 0), fl_gql_text(fl_gql_member(in, "remark")), &signing));
	return give(ctx, id, batch);
}

/* ---- checklists ---- */

static fl_err template_id(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_string(fl_str_fmt(ctx->mem, "%d", ((const fl_inspection_template *)parent)->id));
	return out->kind == FL_GQL_STRING ? FL_OK : FL_NOMEM;
}

static fl_err template_items(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_inspection_template *t = parent;
	*out = fl_gql_rows(t->items, sizeof(t->items[0]), t->item_count);
	return FL_OK;
}

const struct fl_api_inspection_template fl_api_inspection_template = {
	.id = FL_GETTER(template_id),
	.version = FL_COLUMN(fl_inspection_template, version),
	.name = FL_COLUMN(fl_inspection_template, name),
	.items = FL_GETTER(template_items),
	.retired_at = FL_COLUMN(fl_inspection_template, retired_at),
};
const struct fl_api_inspection_template_item fl_api_inspection_template_item = {
	.key = FL_COLUMN(fl_inspection_item, key),
	.title = FL_COLUMN(fl_inspection_item, title),
	.required = FL_COLUMN(fl_inspection_item, required),
};
const struct fl_api_inspection_template_payload fl_api_inspection_template_payload = { .template = FL_SELF };

fl_err fl_api_inspection_templates(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_inspection_template *rows;
	size_t count;
	FL_TRY(fl_inspection_templates(ctx, &rows, &count));
	batch->results[0] = fl_gql_rows(rows, sizeof(rows[0]), count);
	return FL_OK;
}

fl_err fl_api_save_inspection_template(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input"), *id = fl_gql_member(in, "id"), *list = fl_gql_member(in, "items");
	fl_inspection_template_change change = { .version = (int32_t)fl_gql_int_or(fl_gql_member(in, "version"), 0),
		.name = fl_gql_text(fl_gql_member(in, "name")),
		.retired = fl_gql_bool_or(fl_gql_member(in, "retired"), false),
		.item_count = list->count };
	fl_inspection_template *saved;
	int32_t number;
	fl_inspection_item *items = fl_new_array(ctx->mem, fl_inspection_item, list->count);
	if (!items)
		return FL_NOMEM;
	if (fl_gql_given(id))
		FL_TRY(fl_api_id(ctx, "id", id, &change.id));
	for (uint32_t i = 0; i < list->count; i++)
		items[i] = (fl_inspection_item) { .key = fl_gql_text(fl_gql_member(&list->items[i], "key")),
			.title = fl_gql_text(fl_gql_member(&list->items[i], "title")) };
	change.items = items;
	FL_TRY(fl_inspection_template_save(ctx, &change, &number));
	FL_TRY(fl_inspection_template_get(ctx, number, 0, &saved));
	batch->results[0] = fl_gql_object(saved);
	return FL_OK;
}

/* ---- settings ---- */

static fl_err usual_template(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_string(fl_str_fmt(ctx->mem, "%d", ((const fl_inspection_policy *)parent)->template_id));
	return out->kind == FL_GQL_STRING ? FL_OK : FL_NOMEM;
}

static fl_err keep_days(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_inspection_policy *policy = parent;
	*out = policy->keep_days ? fl_gql_int(policy->keep_days) : fl_gql_null();
	return FL_OK;
}

const struct fl_api_inspection_policy fl_api_inspection_policy = {
	.no_defect_reports = FL_COLUMN(fl_inspection_policy, no_defect_reports),
	.template_id = FL_GETTER(usual_template),
	.keep_days = FL_GETTER(keep_days),
	.version = FL_COLUMN(fl_inspection_policy, version),
};
const struct fl_api_inspection_policy_payload fl_api_inspection_policy_payload = { .policy = FL_SELF };

fl_err fl_api_inspection_policy_of(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_inspection_policy *made = fl_new(ctx->mem, fl_inspection_policy);
	if (!made)
		return FL_NOMEM;
	FL_TRY(fl_inspection_policy_get(ctx, made));
	batch->results[0] = fl_gql_object(made);
	return FL_OK;
}

fl_err fl_api_set_inspection_policy(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input"), *days = fl_gql_member(in, "keepDays");
	fl_inspection_policy policy = { .version = (int32_t)fl_gql_int_or(fl_gql_member(in, "version"), 0),
		.no_defect_reports = fl_gql_bool_or(fl_gql_member(in, "noDefectReports"), false) };
	if (fl_gql_given(days)) {
		policy.keep_days = (int32_t)fl_gql_int_or(days, 0);
		if (policy.keep_days < 1 || policy.keep_days > 36500)
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "keepDays is %d; give %d to 36,500 days, or leave it out: for ever", policy.keep_days,
				FL_INSPECTION_KEEP_DAYS_MIN);
	}
	FL_TRY(read_template_id(ctx, fl_gql_member(in, "templateId"), &policy.template_id));
	FL_TRY(fl_inspection_policy_set(ctx, &policy));
	return fl_api_inspection_policy_of(ctx, field, batch);
}

/* ---- the report as a file ---- */

static bool read_name(fl_str name, fl_uuid *out)
{
	return fl_str_ends(name, FL_STR(".pdf")) && fl_uuid_parse(fl_str_slice(name, 0, name.len - 4), out);
}

fl_err fl_api_inspection_pdf(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_uuid id;
	fl_str pdf;
	FL_TRY(fl_api_authenticate(ctx, req));
	if (!read_name(req->captures[0], &id))
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such inspection; write it as in /inspections/ID.pdf");
	FL_TRY(fl_inspection_paper(ctx, id, &pdf));
	fl_str text = fl_uuid_str(ctx->mem, id), save = fl_str_fmt(ctx->mem, "inline; filename=\"inspection-%" FL_FMT ".pdf\"", FL_ARG(text));
	if (!save.ptr)
		return FL_NOMEM;
	fl_response_header(res, FL_STR("Content-Disposition"), save);
	fl_response_header(res, FL_STR("X-Content-Type-Options"), FL_STR("nosniff"));
	fl_response_header(res, FL_STR("Cache-Control"), FL_STR("private, no-store"));
	fl_response_body(res, FL_STR("application/pdf"), pdf);
	return FL_OK;
}
