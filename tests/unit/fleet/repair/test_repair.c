/* Work orders, bills and the guard of the actual cost against a real PostgreSQL. */
#include "world.h"

#include "fleet/claim_pack/claim_pack.h"
#include "fleet/repair/repair.h"
#include "fleet/report/transition.h"

#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static world w;

enum { SECOND_MANAGER = 5, ADMIN = 6 };

static void as_user(fl_ctx *ctx, int32_t user, fl_role role)
{
	ctx->caller = (fl_caller) { 1, user, role, FL_STR("somebody") };
}

static void as_manager(fl_ctx *ctx)
{
	as_user(ctx, WORLD_MANAGER, FL_ROLE_MANAGER);
}

/* Nothing differs from what its events say: called after every scene. */
static void agree(void)
{
	const char *differences = pg_fixture_sql(&w.pg, "SELECT coalesce(string_agg(d.report_id || ' ' || d.field || ' ' || "
							"coalesce(d.stored, '-') || ' ' || coalesce(d.told, '-'), '; '), '')"
							" FROM (SELECT tenant_id, array_agg(id) AS ids FROM damage_reports GROUP "
							"BY 1) r, reports_differences(r.tenant_id, r.ids) d");
	assert_string_equal(differences, "");
}

/* A report that is approved for so much. */
static fl_err approved(fl_ctx *ctx, int64_t cents, fl_uuid *out)
{
	const fl_report *report;
	as_manager(ctx);
	FL_TRY(world_file(ctx, "a dent", NULL, 0, out));
	FL_TRY(fl_report_update(ctx,
		&(fl_report_patch) { .id = *out, .has_estimated = true, .estimated_cents = cents, .status = FL_STATUS_APPROVED }, &report));
	assert_int_equal(report->stage, FL_STAGE_APPROVED);
	return FL_OK;
}

static fl_err order(fl_ctx *ctx, fl_uuid report, int32_t *id)
{
	return fl_order_create(ctx, &(fl_order_draft) { .report_id = report }, id);
}

static fl_err move(fl_ctx *ctx, int32_t id, fl_order_verb verb)
{
	return fl_order_move(ctx, &(fl_order_move_in) { .id = id, .verb = verb, .reason = FL_STR("because") });
}

static fl_err bill(fl_ctx *ctx, int32_t id, int64_t cents, int32_t *out)
{
	const fl_invoice_line line = { .kind = 2, .cents = cents };
	return fl_invoice_record(ctx, &(fl_invoice_draft) { .order_id = id, .lines = &line, .line_count = 1 }, out);
}

static fl_err read(fl_ctx *ctx, fl_uuid id, const fl_report **out)
{
	fl_report *rows;
	size_t count;
	FL_TRY(fl_reports_get(ctx, &id, 1, &rows, &count));
	*out = rows;
	return count ? FL_OK : FL_NOT_FOUND;
}

static void stage_is(fl_ctx *ctx, fl_uuid id, fl_stage stage)
{
	const fl_report *report = NULL;
	assert_int_equal(read(ctx, id, &report), FL_OK);
	assert_int_equal(report->stage, stage);
}

/* ---- the table ---- */

static void ways_of_orders(void **state)
{
	size_t count, ends = 0;
	const fl_order_step *steps = fl_order_steps(&count);
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(fl_order_step_of(steps[i].from, steps[i].verb), &steps[i]); /* one way a verb */
		assert_true(steps[i].from != FL_ORDER_CANCELLED);
		assert_true((steps[i].effect == FL_EFFECT_ENDS) == (fl_order_is_open(steps[i].from) && !fl_order_is_open(steps[i].to)));
		assert_true(steps[i].effect != FL_EFFECT_BEGINS || steps[i].to == FL_ORDER_IN_PROGRESS);
		ends += steps[i].effect == FL_EFFECT_ENDS;
	}
	assert_int_equal(ends, 5);
	assert_null(fl_order_step_of(FL_ORDER_DONE, FL_ORDER_START));
	assert_int_equal(fl_order_verb_find(FL_STR("WAIT_FOR_PARTS")), FL_ORDER_WAIT_FOR_PARTS);
	assert_int_equal(fl_order_verb_find(FL_STR("BURN")), FL_ORDER_NO_VERB);
}

