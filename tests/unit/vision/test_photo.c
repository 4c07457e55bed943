/* vision: every format, every refusal, all orientations, on pictures that the renderer draws. */
#include "vision/vision.h"

#include <stdio.h>
#include <stdlib.h>
#include <jpeglib.h>
#include <png.h>

#include <setjmp.h>
#include <cmocka.h>

#include "picture/picture.h"

static fl_arena mem;
static fl_diag diag;

static int arena_open(void **state)
{
	mem = fl_arena_make((size_t)1 << 30);
	return 0;
}

static int arena_close(void **state)
{
	fl_arena_fini(&mem);
	return 0;
}

static fl_image draw(uint64_t seed, int width, int height)
{
	fl_scene scene = fl_scene_random(seed);
	fl_image image;

	scene.width = width;
	scene.height = height;
	assert_int_equal(fl_scene_draw(&scene, &mem, &image), FL_OK);
	return image;
}

static fl_str file_of(const fl_image *image, fl_picture_file file)
{
	fl_str bytes;

	assert_int_equal(fl_picture_write(image, &file, &mem, &bytes), FL_OK);
	return bytes;
}

static fl_str copy(fl_str bytes)
{
	fl_str out = fl_str_dup(&mem, bytes);

	assert_non_null(out.ptr);
	return out;
}

/* Mean absolute difference of two pictures of one size. */
static double difference(const fl_image *a, const fl_image *b)
{
	size_t count = 3 * (size_t)a->width * (size_t)a->height;
	double sum = 0;

	assert_int_equal(a->width, b->width);
	assert_int_equal(a->height, b->height);
	for (size_t i = 0; i < count; i++)
		sum += abs(a->rgb[i] - b->rgb[i]);
	return sum / (double)count;
}

static const char *const format_names[] = { "", "JPEG", "PNG", "WebP", "HEIC" };

static void reads_all_formats(void **state)
{
	fl_image image = draw(3, 1500, 1000);

	for (int f = FL_PHOTO_JPEG; f <= FL_PHOTO_HEIC; f++) {
		fl_photo photo;
		fl_image view;
		fl_str bytes = file_of(&image, (fl_picture_file){ .format = (fl_photo_format)f, .taken_at = "2026:03:01 09:30:00",
		                                                  .zone = "+01:00", .software = "Phone OS 9", .make = "ACME", .model = "P3" });
		assert_int_equal(fl_photo_inspect(bytes, &mem, &diag, &photo), FL_OK);
		assert_int_equal(photo.header.format, f);
		assert_int_equal(photo.width, 1500);
		assert_int_equal(photo.height, 1000);
		assert_int_equal(photo.size_bytes, bytes.len);
		assert_true(photo.header.has_taken_at && photo.header.has_zone);
		assert_int_equal(photo.header.taken_at, fl_time_from_civil((fl_civil){ 2026, 3, 1, 8, 30, 0, 0 }));
		assert_string_equal(photo.header.software, "Phone OS 9");
		assert_string_equal(photo.header.camera, "ACME P3");
		assert_int_equal(fl_photo_decode(photo.view, 0, &mem, &diag, &view), FL_OK);
		assert_int_equal(view.width, 1280);
		assert_int_equal(view.height, 853);
		assert_int_equal(fl_photo_decode(photo.thumb, 0, &mem, &diag, &view), FL_OK);
		assert_int_equal(view.width, 320);
		assert_int_equal(view.height, 213);
		assert_int_equal(fl_photo_decode(bytes, 0, &mem, &diag, &view), FL_OK);
		assert_true(difference(&image, &view) < (f == FL_PHOTO_PNG ? 0.001 : 6));
	}
}

static void turns_upright(void **state)
{
	fl_image image = draw(5, 640, 400);

	for (int f = FL_PHOTO_JPEG; f <= FL_PHOTO_WEBP; f++)
		for (int orientation = 1; orientation <= 8; orientation++) {
			fl_image back;
			fl_str bytes = file_of(&image, (fl_picture_file){ .format = (fl_photo_format)f, .orientation = orientation, .quality = 95 });
			assert_int_equal(fl_photo_decode(bytes, 0, &mem, &diag, &back), FL_OK);
			assert_true(difference(&image, &back) < 5);
		}
}

