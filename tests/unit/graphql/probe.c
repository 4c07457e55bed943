/* Answers one request a line on standard input: {"query", "variables", "operationName"}; for tests/graphql, which
 * compares the answers with those of graphql-js.
 *	probe            the shop, executed; with "parts": "v0.2" or "2022" the answer is an array of payloads
 *	probe FILE...    the schema of these files, executed with values that are made (made.h)
 * A line {"sdl"} asks whether a schema is refused, and why; a line {"old", "new"} what changed between two. */
#include "shop.h"

#include <stdio.h>

#include "made.h"

static shop s;
static bool made_up;

static void judge_sdl(fl_ctx *ctx, fl_str sdl)
{
	fl_gql_schema *schema = NULL;
	fl_gql_schema_options options = { .sdl = sdl };
	fl_json_out j = { .buf = &s.out };
	fl_err err = gql_schema_build(&options, false, &schema, &ctx->diag);
	fl_json_open(&j, '{');
	if (err != FL_OK) {
		fl_json_key(&j, FL_STR("refused"));
		fl_json_put_str(&j, fl_str_z(fl_diag_text(&ctx->diag, err)));
	}
	fl_json_close(&j, '}');
	fl_gql_schema_free(schema);
}

static fl_err tell_changes(fl_ctx *ctx, const fl_json *json)
{
	const fl_gql_change *changes;
	size_t count;
	fl_json_out j = { .buf = &s.out };
	FL_TRY(fl_gql_schema_compare(ctx->mem, fl_json_str(fl_json_get(json, FL_STR("old")), FL_STR("")),
				     fl_json_str(fl_json_get(json, FL_STR("new")), FL_STR("")), &changes, &count, &ctx->diag));
	fl_json_open(&j, '[');
	for (size_t i = 0; i < count; i++)
		fl_json_put_str(&j, fl_str_fmt(ctx->mem, "%s %s %" FL_FMT, changes[i].breaking ? "breaking" : "dangerous", changes[i].kind,
					       FL_ARG(changes[i].text)));
	fl_json_close(&j, ']');
	return FL_OK;
}

/* The values of a mutation differ from those of a query of the same fields. */
static const void *root_for(fl_ctx *ctx, fl_str query)
{
	bool mutation = fl_str_find(query, FL_STR("mutation")) >= 0 && fl_str_starts(fl_str_trim(query), FL_STR("mutation"));
	return made_root(ctx->mem, mutation ? FL_GQL_MUTATION : FL_GQL_QUERY);
}

/* All payloads, as a JSON array. */
static fl_err answer_in_parts(fl_ctx *ctx, const fl_gql_request *request)
{
	fl_gql_stream *stream;
	fl_buf_char(&s.out, '[');
	FL_TRY(fl_gql_stream_open(ctx, s.engine, request, &stream, &s.out, &s.outcome));
	fl_err err = FL_OK;
	for (bool more = stream; more && err == FL_OK;) {
		fl_buf_char(&s.out, ',');
		err = fl_gql_stream_next(ctx, stream, &s.out, &more);
	}
	fl_buf_char(&s.out, ']');
	fl_gql_stream_close(ctx, stream);
	return err;
}

static fl_err answer(fl_ctx *ctx, void *arg)
{
	const fl_json *json;
	fl_gql_request request;
	FL_TRY(fl_json_parse(ctx->mem, *(fl_str *)arg, &json, &ctx->diag));
	if (fl_json_get(json, FL_STR("sdl"))) {
		judge_sdl(ctx, fl_json_str(fl_json_get(json, FL_STR("sdl")), FL_STR("")));
		return FL_OK;
	}
	if (fl_json_get(json, FL_STR("old")))
		return tell_changes(ctx, json);
	FL_TRY(fl_gql_request_from_json(json, &request, &ctx->diag));
	if (made_up)
		request.root = root_for(ctx, request.query);
	fl_str parts = fl_json_str(fl_json_get(json, FL_STR("parts")), FL_STR(""));
	if (!parts.len)
		return fl_gql_execute(ctx, s.engine, &request, &s.out, &s.outcome);
	request.parts = fl_str_eq(parts, FL_STR("2022")) ? FL_GQL_PARTS_OF_2022 : FL_GQL_PARTS;
	return answer_in_parts(ctx, &request);
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

static fl_gql_schema *made_of(fl_arena *mem, char **paths, int count)
{
	char *text = fl_arena_take(mem, SDL_MAX);
	size_t len = 0;
	fl_gql_schema *schema;
	fl_diag diag = {};
	if (!text)
		exit(2);
	for (int i = 0; i < count; i++)
		len += read_sdl(paths[i], text + len, SDL_MAX - len);
	if (made_schema((fl_str){ text, len }, mem, &schema, &diag) != FL_OK) {
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
	fl_arena mem = fl_arena_make(16 << 20);
	shop_open(&s, &limits);
	fl_log_level(FL_ERROR);
	if (argc > 1) {
		fl_gql_engine_free(s.engine);
		fl_gql_schema_free(s.schema);
		s.schema = made_of(&mem, argv + 1, argc - 1);
		made_up = true;
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
	fl_arena_fini(&mem);
	return 0;
}
