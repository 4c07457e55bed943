/* Inspections against a real PostgreSQL: the table of steps, changes behind the back of a signature, two at once, another company, how
 * long they are kept, and what stands on the paper. */
#include "world.h"

#include "fleet/inspection/inspection.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static world w;

static const char *sql(const char *text)
{
	return pg_fixture_sql(&w.pg, text);
}

/* ---- making one ---- */

static const fl_signing ada = { .name = FL_STR_INIT("Ada Driver") }, cy = { .name = FL_STR_INIT("Cy Mechanic") }, ben = { .name = FL_STR_INIT("Ben Driver") };

static fl_str key; /* of the client; ptr NULL: none */

static fl_err submit(fl_ctx *ctx, const fl_defect_draft *defects, size_t count, fl_submitted *out)
{
	fl_answered_item items[FL_INSPECTION_ITEMS_LAW];
	fl_inspection_template *template;
	bool unsafe = false;
	FL_TRY(fl_inspection_template_get(ctx, 0, 0, &template));
	for (size_t i = 0; i < template->item_count; i++) {
		items[i] = (fl_answered_item) { .key = template->items[i].key, .result = FL_ITEM_OK };
		for (size_t k = 0; k < count; k++)
			if (fl_str_eq(items[i].key, defects[k].item))
				items[i].result = FL_ITEM_DEFECT;
	}
	for (size_t k = 0; k < count; k++)
		unsafe |= defects[k].unsafe;
	return fl_inspection_submit(ctx, &(fl_inspection_draft) { .vehicle_id = 1, .kind = FL_INSPECTION_POST_TRIP, .items = items,
		.item_count = template->item_count, .defects = defects, .defect_count = count, .safe = !unsafe, .signing = ada, .idempotency_key = key,
		.has_location = true, .location = { 51.9000001, 4.4999999 } }, out);
}

static fl_err with_two_defects(fl_ctx *ctx, fl_uuid *out)
{
	const fl_defect_draft defects[] = { { .item = FL_STR("horn"), .note = FL_STR("silent"), .unsafe = true },
		{ .item = FL_STR("tires"), .note = FL_STR("worn"), .severity = FL_SEV_MINOR } };
	fl_submitted done;
	world_as(ctx, 1, WORLD_DRIVER);
	FL_TRY(submit(ctx, defects, 2, &done));
	assert_true(done.filed);
	*out = done.id;
	world_as(ctx, 1, WORLD_MANAGER);
	return FL_OK;
}

static fl_err certify(fl_ctx *ctx, fl_uuid id, int16_t defect)
{
	return fl_inspection_certify(ctx, id, 0, &(fl_resolution) { defect, FL_DEFECT_REPAIRED, FL_STR("done") }, 1, &cy, NULL);
}

static bool proves(fl_ctx *ctx, fl_uuid id)
{
	fl_inspection_proof proof;
	assert_int_equal(fl_inspection_verify(ctx, id, &proof), FL_OK);
	return proof.valid;
}

/* ---- the steps ---- */

static void steps_are_a_table(void **state)
{
	for (int from = 0; from <= FL_INSPECTION_CLOSED; from++)
		assert_int_equal(fl_inspection_step((fl_inspection_state)from, FL_INSPECTION_SUBMIT, true),
			from == FL_INSPECTION_NONE ? FL_INSPECTION_AWAITS_MECHANIC : FL_INSPECTION_NONE);
	assert_int_equal(fl_inspection_step(FL_INSPECTION_NONE, FL_INSPECTION_SUBMIT, false), FL_INSPECTION_CLOSED);
	assert_int_equal(fl_inspection_step(FL_INSPECTION_AWAITS_MECHANIC, FL_INSPECTION_CERTIFY, true), FL_INSPECTION_AWAITS_MECHANIC);
	assert_int_equal(fl_inspection_step(FL_INSPECTION_AWAITS_MECHANIC, FL_INSPECTION_CERTIFY, false), FL_INSPECTION_AWAITS_DRIVER);
	assert_int_equal(fl_inspection_step(FL_INSPECTION_AWAITS_MECHANIC, FL_INSPECTION_ACKNOWLEDGE, true), FL_INSPECTION_NONE);
	assert_int_equal(fl_inspection_step(FL_INSPECTION_AWAITS_DRIVER, FL_INSPECTION_ACKNOWLEDGE, false), FL_INSPECTION_CLOSED);
	assert_int_equal(fl_inspection_step(FL_INSPECTION_CLOSED, FL_INSPECTION_ACKNOWLEDGE, false), FL_INSPECTION_NONE);
}

