/* The multipart/form-data parser: one state machine, one function that changes its state. */
#include "http/form_int.h"

#include <string.h>

static bool lower_eq(fl_str text, const char *word)
{
	return fl_str_eq_nocase(text, fl_str_z(word));
}

/* Reads a token or a quoted string at value[*i]; browsers escape only '"' in it, as \" or %22. */
static bool read_param_value(fl_str value, size_t *i, char *out, size_t cap, size_t *len)
{
	size_t n = 0;

	if (*i < value.len && value.ptr[*i] == '"') {
		for ((*i)++; *i < value.len && value.ptr[*i] != '"'; (*i)++) {
			char c = value.ptr[*i];

			if (c == '\\' && *i + 1 < value.len && (value.ptr[*i + 1] == '"' || value.ptr[*i + 1] == '\\'))
				c = value.ptr[++*i];
			if (n == cap)
				return false;
			out[n++] = c;
		}
		if (*i == value.len)
			return false;
		(*i)++;
	} else {
		for (; *i < value.len && value.ptr[*i] != ';' && value.ptr[*i] != ' ' && value.ptr[*i] != '\t'; (*i)++) {
			if (n == cap || value.ptr[*i] == '"')
				return false;
			out[n++] = value.ptr[*i];
		}
		if (n == 0)
			return false;
	}
	*len = n;
	return true;
}

static void skip_blanks(fl_str s, size_t *i)
{
	while (*i < s.len && (s.ptr[*i] == ' ' || s.ptr[*i] == '\t'))
		(*i)++;
}

fl_param fl_header_param(fl_str value, const char *name, char *out, size_t cap, size_t *len)
{
	ptrdiff_t first = fl_str_find_char(value, ';');
	size_t i = first < 0 ? value.len : (size_t)first;
	fl_param found = FL_PARAM_ABSENT;

	while (i < value.len) {
		char skip[1024] = { 0 };
		size_t start, skip_len;
		bool wanted;

		if (value.ptr[i] != ';')
			return FL_PARAM_BAD;
		i++;
		skip_blanks(value, &i);
		if (i == value.len || value.ptr[i] == ';')
			continue;
		start = i;
		while (i < value.len && fl_ch_is(value.ptr[i], FL_CH_TOKEN))
			i++;
		wanted = lower_eq(fl_str_make(value.ptr + start, i - start), name);
		if (i == start || i == value.len || value.ptr[i] != '=' || (wanted && found == FL_PARAM_FOUND))
			return FL_PARAM_BAD;
		i++;
		if (!read_param_value(value, &i, wanted ? out : skip, wanted ? cap : sizeof(skip), wanted ? len : &skip_len))
			return FL_PARAM_BAD;
		if (wanted)
			found = FL_PARAM_FOUND;
		skip_blanks(value, &i);
	}
	return found;
}

bool fl_form_init(fl_form *form, fl_str content_type)
{
	fl_str rest, type = fl_str_trim(fl_str_cut(content_type, ';', &rest));
	size_t len;

	memset(form, 0, offsetof(fl_form, head));
	if (!lower_eq(type, "multipart/form-data"))
		return false;
	if (fl_header_param(content_type, "boundary", form->mark + 4, FL_FORM_BOUNDARY_MAX, &len) != FL_PARAM_FOUND || len == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = form->mark[4 + i];

		if (c < ' ' || c > '~' || (c == ' ' && i + 1 == len))
			return false;
	}
	memcpy(form->mark, "\r\n--", 4);
	form->mark_len = (uint8_t)(4 + len);
	form->matched = 2; /* the first mark may open the body */
	return true;
}

static fl_form_event refuse(fl_form *form, const char *why)
{
	form->state = FL_FORM_FAILED;
	form->why = why;
	return FL_FORM_BAD;
}

