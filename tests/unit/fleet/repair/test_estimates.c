/* Estimates and their links against a real PostgreSQL: limits and two persons, release, expiry, what the database itself refuses,
 * and the proof by events. */
#include "world.h"

#include "fleet/repair/repair.h"
#include "fleet/report/policy.h"
#include "fleet/rebuild.h"
#include "fleet/report/transition.h"

#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static world w;

enum { SECOND_MANAGER = 5, ADMIN = 6, VENDOR = 1 };

static void as_user(fl_ctx *ctx, int32_t user, fl_role role)
{
	ctx->caller = (fl_caller) { 1, user, role, FL_STR("somebody") };
}

static fl_err file(fl_ctx *ctx, fl_uuid *out)
{
	as_user(ctx, WORLD_DRIVER, FL_ROLE_DRIVER);
	FL_TRY(world_file(ctx, "a dent", NULL, 0, out));
	as_user(ctx, WORLD_MANAGER, FL_ROLE_MANAGER);
	return FL_OK;
}

/* One line of so many whole units of money. */
static fl_err submit(fl_ctx *ctx, fl_uuid report, int16_t id, int64_t whole, int16_t *out)
{
	static fl_estimate_line line;
	line = (fl_estimate_line) { .kind = FL_LINE_OTHER,
		.text = FL_STR("all of it"),
		.quantity = 1000,
		.unit_cents = whole * 100,
		.tax_rate = FL_RATE_AS_ESTIMATE };
	fl_estimate_draft draft = { .vendor_id = VENDOR, .repair_days = -1, .lines = &line, .line_count = 1 };
	return fl_estimate_submit(ctx, &(fl_estimate_pick) { report, id, 0 }, &draft, out);
}

static fl_err accept(fl_ctx *ctx, fl_uuid report, int16_t id, fl_accepted *out)
{
	return fl_estimate_accept(ctx, &(fl_estimate_pick) { report, id, 0 }, out);
}

static int state_of(fl_ctx *ctx, fl_uuid report, int16_t id)
{
	const fl_estimate *e;
	return fl_estimate_get(ctx, report, id, &e) == FL_OK ? e->state : 0;
}

/* 1,000 alone, 5,000 together. */
static fl_err set_limits(fl_ctx *ctx)
{
	as_user(ctx, ADMIN, FL_ROLE_ADMIN);
	FL_TRY(fl_limit_set(ctx, FL_ROLE_MANAGER, &(fl_limit) { true, true, 100000, 500000 }));
	as_user(ctx, WORLD_MANAGER, FL_ROLE_MANAGER);
	return FL_OK;
}

static void agree(void)
{
	fl_rebuild_result result;
	fl_diag diag = {};
	assert_int_equal(fl_rebuild(&(fl_rebuild_opts) { .url = w.pg.url, .check = true }, &diag, &result), FL_OK);
	assert_int_equal(result.differences, 0);
}

/* ---- */

static fl_err limits_and_two_persons(fl_ctx *ctx)
{
	fl_accepted accepted;
	fl_uuid id;
	int16_t cheap, dear, dearer, dearest;
	FL_TRY(set_limits(ctx));
	FL_TRY(file(ctx, &id));
	FL_TRY(submit(ctx, id, 0, 1000, &cheap));
	FL_TRY(submit(ctx, id, 0, 2000, &dear));
	FL_TRY(submit(ctx, id, 0, 3000, &dearer));
	FL_TRY(submit(ctx, id, 0, 5001, &dearest));
	assert_int_equal(accept(ctx, id, dearest, &accepted), FL_BAD_INPUT); /* above what two may */
	FL_TRY(accept(ctx, id, dear, &accepted));
	assert_true(accepted.endorsed && accepted.report->stage == FL_STAGE_REPORTED &&
		    state_of(ctx, id, dear) == FL_ESTIMATE_SUBMITTED);
	assert_int_equal(accept(ctx, id, dear, &accepted), FL_BAD_INPUT); /* the same person again */
	/* Who approved 2,000 did not approve 3,000: the second person is the first for that. */
	as_user(ctx, SECOND_MANAGER, FL_ROLE_MANAGER);
	FL_TRY(accept(ctx, id, dearer, &accepted));
	assert_true(accepted.endorsed && accepted.report->estimated_cents == 300000);
	as_user(ctx, WORLD_MANAGER, FL_ROLE_MANAGER);
	FL_TRY(accept(ctx, id, dearer, &accepted));
	assert_true(!accepted.endorsed && accepted.report->stage == FL_STAGE_APPROVED &&
		    accepted.estimate->state == FL_ESTIMATE_ACCEPTED);
	assert_int_equal(state_of(ctx, id, cheap), FL_ESTIMATE_DECLINED);
	/* A supplement in the approved report: within the limit it takes the place of the other. */
	FL_TRY(accept(ctx, id, cheap, &accepted));
	assert_int_equal(accepted.report->estimated_cents, 100000);
	assert_int_equal(state_of(ctx, id, dearer), FL_ESTIMATE_DECLINED);
	assert_int_equal(accept(ctx, id, dearer, &accepted), FL_BAD_INPUT); /* raises it again */
	agree();
	return FL_OK;
}

