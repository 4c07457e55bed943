/* Subscription: each root field's value is the event itself, seen as the type that the field tells of. Which events those
 * are: live_topics.c. */
#include "api/api_int.h"

#include "fleet/event.h"
#include "fleet/model.h"

const struct fl_api_subscription fl_api_subscription = {
	.damage_report_created = FL_SELF,
	.damage_report_updated = FL_SELF,
	.ai_analysis_complete = FL_SELF,
	.model3d_processing_status = FL_SELF,
};

static bool report_of(const void *parent, fl_uuid *out)
{
	*out = ((const fl_change *)parent)->report_id;
	return true;
}

static fl_err report(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer_report(ctx, report_of, batch);
}

/* ---- DamageReportChange ---- */

static fl_err kind(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const char *type = ((const fl_change *)parent)->type;
	int kind = FL_API_DAMAGE_REPORT_CHANGE_KIND_UPDATED;
	if (strcmp(type, FL_EVENT_REPORT_CREATED) == 0)
		kind = FL_API_DAMAGE_REPORT_CHANGE_KIND_CREATED;
	else if (strcmp(type, FL_EVENT_REPORT_ASSESSED) == 0)
		kind = FL_API_DAMAGE_REPORT_CHANGE_KIND_ASSESSED;
	*out = fl_gql_enum(kind);
	return FL_OK;
}

const struct fl_api_damage_report_change fl_api_damage_report_change = {
	.event_id = FL_COLUMN(fl_change, event_id),
	.kind = FL_GETTER(kind),
	.at = FL_COLUMN(fl_change, at),
	.report = FL_BATCH(report),
};

/* ---- AiAnalysis ---- */

/* An event is the only parent of its level. */
static fl_err assessment(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_assessment_row *rows;
	size_t count;
	for (size_t i = 0; i < batch->count; i++) {
		const fl_change *change = batch->parents[i];
		FL_TRY(fl_assessments_of_reports(ctx, &change->report_id, 1, &rows, &count));
		batch->results[i] = fl_gql_object(count ? rows : NULL);
	}
	return FL_OK;
}

const struct fl_api_ai_analysis fl_api_ai_analysis = {
	.event_id = FL_COLUMN(fl_change, event_id),
	.at = FL_COLUMN(fl_change, at),
	.report = FL_BATCH(report),
	.assessment = FL_BATCH(assessment),
};

/* ---- Model3DProgress ---- */

static fl_err read_progress(fl_ctx *ctx, const void *parent, fl_model_progress *out)
{
	if (fl_model_progress_read(((const fl_change *)parent)->data, out))
		return FL_OK;
	return fl_fail(&ctx->diag, FL_INTERNAL, "the event does not say which stage was reached");
}

static fl_err stage(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	fl_model_progress progress;
	FL_TRY(read_progress(ctx, parent, &progress));
	*out = fl_gql_enum((int)progress.stage);
	return FL_OK;
}

static fl_err percent(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	fl_model_progress progress;
	FL_TRY(read_progress(ctx, parent, &progress));
	*out = fl_gql_int(progress.percent);
	return FL_OK;
}

static fl_err message(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	fl_model_progress progress;
	FL_TRY(read_progress(ctx, parent, &progress));
	*out = fl_gql_string(progress.message);
	return FL_OK;
}

static fl_err url(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	fl_model_progress progress;
	FL_TRY(read_progress(ctx, parent, &progress));
	*out = fl_gql_string(progress.url);
	return FL_OK;
}

_Static_assert((int)FL_MODEL_FAILED == (int)FL_API_MODEL3D_STAGE_FAILED, "the stages of the schema and of fleet/model.h");
const struct fl_api_model3d_progress fl_api_model3d_progress = {
	.event_id = FL_COLUMN(fl_change, event_id),
	.at = FL_COLUMN(fl_change, at),
	.report = FL_BATCH(report),
	.stage = FL_GETTER(stage),
	.percent = FL_GETTER(percent),
	.message = FL_GETTER(message),
	.url = FL_GETTER(url),
};
