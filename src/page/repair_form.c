/* What the forms of the repair part ask the API for: each act names a document and the fields of its input. */
#include "page/repair_int.h"

typedef enum field_kind {
	TEXT = 1, /* left out when empty */
	WHOLE,
	DATE, /* a day; the API gets its midnight, UTC */
	TOGGLE, /* +TASK is done, -TASK is not */
	LINES, /* one text a line */
	WHO, /* e:ESTIMATE or v:VENDOR; else nobody, which is the own workshop */
	SUMS, /* one amount for each kind of cost */
} field_kind;

typedef struct field {
	const char *name;
	field_kind kind;
} field;

enum { FIELDS_MAX = 7, FORM_TASKS_MAX = 100 };

static const struct act {
	fl_str name;
	const char *path;
	field fields[FIELDS_MAX];
} acts[REPAIR_ACTS] = {
	{ FL_STR_INIT("ask"), "web/queries/repair_ask.graphql",
		{ { "reportId", TEXT }, { "vendorId", TEXT }, { "email", TEXT }, { "message", TEXT } } },
	{ FL_STR_INIT("renew"), "web/queries/repair_renew.graphql", { { "reportId", TEXT }, { "estimateId", TEXT }, { "version", WHOLE } } },
	{ FL_STR_INIT("accept"), "web/queries/repair_accept.graphql", { { "reportId", TEXT }, { "estimateId", TEXT }, { "version", WHOLE } } },
	{ FL_STR_INIT("decline"), "web/queries/repair_decline.graphql",
		{ { "reportId", TEXT }, { "estimateId", TEXT }, { "version", WHOLE }, { "reason", TEXT } } },
	{ FL_STR_INIT("order"), "web/queries/repair_order.graphql",
		{ { "reportId", TEXT }, { "who", WHO }, { "plannedStart", DATE }, { "instructions", TEXT }, { "tasks", LINES } } },
	{ FL_STR_INIT("move"), "web/queries/repair_move.graphql",
		{ { "id", TEXT }, { "version", WHOLE }, { "step", TEXT }, { "plannedStart", DATE }, { "plannedEnd", DATE }, { "reason", TEXT } } },
	{ FL_STR_INIT("task"), "web/queries/repair_task.graphql", { { "workOrderId", TEXT }, { "toggle", TOGGLE } } },
	{ FL_STR_INIT("bill"), "web/queries/repair_bill.graphql",
		{ { "workOrderId", TEXT }, { "number", TEXT }, { "dated", DATE }, { "lines", SUMS } } },
	{ FL_STR_INIT("allow"), "web/queries/repair_allow.graphql", { { "id", TEXT } } },
	{ FL_STR_INIT("pack"), "web/queries/repair_pack.graphql", { { "reportId", TEXT } } },
};

const char *repair_act_path(size_t act)
{
	return acts[act].path;
}

static void put(fl_json_out *j, const char *name, fl_str value)
{
	fl_json_key(j, fl_str_z(name));
	fl_json_put_str(j, value);
}

static fl_err put_lines(fl_ctx *ctx, fl_json_out *j, const char *name, fl_str text)
{
	size_t count = 0;

	fl_json_key(j, fl_str_z(name));
	fl_json_open(j, '[');
	while (text.len > 0) {
		fl_str line = fl_str_trim(fl_str_cut(text, '\n', &text));
		if (line.len && ++count > FORM_TASKS_MAX)
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "these are more than %d tasks; make a second order", FORM_TASKS_MAX);
		if (line.len)
			fl_json_put_str(j, line);
	}
	fl_json_close(j, ']');
	return FL_OK;
}

static void put_who(fl_json_out *j, fl_str value)
{
	fl_str id;
	fl_str kind = fl_str_cut(value, ':', &id);

	if (fl_str_eq(kind, FL_STR("e")))
		put(j, "estimateId", id);
	else if (fl_str_eq(kind, FL_STR("v")))
		put(j, "vendorId", id);
}

static fl_err put_sums(fl_ctx *ctx, fl_json_out *j, const char *name, fl_str form)
{
	static const char *const kinds[] = { "LABOUR", "PARTS", "PAINT", "TAX", "OTHER" };
	fl_str amount;

	fl_json_key(j, fl_str_z(name));
	fl_json_open(j, '[');
	for (size_t i = 0; i < FL_COUNT(kinds); i++) {
		if (!fl_form_get(ctx->mem, form, fl_str_z(kinds[i]), &amount) || !(amount = fl_str_trim(amount)).len)
			continue;
		if (!fl_str_utf8_valid(amount))
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "an amount of this form is not UTF-8 text");
		fl_json_open(j, '{');
		put(j, "kind", fl_str_z(kinds[i]));
		put(j, "amount", amount);
		fl_json_close(j, '}');
	}
	fl_json_close(j, ']');
	return FL_OK;
}

static fl_err put_whole(fl_ctx *ctx, fl_json_out *j, const char *name, fl_str value)
{
	int64_t whole;

	if (!fl_str_i64(value, &whole))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the field %s of this form is a whole number", name);
	fl_json_key(j, fl_str_z(name));
	fl_json_put_i64(j, whole);
	return FL_OK;
}

static fl_err put_field(fl_ctx *ctx, fl_json_out *j, const field *f, fl_str form)
{
	fl_str value;

	if (f->kind == SUMS)
		return put_sums(ctx, j, f->name, form);
	if (!fl_form_get(ctx->mem, form, fl_str_z(f->name), &value) || !(value = fl_str_trim(value)).len)
		return FL_OK;
	if (!fl_str_utf8_valid(value))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the field %s of this form is not UTF-8 text", f->name);
	switch (f->kind) {
	case WHOLE: return put_whole(ctx, j, f->name, value);
	case LINES: return put_lines(ctx, j, f->name, value);
	case WHO: put_who(j, value); return FL_OK;
	case DATE: put(j, f->name, fl_str_fmt(ctx->mem, "%" FL_FMT "T00:00:00Z", FL_ARG(value))); return FL_OK;
	case TOGGLE:
		put(j, "taskId", fl_str_slice(value, 1, value.len));
		fl_json_key(j, FL_STR("done"));
		fl_json_put_bool(j, value.ptr[0] == '+');
		return FL_OK;
	default: put(j, f->name, value); return FL_OK;
	}
}

fl_err repair_form_read(fl_ctx *ctx, const fl_page *page, fl_str form, fl_str *document, fl_str *variables)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(1 << 16);
	fl_json_out j = { .buf = &buf };
	fl_str name = {};
	size_t a = 0;

	(void)!fl_form_get(ctx->mem, form, FL_STR("act"), &name);
	while (a < REPAIR_ACTS && !fl_str_eq(acts[a].name, name))
		a++;
	if (a == REPAIR_ACTS)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "this form does not say what is to be done; load the page again");
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("input"));
	fl_json_open(&j, '{');
	for (const field *f = acts[a].fields; f < acts[a].fields + FIELDS_MAX && f->name; f++)
		FL_TRY(put_field(ctx, &j, f, form));
	fl_json_close(&j, '}');
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&buf));
	*document = page->documents.repair_acts[a];
	*variables = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return variables->ptr ? FL_OK : FL_NOMEM;
}
