/* What is pure about estimates: their states, and how money is counted. */
#include "fleet/repair/estimate.h"

/* ---- states ---- */

static const fl_word states[] = { FL_ESTIMATE_STATES(FL_WORD) };
#define STEP(from, verb, to) { FL_ESTIMATE_##from, FL_ESTIMATE_##verb, FL_ESTIMATE_##to, 0 },
static const fl_life_step steps[] = { FL_ESTIMATE_STEPS(STEP) };
#undef STEP
const fl_life fl_estimate_life = { .states = FL_WORDS(states), .steps = steps, .step_count = FL_COUNT(steps) };

bool fl_estimate_is_open(const fl_estimate *e, int64_t now)
{
	bool stands = e->state == FL_ESTIMATE_SUBMITTED || e->state == FL_ESTIMATE_REVISED || e->state == FL_ESTIMATE_DECLINED;
	return stands && e->now.number && (!e->now.valid_until || e->now.valid_until > now);
}

bool fl_report_approved(const fl_report *report, int64_t *cents)
{
	bool approved = report->status == FL_STATUS_APPROVED || report->status == FL_STATUS_IN_REPAIR ||
			report->status == FL_STATUS_COMPLETED;
	if (!approved || !report->has_estimated)
		return false;
	*cents = report->estimated_cents;
	return true;
}

/* ---- counting ---- */

/* value x factor / unit, halves up. No overflow: the limits keep value x factor below 2^63. */
static int64_t share(int64_t value, int64_t factor, int64_t unit)
{
	return (value * factor + unit / 2) / unit;
}
_Static_assert(
	FL_QUANTITY_MAX *FL_UNIT_PRICE_MAX < INT64_MAX / 2 && FL_ESTIMATE_TOTAL_MAX * FL_RATE_MAX < INT64_MAX / 2, "no overflow");

static bool is_rate(int32_t rate)
{
	return rate >= 0 && rate <= FL_RATE_MAX;
}

static fl_err count_line(fl_diag *diag, fl_estimate_line *l, size_t number)
{
	if (l->kind < 1 || l->kind >= FL_LINE_KIND_COUNT || l->source < 0 || l->source >= FL_SOURCE_COUNT)
		return fl_fail(diag, FL_BAD_INPUT, "line %zu is of no known kind", number);
	if (l->quantity <= 0 || l->quantity > FL_QUANTITY_MAX)
		return fl_fail(diag, FL_BAD_INPUT, "line %zu: the quantity goes from 0.001 to 10,000", number);
	if (l->unit_cents < 0 || l->unit_cents > FL_UNIT_PRICE_MAX)
		return fl_fail(diag, FL_BAD_INPUT, "line %zu: the price goes from 0 to 10,000,000", number);
	if (!is_rate(l->discount_rate))
		return fl_fail(diag, FL_BAD_INPUT, "line %zu: the discount goes from 0 to 100 percent", number);
	if (l->tax_rate != FL_RATE_AS_ESTIMATE && !is_rate(l->tax_rate))
		return fl_fail(diag, FL_BAD_INPUT, "line %zu: the tax rate goes from 0 to 100 percent", number);
	int64_t gross = share(l->quantity, l->unit_cents, 1000);
	if (gross > FL_ESTIMATE_TOTAL_MAX)
		return fl_fail(diag, FL_BAD_INPUT, "line %zu costs more than 1,000,000,000", number);
	l->net_cents = gross - share(gross, l->discount_rate, FL_RATE_MAX);
	return FL_OK;
}

static void add_line(fl_estimate_totals *t, const fl_estimate_line *l)
{
	int64_t *const by_kind[] = {
		[FL_LINE_LABOUR] = &t->labour,
		[FL_LINE_PARTS] = &t->parts,
		[FL_LINE_PAINT] = &t->paint,
		[FL_LINE_OTHER] = &t->other,
		[FL_LINE_SUBLET] = &t->other,
	};
	*by_kind[l->kind] += l->net_cents;
	t->net += l->net_cents;
	if (l->kind == FL_LINE_LABOUR)
		t->labour_time += l->quantity;
}

