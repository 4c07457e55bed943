/* fleet doctor: looks at everything that can be wrong around the program, and says what to do about it. */
#include "app/app.h"
#include "app/home.h"
#include "app/port.h"
#include "app/replicas.h"
#include "app/state.h"
#include "cache/redis.h"
#include "db/db.h"
#include "io/io.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { FREE_MB_BAD = 200, FREE_MB_LOW = 2000, FILES_LOW = 4096 };

typedef enum verdict { GOOD, NOTE, BAD } verdict;

/* What a check found; advice is empty when all is well. */
typedef struct finding {
	verdict verdict;
	char text[400], advice[400];
} finding;

typedef struct patient {
	const app_config *config;
	app_home home;
	bool has_home;
	pid_t holder;          /* of a running `up`; 0: none */
	app_state state;
	fl_arena mem;
} patient;

static finding good(const char *format, ...) FL_PRINTF(1, 2);
static finding good(const char *format, ...)
{
	finding f = { .verdict = GOOD };
	va_list args;
	va_start(args, format);
	vsnprintf(f.text, sizeof(f.text), format, args);
	va_end(args);
	return f;
}

static finding wrong(verdict how, const char *advice, const char *format, ...) FL_PRINTF(3, 4);
static finding wrong(verdict how, const char *advice, const char *format, ...)
{
	finding f = { .verdict = how };
	va_list args;
	va_start(args, format);
	vsnprintf(f.text, sizeof(f.text), format, args);
	va_end(args);
	snprintf(f.advice, sizeof(f.advice), "%s", advice);
	return f;
}

/* What libraries say may have several lines; a finding has one. */
static void flatten(char *text)
{
	size_t len = strlen(text);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 32)
			text[i] = ' ';
	while (len > 0 && text[len - 1] == ' ')
		text[--len] = 0;
}

/* ---- the checks ---- */

static finding check_postgres_package(patient *p)
{
	if (p->config->pg_url[0])
		return good("not needed: FLEET_PG_URL names a server");
	const char *folder = fl_pg_bindir();
	if (!folder)
		return wrong(BAD, "run ./fleet up, which installs it, or: apt-get install postgresql-15", "PostgreSQL 15 is not installed");
	if (access("/usr/share/postgresql/15/extension/postgis.control", R_OK) != 0)
		return wrong(BAD, "run ./fleet up, which installs it, or: apt-get install postgresql-15-postgis-3", "PostGIS is not installed");
	return good("PostgreSQL 15 with PostGIS, in %s", folder);
}

static finding check_redis_package(patient *p)
{
	static const char *const programs[] = { "/usr/bin/redis-server", "/usr/bin/redis-check-rdb", "/usr/local/bin/redis-server" };
	if (p->config->redis_url[0])
		return good("not needed: FLEET_REDIS_URL names a server");
	for (size_t i = 0; i < FL_COUNT(programs); i++)
		if (access(programs[i], X_OK) == 0)
			return good("Redis, as %s", programs[i]);
	return wrong(BAD, "run ./fleet up, which installs it, or: apt-get install redis-tools", "Redis is not installed");
}

/* Every folder right below HOME must be its owner's: a single `sudo` in the wrong place makes the rest fail oddly. */
static finding check_home(patient *p)
{
	const char *const folders[] = { p->home.pg, p->home.redis, p->home.run, p->home.secrets, p->home.blobs, p->home.tmp, p->home.log };
	fl_diag diag = { 0 };
	struct stat home, st;
	fl_err err = app_home_enter(p->config->home, APP_HOME_LOOK, &p->home, &diag);
	if (err == FL_NOT_FOUND)
		return wrong(NOTE, "./fleet up makes it", "there is no home folder yet");
	if (err != FL_OK || stat(p->home.path, &home) != 0)
		return wrong(BAD, "give it back to its owner, or run fleet as that user", "%s", fl_diag_text(&diag, err));
	p->has_home = true;
	for (size_t i = 0; i < FL_COUNT(folders); i++) {
		char advice[PATH_MAX + 64];
		const struct passwd *owner = getpwuid(home.st_uid);
		snprintf(advice, sizeof(advice), "sudo chown -R %s: %s", owner ? owner->pw_name : "$USER", p->home.path);
		if (stat(folders[i], &st) == 0 && st.st_uid != home.st_uid)
			return wrong(BAD, advice, "%s belongs to another user than the folder it is in", folders[i]);
		if (stat(folders[i], &st) == 0 && (st.st_mode & 0700) != 0700)
			return wrong(BAD, "chmod 700 it", "%s may not be written by its owner", folders[i]);
	}
	if (home.st_mode & 077)
		return wrong(BAD, "chmod 700 it: it holds keys and photos", "%s is open to other users", p->home.path);
	return good("%s", p->home.path);
}

