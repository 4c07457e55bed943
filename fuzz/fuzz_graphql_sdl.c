/* Any bytes as a schema, alone and as a subgraph; one that is taken answers introspection. */
#include <stdlib.h>

#include "fuzz.h"
#include "graphql_unbound.h"

static void ask(const fl_gql_schema *schema, fl_arena *mem)
{
	static const char query[] =
		"{ __schema { description types { name kind specifiedByURL isOneOf fields(includeDeprecated: true) { name args { "
		"name "
		"defaultValue } type { name ofType { name } } } inputFields { name defaultValue } possibleTypes { name } } "
		"directives { name locations } } }";
	fl_gql_engine *engine;
	fl_gql_outcome outcome;
	fl_ctx ctx = { .mem = mem, .deadline_us = FL_NEVER };
	FL_AUTO_BUF fl_buf out = fl_buf_make(16 << 20);
	if (fl_gql_engine_new(schema, NULL, 0, &engine) != FL_OK)
		abort();
	fl_err err = fl_gql_execute(&ctx, engine, &(fl_gql_request) { .query = fl_str_z(query) }, &out, &outcome);
	assert(err == FL_OK || err == FL_NOMEM || err == FL_TOO_LARGE);
	fl_gql_engine_free(engine);
}

static void build(fl_str sdl, fl_arena *mem)
{
	fl_gql_schema *schema;
	fl_diag diag = {};
	fl_gql_schema_options options = { .sdl = sdl };
	if (gql_schema_build(&options, false, &schema, &diag) != FL_OK)
		return;
	ask(schema, mem);
	fl_gql_schema_free(schema);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char link[] = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.7\", import: [\"@key\", "
				   "\"@requires\", \"@tag\"]) ";
	fl_arena mem = fl_arena_make(64 << 20);
	char *linked = fl_arena_take(&mem, sizeof(link) + len);
	if (!linked || len > 1 << 16)
		goto end;
	memcpy(linked, link, sizeof(link) - 1);
	memcpy(linked + sizeof(link) - 1, bytes, len);
	build(fl_str_make(bytes, len), &mem);
	build((fl_str) { linked, sizeof(link) - 1 + len }, &mem);
end:
	fl_arena_fini(&mem);
	return 0;
}