/* Shrinking is an average, whatever the decoder did first: all ways lead to the same small picture. */
static void shrinks_alike(void **state)
{
	fl_image image = draw(6, 2600, 1700), expected, small;

	assert_int_equal(fl_image_resize(&image, 300, 196, &mem, &expected), FL_OK);
	for (int f = FL_PHOTO_JPEG; f <= FL_PHOTO_WEBP; f++) {
		fl_str bytes = file_of(&image, (fl_picture_file){ .format = (fl_photo_format)f, .progressive = true, .quality = 92 });
		assert_int_equal(fl_photo_decode(bytes, 300, &mem, &diag, &small), FL_OK);
		assert_true(difference(&expected, &small) < 2.5);
	}
}

static void resizes_exactly(void **state)
{
	uint8_t pixels[4 * 2 * 3] = { 0, 0, 0, 100, 100, 100, 200, 200, 200, 40, 40, 40, 100, 0, 0, 0, 100, 0, 0, 0, 200, 60, 60, 60 };
	fl_image image = { 4, 2, pixels }, out;

	assert_int_equal(fl_image_resize(&image, 2, 1, &mem, &out), FL_OK);
	assert_int_equal(out.rgb[0], 50);
	assert_int_equal(out.rgb[1], 50);
	assert_int_equal(out.rgb[3], 75);
	assert_int_equal(out.rgb[5], 125);
	assert_int_equal(fl_image_resize(&image, 3, 2, &mem, &out), FL_OK); /* 4/3 of a column each */
	assert_int_equal(out.rgb[0], 25);
	assert_int_equal(fl_image_resize(&image, 8, 6, &mem, &out), FL_OK);
	assert_int_equal(out.rgb[0], 0);
	assert_int_equal(out.width, 8);
}

/* ---- Refusals ---- */

static void refused(fl_str bytes, const char *says)
{
	fl_image image;
	fl_photo photo;

	diag.text[0] = '\0';
	assert_int_equal(fl_photo_decode(bytes, 0, &mem, &diag, &image), FL_BAD_IMAGE);
	if (!strstr(diag.text, says))
		fail_msg("'%s' does not say '%s'", diag.text, says);
	assert_int_equal(fl_photo_inspect(bytes, &mem, &diag, &photo), FL_BAD_IMAGE);
}

static void refuses_what_is_no_photo(void **state)
{
	refused(FL_STR(""), "the file is empty");
	refused(FL_STR("hello, this is a text about a dent"), "not a picture");
	refused(FL_STR("GIF89a\1\0\1\0"), "a GIF");
	refused(FL_STR("BM\0\0\0\0\0\0"), "BMP");
	refused(FL_STR("%PDF-1.4 "), "PDF");
	refused(FL_STR("PK\3\4\0\0\0\0"), "ZIP");
	refused(FL_STR("\0\0\0\x1c" "ftypisom\0\0\2\0isomiso2"), "a video");
	refused(FL_STR("\0\0\0\x1c" "ftypavif\0\0\0\0avifmif1"), "AVIF");
	refused(FL_STR("\0\0\0\x1c" "ftyphevc\0\0\0\0hevcmif1"), "animated HEIC");
	refused(FL_STR("RIFF\x24\0\0\0WAVEfmt "), "sound or video");
	refused(FL_STR("\xff\xd8\xff"), "ends early");
	refused(FL_STR("\xff\xd8\xff\xd9\0\0\0\0"), "no picture in it");
	refused(FL_STR("\x89PNG\r\n\x1a\n"), "ends early");
	refused(FL_STR("RIFF\4\0\0\0WEBP"), "ends early");
	refused(FL_STR("\0\0\0\x18" "ftypheic\0\0\0\0mif1heic"), "damaged");
}

static void refuses_what_ends_early(void **state)
{
	fl_image image = draw(8, 700, 500);

	for (int f = FL_PHOTO_JPEG; f <= FL_PHOTO_HEIC; f++) {
		fl_str bytes = file_of(&image, (fl_picture_file){ .format = (fl_photo_format)f, .taken_at = "2026:03:01 09:30:00" });
		static const int percents[] = { 3, 20, 50, 80, 99 };
		for (size_t i = 0; i < FL_COUNT(percents); i++) {
			fl_photo photo;
			fl_str cut = fl_str_slice(bytes, 0, bytes.len * (size_t)percents[i] / 100);
			assert_int_equal(fl_photo_inspect(cut, &mem, &diag, &photo), FL_BAD_IMAGE);
			if (!strstr(diag.text, "ends early") && !strstr(diag.text, "damaged"))
				fail_msg("%s cut at %d %%: %s", format_names[f], percents[i], diag.text);
		}
		fl_photo photo;
		assert_int_equal(fl_photo_inspect(fl_str_slice(bytes, 0, bytes.len - 1), &mem, &diag, &photo), FL_BAD_IMAGE);
	}
}

