/* Answers one request a line on standard input, for tests/federation: the subgraph of products, executed. */
#include "subgraph.h"

#include <stdio.h>
#include <stdlib.h>

static struct {
	fl_gql_engine *engine;
	fl_buf out;
} s;

static fl_err answer(fl_ctx *ctx, void *arg)
{
	const fl_json *json;
	fl_gql_request request;
	fl_gql_outcome outcome;
	FL_TRY(fl_json_parse(ctx->mem, *(fl_str *)arg, &json, &ctx->diag));
	FL_TRY(fl_gql_request_from_json(json, &request, &ctx->diag));
	return fl_gql_execute(ctx, s.engine, &request, &s.out, &outcome);
}

int main(void)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	fl_diag diag = {};
	fl_gql_schema *schema;
	fl_loop *loop;
	if (subgraph_schema(&schema, &diag) != FL_OK || fl_gql_engine_new(schema, NULL, 1 << 20, &s.engine) != FL_OK ||
		fl_loop_new(&(fl_loop_opts) {}, &loop) != FL_OK) {
		fprintf(stderr, "%s\n", diag.text);
		return 2;
	}
	s.out = fl_buf_make(16 << 20);
	while ((len = getline(&line, &cap, stdin)) > 0) {
		fl_str text = { line, (size_t)len };
		fl_buf_reset(&s.out);
		fl_err err = fl_loop_run_task(loop, 0, answer, &text);
		if (err != FL_OK)
			fl_buf_fmt(&s.out, "{\"errors\":[{\"message\":\"%s\"}]}", fl_err_name(err));
		printf("%" FL_FMT "\n", FL_ARG(fl_buf_view(&s.out)));
		fflush(stdout);
	}
	free(line);
	fl_buf_fini(&s.out);
	fl_loop_free(loop);
	fl_gql_engine_free(s.engine);
	fl_gql_schema_free(schema);
	return 0;
}
