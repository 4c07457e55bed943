/* Pictures as files: four formats, with the EXIF block that phones write. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <libheif/heif.h>
#include <png.h>
#include <webp/encode.h>

#include "picture/picture.h"

enum { FILE_BYTES_MAX = 256 << 20, EXIF_MAX = 1024 };

/* x265 loses memory at each picture; leak checkers of programs that draw need not tell. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libx265\n";
}

/* ---- EXIF ---- */

/* A TIFF block, big-endian: entries grow from the front, their texts from `text_at`. */
typedef struct exif {
	uint8_t bytes[EXIF_MAX];
	size_t entry_at, text_at;
	int count;
} exif;

static void put16(uint8_t *p, unsigned n)
{
	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)n;
}

static void put32(uint8_t *p, unsigned n)
{
	put16(p, n >> 16);
	put16(p + 2, n & 0xffff);
}

static uint8_t *add_entry(exif *e, unsigned tag, unsigned type, unsigned count)
{
	uint8_t *p = e->bytes + e->entry_at;

	put16(p, tag);
	put16(p + 2, type);
	put32(p + 4, count);
	e->entry_at += 12;
	e->count++;
	return p + 8;
}

static void add_text(exif *e, unsigned tag, const char *text)
{
	size_t len = text ? strlen(text) + 1 : 0;

	if (len == 0)
		return;
	uint8_t *value = add_entry(e, tag, 2, (unsigned)len);
	if (len <= 4) {
		memcpy(value, text, len);
		return;
	}
	assert(e->text_at + len + 1 <= EXIF_MAX);
	put32(value, (unsigned)e->text_at);
	memcpy(e->bytes + e->text_at, text, len);
	e->text_at += len + (len & 1);
}

static size_t make_exif(const fl_picture_file *f, exif *e)
{
	enum { IFD0 = 8, EXIF_IFD = 8 + 2 + 12 * 6 + 4, TEXTS = EXIF_IFD + 2 + 12 * 2 + 4 };

	if (!f->taken_at && !f->software && !f->make && !f->model && f->orientation <= 1)
		return 0;
	*e = (exif){ .entry_at = IFD0 + 2, .text_at = TEXTS };
	memcpy(e->bytes, "MM\0*\0\0\0\x08", 8);
	add_text(e, 0x010f, f->make);
	add_text(e, 0x0110, f->model);
	put16(add_entry(e, 0x0112, 3, 1), (unsigned)FL_MAX(f->orientation, 1));
	add_text(e, 0x0131, f->software);
	add_text(e, 0x0132, f->taken_at);
	put32(add_entry(e, 0x8769, 4, 1), EXIF_IFD);
	put16(e->bytes + IFD0, (unsigned)e->count);
	e->entry_at = EXIF_IFD + 2;
	e->count = 0;
	add_text(e, 0x9003, f->taken_at);
	add_text(e, 0x9011, f->zone);
	put16(e->bytes + EXIF_IFD, (unsigned)e->count);
	return e->text_at;
}

/* ---- JPEG ---- */

static fl_err write_jpeg(const fl_image *image, const fl_picture_file *f, const exif *e, size_t exif_len, fl_buf *out)
{
	struct jpeg_compress_struct j;
	struct jpeg_error_mgr errors;
	uint8_t marker[EXIF_MAX + 6] = "Exif\0";
	unsigned char *bytes = NULL;
	unsigned long len = 0;

	j.err = jpeg_std_error(&errors); /* ends the program on errors, which for a tool is right */
	jpeg_create_compress(&j);
	jpeg_mem_dest(&j, &bytes, &len);
	j.image_width = (JDIMENSION)image->width;
	j.image_height = (JDIMENSION)image->height;
	j.input_components = 3;
	j.in_color_space = JCS_RGB;
	jpeg_set_defaults(&j);
	if (f->gray)
		jpeg_set_colorspace(&j, JCS_GRAYSCALE);
	jpeg_set_quality(&j, f->quality ? f->quality : 90, TRUE);
	if (f->progressive)
		jpeg_simple_progression(&j);
	jpeg_start_compress(&j, TRUE);
	memcpy(marker + 6, e->bytes, exif_len);
	if (exif_len)
		jpeg_write_marker(&j, JPEG_APP0 + 1, marker, (unsigned)exif_len + 6);
	while (j.next_scanline < j.image_height) {
		JSAMPROW row = image->rgb + (size_t)j.next_scanline * (size_t)image->width * 3;
		jpeg_write_scanlines(&j, &row, 1);
	}
	jpeg_finish_compress(&j);
	jpeg_destroy_compress(&j);
	fl_buf_add(out, bytes, len);
	free(bytes);
	return fl_buf_err(out);
}

/* ---- PNG ---- */

static void png_out(png_structp png, png_bytep bytes, size_t len)
{
	fl_buf_add(png_get_io_ptr(png), bytes, len);
}

static void png_done(png_structp png)
{
}