/* A cost that is raised together with the status: whoever approved first approved the lower one. */
static fl_err an_endorsement_is_for_its_amount(fl_ctx *ctx)
{
	fl_moved moved;
	const fl_report *report;
	fl_uuid id;
	FL_TRY(set_limits(ctx));
	FL_TRY(file(ctx, &id));
	FL_TRY(fl_report_update(ctx, &(fl_report_patch) { .id = id, .has_estimated = true, .estimated_cents = 200000 }, &report));
	FL_TRY(fl_report_move(ctx, &(fl_move) { .id = id, .verb = FL_VERB_APPROVE }, &moved));
	assert_true(moved.endorsed);
	as_user(ctx, SECOND_MANAGER, FL_ROLE_MANAGER);
	const fl_report_patch raise = {
		.id = id, .has_estimated = true, .estimated_cents = 450000, .status = FL_STATUS_APPROVED
	};
	assert_int_equal(fl_report_update(ctx, &raise, &report), FL_BAD_INPUT);
	FL_TRY(fl_report_move(ctx, &(fl_move) { .id = id, .verb = FL_VERB_APPROVE }, &moved));
	assert_int_equal(moved.report->stage, FL_STAGE_APPROVED);
	/* And from here on by nobody below the limit of that sum, also not over a dispute. */
	const fl_report_patch more = { .id = id, .has_estimated = true, .estimated_cents = 200001 };
	assert_int_equal(fl_report_update(ctx, &more, &report), FL_BAD_INPUT);
	FL_TRY(fl_report_move(ctx, &(fl_move) { .id = id, .verb = FL_VERB_DISPUTE, .reason = FL_STR("hm") }, &moved));
	assert_int_equal(fl_report_update(ctx, &more, &report), FL_BAD_INPUT);
	const fl_report_patch less = { .id = id, .has_estimated = true, .estimated_cents = 1 };
	FL_TRY(fl_report_update(ctx, &less, &report));
	as_user(ctx, ADMIN, FL_ROLE_ADMIN);
	FL_TRY(fl_report_update(ctx, &more, &report));
	agree();
	return FL_OK;
}

static fl_err what_is_taken_back_is_open_again(fl_ctx *ctx)
{
	static const struct {
		fl_verb verb;
		const char *reason;
	} ways[] = { { FL_VERB_WITHDRAW_APPROVAL, NULL }, { FL_VERB_REJECT, "wear" }, { FL_VERB_DISPUTE, "no" } };
	for (size_t i = 0; i < FL_COUNT(ways); i++) {
		fl_accepted accepted;
		fl_moved moved;
		fl_uuid id;
		int16_t one, two, by_hand;
		FL_TRY(file(ctx, &id));
		FL_TRY(submit(ctx, id, 0, 10, &one));
		FL_TRY(submit(ctx, id, one, 11, &one));
		FL_TRY(submit(ctx, id, 0, 12, &two));
		FL_TRY(submit(ctx, id, 0, 13, &by_hand));
		FL_TRY(fl_estimate_close(ctx, &(fl_estimate_pick) { id, by_hand, 0 }, FL_ESTIMATE_DECLINE, FL_STR("no")));
		FL_TRY(accept(ctx, id, one, &accepted));
		FL_TRY(fl_report_move(ctx,
			&(fl_move) { .id = id,
				.verb = ways[i].verb,
				.reason = ways[i].reason ? fl_str_z(ways[i].reason) : (fl_str) {} },
			&moved));
		assert_int_equal(state_of(ctx, id, one), FL_ESTIMATE_REVISED);
		assert_int_equal(state_of(ctx, id, two), FL_ESTIMATE_SUBMITTED);
		assert_int_equal(state_of(ctx, id, by_hand), FL_ESTIMATE_DECLINED);
	}
	agree();
	return FL_OK;
}

