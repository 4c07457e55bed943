/* The tables: who sees what, what is refused, what order events come in. */
#include "pg_fixture.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static pg_fixture fx;

static const char *const TABLES[] = { "facilities", "vehicles", "drivers", "damage_reports", "report_search", "damage_photos", "assessments",
	"photo_embeddings", "idempotency_keys", "events", "rollup_day", "rollup_month", "vendors", "odometer_readings", "driver_assignments", "rollup_depot", "rollup_vehicle", "rollup_cell", "saved_filters",
	"transfers", "approval_limits", "sla_policies", "damage_zones", "report_comments", "comment_mentions", "report_attachments",
	"repair_policies", "work_orders", "work_order_tasks", "invoices", "invoice_lines", "claims", "claim_payments", "claim_packs" };

static const char *sql(const char *text)
{
	return pg_fixture_sql(&fx, text);
}

/* SQLSTATE of text as a role and company, "" when it works. */
static const char *as(const char *role, int tenant, const char *text)
{
	return pg_fixture_sql_as(&fx, role, tenant, text, NULL, 0);
}

static const char *value_as(const char *role, int tenant, const char *text)
{
	static char value[200];
	const char *state = pg_fixture_sql_as(&fx, role, tenant, text, value, sizeof value);

	if (*state)
		fail_msg("%s: %s", text, state);
	return value;
}

static void load(void)
{
	pg_fixture_load_two_companies(&fx);
	(void)sql("SELECT set_config('app.tenant_id', t::text, false), t FROM generate_series(1, 2) t;"
		"INSERT INTO damage_reports (tenant_id, id, report_number, vehicle_id, driver_id, facility_id, incident_at, description, claim_no, location)"
		" SELECT t, uuid7(), 1, 1, 1, 1, now(), 'scraped the rear left door', 'CLM-1', 'SRID=4326;POINT(4.4 51.9)' FROM generate_series(1, 2) t;"
		"INSERT INTO damage_photos (tenant_id, report_id, id, sha256, media_type, bytes, width, height, phash)"
		" SELECT tenant_id, id, 1, sha256('x'), 'image/jpeg', 1, 1, 1, sha256('p') FROM damage_reports;"
		"INSERT INTO assessments (tenant_id, report_id, id, model, duration_ms, severity_confidence, part_confidence, type_confidence)"
		" SELECT tenant_id, id, 1, 'test', 1, 0, 0, 0 FROM damage_reports;"
		"INSERT INTO photo_embeddings SELECT tenant_id, id, 1, 1, 1.0, 'q' FROM damage_reports;"
		"INSERT INTO idempotency_keys (tenant_id, key, report_id) SELECT tenant_id, 'k', id FROM damage_reports;"
		"INSERT INTO events (tenant_id, type, report_id) SELECT tenant_id, 'report.created', id FROM damage_reports;"
		"INSERT INTO users (tenant_id, email, name, role, password) SELECT t, 'u' || t || '@x.example', 'U', 2, 'hash' || t FROM generate_series(1, 2) t;"
		"INSERT INTO saved_filters (tenant_id, user_id, name, filter) SELECT tenant_id, id, 'mine', '{}' FROM users;"
		"INSERT INTO transfers (tenant_id, role, direction, kind) SELECT t, 2, 1, 1 FROM generate_series(1, 2) t;"
		"INSERT INTO vendors (tenant_id, name) SELECT t, 'Garage' FROM generate_series(1, 2) t;"
		"INSERT INTO odometer_readings (tenant_id, vehicle_id, read_at, km) SELECT t, 1, now(), 1 FROM generate_series(1, 2) t;"
		"INSERT INTO driver_assignments (tenant_id, vehicle_id, driver_id, starts_at) SELECT t, 1, 1, now() FROM generate_series(1, 2) t;"
		"INSERT INTO approval_limits (tenant_id, role, alone) SELECT t, 2, 1 FROM generate_series(1, 2) t;"
		"INSERT INTO sla_policies (tenant_id, priority, triage_hours) SELECT t, 1, 1 FROM generate_series(1, 2) t;"
		"INSERT INTO damage_zones (tenant_id, report_id, id, part, kind) SELECT tenant_id, id, 1, 6, 2 FROM damage_reports;"
		"INSERT INTO report_comments (tenant_id, report_id, body) SELECT tenant_id, id, 'x' FROM damage_reports;"
		"INSERT INTO comment_mentions SELECT c.tenant_id, u.id, c.id, c.report_id FROM report_comments c JOIN users u USING (tenant_id);"
		"INSERT INTO report_attachments (tenant_id, report_id, id, sha256, name, media_type, bytes) SELECT tenant_id, id, 1, sha256('x'), 'a', 'text/plain', 1 FROM damage_reports;"
		"INSERT INTO repair_policies SELECT t, 10 FROM generate_series(1, 2) t;"
		"INSERT INTO work_orders (tenant_id, id, report_id, vehicle_id) SELECT tenant_id, 1, id, 1 FROM damage_reports;"
		"INSERT INTO work_order_tasks (tenant_id, work_order_id, id, title) SELECT tenant_id, 1, 1, 'x' FROM damage_reports;"
		"INSERT INTO invoices (tenant_id, id, work_order_id, report_id, state, total) SELECT tenant_id, 1, 1, id, 1, 1 FROM damage_reports;"
		"INSERT INTO invoice_lines (tenant_id, invoice_id, id, kind, amount) SELECT tenant_id, 1, 1, 1, 1 FROM damage_reports;"
		"INSERT INTO claims (tenant_id, report_id, insurer) SELECT tenant_id, id, 'x' FROM damage_reports;"
		"INSERT INTO claim_packs (tenant_id, report_id, role, with_names) SELECT tenant_id, id, 2, true FROM damage_reports;"
		"INSERT INTO claim_payments (tenant_id, report_id, id, amount, paid_on) SELECT tenant_id, id, 1, 1, now() FROM damage_reports;"
		"SELECT rollup_fold()");
}

