/* Inside paper: what has been placed, and where the next thing goes. Measures are points (1/72 inch) from the upper left corner. */
#ifndef FL_PAPER_INT_H
#define FL_PAPER_INT_H

#include <pango/pangocairo.h>

#include "paper/paper.h"

enum {
	MARGIN = 44,
	FOOT = 30, /* height of the foot, inside the lower margin */
};

/* Things on pages, in the order in which they were placed; pages never go back. */
typedef enum fl_placed_kind { FL_PLACED_LINE, FL_PLACED_RULE, FL_PLACED_FRAME, FL_PLACED_PICTURE, FL_PLACED_STROKE } fl_placed_kind;

typedef struct fl_placed {
	fl_placed_kind kind;
	int page;                /* from 0 */
	double x, y;             /* LINE: the left end of the baseline */
	double width, height;
	double grey;             /* 0 is black */
	PangoLayout *layout;     /* LINE: owns its text */
	PangoLayoutLine *line;
	cairo_surface_t *picture;
	fl_paper_point *points;  /* STROKE, in points of the page */
	size_t count;
} fl_placed;

typedef struct fl_outline {
	char *text;
	int level, page;
	double y;
} fl_outline;

struct fl_paper {
	PangoFontMap *fonts;
	PangoContext *context;
	char *title, *company, *subject, *id; /* cleaned */
	int64_t made_us;
	double width, height;    /* of a page */
	double bottom;           /* where the foot begins */
	double y;                /* where the next thing goes */
	int page, pages_max;
	size_t bytes_max, picture_bytes, point_count;
	fl_placed *placed;
	size_t placed_count, placed_cap;
	fl_outline *outlines;
	size_t outline_count, outline_cap;
	fl_err err;
	fl_diag diag;
	bool finished;
	size_t column_count;     /* of the table that is open; 0: none */
	fl_paper_column columns[FL_PAPER_COLUMNS_MAX];
	char *column_titles[FL_PAPER_COLUMNS_MAX];
};

/* How a text looks. */
typedef struct fl_look {
	double size;             /* of the letters, in points; 0: 9 */
	bool bold, mono;
	double grey;
	double width;            /* wraps there; 0: never */
	double height;           /* an ellipsis there; 0: never */
	bool right;
	size_t bytes_max;
} fl_look;

static inline double fl_paper_across(const fl_paper *paper)
{
	return paper->width - 2 * MARGIN;
}

/* Text as pango wants it: valid, without controls, at most bytes_max. g_free it. */
char *fl_paper_clean(fl_str text, size_t bytes_max);

/* True when nothing failed and the block fits, on a new page if need be. Ends no table. */
bool fl_paper_room(fl_paper *paper, double height);
void fl_paper_fail(fl_paper *paper, fl_err err, const char *sentence);
void fl_paper_table_end(fl_paper *paper);

PangoLayout *fl_paper_layout(fl_paper *paper, const char *clean, const fl_look *look); /* g_object_unref it */
PangoLayout *fl_paper_lay(fl_paper *paper, fl_str text, const fl_look *look);          /* cleans, then the same */
double fl_paper_layout_height(PangoLayout *layout);
/* Places all lines with their upper left corner there, on the page where we are. */
void fl_paper_put(fl_paper *paper, PangoLayout *layout, double grey, double x, double y);
/* Places line after line from y down, over pages; y is below it then. */
void fl_paper_flow(fl_paper *paper, PangoLayout *layout, double grey);
/* The same of a text of any length, without a heavy layout. look needs a width and bytes_max. */
void fl_paper_flow_text(fl_paper *paper, fl_str text, const fl_look *look);

/* A new thing on this page, zeroed; NULL when something failed. */
fl_placed *fl_paper_place(fl_paper *paper, fl_placed_kind kind, double x, double y);
void fl_paper_put_rule(fl_paper *paper, double x, double y, double width, double grey);
void fl_paper_put_frame(fl_paper *paper, double x, double y, double width, double height);

/* Draws everything onto a surface of cairo. */
void fl_paper_paint(fl_paper *paper, cairo_surface_t *surface, cairo_t *cairo);

#endif