/* JPEG, PNG and HEIC notice flipped bytes; lossy WebP has nothing to notice them by, and may show them. */
static void refuses_what_is_corrupt(void **state)
{
	fl_image image = draw(9, 700, 500);

	for (int f = FL_PHOTO_JPEG; f <= FL_PHOTO_HEIC; f++) {
		fl_str bytes = copy(file_of(&image, (fl_picture_file){ .format = (fl_photo_format)f }));
		fl_photo photo;
		for (size_t i = 0; i < 60; i++)
			((char *)bytes.ptr)[bytes.len / 3 + i * 97 % (bytes.len / 2)] ^= 0x5a;
		fl_err err = fl_photo_inspect(bytes, &mem, &diag, &photo);
		if (f != FL_PHOTO_WEBP)
			assert_int_equal(err, FL_BAD_IMAGE);
		else
			assert_true(err == FL_OK || err == FL_BAD_IMAGE);
	}
}

static void put_be(char *p, unsigned n, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (char)(n >> (8 * (bytes - 1 - i)));
}

static void refuses_what_is_too_large(void **state)
{
	fl_image image = draw(10, 64, 64);
	fl_str jpeg = copy(file_of(&image, (fl_picture_file){ .format = FL_PHOTO_JPEG }));
	fl_str png = copy(file_of(&image, (fl_picture_file){ .format = FL_PHOTO_PNG }));
	ptrdiff_t frame = fl_str_find(jpeg, fl_str_make("\xff\xc0", 2));

	assert_true(frame > 0);
	put_be((char *)jpeg.ptr + frame + 5, 60000, 2); /* height, width: 3.6 gigapixels in a few bytes */
	put_be((char *)jpeg.ptr + frame + 7, 60000, 2);
	refused(jpeg, "60000 x 60000 pixels; at most 100 megapixels");
	put_be((char *)png.ptr + 16, 100000, 4);
	put_be((char *)png.ptr + 20, 100000, 4);
	refused(png, "at most 100 megapixels");
	put_be((char *)png.ptr + 16, 0xffffffff, 4);
	refused(png, "at most 100 megapixels");

	fl_str big = { calloc(1, FL_PHOTO_BYTES_MAX + 1), FL_PHOTO_BYTES_MAX + 1 };
	memcpy((char *)big.ptr, "\xff\xd8\xff", 3);
	refused(big, "at most 25 MB");
	free((char *)big.ptr);
}

static void refuses_what_is_tiny(void **state)
{
	uint8_t pixels[8 * 8 * 3] = { 0 };
	fl_image dot = { 8, 8, pixels };

	refused(file_of(&dot, (fl_picture_file){ .format = FL_PHOTO_PNG }), "only 8 x 8 pixels");
}

static fl_str join(fl_str a, fl_str b, fl_str c)
{
	char *p = fl_arena_take(&mem, a.len + b.len + c.len);

	assert_non_null(p);
	memcpy(p, a.ptr, a.len);
	memcpy(p + a.len, b.ptr, b.len);
	memcpy(p + a.len + b.len, c.ptr, c.len);
	return fl_str_make(p, a.len + b.len + c.len);
}

static void refuses_what_moves(void **state)
{
	fl_image image = draw(11, 64, 64);
	fl_str png = file_of(&image, (fl_picture_file){ .format = FL_PHOTO_PNG });
	fl_str webp = file_of(&image, (fl_picture_file){ .format = FL_PHOTO_WEBP });

	refused(join(fl_str_slice(png, 0, 33), fl_str_make("\0\0\0\10acTL\0\0\0\2\0\0\0\0\0\0\0\0", 20), fl_str_slice(png, 33, png.len)),
	        "animated PNG");
	fl_str moving = join(fl_str_make("RIFF\0\0\0\0WEBPVP8X\12\0\0\0\2\0\0\0\77\0\0\77\0\0", 30),
	                     fl_str_make("ANIM\6\0\0\0\0\0\0\0\0\0", 14), fl_str_slice(webp, 12, webp.len));
	unsigned size = (unsigned)moving.len - 8;
	for (int i = 0; i < 4; i++)
		((char *)moving.ptr)[4 + i] = (char)(size >> (8 * i));
	refused(moving, "animated WebP");
}

