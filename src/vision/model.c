/* The network with its description: photos in, calibrated probabilities out. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "vision/net_int.h"
#include "vision/photo_int.h"

enum { SIDE_MAX = 1024, RUN_MAX = 16, FACTS_BYTES_MAX = 256 << 10 };

struct fl_model {
	fl_model_facts facts;
	fl_net *net;
};

/* ---- The description ---- */

static fl_err missing(fl_diag *diag, const char *what)
{
	return fl_fail(diag, FL_BAD_MODEL, "the network's description lacks a usable '%s'", what);
}

static bool read_floats(const fl_json *array, float *out, size_t count)
{
	if (!array || array->type != FL_JSON_ARRAY || array->items.count != count)
		return false;
	const fl_json *item = array->items.first;
	for (size_t i = 0; i < count; i++, item = item->next) {
		out[i] = (float)fl_json_double(item, NAN);
		if (!isfinite(out[i]))
			return false;
	}
	return true;
}

/* Finds each of our labels among the network's. */
static bool read_places(const fl_json *labels, const fl_str *ours, uint8_t *at, size_t count)
{
	if (!labels || labels->type != FL_JSON_ARRAY || labels->items.count != count)
		return false;
	for (size_t k = 0; k < count; k++) {
		size_t i = 0;
		const fl_json *item = labels->items.first;
		while (item && !fl_str_eq_nocase(fl_json_str(item, FL_STR("")), ours[k])) {
			item = item->next;
			i++;
		}
		if (!item)
			return false;
		at[k] = (uint8_t)i;
	}
	return true;
}

static bool read_temperature(const fl_json *output, float *out)
{
	*out = (float)fl_json_double(fl_json_get(output, FL_STR("temperature")), 1.0);
	return isfinite(*out) && *out > 0.01f && *out < 100.0f;
}

/* A head of yes-or-no labels: places, temperature, and thresholds brought into our order. */
static fl_err read_head(const fl_json *output, const char *name, const fl_str *ours, size_t count, uint8_t *at,
                        float *temperature, float *least, fl_diag *diag)
{
	float theirs[FL_MAX(FL_MODEL_PARTS, FL_MODEL_TYPES)];

	if (!read_places(fl_json_get(output, FL_STR("labels")), ours, at, count) || !read_temperature(output, temperature) ||
	    !read_floats(fl_json_get(output, FL_STR("thresholds")), theirs, count))
		return missing(diag, name);
	for (size_t k = 0; k < count; k++)
		least[k] = theirs[at[k]];
	return FL_OK;
}

static fl_err read_input(const fl_json *input, fl_model_facts *f, fl_diag *diag)
{
	static const struct {
		fl_str name;
		int fit;
	} fits[] = { { FL_STR_INIT("squash"), FL_FIT_SQUASH }, { FL_STR_INIT("letterbox"), FL_FIT_LETTERBOX },
		     { FL_STR_INIT("crop"), FL_FIT_CROP } };
	fl_str fit = fl_json_str(fl_json_get(input, FL_STR("fit")), FL_STR("squash"));
	size_t i = 0;

	int64_t side = fl_json_int(fl_json_get(input, FL_STR("size")), 0);
	if (side < 32 || side > SIDE_MAX)
		return missing(diag, "input.size");
	f->side = (int)side;
	if (!read_floats(fl_json_get(input, FL_STR("mean")), f->mean, 3) || !read_floats(fl_json_get(input, FL_STR("std")), f->std, 3) ||
	    f->std[0] <= 0 || f->std[1] <= 0 || f->std[2] <= 0)
		return missing(diag, "input.mean and std");
	while (i < FL_COUNT(fits) && !fl_str_eq(fits[i].name, fit))
		i++;
	if (i == FL_COUNT(fits))
		return missing(diag, "input.fit");
	f->fit = fits[i].fit;
	return FL_OK;
}

