/* The request head parser: one state machine, one function that changes its state. */
#include "http/head_int.h"

#include <string.h>

#define T FL_CH_TOKEN
#define G FL_CH_TARGET
#define V FL_CH_VALUE
#define D FL_CH_DIGIT
#define X FL_CH_HEX
#define H FL_CH_HOST
#define U FL_CH_UPPER

const uint8_t fl_ch_class[256] = {
	['\t'] = V, [' '] = V,
	['!'] = T | G | V | H, ['"'] = V, ['#'] = T | V, ['$'] = T | G | V | H, ['%'] = T | G | V | H,
	['&'] = T | G | V | H, ['\''] = T | G | V | H, ['('] = G | V | H, [')'] = G | V | H, ['*'] = T | G | V | H,
	['+'] = T | G | V | H, [','] = G | V | H, ['-'] = T | G | V | H, ['.'] = T | G | V | H, ['/'] = G | V,
	['0' ... '9'] = T | G | V | D | X | H,
	[':'] = G | V | H, [';'] = G | V | H, ['<'] = V, ['='] = G | V | H, ['>'] = V, ['?'] = G | V, ['@'] = G | V,
	['A' ... 'F'] = T | G | V | X | H | U, ['G' ... 'Z'] = T | G | V | H | U,
	['['] = G | V | H, ['\\'] = G | V, [']'] = G | V | H, ['^'] = T | G | V, ['_'] = T | G | V | H, ['`'] = T | G | V,
	['a' ... 'f'] = T | G | V | X | H, ['g' ... 'z'] = T | G | V | H,
	['{'] = G | V, ['|'] = T | G | V, ['}'] = G | V, ['~'] = T | G | V | H,
	[0x80 ... 0xff] = V,
};

#undef T
#undef G
#undef V
#undef D
#undef X
#undef H
#undef U

void fl_head_reset(fl_head *head)
{
	memset(head, 0, offsetof(fl_head, lines));
}

static bool refuse(fl_head *head, uint16_t status, const char *why)
{
	head->state = FL_HEAD_FAILED;
	head->status = status;
	head->why = why;
	return false;
}

/* text is what a client sent, word is lower-case ASCII */
static bool same_word(const char *text, size_t len, const char *word)
{
	size_t i;

	for (i = 0; i < len && word[i] != '\0'; i++) {
		char c = text[i];

		if (fl_ch_is(c, FL_CH_UPPER))
			c |= 0x20;
		if (c != word[i])
			return false;
	}
	return i == len && word[i] == '\0';
}

static fl_head_known known_name(const char *name, size_t len)
{
	switch (len) {
	case 4:
		return memcmp(name, "host", 4) == 0 ? FL_HEAD_HOST : FL_HEAD_OTHER;
	case 6:
		return memcmp(name, "expect", 6) == 0 ? FL_HEAD_EXPECT : FL_HEAD_OTHER;
	case 7:
		return memcmp(name, "upgrade", 7) == 0 ? FL_HEAD_UPGRADE : FL_HEAD_OTHER;
	case 10:
		return memcmp(name, "connection", 10) == 0 ? FL_HEAD_CONNECTION : FL_HEAD_OTHER;
	case 14:
		return memcmp(name, "content-length", 14) == 0 ? FL_HEAD_CONTENT_LENGTH : FL_HEAD_OTHER;
	case 17:
		return memcmp(name, "transfer-encoding", 17) == 0 ? FL_HEAD_TRANSFER_ENCODING : FL_HEAD_OTHER;
	default:
		return FL_HEAD_OTHER;
	}
}

static bool take_length(fl_head *head, const char *value, size_t len)
{
	uint64_t n = 0;

	/* 18 digits cannot overflow and no body is that long; a sign, a list or a blank inside is refused */
	if (len == 0 || len > 18)
		return refuse(head, 400, "bad Content-Length");
	for (size_t i = 0; i < len; i++) {
		if (!fl_ch_is(value[i], FL_CH_DIGIT))
			return refuse(head, 400, "bad Content-Length");
		n = n * 10 + (uint64_t)(value[i] - '0');
	}
	if (head->has_length && head->length != n)
		return refuse(head, 400, "two different Content-Lengths");
	head->has_length = true;
	head->length = n;
	return true;
}

