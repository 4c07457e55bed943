/* fleet schema: the schema of the API as text, and what changed since an older one. For scripts the status says it all:
 * 0 nothing breaks, 1 clients break, 2 there is no answer. */
#include "api/api.h"
#include "app/app.h"

#include <errno.h>
#include <stdio.h>

enum { OLD_BYTES_MAX = 8 << 20 };

static const app_option options[] = {
	{ "--json", NULL, "answer for machines" },
	{ 0 },
};

static bool read_file(const char *path, fl_buf *out)
{
	FILE *file = fopen(path, "re");
	char chunk[16 << 10];
	size_t len;
	if (!file)
		return false;
	while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0)
		fl_buf_add(out, chunk, len);
	bool ok = !ferror(file) && fl_buf_err(out) == FL_OK;
	fclose(file);
	return ok;
}

static void print_json(const fl_gql_change *changes, size_t count, size_t breaking)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(16 << 20);
	fl_json_out j = { .buf = &out };
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("breaking"));
	fl_json_put_i64(&j, (int64_t)breaking);
	fl_json_key(&j, FL_STR("dangerous"));
	fl_json_put_i64(&j, (int64_t)(count - breaking));
	fl_json_key(&j, FL_STR("changes"));
	fl_json_open(&j, '[');
	for (size_t i = 0; i < count; i++) {
		fl_json_open(&j, '{');
		fl_json_key(&j, FL_STR("kind"));
		fl_json_put_str(&j, fl_str_z(changes[i].kind));
		fl_json_key(&j, FL_STR("breaking"));
		fl_json_put_bool(&j, changes[i].breaking);
		fl_json_key(&j, FL_STR("text"));
		fl_json_put_str(&j, changes[i].text);
		fl_json_close(&j, '}');
	}
	fl_json_close(&j, ']');
	fl_json_close(&j, '}');
	printf("%" FL_FMT "\n", FL_ARG(fl_buf_view(&out)));
}

static void print_text(const fl_gql_change *changes, size_t count, size_t breaking)
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < count; i++)
			if (changes[i].breaking == (pass == 0))
				printf("%-9s  %" FL_FMT "\n", pass == 0 ? "breaking" : "dangerous", FL_ARG(changes[i].text));
	printf("%zu breaking, %zu dangerous\n", breaking, count - breaking);
}

static int check(const app_call *call, const char *path)
{
	FL_AUTO_BUF fl_buf old = fl_buf_make(OLD_BYTES_MAX);
	fl_arena mem = fl_arena_make(16 << 20);
	fl_diag diag = { 0 };
	const fl_gql_change *changes;
	size_t count, breaking = 0;
	if (!read_file(path, &old)) {
		fl_arena_fini(&mem);
		app_fail("cannot read %s: %s", path, errno ? strerror(errno) : "it is too large");
		return APP_USAGE; /* status 1 says that clients break */
	}
	fl_err err = fl_gql_schema_compare(&mem, fl_buf_view(&old), fl_api_schema_text(), &changes, &count, &diag);
	for (size_t i = 0; err == FL_OK && i < count; i++)
		breaking += changes[i].breaking;
	if (err == FL_OK)
		(app_given(call, "--json") ? print_json : print_text)(changes, count, breaking);
	fl_arena_fini(&mem);
	if (err != FL_OK) {
		app_fail("%s: %s", path, fl_diag_text(&diag, err));
		return APP_USAGE;
	}
	return breaking ? APP_FAILED : APP_DONE;
}

static int run(const app_call *call)
{
	fl_str what = call->argument_count ? fl_str_z(call->arguments[0]) : FL_STR("");
	fl_str text = fl_api_schema_text();
	if (fl_str_eq(what, FL_STR("print")) && call->argument_count == 1)
		return fwrite(text.ptr, 1, text.len, stdout) == text.len ? APP_DONE : app_fail("cannot write the schema");
	if (fl_str_eq(what, FL_STR("check")) && call->argument_count == 2)
		return check(call, call->arguments[1]);
	return app_usage(call, "say print, or check and a file with an older schema");
}

const app_verb app_verb_schema = { "schema", "print the API's schema, or what changed since an older one", .options = options,
	.run = run, .quiet_config = true, .arguments = "print | check OLD.graphql",
	.details = "check names each change that breaks clients of the older schema, and each that may surprise them, as "
		   "graphql-js\n"
		   "does. It ends with status 1 when a change breaks clients. OLD.graphql is what print gave then." };