/* ---- the report follows ---- */

static fl_err the_report_follows(fl_ctx *ctx)
{
	int32_t first, second;
	fl_uuid id;
	FL_TRY(approved(ctx, 100000, &id));
	FL_TRY(order(ctx, id, &first));
	FL_TRY(order(ctx, id, &second));
	FL_TRY(move(ctx, first, FL_ORDER_START));
	stage_is(ctx, id, FL_STAGE_IN_REPAIR);
	FL_TRY(move(ctx, second, FL_ORDER_START));
	fl_moved moved;
	const fl_report *report;
	assert_int_equal(fl_report_move(ctx, &(fl_move) { .id = id, .verb = FL_VERB_COMPLETE }, &moved), FL_BAD_INPUT); /* they are at work */
	assert_int_equal(fl_report_move(ctx, &(fl_move) { .id = id, .verb = FL_VERB_HALT_REPAIR }, &moved), FL_BAD_INPUT);
	assert_int_equal(fl_report_update(ctx, &(fl_report_patch) { .id = id, .status = FL_STATUS_COMPLETED }, &report), FL_BAD_INPUT);
	FL_TRY(fl_report_update(ctx, &(fl_report_patch) { .id = id, .priority = 2 }, &report));
	FL_TRY(move(ctx, first, FL_ORDER_FINISH));
	stage_is(ctx, id, FL_STAGE_IN_REPAIR);
	FL_TRY(move(ctx, second, FL_ORDER_FINISH));
	stage_is(ctx, id, FL_STAGE_COMPLETED);
	FL_TRY(move(ctx, second, FL_ORDER_TAKE_UP_AGAIN));
	stage_is(ctx, id, FL_STAGE_IN_REPAIR);
	FL_TRY(move(ctx, second, FL_ORDER_CANCEL)); /* one was done */
	stage_is(ctx, id, FL_STAGE_COMPLETED);
	assert_int_equal(move(ctx, second, FL_ORDER_START), FL_BAD_INPUT);
	agree();
	return FL_OK;
}

static fl_err all_cancelled_halts(fl_ctx *ctx)
{
	int32_t first, second;
	fl_uuid id;
	FL_TRY(approved(ctx, 100000, &id));
	FL_TRY(order(ctx, id, &first));
	FL_TRY(order(ctx, id, &second));
	FL_TRY(move(ctx, first, FL_ORDER_START));
	FL_TRY(move(ctx, first, FL_ORDER_CANCEL));
	stage_is(ctx, id, FL_STAGE_IN_REPAIR);
	FL_TRY(move(ctx, second, FL_ORDER_CANCEL));
	stage_is(ctx, id, FL_STAGE_APPROVED);
	/* Nothing goes where the report does not lead: here it was rejected meanwhile. */
	FL_TRY(order(ctx, id, &first));
	fl_moved moved;
	FL_TRY(fl_report_move(ctx, &(fl_move) { .id = id, .verb = FL_VERB_REJECT, .reason = FL_STR("sold") }, &moved));
	assert_int_equal(move(ctx, first, FL_ORDER_START), FL_BAD_INPUT);
	FL_TRY(move(ctx, first, FL_ORDER_CANCEL));
	stage_is(ctx, id, FL_STAGE_REJECTED);
	agree();
	return FL_OK;
}

typedef struct finish {
	int32_t order;
	fl_err err;
} finish;

static fl_err finish_one(fl_ctx *ctx, void *arg)
{
	finish *f = arg;
	f->err = move(ctx, f->order, FL_ORDER_FINISH);
	return FL_OK;
}

