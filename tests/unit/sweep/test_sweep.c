/* Bytes that nothing names go, after a time, and no others: against a real PostgreSQL and a real store. */
#include "sweep/sweep.h"

#include "io/io.h"
#include "pg_fixture.h"

#include <setjmp.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static pg_fixture pg;
static char dir[64];
static fl_store *store;
static fl_diag diag;

static const char *sql(const char *text)
{
	return pg_fixture_sql(&pg, text);
}

static fl_sweep_result sweep(void)
{
	fl_sweep_result r;
	fl_err err = fl_sweep_run(&(fl_sweep_site) { .url = pg.url, .store = store }, &r, &diag);
	if (err != FL_OK)
		fail_msg("%s", diag.text);
	return r;
}

static fl_sha256 put(const char *text)
{
	fl_blob blob;
	assert_int_equal(fl_store_put_now(store, fl_str_z(text), &blob, &diag), FL_OK);
	return blob.id;
}

static void hex_of(fl_sha256 id, char out[65])
{
	for (size_t i = 0; i < sizeof(id.bytes); i++)
		snprintf(out + 2 * i, 3, "%02x", id.bytes[i]);
}

static bool is_there(fl_sha256 id)
{
	int fd;
	int64_t size;
	if (fl_store_open_blob_now(store, id, &fd, &size, &diag) != FL_OK)
		return false;
	close(fd);
	return true;
}

/* As if it had been sent two days ago. */
static void age(fl_sha256 id)
{
	char hex[65], path[200];
	struct timespec old = { .tv_sec = (time_t)(fl_now_us() / FL_SECOND_US) - 2 * 86400 };
	hex_of(id, hex);
	snprintf(path, sizeof(path), "%s/%.2s/%.2s/%s", dir, hex, hex + 2, hex);
	assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]) { old, old }, 0), 0);
}

/* As if what is noted had been noted two days ago. */
static void pass_time(void)
{
	(void)sql("UPDATE platform.loose_blobs SET since = since - interval '2 days'");
}

static void attach(int report, int number, fl_sha256 id)
{
	char hex[65], text[500];
	hex_of(id, hex);
	snprintf(text, sizeof(text), "INSERT INTO fleet.report_attachments (tenant_id, report_id, id, sha256, name, media_type, bytes)"
		" SELECT 1, id, %d, decode('%s', 'hex'), 'a', 'text/plain', 1 FROM fleet.damage_reports WHERE description = 'report %d'", number, hex, report);
	(void)sql(text);
}

static void remove_attachment(int report)
{
	char text[300];
	snprintf(text, sizeof(text), "UPDATE fleet.report_attachments SET removed_at = now() WHERE report_id = (SELECT id FROM fleet.damage_reports WHERE description = 'report %d')",
		report);
	(void)sql(text);
}

static void every_column_is_judged(void **state)
{
	assert_string_equal(sql("SELECT coalesce(string_agg(c, ', '), '') FROM platform.blob_columns_unjudged() c"), "");
	/* What is judged is there, and what an archive takes along is among it. */
	assert_string_equal(sql("SELECT coalesce(string_agg(b.tbl || '.' || b.col, ', '), '') FROM platform.blob_columns b WHERE NOT EXISTS (SELECT 1 FROM pg_attribute a"
				" WHERE a.attrelid = to_regclass(b.sch || '.' || b.tbl) AND a.attname = b.col AND a.atttypid = 'bytea'::regtype)"), "");
	assert_string_equal(sql("SELECT coalesce(string_agg(a.tbl || '.' || c, ', '), '') FROM platform.archived a, unnest(a.blobs) c"
				" WHERE NOT EXISTS (SELECT 1 FROM platform.blob_columns b WHERE b.tbl = a.tbl AND b.col = c AND b.names)"), "");
	/* A column that came without a judgement stops the sweep before it removes anything. */
	fl_sweep_result r;
	(void)sql("CREATE TABLE fleet.forgotten (picture bytea)");
	assert_int_equal(fl_sweep_run(&(fl_sweep_site) { .url = pg.url, .store = store }, &r, &diag), FL_CONFLICT);
	assert_non_null(strstr(diag.text, "fleet.forgotten.picture"));
	assert_string_equal(sql("SELECT refused IS NOT NULL FROM platform.sweep"), "t");
	(void)sql("DROP TABLE fleet.forgotten");
}