static fl_err write_png(const fl_image *image, const fl_picture_file *f, const exif *e, size_t exif_len, fl_buf *out)
{
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png ? png_create_info_struct(png) : NULL;

	if (!info || setjmp(png_jmpbuf(png))) {
		png_destroy_write_struct(&png, &info);
		return FL_NOMEM;
	}
	png_set_write_fn(png, out, png_out, png_done);
	png_set_compression_level(png, 1);
	png_set_IHDR(png, info, (png_uint_32)image->width, (png_uint_32)image->height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
	             PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	if (exif_len)
		png_set_eXIf_1(png, info, (png_uint_32)exif_len, (png_bytep)e->bytes);
	png_write_info(png, info);
	for (int y = 0; y < image->height; y++)
		png_write_row(png, image->rgb + (size_t)y * (size_t)image->width * 3);
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
	return fl_buf_err(out);
}

/* ---- WebP ---- */

static void put_le(fl_buf *out, size_t n, int bytes)
{
	for (int i = 0; i < bytes; i++)
		fl_buf_char(out, (char)(n >> (8 * i)));
}

/* The encoder gives RIFF with one picture chunk; EXIF needs the extended form around it. */
static fl_err write_webp(const fl_image *image, const fl_picture_file *f, const exif *e, size_t exif_len, fl_buf *out)
{
	uint8_t *bytes = NULL;
	size_t len = WebPEncodeRGB(image->rgb, image->width, image->height, image->width * 3, (float)(f->quality ? f->quality : 85), &bytes);

	if (len < 12) {
		WebPFree(bytes);
		return FL_NOMEM;
	}
	size_t padded = exif_len + (exif_len & 1), extra = exif_len ? 18 + 8 + padded : 0;
	fl_buf_lit(out, "RIFF");
	put_le(out, len - 8 + extra, 4);
	fl_buf_lit(out, "WEBP");
	if (exif_len) {
		fl_buf_lit(out, "VP8X");
		put_le(out, 10, 4);
		put_le(out, 8, 4); /* has EXIF */
		put_le(out, (size_t)image->width - 1, 3);
		put_le(out, (size_t)image->height - 1, 3);
	}
	fl_buf_add(out, bytes + 12, len - 12);
	if (exif_len) {
		fl_buf_lit(out, "EXIF");
		put_le(out, exif_len, 4);
		fl_buf_add(out, e->bytes, padded);
	}
	WebPFree(bytes);
	return fl_buf_err(out);
}

/* ---- HEIC ---- */

static struct heif_error heic_out(struct heif_context *context, const void *bytes, size_t len, void *arg)
{
	fl_buf_add(arg, bytes, len);
	return (struct heif_error){ heif_error_Ok, heif_suberror_Unspecified, "" };
}

static fl_err encode_heic(struct heif_context *context, struct heif_encoder *encoder, struct heif_image *pixels, const exif *e,
                          size_t exif_len, fl_buf *out)
{
	struct heif_image_handle *handle = NULL;
	struct heif_writer writer = { 1, heic_out };
	struct heif_error error = heif_context_encode_image(context, pixels, encoder, NULL, &handle);

	if (error.code == heif_error_Ok && exif_len)
		error = heif_context_add_exif_metadata(context, handle, e->bytes, (int)exif_len);
	if (error.code == heif_error_Ok)
		error = heif_context_write(context, &writer, out);
	heif_image_handle_release(handle);
	return error.code == heif_error_Ok ? fl_buf_err(out) : FL_IO;
}

static fl_err write_heic(const fl_image *image, const fl_picture_file *f, const exif *e, size_t exif_len, fl_buf *out)
{
	struct heif_context *context = heif_context_alloc();
	struct heif_encoder *encoder = NULL;
	struct heif_image *pixels = NULL;
	fl_err err = FL_IO;

	if (heif_context_get_encoder_for_format(context, heif_compression_HEVC, &encoder).code == heif_error_Ok &&
	    heif_image_create(image->width, image->height, heif_colorspace_RGB, heif_chroma_interleaved_RGB, &pixels).code == heif_error_Ok &&
	    heif_image_add_plane(pixels, heif_channel_interleaved, image->width, image->height, 8).code == heif_error_Ok) {
		int stride;
		uint8_t *to = heif_image_get_plane(pixels, heif_channel_interleaved, &stride);
		for (int y = 0; y < image->height; y++)
			memcpy(to + (size_t)y * (size_t)stride, image->rgb + (size_t)y * (size_t)image->width * 3, (size_t)image->width * 3);
		heif_encoder_set_lossy_quality(encoder, f->quality ? f->quality : 60);
		heif_encoder_set_parameter(encoder, "preset", "ultrafast");
		err = encode_heic(context, encoder, pixels, e, exif_len, out);
	}
	heif_image_release(pixels);
	heif_encoder_release(encoder);
	heif_context_free(context);
	return err;
}

typedef fl_err write_fn(const fl_image *, const fl_picture_file *, const exif *, size_t, fl_buf *);

fl_err fl_picture_write(const fl_image *image, const fl_picture_file *file, fl_arena *mem, fl_str *out)
{
	static write_fn *const writers[] = { [FL_PHOTO_JPEG] = write_jpeg, [FL_PHOTO_PNG] = write_png, [FL_PHOTO_WEBP] = write_webp,
		                             [FL_PHOTO_HEIC] = write_heic };
	static const int inverse[] = { 1, 1, 2, 3, 4, 5, 8, 7, 6 };
	fl_buf bytes = fl_buf_make(FILE_BYTES_MAX);
	fl_image stored = *image;
	exif e = { 0 };

	assert(file->format >= FL_PHOTO_JPEG && file->format <= FL_PHOTO_HEIC);
	if (file->orientation > 1)
		FL_TRY(fl_image_orient(image, inverse[file->orientation], mem, &stored));
	size_t exif_len = make_exif(file, &e);
	fl_err err = writers[file->format](&stored, file, &e, exif_len, &bytes);
	if (err == FL_OK) {
		*out = fl_str_dup(mem, fl_buf_view(&bytes));
		err = out->ptr ? FL_OK : FL_NOMEM;
	}
	fl_buf_fini(&bytes);
	return err;
}
