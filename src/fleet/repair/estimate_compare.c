/* Estimates beside the assessment: cost, hours, and whether they are for what is damaged. */
#include "fleet/repair/estimate.h"
#include "fleet/report/zone.h"

/* What belongs to one report. */
typedef struct beside {
	const fl_zone *zones;
	size_t zone_count;
	const fl_assessment_row *assessment;
} beside;

/* ---- places ---- */

static bool names_place(const fl_estimate_line *l)
{
	return l->zone || l->part;
}

/* A side that one of them does not say fits every side. */
static bool is_for(const fl_estimate_line *l, const fl_zone *z)
{
	if (z->state != FL_ZONE_OPEN)
		return false;
	if (l->zone)
		return l->zone == z->id;
	return l->part == z->part && (!l->side || !z->side || l->side == z->side);
}

static bool is_damaged(const beside *b, const fl_estimate_line *l)
{
	for (size_t i = 0; i < b->zone_count; i++)
		if (is_for(l, &b->zones[i]))
			return true;
	return false;
}

static bool is_covered(const fl_estimate_revision *r, const fl_zone *z)
{
	for (size_t i = 0; i < r->line_count; i++)
		if (is_for(&r->lines[i], z))
			return true;
	return false;
}

static fl_err compare_places(fl_ctx *ctx, const beside *b, fl_estimate_compared *out)
{
	const fl_estimate_revision *r = &out->estimate->now;
	out->outside = fl_new_array(ctx->mem, const fl_estimate_line *, r->line_count);
	out->missing = fl_new_array(ctx->mem, const fl_zone *, b->zone_count);
	if (!out->outside || !out->missing)
		return FL_NOMEM;
	for (size_t i = 0; i < r->line_count; i++)
		out->has_places |= names_place(&r->lines[i]);
	out->has_places &= b->zone_count > 0;
	if (!out->has_places)
		return FL_OK;
	for (size_t i = 0; i < r->line_count; i++)
		if (names_place(&r->lines[i]) && !is_damaged(b, &r->lines[i]))
			out->outside[out->outside_count++] = &r->lines[i];
	for (size_t i = 0; i < b->zone_count; i++)
		if (b->zones[i].state == FL_ZONE_OPEN && !is_covered(r, &b->zones[i]))
			out->missing[out->missing_count++] = &b->zones[i];
	return FL_OK;
}

/* ---- cost and time ---- */

static double percent(double value, double of)
{
	return (value - of) / of * 100;
}

static void compare_figures(const beside *b, fl_estimate_compared *out)
{
	const fl_assessment_row *a = b->assessment;
	int64_t total = out->estimate->now.totals.total;
	out->hours = (double)out->estimate->now.totals.labour_time / 1000;
	if (!a || !a->has_estimate)
		return;
	out->against = total < a->cost_low ? FL_AGAINST_BELOW : total > a->cost_high ? FL_AGAINST_ABOVE : FL_AGAINST_WITHIN;
	out->has_deviation = a->cost_likely > 0;
	if (out->has_deviation)
		out->deviation = percent((double)total, (double)a->cost_likely);
	out->has_hours = a->hours_likely > 0;
	if (out->has_hours)
		out->hours_deviation = percent(out->hours, (double)a->hours_likely);
}

static bool counts(const fl_estimate *e, int64_t now)
{
	return e->state == FL_ESTIMATE_ACCEPTED || fl_estimate_is_open(e, now);
}

static void mark_best(fl_estimate_comparison *c)
{
	int64_t now = fl_now_us(), cheapest = INT64_MAX;
	int fastest = INT16_MAX;
	for (size_t i = 0; i < c->count; i++) {
		const fl_estimate_revision *r = &c->rows[i].estimate->now;
		if (!counts(c->rows[i].estimate, now))
			continue;
		cheapest = FL_MIN(cheapest, r->totals.total);
		if (r->repair_days >= 0)
			fastest = FL_MIN(fastest, r->repair_days);
	}
	for (size_t i = 0; i < c->count; i++) {
		const fl_estimate_revision *r = &c->rows[i].estimate->now;
		bool may = counts(c->rows[i].estimate, now);
		c->rows[i].is_cheapest = may && r->totals.total == cheapest;
		c->rows[i].is_fastest = may && r->repair_days == fastest;
	}
}

/* ---- reports ---- */

static fl_err compare_one(fl_ctx *ctx, const fl_estimate *estimates, size_t count, const beside *b, fl_estimate_comparison *out)
{
	out->assessment = b->assessment;
	out->rows = fl_new_array(ctx->mem, fl_estimate_compared, count);
	if (!out->rows)
		return FL_NOMEM;
	for (size_t i = 0; i < count; i++) {
		if (!estimates[i].now.number)
			continue;
		fl_estimate_compared *row = &out->rows[out->count++];
		row->estimate = &estimates[i];
		compare_figures(b, row);
		FL_TRY(compare_places(ctx, b, row));
	}
	mark_best(out);
	return FL_OK;
}

/* The rows of a report among rows that stand grouped by report: from *first, *count of them. */
static void group(const void *rows, size_t stride, size_t id_offset, size_t total, fl_uuid report, size_t *first, size_t *count)
{
	const char *at = rows;
	size_t i = 0, end;
	while (i < total && !fl_uuid_eq(*(const fl_uuid *)(at + i * stride + id_offset), report))
		i++;
	for (end = i; end < total && fl_uuid_eq(*(const fl_uuid *)(at + end * stride + id_offset), report);)
		end++;
	*first = i;
	*count = end - i;
}

fl_err fl_estimates_compare(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_estimate_comparison **out)
{
	fl_estimate *estimates;
	fl_assessment_row *assessments;
	fl_zone *zones;
	size_t estimate_count, assessment_count, zone_count;
	fl_estimate_comparison *made = fl_new_array(ctx->mem, fl_estimate_comparison, report_count);
	if (!made)
		return FL_NOMEM;
	FL_TRY(fl_must(ctx, FL_MAY_ESTIMATE_READ));
	FL_TRY(fl_estimates_of_reports(ctx, reports, report_count, &estimates, &estimate_count));
	FL_TRY(fl_assessments_of_reports(ctx, reports, report_count, &assessments, &assessment_count));
	FL_TRY(fl_zones_of_reports(ctx, reports, report_count, &zones, &zone_count));
	for (size_t i = 0; i < report_count; i++) {
		size_t e, e_count, z, a, a_count;
		beside b = {};
		group(estimates, sizeof(estimates[0]), offsetof(fl_estimate, report_id), estimate_count, reports[i], &e,
			&e_count);
		group(zones, sizeof(zones[0]), offsetof(fl_zone, report_id), zone_count, reports[i], &z, &b.zone_count);
		group(assessments, sizeof(assessments[0]), offsetof(fl_assessment_row, report_id), assessment_count, reports[i],
			&a, &a_count);
		b.zones = b.zone_count ? &zones[z] : NULL;
		b.assessment = a_count ? &assessments[a] : NULL;
		made[i].report_id = reports[i];
		FL_TRY(compare_one(ctx, e_count ? &estimates[e] : NULL, e_count, &b, &made[i]));
	}
	*out = made;
	return FL_OK;
}
