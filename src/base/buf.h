/* Growable bytes with a maximum. Failure is sticky: append freely, ask once at the end with fl_buf_err. */
#ifndef FL_BASE_BUF_H
#define FL_BASE_BUF_H

typedef struct fl_buf {
	char *ptr;
	size_t len, cap, max;
	fl_err err; /* FL_TOO_LARGE: beyond max; FL_NOMEM; the content is then cut */
} fl_buf;

static inline fl_buf fl_buf_make(size_t max_bytes)
{
	return (fl_buf){ .max = max_bytes };
}

void fl_buf_fini(fl_buf *buf);
static inline void fl_buf_reset(fl_buf *buf)
{
	buf->len = 0;
	buf->err = FL_OK;
}

/* Room for len more bytes at the end, to be filled and then added by fl_buf_commit; NULL on failure. */
char *fl_buf_reserve(fl_buf *buf, size_t len);
static inline void fl_buf_commit(fl_buf *buf, size_t len)
{
	assert(buf->len + len <= buf->cap);
	buf->len += len;
}

void fl_buf_add_slow(fl_buf *buf, const void *bytes, size_t len); /* fl_buf_add when there is no room, or an error */

/* Most appends are a few bytes into room that is there: those are a comparison and a copy. */
static inline void fl_buf_add(fl_buf *buf, const void *bytes, size_t len)
{
	if (__builtin_expect(buf->err != FL_OK || len > buf->cap - buf->len, 0)) {
		fl_buf_add_slow(buf, bytes, len);
		return;
	}
	if (len == 0)
		return;
	if (!buf->ptr)
		__builtin_unreachable(); /* there is room, so there is memory: analysers cannot see it */
	memcpy(buf->ptr + buf->len, bytes, len);
	buf->len += len;
}

static inline void fl_buf_char(fl_buf *buf, char c)
{
	if (__builtin_expect(buf->err != FL_OK || buf->len == buf->cap, 0)) {
		fl_buf_add_slow(buf, &c, 1);
		return;
	}
	buf->ptr[buf->len++] = c;
}

void fl_buf_i64(fl_buf *buf, int64_t n);
void fl_buf_fmt(fl_buf *buf, const char *format, ...) FL_PRINTF(2, 3);
void fl_buf_hex(fl_buf *buf, const void *bytes, size_t len);
static inline void fl_buf_str(fl_buf *buf, fl_str s)
{
	fl_buf_add(buf, s.ptr, s.len);
}
#define fl_buf_lit(buf, literal) fl_buf_add((buf), "" literal, sizeof(literal) - 1)

static inline FL_MUST fl_err fl_buf_err(const fl_buf *buf)
{
	return buf->err;
}
static inline fl_str fl_buf_view(const fl_buf *buf)
{
	return (fl_str){ buf->ptr, buf->len };
}

static inline void fl_buf_fini_auto(fl_buf *buf)
{
	fl_buf_fini(buf);
}
/* FL_AUTO_BUF fl_buf text = fl_buf_make(4096); */
#define FL_AUTO_BUF __attribute__((cleanup(fl_buf_fini_auto)))

#endif
