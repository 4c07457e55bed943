/* fleet report: files a damage report with photos through the public API, waits, and prints the assessment. */
#include "app/documents.h"
#include "app/reach.h"
#include "app/report_print.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PHOTOS_MAX = 20, PHOTO_MB_MAX = 25 };
#define UPLOAD_US (10 * FL_MINUTE_US)
#define ASK_US (30 * FL_SECOND_US)

static const app_option options[] = {
	{ "--vehicle", "NAME", "the vehicle, as in VAN-12" },
	{ "--photo", "FILE", "JPEG, PNG, WebP or HEIC, at most 25 MB; give it 1 to 20 times", .many = true },
	APP_REACH_OPTIONS,
	{ "--wait-s", "S", "how long to wait for the assessment", .otherwise = "60" },
	{ "--json", NULL, "print the report as the API gives it" },
	{ 0 },
};

typedef struct filing {
	const app_call *call;
	app_client client;
	app_upload photos[PHOTOS_MAX];
	size_t photo_count;
	fl_arena mem;
	int64_t start_us;
} filing;

/* What can be known before anything is sent: each mistake names its file and what to do. */
static fl_err check_photo(const char *path, int64_t *size, fl_diag *diag)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return fl_fail(diag, FL_BAD_INPUT, "%s: %s", path, errno == ENOENT ? "there is no such file" : strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fl_fail(diag, FL_BAD_INPUT, "%s is not a file", path);
	if (access(path, R_OK) != 0)
		return fl_fail(diag, FL_BAD_INPUT, "%s may not be read by you", path);
	if (st.st_size == 0)
		return fl_fail(diag, FL_BAD_INPUT, "%s is empty", path);
	if (st.st_size > (off_t)PHOTO_MB_MAX * 1000 * 1000)
		return fl_fail(diag, FL_BAD_INPUT, "%s has %.1f MB; a photo may have %d MB. Save it smaller", path, (double)st.st_size / 1e6,
			PHOTO_MB_MAX);
	*size = st.st_size;
	return FL_OK;
}

static fl_err check_photos(filing *f, fl_diag *diag)
{
	f->photo_count = (size_t)app_count(f->call, "--photo");
	for (size_t i = 0; i < f->photo_count; i++) {
		f->photos[i].path = app_nth(f->call, "--photo", (int)i);
		FL_TRY(check_photo(f->photos[i].path, &f->photos[i].size, diag));
	}
	return FL_OK;
}

static fl_err write_variables(filing *f, fl_buf *out)
{
	fl_uuid key = fl_uuid7(fl_now_us());
	fl_json_out j = { .buf = out };
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("input"));
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("vehicleName"));
	fl_json_put_str(&j, fl_str_z(app_text(f->call, "--vehicle")));
	fl_json_key(&j, FL_STR("description"));
	fl_json_put_str(&j, fl_str_z(f->call->arguments[0]));
	fl_json_key(&j, FL_STR("idempotencyKey"));
	fl_json_put_str(&j, fl_uuid_str(&f->mem, key));
	fl_json_key(&j, FL_STR("photos"));
	fl_json_open(&j, '[');
	for (size_t i = 0; i < f->photo_count; i++)
		fl_json_put_null(&j);
	fl_json_close(&j, ']');
	fl_json_close(&j, '}');
	fl_json_close(&j, '}');
	return fl_buf_err(out);
}

static fl_err create(filing *f, fl_str *id, fl_diag *diag)
{
	FL_AUTO_BUF fl_buf variables = fl_buf_make(1 << 20);
	const fl_json *data = NULL;
	FL_TRY(write_variables(f, &variables));
	FL_TRY(app_client_ask(&f->client, app_document_file_report, fl_buf_view(&variables), f->photos, f->photo_count,
		"variables.input.photos", UPLOAD_US, &data, diag));
	*id = fl_json_str(fl_json_get(fl_json_get(fl_json_get(data, FL_STR("createDamageReport")), FL_STR("report")), FL_STR("id")),
		FL_STR(""));
	return id->len ? FL_OK : fl_fail(diag, FL_INTERNAL, "the server named no report");
}

