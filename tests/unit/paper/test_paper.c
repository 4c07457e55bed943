/* paper: what was written is read back by another program; hostile text, limits, the same bytes each time. */
#include "paper/paper.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

#include "picture/picture.h"

enum { MADE = 1772357400 };

static fl_arena mem;
static fl_diag diag;

static int arena_open(void **state)
{
	mem = fl_arena_make((size_t)512 << 20);
	return 0;
}

static int arena_close(void **state)
{
	fl_arena_fini(&mem);
	return 0;
}

static fl_paper *start(fl_paper_about about)
{
	fl_paper *paper = NULL;

	if (!about.title.len)
		about.title = FL_STR("Inspection");
	about.made_us = MADE * FL_SECOND_US;
	assert_int_equal(fl_paper_new(&about, &paper), FL_OK);
	return paper;
}

static fl_str finish(fl_paper *paper)
{
	fl_str pdf;

	assert_int_equal(fl_paper_finish(paper, &mem, &diag, &pdf), FL_OK);
	fl_paper_free(paper);
	assert_true(fl_str_starts(pdf, FL_STR("%PDF-")));
	return pdf;
}

/* What a program of poppler prints about the file. */
static fl_str ask(fl_str pdf, const char *program, const char *options)
{
	char name[] = "/tmp/fleet_paper_XXXXXX";
	int fd = mkstemp(name);
	FL_AUTO_BUF fl_buf out = fl_buf_make(8 << 20);
	size_t len;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, pdf.ptr, pdf.len), pdf.len);
	close(fd);
	fl_str command = fl_str_fmt(&mem, "%s %s %s %s 2>&1", program, options, name, strcmp(program, "pdftotext") == 0 ? "-" : "");
	FILE *pipe = popen(fl_str_cstr(&mem, command), "r");
	assert_non_null(pipe);
	do {
		char *room = fl_buf_reserve(&out, 65536);
		assert_non_null(room);
		len = fread(room, 1, 65536, pipe);
		fl_buf_commit(&out, len);
	} while (len > 0);
	assert_int_equal(pclose(pipe), 0);
	unlink(name);
	return fl_str_dup(&mem, fl_buf_view(&out));
}

static fl_str text_of(fl_str pdf)
{
	return ask(pdf, "pdftotext", "-layout");
}

static size_t times(fl_str text, const char *part)
{
	size_t count = 0;

	for (ptrdiff_t at; (at = fl_str_find(text, fl_str_z(part))) >= 0; count++)
		text = fl_str_slice(text, (size_t)at + strlen(part), text.len);
	return count;
}

#define assert_has(text, part) assert_int_not_equal(times((text), (part)), 0)

static fl_str draw_jpeg(uint64_t seed)
{
	fl_scene scene = fl_scene_random(seed);
	fl_image image;
	fl_str bytes;

	scene.width = 320;
	scene.height = 240;
	assert_int_equal(fl_scene_draw(&scene, &mem, &image), FL_OK);
	assert_int_equal(fl_picture_write(&image, &(fl_picture_file){ .format = FL_PHOTO_JPEG }, &mem, &bytes), FL_OK);
	return bytes;
}

/* Something of everything. */
static fl_str whole(void)
{
	fl_paper *paper = start((fl_paper_about){ .company = FL_STR("Nordwind Logistics"), .subject = FL_STR("49 CFR 396.11"),
	        .id = FL_STR("SHA-256 0123abcd"), .title = FL_STR("Driver vehicle inspection report") });
	fl_paper_point points[] = { { 0, 0.5f }, { 0.5f, 0.1f }, { 1, 2 } };
	fl_paper_stroke strokes[] = { { points, 3 }, { points, 1 } };

	fl_paper_heading(paper, 1, FL_STR("Vehicle"));
	fl_paper_facts(paper, (fl_paper_fact[]){ { FL_STR("Plate"), FL_STR("B-NW 42") }, { FL_STR("VIN"), FL_STR("") },
	                              { FL_STR("Odometer"), FL_STR("120,455 km") }, { FL_STR("Place"), FL_STR("Depot") } }, 4);
	fl_paper_table(paper, (fl_paper_column[]){ { FL_STR("Item"), 3 }, { FL_STR("Cost"), 1, true } }, 2);
	fl_paper_row(paper, FL_PAPER_ROW, (fl_str[]){ FL_STR("Brakes"), FL_STR("1,240.00") });
	fl_paper_row(paper, FL_PAPER_ROW_TOTAL, (fl_str[]){ FL_STR("Together"), FL_STR("1,240.00") });
	fl_paper_text(paper, FL_STR("The left mirror is cracked."));
	fl_paper_pictures(paper, (fl_paper_picture[]){ { draw_jpeg(3), FL_STR("mirror") }, { FL_STR("no jpeg"), FL_STR("gone") } }, 2, 3);
	fl_paper_signature(paper, &(fl_paper_signed){ .role = FL_STR("Driver"), .name = FL_STR("Ana Ruiz"), .mark = FL_STR("feed"),
	        .time_us = MADE * FL_SECOND_US, .strokes = strokes, .stroke_count = 2 });
	return finish(paper);
}