/* The browser's own path of the file is nobody's business, and never a path for us. */
static fl_str last_component(fl_str name)
{
	for (size_t i = name.len; i > 0; i--) {
		if (name.ptr[i - 1] == '/' || name.ptr[i - 1] == '\\')
			return fl_str_slice(name, i, name.len);
	}
	return name;
}

/* Reads Content-Disposition; the unquoted texts replace the line in place, they are never longer. */
static const char *take_disposition(fl_form *form, fl_str value)
{
	char name[512], file[1024];
	size_t name_len, file_len = 0;
	fl_str rest;
	char *to = (char *)(uintptr_t)value.ptr;

	if (!lower_eq(fl_str_trim(fl_str_cut(value, ';', &rest)), "form-data"))
		return "a part that is not form-data";
	if (fl_header_param(value, "name", name, sizeof(name), &name_len) != FL_PARAM_FOUND)
		return "a part without a good name";
	switch (fl_header_param(value, "filename", file, sizeof(file), &file_len)) {
	case FL_PARAM_BAD:
		return "a part with a bad file name";
	case FL_PARAM_FOUND:
		form->has_filename = true;
		break;
	case FL_PARAM_ABSENT:
		break;
	}
	memcpy(to, name, name_len);
	form->name = fl_str_make(to, name_len);
	if (form->has_filename) {
		memcpy(to + name_len, file, file_len);
		form->filename = last_component(fl_str_make(to + name_len, file_len));
	}
	return NULL;
}

static const char *take_part_line(fl_form *form, char *line, size_t len)
{
	char *colon = memchr(line, ':', len);
	fl_str name, value;

	if (colon == NULL)
		return "a part header without a colon";
	name = fl_str_make(line, (size_t)(colon - line));
	value = fl_str_trim(fl_str_make(colon + 1, len - name.len - 1));
	for (size_t i = 0; i < name.len; i++) {
		if (!fl_ch_is(name.ptr[i], FL_CH_TOKEN))
			return "a bad part header name";
	}
	for (size_t i = 0; i < value.len; i++) {
		if (!fl_ch_is(value.ptr[i], FL_CH_VALUE))
			return "a control byte in a part header";
	}
	if (lower_eq(name, "content-disposition")) {
		if (form->name.ptr != NULL)
			return "two Content-Dispositions in a part";
		return take_disposition(form, value);
	}
	if (lower_eq(name, "content-type"))
		form->media_type = value;
	return NULL;
}

/* The part's header lines are all in form->head, ending with an empty line. */
static fl_form_event take_part_head(fl_form *form)
{
	char *at = form->head, *end = form->head + form->head_len - 2;

	form->name = form->filename = form->media_type = (fl_str){ 0 };
	form->has_filename = false;
	while (at < end) {
		char *cr = memchr(at, '\r', (size_t)(end - at));
		const char *why;

		if (cr == NULL || cr[1] != '\n')
			return refuse(form, "a part header line without CR LF");
		why = take_part_line(form, at, (size_t)(cr - at));
		if (why != NULL)
			return refuse(form, why);
		at = cr + 2;
	}
	if (form->name.ptr == NULL)
		return refuse(form, "a part without Content-Disposition");
	form->state = FL_FORM_DATA;
	form->matched = 0;
	form->in_part = true;
	return FL_FORM_BEGIN;
}

static bool head_is_complete(const fl_form *form)
{
	const char *end = form->head + form->head_len;

	if (form->head_len == 2)
		return end[-2] == '\r' && end[-1] == '\n';
	return form->head_len >= 4 && memcmp(end - 4, "\r\n\r\n", 4) == 0;
}

static fl_form_event step_head(fl_form *form, char c)
{
	if (form->head_len == FL_FORM_HEAD_MAX)
		return refuse(form, "part headers too long");
	form->head[form->head_len++] = c;
	return c == '\n' && head_is_complete(form) ? take_part_head(form) : FL_FORM_MORE;
}