static fl_err read_outputs(const fl_json *outputs, fl_model_facts *f, fl_diag *diag)
{
	static const fl_str severities[] = { FL_STR_INIT("minor"), FL_STR_INIT("moderate"), FL_STR_INIT("severe") };
	static const fl_str types[] = { FL_STR_INIT("DENT"), FL_STR_INIT("SCRATCH"), FL_STR_INIT("BROKEN") };
	fl_str parts[FL_MODEL_PARTS];
	const fl_json *severity = fl_json_get(outputs, FL_STR("severity"));

	for (int i = 0; i < FL_MODEL_PARTS; i++)
		parts[i] = fl_vehicle_part_name((fl_vehicle_part)(i + 1));
	if (!read_places(fl_json_get(severity, FL_STR("labels")), severities, f->severity_at, FL_MODEL_SEVERITIES) ||
	    !read_temperature(severity, &f->severity_temperature))
		return missing(diag, "outputs.severity");
	f->severity_min = (float)fl_json_double(fl_json_get(severity, FL_STR("abstain_below")), 0);
	FL_TRY(read_head(fl_json_get(outputs, FL_STR("part")), "outputs.part", parts, FL_MODEL_PARTS, f->part_at,
	                 &f->part_temperature, f->part_min, diag));
	FL_TRY(read_head(fl_json_get(outputs, FL_STR("type")), "outputs.type", types, FL_MODEL_TYPES, f->type_at,
	                 &f->type_temperature, f->type_min, diag));
	if (!read_temperature(fl_json_get(outputs, FL_STR("damaged")), &f->damaged_temperature))
		return missing(diag, "outputs.damaged");
	int64_t len = fl_json_int(fl_json_get(fl_json_get(outputs, FL_STR("embedding")), FL_STR("length")), 0);
	if (len < 1 || len > FL_EMBEDDING_MAX)
		return missing(diag, "outputs.embedding.length");
	f->embedding_len = (int)len;
	return FL_OK;
}

/* "damage-1", from a name and a version that may already begin with it. */
static fl_err read_version(const fl_json *root, fl_arena *mem, fl_model_facts *f, fl_diag *diag)
{
	const fl_json *value = fl_json_get(root, FL_STR("version"));
	fl_str name = fl_json_str(fl_json_get(root, FL_STR("name")), FL_STR("damage"));
	fl_str version = value && value->type == FL_JSON_INT ? fl_str_fmt(mem, "%lld", (long long)value->integer) :
	                                                       fl_json_str(value, FL_STR(""));

	if (version.len == 0 || version.len + name.len + 1 >= sizeof(f->version))
		return missing(diag, "version");
	if (fl_str_starts(version, name))
		name = FL_STR("");
	snprintf(f->version, sizeof(f->version), "%" FL_FMT "%s%" FL_FMT, FL_ARG(name), name.len ? "-" : "", FL_ARG(version));
	if (!fl_str_unhex(fl_json_str(fl_json_get(root, FL_STR("sha256")), FL_STR("")), f->sha256, sizeof(f->sha256)))
		return missing(diag, "sha256");
	return FL_OK;
}

fl_err fl_model_facts_read(fl_str json, fl_diag *diag, fl_model_facts *out)
{
	fl_arena mem = fl_arena_make(FACTS_BYTES_MAX);
	fl_model_facts facts = { 0 };
	const fl_json *root;

	fl_err err = fl_json_parse(&mem, json, &root, diag);
	if (err == FL_BAD_JSON)
		err = fl_fail(diag, FL_BAD_MODEL, "the network's description is not JSON");
	if (err == FL_OK)
		err = read_version(root, &mem, &facts, diag);
	if (err == FL_OK)
		err = read_input(fl_json_get(root, FL_STR("input")), &facts, diag);
	if (err == FL_OK)
		err = read_outputs(fl_json_get(root, FL_STR("outputs")), &facts, diag);
	fl_arena_fini(&mem);
	if (err == FL_OK)
		*out = facts;
	return err;
}

/* ---- Running ---- */