/* The worker has no business there. */
static bool is_for_requests_only(const char *table)
{
	static const char *const tables[] = { "idempotency_keys", "saved_filters", "report_comments", "comment_mentions", "report_attachments" };

	for (size_t i = 0; i < FL_COUNT(tables); i++)
		if (strcmp(table, tables[i]) == 0)
			return true;
	return false;
}

static void test_isolation(void **state)
{
	char text[300];

	for (size_t i = 0; i < FL_COUNT(TABLES); i++) {
		snprintf(text, sizeof text, "SELECT count(DISTINCT tenant_id) FROM %s", TABLES[i]);
		assert_string_equal(sql(text), "2");
		for (int r = 0; r < 2; r++) {
			const char *role = r ? "fleet_worker" : "fleet_app";
			bool sees_all = r && strcmp(TABLES[i], "events") == 0; /* the relay serves every company */
			if (r && is_for_requests_only(TABLES[i]))
				continue;
			snprintf(text, sizeof text, "SELECT count(*) FROM %s", TABLES[i]);
			assert_string_equal(value_as(role, 0, text), sees_all ? "2" : "0");
			snprintf(text, sizeof text, "SELECT coalesce(string_agg(DISTINCT tenant_id::text, ' '), '') FROM %s", TABLES[i]);
			assert_string_equal(value_as(role, 1, text), sees_all ? "1 2" : "1");
			assert_string_equal(value_as(role, 2, text), sees_all ? "1 2" : "2");
		}
	}
	assert_string_equal(value_as("fleet_app", 1, "SELECT count(email) FROM users"), "1");
	assert_string_equal(value_as("fleet_app", 1, "SELECT string_agg(slug, ' ') FROM tenants"), "one");
	assert_string_equal(value_as("fleet_worker", 1, "SELECT count(*) FROM tenants"), "2");
}

