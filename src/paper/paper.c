/* A document: its start, its text, its end. */
#include <stdlib.h>

#include <cairo-pdf.h>

#include "paper/paper_int.h"

/* ---- its life ---- */

static bool open_fonts(fl_paper *paper, fl_str language)
{
	cairo_font_options_t *options;
	char *name;

	paper->fonts = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
	if (!paper->fonts)
		return false;
	pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(paper->fonts), 72); /* a unit is a point */
	paper->context = pango_font_map_create_context(paper->fonts);
	/* Pages have no pixels: letters keep their true widths, so that measures do not depend on a screen. */
	options = cairo_font_options_create();
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	pango_cairo_context_set_font_options(paper->context, options);
	cairo_font_options_destroy(options);
	pango_context_set_round_glyph_positions(paper->context, FALSE);
	name = fl_paper_clean(language.len ? language : FL_STR("en"), 64);
	pango_context_set_language(paper->context, pango_language_from_string(name));
	g_free(name);
	PangoFontDescription *usual = pango_font_description_from_string("DejaVu Sans,sans 9");
	PangoFont *font = pango_font_map_load_font(paper->fonts, paper->context, usual);
	pango_font_description_free(usual);
	if (!font)
		return false;
	g_object_unref(font);
	return true;
}

static void put_head(fl_paper *paper)
{
	double width = fl_paper_across(paper);

	if (*paper->company) {
		PangoLayout *company = fl_paper_layout(paper, paper->company, &(fl_look){ .size = 10, .grey = 0.35, .width = width });
		fl_paper_flow(paper, company, 0.35);
		g_object_unref(company);
	}
	PangoLayout *title = fl_paper_layout(paper, paper->title, &(fl_look){ .size = 18, .bold = true, .width = width });
	fl_paper_flow(paper, title, 0);
	g_object_unref(title);
	fl_paper_rule(paper);
}

fl_err fl_paper_new(const fl_paper_about *about, fl_paper **out)
{
	fl_paper *paper = calloc(1, sizeof *paper);

	if (!paper)
		return FL_NOMEM;
	paper->width = about->size == FL_PAPER_LETTER ? 612 : 595.276;
	paper->height = about->size == FL_PAPER_LETTER ? 792 : 841.89;
	paper->bottom = paper->height - MARGIN - FOOT;
	paper->y = MARGIN;
	paper->made_us = about->made_us;
	paper->pages_max = about->pages_max > 0 ? FL_MIN(about->pages_max, FL_PAPER_PAGES_MAX) : FL_PAPER_PAGES_USUAL;
	paper->bytes_max = about->bytes_max > 0 ? FL_MIN(about->bytes_max, FL_PAPER_BYTES_MAX) : FL_PAPER_BYTES_USUAL;
	paper->title = fl_paper_clean(about->title, FL_PAPER_LINE_MAX);
	paper->company = fl_paper_clean(about->company, FL_PAPER_LINE_MAX);
	paper->subject = fl_paper_clean(about->subject, FL_PAPER_LINE_MAX);
	paper->id = fl_paper_clean(about->id, FL_PAPER_LINE_MAX);
	if (!open_fonts(paper, about->language)) {
		fl_paper_free(paper);
		return FL_UNAVAILABLE;
	}
	put_head(paper);
	*out = paper;
	return FL_OK;
}

static void drop_placed(fl_placed *p)
{
	if (p->line)
		pango_layout_line_unref(p->line);
	if (p->layout)
		g_object_unref(p->layout);
	cairo_surface_destroy(p->picture);
	free(p->points);
}

void fl_paper_free(fl_paper *paper)
{
	if (!paper)
		return;
	fl_paper_table_end(paper);
	for (size_t i = 0; i < paper->placed_count; i++)
		drop_placed(&paper->placed[i]);
	for (size_t i = 0; i < paper->outline_count; i++)
		g_free(paper->outlines[i].text);
	free(paper->placed);
	free(paper->outlines);
	g_free(paper->title);
	g_free(paper->company);
	g_free(paper->subject);
	g_free(paper->id);
	g_clear_object(&paper->context);
	g_clear_object(&paper->fonts);
	free(paper);
}

/* ---- text ---- */

static void add_outline(fl_paper *paper, int level, const char *text)
{
	enum { OUTLINES_MAX = 10000 };

	if (paper->outline_count == paper->outline_cap) {
		size_t cap = paper->outline_cap ? 2 * paper->outline_cap : 16;
		fl_outline *grown = cap <= OUTLINES_MAX ? reallocarray(paper->outlines, cap, sizeof *grown) : NULL;
		if (!grown)
			return; /* the outline is a help; the document is whole without it */
		paper->outlines = grown;
		paper->outline_cap = cap;
	}
	paper->outlines[paper->outline_count++] = (fl_outline){ g_strdup(text), level, paper->page, paper->y };
}

void fl_paper_heading(fl_paper *paper, int level, fl_str text)
{
	static const double sizes[] = { 13, 11, 9.5 };
	char *clean;

	assert(level >= 1 && level <= 3);
	fl_paper_gap(paper, 8);
	clean = fl_paper_clean(text, FL_PAPER_LINE_MAX);
	PangoLayout *layout =
	        fl_paper_layout(paper, clean, &(fl_look){ .size = sizes[level - 1], .bold = true, .width = fl_paper_across(paper) });
	if (fl_paper_room(paper, fl_paper_layout_height(layout) + 48)) { /* never alone at the end of a page */
		add_outline(paper, level, clean);
		fl_paper_flow(paper, layout, 0);
		paper->y += 3;
	}
	g_object_unref(layout);
	g_free(clean);
}