/* Both believe to be the last; the report's lock lets one see what the other did. */
static fl_err two_finish_at_once(fl_ctx *ctx)
{
	for (int round = 0; round < 5; round++) {
		finish both[2];
		fl_group group;
		fl_uuid id;
		FL_TRY(approved(ctx, 100000, &id));
		for (size_t i = 0; i < FL_COUNT(both); i++) {
			FL_TRY(order(ctx, id, &both[i].order));
			FL_TRY(move(ctx, both[i].order, FL_ORDER_START));
		}
		fl_group_init(&group, ctx);
		for (size_t i = 0; i < FL_COUNT(both); i++)
			fl_group_go(&group, finish_one, &both[i]);
		FL_TRY(await_group(&group));
		assert_int_equal(both[0].err, FL_OK);
		assert_int_equal(both[1].err, FL_OK);
		stage_is(ctx, id, FL_STAGE_COMPLETED);
	}
	agree();
	return FL_OK;
}

static fl_err strangers_get_nothing(fl_ctx *ctx)
{
	int32_t id, made;
	fl_order *rows;
	fl_invoice *bills;
	size_t count;
	fl_uuid report;
	FL_TRY(approved(ctx, 100000, &report));
	FL_TRY(order(ctx, report, &id));
	FL_TRY(bill(ctx, id, 100, &made));
	world_as(ctx, 2, WORLD_MANAGER);
	FL_TRY(fl_orders_get(ctx, &id, 1, &rows, &count));
	assert_int_equal(count, 0);
	FL_TRY(fl_orders_of_reports(ctx, &report, 1, &rows, &count));
	assert_int_equal(count, 0);
	FL_TRY(fl_orders_find(ctx, &(fl_order_filter) {}, 0, 100, &rows, &count));
	assert_int_equal(count, 0);
	FL_TRY(fl_invoices_get(ctx, &made, 1, &bills, &count));
	assert_int_equal(count, 0);
	assert_int_equal(move(ctx, id, FL_ORDER_START), FL_NOT_FOUND);
	assert_int_equal(bill(ctx, id, 1, &made), FL_NOT_FOUND);
	assert_int_equal(fl_invoice_void(ctx, made, FL_STR("mine")), FL_NOT_FOUND);
	assert_int_equal(order(ctx, report, &id), FL_NOT_FOUND);
	world_as(ctx, 1, WORLD_AUDITOR);
	assert_int_equal(move(ctx, id, FL_ORDER_START), FL_FORBIDDEN);
	world_as(ctx, 1, WORLD_DRIVER);
	assert_int_equal(fl_orders_of_reports(ctx, &report, 1, &rows, &count), FL_FORBIDDEN);
	return FL_OK;
}

/* ---- cost ---- */

static fl_err limits(fl_ctx *ctx)
{
	const fl_limit limit = { true, true, 200000, 500000 };
	as_user(ctx, ADMIN, FL_ROLE_ADMIN);
	FL_TRY(fl_limit_set(ctx, FL_ROLE_MANAGER, &limit));
	as_manager(ctx);
	return FL_OK;
}

