/* The chunked decoder: one state machine, one function that changes its state. */
#include "http/chunk_int.h"

static bool go(fl_chunk *chunk, fl_chunk_state next)
{
	chunk->state = (uint8_t)next;
	return true;
}

static bool go_if(fl_chunk *chunk, bool good, fl_chunk_state next)
{
	return go(chunk, good ? next : FL_CHUNK_FAILED);
}

static int hex_value(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

static bool step_size(fl_chunk *chunk, char c)
{
	if (fl_ch_is(c, FL_CH_HEX)) {
		if (chunk->digits == 15)
			return go(chunk, FL_CHUNK_FAILED);
		chunk->digits++;
		chunk->left = chunk->left << 4 | (uint64_t)hex_value(c);
		return true;
	}
	if (chunk->digits == 0)
		return go(chunk, FL_CHUNK_FAILED);
	if (c == ';')
		return go(chunk, FL_CHUNK_EXTENSION);
	return go_if(chunk, c == '\r', FL_CHUNK_SIZE_LF);
}

/* Bytes that are read and forgotten, up to CR. */
static bool step_extra(fl_chunk *chunk, char c, fl_chunk_state next)
{
	if (c == '\r')
		return go(chunk, next);
	return go_if(chunk, fl_ch_is(c, FL_CH_VALUE) && chunk->extra++ < FL_CHUNK_EXTRA_MAX, (fl_chunk_state)chunk->state);
}

static bool step(fl_chunk *chunk, char c)
{
	switch ((fl_chunk_state)chunk->state) {
	case FL_CHUNK_SIZE:
		return step_size(chunk, c);
	case FL_CHUNK_EXTENSION:
		return step_extra(chunk, c, FL_CHUNK_SIZE_LF);
	case FL_CHUNK_SIZE_LF:
		chunk->digits = 0;
		return go_if(chunk, c == '\n', chunk->left ? FL_CHUNK_DATA : FL_CHUNK_TRAILER_START);
	case FL_CHUNK_DATA_CR:
		return go_if(chunk, c == '\r', FL_CHUNK_DATA_LF);
	case FL_CHUNK_DATA_LF:
		return go_if(chunk, c == '\n', FL_CHUNK_SIZE);
	case FL_CHUNK_TRAILER_START:
		if (c == '\r')
			return go(chunk, FL_CHUNK_END_LF);
		return go_if(chunk, fl_ch_is(c, FL_CH_TOKEN) && chunk->extra++ < FL_CHUNK_EXTRA_MAX, FL_CHUNK_TRAILER_NAME);
	case FL_CHUNK_TRAILER_NAME:
		if (c == ':')
			return go(chunk, FL_CHUNK_TRAILER_VALUE);
		return go_if(chunk, fl_ch_is(c, FL_CH_TOKEN) && chunk->extra++ < FL_CHUNK_EXTRA_MAX, FL_CHUNK_TRAILER_NAME);
	case FL_CHUNK_TRAILER_VALUE:
		return step_extra(chunk, c, FL_CHUNK_TRAILER_LF);
	case FL_CHUNK_TRAILER_LF:
		return go_if(chunk, c == '\n', FL_CHUNK_TRAILER_START);
	case FL_CHUNK_END_LF:
		return go_if(chunk, c == '\n', FL_CHUNK_DONE);
	case FL_CHUNK_DATA:
	case FL_CHUNK_DONE:
	case FL_CHUNK_FAILED:
		break;
	}
	return false;
}

fl_parse fl_chunk_feed(fl_chunk *chunk, const char *in, size_t len, size_t *used, fl_str *data)
{
	size_t i = 0;

	*data = (fl_str){ 0 };
	while (i < len && chunk->state != FL_CHUNK_DATA && chunk->state < FL_CHUNK_DONE)
		step(chunk, in[i++]);
	if (i < len && chunk->state == FL_CHUNK_DATA) {
		size_t n = FL_MIN(len - i, chunk->left);

		*data = fl_str_make(in + i, n);
		i += n;
		chunk->left -= n;
		if (chunk->left == 0)
			go(chunk, FL_CHUNK_DATA_CR);
	}
	*used = i;
	if (chunk->state == FL_CHUNK_FAILED)
		return FL_PARSE_BAD;
	return chunk->state == FL_CHUNK_DONE ? FL_PARSE_DONE : FL_PARSE_MORE;
}