static void flow_text(fl_paper *paper, fl_str text, double size, double grey)
{
	fl_paper_table_end(paper);
	if (paper->err != FL_OK)
		return;
	fl_paper_flow_text(paper, text, &(fl_look){ .size = size, .grey = grey, .width = fl_paper_across(paper), .bytes_max = FL_PAPER_TEXT_MAX });
	paper->y += 4;
}

void fl_paper_text(fl_paper *paper, fl_str text)
{
	flow_text(paper, text, 9, 0);
}

void fl_paper_note(fl_paper *paper, fl_str text)
{
	flow_text(paper, text, 7.5, 0.4);
}

/* One row of facts: one or two pairs. A value is at most a third of a page high. */
static void put_facts(fl_paper *paper, const fl_paper_fact *pair[2], size_t count)
{
	enum { LABEL = 92, BETWEEN = 8 };
	double half = fl_paper_across(paper) / 2, height = 0;
	PangoLayout *label[2], *value[2];

	for (size_t i = 0; i < count; i++) {
		label[i] = fl_paper_lay(paper, pair[i]->label, &(fl_look){ .size = 8, .width = LABEL - 4, .height = 40 });
		value[i] = fl_paper_lay(paper, pair[i]->value, &(fl_look){ .width = half - LABEL - BETWEEN, .height = paper->height / 3 });
		height = FL_MAX(height, FL_MAX(fl_paper_layout_height(label[i]), fl_paper_layout_height(value[i])));
	}
	bool fits = fl_paper_room(paper, height);
	for (size_t i = 0; i < count; i++) {
		if (fits) {
			fl_paper_put(paper, label[i], 0.4, MARGIN + half * (double)i, paper->y + 0.8);
			fl_paper_put(paper, value[i], 0, MARGIN + half * (double)i + LABEL, paper->y);
		}
		g_object_unref(label[i]);
		g_object_unref(value[i]);
	}
	paper->y += height + 2;
}

void fl_paper_facts(fl_paper *paper, const fl_paper_fact *facts, size_t count)
{
	const fl_paper_fact *pair[2];
	size_t held = 0;

	fl_paper_table_end(paper);
	for (size_t i = 0; i < count && paper->err == FL_OK; i++) {
		if (facts[i].value.len == 0)
			continue;
		pair[held++] = &facts[i];
		if (held == 2) {
			put_facts(paper, pair, 2);
			held = 0;
		}
	}
	if (held > 0 && paper->err == FL_OK)
		put_facts(paper, pair, held);
	paper->y += 3;
}

/* ---- the end ---- */

static cairo_status_t write_bytes(void *arg, const unsigned char *bytes, unsigned int len)
{
	fl_buf *buf = arg;

	fl_buf_add(buf, bytes, len);
	return fl_buf_err(buf) == FL_OK ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static void set_metadata(const fl_paper *paper, cairo_surface_t *surface)
{
	char time[FL_TIME_TEXT_MAX];

	time[fl_time_format(paper->made_us - paper->made_us % FL_SECOND_US, time)] = '\0';
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, paper->title);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_AUTHOR, paper->company);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT, paper->subject);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "Fleet");
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, time);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, time);
}

static cairo_status_t draw(fl_paper *paper, fl_buf *buf)
{
	cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(write_bytes, buf, paper->width, paper->height);

	set_metadata(paper, surface);
	cairo_t *cairo = cairo_create(surface);
	fl_paper_paint(paper, surface, cairo);
	cairo_status_t status = cairo_status(cairo);
	cairo_destroy(cairo);
	cairo_surface_finish(surface);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	return status;
}

static fl_err give_bytes(const fl_paper *paper, const fl_buf *buf, cairo_status_t status, fl_arena *mem, fl_diag *diag, fl_str *out)
{
	if (fl_buf_err(buf) == FL_TOO_LARGE)
		return fl_fail(diag, FL_TOO_LARGE, "the document is larger than %zu bytes; ask for less at once", paper->bytes_max);
	FL_TRY(fl_buf_err(buf));
	if (status == CAIRO_STATUS_NO_MEMORY)
		return FL_NOMEM;
	if (status != CAIRO_STATUS_SUCCESS)
		return fl_fail(diag, FL_INTERNAL, "the document could not be drawn: %s", cairo_status_to_string(status));
	fl_str bytes = fl_str_dup(mem, fl_buf_view(buf));
	if (!bytes.ptr)
		return FL_NOMEM;
	*out = bytes;
	return FL_OK;
}

fl_err fl_paper_finish(fl_paper *paper, fl_arena *mem, fl_diag *diag, fl_str *out)
{
	assert(!paper->finished);
	paper->finished = true;
	fl_paper_table_end(paper);
	if (paper->err != FL_OK) {
		*diag = paper->diag;
		return paper->err;
	}
	FL_AUTO_BUF fl_buf buf = fl_buf_make(paper->bytes_max);
	cairo_status_t status = draw(paper, &buf);
	return give_bytes(paper, &buf, status, mem, diag, out);
}
