/* vision: a network whose answers can be computed by hand, the shipped network, similar cases, matching of pictures. */
#include "vision/vision.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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

static fl_str file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *bytes = fl_arena_take(&mem, 16 << 20);

	if (!f)
		fail_msg("%s is missing", path);
	size_t len = fread(bytes, 1, 16 << 20, f);
	fclose(f);
	return fl_str_make(bytes, len);
}

static fl_str tiny_onnx(void)
{
	return file(SOURCE_ROOT "/tests/unit/vision/tiny.onnx");
}
static fl_str tiny_json(void)
{
	return file(SOURCE_ROOT "/tests/unit/vision/tiny.json");
}

static fl_image plain(int width, int height, uint8_t r, uint8_t g, uint8_t b)
{
	fl_image image = { width, height, fl_arena_array(&mem, (size_t)width * (size_t)height, 3) };

	for (int i = 0; i < width * height; i++)
		memcpy(image.rgb + 3 * i, (uint8_t[]){ r, g, b }, 3);
	return image;
}

/* The linear maps of tiny.py. */
static double tiny_logit(int head, int k, const double x[3])
{
	double sum = (k + head) / 10.0;

	for (int c = 0; c < 3; c++)
		sum += ((k * 3 + c + head) % 7 - 3) / 4.0 * x[c];
	return sum;
}

static double sigmoid(double logit)
{
	return 1 / (1 + exp(-logit));
}

static void reads_as_computed(void **state)
{
	fl_model *model;
	fl_reading readings[3];
	fl_image photos[3] = { plain(100, 60, 255, 10, 80), plain(33, 70, 0, 200, 30), plain(16, 16, 90, 91, 92) };

	assert_int_equal(fl_model_new(tiny_onnx(), tiny_json(), &diag, &model), FL_OK);
	assert_string_equal(fl_model_facts_of(model)->version, "tiny-1");
	assert_int_equal(fl_model_read(model, photos, 3, &diag, readings), FL_OK);
	for (int i = 0; i < 3; i++) {
		const uint8_t *p = photos[i].rgb;
		double x[3] = { (p[0] / 255.0 - 0.5) / 0.25, (p[1] / 255.0 - 0.4) / 0.5, p[2] / 255.0 - 0.3 }, sum = 0;
		for (int k = 0; k < 3; k++)
			sum += exp(tiny_logit(0, k, x) / 2);
		/* The network says severe, minor, moderate. */
		assert_float_equal(readings[i].severity[0], exp(tiny_logit(0, 1, x) / 2) / sum, 1e-4);
		assert_float_equal(readings[i].severity[1], exp(tiny_logit(0, 2, x) / 2) / sum, 1e-4);
		assert_float_equal(readings[i].severity[2], exp(tiny_logit(0, 0, x) / 2) / sum, 1e-4);
		assert_float_equal(readings[i].part[FL_PART_WINDSHIELD - 1], sigmoid(tiny_logit(1, 0, x) / 0.5), 1e-4);
		assert_float_equal(readings[i].part[FL_PART_HOOD - 1], sigmoid(tiny_logit(1, 1, x) / 0.5), 1e-4);
		assert_float_equal(readings[i].type[2], sigmoid(tiny_logit(2, 2, x)), 1e-4);
		assert_float_equal(readings[i].damaged, sigmoid(tiny_logit(3, 0, x)), 1e-4);
		double norm = 0;
		assert_int_equal(readings[i].embedding_len, 8);
		for (int k = 0; k < 8; k++)
			norm += pow(tiny_logit(4, k, x), 2);
		for (int k = 0; k < 8; k++)
			assert_float_equal(readings[i].embedding[k], tiny_logit(4, k, x) / sqrt(norm), 1e-4);
	}
	const fl_model_facts *facts = fl_model_facts_of(model);
	assert_float_equal(facts->part_min[FL_PART_WINDSHIELD - 1], 0.1f, 1e-6);
	assert_float_equal(facts->part_min[FL_PART_HOOD - 1], 0.2f, 1e-6);
	fl_model_free(model);
}

