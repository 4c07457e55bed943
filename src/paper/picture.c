/* Pictures, as they are, and signatures. */
#include <stdlib.h>

#include "paper/paper_int.h"

/* ---- JPEG ---- */

static unsigned be16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* The frames that readers of PDF know: baseline, extended and progressive, of 8 bits. */
static bool read_frame(const unsigned char *p, size_t len, int *width, int *height)
{
	if (len < 8 || p[2] != 8 || (p[7] != 1 && p[7] != 3))
		return false;
	*height = (int)be16(p + 3);
	*width = (int)be16(p + 5);
	return *width > 0 && *height > 0 && *width <= FL_PAPER_PICTURE_SIDE_MAX && *height <= FL_PAPER_PICTURE_SIDE_MAX;
}

/* Walks the segments to the frame; each step goes at least two bytes on. */
static bool jpeg_size(fl_str jpeg, int *width, int *height)
{
	const unsigned char *p = (const unsigned char *)jpeg.ptr;
	size_t at = 2;

	if (jpeg.len < 4 || p[0] != 0xff || p[1] != 0xd8)
		return false;
	while (jpeg.len - at >= 4 && p[at] == 0xff) {
		unsigned marker = p[at + 1];
		size_t len = be16(p + at + 2);
		if (marker < 0xc0 || (marker >= 0xd0 && marker <= 0xda) || marker == 0xff || len < 2 || len > jpeg.len - at - 2)
			return false;
		if (marker >= 0xc0 && marker <= 0xc2)
			return read_frame(p + at + 2, len, width, height);
		at += 2 + len;
		if (jpeg.len < at)
			return false;
	}
	return false;
}

/* A surface that is only the sign of a picture: cairo writes the JPEG in its stead and never looks at the pixels, which
 * are zero pages that nothing touches. NULL: no such picture. */
static cairo_surface_t *open_jpeg(fl_paper *paper, fl_str jpeg, int width, int height)
{
	if (jpeg.len > paper->bytes_max - paper->picture_bytes) {
		fl_paper_fail(paper, FL_TOO_LARGE, "the document's pictures are larger than allowed; ask for less at once");
		return NULL;
	}
	paper->picture_bytes += jpeg.len;
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB16_565, width, height);
	unsigned char *bytes = malloc(jpeg.len);
	if (!bytes || cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
		goto fail;
	memcpy(bytes, jpeg.ptr, jpeg.len);
	if (cairo_surface_set_mime_data(surface, CAIRO_MIME_TYPE_JPEG, bytes, jpeg.len, free, bytes) == CAIRO_STATUS_SUCCESS)
		return surface;
fail:
	free(bytes);
	cairo_surface_destroy(surface);
	fl_paper_fail(paper, FL_NOMEM, fl_err_text(FL_NOMEM));
	return NULL;
}

/* ---- pictures ---- */

static void put_no_picture(fl_paper *paper, double x, double y, double width, double height)
{
	PangoLayout *text = fl_paper_lay(paper, FL_STR("This picture cannot be shown."), &(fl_look){ .size = 7.5, .width = width - 12 });

	fl_paper_put_frame(paper, x, y, width, height);
	fl_paper_put(paper, text, 0.4, x + 6, y + 6);
	g_object_unref(text);
}

/* As large as the box allows, in its middle. */
static void put_picture(fl_paper *paper, fl_str jpeg, double x, double y, double width, double height)
{
	int w, h;

	if (!jpeg_size(jpeg, &w, &h)) {
		put_no_picture(paper, x, y, width, height);
		return;
	}
	double scale = FL_MIN(width / w, height / h);
	cairo_surface_t *surface = open_jpeg(paper, jpeg, w, h);
	fl_placed *p = surface ? fl_paper_place(paper, FL_PLACED_PICTURE, x + (width - w * scale) / 2, y + (height - h * scale) / 2) : NULL;
	if (!p) {
		cairo_surface_destroy(surface);
		return;
	}
	p->picture = surface;
	p->width = p->height = scale;
}

static void put_pictures(fl_paper *paper, const fl_paper_picture *pictures, size_t count, double width)
{
	enum { BETWEEN = 10 };
	double high = width * 3 / 4, text_high = 0;
	PangoLayout *captions[FL_PAPER_ACROSS_MAX];

	for (size_t i = 0; i < count; i++) {
		captions[i] = fl_paper_lay(paper, pictures[i].caption, &(fl_look){ .size = 7.5, .width = width, .height = 20 });
		text_high = FL_MAX(text_high, fl_paper_layout_height(captions[i]));
	}
	bool fits = fl_paper_room(paper, high + text_high + 2);
	for (size_t i = 0; i < count; i++) {
		double x = MARGIN + (double)i * (width + BETWEEN);
		if (fits) {
			put_picture(paper, pictures[i].jpeg, x, paper->y, width, high);
			fl_paper_put(paper, captions[i], 0.3, x, paper->y + high + 2);
		}
		g_object_unref(captions[i]);
	}
	paper->y += high + text_high + 2 + BETWEEN;
}

