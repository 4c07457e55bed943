/* The scalars that every API wants, and how each looks as JSON. */
#include "graphql/graphql_int.h"

enum { DECIMAL_DIGITS_MAX = 30 };

static const char *parse_datetime(fl_arena *mem, const fl_gql_value *in, fl_str text, fl_gql_value *out)
{
	int64_t time_us;
	if (in->kind != FL_GQL_STRING || !fl_time_parse(fl_gql_text(in), &time_us))
		return "a DateTime is a string in RFC 3339, as in \"2026-03-01T09:30:00Z\"";
	*out = fl_gql_int(time_us);
	return NULL;
}

static bool write_datetime(fl_buf *out, const fl_gql_value *value)
{
	if (value->kind != FL_GQL_INT)
		return false;
	char *to = fl_buf_reserve(out, FL_TIME_TEXT_MAX + 2);
	if (!to)
		return true; /* the buffer remembers */
	to[0] = '"';
	size_t len = fl_time_format(value->integer, to + 1);
	to[len + 1] = '"';
	fl_buf_commit(out, len + 2);
	return true;
}

static const char *parse_bigint(fl_arena *mem, const fl_gql_value *in, fl_str text, fl_gql_value *out)
{
	int64_t n;
	if (in->kind == FL_GQL_INT)
		n = in->integer;
	else if (in->kind != FL_GQL_STRING || !fl_str_i64(fl_gql_text(in), &n))
		return "a BigInt is an integer of 64 bits, or a string of its digits";
	*out = fl_gql_int(n);
	return NULL;
}

/* As a string: JSON numbers of clients are doubles and exact only to 2^53. */
static bool write_bigint(fl_buf *out, const fl_gql_value *value)
{
	if (value->kind != FL_GQL_INT)
		return false;
	fl_buf_char(out, '"');
	fl_buf_i64(out, value->integer);
	fl_buf_char(out, '"');
	return true;
}

static bool is_decimal(fl_str s)
{
	size_t digits = 0, i = s.len && s.ptr[0] == '-';
	size_t whole = i;
	for (; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
		digits++;
	if (i == whole || (s.ptr[whole] == '0' && i > whole + 1))
		return false;
	if (i < s.len && s.ptr[i] == '.') {
		size_t point = i++;
		for (; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
			digits++;
		if (i == point + 1)
			return false;
	}
	return i == s.len && digits <= DECIMAL_DIGITS_MAX;
}

static const char *parse_decimal(fl_arena *mem, const fl_gql_value *in, fl_str text, fl_gql_value *out)
{
	fl_str s = in->kind == FL_GQL_STRING ? fl_gql_text(in) : text;
	if (in->kind == FL_GQL_INT && !text.len)
		s = fl_str_fmt(mem, "%lld", (long long)in->integer);
	if (!is_decimal(s))
		return "a Decimal is a string as in \"1250.00\", or an integer; never a JSON number with a fraction";
	*out = fl_gql_string(s);
	return NULL;
}

static bool write_text(fl_buf *out, const fl_gql_value *value)
{
	if (value->kind != FL_GQL_STRING)
		return false;
	fl_json_quote(out, fl_gql_text(value));
	return true;
}

static bool write_decimal(fl_buf *out, const fl_gql_value *value)
{
	return value->kind == FL_GQL_INT ? write_bigint(out, value) : write_text(out, value);
}

static const char *parse_uuid(fl_arena *mem, const fl_gql_value *in, fl_str text, fl_gql_value *out)
{
	fl_uuid id;
	if (in->kind != FL_GQL_STRING || !fl_uuid_parse(fl_gql_text(in), &id))
		return "a UUID is a string of 36 characters";
	*out = fl_gql_string(fl_uuid_str(mem, id));
	return NULL;
}

static const char *parse_upload(fl_arena *mem, const fl_gql_value *in, fl_str text, fl_gql_value *out)
{
	if (in->kind != FL_GQL_OPAQUE)
		return "an Upload is a file of a multipart request";
	*out = *in;
	return NULL;
}

static bool write_nothing(fl_buf *out, const fl_gql_value *value)
{
	return false;
}

static const char *parse_any(fl_arena *mem, const fl_json *in, fl_gql_value *out)
{
	*out = fl_gql_json(in);
	return NULL;
}

/* A text is JSON already. */
static bool write_json(fl_buf *out, const fl_gql_value *value)
{
	fl_json_out j = { .buf = out };
	if (value->kind == FL_GQL_STRING)
		fl_buf_str(out, fl_gql_text(value));
	else if (value->kind == FL_GQL_JSON)
		fl_json_put(&j, value->json);
	else
		return false;
	return true;
}

const fl_gql_scalar gql_known_scalars[] = {
	{ "DateTime", parse_datetime, write_datetime, .zero_is_null = true },
	{ "BigInt", parse_bigint, write_bigint },
	{ "Decimal", parse_decimal, write_decimal },
	{ "UUID", parse_uuid, write_text },
	{ "Upload", parse_upload, write_nothing },
	{ "JSON", .parse_json = parse_any, .write = write_json },
	{ "GeoJSON", .parse_json = gql_geojson_parse, .write = write_json },
	{ "_Any", .parse_json = gql_any_parse, .write = write_json },
};
const size_t gql_known_scalar_count = FL_COUNT(gql_known_scalars);