static void loose_bytes_go(void **state)
{
	fl_sha256 named = put("named"), shared = put("shared"), gone = put("gone"), fresh = put("fresh");
	attach(1, 1, named);
	attach(1, 2, shared);
	attach(2, 1, shared);
	attach(2, 2, gone);
	age(named);
	age(shared);
	age(gone);
	fl_sweep_result r = sweep();
	assert_int_equal(r.seen, 4);
	assert_int_equal(r.loose, 0);
	remove_attachment(2);
	r = sweep();
	assert_int_equal(r.loose, 1); /* shared is named by the other report, fresh may be on its way */
	assert_int_equal(r.removed, 0);
	assert_string_equal(sql("SELECT loose || ' ' || loose_bytes FROM platform.sweep"), "1 4");
	pass_time();
	r = sweep();
	assert_int_equal(r.removed, 1);
	assert_true(is_there(named) && is_there(shared) && is_there(fresh) && !is_there(gone));
	assert_string_equal(sql("SELECT loose || ' ' || removed || ' ' || removed_bytes || ' ' || (SELECT count(*) FROM platform.loose_blobs) FROM platform.sweep"), "0 1 4 0");
	/* The last name goes, and the bytes after it. */
	remove_attachment(1);
	sweep();
	pass_time();
	assert_int_equal(sweep().removed, 2);
	assert_true(!is_there(named) && !is_there(shared) && is_there(fresh));
}

static void a_hold_keeps(void **state)
{
	fl_sha256 held = put("evidence");
	attach(3, 1, held);
	age(held);
	remove_attachment(3);
	(void)sql("INSERT INTO fleet.report_holds (tenant_id, report_id, reason) SELECT 1, id, 'case' FROM fleet.damage_reports WHERE description = 'report 3'");
	assert_int_equal(sweep().loose, 0);
	(void)sql("DELETE FROM fleet.report_holds");
	assert_int_equal(sweep().loose, 1);
	(void)sql("INSERT INTO fleet.report_holds (tenant_id, report_id, reason) SELECT 1, id, 'case' FROM fleet.damage_reports WHERE description = 'report 3'");
	pass_time();
	assert_int_equal(sweep().removed, 0);
	assert_true(is_there(held));
	(void)sql("DELETE FROM fleet.report_holds");
	sweep();
	pass_time();
	assert_int_equal(sweep().removed, 1);
}

/* Sent again while it waits for its end: it stays, with or without a row yet. */
static void sent_again(void **state)
{
	fl_sha256 id = put("twice");
	bool removed;
	age(id);
	sweep();
	pass_time();
	put("twice");
	assert_int_equal(sweep().removed, 0);
	assert_true(is_there(id));
	assert_int_equal(fl_store_remove_old(store, id, fl_now_us() - FL_MINUTE_US, &removed, &diag), FL_OK);
	assert_false(removed);
	age(id);
	assert_int_equal(fl_store_remove_old(store, id, fl_now_us() - FL_MINUTE_US, &removed, &diag), FL_OK);
	assert_true(removed && !is_there(id));
	put("twice");
	assert_true(is_there(id));
}

/* A process that puts the same bytes over and over beside one that removes them whenever they look old: each put that returned is there. */
static void putting_beside_removing(void **state)
{
	fl_blob blob;
	fl_sha256 id = put("contested");
	int64_t end = fl_mono_us() + FL_SECOND_US;
	int pipe_fd[2], puts = 0;
	char byte;
	assert_int_equal(pipe(pipe_fd), 0);
	pid_t remover = fork();
	if (remover == 0) {
		bool removed;
		close(pipe_fd[0]);
		/* What was put 200 microseconds ago is old here. */
		while (fl_mono_us() < end)
			if (fl_store_remove_old(store, id, fl_now_us() - 200, &removed, &diag) != FL_OK)
				_exit(1);
		_exit(0);
	}
	close(pipe_fd[1]);
	while (fl_mono_us() < end) {
		int64_t began = fl_now_us();
		assert_int_equal(fl_store_put_now(store, FL_STR("contested"), &blob, &diag), FL_OK);
		/* keep() itself looks after linking, under the lock: a removal in between would have failed it. Afterwards it may go only when
		 * it has become old. */
		if (!is_there(id))
			assert_true(fl_now_us() - began >= 200);
		puts++;
	}
	assert_int_equal(read(pipe_fd[0], &byte, 1), 0);
	close(pipe_fd[0]);
	assert_true(puts > 20);
}

/* Cut off after the bytes went and before that was written down. */
static void cut_off(void **state)
{
	fl_sha256 a = put("cut off");
	fl_sweep_result r;
	age(a);
	sweep();
	pass_time();
	assert_int_equal(fl_faults_set("sweep.removed:*"), FL_OK);
	assert_int_equal(fl_sweep_run(&(fl_sweep_site) { .url = pg.url, .store = store }, &r, &diag), FL_IO);
	assert_int_equal(fl_faults_set(NULL), FL_OK);
	assert_false(is_there(a));
	sweep();
	assert_string_equal(sql("SELECT count(*) FROM platform.loose_blobs"), "0");
}