/* Calls for each word of a comma-separated list. */
static void take_options(fl_head *head, const char *value, size_t len, fl_head_known which)
{
	size_t i = 0;

	while (i < len) {
		size_t start, end;

		while (i < len && (value[i] == ' ' || value[i] == '\t' || value[i] == ','))
			i++;
		start = i;
		while (i < len && value[i] != ',')
			i++;
		end = i;
		while (end > start && (value[end - 1] == ' ' || value[end - 1] == '\t'))
			end--;
		if (which == FL_HEAD_UPGRADE) {
			head->websocket |= same_word(value + start, end - start, "websocket");
			continue;
		}
		head->close |= same_word(value + start, end - start, "close");
		head->keep_alive |= same_word(value + start, end - start, "keep-alive");
		head->upgrade |= same_word(value + start, end - start, "upgrade");
	}
}

static bool host_is_good(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!fl_ch_is(value[i], FL_CH_HOST))
			return false;
	}
	return true;
}

/* A header line is complete: keep it, and act on the few that frame the message. */
static bool take_line(fl_head *head, const char *buf)
{
	fl_head_line *line = &head->lines[head->count];
	const char *value = buf + line->value;
	size_t len = line->value_len;

	head->count++;
	switch (known_name(buf + line->name, line->name_len)) {
	case FL_HEAD_OTHER:
		return true;
	case FL_HEAD_HOST:
		if (head->hosts++ > 0)
			return refuse(head, 400, "more than one Host");
		if (!host_is_good(value, len))
			return refuse(head, 400, "bad Host");
		if (head->host_len == 0) { /* an absolute target has named it already, and wins */
			head->host = line->value;
			head->host_len = line->value_len;
		}
		return true;
	case FL_HEAD_CONTENT_LENGTH:
		return take_length(head, value, len);
	case FL_HEAD_TRANSFER_ENCODING:
		if (head->encodings++ > 0)
			return refuse(head, 400, "more than one Transfer-Encoding");
		if (!same_word(value, len, "chunked"))
			return refuse(head, 501, "a transfer coding other than chunked");
		head->chunked = true;
		return true;
	case FL_HEAD_CONNECTION:
	case FL_HEAD_UPGRADE:
		take_options(head, value, len, known_name(buf + line->name, line->name_len));
		return true;
	case FL_HEAD_EXPECT:
		if (!same_word(value, len, "100-continue"))
			return refuse(head, 417, "an expectation other than 100-continue");
		head->expect_continue = true;
		return true;
	}
	return true;
}

/* Splits "http://host/path" (a server must understand it); refuses the other forms but "*" for OPTIONS. */
static bool take_target(fl_head *head, const char *buf)
{
	const char *target = buf + head->target;
	size_t len = head->target_len, start, end;

	if (target[0] == '/')
		return true;
	if (len == 1 && target[0] == '*') {
		if (head->method_len == 7 && memcmp(buf + head->method, "OPTIONS", 7) == 0)
			return true;
		return refuse(head, 400, "target * without OPTIONS");
	}
	if (len > 7 && same_word(target, 7, "http://"))
		start = 7;
	else if (len > 8 && same_word(target, 8, "https://"))
		start = 8;
	else
		return refuse(head, 400, "target is neither a path nor a URL");
	for (end = start; end < len && target[end] != '/' && target[end] != '?'; end++) {
		if (!fl_ch_is(target[end], FL_CH_HOST)) /* also refuses user@host */
			return refuse(head, 400, "bad authority in target");
	}
	if (end == start || end == len || target[end] == '?')
		return refuse(head, 400, "URL target without host or path");
	head->host = (uint16_t)(head->target + start);
	head->host_len = (uint16_t)(end - start);
	head->target = (uint16_t)(head->target + end);
	head->target_len = (uint16_t)(len - end);
	return true;
}

