/* Writes HTML that is escaped by construction: names are literals of ours, every value goes through one function.
 *
 *	html h = { .buf = &buf };
 *	EL(&h, "a", { "href", path }, { "class", FL_STR("row") });
 *	html_text(&h, name);                 // <a href="/reports/7" class="row">Tom &amp; Jerry</a>
 *	html_end(&h);
 *
 * An attribute whose value has ptr NULL is left out. html_end closes the innermost element, so tags always match. */
#ifndef FL_PAGE_HTML_H
#define FL_PAGE_HTML_H

#include "base/base.h"

enum { HTML_DEPTH_MAX = 32 };

typedef struct html {
	fl_buf *buf;
	const char *open[HTML_DEPTH_MAX];
	unsigned depth;
} html;

typedef struct html_attr {
	const char *name;
	fl_str value;
} html_attr;

#define HTML_ATTRS(...) ((const html_attr[]){ __VA_ARGS__ __VA_OPT__(, ) {} })
#define EL(h, name, ...) html_open((h), (name), HTML_ATTRS(__VA_ARGS__))
#define VOID_EL(h, name, ...) html_void((h), (name), HTML_ATTRS(__VA_ARGS__))
/* An element that holds only text. */
#define TEXT_EL(h, name, text, ...) html_text_element((h), (name), (text), HTML_ATTRS(__VA_ARGS__))

/* For attributes that depend: { "hidden", HTML_IF(is_hidden) } */
#define HTML_IF(condition) ((condition) ? FL_STR("") : (fl_str){})

void html_doctype(html *h);
void html_open(html *h, const char *name, const html_attr *attrs);
void html_void(html *h, const char *name, const html_attr *attrs);
void html_end(html *h);
void html_text(html *h, fl_str text);
void html_text_element(html *h, const char *name, fl_str text, const html_attr *attrs);

/* <script type="application/json" id=…>: data, never code. No "<" reaches the page. */
void html_json(html *h, fl_str id, fl_str json);

/* A path of ours from an address that the API gave: scheme and host are cut off, anything that would leave this origin
 * becomes "#". */
fl_str html_path(fl_str url);

#endif
