/* The API's routes through a real server: photos and log-ins reach only whom they belong to, and no query ends the process. */
#include "world.h"

#include "api/api.h"

#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static world w;
static fl_gql_schema *schema;
static fl_http_server *server;

static fl_str token_of(fl_ctx *ctx, int tenant, int user)
{
	fl_str token;
	world_as(ctx, tenant, user);
	const fl_claims claims = { .tenant_id = tenant, .user_id = user, .role = ctx->caller.role, .tenant = FL_STR("one"),
				   .name = FL_STR("Mo"), .expires_us = fl_now_us() + FL_HOUR_US };
	assert_int_equal(fl_jwt_sign(&w.keys, ctx->mem, &claims, &token), FL_OK);
	return token;
}

static fl_err connect(fl_ctx *ctx, fl_stream **out)
{
	return await_connect(ctx, fl_str_fmt(ctx->mem, "tcp:127.0.0.1:%d", fl_http_server_port(server)), out);
}

/* The whole answer, head and body; headers end with CRLF each. */
static fl_err ask(fl_ctx *ctx, const char *line, fl_str headers, fl_str body, fl_str *out)
{
	fl_stream *s;
	FL_AUTO_BUF fl_buf answer = fl_buf_make(4 << 20);
	char piece[4096];
	size_t len = 1;
	FL_TRY(connect(ctx, &s));
	fl_str text = fl_str_fmt(ctx->mem, "%s HTTP/1.1\r\nHost: fleet.example\r\nConnection: close\r\n%.*sContent-Length: %zu\r\n\r\n%.*s", line,
				 FL_ARG(headers), body.len, FL_ARG(body));
	fl_err err = await_write_bytes(ctx, s, text);
	while (err == FL_OK && len > 0) {
		err = await_read(ctx, s, piece, sizeof(piece), &len);
		if (err == FL_OK)
			fl_buf_add(&answer, piece, len);
	}
	fl_stream_close(s);
	*out = fl_str_dup(ctx->mem, fl_buf_view(&answer));
	return err;
}

static int status_of(fl_str answer)
{
	int32_t status = 0;
	assert_true(answer.len > 12 && fl_str_i32(fl_str_slice(answer, 9, 12), &status));
	return status;
}

static bool has(fl_str answer, const char *text)
{
	return fl_str_find(answer, fl_str_z(text)) >= 0;
}

static fl_str bearer(fl_ctx *ctx, fl_str token)
{
	return fl_str_fmt(ctx->mem, "Authorization: Bearer %.*s\r\nContent-Type: application/json\r\n", FL_ARG(token));
}

/* ---- photos ---- */

static fl_err photos_for_those_who_may(fl_ctx *ctx)
{
	static const struct {
		int tenant, user, status;
	} cases[] = { { 1, WORLD_DRIVER, 200 }, { 1, WORLD_MANAGER, 200 }, { 1, WORLD_AUDITOR, 200 }, { 1, WORLD_OTHER_DRIVER, 404 },
		      { 2, WORLD_MANAGER, 404 } };
	static const char *const missing[] = { "2/view", "0/view", "1/other", "x/view" };
	fl_uuid id;
	fl_str answer;
	char line[120];
	fl_upload photo = world_photo(ctx, 3);
	world_as(ctx, 1, WORLD_DRIVER);
	FL_TRY(world_file(ctx, "with a photo", &photo, 1, &id));
	fl_str text = fl_uuid_str(ctx->mem, id);
	snprintf(line, sizeof(line), "GET /photos/%.*s/1/view", FL_ARG(text));
	for (size_t i = 0; i < FL_COUNT(cases); i++) {
		FL_TRY(ask(ctx, line, bearer(ctx, token_of(ctx, cases[i].tenant, cases[i].user)), FL_STR(""), &answer));
		assert_int_equal(status_of(answer), cases[i].status);
	}
	FL_TRY(ask(ctx, line, bearer(ctx, token_of(ctx, 1, WORLD_DRIVER)), FL_STR(""), &answer));
	assert_true(has(answer, "image/jpeg") && has(answer, "nosniff") && has(answer, "sandbox") && has(answer, "private, "));
	FL_TRY(ask(ctx, line, FL_STR(""), FL_STR(""), &answer));
	assert_int_equal(status_of(answer), 401);
	for (size_t i = 0; i < FL_COUNT(missing); i++) {
		snprintf(line, sizeof(line), "GET /photos/%.*s/%s", FL_ARG(text), missing[i]);
		FL_TRY(ask(ctx, line, bearer(ctx, token_of(ctx, 1, WORLD_MANAGER)), FL_STR(""), &answer));
		assert_int_equal(status_of(answer), 404);
	}
	return FL_OK;
}

