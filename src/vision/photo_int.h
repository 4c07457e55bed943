/* What the readers of the single formats share. */
#ifndef FL_VISION_PHOTO_INT_H
#define FL_VISION_PHOTO_INT_H

#include "vision/vision.h"

/* Big- and little-endian numbers at p; the caller knows that the bytes are there. */
static inline uint32_t fl_be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}
static inline uint32_t fl_be32(const uint8_t *p)
{
	return fl_be16(p) << 16 | fl_be16(p + 2);
}
static inline uint32_t fl_le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* Takes orientation, time, software and camera from an EXIF block (a TIFF header and what follows). Never fails:
 * metadata is not the picture, so nonsense in it is passed over. */
void fl_exif_read(fl_str tiff, fl_photo_header *header);

/* Puts a picture together row by row, made smaller on the way, so that a large photo never lies whole in memory.
 * Each output pixel is the exact area average of the input that it covers. */
typedef struct fl_shrink {
	int from_width, from_height, to_width, to_height;
	int row;      /* rows pushed so far */
	int done;     /* rows finished */
	float *sum;   /* the output row under way, still at full width */
	int *first;   /* per output column: its first input column... */
	float *share; /* ...and `taps` weights from there */
	int taps;
	uint8_t *out;
} fl_shrink;

FL_MUST fl_err fl_shrink_start(fl_shrink *shrink, int from_width, int from_height, int to_width, int to_height,
                               fl_arena *mem, fl_image *out);
void fl_shrink_push(fl_shrink *shrink, const uint8_t *rgb);

/* The size of a picture when its longer side becomes side_max; unchanged when it is no longer, or 0. */
void fl_fit_within(int width, int height, int side_max, int *fit_width, int *fit_height);

/* One reader per format. Probes fill dimensions and metadata and check what can be checked without decoding;
 * decoders give the stored picture (not yet upright), its longer side at most side_max. */
FL_MUST fl_err fl_jpeg_probe(fl_str bytes, fl_diag *diag, fl_photo_header *header);
FL_MUST fl_err fl_jpeg_decode(fl_str bytes, int side_max, fl_arena *mem, fl_diag *diag, fl_image *out);
FL_MUST fl_err fl_png_probe(fl_str bytes, fl_diag *diag, fl_photo_header *header);
FL_MUST fl_err fl_png_decode(fl_str bytes, int side_max, fl_arena *mem, fl_diag *diag, fl_image *out);
FL_MUST fl_err fl_webp_probe(fl_str bytes, fl_diag *diag, fl_photo_header *header);
FL_MUST fl_err fl_webp_decode(fl_str bytes, int side_max, fl_arena *mem, fl_diag *diag, fl_image *out);
FL_MUST fl_err fl_heic_probe(fl_str bytes, fl_diag *diag, fl_photo_header *header);
FL_MUST fl_err fl_heic_decode(fl_str bytes, int side_max, fl_arena *mem, fl_diag *diag, fl_image *out);

/* Teaches libheif our decoder; the first call does it. */
void fl_hevc_ready(void);

/* Is width x height one that we open? Also used by decoders on what the library found. */
FL_MUST fl_err fl_size_check(int64_t width, int64_t height, fl_diag *diag);

/* Gray values 0..1 of the picture, width x height. */
float *fl_image_gray(const fl_image *image, fl_arena *mem);

#endif