static void one_run_has_a_limit(void **state)
{
	fl_sweep_result r;
	char text[32];
	for (int i = 0; i < 12; i++) {
		snprintf(text, sizeof(text), "limited %d", i);
		age(put(text));
	}
	sweep();
	pass_time();
	assert_int_equal(fl_sweep_run(&(fl_sweep_site) { .url = pg.url, .store = store, .remove_max = 5 }, &r, &diag), FL_OK);
	assert_int_equal(r.removed, 5);
	assert_int_equal(sweep().removed, 7);
	/* Not due again so soon. */
	assert_int_equal(fl_sweep_run(&(fl_sweep_site) { .url = pg.url, .store = store, .only_due = true }, &r, &diag), FL_OK);
	assert_false(r.ran);
	(void)sql("UPDATE platform.sweep SET began_at = began_at - interval '7 hours'");
	assert_int_equal(fl_sweep_run(&(fl_sweep_site) { .url = pg.url, .store = store, .only_due = true }, &r, &diag), FL_OK);
	assert_true(r.ran);
}

/* A store that another database belongs to, or of which most is named nowhere. */
static void another_database(void **state)
{
	fl_sweep_result r;
	fl_sweep_site site = { .url = pg.url, .store = store };
	fl_sha256 theirs = put("theirs");
	char mark[80];
	age(theirs);
	(void)sql("UPDATE platform.sweep SET store = gen_random_uuid()");
	assert_int_equal(fl_sweep_run(&site, &r, &diag), FL_CONFLICT);
	assert_non_null(strstr(diag.text, "another database"));
	snprintf(mark, sizeof(mark), "%s/owner", dir);
	assert_int_equal(unlink(mark), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fl_sweep_run(&site, &r, &diag), FL_CONFLICT);
		assert_non_null(strstr(diag.text, "fleet store adopt"));
	}
	site.adopt = true;
	assert_int_equal(fl_sweep_run(&site, &r, &diag), FL_OK);
	assert_string_equal(sql("SELECT refused IS NULL FROM platform.sweep"), "t");
	sweep();
	assert_true(is_there(theirs));
}

/* As long as all of a store is new, nobody can tell whose it is. */
static void too_new_to_tell(void **state)
{
	fl_sweep_result r;
	fl_store *other;
	fl_blob blob;
	char place[80], mark[100], command[120];
	snprintf(place, sizeof(place), "%s/other", dir);
	snprintf(mark, sizeof(mark), "%s/owner", place);
	assert_int_equal(fl_store_open(place, &other, &diag), FL_OK);
	const fl_sweep_site site = { .url = pg.url, .store = other };
	assert_int_equal(fl_store_put_now(other, FL_STR("new"), &blob, &diag), FL_OK);
	assert_int_equal(fl_sweep_run(&site, &r, &diag), FL_OK);
	assert_int_not_equal(access(mark, F_OK), 0);
	assert_int_equal(fl_store_drop_now(other, blob.id, &diag), FL_OK);
	assert_int_equal(fl_sweep_run(&site, &r, &diag), FL_OK); /* an empty one is taken at once */
	assert_int_equal(access(mark, F_OK), 0);
	fl_store_close(other);
	snprintf(command, sizeof(command), "rm -rf %s", place);
	assert_int_equal(system(command), 0);
}

/* A role that does not see every row is told so. */
static void others_see_too_little(void **state)
{
	fl_sweep_result r;
	char url[600];
	(void)sql("GRANT USAGE ON SCHEMA platform TO fleet_worker; GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA platform TO fleet_worker;"
		  "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA platform TO fleet_worker; ALTER ROLE fleet_worker LOGIN; ALTER TABLE platform.sweep DISABLE ROW LEVEL SECURITY;"
		  "ALTER TABLE platform.blob_columns DISABLE ROW LEVEL SECURITY");
	snprintf(url, sizeof(url), "host=%s dbname=fleet user=fleet_worker", pg.run);
	fl_err err = fl_sweep_run(&(fl_sweep_site) { .url = url, .store = store }, &r, &diag);
	assert_int_not_equal(err, FL_OK);
	assert_int_equal(r.removed, 0);
}

static int start(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/fleet-sweep-XXXXXX");
	if (!mkdtemp(dir) || fl_store_open(dir, &store, &diag) != FL_OK)
		return -1;
	pg_fixture_start(&pg);
	pg_fixture_load_two_companies(&pg);
	(void)sql("SELECT set_config('app.tenant_id', '1', false); SELECT platform.ensure_partitions(now()::date, now()::date);"
		  "INSERT INTO fleet.damage_reports (tenant_id, id, vehicle_id, incident_at, description) SELECT 1, fleet.uuid7(), 1, now(), 'report ' || n FROM generate_series(1, 3) n");
	return 0;
}

static int stop(void **state)
{
	char command[128];
	fl_store_close(store);
	pg_fixture_stop(&pg);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_column_is_judged),
		cmocka_unit_test(loose_bytes_go),
		cmocka_unit_test(a_hold_keeps),
		cmocka_unit_test(sent_again),
		cmocka_unit_test(putting_beside_removing),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(one_run_has_a_limit),
		cmocka_unit_test(another_database),
		cmocka_unit_test(too_new_to_tell),
		cmocka_unit_test(others_see_too_little),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