/* ---- what was signed ---- */

/* Changes the record as whoever owns the tables can, and takes the change back. */
static void tamper(fl_ctx *ctx, fl_uuid id, const char *change, const char *back)
{
	(void)sql(change);
	if (proves(ctx, id))
		fail_msg("nobody noticed: %s", change);
	(void)sql(back);
	assert_true(proves(ctx, id));
}

static fl_err changes_are_evident(fl_ctx *ctx)
{
	fl_uuid id;
	FL_TRY(with_two_defects(ctx, &id));
	FL_TRY(certify(ctx, id, 1));
	FL_TRY(certify(ctx, id, 2));
	world_as(ctx, 1, WORLD_OTHER_DRIVER); /* not who made it: a vehicle of the company */
	assert_int_equal(fl_inspection_acknowledge(ctx, id, 4, FL_STR("fine"), &ben), FL_CONFLICT);
	FL_TRY(fl_inspection_acknowledge(ctx, id, 3, FL_STR("fine"), &ben));
	assert_true(proves(ctx, id));
	tamper(ctx, id, "UPDATE inspections SET safe = true", "UPDATE inspections SET safe = false");
	tamper(ctx, id, "UPDATE inspections SET inspected_at = inspected_at + interval '1 second'", "UPDATE inspections SET inspected_at = inspected_at - interval '1 second'");
	tamper(ctx, id, "UPDATE inspections SET items = jsonb_set(items, '{0,result}', '3')", "UPDATE inspections SET items = jsonb_set(items, '{0,result}', '1')");
	tamper(ctx, id, "UPDATE inspections SET state = 2", "UPDATE inspections SET state = 3");
	tamper(ctx, id, "UPDATE inspections SET location = NULL", "UPDATE inspections SET location = ST_SetSRID(ST_MakePoint(4.5, 51.9), 4326)");
	tamper(ctx, id, "UPDATE inspection_defects SET note = note || '.'", "UPDATE inspection_defects SET note = rtrim(note, '.')");
	tamper(ctx, id, "UPDATE inspection_defects SET state = 3 WHERE id = 2", "UPDATE inspection_defects SET state = 2 WHERE id = 2");
	tamper(ctx, id, "UPDATE inspection_defects SET resolved_by = 2 WHERE id = 2", "UPDATE inspection_defects SET resolved_by = 3 WHERE id = 2");
	tamper(ctx, id, "UPDATE inspection_signatures SET name = 'Eve' WHERE id = 2", "UPDATE inspection_signatures SET name = 'Cy Mechanic' WHERE id = 2");
	tamper(ctx, id, "UPDATE inspection_signatures SET sha256 = sha256('x') WHERE id = 4; ",
		"UPDATE inspection_signatures s SET sha256 = e.h FROM (SELECT decode(data->>'sha256', 'hex') AS h FROM events WHERE type = 'inspection.acknowledged') e WHERE s.id = 4");
	tamper(ctx, id, "CREATE TABLE kept AS SELECT * FROM inspection_signatures WHERE id = 4; DELETE FROM inspection_signatures WHERE id = 4",
		"INSERT INTO inspection_signatures SELECT * FROM kept; DROP TABLE kept");
	/* The server itself may not do any of that. */
	assert_string_equal(pg_fixture_sql_as(&w.pg, "fleet_app", 1, "UPDATE inspection_signatures SET name = 'Eve'", NULL, 0), "42501");
	assert_string_equal(pg_fixture_sql_as(&w.pg, "fleet_app", 1, "UPDATE inspections SET safe = true", NULL, 0), "42501");
	assert_string_equal(pg_fixture_sql_as(&w.pg, "fleet_app", 1, "DELETE FROM inspections", NULL, 0), "42501");
	return FL_OK;
}