static void everything_is_read_back(void **state)
{
	fl_str pdf = whole(), text = text_of(pdf), about = ask(pdf, "pdfinfo", "");

	assert_has(text, "Nordwind Logistics");
	assert_has(text, "B-NW 42");
	assert_int_equal(times(text, "VIN"), 0); /* a fact without value */
	assert_has(text, "120,455 km");
	assert_int_equal(times(text, "1,240.00"), 2);
	assert_has(text, "The left mirror is cracked.");
	assert_has(text, "This picture cannot be shown.");
	assert_has(text, "Ana Ruiz");
	assert_has(text, "2026-03-01 09:30:00 UTC");
	assert_has(text, "page 1 of 1");
	assert_has(text, "SHA-256 0123abcd");
	assert_has(about, "Driver vehicle inspection report");
	assert_has(about, "49 CFR 396.11");
	assert_has(about, "A4");
	fl_str jpeg = draw_jpeg(3);
	assert_non_null(memmem(pdf.ptr, pdf.len, jpeg.ptr, jpeg.len)); /* as it was, not drawn again */
}

static void *write_whole(void *out)
{
	fl_paper *paper = NULL;
	fl_arena own = fl_arena_make(64 << 20);
	fl_diag own_diag;
	fl_str pdf = {};

	for (int i = 0; i < 8; i++) {
		if (fl_paper_new(&(fl_paper_about){ .title = FL_STR("Ünïcode שלום العربية"), .made_us = MADE * FL_SECOND_US }, &paper) != FL_OK)
			return NULL;
		for (int line = 0; line < 100; line++)
			fl_paper_text(paper, FL_STR("One of many papers that are made beside each other."));
		if (fl_paper_finish(paper, &own, &own_diag, &pdf) != FL_OK)
			pdf = (fl_str){};
		fl_paper_free(paper);
	}
	*(uint64_t *)out = fl_hash(pdf.ptr, pdf.len, 1);
	fl_arena_fini(&own);
	return out;
}

static void same_input_same_bytes(void **state)
{
	pthread_t threads[4];
	uint64_t hashes[4] = {}, one = 0;

	assert_true(fl_str_eq(whole(), whole()));
	write_whole(&one);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_whole, &hashes[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 4; i++)
		assert_true(hashes[i] == one && one != fl_hash("", 0, 1));
}

static void heads_return_on_each_page(void **state)
{
	fl_paper *paper = start((fl_paper_about){ .size = FL_PAPER_LETTER });
	char name[32];

	fl_paper_table(paper, (fl_paper_column[]){ { FL_STR("Thing"), 1 }, { FL_STR("Amount of it"), 1, true } }, 2);
	for (int i = 0; i < 120; i++) {
		snprintf(name, sizeof name, "row-%d.", i);
		fl_paper_row(paper, FL_PAPER_ROW, (fl_str[]){ fl_str_z(name), FL_STR("7") });
	}
	fl_str pdf = finish(paper), text = text_of(pdf), about = ask(pdf, "pdfinfo", "");
	size_t pages = times(text, "\f");
	assert_true(pages >= 3 && pages <= 5);
	assert_int_equal(times(text, "Amount of it"), pages);
	assert_int_equal(times(text, " of 4") + times(text, " of 3") + times(text, " of 5"), pages);
	for (int i = 0; i < 120; i++) {
		snprintf(name, sizeof name, "row-%d.", i);
		assert_int_equal(times(text, name), 1);
	}
	assert_has(about, "letter");
}

static void hostile_text_is_only_text(void **state)
{
	fl_paper *paper = start((fl_paper_about){ .title = FL_STR("<b>bold?</b> & \xff\xfe (x) Tj \\") });
	FL_AUTO_BUF fl_buf marks = fl_buf_make(1 << 20);

	fl_paper_text(paper, FL_STR("<span size='99999'>&lt;"));
	fl_paper_text(paper, fl_str_make("nul\0inside \x1b[31m", 16));
	fl_paper_text(paper, FL_STR("pay \u202e00.1\u202c now")); /* would read 1.00 */
	fl_paper_text(paper, FL_STR("\u05e9\u05dc\u05d5\u05dd and \u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u6f22\u5b57 \U0001f600"));
	fl_paper_heading(paper, 2, FL_STR(""));
	for (int i = 0; i < 5000; i++)
		fl_buf_lit(&marks, "a\u0301\u0302\u0303\u0304");
	fl_paper_text(paper, fl_buf_view(&marks));
	fl_paper_table(paper, (fl_paper_column[]){ { FL_STR("A"), 1 }, { FL_STR("B"), 0.0001 } }, 2);
	fl_paper_row(paper, FL_PAPER_ROW, (fl_str[]){ fl_buf_view(&marks), fl_buf_view(&marks) });
	fl_str text = text_of(finish(paper));
	assert_has(text, "<b>bold?</b> &");
	assert_has(text, "(x) Tj \\");
	assert_has(text, "<span size='99999'>&lt;");
	assert_has(text, "nul\ufffdinside [31m");
	assert_has(text, "pay 00.1 now");
	assert_has(text, "\u05e9\u05dc\u05d5\u05dd");
	assert_has(text, "\u2026"); /* the long ones were cut */
}

