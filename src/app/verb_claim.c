/* fleet claim: packs for insurers, made through the public API, and checked without one. */
#include "app/reach.h"
#include "pack/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define ASK_US FL_MINUTE_US
#define READ_US FL_HOUR_US
#define LOOK_US (FL_SECOND_US / 2) /* between looks at how far the pack is */

static const app_option options[] = {
	{ "--out", "FILE", "pack: where to; default: claim-NUMBER.zip" },
	{ "--without-names", NULL, "pack: leave names of people out" },
	{ "--manifest", "SHA256", "verify: what the manifest must have, as the report's history says" },
	{ "--json", NULL, "answer for machines" },
	APP_REACH_OPTIONS,
	{ 0 },
};

/* ---- pack ---- */

static const fl_str FIND = FL_STR_INIT("query Find($number: BigInt!) { damageReport(number: $number) { id } }");
static const fl_str MAKE = FL_STR_INIT("mutation Make($input: MakeClaimPackInput!) { makeClaimPack(input: $input) { pack { id } } }");
static const fl_str LOOK = FL_STR_INIT("query Look($id: ID!) { claimPack(id: $id) { state total done url error manifestSha256 sizeBytes files } }");

static fl_err ask(app_client *client, fl_str document, fl_str variables, const fl_json **data, fl_diag *diag)
{
	if (!variables.ptr)
		return FL_NOMEM;
	return app_client_ask(client, document, variables, NULL, 0, NULL, ASK_US, data, diag);
}

static fl_err start(const app_call *call, app_client *client, int64_t number, fl_str *id, fl_diag *diag)
{
	const fl_json *data;
	FL_TRY(ask(client, FIND, fl_str_fmt(client->mem, "{\"number\":%lld}", (long long)number), &data, diag));
	fl_str report = fl_json_str(fl_json_get(fl_json_get(data, FL_STR("damageReport")), FL_STR("id")), FL_STR(""));
	if (!report.len)
		return fl_fail(diag, FL_NOT_FOUND, "there is no report %lld", (long long)number);
	FL_TRY(ask(client, MAKE, fl_str_fmt(client->mem, "{\"input\":{\"reportId\":\"%" FL_FMT "\",\"withNames\":%s}}", FL_ARG(report),
		app_given(call, "--without-names") ? "false" : "true"), &data, diag));
	const fl_json *pack = fl_json_get(fl_json_get(data, FL_STR("makeClaimPack")), FL_STR("pack"));
	*id = fl_str_dup(client->mem, fl_json_str(fl_json_get(pack, FL_STR("id")), FL_STR("")));
	return id->ptr ? FL_OK : FL_NOMEM;
}

/* Asks until the pack is done or failed; an hour at most. */
static fl_err await_pack(app_client *client, fl_str id, const fl_json **out, fl_diag *diag)
{
	fl_str variables = fl_str_fmt(client->mem, "{\"id\":\"%" FL_FMT "\"}", FL_ARG(id));
	const struct timespec pause = { 0, LOOK_US * 1000 };
	for (int64_t end = fl_mono_us() + READ_US; fl_mono_us() < end;) {
		const fl_json *data;
		FL_TRY(ask(client, LOOK, variables, &data, diag));
		const fl_json *pack = fl_json_get(data, FL_STR("claimPack"));
		fl_str state = fl_json_str(fl_json_get(pack, FL_STR("state")), FL_STR(""));
		if (fl_str_eq(state, FL_STR("DONE"))) {
			*out = pack;
			return FL_OK;
		}
		if (!fl_str_eq(state, FL_STR("WAITING")) && !fl_str_eq(state, FL_STR("RUNNING"))) {
			fl_str why = fl_json_str(fl_json_get(pack, FL_STR("error")), FL_STR("it is gone"));
			return fl_fail(diag, FL_INTERNAL, "the pack was not made: %" FL_FMT, FL_ARG(why));
		}
		nanosleep(&pause, NULL);
	}
	return fl_fail(diag, FL_TIMEOUT, "the pack was not done within an hour; is `fleet work` running?");
}

static fl_err download(app_client *client, const fl_json *pack, const char *path, fl_diag *diag)
{
	FILE *out = fopen(path, "we");
	if (!out)
		return fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	fl_err err = app_client_download(client, fl_json_str(fl_json_get(pack, FL_STR("url")), FL_STR("")), out, READ_US, diag);
	if (fclose(out) != 0 && err == FL_OK)
		err = fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	if (err != FL_OK)
		unlink(path); /* half a file looks like a whole one */
	return err;
}