/* ---- tiles ---- */

static fl_err tile(fl_ctx *ctx, const char *place, int tenant, int user, const char *header, fl_str *answer)
{
	fl_str line = fl_str_fmt(ctx->mem, "GET /tiles/%s", place), token = bearer(ctx, token_of(ctx, tenant, user));
	return ask(ctx, line.ptr, fl_str_fmt(ctx->mem, "%.*s%s", FL_ARG(token), header), FL_STR(""), answer);
}

/* One report of company 1 at 51.9 north, 4.4 east, filed by nobody. */
static fl_err tiles_of_ones_own(fl_ctx *ctx)
{
	static const struct {
		const char *place;
		int tenant, user, status;
	} cases[] = { { "10/524/338.mvt", 1, WORLD_MANAGER, 200 }, { "10/524/338.mvt", 2, WORLD_MANAGER, 204 }, { "10/524/338.mvt", 1, WORLD_DRIVER, 204 },
		      { "5/16/10.mvt", 1, WORLD_MANAGER, 200 }, { "5/16/10.mvt", 2, WORLD_MANAGER, 204 }, { "5/16/10.mvt", 1, WORLD_DRIVER, 204 },
		      { "0/0/0.mvt", 1, WORLD_AUDITOR, 200 }, { "10/525/338.mvt", 1, WORLD_MANAGER, 204 }, { "10/1024/338.mvt", 1, WORLD_MANAGER, 404 },
		      { "10/-1/338.mvt", 1, WORLD_MANAGER, 404 }, { "23/1/1.mvt", 1, WORLD_MANAGER, 404 }, { "10/524/338.png", 1, WORLD_MANAGER, 404 },
		      { "10/524/x.mvt", 1, WORLD_MANAGER, 404 }, { "10/524/338.mvt?months=61", 1, WORLD_MANAGER, 400 } };
	fl_str answer;
	(void)pg_fixture_sql(&w.pg, "SELECT set_config('app.tenant_id', '1', false);"
		"INSERT INTO damage_reports (tenant_id, vehicle_id, incident_at, severity, location) VALUES (1, 1, now(), 4, 'SRID=4326;POINT(4.4 51.9)');"
		"SELECT rollup_fold()");
	for (size_t i = 0; i < FL_COUNT(cases); i++) {
		FL_TRY(tile(ctx, cases[i].place, cases[i].tenant, cases[i].user, "", &answer));
		assert_int_equal(status_of(answer), cases[i].status);
	}
	FL_TRY(tile(ctx, "10/524/338.mvt", 1, WORLD_MANAGER, "", &answer));
	assert_true(has(answer, "application/vnd.mapbox-vector-tile") && has(answer, "private, max-age=60") && has(answer, "reports"));
	ptrdiff_t at = fl_str_find(answer, FL_STR("ETag: \""));
	assert_true(at > 0);
	fl_str seen = fl_str_fmt(ctx->mem, "If-None-Match: %.*s\r\n", 34, answer.ptr + at + 6);
	FL_TRY(tile(ctx, "10/524/338.mvt", 1, WORLD_MANAGER, seen.ptr, &answer));
	assert_int_equal(status_of(answer), 304);
	FL_TRY(tile(ctx, "5/16/10.mvt", 1, WORLD_MANAGER, "", &answer));
	assert_true(has(answer, "cells"));
	FL_TRY(ask(ctx, "GET /tiles/5/16/10.mvt", FL_STR(""), FL_STR(""), &answer));
	assert_int_equal(status_of(answer), 401);
	return FL_OK;
}

