/* For the fuzzers of the GraphQL engine: the real schema with nothing bound, so that every field shows the name of its
 * type. Everything but the resolvers runs: lexer, parser, validator, planner, cache, coercion, writer. */
#ifndef FL_FUZZ_GRAPHQL_UNBOUND_H
#define FL_FUZZ_GRAPHQL_UNBOUND_H

#include "graphql/graphql_int.h"
#include "io/io.h"

extern const char fl_api_sdl[];
extern const size_t fl_api_sdl_len;

static inline fl_gql_engine *unbound_engine(void)
{
	static fl_gql_engine *engine;
	fl_gql_schema *schema;
	fl_diag diag = {};
	if (engine)
		return engine;
	fl_gql_schema_options options = { .sdl = { fl_api_sdl, fl_api_sdl_len } };
	if (gql_schema_build(&options, false, &schema, &diag) != FL_OK || fl_gql_engine_new(schema, NULL, 1 << 20, &engine) != FL_OK)
		abort();
	return engine;
}

/* Whatever came in, the answer is JSON with data or errors. */
static inline void unbound_run(const fl_gql_request *request, fl_arena *mem)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(64 << 20);
	fl_gql_outcome outcome;
	fl_ctx ctx = { .mem = mem, .deadline_us = FL_NEVER };
	const fl_json *answer;
	fl_err err = fl_gql_execute(&ctx, unbound_engine(), request, &out, &outcome);
	if (err != FL_OK)
		return; /* out of memory or too large */
	err = fl_json_parse(mem, fl_buf_view(&out), &answer, NULL);
	/* The writer never nests deeper than the plan; JSON may not follow that far. */
	assert(err == FL_OK || err == FL_NOMEM);
	if (err == FL_OK)
		assert(!fl_json_get(answer, FL_STR("errors")) == !outcome.errors &&
		       !fl_json_get(answer, FL_STR("data")) == (outcome.status != FL_GQL_EXECUTED));
}

#endif
