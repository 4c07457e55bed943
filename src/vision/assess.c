/* From what the network saw in each photo to one answer with an estimate, every step of it sayable in words.
 *
 *	severity   half the average over the photos (a photo counts as far as it shows damage), half the photo that
 *	           looks worst: an overview makes damage small, and the close-up is the one that knows
 *	part, kind the photo that is surest of it, from the network's own threshold on
 *	estimate   the rate table's line for each damaged part; the high end also covers the graver kinds and levels that
 *	           the network thinks possible, the low end the milder levels */
#include <math.h>

#include "vision/rates.h"
#include "vision/vision.h"

enum { MINOR, MODERATE, SEVERE, LEVELS };
enum { DENT, SCRATCH, BROKEN, KINDS };
enum { PARTS_COSTED_MAX = 3, LINES_MAX = 12 };

#define POSSIBLE 0.20f       /* a level counts into the range from this probability on */
#define SURE_OF_PART 0.50f   /* further parts count into the likely cost from here on, below only into the high one */
#define COSMETIC_MIN 0.60f   /* how sure of "minor" it must be to call scratches cosmetic */
#define CAUSE_KNOWN 0.60f    /* a photo shows damage, not its cause: a ceiling for confidence in COLLISION */

typedef struct repair {
	fl_vehicle_part part;
	int kind, level;
	double body[3], paint; /* hours: low, likely, high */
	int parts[3], goods;   /* euros */
} repair;

