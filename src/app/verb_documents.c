/* fleet documents: the GraphQL documents that may run where only trusted ones do. Each is checked against the schema of this
 * program before it is registered; running servers learn of it within a second. */
#include "api/api.h"
#include "app/app.h"
#include "app/state.h"
#include "db/db.h"

#include <errno.h>
#include <stdio.h>

enum { FILE_MAX = 8 << 20, FOUND_MAX = 2000 };

static const app_option options[] = {
	{ "--json", NULL, "answer for machines" },
	{ 0 },
};

typedef struct found {
	fl_str name, text;
	fl_sha256 id;
} found;

typedef struct desk {
	const app_call *call;
	fl_arena mem;
	fl_diag diag;
	fl_pg *pg;
	fl_gql_schema *schema;
	fl_gql_engine *engine;
	found *found;
	size_t count;
} desk;

/* ---- What the files hold ---- */

static fl_err read_file(desk *d, const char *path, fl_str *out)
{
	FL_AUTO_BUF fl_buf text = fl_buf_make(FILE_MAX);
	char piece[8192];
	size_t len;
	FILE *file = fopen(path, "re");
	if (!file)
		return fl_fail(&d->diag, FL_BAD_INPUT, "%s: %s", path, strerror(errno));
	while ((len = fread(piece, 1, sizeof(piece), file)) > 0)
		fl_buf_add(&text, piece, len);
	bool bad = ferror(file);
	fclose(file);
	if (bad || fl_buf_err(&text) == FL_TOO_LARGE)
		return fl_fail(&d->diag, FL_BAD_INPUT, "%s: %s", path, bad ? "cannot be read" : "is larger than 8 MiB");
	*out = fl_str_dup(&d->mem, fl_buf_view(&text));
	return out->ptr ? FL_OK : FL_NOMEM;
}

static fl_err keep(desk *d, const char *path, fl_str name, fl_str text, fl_str claimed)
{
	uint8_t id[FL_GQL_ID_BYTES];
	if (d->count == FOUND_MAX)
		return fl_fail(&d->diag, FL_BAD_INPUT, "%s: more than %d documents at once", path, FOUND_MAX);
	found *f = &d->found[d->count++];
	*f = (found) { fl_str_clip(name, 200), text, fl_sha256_of(text) };
	if (claimed.ptr && (!fl_gql_document_id(claimed, id) || memcmp(id, f->id.bytes, sizeof(id)) != 0))
		return fl_fail(&d->diag, FL_BAD_INPUT, "%s: the id of '%" FL_FMT "' is not the SHA-256 of its text", path,
			FL_ARG(f->name));
	fl_diag why = {};
	fl_err err = fl_gql_pin(d->engine, text, f->id.bytes, &why);
	if (err != FL_OK)
		return fl_fail(&d->diag, FL_BAD_INPUT, "%s: '%" FL_FMT "': %s", path, FL_ARG(f->name), fl_diag_text(&why, err));
	return FL_OK;
}

/* {"operations": [{"id", "name", "body"}]} as Apollo's generator writes it, or {"ID": "TEXT"} as Relay's does. */
static fl_err keep_manifest(desk *d, const char *path, fl_str text)
{
	const fl_json *manifest;
	FL_TRY(fl_json_parse(&d->mem, text, &manifest, &d->diag));
	const fl_json *operations = fl_json_get(manifest, FL_STR("operations"));
	if (manifest->type != FL_JSON_OBJECT || (operations && operations->type != FL_JSON_ARRAY))
		return fl_fail(&d->diag, FL_BAD_INPUT,
			"%s: not a manifest: an object of ids and texts, or one with a list of operations", path);
	for (const fl_json *o = operations ? operations->items.first : manifest->items.first; o; o = o->next) {
		const fl_json *body = operations ? fl_json_get(o, FL_STR("body")) : o;
		fl_str id = operations ? fl_json_str(fl_json_get(o, FL_STR("id")), FL_STR("")) : o->key;
		fl_str name = operations ? fl_json_str(fl_json_get(o, FL_STR("name")), id) : o->key;
		if (!body || body->type != FL_JSON_STRING)
			return fl_fail(&d->diag, FL_BAD_INPUT, "%s: '%" FL_FMT "' has no text", path, FL_ARG(name));
		FL_TRY(keep(d, path, name, body->string, id));
	}
	return FL_OK;
}

static fl_err keep_file(desk *d, const char *path)
{
	fl_str text, name = fl_str_z(path);
	FL_TRY(read_file(d, path, &text));
	if (fl_str_ends(name, FL_STR(".json")))
		return keep_manifest(d, path, text);
	for (ptrdiff_t slash; (slash = fl_str_find_char(name, '/')) >= 0;)
		name = fl_str_slice(name, (size_t)slash + 1, name.len);
	return keep(d, path, name, text, (fl_str) {});
}

/* ---- The three things that it does ---- */

static void print_one(const desk *d, bool *first, fl_str name, const void *id, const char *word)
{
	fl_arena mem = fl_arena_make(1 << 16);
	FL_AUTO_BUF fl_buf line = fl_buf_make(4096);
	fl_str hex = fl_str_hex(&mem, id, FL_GQL_ID_BYTES);
	if (app_given(d->call, "--json")) {
		fl_json_out j = { .buf = &line };
		fl_json_open(&j, '{');
		fl_json_key(&j, FL_STR("documentId"));
		fl_json_put_str(&j, fl_str_fmt(&mem, "sha256:%" FL_FMT, FL_ARG(hex)));
		fl_json_key(&j, FL_STR("name"));
		fl_json_put_str(&j, name);
		fl_json_close(&j, '}');
		printf("%s%" FL_FMT, *first ? "[" : ",\n ", FL_ARG(fl_buf_view(&line)));
	} else {
		printf("sha256:%" FL_FMT "  %" FL_FMT "%s\n", FL_ARG(hex), FL_ARG(name), word);
	}
	*first = false;
	fl_arena_fini(&mem);
}