/* The photo at the network's size. A letterbox is gray, which is the mean. */
static fl_err fit_photo(const fl_model_facts *f, const fl_image *photo, fl_arena *mem, fl_image *out)
{
	int width, height, shorter = FL_MIN(photo->width, photo->height);
	fl_image part = *photo, whole;

	if (f->fit == FL_FIT_SQUASH)
		return fl_image_resize(photo, f->side, f->side, mem, out);
	if (f->fit == FL_FIT_LETTERBOX) {
		fl_fit_within(photo->width, photo->height, f->side, &width, &height);
		if (FL_MAX(photo->width, photo->height) < f->side) {
			width = FL_MAX(1, photo->width * f->side / FL_MAX(photo->width, photo->height));
			height = FL_MAX(1, photo->height * f->side / FL_MAX(photo->width, photo->height));
		}
		FL_TRY(fl_image_resize(photo, width, height, mem, &part));
		shorter = f->side;
	}
	/* Crop: the middle square of the photo. Letterbox: the copy in the middle of a square. */
	whole = (fl_image){ shorter, shorter, fl_arena_take(mem, (size_t)shorter * (size_t)shorter * 3) };
	if (!whole.rgb)
		return FL_NOMEM;
	memset(whole.rgb, 116, (size_t)shorter * (size_t)shorter * 3);
	int columns = FL_MIN(shorter, part.width), rows = FL_MIN(shorter, part.height);
	for (int y = 0; y < rows; y++)
		memcpy(whole.rgb + 3 * ((size_t)(y + (shorter - rows) / 2) * (size_t)shorter + (size_t)(shorter - columns) / 2),
		       part.rgb + 3 * ((size_t)(y + (part.height - rows) / 2) * (size_t)part.width + (size_t)(part.width - columns) / 2),
		       (size_t)columns * 3);
	return fl_image_resize(&whole, f->side, f->side, mem, out);
}

/* Pixels to three planes of numbers around 0. */
static void to_planes(const fl_model_facts *f, const fl_image *image, float *out)
{
	size_t count = (size_t)f->side * (size_t)f->side;

	for (size_t c = 0; c < 3; c++)
		for (size_t i = 0; i < count; i++)
			out[c * count + i] = ((float)image->rgb[3 * i + c] / 255.0f - f->mean[c]) / f->std[c];
}

static void softmax(const float *logits, const uint8_t *at, float temperature, int count, float *out)
{
	float largest = -INFINITY, sum = 0;

	for (int i = 0; i < count; i++)
		largest = fmaxf(largest, logits[i]);
	for (int i = 0; i < count; i++)
		sum += out[i] = expf((logits[at[i]] - largest) / temperature);
	for (int i = 0; i < count; i++)
		out[i] /= sum;
}

static float sigmoid(float logit, float temperature)
{
	return 1.0f / (1.0f + expf(-logit / temperature));
}

/* What one run gives, for up to RUN_MAX photos. */
typedef struct outputs {
	float severity[RUN_MAX * FL_MODEL_SEVERITIES], part[RUN_MAX * FL_MODEL_PARTS], type[RUN_MAX * FL_MODEL_TYPES];
	float damaged[RUN_MAX], embedding[RUN_MAX * FL_EMBEDDING_MAX];
} outputs;

static bool to_reading(const fl_model_facts *f, const outputs *o, size_t i, fl_reading *r)
{
	float sum = 0;

	softmax(o->severity + i * FL_MODEL_SEVERITIES, f->severity_at, f->severity_temperature, FL_MODEL_SEVERITIES, r->severity);
	for (int k = 0; k < FL_MODEL_PARTS; k++)
		r->part[k] = sigmoid(o->part[i * FL_MODEL_PARTS + f->part_at[k]], f->part_temperature);
	for (int k = 0; k < FL_MODEL_TYPES; k++)
		r->type[k] = sigmoid(o->type[i * FL_MODEL_TYPES + f->type_at[k]], f->type_temperature);
	r->damaged = sigmoid(o->damaged[i], f->damaged_temperature);
	r->embedding_len = f->embedding_len;
	memcpy(r->embedding, o->embedding + i * (size_t)f->embedding_len, (size_t)f->embedding_len * sizeof(float));
	for (int k = 0; k < FL_MODEL_SEVERITIES; k++)
		sum += r->severity[k];
	for (int k = 0; k < FL_MODEL_PARTS; k++)
		sum += r->part[k];
	for (int k = 0; k < FL_MODEL_TYPES; k++)
		sum += r->type[k];
	for (int k = 0; k < r->embedding_len; k++) {
		r->embedding[k] = FL_MAX(-1.0f, FL_MIN(r->embedding[k], 1.0f));
		sum += r->embedding[k];
	}
	return isfinite(sum + r->damaged);
}

