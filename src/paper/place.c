/* Where things go: room on pages, lines of text, rules. */
#include <stdlib.h>

#include "paper/paper_int.h"

enum { PLACED_MAX = 1 << 20 }; /* a page holds some hundred things; this bounds memory when things have no height */

void fl_paper_fail(fl_paper *paper, fl_err err, const char *sentence)
{
	if (paper->err == FL_OK)
		paper->err = fl_fail(&paper->diag, err, "%s", sentence);
}

static bool next_page(fl_paper *paper)
{
	if (paper->page + 1 >= paper->pages_max) {
		fl_paper_fail(paper, FL_TOO_LARGE, "the document has more pages than allowed; ask for less at once");
		return false;
	}
	paper->page++;
	paper->y = MARGIN;
	return true;
}

bool fl_paper_room(fl_paper *paper, double height)
{
	if (paper->err != FL_OK)
		return false;
	if (paper->y + height <= paper->bottom || paper->y <= MARGIN)
		return true;
	return next_page(paper);
}

fl_placed *fl_paper_place(fl_paper *paper, fl_placed_kind kind, double x, double y)
{
	if (paper->err != FL_OK)
		return NULL;
	if (paper->placed_count == paper->placed_cap) {
		size_t cap = paper->placed_cap ? 2 * paper->placed_cap : 256;
		fl_placed *grown = cap <= PLACED_MAX ? reallocarray(paper->placed, cap, sizeof *grown) : NULL;
		if (!grown) {
			fl_paper_fail(paper, cap > PLACED_MAX ? FL_TOO_LARGE : FL_NOMEM, "the document is larger than allowed");
			return NULL;
		}
		paper->placed = grown;
		paper->placed_cap = cap;
	}
	fl_placed *p = &paper->placed[paper->placed_count++];
	*p = (fl_placed){ .kind = kind, .page = paper->page, .x = x, .y = y };
	return p;
}

void fl_paper_put_rule(fl_paper *paper, double x, double y, double width, double grey)
{
	fl_placed *p = fl_paper_place(paper, FL_PLACED_RULE, x, y);

	if (!p)
		return;
	p->width = width;
	p->grey = grey;
}

void fl_paper_put_frame(fl_paper *paper, double x, double y, double width, double height)
{
	fl_placed *p = fl_paper_place(paper, FL_PLACED_FRAME, x, y);

	if (!p)
		return;
	p->width = width;
	p->height = height;
	p->grey = 0.75;
}

/* ---- text ---- */

/* Characters that would act instead of being read: controls, and what turns the direction of the text around them (a
 * price whose digits are read from the right is another price). Isolates stay: they end with their text. */
static bool is_dropped(gunichar c)
{
	return (c < 0x20 && c != '\n') || (c >= 0x7f && c < 0xa0) || c == 0x202d || c == 0x202e || (c >= 0xfff9 && c <= 0xfffb);
}

char *fl_paper_clean(fl_str text, size_t bytes_max)
{
	fl_str kept = fl_str_clip(text, bytes_max);
	char *valid = g_utf8_make_valid(kept.len ? kept.ptr : "", (gssize)kept.len);
	GString *out = g_string_sized_new(kept.len + 4);

	for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		if (c == '\t')
			g_string_append_c(out, ' ');
		else if (!is_dropped(c))
			g_string_append_unichar(out, c == 0x2028 || c == 0x2029 ? '\n' : c);
	}
	if (kept.len < text.len)
		g_string_append(out, "\u2026");
	g_free(valid);
	return g_string_free(out, FALSE);
}