static void print_end(const desk *d, bool first)
{
	if (app_given(d->call, "--json"))
		printf("%s]\n", first ? "[" : "");
}

static fl_err open_engine(desk *d)
{
	d->found = fl_new_array(&d->mem, found, FOUND_MAX);
	if (!d->found)
		return FL_NOMEM;
	FL_TRY(fl_api_schema_new(&d->schema, &d->diag));
	return fl_gql_engine_new(d->schema, NULL, 1 << 20, &d->engine);
}

/* All files, or none. */
static fl_err add(desk *d)
{
	bool first = true;
	FL_TRY(open_engine(d));
	for (int i = 1; i < d->call->argument_count; i++)
		FL_TRY(keep_file(d, d->call->arguments[i]));
	FL_TRY(fl_pg_exec(d->pg, "BEGIN", &d->diag));
	for (size_t i = 0; i < d->count; i++) {
		fl_args args = fl_args_make(&d->mem);
		const fl_rows *rows;
		fl_arg_text(&args, d->found[i].text);
		fl_arg_text(&args, d->found[i].name);
		FL_TRY(fl_pg_query(d->pg, "SELECT platform.document_add($1, $2)", &args, &d->mem, &rows, &d->diag));
	}
	FL_TRY(fl_pg_exec(d->pg, "COMMIT", &d->diag));
	for (size_t i = 0; i < d->count; i++)
		print_one(d, &first, d->found[i].name, d->found[i].id.bytes, "");
	print_end(d, first);
	return FL_OK;
}

static fl_err list(desk *d)
{
	bool first = true;
	fl_args args = fl_args_make(&d->mem);
	const fl_rows *rows;
	FL_TRY(fl_pg_query(d->pg, "SELECT id, name FROM platform.documents WHERE removed_at IS NULL ORDER BY name, id", &args,
		&d->mem, &rows, &d->diag));
	for (int i = 0; i < rows->count; i++)
		print_one(d, &first, fl_row_text(rows, i, 1), fl_row_bytes(rows, i, 0).ptr, "");
	print_end(d, first);
	return FL_OK;
}

static fl_err remove_one(desk *d, const char *text, bool *first)
{
	uint8_t id[FL_GQL_ID_BYTES];
	fl_args args = fl_args_make(&d->mem);
	const fl_rows *rows;
	if (!fl_gql_document_id(fl_str_z(text), id))
		return fl_fail(&d->diag, FL_BAD_INPUT, "'%s' is no id: `fleet documents list` shows them", text);
	fl_arg_bytes(&args, fl_str_make(id, sizeof(id)));
	FL_TRY(fl_pg_query(d->pg, "SELECT platform.document_remove($1)", &args, &d->mem, &rows, &d->diag));
	if (!fl_row_bool(rows, 0, 0))
		return fl_fail(&d->diag, FL_NOT_FOUND, "%s is not registered", text);
	print_one(d, first, FL_STR(""), id, "removed");
	return FL_OK;
}

static fl_err remove_all(desk *d)
{
	bool first = true;
	for (int i = 1; i < d->call->argument_count; i++)
		FL_TRY(remove_one(d, d->call->arguments[i], &first));
	print_end(d, first);
	return FL_OK;
}

/* ---- The verb ---- */

static fl_err open_database(desk *d)
{
	const char *url;
	FL_TRY(app_state_pg_url(d->call->config, &d->mem, &url, &d->diag));
	return fl_pg_open(url, &d->diag, &d->pg);
}

static int run(const app_call *call)
{
	static const struct {
		const char *word;
		fl_err (*run)(desk *d);
		bool takes;
	} actions[] = { { "add", add, true }, { "list", list, false }, { "remove", remove_all, true } };
	size_t i = 0;
	while (i < FL_COUNT(actions) && (call->argument_count == 0 || strcmp(call->arguments[0], actions[i].word) != 0))
		i++;
	if (i == FL_COUNT(actions))
		return app_usage(call, "add, list or remove?");
	if (actions[i].takes != (call->argument_count > 1))
		return app_usage(call, actions[i].takes ? "%s what?" : "%s takes no arguments", actions[i].word);
	desk d = { .call = call, .mem = fl_arena_make(64 << 20) };
	fl_err err = open_database(&d);
	if (err == FL_OK)
		err = actions[i].run(&d);
	fl_pg_close(d.pg);
	fl_gql_engine_free(d.engine);
	fl_gql_schema_free(d.schema);
	fl_arena_fini(&d.mem);
	return err == FL_OK ? APP_DONE : app_fail("%s", fl_diag_text(&d.diag, err));
}

const app_verb app_verb_documents = { "documents", "register GraphQL documents for servers that run only trusted ones",
	.arguments = "add FILE... | list | remove ID...",
	.details =
		"FILE is one GraphQL document, byte for byte as the client sends it, or a manifest that ends with .json: "
		"Apollo's\n"
		"{\"operations\": [{\"id\", \"name\", \"body\"}]} or {\"ID\": \"TEXT\"}, where ids are the SHA-256 of the text.\n"
		"All files are added, or none. Servers learn of it within a second. --documents trusted makes them run nothing "
		"else.",
	.options = options, .run = run };
