/* The lexer: one token at a time, straight from the bytes. The document was checked to be UTF-8 once, so everything
 * below may look at single bytes. */
#include "graphql/graphql_int.h"

#include <stdio.h>

enum { C_OTHER, C_SPACE, C_NAME, C_DIGIT, C_PUNCT };

static const uint8_t class_of[256] = {
	['\t'] = C_SPACE, ['\n'] = C_SPACE, ['\r'] = C_SPACE, [' '] = C_SPACE, [','] = C_SPACE,
	['_'] = C_NAME, ['a' ... 'z'] = C_NAME, ['A' ... 'Z'] = C_NAME, ['0' ... '9'] = C_DIGIT,
	['!'] = C_PUNCT, ['$'] = C_PUNCT, ['&'] = C_PUNCT, ['('] = C_PUNCT, [')'] = C_PUNCT, [':'] = C_PUNCT, ['='] = C_PUNCT,
	['@'] = C_PUNCT, ['['] = C_PUNCT, [']'] = C_PUNCT, ['{'] = C_PUNCT, ['|'] = C_PUNCT, ['}'] = C_PUNCT,
};

static const uint8_t punct_of[256] = {
	['!'] = GQL_T_BANG, ['$'] = GQL_T_DOLLAR, ['&'] = GQL_T_AMP, ['('] = GQL_T_PAREN_L, [')'] = GQL_T_PAREN_R,
	[':'] = GQL_T_COLON, ['='] = GQL_T_EQUALS, ['@'] = GQL_T_AT, ['['] = GQL_T_BRACKET_L, [']'] = GQL_T_BRACKET_R,
	['{'] = GQL_T_BRACE_L, ['|'] = GQL_T_PIPE, ['}'] = GQL_T_BRACE_R,
};

static const char *const kind_text[] = {
	[GQL_T_EOF] = "<EOF>", [GQL_T_BANG] = "\"!\"", [GQL_T_DOLLAR] = "\"$\"", [GQL_T_AMP] = "\"&\"",
	[GQL_T_PAREN_L] = "\"(\"", [GQL_T_PAREN_R] = "\")\"", [GQL_T_SPREAD] = "\"...\"", [GQL_T_COLON] = "\":\"",
	[GQL_T_EQUALS] = "\"=\"", [GQL_T_AT] = "\"@\"", [GQL_T_BRACKET_L] = "\"[\"", [GQL_T_BRACKET_R] = "\"]\"",
	[GQL_T_BRACE_L] = "\"{\"", [GQL_T_PIPE] = "\"|\"", [GQL_T_BRACE_R] = "\"}\"", [GQL_T_NAME] = "Name",
	[GQL_T_INT] = "Int", [GQL_T_FLOAT] = "Float", [GQL_T_STRING] = "String", [GQL_T_BLOCK_STRING] = "BlockString",
};

static unsigned char byte_at(const gql_lexer *l, uint32_t at)
{
	return at < l->source.len ? (unsigned char)l->source.ptr[at] : 0;
}

static bool fault(gql_lexer *l, uint32_t place, const char *what)
{
	gql_fault(l->errors, GQL_CODE_SYNTAX, place, GQL_NONE, "Syntax Error: %s", what);
	return false;
}

/* The character at a place as messages show it: "x", or U+0007. */
static const char *show_char(const gql_lexer *l, uint32_t at, char text[16])
{
	if (at >= l->source.len)
		return "<EOF>";
	unsigned char c = l->source.ptr[at];
	uint32_t code = c < 0x80 ? c : c < 0xe0 ? c & 0x1fu : c < 0xf0 ? c & 0x0fu : c & 7u;
	for (uint32_t i = at + 1; c >= 0x80 && i < l->source.len && (l->source.ptr[i] & 0xc0) == 0x80; i++)
		code = code << 6 | (l->source.ptr[i] & 0x3f);
	if (code == '"')
		return "'\"'";
	if (code >= 0x20 && code < 0x7f)
		snprintf(text, 16, "\"%c\"", (char)code);
	else
		snprintf(text, 16, "U+%04X", (unsigned)code);
	return text;
}

static bool fault_char(gql_lexer *l, uint32_t place, const char *what)
{
	char text[16];
	gql_fault(l->errors, GQL_CODE_SYNTAX, place, GQL_NONE, "Syntax Error: %s: %s.", what, show_char(l, place, text));
	return false;
}