/* ---- Colours ---- */

static void opens_every_colour(void **state)
{
	fl_image image = draw(12, 320, 240), back;

	fl_str gray = file_of(&image, (fl_picture_file){ .format = FL_PHOTO_JPEG, .gray = true });
	assert_int_equal(fl_photo_decode(gray, 0, &mem, &diag, &back), FL_OK);
	assert_true(abs(back.rgb[0] - back.rgb[1]) <= 1 && abs(back.rgb[1] - back.rgb[2]) <= 1);

	/* 16 bits and transparency through PNG. */
	png_image png = { .version = PNG_IMAGE_VERSION, .width = 40, .height = 30, .format = PNG_FORMAT_LINEAR_RGB_ALPHA };
	uint16_t *wide = fl_new_array(&mem, uint16_t, 40 * 30 * 4);
	for (int i = 0; i < 40 * 30; i++) {
		wide[4 * i] = i < 600 ? 65535 : 0;
		wide[4 * i + 3] = i < 600 ? 65535 : 0; /* the lower half is transparent */
	}
	png_alloc_size_t len = 1 << 20;
	char *bytes = fl_arena_take(&mem, len);
	assert_true(png_image_write_to_memory(&png, bytes, &len, 0, wide, 0, NULL));
	assert_int_equal(fl_photo_decode(fl_str_make(bytes, len), 0, &mem, &diag, &back), FL_OK);
	assert_true(back.rgb[0] > 250 && back.rgb[1] < 5);
	const uint8_t *last = back.rgb + 3 * (40 * 30 - 1);
	assert_true(last[0] == 255 && last[1] == 255 && last[2] == 255);
}

/* Four inks, as printers' software saves them. */
static void opens_cmyk(void **state)
{
	struct jpeg_compress_struct j;
	struct jpeg_error_mgr errors;
	unsigned char *bytes = NULL, row[32 * 4];
	unsigned long len = 0;
	fl_image back;

	j.err = jpeg_std_error(&errors);
	jpeg_create_compress(&j);
	jpeg_mem_dest(&j, &bytes, &len);
	j.image_width = j.image_height = 32;
	j.input_components = 4;
	j.in_color_space = JCS_CMYK;
	jpeg_set_defaults(&j);
	jpeg_start_compress(&j, TRUE);
	for (int x = 0; x < 32; x++)
		memcpy(row + 4 * x, (uint8_t[]){ 255, 0, 0, 255 }, 4); /* inverted: no cyan, full magenta and yellow: red */
	for (int y = 0; y < 32; y++) {
		JSAMPROW rows[1] = { row };
		jpeg_write_scanlines(&j, rows, 1);
	}
	jpeg_finish_compress(&j);
	jpeg_destroy_compress(&j);
	assert_int_equal(fl_photo_decode(fl_str_make(bytes, len), 0, &mem, &diag, &back), FL_OK);
	assert_true(back.rgb[0] > 245 && back.rgb[1] < 10 && back.rgb[2] < 10);
	free(bytes);
}

/* ---- EXIF ---- */

/* Any cut and any flipped byte of the metadata leaves the picture readable. */
static void passes_over_broken_exif(void **state)
{
	fl_image image = draw(13, 64, 48);
	fl_str good = file_of(&image, (fl_picture_file){ .format = FL_PHOTO_JPEG, .orientation = 3, .taken_at = "2026:03:01 09:30:00", .make = "A" });
	size_t start = (size_t)fl_str_find(good, fl_str_make("Exif\0\0", 6)) + 6;

	for (size_t i = start; i < start + 150; i++) {
		fl_str bytes = copy(good);
		fl_photo_header header;
		((char *)bytes.ptr)[i] = (char)~bytes.ptr[i];
		assert_int_equal(fl_photo_probe(bytes, &diag, &header), FL_OK);
		assert_true(header.orientation >= 1 && header.orientation <= 8);
	}
}

