/* HEIC, what phones make: libheif with libde265. Its own rotation and mirror boxes are applied by the library, so the
 * EXIF orientation, which repeats them, is passed over. */
#include <libheif/heif.h>

#include "vision/photo_int.h"

#define ENDS_EARLY "the HEIC file ends early: it was not sent completely; send it again"
#define DAMAGED "the HEIC file is damaged (%.120s); send the original again"

enum { EXIF_BYTES_MAX = 256 << 10 };

/* The outermost boxes must fill the file exactly: a file cut short ends inside one. */
static fl_err walk_boxes(fl_str bytes, fl_diag *diag)
{
	const uint8_t *p = (const uint8_t *)bytes.ptr;
	size_t at = 0;

	while (at < bytes.len) {
		size_t left = bytes.len - at;
		if (left < 8)
			return fl_fail(diag, FL_BAD_IMAGE, ENDS_EARLY);
		uint64_t size = fl_be32(p + at);
		if (size == 0)
			return FL_OK; /* "to the end of the file" */
		if (size == 1 && left >= 16)
			size = (uint64_t)fl_be32(p + at + 8) << 32 | fl_be32(p + at + 12);
		if (size < 8)
			return fl_fail(diag, FL_BAD_IMAGE, DAMAGED, "a box of impossible size");
		if (size > left)
			return fl_fail(diag, FL_BAD_IMAGE, ENDS_EARLY);
		at += size;
	}
	return FL_OK;
}

typedef struct source {
	struct heif_context *context;
	struct heif_image_handle *handle;
} source;

static void source_close(source *s)
{
	heif_image_handle_release(s->handle);
	heif_context_free(s->context);
}

static fl_err failed(struct heif_error error, fl_diag *diag)
{
	if (error.code == heif_error_Memory_allocation_error && error.subcode == heif_suberror_Unspecified)
		return FL_NOMEM;
	if (error.subcode == heif_suberror_End_of_data)
		return fl_fail(diag, FL_BAD_IMAGE, ENDS_EARLY);
	return fl_fail(diag, FL_BAD_IMAGE, DAMAGED, error.message);
}

static fl_err source_open(fl_str bytes, fl_diag *diag, source *out)
{
	source s = { 0 };

	FL_TRY(walk_boxes(bytes, diag));
	fl_hevc_ready();
	if (!(s.context = heif_context_alloc()))
		return FL_NOMEM;
	heif_context_set_max_decoding_threads(s.context, 0);
	struct heif_error error = heif_context_read_from_memory_without_copy(s.context, bytes.ptr, bytes.len, NULL);
	if (error.code == heif_error_Ok)
		error = heif_context_get_primary_image_handle(s.context, &s.handle);
	if (error.code != heif_error_Ok) {
		fl_err err = failed(error, diag);
		source_close(&s);
		return err;
	}
	*out = s;
	return FL_OK;
}

/* The block starts with the distance to its TIFF header. */
static void read_exif(const struct heif_image_handle *handle, fl_photo_header *header)
{
	heif_item_id id;
	fl_arena mem = fl_arena_make(2 * EXIF_BYTES_MAX);

	if (heif_image_handle_get_list_of_metadata_block_IDs(handle, "Exif", &id, 1) == 1) {
		size_t len = heif_image_handle_get_metadata_size(handle, id);
		uint8_t *block = len >= 4 && len <= EXIF_BYTES_MAX ? fl_arena_take(&mem, len) : NULL;
		if (block && heif_image_handle_get_metadata(handle, id, block).code == heif_error_Ok) {
			size_t skip = fl_be32(block);
			if (skip <= len - 4)
				fl_exif_read(fl_str_make(block + 4 + skip, len - 4 - skip), header);
		}
	}
	fl_arena_fini(&mem);
	header->orientation = 1;
}

fl_err fl_heic_probe(fl_str bytes, fl_diag *diag, fl_photo_header *header)
{
	source s;

	FL_TRY(source_open(bytes, diag, &s));
	header->width = heif_image_handle_get_width(s.handle);
	header->height = heif_image_handle_get_height(s.handle);
	read_exif(s.handle, header);
	source_close(&s);
	return FL_OK;
}

static void lay_on_white(const uint8_t *in, uint8_t *out, int width)
{
	for (int x = 0; x < width; x++, in += 4, out += 3)
		for (int c = 0; c < 3; c++)
			out[c] = (uint8_t)((in[c] * in[3] + 255 * (255 - in[3]) + 127) / 255);
}

static fl_err shrink_pixels(const struct heif_image *image, bool alpha, int side_max, fl_arena *mem, fl_diag *diag,
                            fl_image *out)
{
	int stride, width, height;
	fl_shrink shrink;
	const uint8_t *pixels = heif_image_get_plane_readonly(image, heif_channel_interleaved, &stride);
	int from_width = heif_image_get_width(image, heif_channel_interleaved);
	int from_height = heif_image_get_height(image, heif_channel_interleaved);

	if (!pixels || stride < from_width * (alpha ? 4 : 3))
		return fl_fail(diag, FL_BAD_IMAGE, DAMAGED, "it has no pixels");
	FL_TRY(fl_size_check(from_width, from_height, diag));
	fl_fit_within(from_width, from_height, side_max, &width, &height);
	FL_TRY(fl_shrink_start(&shrink, from_width, from_height, width, height, mem, out));
	uint8_t *row = fl_arena_array(mem, (size_t)from_width, 3);
	if (!row)
		return FL_NOMEM;
	for (int y = 0; y < from_height; y++) {
		const uint8_t *in = pixels + (size_t)y * (size_t)stride;
		if (alpha)
			lay_on_white(in, row, from_width);
		fl_shrink_push(&shrink, alpha ? row : in);
	}
	return FL_OK;
}

static fl_err decode(const struct heif_image_handle *handle, int side_max, fl_arena *mem, fl_diag *diag, fl_image *out)
{
	struct heif_image *image = NULL;
	struct heif_decoding_options *options = heif_decoding_options_alloc();
	bool alpha = heif_image_handle_has_alpha_channel(handle);

	if (!options)
		return FL_NOMEM;
	options->convert_hdr_to_8bit = 1;
	options->strict_decoding = 1;
	struct heif_error error = heif_decode_image(handle, &image, heif_colorspace_RGB,
	                                            alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB,
	                                            options);
	heif_decoding_options_free(options);
	if (error.code != heif_error_Ok)
		return failed(error, diag);
	struct heif_error warning;
	fl_err err;
	if (heif_image_get_decoding_warnings(image, 0, &warning, 1) > 0)
		err = failed(warning, diag);
	else
		err = shrink_pixels(image, alpha, side_max, mem, diag, out);
	heif_image_release(image);
	return err;
}

fl_err fl_heic_decode(fl_str bytes, int side_max, fl_arena *mem, fl_diag *diag, fl_image *out)
{
	source s;
	fl_image image;

	FL_TRY(source_open(bytes, diag, &s));
	fl_err err = fl_size_check(heif_image_handle_get_width(s.handle), heif_image_handle_get_height(s.handle), diag);
	if (err == FL_OK)
		err = decode(s.handle, side_max, mem, diag, &image);
	source_close(&s);
	if (err == FL_OK)
		*out = image;
	return err;
}
