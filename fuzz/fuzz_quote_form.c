/* Any bytes as a vendor's form, or as its JSON when they begin with '{'. What is good enough to be an estimate comes back the
 * same when it is shown in a form and read again; and nothing that was typed becomes markup: a page has as many '<' as one with
 * nothing in it. */
#include "fuzz.h"

#include "page/quote_int.h"

enum { MEM_MAX = 64 << 20, PAGE_MAX = 8 << 20 };

static const fl_quote *quote_of(const fl_estimate_draft *draft)
{
	static fl_estimate estimate;
	static fl_quote quote;
	estimate = (fl_estimate) { .id = 1, .state = FL_ESTIMATE_REQUESTED, .vendor = FL_STR("a") };
	quote = (fl_quote) { .state = FL_QUOTE_OPEN, .estimate = &estimate, .currency = FL_STR("EUR"), .company = FL_STR("c") };
	if (draft)
		quote.draft = (fl_estimate_revision) { .number = 1,
			.reference = draft->reference,
			.note = draft->note,
			.valid_until = draft->valid_until,
			.repair_days = draft->repair_days,
			.tax_rate = draft->tax_rate,
			.lines = draft->lines,
			.line_count = draft->line_count };
	return &quote;
}

static size_t count_open(fl_ctx *ctx, const quote_form *form)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(PAGE_MAX);
	html h = { .buf = &buf };
	size_t n = 0;
	view_quote(&h, ctx, quote_of(NULL), form, FL_STR("token"), (fl_str) {}, (fl_str) {});
	assert(fl_buf_err(&buf) == FL_OK && h.depth == 0);
	for (size_t i = 0; i < buf.len; i++)
		n += buf.ptr[i] == '<';
	return n;
}

static void no_markup(fl_ctx *ctx, const quote_form *form)
{
	quote_form *blank = fl_new(ctx->mem, quote_form);
	assert(blank);
	blank->count = form->count;
	blank->action = form->action;
	assert(count_open(ctx, form) == count_open(ctx, blank));
}

static void same_line(const fl_estimate_line *a, const fl_estimate_line *b)
{
	assert(a->kind == b->kind && a->source == b->source && a->zone == b->zone && a->quantity == b->quantity &&
		a->unit_cents == b->unit_cents);
	assert(a->discount_rate == b->discount_rate && a->tax_rate == b->tax_rate && a->net_cents == b->net_cents);
	assert(fl_str_eq(a->text, b->text) && fl_str_eq(a->part_number, b->part_number));
}

static void same_again(fl_ctx *ctx, const fl_estimate_draft *draft, const fl_estimate_totals *totals)
{
	quote_form *form = fl_new(ctx->mem, quote_form);
	fl_estimate_draft again;
	fl_estimate_totals sums;
	assert(form);
	quote_form_fill(ctx, quote_of(draft), form);
	assert(quote_form_draft(ctx, form, &again) == FL_OK && fl_estimate_check(ctx, &again, &sums) == FL_OK);
	assert(again.line_count == draft->line_count && again.tax_rate == draft->tax_rate &&
		again.repair_days == draft->repair_days);
	assert(again.valid_until == draft->valid_until && sums.total == totals->total);
	for (size_t i = 0; i < draft->line_count; i++)
		same_line(&draft->lines[i], &again.lines[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	fl_arena mem = fl_arena_make(MEM_MAX);
	fl_ctx ctx;
	fl_estimate_draft draft = {};
	fl_estimate_totals totals;
	bool send;
	fl_err err;
	fl_str body = fl_str_make((const char *)bytes, FL_MIN(len, (size_t)QUOTE_FORM_MAX));
	fl_ctx_init(&ctx, NULL, &mem);
	if (body.len && body.ptr[0] == '{') {
		err = quote_json_draft(&ctx, body, &draft, &send);
	} else {
		quote_form *form = fl_new(&mem, quote_form);
		assert(form);
		quote_form_read(&ctx, body, form);
		assert(form->count <= FL_ESTIMATE_LINES_MAX);
		no_markup(&ctx, form);
		err = quote_form_draft(&ctx, form, &draft);
	}
	if (err == FL_OK && fl_estimate_check(&ctx, &draft, &totals) == FL_OK)
		same_again(&ctx, &draft, &totals);
	fl_ctx_fini(&ctx);
	fl_arena_fini(&mem);
	return 0;
}
