/* vision on real photos, where they lie beside the repository (FLEET_SHARED, or ../shared). They may not be copied into
 * it, so elsewhere this suite is skipped, and says so. */
#include "vision/vision.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <cmocka.h>

enum { PHOTOS = 150, SKIPPED = 77 };

static char folder[400];
static char *names[20000];
static size_t name_count;
static fl_photo photos[PHOTOS];
static fl_image views[PHOTOS];
static size_t photo_count;
static fl_arena mem;
static fl_diag diag;

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool list_photos(void)
{
	const char *shared = getenv("FLEET_SHARED");
	struct dirent *entry;

	snprintf(folder, sizeof(folder), "%s/data/vision/train", shared ? shared : SOURCE_ROOT "/../shared");
	DIR *dir = opendir(folder);
	while (dir && (entry = readdir(dir)) && name_count < FL_COUNT(names))
		if (fl_str_ends(fl_str_z(entry->d_name), FL_STR(".jpg")))
			names[name_count++] = strdup(entry->d_name);
	if (dir)
		closedir(dir);
	qsort(names, name_count, sizeof(*names), by_name);
	return name_count >= PHOTOS;
}

static fl_str file(const char *name)
{
	char path[800], *bytes = fl_arena_take(&mem, 4 << 20);

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t len = fread(bytes, 1, 4 << 20, f);
	fclose(f);
	return fl_str_make(bytes, len);
}

static void all_open(void **state)
{
	size_t blurred = 0, dark = 0;

	for (size_t i = 0; i < PHOTOS; i++) {
		const char *name = names[i * name_count / PHOTOS];
		fl_err err = fl_photo_inspect(file(name), &mem, &diag, &photos[i]);
		if (err != FL_OK)
			fail_msg("%s: %s", name, fl_diag_text(&diag, err));
		assert_int_equal(fl_photo_decode(photos[i].view, 0, &mem, &diag, &views[i]), FL_OK);
		blurred += (photos[i].problems & FL_PHOTO_BLURRED) != 0;
		dark += (photos[i].problems & (FL_PHOTO_TOO_DARK | FL_PHOTO_TOO_BRIGHT)) != 0;
		photo_count++;
	}
	print_message("%zu photos of %zu: %zu judged blurred, %zu too dark or too bright\n", photo_count, name_count, blurred, dark);
	assert_true(blurred < photo_count / 5); /* most photos that people label are usable */
	assert_true(dark < photo_count / 10);
}

/* A copy with its detail taken away, as a moved camera does. */
static fl_image blur(const fl_image *image, int by)
{
	fl_image small, back;

	assert_int_equal(fl_image_resize(image, FL_MAX(image->width / by, 4), FL_MAX(image->height / by, 4), &mem, &small), FL_OK);
	assert_int_equal(fl_image_resize(&small, image->width, image->height, &mem, &back), FL_OK);
	return back;
}

static void blur_is_noticed(void **state)
{
	size_t noticed = 0, less = 0;

	for (size_t i = 0; i < photo_count; i++) {
		fl_image soft = blur(&views[i], 6);
		float sharpness, brightness;
		unsigned problems;
		assert_int_equal(fl_image_quality(&soft, photos[i].width, photos[i].height, &mem, &sharpness, &brightness, &problems), FL_OK);
		noticed += (problems & ~(unsigned)FL_PHOTO_TOO_SMALL) != 0;
		less += sharpness < photos[i].sharpness;
	}
	print_message("blurred by 6: %zu of %zu noticed\n", noticed, photo_count);
	assert_true(less == photo_count);
	assert_true(noticed > photo_count * 9 / 10);
}