static finding check_disk(patient *p)
{
	struct statvfs fs;
	const char *where = p->has_home ? p->home.path : ".";
	if (statvfs(where, &fs) != 0)
		return wrong(BAD, "is the disk mounted?", "%s: %s", where, strerror(errno));
	double free_mb = (double)fs.f_bavail * (double)fs.f_frsize / 1e6;
	if (free_mb < FREE_MB_BAD)
		return wrong(BAD, "make room, or move the folder and name it by --home", "the disk of %s is full: %.0f MB are left", where, free_mb);
	if (fs.f_files > 0 && fs.f_favail < 10000)
		return wrong(BAD, "remove small files: the disk has room, but no more of them fit", "the disk of %s has %llu inodes left", where,
			(unsigned long long)fs.f_favail);
	if (free_mb < FREE_MB_LOW)
		return wrong(NOTE, "make room soon: photos need 1 to 5 MB each", "%.0f MB are left on the disk of %s", free_mb, where);
	return good("%.1f GB are free", free_mb / 1e3);
}

static finding check_running(patient *p)
{
	char stale[PATH_MAX + 16];
	fl_diag diag = { 0 };
	if (!p->has_home)
		return good("nothing runs");
	p->holder = app_lock_holder(&p->home);
	snprintf(stale, sizeof(stale), "%s/up.json", p->home.run);
	if (!p->holder && access(stale, F_OK) == 0)
		return wrong(NOTE, "nothing to do: the next ./fleet up clears it", "a `fleet up` was killed and left %s", stale);
	if (!p->holder)
		return good("nothing runs on this home");
	if (app_state_read(&p->home, &p->mem, &p->state, &diag) != FL_OK)
		return wrong(NOTE, "wait for its line \"ready\"", "process %d is starting", (int)p->holder);
	return good("process %d, %" FL_FMT, (int)p->holder, FL_ARG(p->state.url));
}

/* postmaster.pid names a process; after a crash of the machine that number may be anybody's. */
static finding check_stale_pid(patient *p)
{
	char path[PATH_MAX + 32], comm[64] = "", proc[64];
	long pid = 0;
	snprintf(path, sizeof(path), "%s/postmaster.pid", p->home.pg);
	FILE *file = p->has_home ? fopen(path, "re") : NULL;
	if (!file)
		return good("none");
	int found = fscanf(file, "%ld", &pid);
	fclose(file);
	snprintf(proc, sizeof(proc), "/proc/%ld/comm", pid);
	file = found == 1 ? fopen(proc, "re") : NULL;
	if (file) {
		if (!fgets(comm, sizeof(comm), file))
			comm[0] = 0;
		fclose(file);
	}
	if (p->holder)
		return good("PostgreSQL is process %ld", pid);
	if (strncmp(comm, "postgres", 8) == 0)
		return wrong(NOTE, "it stops by itself within seconds; if it does not: kill -INT it", "PostgreSQL (process %ld) outlived its `fleet up`", pid);
	return wrong(NOTE, "nothing to do: the next ./fleet up clears it", "%s names process %ld, which is not PostgreSQL any more", path, pid);
}

static finding check_port(patient *p)
{
	int port = (int)p->config->port;
	fl_diag diag = { 0 };
	if (p->holder)
		return good("held by the running fleet");
	fl_err err = app_port_check(p->config->host, &port, &diag);
	if (err == FL_OK)
		return good("%lld is free", (long long)p->config->port);
	return wrong(BAD, "stop what uses it, or choose another by --port", "%s", fl_diag_text(&diag, err));
}