static bool token(gql_lexer *l, gql_token_kind kind, uint32_t start, uint32_t end)
{
	l->kind = kind;
	l->start = start;
	l->end = l->at = end;
	if (++l->tokens > l->tokens_max) {
		gql_fault(l->errors, GQL_CODE_TOKENS, start, GQL_NONE, "The document has more than %u tokens.", l->tokens_max);
		return false;
	}
	return true;
}

static uint32_t skip_digits(const gql_lexer *l, uint32_t at)
{
	while (class_of[byte_at(l, at)] == C_DIGIT)
		at++;
	return at;
}

static bool lex_number(gql_lexer *l, uint32_t start)
{
	uint32_t at = start + (byte_at(l, start) == '-');
	gql_token_kind kind = GQL_T_INT;
	if (byte_at(l, at) == '0') {
		at++;
		if (class_of[byte_at(l, at)] == C_DIGIT)
			return fault_char(l, at, "Invalid number, unexpected digit after 0");
	} else {
		if (class_of[byte_at(l, at)] != C_DIGIT)
			return fault_char(l, at, "Invalid number, expected digit but got");
		at = skip_digits(l, at);
	}
	if (byte_at(l, at) == '.') {
		kind = GQL_T_FLOAT;
		if (class_of[byte_at(l, ++at)] != C_DIGIT)
			return fault_char(l, at, "Invalid number, expected digit but got");
		at = skip_digits(l, at);
	}
	if ((byte_at(l, at) | 32) == 'e') {
		kind = GQL_T_FLOAT;
		at++;
		at += byte_at(l, at) == '+' || byte_at(l, at) == '-';
		if (class_of[byte_at(l, at)] != C_DIGIT)
			return fault_char(l, at, "Invalid number, expected digit but got");
		at = skip_digits(l, at);
	}
	if (byte_at(l, at) == '.' || class_of[byte_at(l, at)] == C_NAME)
		return fault_char(l, at, "Invalid number, expected digit but got");
	return token(l, kind, start, at);
}