static fl_str replaced(fl_str text, const char *what, const char *by)
{
	ptrdiff_t at = fl_str_find(text, fl_str_z(what));

	assert_true(at >= 0);
	return fl_str_fmt(&mem, "%" FL_FMT "%s%" FL_FMT, FL_ARG(fl_str_slice(text, 0, (size_t)at)), by,
	                  FL_ARG(fl_str_slice(text, (size_t)at + strlen(what), text.len)));
}

static void refuses_what_does_not_fit(void **state)
{
	static const struct {
		const char *what, *by, *says;
	} cases[] = {
		{ "\"size\": 32", "\"size\": 0", "input.size" },
		{ "\"squash\"", "\"stretch\"", "input.fit" },
		{ "[0.25, 0.5, 1.0]", "[0.25, 0.5]", "mean and std" },
		{ "\"moderate\"", "\"medium\"", "outputs.severity" },
		{ "\"FENDER\"", "\"WING\"", "outputs.part" },
		{ "[0.5, 0.6, 0.7]", "[0.5, 0.6]", "outputs.type" },
		{ "\"length\": 8", "\"length\": 9999", "embedding" },
		{ "\"sha256\": \"", "\"sha256\": \"zz", "sha256" },
		{ "\"version\": 1", "\"version\": \"\"", "version" },
		{ "{", "[", "not JSON" },
	};
	fl_model_facts facts;
	fl_model *model;

	for (size_t i = 0; i < FL_COUNT(cases); i++) {
		assert_int_equal(fl_model_facts_read(replaced(tiny_json(), cases[i].what, cases[i].by), &diag, &facts), FL_BAD_MODEL);
		assert_non_null(strstr(diag.text, cases[i].says));
	}
	/* Another network than described. */
	assert_int_equal(fl_model_new(FL_STR("not a network"), tiny_json(), &diag, &model), FL_BAD_MODEL);
	assert_non_null(strstr(diag.text, "sha256 differs"));
	/* The described network, with other shapes than described. */
	assert_int_equal(fl_model_new(tiny_onnx(), replaced(tiny_json(), "\"length\": 8", "\"length\": 9"), &diag, &model), FL_BAD_MODEL);
	assert_non_null(strstr(diag.text, "'embedding' has 8 numbers"));
	/* Bytes that OpenCV chokes on. */
	uint8_t sha256[32];
	fl_str junk = FL_STR("\x08\x07\x12\x03xxx\x3a\x05junk!");
	fl_photo_sha256(junk, sha256);
	fl_str theirs = fl_str_hex(&mem, sha256, 32);
	ptrdiff_t at = fl_str_find(tiny_json(), FL_STR("\"sha256\": \"")) + 11;
	fl_str json = fl_str_dup(&mem, tiny_json());
	memcpy((char *)json.ptr + at, theirs.ptr, 64);
	assert_int_equal(fl_model_new(junk, json, &diag, &model), FL_BAD_MODEL);
}

static fl_image draw(uint64_t seed)
{
	fl_scene scene = fl_scene_random(seed);
	fl_image image;

	scene.width = 800;
	scene.height = 600;
	assert_int_equal(fl_scene_draw(&scene, &mem, &image), FL_OK);
	return image;
}

static void shipped_network_is_sound(void **state)
{
	enum { PHOTOS = 5 };
	fl_model *model;
	fl_image photos[PHOTOS];
	fl_reading together[PHOTOS], alone;

	fl_err err = fl_model_new(file(SOURCE_ROOT "/models/damage.onnx"), file(SOURCE_ROOT "/models/damage.json"), &diag, &model);
	if (err != FL_OK)
		fail_msg("%s", fl_diag_text(&diag, err));
	for (uint64_t i = 0; i < PHOTOS; i++)
		photos[i] = draw(i);
	assert_int_equal(fl_model_read(model, photos, PHOTOS, &diag, together), FL_OK);
	for (int i = 0; i < PHOTOS; i++) {
		float sum = 0, norm = 0;
		assert_int_equal(fl_model_read(model, &photos[i], 1, &diag, &alone), FL_OK);
		for (int k = 0; k < FL_MODEL_SEVERITIES; k++) {
			assert_float_equal(alone.severity[k], together[i].severity[k], 1e-3);
			sum += alone.severity[k];
		}
		for (int k = 0; k < alone.embedding_len; k++)
			norm += alone.embedding[k] * alone.embedding[k];
		assert_float_equal(sum, 1, 1e-4);
		assert_float_equal(norm, 1, 1e-3);
	}
	fl_model_free(model);
}