static const repair repairs[] = {
#define FL_REPAIR_X(part, kind, level, b0, b1, b2, paint, p0, p1, p2, goods) \
	{ FL_PART_##part, kind, level, { b0, b1, b2 }, paint, { p0, p1, p2 }, goods },
	FL_REPAIRS(FL_REPAIR_X)
#undef FL_REPAIR_X
};

static const char *const level_names[] = { "minor", "moderate", "severe" };
static const char *const kind_names[] = { "dent", "scratch", "breakage" };
static const char *const part_names[] = { "panel", "hood", "bumper", "trunk", "door", "fender", "light", "windshield" };

const fl_rates *fl_rates_find(fl_str currency)
{
	static const fl_rates rates[] = {
#define FL_RATE_X(name, body, paint, goods) { #name, body, paint, goods },
		FL_RATES(FL_RATE_X)
#undef FL_RATE_X
	};

	for (size_t i = 0; i < FL_COUNT(rates); i++)
		if (fl_str_eq(fl_str_z(rates[i].currency), currency))
			return &rates[i];
	return &rates[0];
}

/* What all photos say together. */
typedef struct seen {
	size_t photos;
	float severity[LEVELS], part[FL_MODEL_PARTS], type[KINDS];
} seen;

static float expected_level(const fl_reading *r)
{
	return r->severity[MODERATE] + 2 * r->severity[SEVERE];
}

static seen combine(const fl_reading *readings, size_t count)
{
	seen s = { .photos = count };
	const fl_reading *worst = NULL;
	float weights = 0, worst_level = -1;

	for (size_t i = 0; i < count; i++) {
		const fl_reading *r = &readings[i];
		float weight = 0.1f + r->damaged, level = weight * expected_level(r);
		weights += weight;
		for (int k = 0; k < LEVELS; k++)
			s.severity[k] += weight * r->severity[k];
		for (int k = 0; k < FL_MODEL_PARTS; k++)
			s.part[k] = fmaxf(s.part[k], r->part[k]);
		for (int k = 0; k < KINDS; k++)
			s.type[k] = fmaxf(s.type[k], r->type[k]);
		if (level > worst_level) {
			worst_level = level;
			worst = r;
		}
	}
	for (int k = 0; k < LEVELS && worst; k++)
		s.severity[k] = 0.5f * s.severity[k] / weights + 0.5f * worst->severity[k];
	return s;
}

static int largest(const float *values, int count)
{
	int best = 0;

	for (int k = 1; k < count; k++)
		if (values[k] > values[best])
			best = k;
	return best;
}

/* The largest of the values that reach their threshold; -1 when none does. */
static int surest(const float *values, const float *least, int count)
{
	int best = -1;

	for (int k = 0; k < count; k++)
		if (values[k] >= least[k] && (best < 0 || values[k] > values[best]))
			best = k;
	return best;
}

static void judge_severity(const fl_model_facts *f, const seen *s, fl_assessment *a)
{
	static const fl_severity severities[] = { FL_SEV_MINOR, FL_SEV_MODERATE, FL_SEV_MAJOR };
	int level = largest(s->severity, LEVELS);
	bool only_scratches = surest(s->type, f->type_min, KINDS) == SCRATCH && s->type[DENT] < f->type_min[DENT] &&
	                      s->type[BROKEN] < f->type_min[BROKEN];

	a->severity_confidence = s->severity[level];
	if (s->severity[level] < f->severity_min)
		return;
	a->severity = severities[level];
	if (level == MINOR && only_scratches && s->severity[MINOR] >= COSMETIC_MIN)
		a->severity = FL_SEV_COSMETIC;
}

static void judge_part(const fl_model_facts *f, const seen *s, fl_assessment *a)
{
	int part = surest(s->part, f->part_min, FL_MODEL_PARTS);

	a->part = part < 0 ? FL_PART_NONE : (fl_vehicle_part)(part + 1);
	a->part_confidence = s->part[part < 0 ? largest(s->part, FL_MODEL_PARTS) : part];
}

/* Glass is seen; that something was hit is only likely. */
static void judge_type(const fl_model_facts *f, const seen *s, fl_assessment *a)
{
	int kind = surest(s->type, f->type_min, KINDS);
	bool glass = a->part == FL_PART_WINDSHIELD || a->part == FL_PART_LIGHT;

	a->type_confidence = CAUSE_KNOWN * s->type[largest(s->type, KINDS)];
	if (kind < 0)
		return;
	if (glass && kind == BROKEN) {
		a->type = FL_DAMAGE_GLASS;
		a->type_confidence = fminf(s->type[BROKEN], a->part_confidence);
		return;
	}
	a->type = FL_DAMAGE_COLLISION;
	a->type_confidence = CAUSE_KNOWN * s->type[kind];
}

/* ---- The estimate ---- */

typedef struct sum {
	double hours[3];
	double cents[3];
} sum;

static const repair *find_repair(fl_vehicle_part part, int kind, int level)
{
	for (size_t i = 0; i < FL_COUNT(repairs); i++)
		if (repairs[i].part == part && repairs[i].kind == kind && repairs[i].level == level)
			return &repairs[i];
	return NULL;
}

/* Cents of one repair at its low, likely or high end. */
static double price(const repair *r, int end, const fl_rates *rates)
{
	double goods = (r->parts[end] + r->goods) * 100.0 * rates->goods_percent / 100.0;

	return r->body[end] * (double)rates->body_hour_cents + r->paint * (double)rates->paint_hour_cents + goods;
}

static void add_repair(sum *to, int end, const repair *r, const fl_rates *rates)
{
	to->hours[end] += r->body[end] + r->paint;
	to->cents[end] += price(r, end, rates);
}

/* The levels from the mildest to the gravest that the network thinks possible. */
static void possible_levels(const seen *s, int *likely, int *mildest, int *gravest)
{
	*likely = *mildest = *gravest = largest(s->severity, LEVELS);
	for (int k = LEVELS - 1; k >= 0; k--)
		if (s->severity[k] >= POSSIBLE)
			*mildest = FL_MIN(*mildest, k);
	for (int k = 0; k < LEVELS; k++)
		if (s->severity[k] >= POSSIBLE)
			*gravest = FL_MAX(*gravest, k);
}

/* Up to three parts, surest first; one unnamed panel when none is clear. */
static int list_parts(const fl_model_facts *f, const seen *s, fl_vehicle_part out[PARTS_COSTED_MAX])
{
	float left[FL_MODEL_PARTS];
	int count = 0, next;

	memcpy(left, s->part, sizeof(left));
	while (count < PARTS_COSTED_MAX && (next = surest(left, f->part_min, FL_MODEL_PARTS)) >= 0) {
		out[count++] = (fl_vehicle_part)(next + 1);
		left[next] = -1;
	}
	if (count == 0)
		out[count++] = FL_PART_NONE;
	return count;
}

typedef struct words {
	fl_arena *mem;
	fl_str lines[LINES_MAX];
	size_t count;
	bool full;
} words;

static void say(words *w, const char *format, ...) FL_PRINTF(2, 3);

static void say(words *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fl_str line = fl_str_vfmt(w->mem, format, args);
	va_end(args);
	if (!line.ptr)
		w->full = true;
	else if (w->count < LINES_MAX)
		w->lines[w->count++] = line;
}

static void say_repair(words *w, const repair *r, const fl_rates *rates)
{
	double goods = (r->parts[1] + r->goods) * rates->goods_percent / 100.0;

	say(w, "%s, %s %s: %.1f h body at %.2f + %.1f h paint at %.2f + parts and material %.2f = %.2f %s", part_names[r->part],
	    level_names[r->level], kind_names[r->kind], r->body[1], (double)rates->body_hour_cents / 100, r->paint,
	    (double)rates->paint_hour_cents / 100, goods, price(r, 1, rates) / 100, rates->currency);
}

/* The kind that stands farthest above its threshold: scratches are so common that they would win by number alone. */
static int likely_kind(const fl_model_facts *f, const seen *s)
{
	int best = SCRATCH;
	float most = 0;

	for (int k = 0; k < KINDS; k++) {
		float times = s->type[k] / fmaxf(f->type_min[k], 0.05f);
		if (times > most) {
			most = times;
			best = k;
		}
	}
	return best;
}

/* The dearest of the kinds that the network thinks possible. */
static const repair *dearest_repair(const fl_model_facts *f, const seen *s, fl_vehicle_part part, int kind, int level, const fl_rates *rates)
{
	const repair *dearest = find_repair(part, kind, level);

	for (int k = 0; k < KINDS; k++) {
		const repair *other = find_repair(part, k, level);
		if (s->type[k] >= f->type_min[k] && price(other, 2, rates) > price(dearest, 2, rates))
			dearest = other;
	}
	return dearest;
}

static int64_t round_cents(double cents)
{
	return (int64_t)(cents / 500.0 + 0.5) * 500; /* to 5 units: more digits would promise too much */
}

static void estimate(const fl_model_facts *f, const seen *s, const fl_rates *rates, fl_assessment *a, words *w)
{
	fl_vehicle_part parts[PARTS_COSTED_MAX];
	int likely, mildest, gravest, kind = likely_kind(f, s), count = list_parts(f, s, parts);
	sum total = { { 0 }, { 0 } };

	possible_levels(s, &likely, &mildest, &gravest);
	for (int i = 0; i < count; i++) {
		bool sure = i == 0 || s->part[parts[i] - 1] >= SURE_OF_PART;
		const repair *middle = find_repair(parts[i], kind, likely);
		assert(middle);
		if (i == 0)
			add_repair(&total, 0, find_repair(parts[i], kind, mildest), rates);
		if (sure) {
			add_repair(&total, 1, middle, rates);
			say_repair(w, middle, rates);
		} else {
			say(w, "%s: possibly damaged too (%.0f %%), counted into the high end only", part_names[parts[i]],
			    (double)s->part[parts[i] - 1] * 100);
		}
		add_repair(&total, 2, dearest_repair(f, s, parts[i], kind, gravest, rates), rates);
	}
	if (mildest == gravest)
		say(w, "low and high: one such repair in ten is cheaper, one in ten is dearer");
	else
		say(w, "low and high cover %s to %s damage, as the photos leave that open", level_names[mildest], level_names[gravest]);
	a->has_estimate = true;
	memcpy(a->currency, rates->currency, sizeof(a->currency));
	a->cost_low_cents = round_cents(total.cents[0]);
	a->cost_likely_cents = round_cents(fmax(total.cents[0], total.cents[1]));
	a->cost_high_cents = round_cents(fmax(total.cents[1], total.cents[2]));
	a->hours_low = (float)total.hours[0];
	a->hours_likely = (float)fmax(total.hours[0], total.hours[1]);
	a->hours_high = (float)fmax(total.hours[1], total.hours[2]);
}

static void say_severity(const fl_model_facts *f, const seen *s, const fl_assessment *a, words *w)
{
	fl_str name = fl_severity_name(a->severity);

	say(w, "severity %s: the network gives minor %.0f %%, moderate %.0f %%, severe %.0f %% (%zu photo%s; half the average, half the worst)",
	    a->severity ? name.ptr : "open", (double)s->severity[MINOR] * 100, (double)s->severity[MODERATE] * 100,
	    (double)s->severity[SEVERE] * 100, s->photos, s->photos == 1 ? "" : "s");
	if (!a->severity)
		say(w, "no severity is named below %.0f %%; a person should look", (double)f->severity_min * 100);
	if (a->severity == FL_SEV_COSMETIC)
		say(w, "minor becomes COSMETIC because only scratches show");
}

fl_err fl_assess(const fl_model_facts *facts, const fl_reading *readings, size_t count, const fl_rates *rates,
                 fl_arena *mem, fl_assessment *out)
{
	fl_assessment a = { .severity = FL_SEV_NONE };
	words w = { .mem = mem };
	seen s = combine(readings, count);

	if (count > 0) {
		judge_severity(facts, &s, &a);
		judge_part(facts, &s, &a);
		judge_type(facts, &s, &a);
		say_severity(facts, &s, &a, &w);
		estimate(facts, &s, rates, &a, &w);
		say(&w, "an estimate from the rate table, not an offer; taxes are not included");
	} else {
		say(&w, "no photos, so nothing to judge: a person should look");
	}
	a.rule = fl_new_array(mem, fl_str, w.count);
	if (!a.rule || w.full)
		return FL_NOMEM;
	memcpy(a.rule, w.lines, w.count * sizeof(*a.rule));
	a.rule_count = w.count;
	*out = a;
	return FL_OK;
}