/* ---- two at once ---- */

typedef struct racer {
	fl_uuid id;
	fl_err err;
} racer;

static fl_err race(fl_ctx *ctx, void *arg)
{
	racer *r = arg;
	fl_ctx own;
	fl_ctx_derive(&own, ctx, 0);
	r->err = certify(&own, r->id, 1);
	fl_ctx_fini(&own);
	return FL_OK;
}

static fl_err two_mechanics_at_once(fl_ctx *ctx)
{
	racer racers[2];
	fl_group group;
	FL_TRY(with_two_defects(ctx, &racers[0].id));
	racers[1].id = racers[0].id;
	fl_group_init(&group, ctx);
	for (size_t i = 0; i < 2; i++)
		fl_group_go(&group, race, &racers[i]);
	FL_TRY(await_group(&group));
	assert_true((racers[0].err == FL_OK) != (racers[1].err == FL_OK));
	assert_true(racers[0].err == FL_CONFLICT || racers[1].err == FL_CONFLICT);
	assert_true(proves(ctx, racers[0].id));
	return FL_OK;
}

/* ---- found again and again ---- */

static fl_err once_for_all(fl_ctx *ctx)
{
	fl_uuid ids[3];
	fl_inspection *rows;
	size_t count;
	int32_t also = -1;
	(void)sql("UPDATE inspection_defects SET state = 2, resolved_by = 1 WHERE state = 1"); /* of other tests */
	for (size_t i = 0; i < FL_COUNT(ids); i++)
		FL_TRY(with_two_defects(ctx, &ids[i]));
	/* The newest is certified, one defect of it: the older two follow, and stay open for the other defect. */
	FL_TRY(fl_inspection_certify(ctx, ids[2], 1, &(fl_resolution) { 1, FL_DEFECT_REPAIRED, FL_STR("new horn") }, 1, &cy, &also));
	assert_int_equal(also, 2);
	FL_TRY(fl_inspections_get(ctx, ids, 3, &rows, &count));
	for (size_t i = 0; i < count; i++)
		assert_true(rows[i].version == 2 && rows[i].state == FL_INSPECTION_AWAITS_MECHANIC && proves(ctx, rows[i].id));
	FL_TRY(fl_inspection_certify(ctx, ids[0], 2, &(fl_resolution) { 2, FL_DEFECT_UNNECESSARY, FL_STR("deep enough") }, 1, &cy, &also));
	assert_int_equal(also, 2);
	FL_TRY(fl_inspections_get(ctx, ids, 3, &rows, &count));
	for (size_t i = 0; i < count; i++)
		assert_true(rows[i].version == 3 && rows[i].state == FL_INSPECTION_AWAITS_DRIVER && proves(ctx, rows[i].id));
	return FL_OK;
}

/* ---- companies ---- */

static fl_err another_company_sees_nothing(fl_ctx *ctx)
{
	fl_inspection *rows;
	fl_defect *defects;
	fl_signature *signatures;
	fl_inspection_proof proof;
	int32_t *unsafe, vehicle = 1;
	size_t count;
	fl_str pdf;
	fl_uuid id;
	FL_TRY(with_two_defects(ctx, &id));
	FL_TRY(fl_unsafe_vehicles(ctx, &vehicle, 1, &unsafe, &count));
	assert_int_equal(count, 1);
	world_as(ctx, 2, WORLD_MANAGER);
	FL_TRY(fl_inspections_get(ctx, &id, 1, &rows, &count));
	assert_int_equal(count, 0);
	FL_TRY(fl_inspections_find(ctx, &(fl_inspection_filter) {}, NULL, 10, &rows, &count));
	assert_int_equal(count, 0);
	FL_TRY(fl_defects_of(ctx, &id, 1, &defects, &count));
	assert_int_equal(count, 0);
	FL_TRY(fl_signatures_of(ctx, &id, 1, &signatures, &count));
	assert_int_equal(count, 0);
	FL_TRY(fl_open_defects_of(ctx, &vehicle, 1, &defects, &count));
	assert_int_equal(count, 0);
	FL_TRY(fl_unsafe_vehicles(ctx, &vehicle, 1, &unsafe, &count));
	assert_int_equal(count, 0);
	assert_int_equal(certify(ctx, id, 1), FL_NOT_FOUND);
	assert_int_equal(fl_inspection_acknowledge(ctx, id, 0, (fl_str) {}, &ben), FL_NOT_FOUND);
	assert_int_equal(fl_inspection_verify(ctx, id, &proof), FL_NOT_FOUND);
	assert_int_equal(fl_inspection_paper(ctx, id, &pdf), FL_NOT_FOUND);
	return FL_OK;
}

