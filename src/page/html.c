#include "page/html.h"

static void add_escaped(fl_buf *buf, fl_str text)
{
	size_t from = 0;

	for (size_t i = 0; i < text.len; i++) {
		fl_str entity;

		switch (text.ptr[i]) {
		case '&': entity = FL_STR("&amp;"); break;
		case '<': entity = FL_STR("&lt;"); break;
		case '>': entity = FL_STR("&gt;"); break;
		case '"': entity = FL_STR("&quot;"); break;
		case '\'': entity = FL_STR("&#39;"); break;
		case '\0': entity = FL_STR("\xef\xbf\xbd"); break; /* a NUL is an error in HTML, even as an entity */
		default: continue;
		}
		fl_buf_add(buf, text.ptr + from, i - from);
		fl_buf_str(buf, entity);
		from = i + 1;
	}
	fl_buf_add(buf, text.ptr + from, text.len - from);
}

static void add_tag(html *h, const char *name, const html_attr *attrs)
{
	fl_buf_char(h->buf, '<');
	fl_buf_str(h->buf, fl_str_z(name));
	for (const html_attr *attr = attrs; attr->name; attr++) {
		if (!attr->value.ptr)
			continue;
		fl_buf_char(h->buf, ' ');
		fl_buf_str(h->buf, fl_str_z(attr->name));
		fl_buf_lit(h->buf, "=\"");
		add_escaped(h->buf, attr->value);
		fl_buf_char(h->buf, '"');
	}
	fl_buf_char(h->buf, '>');
}

void html_doctype(html *h)
{
	fl_buf_lit(h->buf, "<!doctype html>");
}

void html_open(html *h, const char *name, const html_attr *attrs)
{
	assert(h->depth < HTML_DEPTH_MAX);
	add_tag(h, name, attrs);
	h->open[h->depth++] = name;
}

void html_void(html *h, const char *name, const html_attr *attrs)
{
	add_tag(h, name, attrs);
}

void html_end(html *h)
{
	assert(h->depth > 0);
	fl_buf_lit(h->buf, "</");
	fl_buf_str(h->buf, fl_str_z(h->open[--h->depth]));
	fl_buf_char(h->buf, '>');
}

void html_text(html *h, fl_str text)
{
	add_escaped(h->buf, text);
}

void html_text_element(html *h, const char *name, fl_str text, const html_attr *attrs)
{
	html_open(h, name, attrs);
	html_text(h, text);
	html_end(h);
}

void html_json(html *h, fl_str id, fl_str json)
{
	size_t from = 0;

	EL(h, "script", { "type", FL_STR("application/json") }, { "id", id });
	/* In JSON "<" stands only inside strings, where its escape means the same; without it neither an end tag nor
	 * a comment can begin. */
	for (size_t i = 0; i < json.len; i++) {
		if (json.ptr[i] != '<')
			continue;
		fl_buf_add(h->buf, json.ptr + from, i - from);
		fl_buf_lit(h->buf, "\\u003c");
		from = i + 1;
	}
	fl_buf_add(h->buf, json.ptr + from, json.len - from);
	html_end(h);
}

fl_str html_path(fl_str url)
{
	ptrdiff_t scheme = fl_str_find(url, FL_STR("://"));

	if (scheme >= 0) {
		fl_str rest = fl_str_slice(url, (size_t)scheme + 3, url.len);
		ptrdiff_t slash = fl_str_find_char(rest, '/');
		url = slash < 0 ? FL_STR("/") : fl_str_slice(rest, (size_t)slash, rest.len);
	}
	if (url.len == 0 || url.ptr[0] != '/')
		return FL_STR("#");
	/* "//host" and "/\host" are other origins to a browser. */
	if (url.len > 1 && (url.ptr[1] == '/' || url.ptr[1] == '\\'))
		return FL_STR("#");
	return url;
}
