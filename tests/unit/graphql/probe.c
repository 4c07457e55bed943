/* Answers one request a line on standard input: {"query", "variables", "operationName"}; for tests/graphql, which
 * compares the answers with those of graphql-js.
 *	probe            the shop, executed
 *	probe FILE...    the schema of these files with nothing bound: only whether a request is refused, and why, means anything */
#include "shop.h"

#include <stdio.h>

#include "graphql/graphql_int.h"

static shop s;

static fl_err answer(fl_ctx *ctx, void *arg)
{
	const fl_json *json;
	fl_gql_request request;
	FL_TRY(fl_json_parse(ctx->mem, *(fl_str *)arg, &json, &ctx->diag));
	FL_TRY(fl_gql_request_from_json(json, &request, &ctx->diag));
	return fl_gql_execute(ctx, s.engine, &request, &s.out, &s.outcome);
}

enum { SDL_MAX = 1 << 20 };

static size_t read_sdl(const char *path, char *text, size_t room)
{
	FILE *file = fopen(path, "re");
	if (!file)
		exit(2);
	size_t len = fread(text, 1, room, file);
	fclose(file);
	return len;
}

static fl_gql_schema *unbound(char **paths, int count)
{
	char *text = malloc(SDL_MAX);
	size_t len = 0;
	fl_gql_schema *schema;
	fl_diag diag = {};
	if (!text)
		exit(2);
	for (int i = 0; i < count; i++)
		len += read_sdl(paths[i], text + len, SDL_MAX - len);
	fl_gql_schema_options options = { .sdl = { text, len } };
	if (gql_schema_build(&options, false, &schema, &diag) != FL_OK) {
		fprintf(stderr, "%s\n", diag.text);
		exit(2);
	}
	return schema;
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	const fl_gql_limits limits = { .depth = 64 };
	shop_open(&s, &limits);
	fl_log_level(FL_ERROR);
	if (argc > 1) {
		fl_gql_engine_free(s.engine);
		fl_gql_schema_free(s.schema);
		s.schema = unbound(argv + 1, argc - 1);
		if (fl_gql_engine_new(s.schema, &limits, 1 << 20, &s.engine) != FL_OK)
			return 2;
	}
	while ((len = getline(&line, &cap, stdin)) > 0) {
		fl_str text = { line, (size_t)len };
		fl_buf_reset(&s.out);
		fl_err err = fl_loop_run_task(s.loop, 0, answer, &text);
		if (err != FL_OK)
			fl_buf_fmt(&s.out, "{\"failed\":\"%s\"}", fl_err_name(err));
		printf("%" FL_FMT "\n", FL_ARG(fl_buf_view(&s.out)));
		fflush(stdout);
	}
	free(line);
	shop_close(&s);
	return 0;
}