static void believes_only_real_times(void **state)
{
	static const char *const wrong[] = { "2026:02:31 25:00:00", "0000:00:00 00:00:00", "    :  :     :  :  ", "2026-03-01 09:30:00", "soon" };
	fl_image image = draw(13, 64, 48);
	fl_photo_header header;

	for (size_t i = 0; i < FL_COUNT(wrong); i++) {
		fl_str bytes = file_of(&image, (fl_picture_file){ .format = FL_PHOTO_JPEG, .taken_at = wrong[i] });
		assert_int_equal(fl_photo_probe(bytes, &diag, &header), FL_OK);
		assert_false(header.has_taken_at);
	}
	fl_str bytes = file_of(&image, (fl_picture_file){ .format = FL_PHOTO_JPEG, .taken_at = "2026:03:01 09:30:00", .zone = "+99:99" });
	assert_int_equal(fl_photo_probe(bytes, &diag, &header), FL_OK);
	assert_true(header.has_taken_at && !header.has_zone);
}

/* ---- Quality ---- */

static void judges_quality(void **state)
{
	fl_scene scene = fl_scene_random(21);
	fl_image sharp, small, blurred, dark;
	float sharpness, brightness, blurred_sharpness;
	unsigned problems;

	scene.light = FL_SCENE_DAY;
	scene.noise = 1;
	scene.width = 1280;
	scene.height = 960;
	assert_int_equal(fl_scene_draw(&scene, &mem, &sharp), FL_OK);
	assert_int_equal(fl_image_quality(&sharp, 1280, 960, &mem, &sharpness, &brightness, &problems), FL_OK);
	assert_int_equal(problems, 0);

	assert_int_equal(fl_image_resize(&sharp, 160, 120, &mem, &small), FL_OK);
	assert_int_equal(fl_image_resize(&small, 1280, 960, &mem, &blurred), FL_OK);
	assert_int_equal(fl_image_quality(&blurred, 1280, 960, &mem, &blurred_sharpness, &brightness, &problems), FL_OK);
	assert_int_equal(problems, FL_PHOTO_BLURRED);
	assert_true(blurred_sharpness < sharpness / 2);

	dark = sharp;
	for (size_t i = 0; i < 1280 * 960 * 3; i++)
		dark.rgb[i] = (uint8_t)(dark.rgb[i] / 12);
	assert_int_equal(fl_image_quality(&dark, 1280, 960, &mem, &sharpness, &brightness, &problems), FL_OK);
	assert_int_equal(problems, FL_PHOTO_TOO_DARK);
	assert_int_equal(fl_image_quality(&small, 160, 120, &mem, &sharpness, &brightness, &problems), FL_OK);
	assert_true(problems & FL_PHOTO_TOO_SMALL);

	fl_str *advice;
	size_t count;
	assert_int_equal(fl_photo_advice(FL_PHOTO_TOO_DARK | FL_PHOTO_TOO_SMALL, &mem, &advice, &count), FL_OK);
	assert_int_equal(count, 2);
	assert_true(fl_str_starts(advice[0], FL_STR("too dark")));
}

/* ---- Seen before ---- */

typedef struct prints {
	fl_phash plain, mirrored;
} prints;

static prints prints_of(const fl_image *image)
{
	prints p;

	assert_int_equal(fl_image_phash(image, &mem, &p.plain, &p.mirrored), FL_OK);
	return p;
}

static fl_fraud_kind compare(const fl_image *a, const fl_image *b)
{
	prints pa = prints_of(a), pb = prints_of(b);
	float score;
	fl_fraud_kind kind = fl_phash_compare(&pa.plain, &pa.mirrored, &pb.plain, &score);

	assert_true(kind == FL_FRAUD_NONE ? score == 0 : score >= 0.5f && score <= 1);
	return kind;
}

static void recognises_pictures(void **state)
{
	for (uint64_t seed = 30; seed < 36; seed++) {
		fl_image image = draw(seed, 800, 600), other = draw(seed + 100, 800, 600), saved, half, mirrored;
		fl_str bytes = file_of(&image, (fl_picture_file){ .format = FL_PHOTO_JPEG, .quality = 40 });
		assert_int_equal(fl_photo_decode(bytes, 0, &mem, &diag, &saved), FL_OK);
		assert_int_equal(fl_image_resize(&image, 400, 300, &mem, &half), FL_OK);
		assert_int_equal(fl_image_orient(&image, 2, &mem, &mirrored), FL_OK);
		assert_int_equal(compare(&image, &saved), FL_FRAUD_SAME_PICTURE);
		assert_int_equal(compare(&image, &half), FL_FRAUD_SAME_PICTURE);
		assert_int_equal(compare(&image, &mirrored), FL_FRAUD_MIRRORED_PICTURE);
		assert_int_equal(compare(&image, &other), FL_FRAUD_NONE);
		for (size_t i = 0; i < 400 * 300 * 3; i++) /* brighter */
			half.rgb[i] = (uint8_t)FL_MIN(255, half.rgb[i] + 25);
		assert_int_equal(compare(&image, &half), FL_FRAUD_SAME_PICTURE);
	}
}