static void test_writes_stay_at_home(void **state)
{
	static const char *const FOREIGN[] = {
		"INSERT INTO vehicles (tenant_id, name, vin, make, model, year) VALUES (2, 'X', 'XXXXX', 'm', 'm', 2020)",
		"INSERT INTO damage_reports (tenant_id, vehicle_id, incident_at) VALUES (2, 1, now())",
		"INSERT INTO events (tenant_id, type) VALUES (2, 'x')",
		"INSERT INTO idempotency_keys (tenant_id, key, report_id) VALUES (2, 'x', uuid7())",
		"UPDATE vehicles SET tenant_id = 2 WHERE id = 1",
	};

	for (size_t i = 0; i < FL_COUNT(FOREIGN); i++)
		assert_string_equal(as("fleet_app", 1, FOREIGN[i]), "42501");
	/* What is not seen is not touched. */
	assert_string_equal(value_as("fleet_app", 1, "WITH u AS (UPDATE vehicles SET make = 'X' WHERE tenant_id = 2 RETURNING 1) SELECT count(*) FROM u"), "0");
	/* Another company's vehicle cannot be named: the key carries the tenant. */
	(void)sql("INSERT INTO vehicles (tenant_id, id, name, vin, make, model, year) VALUES (2, 77, 'Y', 'YYYYY', 'm', 'm', 2020)");
	assert_string_equal(as("fleet_app", 1, "INSERT INTO damage_reports (tenant_id, vehicle_id, incident_at) VALUES (1, 77, now())"), "23503");
}

static void test_rights(void **state)
{
	static const struct {
		const char *role, *text;
	} DENIED[] = {
		{ "fleet_app", "SELECT password FROM users" },
		{ "fleet_app", "SELECT * FROM users" },
		{ "fleet_app", "SELECT * FROM jobs" },
		{ "fleet_app", "INSERT INTO jobs (queue, payload) VALUES (1, '{}')" },
		{ "fleet_app", "SELECT * FROM outbox_cursor" },
		{ "fleet_app", "SELECT * FROM rollup_delta" },
		{ "fleet_app", "SELECT * FROM platform.month_overview" },
		{ "fleet_app", "SELECT * FROM platform.schema_migrations" },
		{ "fleet_app", "SELECT job_sweep()" },
		{ "fleet_app", "SELECT platform.ensure_partitions(now()::date, now()::date)" },
		{ "fleet_app", "SELECT setval('numbers.report_1', 1)" },
		{ "fleet_app", "UPDATE events SET type = 'x'" },
		{ "fleet_app", "DELETE FROM events" },
		{ "fleet_app", "DELETE FROM damage_reports" },
		{ "fleet_app", "INSERT INTO assessments (tenant_id, report_id, id, model, duration_ms, severity_confidence, part_confidence, type_confidence)"
			" VALUES (1, uuid7(), 1, '', 0, 0, 0, 0)" },
		{ "fleet_app", "UPDATE tenants SET slug = 'x'" },
		{ "fleet_app", "CREATE TABLE fleet.x ()" },
		{ "fleet_worker", "SELECT password FROM users" },
		{ "fleet_worker", "SELECT login_find('u1@x.example')" },
		{ "fleet_worker", "UPDATE vehicles SET name = 'X'" },
		{ "fleet_worker", "UPDATE events SET type = 'x'" },
		{ "fleet_worker", "DELETE FROM damage_reports" },
	};
	char text[200];

	for (size_t i = 0; i < FL_COUNT(DENIED); i++)
		if (strcmp(as(DENIED[i].role, 1, DENIED[i].text), "42501") != 0)
			fail_msg("%s may: %s", DENIED[i].role, DENIED[i].text);
	for (int r = 0; r < 2; r++) { /* months are reached through their parents only */
		snprintf(text, sizeof text, "SELECT * FROM fleet.damage_reports_%s", sql("SELECT to_char(now(), 'YYYYMM')"));
		assert_string_equal(as(r ? "fleet_worker" : "fleet_app", 1, text), "42501");
	}
	assert_string_equal(value_as("fleet_app", 0, "SELECT tenant_id || password FROM login_find('U2@x.example')"), "2hash2");
	(void)sql("UPDATE users SET disabled_at = now() WHERE tenant_id = 2");
	assert_string_equal(value_as("fleet_app", 0, "SELECT count(*) FROM login_find('u2@x.example')"), "0");
	assert_string_equal(value_as("fleet_app", 0, "SELECT id FROM tenant_find('two')"), "2");
}

