/* Between the vendor's form and an estimate. */
#include "page/quote_int.h"

/* ---- from the form ---- */

/* The fields of a row, by the letter that stands before its number: "q12" is the quantity of row 12. */
static fl_str *row_field(quote_row *row, char letter)
{
	switch (letter) {
	case 'k': return &row->kind;
	case 't': return &row->text;
	case 'n': return &row->number;
	case 's': return &row->source;
	case 'z': return &row->zone;
	case 'q': return &row->quantity;
	case 'p': return &row->price;
	case 'd': return &row->discount;
	case 'x': return &row->tax;
	default: return NULL;
	}
}

/* A pair is decoded by itself: asking the whole form for each of 1,800 fields would read it 1,800 times. */
static void read_pair(fl_ctx *ctx, fl_str pair, quote_form *out)
{
	fl_str value, name = fl_str_cut(pair, '=', &value);
	int32_t number;
	if (name.len < 2 || name.len > 4 || !fl_str_i32(fl_str_slice(name, 1, name.len), &number) || number < 1 ||
		number > FL_ESTIMATE_LINES_MAX)
		return;
	fl_str *field = row_field(&out->rows[number - 1], name.ptr[0]);
	if (!field || !fl_form_get(ctx->mem, pair, name, &value))
		return;
	*field = fl_str_trim(value);
	out->count = FL_MAX(out->count, (size_t)number);
}

static void read_field(fl_ctx *ctx, fl_str body, const char *name, fl_str *out)
{
	*out = FL_STR("");
	if (fl_form_get(ctx->mem, body, fl_str_z(name), out))
		*out = fl_str_trim(*out);
}

void quote_form_read(fl_ctx *ctx, fl_str body, quote_form *out)
{
	*out = (quote_form) {};
	read_field(ctx, body, "action", &out->action);
	read_field(ctx, body, "revision", &out->revision);
	read_field(ctx, body, "reference", &out->reference);
	read_field(ctx, body, "note", &out->note);
	read_field(ctx, body, "valid", &out->valid);
	read_field(ctx, body, "days", &out->days);
	read_field(ctx, body, "tax", &out->tax);
	read_field(ctx, body, "reason", &out->reason);
	for (fl_str rest = body; rest.len;)
		read_pair(ctx, fl_str_cut(rest, '&', &rest), out);
}

/* ---- from what was written last ---- */

static const char *const kinds[] = {
#define NAME(name, code) [code] = #name,
	FL_ESTIMATE_KINDS(NAME)
#undef NAME
};
static const char *const sources[] = {
#define NAME(name, code) [code] = #name,
	FL_PART_SOURCES(NAME)
#undef NAME
};

static fl_str number_or_empty(fl_ctx *ctx, int number)
{
	return number > 0 ? fl_str_fmt(ctx->mem, "%d", number) : FL_STR("");
}

static quote_row row_of(fl_ctx *ctx, const fl_estimate_line *l)
{
	return (quote_row) {
		.kind = fl_str_z(kinds[l->kind]),
		.text = l->text,
		.number = l->part_number,
		.source = l->source ? fl_str_z(sources[l->source]) : FL_STR(""),
		.zone = number_or_empty(ctx, l->zone),
		.quantity = fl_decimal_text(ctx->mem, l->quantity, 3),
		.price = fl_money_text(ctx->mem, l->unit_cents),
		.discount = l->discount_rate ? fl_decimal_text(ctx->mem, l->discount_rate, 2) : FL_STR(""),
		.tax = l->tax_rate == FL_RATE_AS_ESTIMATE ? FL_STR("") : fl_decimal_text(ctx->mem, l->tax_rate, 2),
	};
}

/* A day is over with its last second: the form shows the day, the estimate keeps the moment. */
static fl_str day_of(fl_ctx *ctx, int64_t valid_until)
{
	char text[FL_TIME_TEXT_MAX];
	if (!valid_until)
		return FL_STR("");
	fl_time_format(valid_until - FL_SECOND_US, text);
	return fl_str_dup(ctx->mem, fl_str_make(text, 10));
}

void quote_form_fill(fl_ctx *ctx, const fl_quote *q, quote_form *out)
{
	const fl_estimate_revision *d = &q->draft;
	*out = (quote_form) { .reference = d->reference, .note = d->note, .valid = day_of(ctx, d->valid_until) };
	out->days = d->number && d->repair_days >= 0 ? fl_str_fmt(ctx->mem, "%d", d->repair_days) : FL_STR("");
	out->tax = d->tax_rate ? fl_decimal_text(ctx->mem, d->tax_rate, 2) : FL_STR("");
	for (size_t i = 0; i < d->line_count && i < FL_ESTIMATE_LINES_MAX; i++)
		out->rows[out->count++] = row_of(ctx, &d->lines[i]);
}

/* ---- to an estimate ---- */

static int16_t code_of(const char *const *names, size_t count, fl_str text)
{
	for (size_t i = 1; i < count; i++)
		if (fl_str_eq_nocase(text, fl_str_z(names[i])))
			return (int16_t)i;
	return 0;
}

static bool is_empty(const quote_row *r)
{
	return !r->text.len && !r->number.len && !r->quantity.len && !r->price.len && !r->discount.len && !r->tax.len &&
	       !r->zone.len;
}

static fl_err read_number(
	fl_ctx *ctx, size_t line, const char *what, fl_str text, int decimals, int64_t max, int64_t otherwise, int64_t *out)
{
	fl_str name = line ? fl_str_fmt(ctx->mem, "line %zu: the %s", line, what) : fl_str_fmt(ctx->mem, "the %s", what);
	*out = otherwise;
	if (!name.ptr)
		return FL_NOMEM;
	return text.len ? fl_decimal_parse(&ctx->diag, name.ptr, text, decimals, max, out) : FL_OK;
}

