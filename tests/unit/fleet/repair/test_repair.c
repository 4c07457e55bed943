/* Work orders, bills and the guard of the actual cost against a real PostgreSQL. */
#include "world.h"

#include "fleet/claim_pack/claim_pack.h"
#include "fleet/rebuild.h"
#include "fleet/repair/repair.h"
#include "fleet/report/transition.h"
#include "fleet/retention/erasure.h"

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

static char said[4096]; /* the differences that were found last, a line each */

static void say(void *arg, const char *line)
{
	size_t len = strlen(said);
	snprintf(said + len, sizeof(said) - len, "%s\n", line);
}

static int64_t differences(bool check)
{
	fl_rebuild_result result = {};
	fl_diag diag = {};
	said[0] = 0;
	if (fl_rebuild(&(fl_rebuild_opts) { .url = w.pg.url, .check = check, .say = say }, &diag, &result) != FL_OK)
		fail_msg("%s", diag.text);
	return result.differences;
}

/* Nothing differs from what its events say: called after every scene. */
static void agree(void)
{
	(void)differences(true);
	assert_string_equal(said, "");
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
	size_t ends = 0;
	const fl_life_step *steps = fl_order_life.steps;
	for (size_t i = 0; i < fl_order_life.step_count; i++) {
		assert_ptr_equal(fl_life_step_of(&fl_order_life, steps[i].from, steps[i].verb), &steps[i]); /* one way a verb */
		assert_true(steps[i].from != FL_ORDER_CANCELLED);
		assert_true((steps[i].with == FL_EFFECT_ENDS) == (fl_order_is_open(steps[i].from) && !fl_order_is_open(steps[i].to)));
		assert_true(steps[i].with != FL_EFFECT_BEGINS || steps[i].to == FL_ORDER_IN_PROGRESS);
		ends += steps[i].with == FL_EFFECT_ENDS;
	}
	assert_int_equal(ends, 5);
	assert_null(fl_life_step_of(&fl_order_life, FL_ORDER_DONE, FL_ORDER_START));
	assert_int_equal(fl_word_find(&fl_order_life.verbs, FL_STR("WAIT_FOR_PARTS")), FL_ORDER_WAIT_FOR_PARTS);
	assert_int_equal(fl_word_find(&fl_order_life.verbs, FL_STR("BURN")), FL_ORDER_NO_VERB);
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
	(void)differences(false); /* no event told of those times */
	agree();
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
	if (err == FL_OK && !jobs[0].finished) {
		bool ours = false;
		err = await_jobs_done(ctx, w.worker.db, &jobs, 1, &ours);
		assert_true(err != FL_OK || ours);
	}
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

/* ---- the proof by events ---- */

static const char *sql(const char *text)
{
	return pg_fixture_sql(&w.pg, text);
}

static fl_err claim(fl_ctx *ctx, fl_uuid r)
{
	const int64_t day = 20000 * FL_DAY_US;
	FL_TRY(fl_claim_save(ctx, &(fl_claim_draft) { .report_id = r, .insurer = FL_STR("Norddeutsche"), .claim_no = FL_STR("KV-7"), .has_claimed = true,
		.claimed_cents = 240000, .has_deductible = true, .deductible_cents = 40000, .noticed_on = day, .adjuster_name = FL_STR("Ada Jansen") }));
	FL_TRY(fl_claim_move(ctx, &(fl_claim_step_in) { .report_id = r, .verb = FL_CLAIM_DO_SUBMIT }));
	FL_TRY(fl_claim_move(ctx, &(fl_claim_step_in) { .report_id = r, .verb = FL_CLAIM_DO_ACCEPT }));
	FL_TRY(fl_claim_move(ctx, &(fl_claim_step_in) { .report_id = r, .verb = FL_CLAIM_DO_PAY, .has_paid = true, .paid_cents = 70000, .paid_on = day,
		.reference = FL_STR("Z 1") }));
	return fl_claim_move(ctx, &(fl_claim_step_in) { .report_id = r, .verb = FL_CLAIM_DO_PAY, .has_paid = true, .paid_cents = 130000 });
}

/* A repair with everything: an order with tasks that is under way, a bill that counts and one that is void, a claim that was paid. */
static fl_err repair_with_everything(fl_ctx *ctx, fl_uuid *r)
{
	static const fl_str tasks[] = { FL_STR_INIT("straighten"), FL_STR_INIT("paint") };
	int32_t id, made;
	FL_TRY(approved(ctx, 100000, r));
	FL_TRY(fl_order_create(ctx, &(fl_order_draft) { .report_id = *r, .planned_start = fl_now_us() + FL_DAY_US, .tasks = tasks, .task_count = 2 }, &id));
	FL_TRY(move(ctx, id, FL_ORDER_START));
	FL_TRY(fl_task_set(ctx, id, 2, true));
	FL_TRY(bill(ctx, id, 4711, &made));
	FL_TRY(bill(ctx, id, 100, &made));
	FL_TRY(fl_invoice_void(ctx, made, FL_STR("Vandersloot wrote it twice")));
	return claim(ctx, *r);
}

/* What each of these plants is found by these words, and is gone after mending. */
static const struct {
	const char *plant, *found;
} plants[] = {
	{ "UPDATE work_orders SET state = 5 WHERE tenant_id = 1 AND id = (SELECT max(id) FROM work_orders)", ", state: it is 5, its events say 3" },
	{ "UPDATE work_orders SET started_at = started_at - interval '1 day', budget = 1 WHERE id = (SELECT max(id) FROM work_orders)", ", budget: it is 1, its events say 100000" },
	{ "UPDATE work_order_tasks SET done_at = now() WHERE id = 1 AND work_order_id = (SELECT max(id) FROM work_orders)", ", tasks: it is {\"1\": true, \"2\": true}" },
	{ "DELETE FROM work_order_tasks WHERE id = 2 AND work_order_id = (SELECT max(id) FROM work_orders)", ", tasks: it is {\"1\": false}, its events say {\"1\": false, \"2\": true}" },
	{ "UPDATE invoices SET total = 4710 WHERE total = 4711", ", total: it is 4710, its events say 4711" },
	{ "UPDATE invoices SET state = 1, void_reason = NULL WHERE total = 100 AND state = 3 AND id = (SELECT max(id) FROM invoices)", ", voidReason: it is nothing, its events say Vandersloot" },
	{ "UPDATE invoice_lines SET amount = 1 WHERE amount = 4711", ", lines: it is [[2, 1]], its events say [[2, 4711]]" },
	{ "INSERT INTO invoice_lines SELECT tenant_id, invoice_id, 2, 3, 'more', 5 FROM invoice_lines WHERE amount = 4711", ", lines: it is [[2, 4711], [3, 5]]" },
	{ "DELETE FROM invoices WHERE total = 4711", ": it is nothing, its events say {" },
	{ "INSERT INTO invoices (tenant_id, work_order_id, report_id, state, total, number) SELECT 1, work_order_id, report_id, 1, 1, 'planted' FROM invoices WHERE total = 4711",
		"its events say nothing" },
	{ "UPDATE claims SET claimed = 240001, insurer = 'Other'", "claim, claimed: it is 240001, its events say 240000" },
	{ "UPDATE claims SET state = 7", "claim, state: it is 7, its events say 5" },
	{ "UPDATE damage_reports SET claim_no = 'KV-8' WHERE claim_no = 'KV-7'", "claim, number: it is KV-8, its events say KV-7" },
	{ "UPDATE claim_payments SET amount = 1 WHERE id = 1", "claim, payments: it is {\"1\": [1, " },
	{ "DELETE FROM claim_payments WHERE id = 2", "claim, payments: it is {\"1\": [70000, \"2024-10-04\", \"Z 1\"]}" },
	{ "DELETE FROM claims", "claim: it is nothing, its events say {" },
	/* With its bills, which come back too. */
	{ "DELETE FROM work_orders WHERE id = (SELECT max(id) FROM work_orders)", ": it is nothing, its events say {" },
	{ "INSERT INTO work_orders (tenant_id, report_id, vehicle_id) SELECT 1, report_id, 1 FROM claims", "its events say nothing" },
};

static fl_err plants_are_found_and_mended(fl_ctx *ctx)
{
	const fl_report *report;
	fl_uuid r;
	FL_TRY(repair_with_everything(ctx, &r));
	agree();
	for (size_t i = 0; i < FL_COUNT(plants); i++) {
		(void)sql(plants[i].plant);
		if (differences(true) == 0 || !strstr(said, plants[i].found))
			fail_msg("%s\nsaid: %s", plants[i].plant, said);
		assert_true(differences(false) > 0);
		(void)differences(true);
		if (said[0])
			fail_msg("%s\nis not mended: %s", plants[i].plant, said);
	}
	/* What people wrote and no event holds is lost with its row, and only then. */
	assert_int_equal(world_count(&w, "SELECT count(*) FROM work_order_tasks WHERE title = '(lost)'"), 2);
	FL_TRY(read(ctx, r, &report));
	assert_int_equal(report->actual_cents, 4711);
	/* It goes on from there. */
	FL_TRY(fl_claim_move(ctx, &(fl_claim_step_in) { .report_id = r, .verb = FL_CLAIM_DO_CLOSE }));
	agree();
	return FL_OK;
}

/* Why a bill is void names somebody who is erased. */
static fl_err erased_words_agree(fl_ctx *ctx)
{
	fl_erasure made;
	fl_finding *rows, decided;
	size_t count, bills = 0;
	int32_t id, bad;
	fl_uuid r;
	FL_TRY(approved(ctx, 100000, &r));
	FL_TRY(order(ctx, r, &id));
	FL_TRY(bill(ctx, id, 222, &bad));
	FL_TRY(fl_invoice_void(ctx, bad, FL_STR("Karel Vandersloot wrote it twice")));
	(void)sql("INSERT INTO drivers (tenant_id, id, name) VALUES (1, 9, 'Karel Vandersloot')");
	as_user(ctx, ADMIN, FL_ROLE_ADMIN);
	FL_TRY(fl_person_erase(ctx, &(fl_erasure_order) { .driver_id = 9, .reason = FL_STR("asked") }, &made));
	agree();
	FL_TRY(fl_findings_of(ctx, made.id, 0, 100, &rows, &count));
	for (size_t i = 0; i < count; i++)
		if (fl_str_find(rows[i].place, FL_STR("invoices")) >= 0) {
			FL_TRY(fl_finding_decide(ctx, made.id, rows[i].id, FL_STR("(erased)"), &decided));
			bills++;
		}
	assert_true(bills > 0);
	/* The row says (erased), the event only that there was a reason. */
	assert_int_equal(world_count(&w, "SELECT count(*) FROM invoices WHERE total = 222 AND void_reason = '(erased)'"), 1);
	assert_int_equal(world_count(&w, "SELECT count(*) FROM event_words w JOIN events e ON e.id = w.event_id WHERE e.type = 'invoice.voided' AND w.word LIKE 'Karel%'"), 0);
	agree();
	/* Mending something else keeps what stands there. */
	(void)sql("UPDATE invoices SET dated = '2020-01-01' WHERE total = 222");
	assert_int_equal(differences(false), 1);
	assert_int_equal(world_count(&w, "SELECT count(*) FROM invoices WHERE total = 222 AND dated IS NULL AND void_reason = '(erased)'"), 1);
	agree();
	return FL_OK;
}

/* Histories from before events told everything. */
static void old_histories_get_a_beginning(void **state)
{
	static const char *const rows[] = {
		"INSERT INTO damage_reports (tenant_id, id, report_number, vehicle_id, incident_at, description, status, actual_cost) VALUES (1, uuid7(), 1, 1, now(), 'a dent', 3, 500)",
		"INSERT INTO events (tenant_id, type, report_id, vehicle_id, agg_version, data) SELECT 1, 'report.created', id, 1, 1,"
		" '{\"status\": [null, \"APPROVED\"], \"actualCost\": [null, \"5.00\"]}' FROM damage_reports",
		"INSERT INTO work_orders (tenant_id, id, report_id, vehicle_id) SELECT 1, 1, id, 1 FROM damage_reports",
		"INSERT INTO invoices (tenant_id, id, work_order_id, report_id, state, total, void_reason) SELECT 1, 1, 1, id, 1, 500, NULL FROM damage_reports"
		" UNION ALL SELECT 1, 2, 1, id, 3, 7, 'twice' FROM damage_reports",
		"INSERT INTO claims (tenant_id, report_id, insurer) SELECT 1, id, 'Norddeutsche' FROM damage_reports",
		"INSERT INTO events (tenant_id, type, report_id, vehicle_id, agg_version, data) SELECT 1, 'work_order.created', id, 1, 1,"
		" '{\"workOrder\": 1, \"state\": [null, \"OPEN\"]}' FROM damage_reports",
	};
	pg_fixture old = { .empty = true };
	fl_migrate_report report;
	fl_rebuild_result result = {};
	fl_diag diag = {};
	pg_fixture_start(&old);
	assert_int_equal(fl_migrate(&(fl_migrate_opts) { .url = old.url, .upto = 79 }, &diag, &report), FL_OK);
	pg_fixture_load_two_companies(&old);
	for (size_t i = 0; i < FL_COUNT(rows); i++)
		(void)pg_fixture_sql(&old, rows[i]);
	assert_int_equal(fl_migrate(&(fl_migrate_opts) { .url = old.url }, &diag, &report), FL_OK);
	assert_string_equal(pg_fixture_sql(&old, "SELECT string_agg(type || ' ' || xid, ', ' ORDER BY type) FROM fleet.events WHERE type LIKE '%.baseline'"),
		"claim.baseline 0, invoice.baseline 0, invoice.baseline 0, work_order.baseline 0");
	assert_string_equal(pg_fixture_sql(&old, "SELECT string_agg(word, ',') FROM fleet.event_words"), "twice"); /* sealed as any other */
	said[0] = 0;
	if (fl_rebuild(&(fl_rebuild_opts) { .url = old.url, .check = true, .say = say }, &diag, &result) != FL_OK)
		fail_msg("%s", diag.text);
	assert_string_equal(said, "");
	pg_fixture_stop(&old);
}

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
SCENE(plants_are_found_and_mended)
SCENE(erased_words_agree)

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
		cmocka_unit_test(old_histories_get_a_beginning),
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
		cmocka_unit_test(plants_are_found_and_mended_test),
		cmocka_unit_test(erased_words_agree_test),
	};

	world_child(argc, argv);
	return cmocka_run_group_tests(tests, start, stop);
}