static fl_err a_repair_keeps_its_estimate(fl_ctx *ctx)
{
	static const fl_verb life[] = { FL_VERB_START_REPAIR, FL_VERB_COMPLETE };
	fl_accepted accepted;
	fl_moved moved;
	fl_uuid id;
	int16_t one, late;
	FL_TRY(file(ctx, &id));
	FL_TRY(submit(ctx, id, 0, 10, &one));
	FL_TRY(accept(ctx, id, one, &accepted));
	for (size_t i = 0; i < FL_COUNT(life); i++) {
		FL_TRY(fl_report_move(ctx, &(fl_move) { .id = id, .verb = life[i] }, &moved));
		assert_int_equal(state_of(ctx, id, one), FL_ESTIMATE_ACCEPTED);
	}
	assert_int_equal(submit(ctx, id, 0, 10, &late), FL_BAD_INPUT); /* nothing to estimate any more */
	FL_TRY(fl_report_move(ctx, &(fl_move) { .id = id, .verb = FL_VERB_REOPEN, .reason = FL_STR("peels") }, &moved));
	assert_int_equal(state_of(ctx, id, one), FL_ESTIMATE_ACCEPTED);
	FL_TRY(submit(ctx, id, 0, 20, &late));
	FL_TRY(accept(ctx, id, late, &accepted));
	assert_int_equal(state_of(ctx, id, one), FL_ESTIMATE_DECLINED);
	agree();
	return FL_OK;
}

/* ---- links ---- */

static fl_err ask(fl_ctx *ctx, fl_uuid report, fl_str *token, int16_t *id)
{
	fl_asked asked;
	FL_TRY(fl_estimate_ask(ctx, &(fl_estimate_request) { .report = report, .email = FL_STR("shop@example.org") }, &asked));
	*token = fl_str_slice(asked.url, asked.url.len - FL_QUOTE_TOKEN_LEN, asked.url.len);
	*id = asked.estimate->id;
	return FL_OK;
}

static fl_err send(fl_ctx *ctx, fl_str token, int64_t whole)
{
	const fl_quote *quote;
	fl_estimate_line line = { .kind = FL_LINE_LABOUR,
		.text = FL_STR("work"),
		.quantity = 1000,
		.unit_cents = whole * 100,
		.tax_rate = FL_RATE_AS_ESTIMATE };
	fl_estimate_draft draft = { .repair_days = -1, .valid_until = fl_now_us() + FL_HOUR_US, .lines = &line, .line_count = 1 };
	FL_TRY(fl_quote_open(ctx, token, &quote));
	return fl_quote_write(ctx, quote, &draft, true);
}

static fl_err the_bearer_may_nothing_else(fl_ctx *ctx)
{
	const fl_quote *quote;
	fl_accepted accepted;
	fl_estimate *estimates;
	fl_report *reports;
	fl_uuid id;
	fl_str token;
	int16_t number;
	size_t count;
	FL_TRY(file(ctx, &id));
	FL_TRY(ask(ctx, id, &token, &number));
	as_user(ctx, ADMIN, FL_ROLE_ADMIN); /* whoever was there before */
	FL_TRY(fl_quote_open(ctx, token, &quote));
	assert_int_equal(ctx->caller.tenant_id, 1);
	assert_int_equal(ctx->caller.user_id + (int)ctx->caller.role, 0);
	assert_int_equal(accept(ctx, id, number, &accepted), FL_UNAUTHENTICATED);
	FL_TRY(fl_estimates_of_reports(ctx, &id, 1, &estimates, &count));
	assert_int_equal(count, 0);
	assert_int_equal(fl_reports_get(ctx, &id, 1, &reports, &count), FL_UNAUTHENTICATED);
	assert_int_equal(fl_quote_open(ctx, FL_STR("wrong"), &quote), FL_NOT_FOUND);
	assert_int_equal(ctx->caller.tenant_id, 0);
	return FL_OK;
}

static fl_err time_passes(fl_ctx *ctx)
{
	fl_accepted accepted;
	fl_asked asked;
	const fl_estimate *e;
	fl_uuid id;
	fl_str token;
	int16_t waiting, offered;
	FL_TRY(file(ctx, &id));
	FL_TRY(ask(ctx, id, &token, &waiting));
	FL_TRY(ask(ctx, id, &token, &offered));
	FL_TRY(send(ctx, token, 7));
	as_user(ctx, WORLD_MANAGER, FL_ROLE_MANAGER);
	assert_string_equal(pg_fixture_sql_as(&w.pg, "fleet_worker", 0, "SELECT estimates_expire()", NULL, 0), "");
	assert_int_equal(state_of(ctx, id, offered), FL_ESTIMATE_SUBMITTED);
	(void)pg_fixture_sql(&w.pg, "UPDATE estimate_links SET expires_at = now() - interval '1 s'; UPDATE estimate_revisions "
				    "SET valid_until = now() - interval '1 s'");
	assert_int_equal(accept(ctx, id, offered, &accepted), FL_BAD_INPUT); /* before the timer has looked */
	assert_string_equal(pg_fixture_sql_as(&w.pg, "fleet_worker", 0, "SELECT estimates_expire()", NULL, 0), "");
	assert_int_equal(state_of(ctx, id, offered), FL_ESTIMATE_EXPIRED);
	assert_int_equal(state_of(ctx, id, waiting), FL_ESTIMATE_EXPIRED);
	assert_int_equal(world_count(&w, "SELECT estimates_expire()"), 0); /* once */
	/* Asked again, it is a revision. */
	FL_TRY(fl_estimate_relink(ctx, &(fl_estimate_pick) { id, offered, 0 }, 0, false, &asked));
	assert_int_equal(asked.estimate->state, FL_ESTIMATE_REQUESTED);
	FL_TRY(send(ctx, fl_str_slice(asked.url, asked.url.len - FL_QUOTE_TOKEN_LEN, asked.url.len), 8));
	as_user(ctx, WORLD_MANAGER, FL_ROLE_MANAGER);
	FL_TRY(fl_estimate_get(ctx, id, offered, &e));
	assert_true(e->state == FL_ESTIMATE_REVISED && e->now.number == 2 && e->now.totals.total == 800);
	agree();
	return FL_OK;
}