/* Somewhere else, at 40.4 north, 3.7 west: one report more than a tile between zoom 8 and 12 shows one by one. */
static fl_err tiles_that_are_crowded(fl_ctx *ctx)
{
	static const struct {
		const char *place, *layer, *absent;
	} cases[] = { { "8/125/96.mvt", "cells", "reports" }, { "10/501/386.mvt", "cells", "reports" }, { "12/2005/1544.mvt", "reports", "cells" } };
	fl_str answer;
	(void)pg_fixture_sql(&w.pg, "SELECT set_config('app.tenant_id', '1', false);"
		"INSERT INTO damage_reports (tenant_id, vehicle_id, incident_at, severity, location)"
		" SELECT 1, 1, now(), 4, 'SRID=4326;POINT(-3.7 40.4)' FROM generate_series(0, 4000);"
		"SELECT rollup_fold()");
	for (size_t i = 0; i < FL_COUNT(cases); i++) {
		FL_TRY(tile(ctx, cases[i].place, 1, WORLD_MANAGER, "", &answer));
		assert_int_equal(status_of(answer), 200);
		assert_true(has(answer, cases[i].layer) && !has(answer, cases[i].absent));
	}
	(void)pg_fixture_sql(&w.pg, "SELECT set_config('app.tenant_id', '1', false); DELETE FROM damage_reports WHERE location && ST_Expand('SRID=4326;POINT(-3.7 40.4)'::geometry, 1)::geography; SELECT rollup_fold()");
	FL_TRY(tile(ctx, "8/125/96.mvt", 1, WORLD_MANAGER, "", &answer));
	assert_int_equal(status_of(answer), 204);
	return FL_OK;
}

/* ---- exports ---- */

static fl_err export_of(fl_ctx *ctx, const char *place, int tenant, int user, fl_str *answer)
{
	fl_str line = fl_str_fmt(ctx->mem, "GET /exports/%s", place);
	return ask(ctx, line.ptr, bearer(ctx, token_of(ctx, tenant, user)), FL_STR(""), answer);
}

/* More than a page, with texts that a spreadsheet would run; and nothing of another company. */
static fl_err exports_of_ones_own(fl_ctx *ctx)
{
	static const struct {
		const char *place;
		int tenant, user, status;
	} cases[] = { { "vehicles.csv", 1, WORLD_MANAGER, 200 }, { "vehicles.csv", 1, WORLD_AUDITOR, 200 }, { "vehicles.csv", 1, WORLD_DRIVER, 403 },
		      { "drivers.csv", 1, WORLD_DRIVER, 403 }, { "drivers.csv", 1, WORLD_MANAGER, 200 }, { "facilities.csv", 2, WORLD_MANAGER, 200 },
		      { "reports.csv", 1, WORLD_MANAGER, 200 }, { "users.csv", 1, WORLD_MANAGER, 404 }, { "vehicles", 1, WORLD_MANAGER, 404 },
		      { "jobs/nothing", 1, WORLD_MANAGER, 404 } };
	fl_str answer;
	(void)pg_fixture_sql(&w.pg, "INSERT INTO vehicles (tenant_id, id, name, vin, make, model, year, plate) SELECT 1, 5000 + n, 'EXP' || n, 'VINEXP' || n, '=cmd(1)', 'b', 2020, 'P-1'"
		" FROM generate_series(1, 1200) n");
	for (size_t i = 0; i < FL_COUNT(cases); i++) {
		FL_TRY(export_of(ctx, cases[i].place, cases[i].tenant, cases[i].user, &answer));
		assert_int_equal(status_of(answer), cases[i].status);
	}
	FL_TRY(export_of(ctx, "vehicles.csv", 1, WORLD_MANAGER, &answer));
	assert_true(has(answer, "chunked") && has(answer, "text/csv") && has(answer, "attachment; filename=\"vehicles.csv\""));
	assert_true(has(answer, "name,kind,plate,vin,make,model,year,value,facility,jurisdiction\r\n") && has(answer, "\"'=cmd(1)\"") && has(answer, "EXP1200,"));
	FL_TRY(export_of(ctx, "vehicles.csv", 2, WORLD_MANAGER, &answer));
	assert_true(!has(answer, "EXP") && has(answer, "VAN-12"));
	FL_TRY(ask(ctx, "GET /exports/vehicles.csv", FL_STR(""), FL_STR(""), &answer));
	assert_int_equal(status_of(answer), 401);
	/* A file that was made is its company's. */
	fl_blob blob;
	FL_TRY(fl_store_put(ctx, w.store, FL_STR("name\r\nX\r\n"), &blob));
	fl_str hex = fl_str_hex(ctx->mem, blob.id.bytes, sizeof(blob.id.bytes));
	fl_str sql = fl_str_fmt(ctx->mem, "INSERT INTO transfers (tenant_id, role, direction, kind, state, blob) VALUES (1, 2, 2, 1, 3, decode('%.*s', 'hex')) RETURNING id", FL_ARG(hex));
	fl_str place = fl_str_fmt(ctx->mem, "jobs/%s", pg_fixture_sql(&w.pg, sql.ptr));
	FL_TRY(export_of(ctx, place.ptr, 1, WORLD_MANAGER, &answer));
	assert_true(status_of(answer) == 200 && has(answer, "name\r\nX\r\n"));
	FL_TRY(export_of(ctx, place.ptr, 2, WORLD_MANAGER, &answer));
	assert_int_equal(status_of(answer), 404);
	FL_TRY(export_of(ctx, place.ptr, 1, WORLD_DRIVER, &answer));
	assert_int_equal(status_of(answer), 403);
	return FL_OK;
}