static finding check_postgres(patient *p)
{
	fl_str url = p->config->pg_url[0] ? fl_str_z(p->config->pg_url) : p->state.pg_url, version, schema;
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	fl_diag diag = { 0 };
	if (url.len == 0)
		return good("not asked: nothing runs");
	const char *advice = p->config->pg_url[0] ? "is FLEET_PG_URL right, and does that server let this machine in?"
						  : "its log is HOME/log/postgres.log; ./fleet down and ./fleet up start it anew";
	fl_err err = fl_pg_open(fl_str_cstr(&p->mem, url), &diag, &pg);
	if (err == FL_OK)
		err = fl_pg_value(pg, "SELECT current_setting('server_version')", &p->mem, &version, &diag);
	if (err == FL_OK)
		err = fl_pg_value(pg, "SELECT coalesce(to_regclass('fleet.damage_reports')::text, '')", &p->mem, &schema, &diag);
	if (err != FL_OK)
		return wrong(BAD, advice, "%s", fl_diag_text(&diag, err));
	int64_t major = 0;
	fl_str rest, first = fl_str_cut(version, '.', &rest);
	if (!fl_str_i64(first, &major) || major < 15)
		return wrong(BAD, "fleet needs PostgreSQL 15 or newer", "this PostgreSQL is %" FL_FMT, FL_ARG(version));
	if (schema.len == 0)
		return wrong(NOTE, "run: fleet migrate", "PostgreSQL %" FL_FMT " answers, but has no fleet schema yet", FL_ARG(version));
	return good("PostgreSQL %" FL_FMT " answers", FL_ARG(version));
}

static finding check_replica(patient *p, const char *url, int number, const fl_pg_standing *primary)
{
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	fl_pg_standing s;
	fl_diag diag = { 0 };
	fl_err err = fl_pg_open(url, &diag, &pg);
	if (err == FL_OK)
		err = fl_pg_stand(pg, &p->mem, &s, &diag);
	if (err != FL_OK)
		return wrong(BAD, "until it is back the primary answers alone", "replica %d: %s", number, fl_diag_text(&diag, err));
	if (s.system != primary->system)
		return wrong(BAD, "make it with pg_basebackup from the primary", "replica %d is of another cluster than the primary", number);
	if (!s.replica)
		return wrong(BAD, "make it anew from the primary, or name it in FLEET_PG_URL if it is the primary now", "replica %d takes writes of its own", number);
	if (s.timeline != primary->timeline)
		return wrong(NOTE, "does primary_conninfo name the present primary? After a change of primaries it is certain with the next restart point",
			"replica %d is on timeline %d, the primary on %d", number, (int)s.timeline, (int)primary->timeline);
	if (primary->lsn > s.lsn + (16 << 20))
		return wrong(NOTE, "fleet db replicas shows whether it catches up", "replica %d is %llu MB behind", number,
			(unsigned long long)(primary->lsn - s.lsn) / 1000000);
	return good("replica %d follows", number);
}

static finding check_replicas(patient *p)
{
	const char *url = p->config->pg_url[0] ? p->config->pg_url : fl_str_cstr(&p->mem, p->state.pg_url);
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	app_replicas replicas;
	fl_pg_standing primary;
	fl_diag diag = { 0 };
	fl_err err = app_replicas_read(p->config, &p->mem, &replicas, &diag);
	if (err != FL_OK)
		return wrong(BAD, "write postgresql://host/fleet, and a comma before the next", "%s", fl_diag_text(&diag, err));
	if (replicas.count == 0)
		return good("none");
	if (!url || !url[0])
		return good("not asked: nothing runs");
	err = fl_pg_open(url, &diag, &pg);
	if (err == FL_OK)
		err = fl_pg_stand(pg, &p->mem, &primary, &diag);
	if (err != FL_OK)
		return wrong(NOTE, "see PostgreSQL above", "not asked: the primary does not answer");
	for (int i = 0; i < replicas.count; i++) {
		finding f = check_replica(p, replicas.urls[i], i + 1, &primary);
		if (f.verdict != GOOD)
			return f;
	}
	return good("%d, all of them follow", replicas.count);
}

typedef struct redis_question {
	fl_str url;
	fl_diag diag;
} redis_question;