/* ---- */

static void scenes(void **state)
{
	world_play(&w, limits_and_two_persons);
	world_play(&w, an_endorsement_is_for_its_amount);
	world_play(&w, what_is_taken_back_is_open_again);
	world_play(&w, a_repair_keeps_its_estimate);
	world_play(&w, the_bearer_may_nothing_else);
	world_play(&w, time_passes);
}

static void the_database_refuses_by_itself(void **state)
{
	static const char *const as_app[] = {
		"SELECT token_hash FROM estimate_links",
		"SELECT * FROM estimate_links",
		"DELETE FROM estimates",
		"DELETE FROM estimate_revisions",
		"SELECT estimates_expire()",
		"SELECT * FROM quote_mail_due(uuid7(), 1::smallint, '\\x00')",
	};
	char seen[40] = "";
	for (size_t i = 0; i < FL_COUNT(as_app); i++)
		assert_string_equal(pg_fixture_sql_as(&w.pg, "fleet_app", 1, as_app[i], NULL, 0), "42501");
	/* What was sent in cannot be written any more: no such row is there to change. */
	assert_true(world_count(&w, "SELECT count(*) FROM estimate_revisions WHERE sent_at IS NOT NULL") > 0);
	assert_string_equal(pg_fixture_sql_as(&w.pg, "fleet_app", 1,
				    "WITH u AS (UPDATE estimate_revisions SET note = 'x' WHERE sent_at IS NOT NULL RETURNING 1) "
				    "SELECT count(*)::text FROM u",
				    seen, sizeof(seen)),
		"");
	assert_string_equal(seen, "0");
	for (int tenant = 0; tenant <= 2; tenant += 2) {
		assert_string_equal(pg_fixture_sql_as(&w.pg, "fleet_app", tenant,
					    "SELECT ((SELECT count(*) FROM estimates) + (SELECT count(*) FROM "
					    "estimate_revisions) + (SELECT count(uses) FROM estimate_links))::text",
					    seen, sizeof(seen)),
			"");
		assert_string_equal(seen, "0");
	}
	assert_string_equal(pg_fixture_sql_as(&w.pg, "fleet_worker", 0, "SELECT * FROM quote_enter('x', 1)", NULL, 0), "42501");
}

static int64_t differences(bool check)
{
	fl_rebuild_result result;
	fl_diag diag = {};
	assert_int_equal(fl_rebuild(&(fl_rebuild_opts) { .url = w.pg.url, .check = check }, &diag, &result), FL_OK);
	return result.differences;
}

static void rebuild_sees_and_mends(void **state)
{
	assert_int_equal(differences(true), 0);
	(void)pg_fixture_sql(&w.pg, "UPDATE estimates SET state = 7 WHERE state = 4");
	assert_true(differences(true) > 0);
	assert_true(differences(false) > 0);
	assert_int_equal(differences(true), 0);
	/* A total that somebody forged is seen, and stays for somebody to look at. */
	(void)pg_fixture_sql(&w.pg, "UPDATE estimate_revisions SET other = other + 1, net = net + 1, total = total + 1 WHERE "
				    "(report_id, estimate_id, id) ="
				    " (SELECT report_id, id, revision FROM estimates WHERE state = 4 LIMIT 1)");
	assert_int_equal(differences(true), 1);
	assert_int_equal(differences(false), 1);
	assert_int_equal(differences(true), 1);
}

static int start(void **state)
{
	world_start(&w);
	(void)pg_fixture_sql(&w.pg, "INSERT INTO vendors (tenant_id, id, name) VALUES (1, 1, 'Garage Maas')");
	return 0;
}

static int stop(void **state)
{
	world_stop(&w);
	return 0;
}

int main(int argc, char **argv)
{
	world_child(argc, argv);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scenes),
		cmocka_unit_test(the_database_refuses_by_itself),
		cmocka_unit_test(rebuild_sees_and_mends),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
