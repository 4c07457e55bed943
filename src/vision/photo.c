/* One upload from its bytes to its facts. */
#include <openssl/sha.h>

#include "vision/photo_int.h"

enum { VIEW_QUALITY = 85, THUMB_QUALITY = 80 };

void fl_photo_sha256(fl_str bytes, uint8_t out[32])
{
	SHA256((const unsigned char *)bytes.ptr, bytes.len, out);
}

typedef fl_err decode_fn(fl_str, int, fl_arena *, fl_diag *, fl_image *);

static decode_fn *const decoders[] = {
	[FL_PHOTO_JPEG] = fl_jpeg_decode,
	[FL_PHOTO_PNG] = fl_png_decode,
	[FL_PHOTO_WEBP] = fl_webp_decode,
	[FL_PHOTO_HEIC] = fl_heic_decode,
};

static fl_err decode_upright(fl_str bytes, const fl_photo_header *header, int side_max, fl_arena *mem, fl_diag *diag,
                             fl_image *out)
{
	fl_image stored;

	FL_TRY(decoders[header->format](bytes, side_max, mem, diag, &stored));
	if (header->orientation == 1) {
		*out = stored;
		return FL_OK;
	}
	return fl_image_orient(&stored, header->orientation, mem, out);
}

fl_err fl_photo_decode(fl_str bytes, int side_max, fl_arena *mem, fl_diag *diag, fl_image *out)
{
	fl_photo_header header;

	FL_TRY(fl_photo_probe(bytes, diag, &header));
	return decode_upright(bytes, &header, side_max, mem, diag, out);
}

static fl_err make_thumb(const fl_image *view, fl_arena *mem, fl_str *out)
{
	int width, height;
	fl_image small;

	fl_fit_within(view->width, view->height, FL_THUMB_SIDE_MAX, &width, &height);
	FL_TRY(fl_image_resize(view, width, height, mem, &small));
	return fl_image_jpeg(&small, THUMB_QUALITY, mem, out);
}

fl_err fl_photo_inspect(fl_str bytes, fl_arena *mem, fl_diag *diag, fl_photo *out)
{
	fl_photo photo = { .size_bytes = bytes.len };
	fl_image view;

	FL_TRY(fl_photo_probe(bytes, diag, &photo.header));
	bool lying = photo.header.orientation >= 5;
	photo.width = lying ? photo.header.height : photo.header.width;
	photo.height = lying ? photo.header.width : photo.header.height;
	FL_TRY(decode_upright(bytes, &photo.header, FL_VIEW_SIDE_MAX, mem, diag, &view));
	fl_photo_sha256(bytes, photo.sha256);
	FL_TRY(fl_image_phash(&view, mem, &photo.phash, &photo.phash_mirrored));
	FL_TRY(fl_image_quality(&view, photo.width, photo.height, mem, &photo.sharpness, &photo.brightness, &photo.problems));
	FL_TRY(fl_image_jpeg(&view, VIEW_QUALITY, mem, &photo.view));
	FL_TRY(make_thumb(&view, mem, &photo.thumb));
	*out = photo;
	return FL_OK;
}