static fl_err ping_redis(fl_ctx *ctx, void *arg)
{
	redis_question *q = arg;
	fl_redis *redis = NULL;
	FL_TRY(fl_redis_open(ctx->loop, &(fl_redis_opts){ .url = q->url }, &q->diag, &redis));
	fl_err err = await_redis(ctx, redis, NULL, 1, (fl_str[]){ FL_STR("PING") });
	if (err != FL_OK)
		q->diag = ctx->diag;
	fl_redis_close(redis);
	return err;
}

static finding check_redis(patient *p)
{
	redis_question q = { .url = p->config->redis_url[0] ? fl_str_z(p->config->redis_url) : p->state.redis_url };
	fl_loop *loop = NULL;
	if (q.url.len == 0)
		return good("not asked: nothing runs");
	fl_err err = fl_loop_new(&(fl_loop_opts){ 0 }, &loop);
	if (err == FL_OK)
		err = fl_loop_run_task(loop, 3 * FL_SECOND_US, ping_redis, &q);
	if (loop)
		fl_loop_free(loop);
	if (err == FL_OK)
		return good("answers");
	return wrong(BAD, p->config->redis_url[0] ? "is FLEET_REDIS_URL right, and does that server let this machine in?"
						  : "its log is HOME/redis; `fleet up` starts it again by itself",
		"Redis does not answer: %s", fl_diag_text(&q.diag, err));
}

static finding check_limits(patient *p)
{
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return good("not known");
	if (files.rlim_max < FILES_LOW)
		return wrong(NOTE, "raise it (ulimit -n, or LimitNOFILE= of a service): each connection is one", "only %llu open files are allowed",
			(unsigned long long)files.rlim_max);
	return good("%llu open files", (unsigned long long)files.rlim_max);
}

static const struct {
	const char *name;
	finding (*check)(patient *);
} checks[] = {
	{ "PostgreSQL package", check_postgres_package },
	{ "Redis package", check_redis_package },
	{ "home folder", check_home },
	{ "disk", check_disk },
	{ "running", check_running },
	{ "stale pid", check_stale_pid },
	{ "port", check_port },
	{ "PostgreSQL", check_postgres },
	{ "replicas", check_replicas },
	{ "Redis", check_redis },
	{ "limits", check_limits },
};

static const app_option options[] = {
	{ "--json", NULL, "answer for machines" },
	{ 0 },
};

static const char *const verdicts[] = { "good", "note", "bad" };

static void show(const char *name, const finding *f)
{
	printf("%-5s %-20s %s\n", f->verdict == GOOD ? "ok" : verdicts[f->verdict], name, f->text);
	if (f->advice[0])
		printf("%-5s %-20s -> %s\n", "", "", f->advice);
}

static void put(fl_json_out *j, fl_str key, const char *value)
{
	fl_json_key(j, key);
	fl_json_put_str(j, fl_str_z(value));
}

static void show_json(fl_json_out *j, const char *name, const finding *f)
{
	fl_json_open(j, '{');
	put(j, FL_STR("check"), name);
	put(j, FL_STR("verdict"), verdicts[f->verdict]);
	put(j, FL_STR("text"), f->text);
	put(j, FL_STR("advice"), f->advice);
	fl_json_close(j, '}');
}

static int run(const app_call *call)
{
	patient p = { .config = call->config, .mem = fl_arena_make(4 << 20) };
	FL_AUTO_BUF fl_buf out = fl_buf_make(1 << 20);
	fl_json_out j = { .buf = &out };
	int bad = 0;
	fl_json_open(&j, '[');
	for (size_t i = 0; i < FL_COUNT(checks); i++) {
		finding f = checks[i].check(&p);
		flatten(f.text);
		bad += f.verdict == BAD;
		if (app_given(call, "--json"))
			show_json(&j, checks[i].name, &f);
		else
			show(checks[i].name, &f);
	}
	fl_json_close(&j, ']');
	if (app_given(call, "--json"))
		printf("%" FL_FMT "\n", FL_ARG(fl_buf_view(&out)));
	fl_arena_fini(&p.mem);
	return bad ? APP_FAILED : APP_DONE;
}

const app_verb app_verb_doctor = {
	"doctor", "find what is wrong around the program, and say what to do", .options = options, .run = run };
