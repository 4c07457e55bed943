/* WebP by libwebp, which can shrink while it decodes. The probe walks the RIFF chunks itself. */
#include <webp/decode.h>

#include "vision/photo_int.h"

#define ENDS_EARLY "the WebP file ends early: it was not sent completely; send it again"

/* Finds EXIF, and refuses a file whose chunks do not fill it. */
static fl_err walk_chunks(fl_str bytes, fl_diag *diag, fl_photo_header *header)
{
	const uint8_t *p = (const uint8_t *)bytes.ptr;
	size_t at = 12, end = 8 + (size_t)fl_le32(p + 4);

	if (end > bytes.len)
		return fl_fail(diag, FL_BAD_IMAGE, ENDS_EARLY);
	while (end - at >= 8) {
		size_t len = fl_le32(p + at + 4);
		if (len > end - at - 8)
			return fl_fail(diag, FL_BAD_IMAGE, ENDS_EARLY);
		if (memcmp(p + at, "ANIM", 4) == 0 || memcmp(p + at, "ANMF", 4) == 0)
			return fl_fail(diag, FL_BAD_IMAGE, "this is an animated WebP; send a still photo");
		if (memcmp(p + at, "EXIF", 4) == 0) {
			fl_str exif = fl_str_make(p + at + 8, len);
			if (fl_str_starts(exif, fl_str_make("Exif\0\0", 6)))
				exif = fl_str_slice(exif, 6, exif.len);
			fl_exif_read(exif, header);
		}
		at += FL_MIN(8 + len + (len & 1), end - at);
	}
	return FL_OK;
}

fl_err fl_webp_probe(fl_str bytes, fl_diag *diag, fl_photo_header *header)
{
	WebPBitstreamFeatures features;

	if (bytes.len < 20 || fl_le32((const uint8_t *)bytes.ptr + 4) < 12)
		return fl_fail(diag, FL_BAD_IMAGE, ENDS_EARLY);
	FL_TRY(walk_chunks(bytes, diag, header));
	VP8StatusCode status = WebPGetFeatures((const uint8_t *)bytes.ptr, bytes.len, &features);
	if (status == VP8_STATUS_NOT_ENOUGH_DATA)
		return fl_fail(diag, FL_BAD_IMAGE, ENDS_EARLY);
	if (status != VP8_STATUS_OK)
		return fl_fail(diag, FL_BAD_IMAGE, "the WebP file is damaged; send the original again");
	if (features.has_animation)
		return fl_fail(diag, FL_BAD_IMAGE, "this is an animated WebP; send a still photo");
	header->width = features.width;
	header->height = features.height;
	return FL_OK;
}

static void lay_on_white(const uint8_t *in, uint8_t *out, int width)
{
	for (int x = 0; x < width; x++, in += 4, out += 3)
		for (int c = 0; c < 3; c++)
			out[c] = (uint8_t)((in[c] * in[3] + 255 * (255 - in[3]) + 127) / 255);
}

static fl_err shrink_rgba(const WebPRGBABuffer *rgba, int from_width, int from_height, int width, int height,
                          fl_arena *mem, fl_image *out)
{
	fl_shrink shrink;
	uint8_t *row = fl_arena_array(mem, (size_t)from_width, 3);

	if (!row)
		return FL_NOMEM;
	FL_TRY(fl_shrink_start(&shrink, from_width, from_height, width, height, mem, out));
	for (int y = 0; y < from_height; y++) {
		lay_on_white(rgba->rgba + (size_t)y * (size_t)rgba->stride, row, from_width);
		fl_shrink_push(&shrink, row);
	}
	return FL_OK;
}

fl_err fl_webp_decode(fl_str bytes, int side_max, fl_arena *mem, fl_diag *diag, fl_image *out)
{
	WebPDecoderConfig config;
	int width, height, from_width, from_height;

	if (!WebPInitDecoderConfig(&config))
		return FL_NOMEM;
	if (WebPGetFeatures((const uint8_t *)bytes.ptr, bytes.len, &config.input) != VP8_STATUS_OK)
		return fl_fail(diag, FL_BAD_IMAGE, "the WebP file is damaged; send the original again");
	FL_TRY(fl_size_check(config.input.width, config.input.height, diag));
	fl_fit_within(config.input.width, config.input.height, side_max, &width, &height);
	/* The library's own scaler is coarse: it brings huge photos to twice the target, the rest is averaged here. */
	fl_fit_within(config.input.width, config.input.height, 2 * side_max, &from_width, &from_height);
	config.options.use_scaling = from_width != config.input.width;
	config.options.scaled_width = from_width;
	config.options.scaled_height = from_height;
	config.output.colorspace = MODE_RGBA;
	VP8StatusCode status = WebPDecode((const uint8_t *)bytes.ptr, bytes.len, &config);
	fl_err err;
	if (status == VP8_STATUS_OK)
		err = shrink_rgba(&config.output.u.RGBA, from_width, from_height, width, height, mem, out);
	else if (status == VP8_STATUS_OUT_OF_MEMORY)
		err = FL_NOMEM;
	else if (status == VP8_STATUS_NOT_ENOUGH_DATA || status == VP8_STATUS_SUSPENDED)
		err = fl_fail(diag, FL_BAD_IMAGE, ENDS_EARLY);
	else
		err = fl_fail(diag, FL_BAD_IMAGE, "the WebP data are damaged; send the original again");
	WebPFreeDecBuffer(&config.output);
	return err;
}