/* The hole that was there: approve little, pay much. */
static fl_err cost_by_hand_is_guarded(fl_ctx *ctx)
{
	const fl_report *report;
	fl_moved moved;
	fl_uuid id;
	FL_TRY(limits(ctx));
	FL_TRY(approved(ctx, 100000, &id));
	fl_report_patch patch = { .id = id, .has_actual = true, .actual_cents = 110000 };
	FL_TRY(fl_report_update(ctx, &patch, &report)); /* the tolerance */
	patch.actual_cents = 200000;
	FL_TRY(fl_report_update(ctx, &patch, &report)); /* one's own limit */
	patch.actual_cents = 200001;
	assert_int_equal(fl_report_update(ctx, &patch, &report), FL_BAD_INPUT); /* needs two */
	patch.actual_cents = 500001;
	assert_int_equal(fl_report_update(ctx, &patch, &report), FL_BAD_INPUT); /* beyond two */
	FL_TRY(fl_report_move(ctx, &(fl_move) { .id = id, .verb = FL_VERB_START_REPAIR }, &moved));
	fl_move complete = { .id = id, .verb = FL_VERB_COMPLETE, .has_actual = true, .actual_cents = 200001 };
	assert_int_equal(fl_report_move(ctx, &complete, &moved), FL_BAD_INPUT); /* nor on the way */
	/* A larger estimate on the way does not make room. */
	patch = (fl_report_patch) { .id = id, .has_actual = true, .actual_cents = 300000, .has_estimated = true, .estimated_cents = 300000 };
	assert_int_equal(fl_report_update(ctx, &patch, &report), FL_BAD_INPUT);
	as_user(ctx, ADMIN, FL_ROLE_ADMIN);
	complete.actual_cents = 900000;
	FL_TRY(fl_report_move(ctx, &complete, &moved));
	as_manager(ctx);
	patch = (fl_report_patch) { .id = id, .has_actual = true, .actual_cents = 800000 };
	FL_TRY(fl_report_update(ctx, &patch, &report)); /* less is anybody's to say */
	agree();
	return FL_OK;
}

static fl_err bills_above_the_limit_wait(fl_ctx *ctx)
{
	fl_invoice *rows;
	const fl_report *report;
	int32_t id, small, large;
	size_t count;
	fl_uuid r;
	FL_TRY(limits(ctx));
	FL_TRY(approved(ctx, 100000, &r));
	FL_TRY(order(ctx, r, &id));
	FL_TRY(bill(ctx, id, 110000, &small));
	FL_TRY(bill(ctx, id, 150000, &large));
	FL_TRY(fl_invoices_of_orders(ctx, &id, 1, &rows, &count));
	assert_true(count == 2 && rows[0].state == FL_INVOICE_COUNTS && rows[1].state == FL_INVOICE_HELD);
	FL_TRY(read(ctx, r, &report));
	assert_int_equal(report->actual_cents, 110000);
	assert_int_equal(fl_invoice_approve(ctx, large), FL_BAD_INPUT); /* the same person */
	assert_int_equal(bill(ctx, id, 400000, &large), FL_BAD_INPUT); /* beyond two */
	as_user(ctx, SECOND_MANAGER, FL_ROLE_MANAGER);
	FL_TRY(fl_invoice_approve(ctx, rows[1].id));
	FL_TRY(read(ctx, r, &report));
	assert_int_equal(report->actual_cents, 260000);
	FL_TRY(fl_invoice_void(ctx, small, FL_STR("twice")));
	assert_int_equal(fl_invoice_void(ctx, small, FL_STR("twice")), FL_BAD_INPUT);
	FL_TRY(fl_invoice_void(ctx, rows[1].id, FL_STR("and that")));
	FL_TRY(read(ctx, r, &report));
	assert_false(report->has_actual);
	(void)pg_fixture_sql(&w.pg, "DELETE FROM approval_limits");
	agree();
	return FL_OK;
}

typedef struct paying {
	int32_t order;
	fl_err err;
} paying;

static fl_err pay_one(fl_ctx *ctx, void *arg)
{
	paying *p = arg;
	int32_t made;
	p->err = bill(ctx, p->order, 1001, &made);
	return FL_OK;
}

static fl_err sums_survive_a_crowd(fl_ctx *ctx)
{
	paying all[10];
	const fl_report *report;
	fl_group group;
	fl_uuid r;
	FL_TRY(approved(ctx, 100000, &r));
	FL_TRY(order(ctx, r, &all[0].order));
	fl_group_init(&group, ctx);
	for (size_t i = 0; i < FL_COUNT(all); i++) {
		all[i].order = all[0].order;
		fl_group_go(&group, pay_one, &all[i]);
	}
	FL_TRY(await_group(&group));
	for (size_t i = 0; i < FL_COUNT(all); i++)
		assert_int_equal(all[i].err, FL_OK);
	FL_TRY(read(ctx, r, &report));
	assert_int_equal(report->actual_cents, 10010);
	agree();
	return FL_OK;
}

