/* A decoder for libheif that notices damage.
 *
 * libheif's own use of libde265 passes over the decoder's warnings, so a damaged photo comes out as garbage without an
 * error; it also starts threads, which the sandbox would rather forbid. This one decodes in the caller's thread and
 * refuses a picture when libde265 had to invent part of it. */
#include <pthread.h>
#include <stdlib.h>

#include <libde265/de265.h>
#include <libheif/heif.h>
#include <libheif/heif_plugin.h>

#include "vision/photo_int.h"

enum { PLUGIN_API = 3, PRIORITY = 200, CHANNELS = 3 };

static const char *plugin_name(void)
{
	return "libde265, strict";
}

static int supports(enum heif_compression_format format)
{
	return format == heif_compression_HEVC ? PRIORITY : 0;
}

static struct heif_error result(enum heif_error_code code, enum heif_suberror_code detail, const char *text)
{
	return (struct heif_error){ code, detail, text };
}

static struct heif_error good(void)
{
	return result(heif_error_Ok, heif_suberror_Unspecified, "");
}

static struct heif_error damaged(void)
{
	return result(heif_error_Decoder_plugin_error, heif_suberror_Unspecified, "its picture data are damaged");
}

static struct heif_error no_memory(void)
{
	return result(heif_error_Memory_allocation_error, heif_suberror_Unspecified, "out of memory");
}

static struct heif_error decoder_new(void **out)
{
	*out = de265_new_decoder();
	return *out ? good() : no_memory();
}

static void decoder_free(void *decoder)
{
	de265_free_decoder(decoder);
}

/* Units of the stream, each behind its length in four bytes. */
static struct heif_error push(void *decoder, const void *data, size_t size)
{
	const uint8_t *p = data;

	while (size > 0) {
		size_t len = size >= 4 ? fl_be32(p) : SIZE_MAX;
		if (len > size - 4 || len > INT32_MAX)
			return damaged();
		if (de265_push_NAL(decoder, p + 4, (int)len, 0, NULL) != DE265_OK)
			return damaged();
		p += 4 + len;
		size -= 4 + len;
	}
	return good();
}

static void be_lenient_or_not(void *decoder, int flag)
{
}

/* The plane of one channel, copied row by row. */
static bool copy_plane(const struct de265_image *from, int channel, struct heif_image *to)
{
	static const enum heif_channel channels[CHANNELS] = { heif_channel_Y, heif_channel_Cb, heif_channel_Cr };
	int width = de265_get_image_width(from, channel), height = de265_get_image_height(from, channel);
	int bits = de265_get_bits_per_pixel(from, channel), from_stride, to_stride;
	const uint8_t *in = de265_get_image_plane(from, channel, &from_stride);

	if (width < 1 || height < 1 || !in || heif_image_add_plane(to, channels[channel], width, height, bits).code != heif_error_Ok)
		return false;
	uint8_t *out = heif_image_get_plane(to, channels[channel], &to_stride);
	size_t bytes = (size_t)width * (bits > 8 ? 2 : 1);
	for (int y = 0; out && y < height; y++)
		memcpy(out + (size_t)y * (size_t)to_stride, in + (size_t)y * (size_t)from_stride, bytes);
	return out != NULL;
}

/* What the stream says of its colours; a profile box in the file outranks it, which libheif sees to. */
static void copy_colours(const struct de265_image *from, struct heif_image *to)
{
	struct heif_color_profile_nclx *nclx = heif_nclx_color_profile_alloc();

	if (!nclx)
		return;
	nclx->full_range_flag = de265_get_image_full_range_flag(from) != 0;
	if (heif_nclx_color_profile_set_color_primaries(nclx, (uint16_t)de265_get_image_colour_primaries(from)).code == heif_error_Ok &&
	    heif_nclx_color_profile_set_transfer_characteristics(nclx, (uint16_t)de265_get_image_transfer_characteristics(from)).code == heif_error_Ok &&
	    heif_nclx_color_profile_set_matrix_coefficients(nclx, (uint16_t)de265_get_image_matrix_coefficients(from)).code == heif_error_Ok)
		heif_image_set_nclx_color_profile(to, nclx);
	heif_nclx_color_profile_free(nclx);
}

static struct heif_error convert(const struct de265_image *from, struct heif_image **out)
{
	static const enum heif_chroma chromas[] = { [de265_chroma_mono] = heif_chroma_monochrome, [de265_chroma_420] = heif_chroma_420,
		                                    [de265_chroma_422] = heif_chroma_422, [de265_chroma_444] = heif_chroma_444 };
	enum de265_chroma chroma = de265_get_chroma_format(from);
	struct heif_image *image;

	if (chroma > de265_chroma_444)
		return damaged();
	struct heif_error error = heif_image_create(de265_get_image_width(from, 0), de265_get_image_height(from, 0),
	                                            chroma == de265_chroma_mono ? heif_colorspace_monochrome : heif_colorspace_YCbCr,
	                                            chromas[chroma], &image);
	if (error.code != heif_error_Ok)
		return error;
	for (int c = 0; c < (chroma == de265_chroma_mono ? 1 : CHANNELS); c++)
		if (!copy_plane(from, c, image)) {
			heif_image_release(image);
			return no_memory();
		}
	copy_colours(from, image);
	*out = image;
	return good();
}

/* Warnings that leave the picture whole are about threads and metadata only. */
static bool had_to_invent(de265_decoder_context *decoder)
{
	de265_error warning;

	while ((warning = de265_get_warning(decoder)) != DE265_OK)
		if (warning != DE265_WARNING_NO_WPP_CANNOT_USE_MULTITHREADING && warning != DE265_WARNING_NUMBER_OF_THREADS_LIMITED_TO_MAXIMUM &&
		    warning != DE265_WARNING_SPS_MISSING_CANNOT_DECODE_SEI)
			return true;
	return false;
}

static struct heif_error decode(void *decoder, struct heif_image **out)
{
	const struct de265_image *picture = NULL;
	int more = 1;

	*out = NULL;
	if (de265_flush_data(decoder) != DE265_OK)
		return damaged();
	while (more && !picture) {
		de265_error error = de265_decode(decoder, &more);
		if (error == DE265_ERROR_OUT_OF_MEMORY)
			return no_memory();
		if (error != DE265_OK)
			return damaged();
		picture = de265_get_next_picture(decoder);
	}
	if (!picture || had_to_invent(decoder))
		return damaged();
	return convert(picture, out);
}

static const struct heif_decoder_plugin plugin = {
	.plugin_api_version = PLUGIN_API,
	.get_plugin_name = plugin_name,
	.does_support_format = supports,
	.new_decoder = decoder_new,
	.free_decoder = decoder_free,
	.push_data = push,
	.decode_image = decode,
	.set_strict_decoding = be_lenient_or_not,
	.id_name = "libde265-strict",
};

static void register_plugin(void)
{
	if (heif_register_decoder_plugin(&plugin).code != heif_error_Ok)
		abort(); /* only for a wrong API version, which is a mistake of ours */
}

void fl_hevc_ready(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT; /* libheif's list of decoders is one for the process */

	pthread_once(&once, register_plugin);
}
