/* Text and bytes by value: pointer and length, never owning, not NUL-terminated unless said. */
#ifndef FL_BASE_STR_H
#define FL_BASE_STR_H

typedef struct fl_str {
	const char *ptr;
	size_t len;
} fl_str;

struct fl_arena;

#define FL_STR(literal) ((fl_str){ "" literal, sizeof(literal) - 1 })
#define FL_STR_INIT(literal) { "" literal, sizeof(literal) - 1 }
/* printf("%" FL_FMT, FL_ARG(s)) */
#define FL_FMT ".*s"
#define FL_ARG(s) (int)(s).len, (s).ptr

static inline fl_str fl_str_make(const void *ptr, size_t len)
{
	return (fl_str){ (const char *)ptr, len };
}

/* From a NUL-terminated string; NULL gives an empty one. */
static inline fl_str fl_str_z(const char *z)
{
	return (fl_str){ z ? z : "", z ? strlen(z) : 0 };
}

static inline bool fl_str_eq(fl_str a, fl_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool fl_str_eq_nocase(fl_str a, fl_str b);          /* ASCII letters only */
int fl_str_cmp(fl_str a, fl_str b);                 /* by bytes, as memcmp */
bool fl_str_starts(fl_str s, fl_str prefix);
bool fl_str_ends(fl_str s, fl_str suffix);
ptrdiff_t fl_str_find(fl_str s, fl_str part);       /* index or -1 */
ptrdiff_t fl_str_find_char(fl_str s, char c);
fl_str fl_str_trim(fl_str s);                       /* ASCII white space off both ends */
fl_str fl_str_slice(fl_str s, size_t from, size_t to); /* clamped to s */
fl_str fl_str_clip(fl_str s, size_t max);             /* its beginning: at most max bytes, and no part of a UTF-8 character */
/* Cuts s at the first separator: returns what stands before it, *rest what follows. No separator: all of s, empty rest. */
fl_str fl_str_cut(fl_str s, char separator, fl_str *rest);

/* Whole-string conversions: false when s is not exactly a number in range. */
bool fl_str_i64(fl_str s, int64_t *out);
bool fl_str_i32(fl_str s, int32_t *out);
bool fl_str_f64(fl_str s, double *out);

bool fl_str_utf8_valid(fl_str s);                   /* well-formed UTF-8, no surrogates */

/* Copies into the arena; ptr is NULL when it is full. fl_str_dup adds a NUL behind the text. */
fl_str fl_str_dup(struct fl_arena *mem, fl_str s);
char *fl_str_cstr(struct fl_arena *mem, fl_str s);
fl_str fl_str_fmt(struct fl_arena *mem, const char *format, ...) FL_PRINTF(2, 3);
fl_str fl_str_vfmt(struct fl_arena *mem, const char *format, va_list args);
fl_str fl_str_hex(struct fl_arena *mem, const void *bytes, size_t len);
/* Decodes hexadecimal of exactly 2 * len digits. */
bool fl_str_unhex(fl_str s, void *out, size_t len);

uint64_t fl_hash(const void *bytes, size_t len, uint64_t seed); /* not cryptographic; seed against crafted keys */

#endif