/* The mark was matched in full. */
static fl_form_event found_mark(fl_form *form)
{
	bool ended = form->in_part;

	form->state = FL_FORM_AFTER_MARK;
	form->matched = 0;
	form->skipped = 0;
	form->in_part = false;
	return ended ? FL_FORM_END : FL_FORM_MORE;
}

/* Content up to the next mark. What was held back as a possible mark and is none comes out first. */
static fl_form_event step_data(fl_form *form, const char *in, size_t len, size_t *i, fl_str *data)
{
	size_t start = *i;
	const char *cr;

	if (form->matched > 0) {
		while (*i < len && form->matched < form->mark_len && in[*i] == form->mark[form->matched]) {
			form->matched++;
			(*i)++;
		}
		if (form->matched == form->mark_len)
			return found_mark(form);
		if (*i == len)
			return FL_FORM_MORE;
		*data = fl_str_make(form->mark, form->matched);
		form->matched = 0;
		return FL_FORM_BYTES;
	}
	cr = memchr(in + start, '\r', len - start);
	*i = cr ? (size_t)(cr - in) : len;
	if (*i > start) {
		*data = fl_str_make(in + start, *i - start);
		return FL_FORM_BYTES;
	}
	form->matched = 1;
	(*i)++;
	return FL_FORM_MORE;
}

static fl_form_event step_preamble(fl_form *form, char c)
{
	if (c == form->mark[form->matched]) {
		form->matched++;
		return form->matched == form->mark_len ? found_mark(form) : FL_FORM_MORE;
	}
	form->matched = c == '\r';
	if (form->skipped++ == FL_FORM_PREAMBLE_MAX)
		return refuse(form, "no boundary where the body begins");
	return FL_FORM_MORE;
}

/* Behind a mark: "--" ends all, CR LF opens a part; blanks before it are allowed by RFC 2046. */
static fl_form_event step_after_mark(fl_form *form, char c)
{
	switch (form->state) {
	case FL_FORM_AFTER_MARK:
		if (c == '-' && form->skipped == 0)
			form->state = FL_FORM_AFTER_MARK_DASH;
		else if (c == '\r')
			form->state = FL_FORM_AFTER_MARK_LF;
		else if ((c != ' ' && c != '\t') || form->skipped++ == 64)
			return refuse(form, "bad bytes behind a boundary");
		return FL_FORM_MORE;
	case FL_FORM_AFTER_MARK_DASH:
		if (c != '-')
			return refuse(form, "bad bytes behind a boundary");
		form->state = FL_FORM_DONE;
		return FL_FORM_CLOSE;
	default:
		if (c != '\n')
			return refuse(form, "CR without LF behind a boundary");
		form->state = FL_FORM_HEAD;
		form->head_len = 0;
		return FL_FORM_MORE;
	}
}

fl_form_event fl_form_feed(fl_form *form, const char *in, size_t len, size_t *used, fl_str *data)
{
	fl_form_event event = FL_FORM_MORE;
	size_t i = 0;

	*data = (fl_str){ 0 };
	while (i < len && event == FL_FORM_MORE) {
		switch ((fl_form_state)form->state) {
		case FL_FORM_PREAMBLE:
			event = step_preamble(form, in[i++]);
			break;
		case FL_FORM_AFTER_MARK:
		case FL_FORM_AFTER_MARK_LF:
		case FL_FORM_AFTER_MARK_DASH:
			event = step_after_mark(form, in[i++]);
			break;
		case FL_FORM_HEAD:
			event = step_head(form, in[i++]);
			break;
		case FL_FORM_DATA:
			event = step_data(form, in, len, &i, data);
			break;
		case FL_FORM_DONE:
			i = len; /* the epilogue means nothing */
			event = FL_FORM_CLOSE;
			break;
		case FL_FORM_FAILED:
			event = FL_FORM_BAD;
			break;
		}
	}
	*used = i;
	return event;
}
