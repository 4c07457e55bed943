/* The parser of a request's head (request line and header lines), RFC 9112, strict.
 *
 * It is fed one growing buffer: the caller appends bytes and calls fl_head_parse() again; the parser remembers how
 * far it came, so each byte is looked at once however small the pieces are. Header names are lower-cased in place
 * (the buffer is ours). Nothing is copied: names and values are offsets into the buffer.
 *
 * Whatever two servers could read in two ways is refused (request smuggling): bare CR or LF, folded lines, a space
 * before the colon, Content-Length beside Transfer-Encoding, differing lengths, any coding but exactly "chunked",
 * NUL and control bytes, two Hosts. */
#ifndef FL_HTTP_HEAD_INT_H
#define FL_HTTP_HEAD_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

#define FL_HEAD_HEADERS_MAX 96          /* lines; browsers behind two proxies send about 40 */
#define FL_HEAD_BYTES_MAX (16 * 1024)   /* the whole head */
#define FL_HEAD_LINE_MAX (8 * 1024)     /* the request line */
#define FL_HEAD_METHOD_MAX 16

typedef struct fl_head_line {
	uint16_t name, name_len, value, value_len; /* offsets into the buffer */
} fl_head_line;
_Static_assert(FL_HEAD_BYTES_MAX <= UINT16_MAX, "offsets are 16 bits wide");

/* Header lines whose meaning the server itself must know; the others are only kept. */
typedef enum fl_head_known {
	FL_HEAD_OTHER,
	FL_HEAD_HOST,
	FL_HEAD_CONTENT_LENGTH,
	FL_HEAD_TRANSFER_ENCODING,
	FL_HEAD_CONNECTION,
	FL_HEAD_EXPECT,
	FL_HEAD_UPGRADE,
} fl_head_known;

/*  START -> METHOD -> TARGET -> VERSION -> LINE_LF -> NAME_START -> NAME -> VALUE_OWS -> VALUE -> VALUE_LF --+
 *                                                         ^   \-> END_LF -> DONE                             |
 *                                                         +--------------------------------------------------+
 *  Any refusal goes to FAILED and stays there. */
typedef enum fl_head_state {
	FL_HEAD_START,
	FL_HEAD_START_LF,
	FL_HEAD_METHOD,
	FL_HEAD_TARGET,
	FL_HEAD_VERSION,
	FL_HEAD_LINE_CR,
	FL_HEAD_LINE_LF,
	FL_HEAD_NAME_START,
	FL_HEAD_NAME,
	FL_HEAD_VALUE_OWS,
	FL_HEAD_VALUE,
	FL_HEAD_VALUE_LF,
	FL_HEAD_END_LF,
	FL_HEAD_DONE,
	FL_HEAD_FAILED,
} fl_head_state;

typedef struct fl_head {
	uint8_t state;          /* fl_head_state */
	uint8_t minor;          /* HTTP/1.minor */
	uint8_t empty_lines;    /* skipped before the request line */
	bool chunked;           /* Transfer-Encoding: chunked */
	bool has_length;        /* Content-Length was given */
	bool close;             /* Connection: close */
	bool keep_alive;        /* Connection: keep-alive */
	bool upgrade;           /* Connection: upgrade */
	bool websocket;         /* Upgrade: websocket */
	bool expect_continue;
	uint8_t hosts;
	uint8_t encodings;      /* Transfer-Encoding lines seen */
	uint16_t status;        /* the refusal, when FAILED */
	uint16_t pos;           /* next byte to look at */
	uint16_t mark;          /* where the present token began */
	uint16_t value_end;     /* end of the value without trailing blanks */
	uint16_t method, method_len, target, target_len, host, host_len;
	uint16_t count;         /* header lines */
	uint64_t length;        /* Content-Length */
	const char *why;        /* one sentence for the log, when FAILED */
	fl_head_line lines[FL_HEAD_HEADERS_MAX];
} fl_head;

typedef enum fl_parse {
	FL_PARSE_MORE,   /* all bytes were used, the end is not there yet */
	FL_PARSE_DONE,
	FL_PARSE_BAD,    /* see status and why */
} fl_parse;

void fl_head_reset(fl_head *head);

/* buf[0..len) is everything since the head began, len <= FL_HEAD_BYTES_MAX is not required: the parser stops with
 * 431 or 414 at its limits. On DONE head->pos is the first byte after the head. */
fl_parse fl_head_parse(fl_head *head, char *buf, size_t len);

/* Character classes, shared with the other parsers of this folder. */
enum {
	FL_CH_TOKEN = 1,   /* RFC 9110 tchar */
	FL_CH_TARGET = 2,  /* what browsers put into a request target */
	FL_CH_VALUE = 4,   /* field content: visible, blank, tab, obs-text */
	FL_CH_DIGIT = 8,
	FL_CH_HEX = 16,
	FL_CH_HOST = 32,
	FL_CH_UPPER = 64,
};
extern const uint8_t fl_ch_class[256];

static inline bool fl_ch_is(char c, unsigned classes)
{
	return (fl_ch_class[(uint8_t)c] & classes) != 0;
}

#endif