/* The empty line was seen: what only the whole head can tell. */
static bool take_end(fl_head *head)
{
	if (head->chunked && head->has_length)
		return refuse(head, 400, "Content-Length beside Transfer-Encoding");
	if (head->chunked && head->minor == 0)
		return refuse(head, 400, "Transfer-Encoding in HTTP/1.0");
	if (head->minor >= 1 && head->hosts == 0)
		return refuse(head, 400, "no Host");
	if (head->minor >= 1 && head->host_len == 0)
		return refuse(head, 400, "empty Host");
	if (head->minor == 0) {
		head->expect_continue = false; /* RFC 9110 10.1.1: ignored from such a client */
		head->upgrade = false;
	}
	head->state = FL_HEAD_DONE;
	return true;
}

/* How far the present state may look: the request line has a limit of its own. */
static size_t limit_of(const fl_head *head)
{
	return head->state <= FL_HEAD_LINE_LF ? FL_HEAD_LINE_MAX : FL_HEAD_BYTES_MAX;
}

static size_t skip_class(const char *buf, size_t i, size_t end, unsigned classes)
{
	while (i < end && fl_ch_is(buf[i], classes))
		i++;
	return i;
}

/* Checks "HTTP/1.0" or "HTTP/1.1", byte by byte as it comes. */
static bool step_version(fl_head *head, char c)
{
	static const char want[] = "HTTP/";
	unsigned at = (unsigned)(head->pos - head->mark);

	if (at < 5) {
		if (c != want[at])
			return refuse(head, 400, "bad protocol name");
	} else if (at == 5) {
		if (!fl_ch_is(c, FL_CH_DIGIT))
			return refuse(head, 400, "bad protocol version");
		if (c != '1')
			return refuse(head, 505, "not HTTP/1.x");
	} else if (at == 6) {
		if (c != '.')
			return refuse(head, 400, "bad protocol version");
	} else {
		if (!fl_ch_is(c, FL_CH_DIGIT))
			return refuse(head, 400, "bad protocol version");
		if (c != '0' && c != '1')
			return refuse(head, 505, "not HTTP/1.0 or HTTP/1.1");
		head->minor = (uint8_t)(c - '0');
		head->state = FL_HEAD_LINE_CR;
	}
	head->pos++;
	return true;
}

/* The value runs up to CR; its trailing blanks do not belong to it. */
static bool step_value(fl_head *head, const char *buf, size_t end)
{
	size_t i = skip_class(buf, head->pos, end, FL_CH_VALUE), last = i;
	fl_head_line *line = &head->lines[head->count];

	while (last > head->mark && (buf[last - 1] == ' ' || buf[last - 1] == '\t'))
		last--;
	head->pos = (uint16_t)i;
	if (i == end)
		return true;
	if (buf[i] != '\r')
		return refuse(head, 400, "a control byte in a header value");
	line->value = head->mark;
	line->value_len = (uint16_t)(last - head->mark);
	head->pos++;
	head->state = FL_HEAD_VALUE_LF;
	return true;
}

static bool step_name(fl_head *head, char *buf, size_t end)
{
	size_t i = head->pos;

	for (; i < end && fl_ch_is(buf[i], FL_CH_TOKEN); i++) {
		if (fl_ch_is(buf[i], FL_CH_UPPER))
			buf[i] |= 0x20;
	}
	head->pos = (uint16_t)i;
	if (i == end)
		return true;
	if (buf[i] != ':')
		return refuse(head, 400, "a byte that no header name may have");
	head->lines[head->count].name = head->mark;
	head->lines[head->count].name_len = (uint16_t)(i - head->mark);
	head->pos++;
	head->state = FL_HEAD_VALUE_OWS;
	return true;
}

static bool step_method(fl_head *head, const char *buf, size_t end)
{
	size_t i = skip_class(buf, head->pos, end, FL_CH_TOKEN);

	head->pos = (uint16_t)i;
	if (i - head->mark > FL_HEAD_METHOD_MAX)
		return refuse(head, 501, "an unknown method");
	if (i == end)
		return true;
	if (buf[i] != ' ' || i == head->mark)
		return refuse(head, 400, "bad method");
	head->method = head->mark;
	head->method_len = (uint16_t)(i - head->mark);
	head->pos++;
	head->mark = head->pos;
	head->state = FL_HEAD_TARGET;
	return true;
}