static int hex_value(unsigned char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* Four hexadecimal digits, or -1. */
static int32_t hex4(const gql_lexer *l, uint32_t at)
{
	int32_t code = 0;
	for (uint32_t i = 0; i < 4; i++) {
		int digit = hex_value(byte_at(l, at + i));
		if (digit < 0)
			return -1;
		code = code << 4 | digit;
	}
	return code;
}

/* The escape at a backslash before u: its code point and length, or -1. Surrogates count only as a pair. */
static int32_t read_unicode(const gql_lexer *l, uint32_t at, uint32_t *len)
{
	int32_t code = 0;
	if (byte_at(l, at + 2) == '{') {
		uint32_t i = at + 3;
		for (; hex_value(byte_at(l, i)) >= 0 && i - at < 16; i++)
			if ((code = code << 4 | hex_value(byte_at(l, i))) > 0x10ffff)
				return -1;
		*len = i + 1 - at;
		return i > at + 3 && byte_at(l, i) == '}' && !(code >= 0xd800 && code <= 0xdfff) ? code : -1;
	}
	code = hex4(l, at + 2);
	*len = 6;
	if (code < 0xd800 || code > 0xdfff)
		return code;
	int32_t low = code <= 0xdbff && byte_at(l, at + 6) == '\\' && byte_at(l, at + 7) == 'u' ? hex4(l, at + 8) : -1;
	*len = 12;
	return low >= 0xdc00 && low <= 0xdfff ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : -1;
}

static bool lex_escape(gql_lexer *l, uint32_t *at)
{
	unsigned char c = byte_at(l, *at + 1);
	uint32_t len = 2;
	if (c == 'u') {
		if (read_unicode(l, *at, &len) < 0)
			return fault(l, *at, "Invalid Unicode escape sequence.");
	} else if (!c || !strchr("\"\\/bfnrt", c)) {
		return fault_char(l, *at + 1, "Invalid character escape sequence, after a backslash");
	}
	*at += len;
	return true;
}

static bool lex_string(gql_lexer *l, uint32_t start)
{
	uint32_t at = start + 1;
	for (;;) {
		unsigned char c = byte_at(l, at);
		if (at >= l->source.len || c == '\n' || c == '\r')
			return fault(l, at, "Unterminated string.");
		if (c == '"')
			return token(l, GQL_T_STRING, start, at + 1);
		if (c == '\\') {
			if (!lex_escape(l, &at))
				return false;
		} else {
			at++;
		}
	}
}

static bool quotes_at(const gql_lexer *l, uint32_t at)
{
	return byte_at(l, at) == '"' && byte_at(l, at + 1) == '"' && byte_at(l, at + 2) == '"';
}

static bool lex_block_string(gql_lexer *l, uint32_t start)
{
	for (uint32_t at = start + 3; at < l->source.len; at++) {
		if (l->source.ptr[at] == '\\' && quotes_at(l, at + 1))
			at += 3;
		else if (l->source.ptr[at] == '"' && quotes_at(l, at))
			return token(l, GQL_T_BLOCK_STRING, start, at + 3);
	}
	return fault(l, l->source.len, "Unterminated string.");
}

/* White space, commas, byte order marks and comments mean nothing. */
static uint32_t skip_ignored(const gql_lexer *l, uint32_t at)
{
	for (;;) {
		unsigned char c = byte_at(l, at);
		if (at >= l->source.len)
			return at;
		if (class_of[c] == C_SPACE)
			at++;
		else if (c == '#')
			while (at < l->source.len && l->source.ptr[at] != '\n' && l->source.ptr[at] != '\r')
				at++;
		else if (c == 0xef && byte_at(l, at + 1) == 0xbb && byte_at(l, at + 2) == 0xbf)
			at += 3;
		else
			return at;
	}
}

bool gql_lex_next(gql_lexer *l)
{
	uint32_t at = skip_ignored(l, l->at), start = at;
	if (at >= l->source.len)
		return token(l, GQL_T_EOF, at, at);
	unsigned char c = l->source.ptr[at];
	switch (class_of[c]) {
	case C_NAME:
		while (class_of[byte_at(l, at)] == C_NAME || class_of[byte_at(l, at)] == C_DIGIT)
			at++;
		return token(l, GQL_T_NAME, start, at);
	case C_PUNCT:
		return token(l, punct_of[c], start, at + 1);
	case C_DIGIT:
		return lex_number(l, at);
	default:
		break;
	}
	if (c == '"')
		return quotes_at(l, at) ? lex_block_string(l, at) : lex_string(l, at);
	if (c == '-')
		return lex_number(l, at);
	if (c == '.' && byte_at(l, at + 1) == '.' && byte_at(l, at + 2) == '.')
		return token(l, GQL_T_SPREAD, at, at + 3);
	return fault_char(l, at, "Unexpected character");
}

bool gql_lex_start(gql_lexer *l, fl_str source, uint32_t tokens_max, gql_errors *errors)
{
	assert(source.len < GQL_NONE / 2);
	*l = (gql_lexer){ .source = source, .errors = errors, .tokens_max = tokens_max };
	if (!fl_str_utf8_valid(source))
		return fault(l, 0, "The document is not valid UTF-8.");
	return gql_lex_next(l);
}

bool gql_lex_unexpected(gql_lexer *l)
{
	if (l->kind < GQL_T_NAME)
		gql_fault(l->errors, GQL_CODE_SYNTAX, l->start, GQL_NONE, "Syntax Error: Unexpected %s.", kind_text[l->kind]);
	else
		gql_fault(l->errors, GQL_CODE_SYNTAX, l->start, GQL_NONE, "Syntax Error: Unexpected %s \"%" FL_FMT "\".",
			  kind_text[l->kind], FL_ARG(fl_str_clip(gql_lex_text(l), 80)));
	return false;
}

static bool fault_expected(gql_lexer *l, gql_token_kind kind)
{
	if (l->kind < GQL_T_NAME)
		gql_fault(l->errors, GQL_CODE_SYNTAX, l->start, GQL_NONE, "Syntax Error: Expected %s, found %s.", kind_text[kind],
			  kind_text[l->kind]);
	else
		gql_fault(l->errors, GQL_CODE_SYNTAX, l->start, GQL_NONE,
			  "Syntax Error: Expected %s, found %s \"%" FL_FMT "\".", kind_text[kind], kind_text[l->kind],
			  FL_ARG(fl_str_clip(gql_lex_text(l), 80)));
	return false;
}

bool gql_lex_take(gql_lexer *l, gql_token_kind kind)
{
	return l->kind == kind ? gql_lex_next(l) : fault_expected(l, kind);
}

bool gql_lex_take_name(gql_lexer *l, fl_str *name)
{
	if (l->kind != GQL_T_NAME)
		return fault_expected(l, GQL_T_NAME);
	*name = gql_lex_text(l);
	return gql_lex_next(l);
}

bool gql_lex_is_word(const gql_lexer *l, const char *word)
{
	return l->kind == GQL_T_NAME && fl_str_eq(gql_lex_text(l), fl_str_z(word));
}

/* ---- The values of string tokens ---- */

static char *put_utf8(char *to, uint32_t code)
{
	if (code < 0x80) {
		*to++ = code;
	} else if (code < 0x800) {
		*to++ = 0xc0 | code >> 6;
		*to++ = 0x80 | (code & 63);
	} else if (code < 0x10000) {
		*to++ = 0xe0 | code >> 12;
		*to++ = 0x80 | (code >> 6 & 63);
		*to++ = 0x80 | (code & 63);
	} else {
		*to++ = 0xf0 | code >> 18;
		*to++ = 0x80 | (code >> 12 & 63);
		*to++ = 0x80 | (code >> 6 & 63);
		*to++ = 0x80 | (code & 63);
	}
	return to;
}

static char *put_escape(const gql_lexer *l, char *to, uint32_t *at)
{
	static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
	unsigned char c = byte_at(l, *at + 1);
	if (c == 'u') {
		uint32_t len;
		to = put_utf8(to, read_unicode(l, *at, &len));
		*at += len;
		return to;
	}
	const char *named = strchr(names, c);
	*to++ = named ? values[named - names] : (char)c;
	*at += 2;
	return to;
}

static fl_str plain_string(const gql_lexer *l, fl_arena *mem)
{
	fl_str raw = { l->source.ptr + l->start + 1, l->end - l->start - 2 };
	if (fl_str_find_char(raw, '\\') < 0)
		return raw;
	char *value = fl_arena_take(mem, raw.len), *to = value; /* an escape is never shorter than what it means */
	if (!value)
		return (fl_str){};
	for (uint32_t at = l->start + 1; at < l->end - 1;) {
		if (l->source.ptr[at] == '\\')
			to = put_escape(l, to, &at);
		else
			*to++ = l->source.ptr[at++];
	}
	return (fl_str){ value, to - value };
}

/* Cuts the next line off a block string. */
static fl_str next_line(fl_str *rest)
{
	size_t len = 0;
	while (len < rest->len && rest->ptr[len] != '\n' && rest->ptr[len] != '\r')
		len++;
	fl_str line = { rest->ptr, len };
	if (len < rest->len)
		len += rest->ptr[len] == '\r' && len + 1 < rest->len && rest->ptr[len + 1] == '\n' ? 2 : 1;
	*rest = fl_str_slice(*rest, len, rest->len);
	return line;
}

static size_t indent_of(fl_str line)
{
	size_t n = 0;
	while (n < line.len && (line.ptr[n] == ' ' || line.ptr[n] == '\t'))
		n++;
	return n;
}

/* What all lines but the first have in common, and which lines are not blank. */
static size_t common_indent(fl_str raw, size_t *first, size_t *last)
{
	size_t common = SIZE_MAX, number = 0;
	*first = SIZE_MAX;
	*last = 0;
	for (fl_str rest = raw; number == 0 || rest.len; number++) {
		fl_str line = next_line(&rest);
		size_t indent = indent_of(line);
		if (indent == line.len)
			continue;
		if (*first == SIZE_MAX)
			*first = number;
		*last = number;
		if (number > 0)
			common = FL_MIN(common, indent);
	}
	return common == SIZE_MAX ? 0 : common;
}

static char *put_block_line(char *to, fl_str line)
{
	for (size_t i = 0; i < line.len; i++) {
		if (line.ptr[i] == '\\' && fl_str_starts(fl_str_slice(line, i, line.len), FL_STR("\\\"\"\"")))
			continue;
		*to++ = line.ptr[i];
	}
	return to;
}

static fl_str block_string(const gql_lexer *l, fl_arena *mem)
{
	fl_str raw = { l->source.ptr + l->start + 3, l->end - l->start - 6 };
	size_t first, last, common = common_indent(raw, &first, &last), number = 0;
	char *value = fl_arena_take(mem, raw.len + 1), *to = value;
	if (!value)
		return (fl_str){};
	for (fl_str rest = raw; first != SIZE_MAX && number <= last; number++) {
		fl_str line = next_line(&rest);
		if (number < first)
			continue;
		if (number > first)
			*to++ = '\n';
		to = put_block_line(to, number ? fl_str_slice(line, common, line.len) : line);
	}
	return (fl_str){ value, to - value };
}

fl_str gql_lex_string(const gql_lexer *l, fl_arena *mem)
{
	return l->kind == GQL_T_BLOCK_STRING ? block_string(l, mem) : plain_string(l, mem);
}