/* ---- keeping ---- */

static fl_err three_months_are_kept(fl_ctx *ctx)
{
	fl_uuid id;
	FL_TRY(with_two_defects(ctx, &id));
	char text[FL_UUID_TEXT + 1], statement[400];
	fl_uuid_format(id, text);
	snprintf(statement, sizeof statement, "DELETE FROM inspections WHERE id = '%s'", text);
	/* Not even the owner deletes it; and a company keeps what is old as long as it wants to. */
	char guarded[600];
	snprintf(guarded, sizeof guarded, "DO $$ BEGIN %s; RAISE EXCEPTION 'gone'; EXCEPTION WHEN check_violation THEN NULL; END $$; SELECT count(*) > 0 FROM inspections", statement);
	assert_string_equal(sql(guarded), "t");
	(void)sql("INSERT INTO inspections (tenant_id, id, vehicle_id, vehicle_text, kind, state, safe, made_by, inspected_at, items) SELECT 1, uuid7(now() - a), 1, 'V', 1, s, true, 2,"
		  " now() - a, '[]' FROM (VALUES (interval '200 days', 3), ('200 days', 1), ('80 days', 3)) x(a, s)");
	assert_string_equal(sql("SELECT inspections_expire()"), "0");
	(void)sql("INSERT INTO inspection_policies (tenant_id, keep_days) VALUES (1, 93)");
	assert_string_equal(pg_fixture_sql_as(&w.pg, "fleet_app", 1, "SELECT inspections_expire()", NULL, 0), "42501");
	assert_string_equal(sql("SELECT inspections_expire()"), "1"); /* the one that awaits a mechanic stays, and the young one */
	assert_string_equal(sql("SELECT count(*) FROM inspections WHERE vehicle_text = 'V'"), "2");
	return FL_OK;
}

/* The law keeps what a driver signed for three months; what goes after that is said where it is missed. */
static fl_err erasure_waits(fl_ctx *ctx)
{
	fl_inspection_proof proof;
	fl_uuid id;
	char text[200] = "";
	FL_TRY(with_two_defects(ctx, &id));
	assert_string_equal(pg_fixture_sql_as(&w.pg, "fleet_app", 1, "SELECT sentence FROM erasure_duties(1, '{2}') LIMIT 1", text, sizeof text), "");
	assert_non_null(strstr(text, "49 CFR 396.11"));
	assert_string_equal(pg_fixture_sql_as(&w.pg, "fleet_app", 2, "SELECT count(*) FROM erasure_duties(1, '{2}')", text, sizeof text), "");
	assert_string_equal(text, "0");
	(void)sql("SELECT person_blank(1, 1, '{2}')");
	FL_TRY(fl_inspection_verify(ctx, id, &proof));
	assert_false(proof.valid);
	assert_non_null(strstr(proof.checks[0].problem.ptr, "erased on request"));
	return FL_OK;
}

/* ---- a phone that sends twice ---- */

typedef struct sender {
	fl_err err;
	fl_submitted done;
} sender;

static fl_err send_once(fl_ctx *ctx, void *arg)
{
	sender *s = arg;
	fl_ctx own;
	fl_ctx_derive(&own, ctx, 0);
	s->err = submit(&own, &(fl_defect_draft) { .item = FL_STR("steering_mechanism"), .note = FL_STR("loose"), .new_report = true }, 1, &s->done);
	fl_ctx_fini(&own);
	return FL_OK;
}