/* ---- log-ins ---- */

static fl_err cookies_count_on_our_pages_only(fl_ctx *ctx)
{
	static const struct {
		const char *header;
		int status;
	} cases[] = { { "Origin: http://fleet.example\r\n", 200 }, { "", 200 }, { "Origin: http://evil.example\r\n", 403 },
		      { "Origin: null\r\n", 403 }, { "Sec-Fetch-Site: same-site\r\n", 403 }, { "Sec-Fetch-Site: cross-site\r\n", 403 },
		      { "Sec-Fetch-Site: same-origin\r\n", 200 } };
	fl_str answer, token = token_of(ctx, 1, WORLD_MANAGER);
	for (size_t i = 0; i < FL_COUNT(cases); i++) {
		fl_str headers = fl_str_fmt(ctx->mem, "Cookie: fleet_session=%.*s\r\nContent-Type: application/json\r\n%s", FL_ARG(token),
					    cases[i].header);
		FL_TRY(ask(ctx, "POST /graphql", headers, FL_STR("{\"query\":\"{ viewer { role } }\"}"), &answer));
		assert_int_equal(status_of(answer), cases[i].status);
	}
	return FL_OK;
}

/* The code with which a socket is closed after its first message; 0: it was answered. */
static fl_err first_message(fl_ctx *ctx, fl_str headers, const char *message, int *code)
{
	fl_stream *s;
	char in[2048];
	char frame[300] = { '\x81', '\x80' };
	size_t len = strlen(message), got, at = 0;
	assert_true(len < 126);
	FL_TRY(connect(ctx, &s));
	fl_str hello = fl_str_fmt(ctx->mem, "GET /graphql HTTP/1.1\r\nHost: fleet.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
					    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
					    "Sec-WebSocket-Protocol: graphql-transport-ws\r\n%.*s\r\n", FL_ARG(headers));
	FL_TRY(await_write_bytes(ctx, s, hello));
	do {
		FL_TRY(await_read(ctx, s, in + at, sizeof(in) - at, &got));
		at += got;
	} while (got && !has(fl_str_make(in, at), "\r\n\r\n"));
	assert_true(has(fl_str_make(in, at), "101 Switching"));
	frame[1] = (char)(0x80 | len); /* the mask is zero: the text as it is */
	memcpy(frame + 6, message, len);
	FL_TRY(await_write_bytes(ctx, s, fl_str_make(frame, 6 + len)));
	FL_TRY(await_read(ctx, s, in, sizeof(in), &got));
	assert_true(got >= 4);
	*code = (in[0] & 15) == 8 ? (unsigned char)in[2] << 8 | (unsigned char)in[3] : 0;
	fl_stream_close(s);
	return FL_OK;
}

static fl_err sockets_ask_who_is_there(fl_ctx *ctx)
{
	fl_str token = token_of(ctx, 1, WORLD_MANAGER);
	fl_str cookie = fl_str_fmt(ctx->mem, "Cookie: fleet_session=%.*s\r\n", FL_ARG(token));
	fl_str foreign = fl_str_fmt(ctx->mem, "%.*sOrigin: http://evil.example\r\n", FL_ARG(cookie));
	const char *plain = "{\"type\":\"connection_init\"}";
	const char *bad = "{\"type\":\"connection_init\",\"payload\":{\"authorization\":\"Bearer a.b.c\"}}";
	const char *early = "{\"type\":\"subscribe\",\"id\":\"1\",\"payload\":{\"query\":\"{ viewer { role } }\"}}";
	int code;
	FL_TRY(first_message(ctx, cookie, plain, &code));
	assert_int_equal(code, 0);
	FL_TRY(first_message(ctx, FL_STR(""), plain, &code));
	assert_int_equal(code, 4403);
	FL_TRY(first_message(ctx, foreign, plain, &code));
	assert_int_equal(code, 4403);
	FL_TRY(first_message(ctx, cookie, bad, &code)); /* does not fall back to the cookie */
	assert_int_equal(code, 4403);
	FL_TRY(first_message(ctx, cookie, early, &code));
	assert_int_equal(code, 4401);
	return FL_OK;
}