static PangoFontDescription *font_of(const fl_look *look)
{
	PangoFontDescription *font = pango_font_description_new();

	pango_font_description_set_family_static(font, look->mono ? "DejaVu Sans Mono,monospace" : "DejaVu Sans,sans");
	pango_font_description_set_size(font, (gint)((look->size > 0 ? look->size : 9) * PANGO_SCALE));
	pango_font_description_set_weight(font, look->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
	return font;
}

PangoLayout *fl_paper_layout(fl_paper *paper, const char *clean, const fl_look *look)
{
	PangoLayout *layout = pango_layout_new(paper->context);
	PangoFontDescription *font = font_of(look);

	pango_layout_set_font_description(layout, font);
	pango_font_description_free(font);
	pango_layout_set_spacing(layout, PANGO_SCALE);
	if (look->width > 0) {
		pango_layout_set_width(layout, (int)(look->width * PANGO_SCALE));
		pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	}
	if (look->height > 0) {
		pango_layout_set_height(layout, (int)(look->height * PANGO_SCALE));
		pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
	}
	if (look->right) { /* right is right, in either direction of writing */
		pango_layout_set_auto_dir(layout, FALSE);
		pango_layout_set_alignment(layout, PANGO_ALIGN_RIGHT);
	}
	pango_layout_set_text(layout, clean, -1);
	return layout;
}

PangoLayout *fl_paper_lay(fl_paper *paper, fl_str text, const fl_look *look)
{
	char *clean = fl_paper_clean(text, look->bytes_max ? look->bytes_max : FL_PAPER_LINE_MAX);
	PangoLayout *layout = fl_paper_layout(paper, clean, look);

	g_free(clean);
	return layout;
}

double fl_paper_layout_height(PangoLayout *layout)
{
	int height;

	pango_layout_get_size(layout, NULL, &height);
	return (double)height / PANGO_SCALE;
}

static void put_line(fl_paper *paper, PangoLayout *layout, PangoLayoutIter *at, double grey, double x, double baseline)
{
	PangoRectangle place;
	fl_placed *p = fl_paper_place(paper, FL_PLACED_LINE, x, baseline);

	if (!p)
		return;
	pango_layout_iter_get_line_extents(at, NULL, &place);
	p->x += (double)place.x / PANGO_SCALE;
	p->grey = grey;
	p->layout = g_object_ref(layout);
	p->line = pango_layout_line_ref(pango_layout_iter_get_line_readonly(at));
}

void fl_paper_put(fl_paper *paper, PangoLayout *layout, double grey, double x, double y)
{
	PangoLayoutIter *at = pango_layout_get_iter(layout);

	do
		put_line(paper, layout, at, grey, x, y + (double)pango_layout_iter_get_baseline(at) / PANGO_SCALE);
	while (paper->err == FL_OK && pango_layout_iter_next_line(at));
	pango_layout_iter_free(at);
}

void fl_paper_flow(fl_paper *paper, PangoLayout *layout, double grey)
{
	PangoLayoutIter *at = pango_layout_get_iter(layout);

	do {
		PangoRectangle place;
		pango_layout_iter_get_line_extents(at, NULL, &place);
		double height = (double)place.height / PANGO_SCALE + 1;
		if (!fl_paper_room(paper, height))
			break;
		put_line(paper, layout, at, grey, MARGIN, paper->y + (double)(pango_layout_iter_get_baseline(at) - place.y) / PANGO_SCALE);
		paper->y += height;
	} while (pango_layout_iter_next_line(at));
	pango_layout_iter_free(at);
}

/* ---- long texts ---- */

/* pango shapes what is left of a word again at each break, so a word would cost its length squared: 280 ms for 16 KiB. A
 * paragraph is laid out piece by piece instead (50 ms); the last line of a piece begins the next, because what follows may still
 * belong into it. */
enum { PIECE = 768 };

static size_t piece_len(const char *text, size_t len)
{
	return len <= PIECE ? len : (size_t)(g_utf8_find_prev_char(text, text + PIECE + 1) - text);
}

/* Places the lines of a piece; returns where the rest begins. */
static size_t flow_piece(fl_paper *paper, PangoLayout *layout, double grey, size_t len, bool is_last)
{
	PangoLayoutIter *at = pango_layout_get_iter(layout);
	size_t done = len;

	do {
		PangoRectangle place;
		if (!is_last && pango_layout_iter_at_last_line(at) && pango_layout_iter_get_line_readonly(at)->start_index > 0) {
			done = (size_t)pango_layout_iter_get_line_readonly(at)->start_index;
			break;
		}
		pango_layout_iter_get_line_extents(at, NULL, &place);
		double height = (double)place.height / PANGO_SCALE + 1;
		if (!fl_paper_room(paper, height))
			break;
		put_line(paper, layout, at, grey, MARGIN, paper->y + (double)(pango_layout_iter_get_baseline(at) - place.y) / PANGO_SCALE);
		paper->y += height;
	} while (pango_layout_iter_next_line(at));
	pango_layout_iter_free(at);
	return done;
}

static PangoLayout *lay_piece(fl_paper *paper, const char *text, size_t len, const fl_look *look, bool auto_direction)
{
	PangoLayout *layout = fl_paper_layout(paper, "", look);

	pango_layout_set_auto_dir(layout, auto_direction);
	pango_layout_set_text(layout, text, (int)len);
	return layout;
}

/* The direction that a paragraph has by its first letters. */
static PangoDirection direction_of(fl_paper *paper, const char *text, size_t len, const fl_look *look)
{
	PangoLayout *layout = lay_piece(paper, text, piece_len(text, len), look, true);
	PangoDirection direction = pango_layout_get_line_readonly(layout, 0)->resolved_dir;

	g_object_unref(layout);
	return direction;
}

/* One paragraph without newlines; all its pieces go in one direction. */
static void flow_paragraph(fl_paper *paper, const char *text, size_t len, const fl_look *look)
{
	bool whole = len <= PIECE;

	if (!whole)
		pango_context_set_base_dir(paper->context, direction_of(paper, text, len, look));
	do {
		size_t piece = piece_len(text, len);
		PangoLayout *layout = lay_piece(paper, text, piece, look, whole);
		piece = flow_piece(paper, layout, look->grey, piece, piece == len);
		g_object_unref(layout);
		text += piece;
		len -= piece;
	} while (len > 0 && paper->err == FL_OK);
	pango_context_set_base_dir(paper->context, PANGO_DIRECTION_LTR);
}

void fl_paper_flow_text(fl_paper *paper, fl_str text, const fl_look *look)
{
	char *clean = fl_paper_clean(text, look->bytes_max);

	for (char *line = clean, *end; line && paper->err == FL_OK; line = end ? end + 1 : NULL) {
		end = strchr(line, '\n');
		flow_paragraph(paper, line, end ? (size_t)(end - line) : strlen(line), look);
	}
	g_free(clean);
}

/* ---- pages ---- */

void fl_paper_gap(fl_paper *paper, double points)
{
	fl_paper_table_end(paper);
	if (paper->y > MARGIN)
		paper->y += points;
}

void fl_paper_page(fl_paper *paper)
{
	fl_paper_table_end(paper);
	if (paper->err == FL_OK && paper->y > MARGIN)
		(void)next_page(paper);
}

void fl_paper_rule(fl_paper *paper)
{
	fl_paper_table_end(paper);
	if (!fl_paper_room(paper, 9))
		return;
	fl_paper_put_rule(paper, MARGIN, paper->y + 4, fl_paper_across(paper), 0.6);
	paper->y += 9;
}