static void test_append_only(void **state)
{
	PGconn *pg = PQconnectdb(fx.url);

	for (int i = 0; i < 3; i++) {
		static const char *const CHANGES[] = { "UPDATE fleet.events SET type = 'x'", "DELETE FROM fleet.events", "TRUNCATE fleet.events" };
		PGresult *r = PQexec(pg, CHANGES[i]);
		assert_int_equal(PQresultStatus(r), PGRES_FATAL_ERROR); /* not even the owner, without disabling the trigger */
		PQclear(r);
	}
	PQfinish(pg);
}

static void test_unknown_severity(void **state)
{
	(void)sql("UPDATE damage_reports SET severity = 3, damage_type = 1, estimated_cost = 100, status = 2, version = version + 1 WHERE tenant_id = 1; SELECT rollup_fold()");
	assert_string_equal(sql("SELECT string_agg(severity || ':' || damage_type || ':' || n || ':' || est, ' ' ORDER BY severity) FROM rollup_month WHERE tenant_id = 1"), "0:0:0:0 3:1:1:100");
	assert_string_equal(sql("SELECT string_agg(status || ':' || n, ' ' ORDER BY status) FROM rollup_day WHERE tenant_id = 1"), "1:0 2:1");
	assert_string_equal(sql("SELECT severity IS NULL FROM damage_reports WHERE tenant_id = 2"), "t");
}

static void test_search(void **state)
{
	assert_string_equal(value_as("fleet_app", 1, "SELECT count(*) FROM report_search WHERE tsv @@ websearch_to_tsquery('english', 'scraping doors')"), "1");
	(void)sql("UPDATE damage_reports SET description = 'hail on the bonnet' WHERE tenant_id = 1");
	assert_string_equal(value_as("fleet_app", 1, "SELECT count(*) FROM report_search WHERE tsv @@ websearch_to_tsquery('english', 'scraping doors')"), "0");
	assert_string_equal(value_as("fleet_app", 1, "SELECT count(*) FROM report_search WHERE tsv @@ websearch_to_tsquery('english', 'bonnets')"), "1");
	assert_string_equal(value_as("fleet_app", 1, "SELECT count(*) FROM vehicles WHERE search ILIKE '%an-1%'"), "1");
	assert_string_equal(value_as("fleet_app", 1, "SELECT count(*) FROM vehicles WHERE name_key = lower('vAN-12')"), "1");
}

static void test_numbers(void **state)
{
	(void)sql("INSERT INTO tenants (id, slug, name) VALUES (8, 'eight', 'Eight'), (9, 'nine', 'Nine')");
	assert_string_equal(value_as("fleet_app", 9, "SELECT next_report_number()"), "1001");
	assert_string_equal(value_as("fleet_app", 9, "SELECT next_report_number()"), "1002");
	assert_string_equal(value_as("fleet_app", 8, "SELECT next_report_number()"), "1001");
}

/* Pictures whose hashes differ in few bits are found; a stranger's are not. */
static void test_lookalikes(void **state)
{
	static const char FIND[] = "SELECT count(*) FROM photo_candidates(set_bit(set_bit(set_bit(sha256('p'), 3, 1 - get_bit(sha256('p'), 3)),"
		" 100, 1 - get_bit(sha256('p'), 100)), 200, 1 - get_bit(sha256('p'), 200)))";

	assert_string_equal(value_as("fleet_app", 1, FIND), "1");
	assert_string_equal(value_as("fleet_worker", 2, FIND), "1");
	assert_string_equal(value_as("fleet_worker", 0, FIND), "0");
	assert_string_equal(value_as("fleet_app", 1, "SELECT count(*) FROM photo_candidates(sha256('other'))"), "0");
	assert_string_equal(sql("SELECT cardinality(bands) FROM damage_photos LIMIT 1"), "21");
	assert_string_equal(sql("SELECT phash_bands(decode('123456789abcdef0' || repeat('00', 24), 'hex'))::text LIKE '{291,5206,%'"), "t"); /* 0x123, 1 << 12 | 0x456 */
}

