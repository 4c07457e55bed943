/* What is this file? Decided by its bytes alone, never by its name, with a sentence for each thing that people send
 * by mistake. */
#include "vision/photo_int.h"

typedef struct kind {
	const char *magic;
	size_t len, at;
	const char *what; /* "a GIF"... */
} kind;

/* Things that are not read, so that the refusal can name them. */
static const kind others[] = {
	{ "GIF8", 4, 0, "a GIF" },
	{ "BM", 2, 0, "a BMP bitmap" },
	{ "II*\0", 4, 0, "a TIFF or camera raw file" },
	{ "MM\0*", 4, 0, "a TIFF or camera raw file" },
	{ "%PDF", 4, 0, "a PDF document" },
	{ "PK\3\4", 4, 0, "a ZIP archive or an office document" },
	{ "\x1f\x8b", 2, 0, "a gzip archive" },
	{ "\x1a\x45\xdf\xa3", 4, 0, "a video" },
	{ "RIFF", 4, 0, "a sound or video file" },
	{ "\0\0\0\x0cjP  ", 8, 0, "a JPEG 2000 file" },
	{ "\xff\x0a", 2, 0, "a JPEG XL file" },
	{ "\0\0\0\x0cJXL ", 8, 0, "a JPEG XL file" },
	{ "8BPS", 4, 0, "a Photoshop file" },
	{ "<svg", 4, 0, "an SVG drawing" },
	{ "<?xml", 5, 0, "an XML or SVG file" },
	{ "<!DOCTYPE", 9, 0, "a web page" },
	{ "<html", 5, 0, "a web page" },
	{ "\x7f" "ELF", 4, 0, "a program" },
	{ "MZ", 2, 0, "a program" },
};

/* Brands of ISO media files: the first four bytes behind "ftyp". */
typedef struct brand {
	const char *name;
	bool still; /* a HEIC picture that we read */
	const char *what;
} brand;

static const brand brands[] = {
	{ "heic", true, "" },
	{ "heix", true, "" },
	{ "heim", true, "" },
	{ "heis", true, "" },
	{ "mif1", true, "" },
	{ "hevc", false, "an animated HEIC sequence" },
	{ "hevx", false, "an animated HEIC sequence" },
	{ "hevm", false, "an animated HEIC sequence" },
	{ "hevs", false, "an animated HEIC sequence" },
	{ "msf1", false, "an animated HEIC sequence" },
	{ "avif", false, "an AVIF picture" },
	{ "avis", false, "an animated AVIF sequence" },
	{ "crx ", false, "a camera raw file" },
	{ "qt  ", false, "a video" },
};

#define WANTED "send a JPEG, PNG, WebP or HEIC photo"

static bool has(fl_str bytes, size_t at, const char *magic, size_t len)
{
	return bytes.len >= at + len && memcmp(bytes.ptr + at, magic, len) == 0;
}

static fl_err sniff_media(fl_str bytes, fl_diag *diag, fl_photo_format *out)
{
	for (size_t i = 0; i < FL_COUNT(brands); i++) {
		if (!has(bytes, 8, brands[i].name, 4))
			continue;
		if (!brands[i].still)
			return fl_fail(diag, FL_BAD_IMAGE, "this is %s; " WANTED, brands[i].what);
		*out = FL_PHOTO_HEIC;
		return FL_OK;
	}
	return fl_fail(diag, FL_BAD_IMAGE, "this is a video; " WANTED);
}

static fl_err sniff(fl_str bytes, fl_diag *diag, fl_photo_format *out)
{
	if (bytes.len == 0)
		return fl_fail(diag, FL_BAD_IMAGE, "the file is empty; " WANTED);
	if (has(bytes, 4, "ftyp", 4) && bytes.len >= 12)
		return sniff_media(bytes, diag, out);
	if (has(bytes, 0, "\xff\xd8\xff", 3))
		*out = FL_PHOTO_JPEG;
	else if (has(bytes, 0, "\x89PNG\r\n\x1a\n", 8))
		*out = FL_PHOTO_PNG;
	else if (has(bytes, 0, "RIFF", 4) && has(bytes, 8, "WEBP", 4))
		*out = FL_PHOTO_WEBP;
	else {
		for (size_t i = 0; i < FL_COUNT(others); i++)
			if (has(bytes, others[i].at, others[i].magic, others[i].len))
				return fl_fail(diag, FL_BAD_IMAGE, "this is %s; " WANTED, others[i].what);
		return fl_fail(diag, FL_BAD_IMAGE, "this is not a picture; " WANTED);
	}
	return FL_OK;
}

fl_err fl_size_check(int64_t width, int64_t height, fl_diag *diag)
{
	if (width < FL_PHOTO_SIDE_MIN || height < FL_PHOTO_SIDE_MIN)
		return fl_fail(diag, FL_BAD_IMAGE, "it is only %lld x %lld pixels; a photo has at least %d on each side",
		               (long long)width, (long long)height, FL_PHOTO_SIDE_MIN);
	if (width > FL_PHOTO_SIDE_MAX || height > FL_PHOTO_SIDE_MAX || width * height > FL_PHOTO_PIXELS_MAX)
		return fl_fail(diag, FL_BAD_IMAGE, "it is %lld x %lld pixels; at most %d megapixels are allowed: send a smaller copy",
		               (long long)width, (long long)height, FL_PHOTO_PIXELS_MAX / 1000000);
	return FL_OK;
}

typedef fl_err probe_fn(fl_str, fl_diag *, fl_photo_header *);

static probe_fn *const probes[] = {
	[FL_PHOTO_JPEG] = fl_jpeg_probe,
	[FL_PHOTO_PNG] = fl_png_probe,
	[FL_PHOTO_WEBP] = fl_webp_probe,
	[FL_PHOTO_HEIC] = fl_heic_probe,
};

fl_err fl_photo_probe(fl_str bytes, fl_diag *diag, fl_photo_header *out)
{
	fl_photo_header header = { .orientation = 1 };

	if (bytes.len > FL_PHOTO_BYTES_MAX)
		return fl_fail(diag, FL_BAD_IMAGE, "it has %.1f MB; at most %zu MB are allowed: send a smaller copy",
		               (double)bytes.len / (1 << 20), FL_PHOTO_BYTES_MAX >> 20);
	FL_TRY(sniff(bytes, diag, &header.format));
	FL_TRY(probes[header.format](bytes, diag, &header));
	FL_TRY(fl_size_check(header.width, header.height, diag));
	*out = header;
	return FL_OK;
}