static bool step_target(fl_head *head, const char *buf, size_t end)
{
	size_t i = skip_class(buf, head->pos, end, FL_CH_TARGET);

	head->pos = (uint16_t)i;
	if (i == end)
		return true;
	if (buf[i] != ' ' || i == head->mark)
		return refuse(head, 400, "a byte that no target may have");
	head->target = head->mark;
	head->target_len = (uint16_t)(i - head->mark);
	head->pos++;
	head->mark = head->pos;
	head->state = FL_HEAD_VERSION;
	return take_target(head, buf);
}

static bool expect_byte(fl_head *head, char got, char want, fl_head_state next, const char *why)
{
	if (got != want)
		return refuse(head, 400, why);
	head->pos++;
	head->mark = head->pos;
	head->state = (uint8_t)next;
	return true;
}

/* One step from the present state; end is the end of the bytes there are. False: refused. */
static bool step(fl_head *head, char *buf, size_t end)
{
	char c = buf[head->pos];

	switch ((fl_head_state)head->state) {
	case FL_HEAD_START:
		if (c == '\r') { /* RFC 9112 2.2: one empty line before the request line is tolerated */
			if (head->empty_lines++ > 0)
				return refuse(head, 400, "empty lines instead of a request");
			head->pos++;
			head->state = FL_HEAD_START_LF;
			return true;
		}
		head->mark = head->pos;
		head->state = FL_HEAD_METHOD;
		return true;
	case FL_HEAD_START_LF:
		return expect_byte(head, c, '\n', FL_HEAD_START, "CR without LF");
	case FL_HEAD_METHOD:
		return step_method(head, buf, end);
	case FL_HEAD_TARGET:
		return step_target(head, buf, end);
	case FL_HEAD_VERSION:
		return step_version(head, c);
	case FL_HEAD_LINE_CR:
		return expect_byte(head, c, '\r', FL_HEAD_LINE_LF, "request line does not end with CR LF");
	case FL_HEAD_LINE_LF:
		return expect_byte(head, c, '\n', FL_HEAD_NAME_START, "CR without LF");
	case FL_HEAD_NAME_START:
		if (c == '\r') {
			head->pos++;
			head->state = FL_HEAD_END_LF;
			return true;
		}
		if (c == ' ' || c == '\t')
			return refuse(head, 400, "a folded header line");
		if (!fl_ch_is(c, FL_CH_TOKEN))
			return refuse(head, 400, "a byte that no header name may have");
		if (head->count == FL_HEAD_HEADERS_MAX)
			return refuse(head, 431, "too many header lines");
		head->state = FL_HEAD_NAME;
		return true;
	case FL_HEAD_NAME:
		return step_name(head, buf, end);
	case FL_HEAD_VALUE_OWS:
		head->pos = (uint16_t)(head->pos + (c == ' ' || c == '\t'));
		head->mark = head->pos;
		if (c != ' ' && c != '\t')
			head->state = FL_HEAD_VALUE;
		return true;
	case FL_HEAD_VALUE:
		return step_value(head, buf, end);
	case FL_HEAD_VALUE_LF:
		return expect_byte(head, c, '\n', FL_HEAD_NAME_START, "CR without LF") && take_line(head, buf);
	case FL_HEAD_END_LF:
		return expect_byte(head, c, '\n', FL_HEAD_END_LF, "CR without LF") && take_end(head);
	case FL_HEAD_DONE:
	case FL_HEAD_FAILED:
		break;
	}
	return false;
}

fl_parse fl_head_parse(fl_head *head, char *buf, size_t len)
{
	while (head->state < FL_HEAD_DONE) {
		size_t limit = limit_of(head), end = FL_MIN(len, limit);

		if (head->pos < end) {
			if (!step(head, buf, end))
				return FL_PARSE_BAD;
		} else if (end < limit) {
			return FL_PARSE_MORE;
		} else if (limit == FL_HEAD_LINE_MAX) {
			refuse(head, 414, "request line too long");
		} else {
			refuse(head, 431, "head too long");
		}
	}
	return head->state == FL_HEAD_DONE ? FL_PARSE_DONE : FL_PARSE_BAD;
}