/* Laid out in pieces: every word once, in its order, and no line shorter for it. */
static void long_texts_are_whole(void **state)
{
	fl_paper *paper = start((fl_paper_about){});
	FL_AUTO_BUF fl_buf words = fl_buf_make(1 << 20);
	char word[32];

	for (int i = 0; i < 1500; i++)
		fl_buf_fmt(&words, "word%04d ", i);
	fl_paper_text(paper, fl_buf_view(&words));
	fl_paper_text(paper, FL_STR("one\n\nthree"));
	fl_str text = text_of(finish(paper));
	for (int i = 0; i < 1500; i++) {
		snprintf(word, sizeof word, "word%04d", i);
		assert_int_equal(times(text, word), 1);
	}
	size_t lines = 0;
	for (fl_str rest = text, line; rest.len;) {
		line = fl_str_cut(rest, '\n', &rest);
		lines += fl_str_starts(fl_str_trim(line), FL_STR("word"));
	}
	assert_in_range(lines, 125, 155); /* ten to twelve words a line */
	assert_has(text, "three");
}

static void jpeg_heads_that_lie(void **state)
{
	fl_str good = draw_jpeg(9);
	fl_paper *paper = start((fl_paper_about){});

	for (size_t len = 0; len < FL_MIN(good.len, (size_t)700); len += 7) { /* cut anywhere */
		fl_paper_picture picture = { fl_str_make(good.ptr, len), FL_STR("cut") };
		fl_paper_pictures(paper, &picture, 1, 4);
	}
	static const char huge[] = "\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01";
	static const char empty[] = "\xff\xd8\xff\xc0\x00\x11\x08\x00\x00\x00\x10\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01";
	fl_paper_pictures(paper, (fl_paper_picture[]){ { fl_str_make(huge, sizeof huge - 1) }, { fl_str_make(empty, sizeof empty - 1) } }, 2, 2);
	fl_str text = text_of(finish(paper));
	assert_true(times(text, "This picture cannot be") >= 20); /* those cut before the frame, and the two */
}

static void limits_are_said(void **state)
{
	fl_paper *paper = start((fl_paper_about){ .pages_max = 2 });
	fl_str out;

	for (int i = 0; i < 1000; i++)
		fl_paper_text(paper, FL_STR("line"));
	assert_int_equal(fl_paper_finish(paper, &mem, &diag, &out), FL_TOO_LARGE);
	assert_non_null(strstr(diag.text, "more pages"));
	fl_paper_free(paper);

	paper = start((fl_paper_about){ .bytes_max = 3000 });
	fl_paper_text(paper, FL_STR("line"));
	assert_int_equal(fl_paper_finish(paper, &mem, &diag, &out), FL_TOO_LARGE);
	assert_non_null(strstr(diag.text, "3000 bytes"));
	fl_paper_free(paper);

	paper = start((fl_paper_about){ .bytes_max = 3000 });
	fl_paper_pictures(paper, &(fl_paper_picture){ draw_jpeg(5), FL_STR("") }, 1, 1);
	assert_int_equal(fl_paper_finish(paper, &mem, &diag, &out), FL_TOO_LARGE);
	assert_non_null(strstr(diag.text, "pictures"));
	fl_paper_free(paper);

	paper = start((fl_paper_about){});
	fl_paper_point *points = fl_new_array(&mem, fl_paper_point, FL_PAPER_POINTS_MAX + 1);
	fl_paper_stroke stroke = { points, FL_PAPER_POINTS_MAX + 1 };
	fl_paper_signature(paper, &(fl_paper_signed){ .name = FL_STR("N"), .strokes = &stroke, .stroke_count = 1 });
	fl_paper_table(paper, &(fl_paper_column){ FL_STR("after"), 1 }, 1);
	fl_paper_row(paper, FL_PAPER_ROW, &(fl_str){ "x", 1 });
	assert_int_equal(fl_paper_finish(paper, &mem, &diag, &out), FL_TOO_LARGE);
	fl_paper_free(paper);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_read_back),
		cmocka_unit_test(same_input_same_bytes),
		cmocka_unit_test(heads_return_on_each_page),
		cmocka_unit_test(hostile_text_is_only_text),
		cmocka_unit_test(long_texts_are_whole),
		cmocka_unit_test(jpeg_heads_that_lie),
		cmocka_unit_test(limits_are_said),
	};
	return cmocka_run_group_tests(tests, arena_open, arena_close);
}
