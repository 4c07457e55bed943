/* vision: from readings to one answer; the rate table; the words. */
#include "vision/vision.h"

#include <stdlib.h>

#include <setjmp.h>
#include <cmocka.h>

#include "vision/rates.h"

static fl_arena mem;

static int arena_open(void **state)
{
	mem = fl_arena_make(16 << 20);
	return 0;
}

static int arena_close(void **state)
{
	fl_arena_fini(&mem);
	return 0;
}

static const fl_model_facts facts = { .version = "test-1", .severity_min = 0.5f, .part_min = { .3f, .3f, .3f, .3f, .3f, .3f, .3f },
	                              .type_min = { .3f, .4f, .3f }, .embedding_len = 4 };

static fl_reading reading(float minor, float moderate, float severe, fl_vehicle_part part, float part_p, float dent, float scratch, float broken)
{
	fl_reading r = { .damaged = 0.9f, .severity = { minor, moderate, severe }, .type = { dent, scratch, broken } };

	if (part)
		r.part[part - 1] = part_p;
	return r;
}

static fl_assessment assess(const fl_reading *readings, size_t count, const char *currency)
{
	fl_assessment a;

	assert_int_equal(fl_assess(&facts, readings, count, fl_rates_find(fl_str_z(currency)), &mem, &a), FL_OK);
	return a;
}

static bool says(const fl_assessment *a, const char *text)
{
	for (size_t i = 0; i < a->rule_count; i++)
		if (fl_str_find(a->rule[i], fl_str_z(text)) >= 0)
			return true;
	return false;
}

static void answers_a_clear_case(void **state)
{
	fl_reading r = reading(.1f, .8f, .1f, FL_PART_DOOR, .9f, .8f, .1f, .1f);
	fl_assessment a = assess(&r, 1, "EUR");

	assert_int_equal(a.severity, FL_SEV_MODERATE);
	assert_float_equal(a.severity_confidence, 0.8f, 1e-5);
	assert_int_equal(a.part, FL_PART_DOOR);
	assert_int_equal(a.type, FL_DAMAGE_COLLISION);
	assert_true(a.type_confidence < 0.6f); /* no photo shows the cause */
	assert_true(a.has_estimate);
	/* door, dent, moderate: 4.0 h at 68 + 2.5 h at 74 + 120 = 577, to 5 units */
	assert_int_equal(a.cost_likely_cents, 57500);
	assert_float_equal(a.hours_likely, 6.5f, 1e-5);
	assert_true(says(&a, "door, moderate dent: 4.0 h body at 68.00 + 2.5 h paint at 74.00 + parts and material 120.00 = 577.00 EUR"));
	assert_true(says(&a, "not an offer"));
}

static void names_scratches_cosmetic(void **state)
{
	fl_reading r = reading(.9f, .1f, 0, FL_PART_BUMPER, .8f, .1f, .9f, .1f);
	fl_assessment a = assess(&r, 1, "EUR");

	assert_int_equal(a.severity, FL_SEV_COSMETIC);
	assert_true(says(&a, "only scratches"));
	r.type[0] = 0.5f; /* with a dent it is not */
	a = assess(&r, 1, "EUR");
	assert_int_equal(a.severity, FL_SEV_MINOR);
}

static void names_glass(void **state)
{
	fl_reading r = reading(.1f, .8f, .1f, FL_PART_WINDSHIELD, .7f, .1f, .1f, .9f);
	fl_assessment a = assess(&r, 1, "EUR");

	assert_int_equal(a.type, FL_DAMAGE_GLASS);
	assert_float_equal(a.type_confidence, 0.7f, 1e-5);
}

static void abstains(void **state)
{
	fl_reading r = reading(.34f, .33f, .33f, FL_PART_NONE, 0, .1f, .2f, .1f);
	fl_assessment a = assess(&r, 1, "EUR");

	assert_int_equal(a.severity, FL_SEV_NONE);
	assert_int_equal(a.part, FL_PART_NONE);
	assert_int_equal(a.type, FL_DAMAGE_NONE);
	assert_true(a.has_estimate); /* wide, and it says so */
	assert_true(a.cost_high_cents > 5 * a.cost_low_cents);
	assert_true(says(&a, "severity open"));
	assert_true(says(&a, "minor to severe"));

	a = assess(NULL, 0, "EUR");
	assert_int_equal(a.severity, FL_SEV_NONE);
	assert_false(a.has_estimate);
	assert_true(says(&a, "no photos"));
}

/* One close-up of a wreck outweighs overviews in which it looks small; whole photos count less. */
static void weighs_the_worst_photo(void **state)
{
	fl_reading r[4];

	for (int i = 0; i < 3; i++)
		r[i] = reading(.7f, .2f, .1f, FL_PART_DOOR, .4f, .5f, .1f, .1f);
	r[3] = reading(0, .05f, .95f, FL_PART_FENDER, .9f, .2f, .1f, .9f);
	fl_assessment a = assess(r, 4, "EUR");
	assert_int_equal(a.severity, FL_SEV_MAJOR);
	assert_int_equal(a.part, FL_PART_FENDER);
	assert_true(says(&a, "fender, severe breakage"));
	assert_true(says(&a, "door: possibly damaged too"));
	assert_true(says(&a, "4 photos"));
}

