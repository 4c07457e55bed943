/* The multipart/form-data parser (RFC 7578 on RFC 2046), fed piece by piece; pure: it makes events, no files. */
#ifndef FL_HTTP_FORM_INT_H
#define FL_HTTP_FORM_INT_H

#include "http/head_int.h"

enum {
	FL_FORM_BOUNDARY_MAX = 70,  /* RFC 2046 */
	FL_FORM_HEAD_MAX = 4096,    /* header bytes of one part */
	FL_FORM_PREAMBLE_MAX = 1024,
};

/*  PREAMBLE -> AFTER_MARK -> HEAD -> DATA -> AFTER_MARK ...  and from AFTER_MARK by "--" to DONE.
 *  The mark is CR LF "--" boundary; only its first byte is CR, so a mismatch can start again only at the byte that
 *  did not fit. The preamble starts as if CR LF had been seen. */
typedef enum fl_form_state {
	FL_FORM_PREAMBLE,
	FL_FORM_AFTER_MARK,
	FL_FORM_AFTER_MARK_LF,
	FL_FORM_AFTER_MARK_DASH,
	FL_FORM_HEAD,
	FL_FORM_DATA,
	FL_FORM_DONE,
	FL_FORM_FAILED,
} fl_form_state;

typedef enum fl_form_event {
	FL_FORM_MORE,   /* everything was used */
	FL_FORM_BEGIN,  /* a part's headers are complete: fl_form_name and so on */
	FL_FORM_BYTES,  /* *data is content of the part */
	FL_FORM_END,    /* the part is complete */
	FL_FORM_CLOSE,  /* the last part was complete; what follows is ignored */
	FL_FORM_BAD,    /* see why */
} fl_form_event;

typedef struct fl_form {
	uint8_t state;
	uint8_t mark_len, matched;      /* of mark */
	bool in_part;
	uint16_t head_len;
	uint16_t skipped;               /* preamble and blanks behind a mark */
	const char *why;
	fl_str name, filename, media_type; /* after BEGIN; in head, valid until the part's END */
	bool has_filename;
	char mark[FL_FORM_BOUNDARY_MAX + 4];
	char head[FL_FORM_HEAD_MAX];
} fl_form;

/* Takes the boundary from a Content-Type value; false: not multipart/form-data, or the boundary is missing or bad. */
bool fl_form_init(fl_form *form, fl_str content_type);
/* Takes bytes from in[0..len) until something happened; *used says how many. */
fl_form_event fl_form_feed(fl_form *form, const char *in, size_t len, size_t *used, fl_str *data);

/* A parameter of a header value such as form-data; name="a"; writes the unquoted value to out (cap bytes). */
typedef enum fl_param { FL_PARAM_ABSENT, FL_PARAM_FOUND, FL_PARAM_BAD /* malformed, twice, or longer than cap */ } fl_param;
fl_param fl_header_param(fl_str value, const char *name, char *out, size_t cap, size_t *len);

#endif
