/* Traces: W3C trace context, spans below the right parent, and limits that hold. */
#include "obs/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static fl_loop *loop;

static void in_ctx(void (*scene)(fl_ctx *ctx))
{
	fl_arena mem = fl_arena_make(4 << 20);
	fl_ctx ctx;
	fl_ctx_init(&ctx, loop, &mem);
	scene(&ctx);
	fl_ctx_fini(&ctx);
	fl_arena_fini(&mem);
}

#define PARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static void reads_traceparent(void **state)
{
	static const struct {
		const char *text;
		bool good, sampled;
	} rows[] = {
		{ PARENT, true, true },
		{ "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", true, false },
		{ "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03", true, true },
		{ "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-brings", true, true },
		{ "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.what", false },
		{ "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-", false },
		{ "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false },
		{ "00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01", false },
		{ "00-00000000000000000000000000000000-b7ad6b7169203331-01", false },
		{ "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false },
		{ "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", false },
		{ "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false },
		{ "", false },
	};
	for (size_t i = 0; i < FL_COUNT(rows); i++) {
		uint8_t id[16];
		uint64_t parent;
		bool sampled = false;
		bool good = fl_traceparent_read(fl_str_z(rows[i].text), id, &parent, &sampled);
		if (good != rows[i].good || (good && sampled != rows[i].sampled))
			fail_msg("%s", rows[i].text);
		if (good)
			assert_true(parent == UINT64_C(0xb7ad6b7169203331) && id[0] == 0x0a && id[15] == 0x9c);
	}
}

static void nothing_without_a_trace(fl_ctx *ctx)
{
	char text[FL_TRACEPARENT_LEN + 1];
	fl_span *span = fl_span_open(ctx, FL_SPAN_INTERNAL, FL_STR("none"));
	assert_null(span);
	fl_span_number(span, "n", 1);
	fl_span_text(span, "t", FL_STR("x"));
	fl_span_close(ctx, span, FL_OK);
	assert_null(fl_span_past(ctx, FL_SPAN_CLIENT, FL_STR("none"), 1, FL_OK));
	assert_false(fl_trace_parent(ctx, text));
	fl_trace_close(ctx, NULL, FL_OK);
	assert_false(fl_tracer_wants(NULL, FL_STR(PARENT)));
	assert_int_equal(ctx->mem->used, 0);
}

static void spans_nest(fl_ctx *ctx)
{
	char text[FL_TRACEPARENT_LEN + 1];
	fl_ctx left, right, later;
	assert_true(fl_trace_open(ctx, FL_STR("root"), FL_SPAN_SERVER, FL_STR(PARENT)));
	fl_trace *trace = ctx->trace;
	fl_span *outer = fl_span_open(ctx, FL_SPAN_INTERNAL, FL_STR("outer"));
	fl_ctx_derive(&left, ctx, 0);
	fl_ctx_derive(&right, ctx, 0);
	fl_span *a = fl_span_open(&left, FL_SPAN_INTERNAL, FL_STR("a")), *b = fl_span_open(&right, FL_SPAN_INTERNAL, FL_STR("b"));
	fl_span *sql = fl_span_past(&left, FL_SPAN_CLIENT, FL_STR("sql"), 1000, FL_DB);
	assert_ptr_equal(trace->first->parent, NULL);
	assert_ptr_equal(outer->parent, trace->first);
	assert_ptr_equal(a->parent, outer);
	assert_ptr_equal(b->parent, outer);
	assert_ptr_equal(sql->parent, a);
	assert_int_equal(sql->end_us - sql->start_us, 1000);
	fl_span_close(&right, b, FL_OK);
	fl_span_close(&left, a, FL_OK);
	assert_ptr_equal(left.span, outer);
	fl_ctx_fini(&left);
	fl_ctx_fini(&right);
	fl_ctx_detach(&later, ctx, FL_SECOND_US); /* may outlive the arena */
	assert_null(later.trace);
	fl_ctx_fini(&later);
	assert_true(fl_trace_parent(ctx, text));
	assert_memory_equal(text, "00-0af7651916cd43dd8448eb211c80319c-", 36);
	assert_memory_not_equal(text + 36, "b7ad6b7169203331", 16);
	for (int i = 0; i < 2 * FL_SPAN_ATTRS_MAX; i++)
		fl_span_number(outer, "n", i);
	assert_int_equal(outer->attr_count, FL_SPAN_ATTRS_MAX);
	for (int i = 0; i < FL_SPANS_MAX; i++)
		fl_span_close(ctx, fl_span_open(ctx, FL_SPAN_INTERNAL, FL_STR("many")), FL_OK);
	assert_int_equal(trace->count, FL_SPANS_MAX);
	assert_int_equal(trace->dropped, 5);
	fl_trace_close(ctx, NULL, FL_OK);
	assert_null(ctx->trace);
	assert_null(ctx->span);
	assert_int_equal(fl_span_number_of(trace->first, "fleet.spans_dropped", 0), 5);
}

static fl_tracer *tracer_of(const char *url, size_t batch_bytes, fl_err wanted)
{
	fl_tracer *tracer = NULL;
	fl_diag diag = {};
	fl_err err = fl_tracer_new(
		loop, &(fl_tracer_options) { .url = fl_str_z(url), .percent = 100, .batch_bytes = batch_bytes }, &diag, &tracer);
	assert_int_equal(err, wanted);
	return tracer;
}

/* Whole traces or none: a batch that is full takes no part of one. Nobody listens, and closing does not hang. */
static fl_err full_batches_drop(fl_ctx *ctx, void *arg)
{
	fl_tracer *tracer = tracer_of("http://127.0.0.1:1", 2000, FL_OK);
	for (int i = 0; i < 10; i++) {
		assert_true(fl_tracer_wants(tracer, (fl_str) {}));
		assert_true(fl_trace_open(ctx, FL_STR("root"), FL_SPAN_SERVER, (fl_str) {}));
		fl_span_close(ctx, fl_span_open(ctx, FL_SPAN_INTERNAL, FL_STR("inner")), FL_OK);
		fl_trace_close(ctx, tracer, FL_OK);
	}
	fl_tracer_stats stats = fl_tracer_statistics(tracer);
	assert_true(stats.spans > 0 && stats.spans % 2 == 0 && stats.dropped > 0 && stats.spans + stats.dropped == 20);
	await_tracer_close(ctx, tracer);
	return FL_OK;
}

static void addresses(void **state)
{
	tracer_of("https://collector.example", 0, FL_UNSUPPORTED);
	tracer_of("collector.example:4318", 0, FL_BAD_INPUT);
	tracer_of("http://", 0, FL_BAD_INPUT);
	assert_int_equal(fl_loop_run_task(loop, 10 * FL_SECOND_US, full_batches_drop, NULL), FL_OK);
}

static void without_test(void **state)
{
	in_ctx(nothing_without_a_trace);
}

static void nest_test(void **state)
{
	in_ctx(spans_nest);
}

static int start(void **state)
{
	return fl_loop_new(&(fl_loop_opts) {}, &loop) == FL_OK ? 0 : 1;
}

static int stop(void **state)
{
	fl_loop_free(loop);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(reads_traceparent), cmocka_unit_test(without_test),
		cmocka_unit_test(nest_test), cmocka_unit_test(addresses) };
	return cmocka_run_group_tests(tests, start, stop);
}