/* ---- Events ---- */

static PGconn *writer(void)
{
	PGconn *pg = PQconnectdb(fx.url);

	PQclear(PQexec(pg, "SET search_path = fleet, public; BEGIN; SELECT pg_current_xact_id()"));
	return pg;
}

static void tell(PGconn *pg, const char *type)
{
	char text[100];
	PGresult *r;

	snprintf(text, sizeof text, "INSERT INTO events (tenant_id, type) VALUES (1, '%s')", type);
	r = PQexec(pg, text);
	assert_int_equal(PQresultStatus(r), PGRES_COMMAND_OK);
	PQclear(r);
}

static void end(PGconn *pg, const char *how)
{
	PQclear(PQexec(pg, how));
	PQfinish(pg);
}

/* What the reader gets from its cursor on, and moves the cursor. */
static const char *read_on(void)
{
	return sql("WITH e AS (SELECT e.* FROM outbox_cursor c, outbox_read(c.xid, c.seq, 100) e WHERE consumer = 't'),"
		" m AS (UPDATE outbox_cursor SET (xid, seq) = (SELECT xid, seq FROM e ORDER BY xid DESC, seq DESC LIMIT 1) WHERE consumer = 't' AND EXISTS (SELECT 1 FROM e))"
		" SELECT coalesce(string_agg(type, ' ' ORDER BY xid, seq), '') FROM e");
}

static void test_outbox_order(void **state)
{
	PGconn *first, *second, *third;

	(void)sql("INSERT INTO outbox_cursor (consumer) VALUES ('t')");
	(void)read_on(); /* what the other tests left */
	/* The older transaction takes the later number, commits first, and the number before it appears afterwards. */
	first = writer();
	second = writer();
	tell(second, "b1");
	tell(first, "a1");
	end(first, "COMMIT");
	assert_string_equal(read_on(), "a1");
	assert_string_equal(read_on(), "");
	third = writer();
	tell(third, "c1");
	end(third, "COMMIT");
	assert_string_equal(read_on(), ""); /* b may still come before c */
	end(second, "COMMIT");
	assert_string_equal(read_on(), "b1 c1");
	first = writer();
	tell(first, "gone");
	end(first, "ROLLBACK");
	assert_string_equal(read_on(), "");
}

/* Two requests with one key: the second waits for the first, and then finds its report. */
static void test_idempotency(void **state)
{
	PGconn *a = PQconnectdb(fx.url), *b = PQconnectdb(fx.url);
	static const char CLAIM[] = "INSERT INTO fleet.idempotency_keys (tenant_id, key, report_id) VALUES (1, 'same', gen_random_uuid()) ON CONFLICT DO NOTHING RETURNING key";
	PGresult *r;

	PQclear(PQexec(a, "BEGIN"));
	r = PQexec(a, CLAIM);
	assert_int_equal(PQntuples(r), 1);
	PQclear(r);
	assert_int_equal(PQsendQuery(b, CLAIM), 1);
	for (int i = 0; i < 20; i++) {
		struct timespec t = { 0, 10000000 };
		nanosleep(&t, NULL);
		PQconsumeInput(b);
	}
	assert_int_equal(PQisBusy(b), 1);
	PQclear(PQexec(a, "COMMIT"));
	r = PQgetResult(b);
	assert_int_equal(PQntuples(r), 0);
	PQclear(r);
	PQfinish(a);
	PQfinish(b);
	(void)sql("UPDATE idempotency_keys SET created_at = now() - interval '31 days' WHERE key = 'same'");
	assert_string_equal(value_as("fleet_worker", 0, "SELECT idempotency_prune()"), "1");
}

