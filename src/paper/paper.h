/* paper: documents on pages. Headings, text, facts, tables, pictures and signatures go in; a PDF comes out.
 *
 *	FL_AUTO(fl_paper_free) fl_paper *paper = NULL;
 *	FL_TRY(fl_paper_new(&(fl_paper_about){ .title = FL_STR("Repair order"), .company = company, .made_us = now }, &paper));
 *	fl_paper_heading(paper, 1, FL_STR("Work"));
 *	fl_paper_table(paper, (fl_paper_column[]){ { FL_STR("Item"), 3 }, { FL_STR("Cost"), 1, true } }, 2);
 *	fl_paper_row(paper, FL_PAPER_ROW, (fl_str[]){ FL_STR("Door, paint"), FL_STR("1,240.00") });
 *	FL_TRY(fl_paper_finish(paper, mem, &ctx->diag, &pdf));
 *
 * What goes in is placed at once, from the top down; a page that is full gives way to the next. Failure is sticky, as in fl_buf:
 * write freely, ask once, at the end.
 *
 * Texts are people's and are believed nothing: they are plain text, never markup; bytes that are no UTF-8 become U+FFFD, control
 * characters and those that override the direction of writing go; a text beyond its limit ends in an ellipsis. Any script is laid
 * out in its own direction; what the machine's fonts lack shows as a box with its code.
 *
 * The same input gives the same bytes on one machine (the time of making is an argument); other fonts or another cairo give others.
 *
 * Threads: one paper belongs to one thread at a time, any number of papers may be made side by side. A few pages take 20 to 40 ms
 * (160 KB of text in letters that no font has: 1.8 s) and a deep stack: call it on the io pool, never in a coroutine. GLib, below, ends the process when memory is out; the limits here
 * (pages, bytes, texts) keep one document to some ten megabytes besides its pictures. Pure: no files but the system's fonts. */
#ifndef FL_PAPER_H
#define FL_PAPER_H

#include "base/base.h"

typedef struct fl_paper fl_paper;

typedef enum fl_paper_size { FL_PAPER_A4, FL_PAPER_LETTER } fl_paper_size;

enum {
	FL_PAPER_PAGES_MAX = 1000,
	FL_PAPER_PAGES_USUAL = 200,
	FL_PAPER_BYTES_MAX = 256 << 20,
	FL_PAPER_BYTES_USUAL = 32 << 20,
	FL_PAPER_TEXT_MAX = 16 << 10,   /* bytes of one paragraph; more is cut */
	FL_PAPER_LINE_MAX = 1 << 10,    /* bytes of a heading, a fact, a caption, a name */
	FL_PAPER_CELL_MAX = 2 << 10,    /* bytes of a cell, which also ends at a third of a page */
	FL_PAPER_COLUMNS_MAX = 12,
	FL_PAPER_ACROSS_MAX = 4,        /* pictures beside each other */
	FL_PAPER_PICTURE_SIDE_MAX = 8192,
	FL_PAPER_POINTS_MAX = 20000,    /* of one drawn signature */
};

/* What the document says of itself: the head of its first page, the foot of each, and the file's own properties. */
typedef struct fl_paper_about {
	fl_paper_size size;
	fl_str title, company, subject;
	fl_str language;        /* "en", "de-CH"; empty: "en" */
	fl_str id;              /* number or hash, at the foot of each page; may be empty */
	int64_t made_us;
	int pages_max;          /* 0: FL_PAPER_PAGES_USUAL */
	size_t bytes_max;       /* of the file, and of all pictures together; 0: FL_PAPER_BYTES_USUAL */
} fl_paper_about;

/* Starts a document; texts are copied. FL_NOMEM; FL_UNAVAILABLE: the machine has no fonts. */
FL_MUST fl_err fl_paper_new(const fl_paper_about *about, fl_paper **out);
void fl_paper_free(fl_paper *paper); /* NULL is fine */
FL_AUTO_DEFINE(fl_paper, fl_paper_free)

/* ---- text -------------------------------------------------------------------------------------------------------- */

void fl_paper_heading(fl_paper *paper, int level, fl_str text); /* level 1 to 3; stands in the outline, stays with what follows */
void fl_paper_text(fl_paper *paper, fl_str text);               /* a paragraph; newlines break lines */
void fl_paper_note(fl_paper *paper, fl_str text);               /* the same, small and grey */
void fl_paper_rule(fl_paper *paper);                            /* a line across the page */
void fl_paper_gap(fl_paper *paper, double points);
void fl_paper_page(fl_paper *paper);                            /* goes on at the top of a new page, unless it is there */

/* Pairs of a label and what it is, two pairs beside each other. A fact without value is left out. */
typedef struct fl_paper_fact {
	fl_str label, value;
} fl_paper_fact;
void fl_paper_facts(fl_paper *paper, const fl_paper_fact *facts, size_t count);

/* ---- tables ------------------------------------------------------------------------------------------------------ */

typedef struct fl_paper_column {
	fl_str title;
	double share;           /* of the width, against the other columns' shares; above 0 */
	bool right;             /* money and counts stand at the right */
} fl_paper_column;

typedef enum fl_paper_row_kind { FL_PAPER_ROW, FL_PAPER_ROW_TOTAL /* bold, below a line */ } fl_paper_row_kind;

/* Rows follow until something else is written. The head is repeated on each page; a row is never torn. 1..FL_PAPER_COLUMNS_MAX. */
void fl_paper_table(fl_paper *paper, const fl_paper_column *columns, size_t count);
void fl_paper_row(fl_paper *paper, fl_paper_row_kind kind, const fl_str *cells); /* as many as the table has columns */

/* ---- pictures ---------------------------------------------------------------------------------------------------- */

/* A JPEG goes into the file as it is, not decoded, not turned by its EXIF; one whose head is not that of a JPEG of 8 bits
 * becomes a frame that says so. Bytes are copied. Its caption has two lines at most. */
typedef struct fl_paper_picture {
	fl_str jpeg, caption;
} fl_paper_picture;
void fl_paper_pictures(fl_paper *paper, const fl_paper_picture *pictures, size_t count, int across); /* 1..FL_PAPER_ACROSS_MAX */

/* ---- signatures -------------------------------------------------------------------------------------------------- */

typedef struct fl_paper_point {
	float x, y;             /* 0..1 from the left, from the top; beyond is drawn at the edge */
} fl_paper_point;

typedef struct fl_paper_stroke {
	const fl_paper_point *points;
	size_t count;
} fl_paper_stroke;

typedef struct fl_paper_signed {
	fl_str role, name;      /* "Driver", and who */
	fl_str statement;       /* what was signed; may be empty */
	fl_str mark;            /* its hash; may be empty */
	int64_t time_us;        /* 0: a place to sign on paper */
	const fl_paper_stroke *strokes;
	size_t stroke_count;
} fl_paper_signed;
void fl_paper_signature(fl_paper *paper, const fl_paper_signed *signature);

/* ---- the end ----------------------------------------------------------------------------------------------------- */

/* Draws the pages; the bytes live in mem. Once a paper. FL_TOO_LARGE (diag says which limit), FL_NOMEM. */
FL_MUST fl_err fl_paper_finish(fl_paper *paper, fl_arena *mem, fl_diag *diag, fl_str *out);

#endif
