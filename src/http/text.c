/* Small texts of HTTP: escapes, dates, ranges, entity tags, lists with weights, status reasons. */
#include "http/text_int.h"

#include "http/head_int.h"

static int hex_value(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

bool fl_url_decode(fl_arena *mem, fl_str text, bool plus, fl_str *out)
{
	char *to;
	size_t n = 0;

	if ((text.len == 0 || memchr(text.ptr, '%', text.len) == NULL) && (!plus || fl_str_find_char(text, '+') < 0)) {
		*out = text;
		return true;
	}
	to = fl_arena_take(mem, text.len);
	if (to == NULL)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '%') {
			if (text.len - i < 3 || !fl_ch_is(text.ptr[i + 1], FL_CH_HEX) || !fl_ch_is(text.ptr[i + 2], FL_CH_HEX))
				return false;
			c = (char)(hex_value(text.ptr[i + 1]) << 4 | hex_value(text.ptr[i + 2]));
			if (c == '\0')
				return false;
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		to[n++] = c;
	}
	*out = fl_str_make(to, n);
	return true;
}

static const char day_names[] = "SunMonTueWedThuFriSat";
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static void two_digits(char *out, int n)
{
	out[0] = (char)('0' + n / 10 % 10);
	out[1] = (char)('0' + n % 10);
}

void fl_http_date_format(int64_t time_us, char out[FL_HTTP_DATE_LEN])
{
	fl_civil civil = fl_time_civil(time_us);

	memcpy(out, "Sun, 00 Jan 0000 00:00:00 GMT", FL_HTTP_DATE_LEN);
	memcpy(out, day_names + 3 * civil.weekday, 3);
	two_digits(out + 5, civil.day);
	memcpy(out + 8, month_names + 3 * (civil.month - 1), 3);
	two_digits(out + 12, civil.year / 100);
	two_digits(out + 14, civil.year % 100);
	two_digits(out + 17, civil.hour);
	two_digits(out + 20, civil.minute);
	two_digits(out + 23, civil.second);
}

static bool read_digits(fl_str text, size_t at, size_t count, int max, int *out)
{
	int n = 0;

	for (size_t i = at; i < at + count; i++) {
		if (!fl_ch_is(text.ptr[i], FL_CH_DIGIT))
			return false;
		n = n * 10 + (text.ptr[i] - '0');
	}
	*out = n;
	return n <= max;
}

bool fl_http_date_parse(fl_str text, int64_t *out)
{
	static const int month_days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	char again[FL_HTTP_DATE_LEN];
	fl_civil civil = { 0 };
	int64_t time_us;

	if (text.len != FL_HTTP_DATE_LEN)
		return false;
	for (int i = 0; i < 12; i++) {
		if (memcmp(text.ptr + 8, month_names + 3 * i, 3) == 0)
			civil.month = i + 1;
	}
	if (civil.month == 0 || !read_digits(text, 5, 2, month_days[civil.month - 1], &civil.day) ||
	    !read_digits(text, 12, 4, 9999, &civil.year) || !read_digits(text, 17, 2, 23, &civil.hour) ||
	    !read_digits(text, 20, 2, 59, &civil.minute) || !read_digits(text, 23, 2, 59, &civil.second) || civil.day == 0 ||
	    civil.year == 0)
		return false;
	time_us = fl_time_from_civil(civil);
	fl_http_date_format(time_us, again); /* also checks weekday, blanks and the 29th of February */
	if (memcmp(again, text.ptr, FL_HTTP_DATE_LEN) != 0)
		return false;
	*out = time_us;
	return true;
}

/* Up to 18 digits; false when there is none. */
static bool read_u64(fl_str text, size_t *i, uint64_t *out)
{
	size_t start = *i;
	uint64_t n = 0;

	while (*i < text.len && fl_ch_is(text.ptr[*i], FL_CH_DIGIT)) {
		if (*i - start == 18)
			return false;
		n = n * 10 + (uint64_t)(text.ptr[(*i)++] - '0');
	}
	*out = n;
	return *i > start;
}

