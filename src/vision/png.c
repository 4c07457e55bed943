/* PNG by libpng. Rows go straight into the shrinker; only interlaced files need the whole picture in memory. */
#include <setjmp.h>

#include <png.h>

#include "vision/photo_int.h"

enum { CHUNK_BYTES_MAX = 8 << 20, CHUNKS_MAX = 128 };

#define ENDS_EARLY "the PNG file ends early: it was not sent completely; send it again"

fl_err fl_png_probe(fl_str bytes, fl_diag *diag, fl_photo_header *header)
{
	const uint8_t *p = (const uint8_t *)bytes.ptr;
	size_t at = 8;

	if (bytes.len < 33 || memcmp(p + 12, "IHDR", 4) != 0)
		return fl_fail(diag, FL_BAD_IMAGE, bytes.len < 33 ? ENDS_EARLY : "the PNG file is damaged at its start; send the original again");
	header->width = (int)FL_MIN(fl_be32(p + 16), (uint32_t)INT32_MAX);
	header->height = (int)FL_MIN(fl_be32(p + 20), (uint32_t)INT32_MAX);
	while (bytes.len - at >= 12) {
		size_t len = fl_be32(p + at);
		const char *name = (const char *)p + at + 4;
		if (len > bytes.len - at - 12)
			return fl_fail(diag, FL_BAD_IMAGE, ENDS_EARLY);
		if (memcmp(name, "acTL", 4) == 0)
			return fl_fail(diag, FL_BAD_IMAGE, "this is an animated PNG; send a still photo");
		if (memcmp(name, "eXIf", 4) == 0)
			fl_exif_read(fl_str_make(p + at + 8, len), header);
		if (memcmp(name, "IEND", 4) == 0)
			return FL_OK;
		at += 12 + len;
	}
	return fl_fail(diag, FL_BAD_IMAGE, ENDS_EARLY);
}

typedef struct reader {
	jmp_buf escape;
	fl_str rest;
	fl_diag *diag;
	fl_err err;
} reader;

static void on_error(png_structp png, png_const_charp text)
{
	reader *r = png_get_error_ptr(png);

	if (r->err == FL_OK)
		r->err = fl_fail(r->diag, FL_BAD_IMAGE, "the PNG data are damaged (%s); send the original again", text);
	longjmp(r->escape, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
}

static void on_read(png_structp png, png_bytep out, size_t len)
{
	reader *r = png_get_io_ptr(png);

	if (len > r->rest.len) {
		r->err = fl_fail(r->diag, FL_BAD_IMAGE, ENDS_EARLY);
		png_error(png, "ends early");
	}
	memcpy(out, r->rest.ptr, len);
	r->rest.ptr += len;
	r->rest.len -= len;
}

static void ask_for_rgb(png_structp png, png_infop info)
{
	static const png_color_16 white = { .red = 255, .green = 255, .blue = 255, .gray = 255 };

	png_set_expand(png);
	png_set_scale_16(png);
	png_set_gray_to_rgb(png);
	if (png_get_color_type(png, info) & PNG_COLOR_MASK_ALPHA || png_get_valid(png, info, PNG_INFO_tRNS))
		png_set_background(png, (png_color_16 *)&white, PNG_BACKGROUND_GAMMA_SCREEN, 0, 1.0);
}

static fl_err read_rows(png_structp png, png_infop info, int passes, fl_shrink *shrink, fl_arena *mem)
{
	size_t stride = png_get_rowbytes(png, info), rows = passes > 1 ? (size_t)shrink->from_height : 1;
	uint8_t *pixels = fl_arena_array(mem, rows, stride);

	assert(stride == (size_t)shrink->from_width * 3);
	if (!pixels)
		return FL_NOMEM;
	for (int pass = 0; pass < passes; pass++)
		for (int y = 0; y < shrink->from_height; y++) {
			uint8_t *row = pixels + (passes > 1 ? (size_t)y * stride : 0);
			png_read_row(png, row, NULL);
			if (pass == passes - 1)
				fl_shrink_push(shrink, row);
		}
	return FL_OK;
}

/* libpng jumps out of here on errors. */
static fl_err decode(png_structp png, png_infop info, int side_max, fl_arena *mem, fl_diag *diag, fl_image *out)
{
	fl_shrink shrink;
	int width, height;

	png_read_info(png, info);
	int from_width = (int)png_get_image_width(png, info), from_height = (int)png_get_image_height(png, info);
	FL_TRY(fl_size_check(from_width, from_height, diag));
	ask_for_rgb(png, info);
	int passes = png_set_interlace_handling(png);
	png_read_update_info(png, info);
	fl_fit_within(from_width, from_height, side_max, &width, &height);
	FL_TRY(fl_shrink_start(&shrink, from_width, from_height, width, height, mem, out));
	FL_TRY(read_rows(png, info, passes, &shrink, mem));
	png_read_end(png, NULL);
	return FL_OK;
}

fl_err fl_png_decode(fl_str bytes, int side_max, fl_arena *mem, fl_diag *diag, fl_image *out)
{
	reader r = { .rest = bytes, .diag = diag };
	fl_image image;
	png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, on_error, on_warning);
	png_infop info = png ? png_create_info_struct(png) : NULL;

	if (!info) {
		png_destroy_read_struct(&png, NULL, NULL);
		return FL_NOMEM;
	}
	if (setjmp(r.escape)) {
		png_destroy_read_struct(&png, &info, NULL);
		return r.err;
	}
	png_set_user_limits(png, FL_PHOTO_SIDE_MAX, FL_PHOTO_SIDE_MAX);
	png_set_chunk_malloc_max(png, CHUNK_BYTES_MAX);
	png_set_chunk_cache_max(png, CHUNKS_MAX);
	png_set_read_fn(png, &r, on_read);
	fl_err err = decode(png, info, side_max, mem, diag, &image);
	png_destroy_read_struct(&png, &info, NULL);
	if (err == FL_OK)
		*out = image;
	return err;
}