static int32_t rate_of(const fl_estimate_line *l, int32_t tax_rate)
{
	return l->tax_rate == FL_RATE_AS_ESTIMATE ? tax_rate : l->tax_rate;
}

/* Once for each rate: the line that has it first counts for all that have it. */
static int64_t count_tax(const fl_estimate_line *lines, size_t count, int32_t tax_rate)
{
	int64_t tax = 0;
	for (size_t i = 0; i < count; i++) {
		int32_t rate = rate_of(&lines[i], tax_rate);
		int64_t net = 0;
		size_t first = 0;
		while (rate_of(&lines[first], tax_rate) != rate)
			first++;
		if (first < i)
			continue;
		for (size_t k = i; k < count; k++)
			net += rate_of(&lines[k], tax_rate) == rate ? lines[k].net_cents : 0;
		tax += share(net, rate, FL_RATE_MAX);
	}
	return tax;
}

fl_err fl_estimate_count(fl_diag *diag, fl_estimate_line *lines, size_t count, int32_t tax_rate, fl_estimate_totals *out)
{
	fl_estimate_totals t = {};
	if (count > FL_ESTIMATE_LINES_MAX)
		return fl_fail(
			diag, FL_BAD_INPUT, "%zu lines were sent; an estimate has at most %d", count, FL_ESTIMATE_LINES_MAX);
	if (!is_rate(tax_rate))
		return fl_fail(diag, FL_BAD_INPUT, "the tax rate goes from 0 to 100 percent");
	for (size_t i = 0; i < count; i++) {
		FL_TRY(count_line(diag, &lines[i], i + 1));
		add_line(&t, &lines[i]);
	}
	if (t.net > FL_ESTIMATE_TOTAL_MAX)
		return fl_fail(diag, FL_BAD_INPUT, "the estimate is beyond 1,000,000,000");
	t.tax = count_tax(lines, count, tax_rate);
	t.total = t.net + t.tax;
	if (t.total > FL_ESTIMATE_TOTAL_MAX)
		return fl_fail(diag, FL_BAD_INPUT, "the estimate is beyond 1,000,000,000");
	*out = t;
	return FL_OK;
}

/* ---- decimals ---- */

static fl_err no_number(fl_diag *diag, const char *what, int decimals)
{
	return fl_fail(diag, FL_BAD_INPUT, "%s must be a number as in \"1.5\", with at most %d decimals", what, decimals);
}

fl_err fl_decimal_parse(fl_diag *diag, const char *what, fl_str text, int decimals, int64_t max, int64_t *out)
{
	int64_t value = 0;
	int behind = -1, digits = 0; /* behind: digits after the point; -1: none was seen */
	text = fl_str_trim(text);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if ((c == '.' || c == ',') && behind < 0) {
			behind = 0;
			continue;
		}
		if (c < '0' || c > '9' || (behind >= decimals && c != '0'))
			return no_number(diag, what, decimals);
		digits++;
		if (behind >= decimals)
			continue;
		if (value > max)
			break; /* too large whatever comes */
		value = value * 10 + (c - '0');
		behind += behind >= 0;
	}
	if (!digits)
		return no_number(diag, what, decimals);
	for (int i = FL_MAX(behind, 0); i < decimals && value <= max; i++)
		value *= 10;
	if (value > max)
		return fl_fail(diag, FL_BAD_INPUT, "%s is too large", what);
	*out = value;
	return FL_OK;
}

fl_str fl_decimal_text(fl_arena *mem, int64_t value, int decimals)
{
	int64_t unit = 1;
	assert(decimals >= 0 && decimals <= 6);
	for (int i = 0; i < decimals; i++)
		unit *= 10;
	int64_t rest = value % unit;
	while (rest && rest % 10 == 0) {
		rest /= 10;
		decimals--;
	}
	return rest ? fl_str_fmt(mem, "%lld.%0*lld", (long long)(value / unit), decimals, (long long)rest)
		    : fl_str_fmt(mem, "%lld", (long long)(value / unit));
}
