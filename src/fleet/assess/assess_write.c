/* The transaction of an assessment. */
#include "fleet/assess/assess_int.h"

static void put_uuid(fl_ctx *ctx, fl_json_out *j, const char *key, fl_uuid id)
{
	fl_json_key(j, fl_str_z(key));
	fl_json_put_str(j, fl_uuid_str(ctx->mem, id));
}

static void put_number(fl_json_out *j, const char *key, double value)
{
	fl_json_key(j, fl_str_z(key));
	fl_json_put_double(j, value);
}

static void put_int(fl_json_out *j, const char *key, int64_t value)
{
	fl_json_key(j, fl_str_z(key));
	fl_json_put_i64(j, value);
}

static void put_fraud(fl_ctx *ctx, fl_json_out *j, const fl_case *c)
{
	fl_json_open(j, '[');
	for (size_t i = 0; i < c->fraud_count; i++) {
		const fl_fraud_row *row = &c->fraud[i];
		fl_json_open(j, '{');
		put_int(j, "kind", row->kind);
		put_number(j, "score", row->score);
		fl_json_key(j, FL_STR("message"));
		fl_json_put_str(j, row->message);
		put_int(j, "photo", row->photo);
		if (row->has_seen_in)
			put_uuid(ctx, j, "seen_in", row->seen_in);
		fl_json_close(j, '}');
	}
	fl_json_close(j, ']');
}

static void put_similar(fl_ctx *ctx, fl_json_out *j, const fl_case *c)
{
	fl_json_open(j, '[');
	for (size_t i = 0; i < c->similar_count; i++) {
		fl_json_open(j, '{');
		put_uuid(ctx, j, "report", c->similar[i].report_id);
		put_number(j, "similarity", c->similar[i].similarity);
		fl_json_close(j, '}');
	}
	fl_json_close(j, ']');
}

static void put_floats(fl_json_out *j, const char *key, const float *values, size_t count)
{
	fl_json_key(j, fl_str_z(key));
	fl_json_open(j, '[');
	for (size_t i = 0; i < count; i++)
		fl_json_put_double(j, (double)(int)(values[i] * 1000 + 0.5f) / 1000);
	fl_json_close(j, ']');
}

/* What the network saw in each photo, so that an answer can be explained later and a correction can train the next model. */
static void put_evidence(fl_ctx *ctx, fl_json_out *j, const fl_case *c)
{
	fl_json_open(j, '{');
	fl_json_key(j, FL_STR("photos"));
	fl_json_open(j, '[');
	for (size_t i = 0; i < c->photo_count; i++) {
		const fl_reading *r = &c->photos[i].reading;
		fl_json_open(j, '{');
		put_int(j, "photo", c->photos[i].id);
		put_floats(j, "damaged", &r->damaged, 1);
		put_floats(j, "severity", r->severity, FL_MODEL_SEVERITIES);
		put_floats(j, "part", r->part, FL_MODEL_PARTS);
		put_floats(j, "type", r->type, FL_MODEL_TYPES);
		fl_json_close(j, '}');
	}
	fl_json_close(j, ']');
	fl_json_close(j, '}');
}