void fl_paper_pictures(fl_paper *paper, const fl_paper_picture *pictures, size_t count, int across)
{
	assert(across >= 1 && across <= FL_PAPER_ACROSS_MAX);
	fl_paper_table_end(paper);
	double width = (fl_paper_across(paper) - 10 * (across - 1)) / across;
	for (size_t i = 0; i < count && paper->err == FL_OK; i += (size_t)across)
		put_pictures(paper, pictures + i, FL_MIN((size_t)across, count - i), width);
}

/* ---- signatures ---- */

enum { SIGN_WIDTH = 170, SIGN_HEIGHT = 46, SIGN_GAP = 12 };

static double clamp(float part)
{
	return part >= 0 && part <= 1 ? (double)part : part > 1 ? 1 : 0; /* not a number is 0 */
}

static void put_stroke(fl_paper *paper, const fl_paper_stroke *stroke, double x, double y)
{
	if (stroke->count == 0 || paper->err != FL_OK)
		return;
	fl_paper_point *points = calloc(stroke->count, sizeof *points);
	fl_placed *p = points ? fl_paper_place(paper, FL_PLACED_STROKE, x, y) : NULL;
	if (!p) {
		free(points);
		fl_paper_fail(paper, FL_NOMEM, fl_err_text(FL_NOMEM));
		return;
	}
	for (size_t i = 0; i < stroke->count; i++)
		points[i] = (fl_paper_point){ (float)(x + 4 + clamp(stroke->points[i].x) * (SIGN_WIDTH - 8)),
			(float)(y + 4 + clamp(stroke->points[i].y) * (SIGN_HEIGHT - 8)) };
	p->points = points;
	p->count = stroke->count;
}

static void put_strokes(fl_paper *paper, const fl_paper_signed *s, double x, double y)
{
	size_t points = 0;

	for (size_t i = 0; i < s->stroke_count; i++)
		points += FL_MIN(s->strokes[i].count, (size_t)FL_PAPER_POINTS_MAX + 1);
	if (points > FL_PAPER_POINTS_MAX) {
		fl_paper_fail(paper, FL_TOO_LARGE, "a drawn signature has more points than allowed");
		return;
	}
	for (size_t i = 0; i < s->stroke_count; i++)
		put_stroke(paper, &s->strokes[i], x, y);
	fl_paper_put_rule(paper, x, y + SIGN_HEIGHT, SIGN_WIDTH, 0.3);
}

/* "2026-03-01 09:30:05 UTC", or nothing. */
static char *time_text(int64_t time_us)
{
	fl_civil c = fl_time_civil(time_us);

	if (time_us == 0)
		return g_strdup("");
	return g_strdup_printf("%04d-%02d-%02d %02d:%02d:%02d UTC", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

void fl_paper_signature(fl_paper *paper, const fl_paper_signed *s)
{
	double width = fl_paper_across(paper) - SIGN_WIDTH - SIGN_GAP, height = 0;
	char *time = time_text(s->time_us);
	const struct {
		fl_str text;
		fl_look look;
	} lines[] = {
		{ s->role, { .size = 7.5, .grey = 0.4, .height = 20 } },
		{ s->name, { .size = 10, .bold = true, .height = 40 } },
		{ fl_str_z(time), { .size = 8.5, .height = 20 } },
		{ s->statement, { .size = 8.5, .height = 120 } },
		{ s->mark, { .size = 6, .mono = true, .grey = 0.4, .height = 20 } },
	};
	PangoLayout *layouts[FL_COUNT(lines)] = {};

	fl_paper_table_end(paper);
	for (size_t i = 0; i < FL_COUNT(lines); i++) {
		fl_look look = lines[i].look;
		if (lines[i].text.len == 0)
			continue;
		look.width = width;
		layouts[i] = fl_paper_lay(paper, lines[i].text, &look);
		height += fl_paper_layout_height(layouts[i]) + 1;
	}
	height = FL_MAX(height, (double)SIGN_HEIGHT + 2);
	bool fits = fl_paper_room(paper, height);
	double y = paper->y;
	if (fits)
		put_strokes(paper, s, MARGIN + width + SIGN_GAP, y);
	for (size_t i = 0; i < FL_COUNT(lines); i++) {
		if (!layouts[i])
			continue;
		if (fits)
			fl_paper_put(paper, layouts[i], lines[i].look.grey, MARGIN, y);
		y += fl_paper_layout_height(layouts[i]) + 1;
		g_object_unref(layouts[i]);
	}
	paper->y += height + 8;
	g_free(time);
}