static void copies_are_recognised(void **state)
{
	size_t saved = 0, halved = 0, mirrored = 0, wrong = 0;

	for (size_t i = 0; i < photo_count; i++) {
		fl_image half, mirror, again;
		fl_phash hash, unused;
		fl_str bytes;
		float score;
		assert_int_equal(fl_image_jpeg(&views[i], 40, &mem, &bytes), FL_OK);
		assert_int_equal(fl_photo_decode(bytes, 0, &mem, &diag, &again), FL_OK);
		assert_int_equal(fl_image_phash(&again, &mem, &hash, &unused), FL_OK);
		saved += fl_phash_compare(&photos[i].phash, &photos[i].phash_mirrored, &hash, &score) == FL_FRAUD_SAME_PICTURE;
		assert_int_equal(fl_image_resize(&views[i], views[i].width / 2, views[i].height / 2, &mem, &half), FL_OK);
		assert_int_equal(fl_image_phash(&half, &mem, &hash, &unused), FL_OK);
		halved += fl_phash_compare(&photos[i].phash, &photos[i].phash_mirrored, &hash, &score) == FL_FRAUD_SAME_PICTURE;
		assert_int_equal(fl_image_orient(&views[i], 2, &mem, &mirror), FL_OK);
		assert_int_equal(fl_image_phash(&mirror, &mem, &hash, &unused), FL_OK);
		mirrored += fl_phash_compare(&photos[i].phash, &photos[i].phash_mirrored, &hash, &score) == FL_FRAUD_MIRRORED_PICTURE;
		for (size_t k = 0; k < i; k++)
			wrong += fl_phash_compare(&photos[i].phash, &photos[i].phash_mirrored, &photos[k].phash, &score) != FL_FRAUD_NONE;
	}
	print_message("recognised of %zu: saved at quality 40 %zu, at half size %zu, mirrored %zu; pairs taken for the same by mistake or "
	              "because they are twins: %zu\n", photo_count, saved, halved, mirrored, wrong);
	assert_true(saved == photo_count && halved == photo_count);
	assert_true(mirrored >= photo_count * 97 / 100);
	assert_true(wrong <= photo_count / 20);
}

/* The network's answers are worth more than the most frequent class; models/README.md has the real scores. */
static void network_answers(void **state)
{
	char line[4096], *fields[8];
	size_t right = 0, counts[3] = { 0 }, named = 0, total = 0;
	static const char *const classes[] = { "minor", "moderate", "severe" };
	char path[500];
	fl_model *model;
	fl_reading reading;

	snprintf(path, sizeof(path), "%s/../manifest.csv", folder);
	FILE *f = fopen(path, "r");
	FILE *onnx = fopen(SOURCE_ROOT "/models/damage.onnx", "rb"), *json = fopen(SOURCE_ROOT "/models/damage.json", "rb");
	assert_true(f && onnx && json);
	char *bytes = fl_arena_take(&mem, 16 << 20), *text = fl_arena_take(&mem, 1 << 20);
	fl_str network = fl_str_make(bytes, fread(bytes, 1, 16 << 20, onnx)), facts = fl_str_make(text, fread(text, 1, 1 << 20, json));
	fclose(onnx);
	fclose(json);
	assert_int_equal(fl_model_new(network, facts, &diag, &model), FL_OK);
	for (int i = 0; fgets(line, sizeof(line), f); i++) {
		char *rest = line;
		for (size_t k = 0; k < FL_COUNT(fields); k++)
			fields[k] = strsep(&rest, ",") ?: (char *)"";
		int class = -1;
		for (int k = 0; k < 3; k++)
			class = strcmp(fields[7], classes[k]) == 0 ? k : class;
		if (class < 0 || strcmp(fields[1], "vds") != 0 || i % 8)
			continue;
		fl_arena one = fl_arena_make(64 << 20);
		fl_image image;
		fl_assessment answer;
		assert_int_equal(fl_photo_decode(file(fields[0] + strlen("train/")), FL_VIEW_SIDE_MAX, &one, &diag, &image), FL_OK);
		assert_int_equal(fl_model_read(model, &image, 1, &diag, &reading), FL_OK);
		assert_int_equal(fl_assess(fl_model_facts_of(model), &reading, 1, fl_rates_find(FL_STR("EUR")), &one, &answer), FL_OK);
		static const int level[] = { -1, 0, 0, 1, 2 };
		counts[class]++;
		total++;
		named += answer.severity != FL_SEV_NONE;
		right += answer.severity != FL_SEV_NONE && level[answer.severity] == class;
		fl_arena_fini(&one);
	}
	fclose(f);
	fl_model_free(model);
	size_t majority = FL_MAX(counts[0], FL_MAX(counts[1], counts[2]));
	print_message("severity on %zu photos (the network was trained on most of them): named %zu, right %zu; the most frequent class: %zu\n",
	              total, named, right, majority);
	assert_true(named > total / 2 && right * total > majority * named);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_open), cmocka_unit_test(blur_is_noticed), cmocka_unit_test(copies_are_recognised),
		cmocka_unit_test(network_answers),
	};

	if (!list_photos()) {
		printf("SKIPPED: no photos at %s; this suite needs them (set FLEET_SHARED)\n", folder);
		return SKIPPED;
	}
	printf("running on the photos of %s\n", folder);
	mem = fl_arena_make((size_t)4 << 30);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	fl_arena_fini(&mem);
	return failed;
}
