/* JPEG: libjpeg-turbo opens large photos at a half, a quarter or an eighth, straight from the DCT, while every
 * coefficient is still read. The probe walks the markers itself. */
#include <stdio.h>
#include <setjmp.h>

#include <jpeglib.h>
#include <jerror.h>

#include "vision/photo_int.h"

enum {
	SCANS_MAX = 100,                     /* a progressive file has about 10; thousands are an attack on time */
	PADDING_MAX = 64,
	WORK_MAX = 900 << 20,                /* progressive files hold all coefficients in memory */
};

/* Where the marker segments end and what they said. */
static bool is_frame(uint8_t marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static void read_app1(const uint8_t *p, size_t len, fl_photo_header *header)
{
	if (len > 6 && memcmp(p, "Exif\0\0", 6) == 0)
		fl_exif_read(fl_str_make(p + 6, len - 6), header);
}

fl_err fl_jpeg_probe(fl_str bytes, fl_diag *diag, fl_photo_header *header)
{
	const uint8_t *p = (const uint8_t *)bytes.ptr;
	size_t at = 2;

	while (bytes.len - at >= 4) {
		if (p[at] != 0xff)
			return fl_fail(diag, FL_BAD_IMAGE, "the JPEG file is damaged near its start; send the original again");
		uint8_t marker = p[at + 1];
		if (marker == 0xff || marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
			at += marker == 0xff ? 1 : 2;
			continue;
		}
		size_t len = fl_be16(p + at + 2);
		if (marker == 0xd9 || marker == 0xda || len < 2)
			return fl_fail(diag, FL_BAD_IMAGE, "the JPEG file has no picture in it; send the original again");
		if (len > bytes.len - at - 2)
			break;
		if (marker == 0xe1)
			read_app1(p + at + 4, len - 2, header);
		if (is_frame(marker) && len >= 8) {
			header->height = (int)fl_be16(p + at + 5);
			header->width = (int)fl_be16(p + at + 7);
			return FL_OK;
		}
		at += 2 + len;
	}
	return fl_fail(diag, FL_BAD_IMAGE, "the JPEG file ends early: it was not sent completely; send it again");
}

typedef struct reader {
	struct jpeg_error_mgr base;
	struct jpeg_progress_mgr progress;
	jmp_buf escape;
	fl_diag *diag;
	fl_err err;
} reader;

/* libjpeg's way out: it may not return. */
static void on_error(j_common_ptr info)
{
	reader *r = (reader *)info->err;
	char text[JMSG_LENGTH_MAX];

	if (r->base.msg_code == JERR_OUT_OF_MEMORY) {
		r->err = FL_NOMEM;
	} else {
		r->base.format_message(info, text);
		r->err = fl_fail(r->diag, FL_BAD_IMAGE, "the JPEG data are damaged (%s); send the original again", text);
	}
	longjmp(r->escape, 1);
}

static void refuse(j_common_ptr info, const char *sentence)
{
	reader *r = (reader *)info->err;

	r->err = fl_fail(r->diag, FL_BAD_IMAGE, "%s", sentence);
	longjmp(r->escape, 1);
}

/* libjpeg would go on and paint what is missing gray. Warnings that leave the picture whole are let pass. */
static void on_message(j_common_ptr info, int level)
{
	if (level >= 0)
		return;
	switch (info->err->msg_code) {
	case JWRN_JPEG_EOF:
		refuse(info, "the JPEG file ends early: it was not sent completely; send it again");
		break;
	case JWRN_HIT_MARKER:
	case JWRN_HUFF_BAD_CODE:
	case JWRN_MUST_RESYNC:
	case JWRN_BOGUS_PROGRESSION:
	case JWRN_ARITH_BAD_CODE:
	case JWRN_NOT_SEQUENTIAL:
		refuse(info, "the JPEG data are damaged; send the original again");
		break;
	case JWRN_EXTRANEOUS_DATA: /* some cameras pad; what a scan leaves over in bulk was lost on the way */
		if (info->err->msg_parm.i[0] > PADDING_MAX)
			refuse(info, "the JPEG data are damaged; send the original again");
		break;
	default: break;
	}
}

static void on_progress(j_common_ptr info)
{
	if (info->is_decompressor && ((j_decompress_ptr)info)->input_scan_number > SCANS_MAX)
		refuse(info, "the JPEG file is built from too many scans; save it anew and send that");
}

static void no_output(j_common_ptr info)
{
}

static int pick_scale(int longer, int side_max)
{
	if (side_max <= 0)
		return 1;
	for (int by = 8; by > 1; by /= 2)
		if ((longer + by - 1) / by >= side_max)
			return by;
	return 1;
}

/* Adobe writes CMYK inverted, and so does everyone since. */
static void cmyk_to_rgb(const uint8_t *in, uint8_t *out, int width, bool inverted)
{
	for (int x = 0; x < width; x++, in += 4, out += 3)
		for (int c = 0; c < 3; c++) {
			unsigned ink = inverted ? in[c] : 255u - in[c], black = inverted ? in[3] : 255u - in[3];
			out[c] = (uint8_t)((ink * black + 127) / 255);
		}
}

/* Everything between creating and destroying the decompressor; libjpeg jumps out of here on errors. */
static fl_err decode(struct jpeg_decompress_struct *j, int side_max, fl_arena *mem, fl_diag *diag, fl_image *out)
{
	fl_shrink shrink;
	int width, height;

	if (jpeg_read_header(j, TRUE) != JPEG_HEADER_OK)
		return fl_fail(diag, FL_BAD_IMAGE, "the JPEG file has no picture in it; send the original again");
	FL_TRY(fl_size_check(j->image_width, j->image_height, diag));
	bool cmyk = j->jpeg_color_space == JCS_CMYK || j->jpeg_color_space == JCS_YCCK;
	j->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
	j->scale_num = 1;
	j->scale_denom = (unsigned)pick_scale((int)FL_MAX(j->image_width, j->image_height), side_max);
	j->dct_method = JDCT_ISLOW;
	jpeg_start_decompress(j);

	/* The target follows from the full size, so that rounding at the half does not change the shape. */
	fl_fit_within((int)j->image_width, (int)j->image_height, side_max, &width, &height);
	width = FL_MIN(width, (int)j->output_width);
	height = FL_MIN(height, (int)j->output_height);
	FL_TRY(fl_shrink_start(&shrink, (int)j->output_width, (int)j->output_height, width, height, mem, out));
	uint8_t *row = fl_arena_array(mem, j->output_width, 4), *rgb = fl_arena_array(mem, j->output_width, 3);
	if (!row || !rgb)
		return FL_NOMEM;
	while (j->output_scanline < j->output_height) {
		JSAMPROW rows[1] = { row };
		if (jpeg_read_scanlines(j, rows, 1) != 1)
			return fl_fail(diag, FL_BAD_IMAGE, "the JPEG data are damaged; send the original again");
		if (cmyk)
			cmyk_to_rgb(row, rgb, (int)j->output_width, j->saw_Adobe_marker);
		fl_shrink_push(&shrink, cmyk ? rgb : row);
	}
	jpeg_finish_decompress(j);
	return FL_OK;
}

fl_err fl_jpeg_decode(fl_str bytes, int side_max, fl_arena *mem, fl_diag *diag, fl_image *out)
{
	struct jpeg_decompress_struct j = { 0 };
	reader r = { .diag = diag };
	fl_image image;

	j.err = jpeg_std_error(&r.base);
	r.base.error_exit = on_error;
	r.base.emit_message = on_message;
	r.base.output_message = no_output;
	r.progress.progress_monitor = on_progress;
	if (setjmp(r.escape)) {
		jpeg_destroy_decompress(&j);
		return r.err;
	}
	jpeg_create_decompress(&j);
	j.mem->max_memory_to_use = WORK_MAX;
	j.progress = &r.progress;
	jpeg_mem_src(&j, (const unsigned char *)bytes.ptr, bytes.len);
	fl_err err = decode(&j, side_max, mem, diag, &image);
	jpeg_destroy_decompress(&j);
	if (err == FL_OK)
		*out = image;
	return err;
}

typedef struct writer {
	struct jpeg_error_mgr base;
	jmp_buf escape;
} writer;

static void on_write_error(j_common_ptr info)
{
	longjmp(((writer *)info->err)->escape, 1);
}

fl_err fl_image_jpeg(const fl_image *image, int quality, fl_arena *mem, fl_str *out)
{
	struct jpeg_compress_struct j = { 0 };
	writer w;
	unsigned char *volatile bytes = NULL;
	unsigned char *made = NULL;
	unsigned long len = 0;
	char *copy;

	j.err = jpeg_std_error(&w.base);
	w.base.error_exit = on_write_error;
	w.base.output_message = no_output;
	/* Room for any picture, so that libjpeg never grows it and a jump cannot lose it. */
	size_t room = (size_t)image->width * (size_t)image->height * 3 + (64 << 10);
	if (!(bytes = fl_arena_take(mem, room)))
		return FL_NOMEM;
	made = bytes;
	len = room;
	if (setjmp(w.escape)) {
		jpeg_destroy_compress(&j);
		return FL_NOMEM;
	}
	jpeg_create_compress(&j);
	jpeg_mem_dest(&j, &made, &len);
	j.image_width = (JDIMENSION)image->width;
	j.image_height = (JDIMENSION)image->height;
	j.input_components = 3;
	j.in_color_space = JCS_RGB;
	jpeg_set_defaults(&j);
	jpeg_set_quality(&j, quality, TRUE);
	jpeg_start_compress(&j, TRUE);
	while (j.next_scanline < j.image_height) {
		JSAMPROW rows[1] = { image->rgb + (size_t)j.next_scanline * (size_t)image->width * 3 };
		jpeg_write_scanlines(&j, rows, 1);
	}
	jpeg_finish_compress(&j);
	jpeg_destroy_compress(&j);
	copy = fl_arena_take(mem, len);
	if (!copy)
		return FL_NOMEM;
	memcpy(copy, made, len);
	*out = (fl_str){ copy, len };
	return FL_OK;
}