/* ---- Similar ---- */

static void finds_the_most_alike(void **state)
{
	enum { ROWS = 500, LEN = 100, WANT = 7 };
	static int8_t packed[ROWS * LEN];
	static float rows[ROWS][LEN], scales[ROWS];
	fl_similar_hit hits[WANT];
	int8_t query[LEN];

	srand(5);
	for (int i = 0; i < ROWS; i++) {
		float norm = 0;
		for (int k = 0; k < LEN; k++) {
			rows[i][k] = (float)rand() / (float)RAND_MAX - 0.5f;
			norm += rows[i][k] * rows[i][k];
		}
		for (int k = 0; k < LEN; k++)
			rows[i][k] /= sqrtf(norm);
		scales[i] = fl_embedding_pack(rows[i], LEN, packed + i * LEN);
	}
	float scale = fl_embedding_pack(rows[123], LEN, query);
	assert_int_equal(fl_similar_scan(query, scale, packed, scales, ROWS, LEN, hits, WANT), WANT);
	assert_int_equal(hits[0].index, 123);
	assert_float_equal(hits[0].similarity, 1, 0.01);
	for (int h = 0; h < WANT; h++) {
		float exact = 0;
		for (int k = 0; k < LEN; k++)
			exact += rows[123][k] * rows[hits[h].index][k];
		assert_float_equal(hits[h].similarity, exact, 0.01);
		assert_true(h == 0 || hits[h].similarity <= hits[h - 1].similarity);
	}
	assert_int_equal(fl_similar_scan(query, scale, packed, scales, 3, LEN, hits, WANT), 3);
	assert_int_equal(fl_similar_scan(query, scale, packed, scales, 0, LEN, hits, WANT), 0);
	assert_int_equal(fl_similar_scan(query, scale, packed, scales, 3, LEN, hits, 0), 0);
}

static fl_image cropped(const fl_image *image, int percent)
{
	int dx = image->width * percent / 100, dy = image->height * percent / 100;
	fl_image out = plain(image->width - 2 * dx, image->height - 2 * dy, 0, 0, 0);

	for (int y = 0; y < out.height; y++)
		memcpy(out.rgb + 3 * (size_t)y * (size_t)out.width, image->rgb + 3 * ((size_t)(y + dy) * (size_t)image->width + (size_t)dx),
		       3 * (size_t)out.width);
	return out;
}

static void matches_cropped_and_mirrored(void **state)
{
	fl_image image = draw(12), other = draw(44), crop = cropped(&image, 15), mirrored;
	int inliers;

	assert_int_equal(fl_image_orient(&crop, 2, &mem, &mirrored), FL_OK);
	assert_int_equal(fl_image_match(&image, &crop, &diag, &inliers), FL_OK);
	assert_true(inliers >= 40);
	assert_int_equal(fl_image_match(&image, &mirrored, &diag, &inliers), FL_OK);
	assert_true(inliers >= 40);
	assert_int_equal(fl_image_match(&image, &other, &diag, &inliers), FL_OK);
	assert_true(inliers < 20);
	fl_image blank = plain(300, 200, 9, 9, 9);
	assert_int_equal(fl_image_match(&image, &blank, &diag, &inliers), FL_OK);
	assert_int_equal(inliers, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_open, arena_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_as_computed), TEST(refuses_what_does_not_fit), TEST(shipped_network_is_sound), TEST(finds_the_most_alike),
		TEST(matches_cropped_and_mirrored),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
