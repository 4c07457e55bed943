/* Errors of a request, in the order in which they were found, and how they look as JSON. */
#include "graphql/graphql_int.h"

gql_error *gql_fault_at(gql_errors *errors, const char *code, const uint32_t *places, uint32_t count, fl_str message)
{
	errors->count++;
	if (!message.ptr)
		errors->nomem = true;
	if (errors->count > (errors->max ? errors->max : GQL_ERRORS_MAX) || !message.ptr)
		return NULL;
	gql_error *error = fl_arena_zero(errors->mem, sizeof(*error) + count * sizeof(*places));
	if (!error) {
		errors->nomem = true;
		return NULL;
	}
	error->message = message;
	error->code = code;
	error->place_count = count;
	if (count)
		memcpy(error->places, places, count * sizeof(*places));
	if (errors->last)
		errors->last->next = error;
	else
		errors->first = error;
	errors->last = error;
	return error;
}

gql_error *gql_fault(gql_errors *errors, const char *code, uint32_t place, uint32_t other, const char *format, ...)
{
	uint32_t places[2] = { place, other };
	uint32_t count = place == GQL_NONE ? 0 : other == GQL_NONE ? 1 : 2;
	va_list args;
	va_start(args, format);
	fl_str message = fl_str_vfmt(errors->mem, format, args);
	va_end(args);
	return gql_fault_at(errors, code, places, count, message);
}

/* Lines end at LF, CR LF or CR; columns count characters, not bytes; both start at 1. */
static void write_place(fl_buf *out, fl_str document, uint32_t place)
{
	int64_t line = 1, column = 1;
	for (size_t i = 0; i < place && i < document.len; i++) {
		unsigned char c = document.ptr[i];
		if (c == '\n' || (c == '\r' && !(i + 1 < document.len && document.ptr[i + 1] == '\n'))) {
			line++;
			column = 1;
		} else if ((c & 0xc0) != 0x80) {
			column++;
		}
	}
	fl_buf_lit(out, "{\"line\":");
	fl_buf_i64(out, line);
	fl_buf_lit(out, ",\"column\":");
	fl_buf_i64(out, column);
	fl_buf_char(out, '}');
}

static void write_error(fl_buf *out, const gql_error *error, fl_str document, fl_str request_id)
{
	fl_buf_lit(out, "{\"message\":");
	fl_json_quote(out, error->message);
	if (error->place_count) {
		fl_buf_lit(out, ",\"locations\":[");
		for (uint32_t i = 0; i < error->place_count; i++) {
			if (i)
				fl_buf_char(out, ',');
			write_place(out, document, error->places[i]);
		}
		fl_buf_char(out, ']');
	}
	if (error->path.ptr) {
		fl_buf_lit(out, ",\"path\":");
		fl_buf_str(out, error->path);
	}
	fl_buf_lit(out, ",\"extensions\":{\"code\":");
	fl_json_quote(out, fl_str_z(error->code));
	fl_buf_str(out, error->more);
	if (request_id.len) {
		fl_buf_lit(out, ",\"requestId\":");
		fl_json_quote(out, request_id);
	}
	fl_buf_lit(out, "}}");
}

void gql_write_errors(fl_buf *out, const gql_errors *errors, fl_str document, fl_str request_id)
{
	fl_buf_lit(out, "\"errors\":[");
	for (const gql_error *error = errors->first; error; error = error->next) {
		if (error != errors->first)
			fl_buf_char(out, ',');
		write_error(out, error, document, request_id);
	}
	fl_buf_char(out, ']');
}

void fl_gql_write_error(fl_buf *out, fl_err err, fl_str message)
{
	fl_buf_lit(out, "{\"errors\":[{\"message\":");
	fl_json_quote(out, message);
	fl_buf_lit(out, ",\"extensions\":{\"code\":");
	fl_json_quote(out, fl_str_z(fl_err_code(err)));
	fl_buf_lit(out, "}}]}");
}