static void flat_pictures_prove_nothing(void **state)
{
	uint8_t white[64 * 64 * 3], gray[64 * 64 * 3];
	fl_image a = { 64, 64, white }, b = { 64, 64, gray };

	memset(white, 255, sizeof(white));
	memset(gray, 90, sizeof(gray));
	assert_int_equal(compare(&a, &b), FL_FRAUD_NONE);
	assert_int_equal(compare(&a, &a), FL_FRAUD_NONE);
}

/* The fast mirrored hash is the hash of the mirrored picture. */
static void mirrored_hash_is_exact(void **state)
{
	fl_image image = draw(40, 512, 384), mirrored;

	assert_int_equal(fl_image_orient(&image, 2, &mem, &mirrored), FL_OK);
	prints a = prints_of(&image), b = prints_of(&mirrored);
	assert_true(fl_phash_distance(&a.mirrored, &b.plain) <= 4);
	assert_true(fl_phash_distance(&a.plain, &b.mirrored) <= 4);
}

/* ---- Signals ---- */

static size_t signals_for(fl_photo_header header, int64_t incident, int64_t reported, fl_photo_signal **out)
{
	size_t count;

	assert_int_equal(fl_photo_signals(&header, incident, reported, &mem, out, &count), FL_OK);
	return count;
}

static void tells_odd_times_and_editors(void **state)
{
	int64_t incident = fl_time_from_civil((fl_civil){ 2026, 3, 1, 9, 0, 0, 0 }), reported = incident + 2 * FL_HOUR_US;
	fl_photo_header fine = { .has_taken_at = true, .has_zone = true, .taken_at = incident + FL_HOUR_US, .software = "iOS 19.1" };
	fl_photo_header old = fine, late = fine, edited = fine, unknown = { .software = "" };
	fl_photo_signal *signals;

	old.taken_at = incident - 40 * FL_DAY_US;
	late.taken_at = reported + 3 * FL_DAY_US;
	snprintf(edited.software, sizeof(edited.software), "Adobe Photoshop 25.1");
	assert_int_equal(signals_for(fine, incident, reported, &signals), 0);
	assert_int_equal(signals_for(unknown, incident, reported, &signals), 0);
	assert_int_equal(signals_for(old, incident, reported, &signals), 1);
	assert_int_equal(signals[0].kind, FL_FRAUD_CAPTURE_TIME);
	assert_true(fl_str_find(signals[0].message, FL_STR("40 days before the incident")) > 0);
	assert_int_equal(signals_for(late, incident, reported, &signals), 1);
	assert_true(fl_str_find(signals[0].message, FL_STR("3 days after it was reported")) > 0);
	assert_int_equal(signals_for(edited, incident, reported, &signals), 1);
	assert_int_equal(signals[0].kind, FL_FRAUD_EDITED);
	/* Without a zone, half a day is no sign of anything. */
	late.has_zone = false;
	late.taken_at = reported + 13 * FL_HOUR_US;
	assert_int_equal(signals_for(late, incident, reported, &signals), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_open, arena_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_all_formats), TEST(turns_upright), TEST(shrinks_alike), TEST(resizes_exactly),
		TEST(refuses_what_is_no_photo), TEST(refuses_what_ends_early), TEST(refuses_what_is_corrupt),
		TEST(refuses_what_is_too_large), TEST(refuses_what_is_tiny), TEST(refuses_what_moves),
		TEST(opens_every_colour), TEST(opens_cmyk), TEST(passes_over_broken_exif), TEST(believes_only_real_times),
		TEST(judges_quality), TEST(recognises_pictures), TEST(flat_pictures_prove_nothing), TEST(mirrored_hash_is_exact),
		TEST(tells_odd_times_and_editors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