static fl_err tolerance(fl_ctx *ctx)
{
	const fl_policy *policy;
	FL_TRY(limits(ctx));
	FL_TRY(fl_policy_get(ctx, &policy));
	assert_int_equal(policy->tolerance_percent, 10);
	assert_int_equal(fl_tolerance_set(ctx, 5), FL_FORBIDDEN);
	as_user(ctx, ADMIN, FL_ROLE_ADMIN);
	assert_int_equal(fl_tolerance_set(ctx, -1), FL_BAD_INPUT);
	FL_TRY(fl_tolerance_set(ctx, 0));
	FL_TRY(fl_policy_get(ctx, &policy));
	assert_int_equal(policy->tolerance_percent, 0);
	assert_true(policy->limits[FL_ROLE_MANAGER].alone_cents == 200000);
	FL_TRY(fl_tolerance_set(ctx, 10));
	(void)pg_fixture_sql(&w.pg, "DELETE FROM approval_limits");
	return FL_OK;
}

/* ---- downtime ---- */

static fl_err overlapping_orders_are_one_downtime(fl_ctx *ctx)
{
	fl_downtime *rows;
	int32_t a, b, c;
	size_t count;
	char sql[400];
	fl_uuid r;
	FL_TRY(approved(ctx, 100000, &r));
	FL_TRY(order(ctx, r, &a));
	FL_TRY(order(ctx, r, &b));
	FL_TRY(fl_order_create(ctx, &(fl_order_draft) { .report_id = r, .planned_start = fl_now_us() + FL_DAY_US }, &c));
	snprintf(sql, sizeof(sql),
		"UPDATE work_orders SET started_at = '2026-01-01', finished_at = '2026-01-03', state = 5 WHERE id = %d;"
		"UPDATE work_orders SET started_at = '2026-01-02', finished_at = '2026-01-05', state = 5 WHERE id = %d", a, b);
	(void)pg_fixture_sql(&w.pg, sql);
	FL_TRY(fl_downtimes_of_reports(ctx, &r, 1, &rows, &count));
	assert_int_equal(count, 2);
	assert_true(rows[0].planned && !rows[0].until);
	assert_true(!rows[1].planned && rows[1].until - rows[1].from == 4 * FL_DAY_US);
	int32_t vehicle = 1;
	FL_TRY(fl_downtimes_of_vehicles(ctx, &vehicle, 1, &rows, &count));
	assert_true(count >= 2);
	world_as(ctx, 2, WORLD_MANAGER);
	FL_TRY(fl_downtimes_of_reports(ctx, &r, 1, &rows, &count));
	assert_int_equal(count, 0);
	return FL_OK;
}

/* ---- claim packs ---- */

/* The next job of the queue, as a worker does it. */
static fl_err work(fl_ctx *ctx)
{
	fl_caller before = ctx->caller;
	fl_job *jobs;
	int count;
	ctx->services = &w.worker;
	ctx->caller = (fl_caller) { 1, 0, FL_ROLE_SYSTEM, FL_STR("") };
	FL_TRY(await_job_claim(ctx, w.worker.db, FL_QUEUE_TRANSFER, 1, 1, FL_MINUTE_US, &jobs, &count));
	assert_int_equal(count, 1);
	fl_err err = fl_transfer_job(ctx, &jobs[0], NULL);
	if (err == FL_OK && !jobs[0].finished)
		err = await_job_done(ctx, w.worker.db, &jobs[0]);
	ctx->services = &w.app;
	ctx->caller = before;
	return err;
}