static fl_err json_of(fl_ctx *ctx, const fl_case *c, void (*put)(fl_ctx *, fl_json_out *, const fl_case *), fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(256 << 10);
	fl_json_out j = { .buf = &buf };
	put(ctx, &j, c);
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

static void arg_code(fl_args *args, int code)
{
	if (code)
		fl_arg_i16(args, (int16_t)code);
	else
		fl_arg_null(args, FL_DB_I16);
}

static const fl_sql assessment_insert = {
	"assessment_insert",
	"INSERT INTO assessments (tenant_id, report_id, id, model, duration_ms, severity, severity_confidence, part, part_confidence, damage_type,"
	" type_confidence, cost_low, cost_likely, cost_high, hours_low, hours_likely, hours_high, rule, fraud_signals, similar_cases, evidence)"
	" VALUES ($1, $2, (SELECT coalesce(max(id), 0) + 1 FROM assessments WHERE report_id = $2), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
	" $13, $14, $15, $16, $17, $18, $19, $20)",
	.write = true
};

static fl_err assessment_args(fl_ctx *ctx, const fl_case *c, fl_args *args)
{
	const fl_assessment *a = &c->answer;
	fl_str fraud, similar, evidence;
	FL_TRY(json_of(ctx, c, put_fraud, &fraud));
	FL_TRY(json_of(ctx, c, put_similar, &similar));
	FL_TRY(json_of(ctx, c, put_evidence, &evidence));
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.tenant_id);
	fl_arg_uuid(args, c->report_id);
	fl_arg_text(args, fl_str_z(c->facts->version));
	fl_arg_i32(args, (int32_t)((fl_mono_us() - c->started_us) / 1000));
	arg_code(args, a->severity);
	fl_arg_f4(args, a->severity_confidence);
	arg_code(args, a->part);
	fl_arg_f4(args, a->part_confidence);
	arg_code(args, a->type);
	fl_arg_f4(args, a->type_confidence);
	const int64_t cost[] = { a->cost_low_cents, a->cost_likely_cents, a->cost_high_cents };
	const float hours[] = { a->hours_low, a->hours_likely, a->hours_high };
	for (size_t i = 0; i < 3; i++) {
		if (a->has_estimate)
			fl_arg_i64(args, cost[i]);
		else
			fl_arg_null(args, FL_DB_I64);
	}
	for (size_t i = 0; i < 3; i++) {
		if (a->has_estimate)
			fl_arg_f4(args, hours[i]);
		else
			fl_arg_null(args, FL_DB_F4);
	}
	fl_arg_texts(args, a->rule_count ? a->rule : &(fl_str){}, a->rule_count);
	fl_arg_jsonb(args, fraud);
	fl_arg_jsonb(args, similar);
	fl_arg_jsonb(args, evidence);
	return args->err;
}

/* What a person has set by hand stays; the stage moves on only from REPORTED. */
static void apply(fl_change_of *change, const fl_case *c)
{
	fl_report_state *a = &change->after;
	a->assessed_at = fl_now_us();
	a->severity = a->severity ? a->severity : (int16_t)c->answer.severity;
	a->damage_type = a->damage_type ? a->damage_type : (int16_t)c->answer.type;
	if (!a->has_estimated && c->answer.has_estimate) {
		a->has_estimated = true;
		a->estimated_cents = c->answer.cost_likely_cents;
	}
	if (a->stage == FL_STAGE_REPORTED)
		a->stage = FL_STAGE_ASSESSED;
}

static fl_err write_results(fl_ctx *ctx, fl_case *c, fl_tx *tx)
{
	fl_stmt stmts[FL_PHOTOS_MAX + 1 + FL_CHANGES_STMTS];
	fl_change_of *change;
	fl_policy policy;
	size_t found;
	int count = 0;
	fl_args *args = fl_new_array(ctx->mem, fl_args, c->photo_count + 1);
	if (!args)
		return FL_NOMEM;
	FL_TRY(fl_changes_begin(ctx, tx, &c->report_id, 1, &change, &found, &policy));
	if (found == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "the report does not exist any more");
	apply(change, c);
	FL_TRY(fl_changes_stmts(ctx, FL_EVENT_REPORT_ASSESSED, change, 1, &policy, stmts));
	count += FL_CHANGES_STMTS;
	FL_TRY(assessment_args(ctx, c, &args[0]));
	stmts[count++] = (fl_stmt){ &assessment_insert, &args[0], NULL };
	for (size_t i = 0; i < c->photo_count; i++, count++)
		FL_TRY(fl_case_embedding(ctx, c, i, &args[i + 1], &stmts[count]));
	return await_tx_statements(ctx, tx, stmts, count);
}

fl_err fl_case_write(fl_ctx *ctx, fl_case *c, fl_job *job)
{
	FL_AUTO_TX fl_tx tx = {};
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	FL_TRY(write_results(ctx, c, &tx));
	return await_job_commit(ctx, &tx, job);
}