static fl_err pack(const app_call *call, app_client *client, fl_diag *diag)
{
	const fl_json *made = NULL;
	const char *path = app_text(call, "--out");
	int64_t number;
	fl_str id;
	if (!fl_str_i64(fl_str_z(call->arguments[1]), &number) || number < 1)
		return fl_fail(diag, FL_BAD_INPUT, "'%s' is no number of a report", call->arguments[1]);
	if (!path)
		path = fl_str_cstr(client->mem, fl_str_fmt(client->mem, "claim-%lld.zip", (long long)number));
	if (!path)
		return FL_NOMEM;
	FL_TRY(app_reach(call, client, diag));
	FL_TRY(start(call, client, number, &id, diag));
	FL_TRY(await_pack(client, id, &made, diag));
	FL_TRY(download(client, made, path, diag));
	fl_str hash = fl_json_str(fl_json_get(made, FL_STR("manifestSha256")), FL_STR(""));
	int files = (int)fl_json_int(fl_json_get(made, FL_STR("files")), 0);
	if (app_given(call, "--json"))
		printf("{\"file\":\"%s\",\"files\":%d,\"manifestSha256\":\"%" FL_FMT "\"}\n", path, files, FL_ARG(hash));
	else
		printf("%s: %d files; manifest SHA-256 %" FL_FMT "\n", path, files, FL_ARG(hash));
	return FL_OK;
}

/* ---- verify ---- */

static void say(void *arg, const char *finding)
{
	(void)arg;
	printf("%s\n", finding);
}

/* False when the manifest is not the one that was named. */
static bool is_expected(const app_call *call, const fl_pack_verdict *verdict, fl_diag *diag, fl_err *err)
{
	const char *text = app_text(call, "--manifest");
	fl_sha256 wanted;
	if (!text)
		return true;
	if (!fl_str_unhex(fl_str_z(text), wanted.bytes, sizeof(wanted.bytes))) {
		*err = fl_fail(diag, FL_BAD_INPUT, "--manifest '%s' is no SHA-256: 64 digits of hexadecimal", text);
		return false;
	}
	return memcmp(&wanted, &verdict->manifest, sizeof(wanted)) == 0;
}

static void print_verdict(const app_call *call, fl_arena *mem, const fl_pack_verdict *v, bool whole)
{
	fl_str hash = fl_str_hex(mem, v->manifest.bytes, sizeof(v->manifest.bytes));
	if (app_given(call, "--json"))
		printf("{\"whole\":%s,\"files\":%zu,\"bytes\":%lld,\"findings\":%zu,\"madeAt\":\"%s\",\"manifestSha256\":\"%" FL_FMT "\"}\n", whole ? "true" : "false",
			v->files, (long long)v->bytes, v->findings, v->made_at, FL_ARG(hash));
	else if (whole)
		printf("whole: %zu files, %lld bytes, made %s; manifest SHA-256 %" FL_FMT "\n", v->files, (long long)v->bytes, v->made_at, FL_ARG(hash));
	else
		printf("not whole: %zu findings\n", v->findings);
}

static fl_err verify(const app_call *call, fl_arena *mem, fl_diag *diag, bool *whole)
{
	fl_pack_verdict verdict;
	fl_err err = FL_OK;
	const char *path = call->arguments[1];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	fl_diag why = {};
	err = fl_pack_verify(fd, &(fl_pack_check) { .say = app_given(call, "--json") ? NULL : say }, &why, &verdict);
	close(fd);
	if (err != FL_OK)
		return fl_fail(diag, err, "%s: %s", path, fl_diag_text(&why, err));
	*whole = verdict.findings == 0;
	if (!is_expected(call, &verdict, diag, &err)) {
		FL_TRY(err);
		*whole = false;
		verdict.findings++;
		if (!app_given(call, "--json"))
			printf("manifest.json: it is another one than was named\n");
	}
	print_verdict(call, mem, &verdict, *whole);
	return FL_OK;
}

/* ---- the verb ---- */

static int run(const app_call *call)
{
	fl_arena mem = fl_arena_make(32 << 20);
	app_client client = { .mem = &mem };
	fl_diag diag = { 0 };
	bool whole = true, packs = call->argument_count == 2 && strcmp(call->arguments[0], "pack") == 0;
	if (!packs && (call->argument_count != 2 || strcmp(call->arguments[0], "verify") != 0))
		return app_usage(call, "say what: fleet claim pack NUMBER, or fleet claim verify FILE");
	fl_err err = packs ? pack(call, &client, &diag) : verify(call, &mem, &diag, &whole);
	app_client_close(&client);
	int status = err != FL_OK ? app_fail("%s", fl_diag_text(&diag, err)) : whole ? APP_DONE : APP_FAILED;
	fl_arena_fini(&mem);
	return status;
}

const app_verb app_verb_claim = { "claim", "make a claim pack of a report, or check one", .arguments = "pack NUMBER | verify FILE",
	.details = "pack makes one file of everything about a report, for an insurer: to read, for machines, with originals and hashes.\n"
		   "verify needs no server and no database: it says which file and which bytes are not what the manifest says, and\n"
		   "fails then. As in: fleet claim pack 1042 --out claim.zip; fleet claim verify claim.zip",
	.options = options, .run = run };