/* ---- queries that once ended the process ---- */

static fl_err long_lists_are_answered(fl_ctx *ctx)
{
	fl_str answer, headers = bearer(ctx, token_of(ctx, 1, WORLD_MANAGER));
	FL_AUTO_BUF fl_buf query = fl_buf_make(1 << 16);
	fl_buf_lit(&query, "{\"query\":\"{ viewer { name } damageReports(filter: { status: [");
	for (int i = 0; i < 1500; i++)
		fl_buf_lit(&query, "REPORTED ");
	fl_buf_lit(&query, "] }) { nodes { status vehicle { name } } } }\"}");
	FL_TRY(ask(ctx, "POST /graphql", headers, fl_buf_view(&query), &answer));
	assert_true(status_of(answer) == 200 && has(answer, "\"name\":\"Mo\"") && !has(answer, "\"errors\""));
	(void)pg_fixture_sql(&w.pg,
		"INSERT INTO vehicles (tenant_id, id, name, vin, make, model, year) SELECT 2, 1000 + n, 'V' || n, 'VIN0000' || n, 'a', 'b', 2020"
		" FROM generate_series(1, 60) n;"
		"SELECT set_config('app.tenant_id', '2', false);"
		"INSERT INTO damage_reports (tenant_id, vehicle_id, incident_at, description) SELECT 2, 1000 + n % 60 + 1, now(), 'x'"
		" FROM generate_series(1, 1800) n");
	fl_str deep = FL_STR("{\"query\":\"{ vehicles(first: 100) { nodes { damageReports(first: 100) { nodes { number photos { id } } } } } }\"}");
	FL_TRY(ask(ctx, "POST /graphql", bearer(ctx, token_of(ctx, 2, WORLD_MANAGER)), deep, &answer));
	assert_true(status_of(answer) == 200 && has(answer, "\"number\"") && !has(answer, "\"errors\""));
	return FL_OK;
}

/* ---- */

static fl_err (*scene)(fl_ctx *ctx);

static fl_err with_server(fl_ctx *ctx)
{
	fl_api *api;
	fl_router *router = fl_router_new();
	FL_TRY(fl_api_new(ctx->loop, &(fl_api_options){ .schema = schema, .services = &w.app }, &api));
	FL_TRY(fl_api_routes(router));
	FL_TRY(fl_http_server_new(ctx->loop, &(fl_http_options){ .router = router, .services = &w.app }, &server, &ctx->diag));
	fl_err err = scene(ctx);
	await_http_server_drain(ctx, server, FL_SECOND_US);
	fl_http_server_free(server);
	await_api_close(ctx, api);
	fl_router_free(router);
	return err;
}

#define SCENE(name)                                                                                                    \
	static void name##_test(void **state)                                                                          \
	{                                                                                                              \
		scene = name;                                                                                          \
		world_play(&w, with_server);                                                                           \
	}
SCENE(photos_for_those_who_may)
SCENE(tiles_of_ones_own)
SCENE(tiles_that_are_crowded)
SCENE(exports_of_ones_own)
SCENE(cookies_count_on_our_pages_only)
SCENE(sockets_ask_who_is_there)
SCENE(long_lists_are_answered)

static int start(void **state)
{
	fl_diag diag = {};
	assert_int_equal(fl_api_schema_new(&schema, &diag), FL_OK);
	world_start(&w);
	return 0;
}

static int stop(void **state)
{
	world_stop(&w);
	fl_gql_schema_free(schema);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(photos_for_those_who_may_test), cmocka_unit_test(tiles_of_ones_own_test), cmocka_unit_test(tiles_that_are_crowded_test),
		cmocka_unit_test(exports_of_ones_own_test),
		cmocka_unit_test(cookies_count_on_our_pages_only_test),
		cmocka_unit_test(sockets_ask_who_is_there_test), cmocka_unit_test(long_lists_are_answered_test),
	};
	world_child(argc, argv);
	return cmocka_run_group_tests(tests, start, stop);
}
