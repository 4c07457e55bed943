/* JSON: a strict reader into an arena (simdjson behind a shim) and a writer onto a buffer. */
#ifndef FL_BASE_JSON_H
#define FL_BASE_JSON_H

typedef enum fl_json_type {
	FL_JSON_NULL,
	FL_JSON_BOOL,
	FL_JSON_INT,    /* fits int64_t and was written without fraction or exponent */
	FL_JSON_DOUBLE, /* any other number; text keeps how it was written only as far as a double does */
	FL_JSON_STRING,
	FL_JSON_ARRAY,
	FL_JSON_OBJECT,
} fl_json_type;

/* A value. Children of arrays and objects form a linked list in source order; in objects each child has its key.
 * A key that occurs twice stays twice; fl_json_get finds the last one. */
typedef struct fl_json {
	fl_json_type type;
	union {
		bool boolean;
		int64_t integer;
		double number;
		fl_str string;
		struct {
			struct fl_json *first;
			size_t count;
		} items;
	};
	fl_str key;
	struct fl_json *next;
} fl_json;

/* Reads exactly one value. text is copied; the result lives in mem. Depth at most 128.
 * Errors: FL_BAD_JSON (diag says where it can), FL_TOO_LARGE (beyond 64 MiB), FL_NOMEM. */
FL_MUST fl_err fl_json_parse(fl_arena *mem, fl_str text, const fl_json **out, fl_diag *diag);

const fl_json *fl_json_get(const fl_json *object, fl_str key); /* NULL when absent, or object is NULL or no object */
fl_str fl_json_str(const fl_json *value, fl_str otherwise);
int64_t fl_json_int(const fl_json *value, int64_t otherwise);
double fl_json_double(const fl_json *value, double otherwise); /* integers too */
bool fl_json_bool(const fl_json *value, bool otherwise);

/* Writing: plain calls in order; commas are the writer's. fl_json_out keeps the state of nesting.
 *	fl_json_out j = { .buf = &buf };
 *	fl_json_open(&j, '{'); fl_json_key(&j, FL_STR("id")); fl_json_put_i64(&j, 7); fl_json_close(&j, '}'); */
typedef struct fl_json_out {
	fl_buf *buf;
	bool comma; /* the next key or value needs a comma before it */
} fl_json_out;

void fl_json_open(fl_json_out *j, char bracket);  /* '{' or '[' */
void fl_json_close(fl_json_out *j, char bracket); /* '}' or ']' */
void fl_json_key(fl_json_out *j, fl_str key);
void fl_json_put_null(fl_json_out *j);
void fl_json_put_bool(fl_json_out *j, bool value);
void fl_json_put_i64(fl_json_out *j, int64_t value);
void fl_json_put_double(fl_json_out *j, double value); /* shortest form that reads back the same; null for NaN and infinities */
void fl_json_put_str(fl_json_out *j, fl_str value);
void fl_json_put_raw(fl_json_out *j, fl_str json);     /* one complete value, as it is */
void fl_json_put(fl_json_out *j, const fl_json *value);

/* The quoted and escaped form of s. Invalid UTF-8 becomes U+FFFD, so the output is always valid. */
void fl_json_quote(fl_buf *buf, fl_str s);

#endif