static fl_err twice_at_once_is_once(fl_ctx *ctx)
{
	sender senders[4];
	fl_group group;
	world_as(ctx, 1, WORLD_OTHER_DRIVER);
	key = FL_STR("the same");
	fl_group_init(&group, ctx);
	for (size_t i = 0; i < FL_COUNT(senders); i++)
		fl_group_go(&group, send_once, &senders[i]);
	FL_TRY(await_group(&group));
	key = (fl_str) {};
	for (size_t i = 0; i < FL_COUNT(senders); i++) {
		assert_int_equal(senders[i].err, FL_OK);
		assert_true(senders[i].done.filed && fl_uuid_eq(senders[i].done.id, senders[0].done.id));
	}
	assert_int_equal(world_count(&w, "SELECT count(*) FROM inspections WHERE made_by = 3"), 1);
	assert_int_equal(world_count(&w, "SELECT count(*) FROM damage_reports WHERE description LIKE '%loose'"), 1);
	return FL_OK;
}

/* ---- on paper ---- */

static char paper[64];

static fl_err writes_a_paper(fl_ctx *ctx)
{
	fl_upload photo = world_photo(ctx, 5);
	const fl_defect_draft defects[] = { { .item = FL_STR("wheels_and_rims"), .note = FL_STR("<b>a rim is bent</b>"), .unsafe = true, .photos = &photo, .photo_count = 1 } };
	fl_submitted done;
	fl_str pdf, again;
	world_as(ctx, 1, WORLD_DRIVER);
	FL_TRY(submit(ctx, defects, 1, &done));
	FL_TRY(fl_inspection_paper(ctx, done.id, &pdf));
	FL_TRY(fl_inspection_paper(ctx, done.id, &again));
	assert_true(fl_str_eq(pdf, again));
	/* Another driver may read the inspection, but not the report: its photo is not there. */
	world_as(ctx, 1, WORLD_OTHER_DRIVER);
	FL_TRY(fl_inspection_paper(ctx, done.id, &again));
	assert_true(again.len < pdf.len);
	snprintf(paper, sizeof paper, "/tmp/fleet_inspection_XXXXXX");
	int fd = mkstemp(paper);
	assert_true(fd >= 0 && write(fd, pdf.ptr, pdf.len) == (ssize_t)pdf.len);
	close(fd);
	return FL_OK;
}

static void paper_says_it(void)
{
	static char text[16384];
	char command[128];
	snprintf(command, sizeof command, "pdftotext -layout %s -", paper);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	text[fread(text, 1, sizeof text - 1, pipe)] = '\0';
	assert_int_equal(pclose(pipe), 0);
	unlink(paper);
	static const char *const said[] = { "Driver vehicle inspection report", "NOT SAFE TO OPERATE", "Wheels and rims", "<b>a rim is bent</b>", "Ada Driver", "SHA-256",
		"Mechanic or carrier", "Next driver", "51.900000, 4.500000", "awaits the mechanic" };
	for (size_t i = 0; i < FL_COUNT(said); i++)
		if (!strstr(text, said[i]))
			fail_msg("the paper does not say '%s':\n%s", said[i], text);
}

#define SCENE(name)                                                                                                              \
	static void test_##name(void **state)                                                                                    \
	{                                                                                                                        \
		world_play(&w, name);                                                                                            \
	}
SCENE(changes_are_evident)
SCENE(two_mechanics_at_once)
SCENE(once_for_all)
SCENE(another_company_sees_nothing)
SCENE(three_months_are_kept)
SCENE(twice_at_once_is_once)
SCENE(erasure_waits)

static void test_paper(void **state)
{
	world_play(&w, writes_a_paper);
	paper_says_it();
}

static int start(void **state)
{
	world_start(&w);
	return 0;
}

static int stop(void **state)
{
	world_stop(&w);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_a_table),
		cmocka_unit_test(test_changes_are_evident),
		cmocka_unit_test(test_two_mechanics_at_once),
		cmocka_unit_test(test_once_for_all),
		cmocka_unit_test(test_another_company_sees_nothing),
		cmocka_unit_test(test_three_months_are_kept),
		cmocka_unit_test(test_twice_at_once_is_once),
		cmocka_unit_test(test_paper),
		cmocka_unit_test(test_erasure_waits), /* last: Kim is nobody then */
	};
	world_child(argc, argv);
	return cmocka_run_group_tests(tests, start, stop);
}