static void speaks_other_currencies(void **state)
{
	fl_reading r = reading(.1f, .8f, .1f, FL_PART_DOOR, .9f, .8f, .1f, .1f);
	fl_assessment eur = assess(&r, 1, "EUR"), chf = assess(&r, 1, "CHF"), unknown = assess(&r, 1, "XXX");

	assert_string_equal(chf.currency, "CHF");
	assert_true(chf.cost_likely_cents > eur.cost_likely_cents);
	assert_string_equal(unknown.currency, "EUR");
	assert_int_equal(unknown.cost_likely_cents, eur.cost_likely_cents);
}

/* Whatever the network says, the answer is in order. */
static void is_always_in_order(void **state)
{
	srand(11);
	for (int round = 0; round < 3000; round++) {
		fl_reading r[20];
		size_t count = (size_t)(1 + rand() % 20);
		for (size_t i = 0; i < count; i++) {
			float a = (float)(rand() % 100), b = (float)(rand() % 100), c = (float)(rand() % 100) + 1;
			r[i] = reading(a / (a + b + c), b / (a + b + c), c / (a + b + c), FL_PART_NONE, 0, (float)(rand() % 101) / 100,
			               (float)(rand() % 101) / 100, (float)(rand() % 101) / 100);
			r[i].damaged = (float)(rand() % 101) / 100;
			for (int k = 0; k < FL_MODEL_PARTS; k++)
				r[i].part[k] = (float)(rand() % 101) / 100;
		}
		fl_assessment a = assess(r, count, "EUR");
		assert_true(a.cost_low_cents > 0 && a.cost_low_cents <= a.cost_likely_cents && a.cost_likely_cents <= a.cost_high_cents);
		assert_true(a.hours_low > 0 && a.hours_low <= a.hours_likely && a.hours_likely <= a.hours_high);
		assert_true(a.severity <= FL_SEV_MAJOR); /* more than that no photo can show */
		assert_true(a.severity_confidence >= 0 && a.severity_confidence <= 1.0001f);
		assert_true(a.rule_count >= 3);
		fl_arena_reset(&mem);
	}
}

/* Every part, kind and level once; low, likely and high in order; graver is dearer. */
static void table_is_complete(void **state)
{
	enum { MINOR, MODERATE, SEVERE };
	enum { DENT, SCRATCH, BROKEN };
	int seen[8][3][3] = { 0 };
	double likely[8][3][3];

#define X(part, kind, level, b0, b1, b2, paint, p0, p1, p2, goods)                                                   \
	seen[FL_PART_##part][kind][level]++;                                                                          \
	likely[FL_PART_##part][kind][level] = b1 * 68 + paint * 74 + p1 + goods;                                       \
	assert_true(b0 > 0 && b0 <= b1 && b1 <= b2 && paint >= 0 && p0 >= 0 && p0 <= p1 && p1 <= p2 && goods >= 0);
	FL_REPAIRS(X)
#undef X
	for (int part = 0; part < 8; part++)
		for (int kind = 0; kind < 3; kind++)
			for (int level = 0; level < 3; level++) {
				assert_int_equal(seen[part][kind][level], 1);
				assert_true(level == 0 || likely[part][kind][level] > likely[part][kind][level - 1]);
			}
}

static void names_things(void **state)
{
	assert_true(fl_str_eq(fl_severity_name(FL_SEV_TOTAL_LOSS), FL_STR("TOTAL_LOSS")));
	assert_true(fl_str_eq(fl_damage_type_name(FL_DAMAGE_WEAR_TEAR), FL_STR("WEAR_TEAR")));
	assert_true(fl_str_eq(fl_vehicle_part_name(FL_PART_WINDSHIELD), FL_STR("WINDSHIELD")));
	assert_true(fl_str_eq(fl_fraud_kind_name(FL_FRAUD_EDITED), FL_STR("EDITED")));
	assert_true(fl_str_eq(fl_photo_media_type(FL_PHOTO_HEIC), FL_STR("image/heic")));
	assert_int_equal(fl_severity_name(FL_SEV_NONE).len, 0);
	assert_int_equal(fl_severity_name((fl_severity)99).len, 0);
	assert_int_equal(fl_severity_name((fl_severity)-1).len, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_open, arena_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_a_clear_case), TEST(names_scratches_cosmetic), TEST(names_glass), TEST(abstains), TEST(weighs_the_worst_photo),
		TEST(speaks_other_currencies), TEST(is_always_in_order), TEST(table_is_complete), TEST(names_things),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