static void test_leakproof(void **state)
{
	assert_string_equal(sql("SELECT count(*) FROM platform.leakproof_missing()"), "0");
	(void)sql("ALTER FUNCTION pg_catalog.ts_match_vq(tsvector, tsquery) NOT LEAKPROOF");
	assert_string_equal(sql("SELECT platform.leakproof_missing()"), "pg_catalog.ts_match_vq(tsvector,tsquery)");
	assert_string_equal(sql("SELECT platform.leakproof_mark()"), "t");
	assert_string_equal(sql("SELECT count(*) FROM platform.leakproof_missing()"), "0");
}

/* The list of a company uses its index, reads the months newest first and stops: under row security, with the tenant from the setting. */
static void test_plans(void **state)
{
	char plan[4096];

	snprintf(plan, sizeof plan, "%s", sql("SELECT set_config('app.tenant_id', '1', false); SET ROLE fleet_app; SET enable_seqscan = off; CREATE TEMP TABLE p (l text);"
		"DO $$ DECLARE l text; BEGIN FOR l IN EXPLAIN SELECT id FROM damage_reports ORDER BY id DESC LIMIT 20 LOOP INSERT INTO p VALUES (l); END LOOP; END $$;"
		"SELECT string_agg(l, E'\\n') FROM p"));
	assert_non_null(strstr(plan, "Append"));
	assert_null(strstr(plan, "Merge Append"));
	assert_null(strstr(plan, "Sort"));
	assert_non_null(strstr(plan, "Index Cond: (tenant_id = (NULLIF(current_setting("));
	snprintf(plan, sizeof plan, "%s", sql("SELECT set_config('app.tenant_id', '1', false); SET ROLE fleet_app; SET enable_seqscan = off; CREATE TEMP TABLE p (l text);"
		"DO $$ DECLARE l text; BEGIN FOR l IN EXPLAIN SELECT report_id FROM report_search WHERE tsv @@ 'door' LOOP INSERT INTO p VALUES (l); END LOOP; END $$;"
		"SELECT string_agg(l, E'\\n') FROM p"));
	assert_non_null(strstr(plan, "tsv @@ "));
	assert_non_null(strstr(plan, "Index Cond: ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::integer) AND (tsv @@"));
}

/* The past in years, what still grows in months, never both. */
static void test_history(void **state)
{
	assert_string_equal(sql("SELECT platform.ensure_history('2019-05-01') > 0"), "t");
	assert_string_equal(sql("SELECT platform.ensure_history('2019-05-01')"), "0");
	assert_string_equal(sql("SELECT platform.ensure_partitions('2019-05-01', '2020-02-01')"), "0");
	assert_string_equal(sql("SELECT count(*) FROM pg_inherits WHERE inhparent = 'damage_reports'::regclass AND inhrelid::regclass::text ~ '_(2019|2020)$'"), "2");
	(void)sql("INSERT INTO damage_reports (tenant_id, id, report_number, vehicle_id, incident_at) VALUES (1, uuid7('2019-12-31 23:59:59Z'), 7, 1, '2019-12-31')");
	assert_string_equal(sql("SELECT tableoid::regclass::text FROM damage_reports WHERE report_number = 7"), "damage_reports_2019");
	assert_string_equal(as("fleet_app", 1, "SELECT * FROM fleet.damage_reports_2019"), "42501");
	assert_string_equal(as("fleet_app", 1, "INSERT INTO damage_photos (tenant_id, report_id, id, sha256, media_type, bytes, width, height)"
		" VALUES (1, uuid7('2019-12-31 23:59:59Z'), 1, sha256('x'), 'image/jpeg', 1, 1, 1)"), "23503"); /* no such report */
}

static int set_up(void **state)
{
	pg_fixture_start(&fx);
	load();
	return 0;
}

static int tear_down(void **state)
{
	pg_fixture_stop(&fx);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_isolation),
		cmocka_unit_test(test_writes_stay_at_home),
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_append_only),
		cmocka_unit_test(test_unknown_severity),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_lookalikes),
		cmocka_unit_test(test_outbox_order),
		cmocka_unit_test(test_idempotency),
		cmocka_unit_test(test_leakproof),
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_history),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
