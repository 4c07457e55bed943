#include "fleet/model.h"

static const fl_str stages[] = {
#define NAME(name, code) [code] = FL_STR_INIT(#name),
	FL_MODEL_STAGES(NAME)
#undef NAME
};

static fl_err check(fl_ctx *ctx, const fl_model_progress *progress)
{
	if (progress->stage <= FL_MODEL_NONE || progress->stage >= FL_COUNT(stages))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%d is no stage of a model", (int)progress->stage);
	if (progress->percent < 0 || progress->percent > 100)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the progress is %d; it goes from 0 to 100", (int)progress->percent);
	FL_TRY(fl_text_check(&ctx->diag, "the message", progress->message, FL_MODEL_MESSAGE_MAX));
	return fl_text_check(&ctx->diag, "the address", progress->url, FL_MODEL_URL_MAX);
}

static void put_text(fl_json_out *j, fl_str key, fl_str text)
{
	if (!text.ptr)
		return;
	fl_json_key(j, key);
	fl_json_put_str(j, text);
}

static void put_progress(fl_buf *out, const fl_model_progress *progress)
{
	fl_json_out j = { .buf = out };
	fl_json_open(&j, '{');
	put_text(&j, FL_STR("stage"), stages[progress->stage]);
	fl_json_key(&j, FL_STR("percent"));
	fl_json_put_i64(&j, progress->percent);
	put_text(&j, FL_STR("message"), progress->message);
	put_text(&j, FL_STR("url"), progress->url);
	fl_json_close(&j, '}');
}

fl_err fl_model_progress_tell(fl_ctx *ctx, fl_uuid report_id, int32_t vehicle_id, const fl_model_progress *progress)
{
	FL_AUTO_BUF fl_buf data = fl_buf_make(64 << 10);
	fl_args args;
	FL_TRY(check(ctx, progress));
	put_progress(&data, progress);
	FL_TRY(fl_buf_err(&data));
	FL_TRY(fl_event_args(ctx,
		&(fl_event) { .id = fl_uuid7(fl_now_us()),
			.type = FL_EVENT_MODEL_PROGRESS,
			.report_id = report_id,
			.vehicle_id = vehicle_id,
			.data = fl_buf_view(&data) },
		&args));
	FL_TRY(await_query(ctx, ctx->services->db, &fl_event_insert, &args, NULL));
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}

bool fl_model_progress_read(const fl_json *data, fl_model_progress *out)
{
	fl_str stage = fl_json_str(fl_json_get(data, FL_STR("stage")), FL_STR(""));
	*out = (fl_model_progress) {
		.percent = (int32_t)fl_json_int(fl_json_get(data, FL_STR("percent")), 0),
		.message = fl_json_str(fl_json_get(data, FL_STR("message")), (fl_str) {}),
		.url = fl_json_str(fl_json_get(data, FL_STR("url")), (fl_str) {}),
	};
	for (size_t i = 1; i < FL_COUNT(stages); i++)
		if (fl_str_eq(stage, stages[i]))
			out->stage = (fl_model_stage)i;
	return out->stage != FL_MODEL_NONE;
}