static fl_err packs_are_theirs_and_end(fl_ctx *ctx)
{
	fl_claim_pack pack, again;
	int64_t size;
	fl_uuid r;
	int fd = -1;
	FL_TRY(approved(ctx, 100000, &r));
	as_user(ctx, WORLD_DRIVER, FL_ROLE_DRIVER);
	assert_int_equal(fl_claim_pack_start(ctx, r, true, &pack), FL_FORBIDDEN);
	world_as(ctx, 2, WORLD_MANAGER);
	assert_int_equal(fl_claim_pack_start(ctx, r, true, &pack), FL_NOT_FOUND);
	as_manager(ctx);
	FL_TRY(fl_claim_pack_start(ctx, r, true, &pack));
	FL_TRY(fl_claim_pack_start(ctx, r, true, &again)); /* one is being made */
	assert_true(fl_uuid_eq(pack.id, again.id));
	assert_int_equal(fl_claim_pack_open(ctx, pack.id, &again, &fd, &size), FL_NOT_FOUND);
	FL_TRY(work(ctx));
	FL_TRY(fl_claim_pack_open(ctx, pack.id, &pack, &fd, &size));
	assert_true(pack.state == FL_TRANSFER_DONE && size == pack.bytes && pack.manifest_hex.len == 64);
	assert_int_equal(world_count(&w, "SELECT count(*) FROM events WHERE type = 'claim_pack.made'"), 1);
	as_user(ctx, SECOND_MANAGER, FL_ROLE_MANAGER);
	assert_int_equal(fl_claim_pack_open(ctx, pack.id, &again, &fd, &size), FL_NOT_FOUND);
	world_as(ctx, 2, WORLD_MANAGER);
	assert_int_equal(fl_claim_pack_get(ctx, pack.id, &again), FL_NOT_FOUND);
	as_manager(ctx);
	(void)pg_fixture_sql(&w.pg, "UPDATE claim_packs SET expires_at = now() - interval '1 second'; UPDATE jobs SET run_at = now() WHERE queue = 7");
	assert_int_equal(fl_claim_pack_open(ctx, pack.id, &again, &fd, &size), FL_NOT_FOUND);
	assert_non_null(strstr(ctx->diag.text, "expired"));
	FL_TRY(work(ctx)); /* the job that was left for the end */
	assert_int_equal(fl_store_open_blob(ctx, w.store, pack.blob, &fd, &size), FL_NOT_FOUND);
	assert_int_equal(world_count(&w, "SELECT count(*) FROM claim_packs WHERE blob IS NOT NULL"), 0);
	agree();
	return FL_OK;
}

/* ---- */

#define SCENE(name)                                                                                                              \
	static void name##_test(void **state)                                                                                    \
	{                                                                                                                        \
		world_play(&w, name);                                                                                            \
	}
SCENE(the_report_follows)
SCENE(all_cancelled_halts)
SCENE(two_finish_at_once)
SCENE(strangers_get_nothing)
SCENE(cost_by_hand_is_guarded)
SCENE(bills_above_the_limit_wait)
SCENE(sums_survive_a_crowd)
SCENE(tolerance)
SCENE(overlapping_orders_are_one_downtime)
SCENE(packs_are_theirs_and_end)

static int start(void **state)
{
	world_start(&w);
	(void)pg_fixture_sql(&w.pg, "INSERT INTO users (tenant_id, id, email, name, role) VALUES (1, 5, 'other@one.example', "
				    "'Max', 2), (1, 6, 'admin@one.example', 'Ada', 4)");
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
		cmocka_unit_test(ways_of_orders),
		cmocka_unit_test(the_report_follows_test),
		cmocka_unit_test(all_cancelled_halts_test),
		cmocka_unit_test(two_finish_at_once_test),
		cmocka_unit_test(strangers_get_nothing_test),
		cmocka_unit_test(cost_by_hand_is_guarded_test),
		cmocka_unit_test(bills_above_the_limit_wait_test),
		cmocka_unit_test(sums_survive_a_crowd_test),
		cmocka_unit_test(tolerance_test),
		cmocka_unit_test(overlapping_orders_are_one_downtime_test),
		cmocka_unit_test(packs_are_theirs_and_end_test),
	};

	world_child(argc, argv);
	return cmocka_run_group_tests(tests, start, stop);
}
