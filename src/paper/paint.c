/* What was placed becomes pages. */
#include <cairo-pdf.h>

#include "paper/paper_int.h"

static void paint_line(cairo_t *cairo, const fl_placed *p)
{
	cairo_move_to(cairo, p->x, p->y);
	pango_cairo_show_layout_line(cairo, p->line);
}

static void paint_rule(cairo_t *cairo, const fl_placed *p)
{
	cairo_set_line_width(cairo, 0.6);
	cairo_move_to(cairo, p->x, p->y);
	cairo_line_to(cairo, p->x + p->width, p->y);
	cairo_stroke(cairo);
}

static void paint_frame(cairo_t *cairo, const fl_placed *p)
{
	cairo_set_line_width(cairo, 0.6);
	cairo_rectangle(cairo, p->x, p->y, p->width, p->height);
	cairo_stroke(cairo);
}

static void paint_picture(cairo_t *cairo, const fl_placed *p)
{
	cairo_save(cairo);
	cairo_translate(cairo, p->x, p->y);
	cairo_scale(cairo, p->width, p->height);
	cairo_set_source_surface(cairo, p->picture, 0, 0);
	cairo_paint(cairo);
	cairo_restore(cairo);
}

static void paint_stroke(cairo_t *cairo, const fl_placed *p)
{
	cairo_set_line_width(cairo, 1.2);
	cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
	cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
	cairo_move_to(cairo, (double)p->points[0].x, (double)p->points[0].y);
	for (size_t i = 0; i < p->count; i++) /* the first again: a dot is a line of no length */
		cairo_line_to(cairo, (double)p->points[i].x, (double)p->points[i].y);
	cairo_stroke(cairo);
}

static void paint(cairo_t *cairo, const fl_placed *p)
{
	static void (*const painters[])(cairo_t *, const fl_placed *) = { [FL_PLACED_LINE] = paint_line,
		[FL_PLACED_RULE] = paint_rule, [FL_PLACED_FRAME] = paint_frame, [FL_PLACED_PICTURE] = paint_picture,
		[FL_PLACED_STROKE] = paint_stroke };

	cairo_set_source_rgb(cairo, p->grey, p->grey, p->grey);
	painters[p->kind](cairo, p);
}

/* One line of the foot, from x on. */
static void show(fl_paper *paper, cairo_t *cairo, const char *text, double x, double width, bool right, double y)
{
	PangoLayout *layout = fl_paper_layout(paper, text, &(fl_look){ .size = 7, .width = width, .height = 10, .right = right });

	cairo_move_to(cairo, x, y);
	pango_cairo_show_layout(cairo, layout);
	g_object_unref(layout);
}

static void paint_foot(fl_paper *paper, cairo_t *cairo, int page)
{
	enum { NUMBER = 90 };
	double y = paper->height - MARGIN - 14, width = fl_paper_across(paper);
	char *number = g_strdup_printf("page %d of %d", page + 1, paper->page + 1);
	char *name = *paper->company ? g_strdup_printf("%s \u00b7 %s", paper->company, paper->title) : g_strdup(paper->title);

	cairo_set_source_rgb(cairo, 0.4, 0.4, 0.4);
	cairo_set_line_width(cairo, 0.6);
	cairo_move_to(cairo, MARGIN, y - 4);
	cairo_line_to(cairo, paper->width - MARGIN, y - 4);
	cairo_stroke(cairo);
	show(paper, cairo, number, MARGIN + width - NUMBER, NUMBER, true, y);
	show(paper, cairo, name, MARGIN, width - NUMBER, false, y);
	show(paper, cairo, paper->id, MARGIN, width, false, y + 10);
	g_free(name);
	g_free(number);
}

static void add_outlines(const fl_paper *paper, cairo_surface_t *surface)
{
	int parents[4] = { CAIRO_PDF_OUTLINE_ROOT, CAIRO_PDF_OUTLINE_ROOT, CAIRO_PDF_OUTLINE_ROOT, CAIRO_PDF_OUTLINE_ROOT };

	for (size_t i = 0; i < paper->outline_count; i++) {
		const fl_outline *o = &paper->outlines[i];
		char *place = g_strdup_printf("page=%d pos=[%d %d]", o->page + 1, MARGIN, (int)o->y);
		int id = cairo_pdf_surface_add_outline(surface, parents[o->level - 1], o->text, place, CAIRO_PDF_OUTLINE_FLAG_OPEN);
		for (int level = o->level; level < 4; level++)
			parents[level] = id;
		g_free(place);
	}
}

void fl_paper_paint(fl_paper *paper, cairo_surface_t *surface, cairo_t *cairo)
{
	size_t at = 0;

	for (int page = 0; page <= paper->page && cairo_status(cairo) == CAIRO_STATUS_SUCCESS; page++) {
		for (; at < paper->placed_count && paper->placed[at].page == page; at++)
			paint(cairo, &paper->placed[at]);
		paint_foot(paper, cairo, page);
		cairo_show_page(cairo);
	}
	add_outlines(paper, surface);
}