fl_range fl_range_parse(fl_str value, uint64_t size, uint64_t *from, uint64_t *len)
{
	uint64_t first, last = UINT64_MAX;
	size_t i = 6;

	if (value.len < 8 || !fl_str_eq_nocase(fl_str_slice(value, 0, 6), FL_STR("bytes=")))
		return FL_RANGE_WHOLE;
	if (value.ptr[i] == '-') { /* the last n bytes */
		i++;
		if (!read_u64(value, &i, &last) || i != value.len)
			return FL_RANGE_WHOLE;
		if (last == 0 || size == 0)
			return FL_RANGE_OUTSIDE;
		*len = FL_MIN(last, size);
		*from = size - *len;
		return FL_RANGE_PART;
	}
	if (!read_u64(value, &i, &first) || i == value.len || value.ptr[i++] != '-')
		return FL_RANGE_WHOLE;
	if (i < value.len && (!read_u64(value, &i, &last) || i != value.len || last < first))
		return FL_RANGE_WHOLE;
	if (first >= size)
		return FL_RANGE_OUTSIDE;
	*from = first;
	*len = FL_MIN(last, size - 1) - first + 1;
	return FL_RANGE_PART;
}

fl_str fl_list_next(fl_str list, fl_str *rest)
{
	return fl_str_trim(fl_str_cut(list, ',', rest));
}

bool fl_etag_listed(fl_str list, fl_str etag)
{
	while (list.len > 0) {
		fl_str item = fl_list_next(list, &list);

		if (fl_str_eq(item, FL_STR("*")))
			return true;
		if (fl_str_starts(item, FL_STR("W/")))
			item = fl_str_slice(item, 2, item.len);
		if (etag.len > 0 && fl_str_eq(item, etag))
			return true;
	}
	return false;
}

/* "0.35" to 350; anything odd counts as 1000, as if no weight were given. */
static int weight(fl_str q)
{
	int n = 0, scale = 100;

	if (q.len == 0 || (q.ptr[0] != '0' && q.ptr[0] != '1') || (q.len > 1 && q.ptr[1] != '.') || q.len > 5)
		return 1000;
	if (q.ptr[0] == '1')
		return 1000;
	for (size_t i = 2; i < q.len; i++, scale /= 10) {
		if (!fl_ch_is(q.ptr[i], FL_CH_DIGIT))
			return 1000;
		n += (q.ptr[i] - '0') * scale;
	}
	return n;
}

int fl_weight_of(fl_str list, fl_str word)
{
	while (list.len > 0) {
		fl_str params, item = fl_list_next(list, &list);
		int q = 1000;

		if (!fl_str_eq_nocase(fl_str_trim(fl_str_cut(item, ';', &params)), word))
			continue;
		while (params.len > 0) {
			fl_str param = fl_str_trim(fl_str_cut(params, ';', &params));

			if (param.len >= 2 && (param.ptr[0] | 0x20) == 'q' && param.ptr[1] == '=')
				q = weight(fl_str_slice(param, 2, param.len));
		}
		return q;
	}
	return -1;
}

const char *fl_status_reason(int status)
{
	switch (status) {
	case 100: return "Continue";
	case 101: return "Switching Protocols";
	case 200: return "OK";
	case 201: return "Created";
	case 202: return "Accepted";
	case 204: return "No Content";
	case 206: return "Partial Content";
	case 301: return "Moved Permanently";
	case 302: return "Found";
	case 303: return "See Other";
	case 304: return "Not Modified";
	case 307: return "Temporary Redirect";
	case 308: return "Permanent Redirect";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 406: return "Not Acceptable";
	case 408: return "Request Timeout";
	case 409: return "Conflict";
	case 412: return "Precondition Failed";
	case 413: return "Content Too Large";
	case 414: return "URI Too Long";
	case 415: return "Unsupported Media Type";
	case 416: return "Range Not Satisfiable";
	case 417: return "Expectation Failed";
	case 422: return "Unprocessable Content";
	case 426: return "Upgrade Required";
	case 429: return "Too Many Requests";
	case 431: return "Request Header Fields Too Large";
	case 499: return "Client Closed Request";
	case 500: return "Internal Server Error";
	case 501: return "Not Implemented";
	case 502: return "Bad Gateway";
	case 503: return "Service Unavailable";
	case 504: return "Gateway Timeout";
	case 505: return "HTTP Version Not Supported";
	default: return "Status";
	}
}