static fl_err read_row(fl_ctx *ctx, const quote_row *r, size_t line, fl_estimate_line *out)
{
	int64_t discount, tax, zone;
	*out = (fl_estimate_line) { .kind = code_of(kinds, FL_COUNT(kinds), r->kind),
		.source = code_of(sources, FL_COUNT(sources), r->source),
		.text = r->text,
		.part_number = r->number };
	if (!out->kind)
		return fl_fail(
			&ctx->diag, FL_BAD_INPUT, "line %zu: say whether it is labour, parts, paint or something else", line);
	if (!r->text.len)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "line %zu: say what it is for", line);
	if (!r->price.len)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "line %zu: say what it costs", line);
	FL_TRY(read_number(ctx, line, "quantity", r->quantity, 3, FL_QUANTITY_MAX, 1000, &out->quantity));
	FL_TRY(read_number(ctx, line, "price", r->price, 2, FL_UNIT_PRICE_MAX, 0, &out->unit_cents));
	FL_TRY(read_number(ctx, line, "discount", r->discount, 2, FL_RATE_MAX, 0, &discount));
	FL_TRY(read_number(ctx, line, "tax rate", r->tax, 2, FL_RATE_MAX, FL_RATE_AS_ESTIMATE, &tax));
	FL_TRY(read_number(ctx, line, "number of the damage", r->zone, 0, FL_ZONES_MAX, 0, &zone));
	out->discount_rate = (int32_t)discount;
	out->tax_rate = (int32_t)tax;
	out->zone = (int16_t)zone;
	return FL_OK;
}

static fl_err read_day(fl_ctx *ctx, fl_str day, int64_t *out)
{
	int64_t at;
	*out = 0;
	if (!day.len)
		return FL_OK;
	fl_str moment = fl_str_fmt(ctx->mem, "%" FL_FMT "T00:00:00Z", FL_ARG(day));
	if (day.len != 10 || !fl_time_parse(moment, &at))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "write the day as in 2026-12-31");
	*out = at + 24 * FL_HOUR_US;
	return FL_OK;
}

fl_err quote_form_draft(fl_ctx *ctx, const quote_form *form, fl_estimate_draft *out)
{
	int64_t days, tax;
	*out = (fl_estimate_draft) { .reference = form->reference, .note = form->note };
	FL_TRY(read_number(ctx, 0, "number of days", form->days, 0, FL_ESTIMATE_DAYS_MAX, -1, &days));
	FL_TRY(read_number(ctx, 0, "tax rate", form->tax, 2, FL_RATE_MAX, 0, &tax));
	FL_TRY(read_day(ctx, form->valid, &out->valid_until));
	out->repair_days = (int16_t)days;
	out->tax_rate = (int32_t)tax;
	out->lines = fl_new_array(ctx->mem, fl_estimate_line, form->count);
	if (!out->lines)
		return FL_NOMEM;
	for (size_t i = 0; i < form->count; i++)
		if (!is_empty(&form->rows[i]))
			FL_TRY(read_row(ctx, &form->rows[i], i + 1, &out->lines[out->line_count++]));
	return FL_OK;
}

/* ---- from a program ---- */

/* Numbers may come as such or as text: "12.50" is exact, 12.5 is what a spreadsheet sends. */
static fl_str member(fl_ctx *ctx, const fl_json *object, const char *name)
{
	const fl_json *value = fl_json_get(object, fl_str_z(name));
	if (value && value->type == FL_JSON_INT)
		return fl_str_fmt(ctx->mem, "%lld", (long long)value->integer);
	if (value && value->type == FL_JSON_DOUBLE)
		return fl_str_fmt(ctx->mem, "%.10g", value->number);
	return fl_str_trim(fl_json_str(value, FL_STR("")));
}

fl_err quote_json_draft(fl_ctx *ctx, fl_str body, fl_estimate_draft *out, bool *send)
{
	const fl_json *json, *lines;
	quote_form *form = fl_new(ctx->mem, quote_form);
	if (!form)
		return FL_NOMEM;
	FL_TRY(fl_json_parse(ctx->mem, body, &json, &ctx->diag));
	lines = fl_json_get(json, FL_STR("lines"));
	if (!lines || lines->type != FL_JSON_ARRAY || lines->items.count > FL_ESTIMATE_LINES_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "lines must be a list of at most %d objects", FL_ESTIMATE_LINES_MAX);
	form->reference = member(ctx, json, "reference");
	form->note = member(ctx, json, "note");
	form->valid = member(ctx, json, "validUntil");
	form->days = member(ctx, json, "repairDays");
	form->tax = member(ctx, json, "taxRate");
	for (const fl_json *l = lines->items.first; l; l = l->next)
		form->rows[form->count++] = (quote_row) {
			.kind = member(ctx, l, "kind"),
			.text = member(ctx, l, "text"),
			.number = member(ctx, l, "partNumber"),
			.source = member(ctx, l, "source"),
			.zone = member(ctx, l, "damage"),
			.quantity = member(ctx, l, "quantity"),
			.price = member(ctx, l, "unitPrice"),
			.discount = member(ctx, l, "discount"),
			.tax = member(ctx, l, "taxRate"),
		};
	*send = fl_json_bool(fl_json_get(json, FL_STR("send")), true);
	return quote_form_draft(ctx, form, out);
}
