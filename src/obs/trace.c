/* Traces and spans of a request, in its arena. */
#include "obs/trace.h"

#include <endian.h>

/* ---- W3C trace context ---- */

static bool all_zero(const uint8_t *bytes, size_t len)
{
	uint8_t any = 0;
	for (size_t i = 0; i < len; i++)
		any |= bytes[i];
	return !any;
}

static bool is_lower_hex(fl_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!((text.ptr[i] >= '0' && text.ptr[i] <= '9') || (text.ptr[i] >= 'a' && text.ptr[i] <= 'f')))
			return false;
	return true;
}

bool fl_traceparent_read(fl_str text, uint8_t trace[16], uint64_t *parent, bool *sampled)
{
	uint8_t version, flags, span[8];
	if (text.len < FL_TRACEPARENT_LEN || text.ptr[2] != '-' || text.ptr[35] != '-' || text.ptr[52] != '-')
		return false;
	fl_str parts[] = { fl_str_slice(text, 0, 2), fl_str_slice(text, 3, 35), fl_str_slice(text, 36, 52),
		fl_str_slice(text, 53, 55) };
	for (size_t i = 0; i < FL_COUNT(parts); i++)
		if (!is_lower_hex(parts[i]))
			return false;
	if (!fl_str_unhex(parts[0], &version, 1) || !fl_str_unhex(parts[1], trace, 16) || !fl_str_unhex(parts[2], span, 8) ||
		!fl_str_unhex(parts[3], &flags, 1))
		return false;
	if (version == 0xff || (version == 0 && text.len != FL_TRACEPARENT_LEN) ||
		(text.len > FL_TRACEPARENT_LEN && text.ptr[FL_TRACEPARENT_LEN] != '-') || all_zero(trace, 16) ||
		all_zero(span, 8))
		return false;
	memcpy(parent, span, 8);
	*parent = be64toh(*parent);
	*sampled = flags & 1;
	return true;
}

static void put_hex(char *to, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < len; i++) {
		to[2 * i] = digits[bytes[i] >> 4];
		to[2 * i + 1] = digits[bytes[i] & 15];
	}
}

bool fl_trace_parent(const fl_ctx *ctx, char out[FL_TRACEPARENT_LEN + 1])
{
	if (!ctx->trace)
		return false;
	uint64_t span = htobe64(ctx->span ? ctx->span->id : ctx->trace->first->id);
	memcpy(out, "00-", 3);
	put_hex(out + 3, ctx->trace->id, 16);
	out[35] = '-';
	put_hex(out + 36, (const uint8_t *)&span, 8);
	memcpy(out + 52, "-01", 4);
	return true;
}

/* ---- spans ---- */

/* Ids of one trace differ by a step that visits all numbers; 0 is none. */
static uint64_t next_id(const fl_trace *trace)
{
	uint64_t id = trace->last ? trace->last->id + UINT64_C(0x9e3779b97f4a7c15) : 0;
	while (id == 0)
		fl_random(&id, sizeof(id));
	return id;
}

static fl_span *add_span(fl_ctx *ctx, fl_span_kind kind, fl_str name)
{
	fl_trace *trace = ctx->trace;
	fl_span *span = trace->count < FL_SPANS_MAX ? fl_new(ctx->mem, fl_span) : NULL;
	if (!span) {
		trace->dropped++;
		return NULL;
	}
	*span = (fl_span) { .parent = ctx->span, .id = next_id(trace), .name = name, .kind = kind, .start_us = fl_now_us() };
	if (trace->last)
		trace->last->next = span;
	else
		trace->first = span;
	trace->last = span;
	trace->count++;
	return span;
}

fl_span *fl_span_open_traced(fl_ctx *ctx, fl_span_kind kind, fl_str name)
{
	fl_span *span = add_span(ctx, kind, name);
	if (span)
		ctx->span = span;
	return span;
}

void fl_span_close_traced(fl_ctx *ctx, fl_span *span, fl_err err)
{
	span->end_us = fl_now_us();
	span->err = err;
	ctx->span = (fl_span *)(uintptr_t)span->parent;
}

fl_span *fl_span_past(fl_ctx *ctx, fl_span_kind kind, fl_str name, int64_t took_us, fl_err err)
{
	fl_span *span = ctx->trace ? add_span(ctx, kind, name) : NULL;
	if (!span)
		return NULL;
	span->end_us = span->start_us;
	span->start_us -= took_us;
	span->err = err;
	return span;
}

static fl_span_attr *add_attr(fl_span *span, const char *key)
{
	if (!span || span->attr_count == FL_SPAN_ATTRS_MAX)
		return NULL;
	fl_span_attr *attr = &span->attrs[span->attr_count++];
	*attr = (fl_span_attr) { .key = key };
	return attr;
}

void fl_span_number(fl_span *span, const char *key, int64_t number)
{
	fl_span_attr *attr = add_attr(span, key);
	if (attr)
		attr->number = number;
}

void fl_span_text(fl_span *span, const char *key, fl_str text)
{
	fl_span_attr *attr = text.ptr ? add_attr(span, key) : NULL;
	if (attr)
		attr->text = text;
}

static const fl_span_attr *find_attr(const fl_span *span, const char *key)
{
	for (unsigned i = 0; i < span->attr_count; i++)
		if (strcmp(span->attrs[i].key, key) == 0)
			return &span->attrs[i];
	return NULL;
}

int64_t fl_span_number_of(const fl_span *span, const char *key, int64_t otherwise)
{
	const fl_span_attr *attr = find_attr(span, key);
	return attr && !attr->text.ptr ? attr->number : otherwise;
}

fl_str fl_span_text_of(const fl_span *span, const char *key)
{
	const fl_span_attr *attr = find_attr(span, key);
	return attr ? attr->text : (fl_str) {};
}

/* ---- the trace ---- */

bool fl_trace_open(fl_ctx *ctx, fl_str name, fl_span_kind kind, fl_str traceparent)
{
	bool sampled;
	fl_trace *trace = fl_new(ctx->mem, fl_trace);
	if (!trace)
		return false;
	if (!fl_traceparent_read(traceparent, trace->id, &trace->remote_parent, &sampled)) {
		fl_random(trace->id, sizeof(trace->id));
		trace->remote_parent = 0;
	}
	ctx->trace = trace;
	ctx->span = NULL;
	if (fl_span_open_traced(ctx, kind, name))
		return true;
	ctx->trace = NULL;
	return false;
}