static fl_err run(fl_model *model, const fl_image *photos, size_t count, fl_arena *mem, fl_diag *diag, fl_reading *readings)
{
	const fl_model_facts *f = &model->facts;
	size_t numbers = 3 * (size_t)f->side * (size_t)f->side;
	float *input = fl_new_array(mem, float, count * numbers);
	outputs *o = fl_new(mem, outputs);

	if (!input || !o)
		return FL_NOMEM;
	for (size_t i = 0; i < count; i++) {
		fl_image fitted;
		FL_TRY(fit_photo(f, &photos[i], mem, &fitted));
		to_planes(f, &fitted, input + i * numbers);
	}
	fl_net_output wanted[] = {
		{ "severity", FL_MODEL_SEVERITIES, o->severity }, { "part", FL_MODEL_PARTS, o->part }, { "type", FL_MODEL_TYPES, o->type },
		{ "damaged", 1, o->damaged }, { "embedding", f->embedding_len, o->embedding },
	};
	FL_TRY(fl_net_run(model->net, "photo", input, (int)count, f->side, wanted, FL_COUNT(wanted), diag));
	for (size_t i = 0; i < count; i++)
		if (!to_reading(f, o, i, &readings[i]))
			return fl_fail(diag, FL_BAD_MODEL, "the network answers with numbers that are none");
	return FL_OK;
}

fl_err fl_model_read(fl_model *model, const fl_image *photos, size_t count, fl_diag *diag, fl_reading *readings)
{
	fl_arena mem = fl_arena_make((size_t)512 << 20);
	fl_err err = FL_OK;

	for (size_t i = 0; i < count && err == FL_OK; i += RUN_MAX) {
		err = run(model, photos + i, FL_MIN(count - i, RUN_MAX), &mem, diag, readings + i);
		fl_arena_reset(&mem);
	}
	fl_arena_fini(&mem);
	return err;
}

/* One run on a gray photo: wrong shapes show here, and whatever OpenCV loads late is loaded. */
static fl_err try_out(fl_model *model, fl_diag *diag)
{
	uint8_t pixels[32 * 32 * 3];
	fl_reading reading;

	memset(pixels, 128, sizeof(pixels));
	return fl_model_read(model, &(fl_image){ 32, 32, pixels }, 1, diag, &reading);
}

fl_err fl_model_new(fl_str onnx, fl_str json, fl_diag *diag, fl_model **out)
{
	uint8_t sha256[32];
	fl_model *model = calloc(1, sizeof(*model));

	if (!model)
		return FL_NOMEM;
	fl_err err = fl_model_facts_read(json, diag, &model->facts);
	fl_photo_sha256(onnx, sha256);
	if (err == FL_OK && memcmp(sha256, model->facts.sha256, sizeof(sha256)) != 0)
		err = fl_fail(diag, FL_BAD_MODEL, "the network is not the one that its description is about (sha256 differs)");
	if (err == FL_OK)
		err = fl_net_new(onnx.ptr, onnx.len, diag, &model->net);
	if (err == FL_OK)
		err = try_out(model, diag);
	if (err != FL_OK) {
		fl_model_free(model);
		return err;
	}
	*out = model;
	return FL_OK;
}

void fl_model_free(fl_model *model)
{
	if (!model)
		return;
	fl_net_free(model->net);
	free(model);
}

const fl_model_facts *fl_model_facts_of(const fl_model *model)
{
	return &model->facts;
}
