/* fleet import: sends a CSV file through the public API, follows it, and prints what is wrong with it. */
#include "app/documents.h"
#include "app/reach.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FILE_MB_MAX = 25 };
#define SEND_US (10 * FL_MINUTE_US)
#define ASK_US (30 * FL_SECOND_US)

static const app_option options[] = {
	{ "--dry-run", NULL, "only check the file" },
	APP_REACH_OPTIONS,
	{ "--wait-s", "S", "how long to follow a long file", .otherwise = "3600" },
	{ "--json", NULL, "print the import as the API gives it" },
	{ 0 },
};

static fl_str text_of(const fl_json *job, const char *name)
{
	return fl_json_str(fl_json_get(job, fl_str_z(name)), FL_STR(""));
}

static bool running(const fl_json *job)
{
	fl_str state = text_of(job, "state");
	return fl_str_eq(state, FL_STR("WAITING")) || fl_str_eq(state, FL_STR("RUNNING"));
}

static fl_err check_file(const char *path, int64_t *size, fl_diag *diag)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return fl_fail(diag, FL_BAD_INPUT, "%s: %s", path, errno == ENOENT ? "there is no such file" : strerror(errno));
	if (!S_ISREG(st.st_mode) || access(path, R_OK) != 0)
		return fl_fail(diag, FL_BAD_INPUT, "%s is no file that you may read", path);
	if (st.st_size > (off_t)FILE_MB_MAX << 20)
		return fl_fail(diag, FL_BAD_INPUT, "%s has %.1f MB; at most %d MB are taken: send it in parts", path,
			(double)st.st_size / 1048576, FILE_MB_MAX);
	*size = st.st_size;
	return FL_OK;
}

/* The kinds of the API are those of the command line in capitals. */
static fl_str kind_of(fl_arena *mem, const char *name)
{
	char *kind = fl_str_cstr(mem, fl_str_z(name));
	for (char *c = kind; c && *c; c++)
		*c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
	return fl_str_z(kind);
}

static fl_err send_file(app_client *client, const app_call *call, const fl_json **job, fl_diag *diag)
{
	FL_AUTO_BUF fl_buf variables = fl_buf_make(4096);
	app_upload file = { .path = call->arguments[1], .at = "variables.input.file" };
	const fl_json *data = NULL;
	fl_json_out j = { .buf = &variables };
	FL_TRY(check_file(file.path, &file.size, diag));
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("input"));
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("kind"));
	fl_json_put_str(&j, kind_of(client->mem, call->arguments[0]));
	fl_json_key(&j, FL_STR("dryRun"));
	fl_json_put_bool(&j, app_given(call, "--dry-run"));
	fl_json_key(&j, FL_STR("file"));
	fl_json_put_null(&j);
	fl_json_close(&j, '}');
	fl_json_close(&j, '}');
	FL_TRY(app_client_ask(client, app_document_send_import, fl_buf_view(&variables), &file, 1, NULL, SEND_US, &data, diag));
	*job = fl_json_get(fl_json_get(data, FL_STR("importFile")), FL_STR("job"));
	return *job ? FL_OK : fl_fail(diag, FL_INTERNAL, "the server named no import");
}

static fl_err ask(app_client *client, fl_str id, const fl_json **job, fl_diag *diag)
{
	const fl_json *data = NULL;
	fl_str variables = fl_str_fmt(client->mem, "{\"id\":\"%.*s\"}", FL_ARG(id));
	if (!variables.ptr)
		return FL_NOMEM;
	FL_TRY(app_client_ask(client, app_document_ask_import, variables, NULL, 0, NULL, ASK_US, &data, diag));
	*job = fl_json_get(data, FL_STR("importJob"));
	return *job && (*job)->type == FL_JSON_OBJECT ? FL_OK : fl_fail(diag, FL_NOT_FOUND, "the import is gone");
}

static fl_err follow(app_client *client, int64_t wait_s, const fl_json **job, fl_diag *diag)
{
	fl_str id = text_of(*job, "id");
	for (int64_t until = fl_mono_us() + wait_s * FL_SECOND_US; running(*job) && fl_mono_us() < until;) {
		nanosleep(&(struct timespec) { .tv_nsec = 300 * 1000 * 1000 }, NULL);
		FL_TRY(ask(client, id, job, diag));
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\r\033[K%lld of %lld lines",
				(long long)fl_json_int(fl_json_get(*job, FL_STR("done")), 0),
				(long long)fl_json_int(fl_json_get(*job, FL_STR("total")), 0));
	}
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	return FL_OK;
}

static void print_problems(const fl_json *job)
{
	const fl_json *list = fl_json_get(job, FL_STR("problems"));
	for (const fl_json *p = list && list->type == FL_JSON_ARRAY ? list->items.first : NULL; p; p = p->next) {
		fl_str column = text_of(p, "column"), problem = text_of(p, "problem");
		printf("line %lld%s%" FL_FMT ": %" FL_FMT "\n", (long long)fl_json_int(fl_json_get(p, FL_STR("line")), 0),
			column.len ? ", " : "", FL_ARG(column), FL_ARG(problem));
	}
}

static void print_job(const fl_json *job)
{
	long long total = (long long)fl_json_int(fl_json_get(job, FL_STR("total")), 0),
		  bad = (long long)fl_json_int(fl_json_get(job, FL_STR("bad")), 0);
	fl_str error = text_of(job, "error");
	print_problems(job);
	if (error.len)
		printf("%" FL_FMT "\n", FL_ARG(error));
	else if (running(job))
		printf("still under way: %lld lines so far\n", (long long)fl_json_int(fl_json_get(job, FL_STR("done")), 0));
	else if (fl_json_bool(fl_json_get(job, FL_STR("dryRun")), false))
		printf("%lld lines checked, %lld wrong; nothing was written\n", total, bad);
	else
		printf("%lld lines imported\n", total);
}

static int finish(const app_call *call, const fl_json *job)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(16 << 20);
	fl_json_out j = { .buf = &out };
	fl_json_put(&j, job);
	if (app_given(call, "--json"))
		printf("%" FL_FMT "\n", FL_ARG(fl_buf_view(&out)));
	else
		print_job(job);
	bool done = fl_str_eq(text_of(job, "state"), FL_STR("DONE")) && fl_json_int(fl_json_get(job, FL_STR("bad")), 0) == 0;
	return done ? APP_DONE : APP_FAILED;
}

static int run(const app_call *call)
{
	fl_arena mem = fl_arena_make(256 << 20);
	app_client client = { .mem = &mem };
	const fl_json *job = NULL;
	fl_diag diag = { 0 };
	int64_t wait_s;
	if (!app_number(call, "--wait-s", 0, 86400, &wait_s))
		return APP_USAGE;
	if (call->argument_count != 2)
		return app_usage(call, "say what the file holds, and which file: fleet import vehicles cars.csv");
	fl_err err = app_reach(call, &client, &diag);
	if (err == FL_OK)
		err = send_file(&client, call, &job, &diag);
	if (err == FL_OK)
		err = follow(&client, wait_s, &job, &diag);
	int status = err == FL_OK ? finish(call, job) : app_fail("%s", fl_diag_text(&diag, err));
	app_client_close(&client);
	fl_arena_fini(&mem);
	return status;
}

const app_verb app_verb_import = { "import", "add vehicles, drivers, depots or reports of the past from a CSV file",
	.arguments = "KIND FILE",
	.details = "KIND is vehicles, drivers, facilities or reports; the file's first line names its columns. A file with a bad "
		   "line imports\n"
		   "nothing. As in: fleet import vehicles cars.csv --dry-run",
	.options = options, .run = run };