static fl_err ask(filing *f, fl_str id, const fl_json **report, fl_diag *diag)
{
	FL_AUTO_BUF fl_buf variables = fl_buf_make(4096);
	const fl_json *data = NULL;
	fl_json_out j = { .buf = &variables };
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("id"));
	fl_json_put_str(&j, id);
	fl_json_close(&j, '}');
	FL_TRY(app_client_ask(&f->client, app_document_ask_report, fl_buf_view(&variables), NULL, 0, NULL, ASK_US, &data, diag));
	*report = fl_json_get(data, FL_STR("damageReport"));
	if (!*report || (*report)->type != FL_JSON_OBJECT)
		return fl_fail(diag, FL_NOT_FOUND, "the report was filed, but this token may not read it");
	return FL_OK;
}

static bool assessed(const fl_json *report)
{
	const fl_json *assessment = fl_json_get(report, FL_STR("assessment"));
	return assessment && assessment->type == FL_JSON_OBJECT;
}

/* Asks until the assessment is there: soon at first, then less often. */
static fl_err wait_assessment(filing *f, fl_str id, int64_t wait_us, const fl_json **report, fl_diag *diag)
{
	int64_t pause_us = 40 * 1000;
	for (int64_t until = fl_mono_us() + wait_us;;) {
		FL_TRY(ask(f, id, report, diag));
		if (assessed(*report) || fl_mono_us() >= until)
			return FL_OK;
		nanosleep(&(struct timespec){ .tv_sec = pause_us / FL_SECOND_US, .tv_nsec = pause_us % FL_SECOND_US * 1000 }, NULL);
		pause_us = FL_MIN(pause_us * 5 / 4, FL_SECOND_US / 2);
	}
}

static fl_err file_report(filing *f, int64_t wait_us, const fl_json **report, fl_diag *diag)
{
	fl_str id;
	FL_TRY(check_photos(f, diag));
	FL_TRY(app_reach(f->call, &f->client, diag));
	f->start_us = fl_mono_us();
	f->client.progress = !app_given(f->call, "--json");
	FL_TRY(create(f, &id, diag));
	f->client.progress = false;
	return wait_assessment(f, id, wait_us, report, diag);
}

static void print_json(const fl_json *report)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(1 << 24);
	fl_json_out j = { .buf = &out };
	fl_json_put(&j, report);
	printf("%" FL_FMT "\n", FL_ARG(fl_buf_view(&out)));
}

static int run(const app_call *call)
{
	filing f = { .call = call, .mem = fl_arena_make(256 << 20) };
	const fl_json *report = NULL;
	fl_diag diag = { 0 };
	int64_t wait_s;
	int photos = app_count(call, "--photo");
	if (!app_number(call, "--wait-s", 0, 3600, &wait_s))
		return APP_USAGE;
	if (!app_text(call, "--vehicle"))
		return app_usage(call, "say which vehicle: --vehicle VAN-12");
	if (photos < 1 || photos > PHOTOS_MAX)
		return app_usage(call, "give 1 to %d photos, each as --photo FILE", PHOTOS_MAX);
	if (call->argument_count != 1)
		return app_usage(call, call->argument_count ? "put the description in quotes: it is one argument"
							    : "say what happened: \"scraped the rear left door\"");
	f.client.mem = &f.mem;
	fl_err err = file_report(&f, wait_s * FL_SECOND_US, &report, &diag);
	bool done = err == FL_OK && assessed(report);
	if (err == FL_OK && app_given(call, "--json"))
		print_json(report);
	else if (err == FL_OK)
		app_report_print(report, fl_mono_us() - f.start_us);
	app_client_close(&f.client);
	fl_arena_fini(&f.mem);
	return err != FL_OK ? app_fail("%s", fl_diag_text(&diag, err)) : done ? APP_DONE : APP_FAILED;
}

const app_verb app_verb_report = {
	"report", "file a damage report with photos and show its assessment", .arguments = "TEXT",
	.details = "As in: fleet report --vehicle VAN-12 --photo front.jpg --photo side.jpg \"scraped the rear left door\"",
	.options = options, .run = run };
