/* The words between pool and child; see wire_int.h. */
#include <math.h>

#include "worker/wire_int.h"

#define REQUEST_MAGIC 0x51574c46u /* "FLWQ" */
#define ANSWER_MAGIC 0x41574c46u  /* "FLWA" */

static void put_u32(uint8_t *p, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> (8 * i));
}

static void put_u64(uint8_t *p, uint64_t n)
{
	put_u32(p, (uint32_t)n);
	put_u32(p + 4, (uint32_t)(n >> 32));
}

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static uint64_t get_u64(const uint8_t *p)
{
	return (uint64_t)get_u32(p + 4) << 32 | get_u32(p);
}

void fl_wire_put_request(const fl_wire_request *request, uint8_t out[FL_WIRE_REQUEST_BYTES])
{
	memset(out, 0, FL_WIRE_REQUEST_BYTES);
	put_u32(out, REQUEST_MAGIC);
	out[4] = (uint8_t)request->op;
	put_u64(out + 8, request->job);
	put_u64(out + 16, request->argument);
}

bool fl_wire_get_request(const uint8_t in[FL_WIRE_REQUEST_BYTES], fl_wire_request *out)
{
	if (get_u32(in) != REQUEST_MAGIC || in[4] < FL_WIRE_SETUP || in[4] >= FL_WIRE_OPS || in[5] || in[6] || in[7])
		return false;
	*out = (fl_wire_request){ .op = in[4], .job = get_u64(in + 8), .argument = get_u64(in + 16) };
	return true;
}

void fl_wire_put_answer(const fl_wire_answer *answer, uint8_t out[FL_WIRE_ANSWER_BYTES])
{
	assert(answer->body_len <= FL_WIRE_BODY_MAX);
	memset(out, 0, FL_WIRE_ANSWER_BYTES);
	put_u32(out, ANSWER_MAGIC);
	out[4] = (uint8_t)answer->err;
	out[5] = (uint8_t)answer->op;
	put_u64(out + 8, answer->job);
	put_u32(out + 16, answer->body_len);
}

/* The failures that a child may report; it has no say in any other. */
static bool may_fail_with(fl_err err)
{
	return err == FL_OK || err == FL_BAD_IMAGE || err == FL_BAD_MODEL || err == FL_NOMEM || err == FL_IO;
}

bool fl_wire_get_answer(const uint8_t in[FL_WIRE_ANSWER_BYTES], fl_wire_answer *out)
{
	fl_wire_answer answer = { .err = in[4], .op = in[5], .job = get_u64(in + 8), .body_len = get_u32(in + 16) };

	if (get_u32(in) != ANSWER_MAGIC || !may_fail_with(answer.err) || in[5] < FL_WIRE_SETUP || in[5] >= FL_WIRE_OPS ||
	    in[6] || in[7] || get_u32(in + 20) || answer.body_len > FL_WIRE_BODY_MAX)
		return false;
	if (answer.err != FL_OK && answer.body_len >= sizeof(((fl_diag *)0)->text))
		return false;
	*out = answer;
	return true;
}

/* ---- Bodies ---- */

/* A place in a body; `good` turns false at the first read past its end and stays so. */
typedef struct cursor {
	fl_str rest;
	bool good;
} cursor;

static const uint8_t *take(cursor *c, size_t len)
{
	static const uint8_t zeros[64];
	const uint8_t *p = (const uint8_t *)c->rest.ptr;

	if (len > c->rest.len) {
		c->good = false;
		assert(len <= sizeof(zeros));
		return zeros;
	}
	c->rest = fl_str_slice(c->rest, len, c->rest.len);
	return p;
}

static int take_int(cursor *c, int least, int most)
{
	int32_t n = (int32_t)get_u32(take(c, 4));

	c->good = c->good && n >= least && n <= most;
	return n;
}

static float take_float(cursor *c, float least, float most)
{
	uint32_t bits = get_u32(take(c, 4));
	float f;

	memcpy(&f, &bits, sizeof(f));
	c->good = c->good && isfinite(f) && f >= least && f <= most;
	return f;
}

static bool take_bool(cursor *c)
{
	return take_int(c, 0, 1) == 1;
}

static int64_t take_time(cursor *c)
{
	return (int64_t)get_u64(take(c, 8));
}

static void take_bytes(cursor *c, void *out, size_t len)
{
	memcpy(out, take(c, len), len);
}

/* Printable ASCII that ends with a NUL inside its field. */
static void take_text(cursor *c, char *out, size_t size)
{
	take_bytes(c, out, size);
	size_t len = strnlen(out, size);
	c->good = c->good && len < size;
	for (size_t i = 0; i < len && c->good; i++)
		c->good = out[i] >= ' ' && out[i] <= '~';
	if (!c->good)
		out[0] = '\0';
}

static fl_str take_jpeg(cursor *c, size_t len_max)
{
	size_t len = (size_t)take_int(c, 4, (int)len_max);

	if (!c->good || len > c->rest.len || memcmp(c->rest.ptr, "\xff\xd8\xff", 3) != 0) {
		c->good = false;
		return (fl_str){ "", 0 };
	}
	return fl_str_make(take(c, len), len);
}

static void add_int(fl_buf *out, int64_t n)
{
	uint8_t bytes[4];

	assert(n >= INT32_MIN && n <= INT32_MAX);
	put_u32(bytes, (uint32_t)(int32_t)n);
	fl_buf_add(out, bytes, sizeof(bytes));
}

static void add_float(fl_buf *out, float f)
{
	uint32_t bits;
	uint8_t bytes[4];

	memcpy(&bits, &f, sizeof(bits));
	put_u32(bytes, bits);
	fl_buf_add(out, bytes, sizeof(bytes));
}

static void add_time(fl_buf *out, int64_t time)
{
	uint8_t bytes[8];

	put_u64(bytes, (uint64_t)time);
	fl_buf_add(out, bytes, sizeof(bytes));
}

void fl_wire_put_photo(const fl_photo *photo, fl_buf *out)
{
	const fl_photo_header *h = &photo->header;

	add_int(out, h->format);
	add_int(out, h->width);
	add_int(out, h->height);
	add_int(out, h->orientation);
	add_int(out, h->has_taken_at);
	add_int(out, h->has_zone);
	add_time(out, h->taken_at);
	fl_buf_add(out, h->software, sizeof(h->software));
	fl_buf_add(out, h->camera, sizeof(h->camera));
	add_int(out, h->has_place);
	add_int(out, (int64_t)(h->latitude * 1e7));
	add_int(out, (int64_t)(h->longitude * 1e7));
	add_int(out, photo->width);
	add_int(out, photo->height);
	add_int(out, (int64_t)photo->size_bytes);
	fl_buf_add(out, photo->sha256, sizeof(photo->sha256));
	fl_buf_add(out, photo->phash.bits, sizeof(photo->phash.bits));
	fl_buf_add(out, photo->phash_mirrored.bits, sizeof(photo->phash_mirrored.bits));
	add_float(out, photo->sharpness);
	add_float(out, photo->brightness);
	add_int(out, photo->problems);
	add_int(out, (int64_t)photo->view.len);
	fl_buf_str(out, photo->view);
	add_int(out, (int64_t)photo->thumb.len);
	fl_buf_str(out, photo->thumb);
}

static void take_header(cursor *c, fl_photo_header *h)
{
	h->format = (fl_photo_format)take_int(c, FL_PHOTO_JPEG, FL_PHOTO_HEIC);
	h->width = take_int(c, FL_PHOTO_SIDE_MIN, FL_PHOTO_SIDE_MAX);
	h->height = take_int(c, FL_PHOTO_SIDE_MIN, FL_PHOTO_SIDE_MAX);
	h->orientation = take_int(c, 1, 8);
	h->has_taken_at = take_bool(c);
	h->has_zone = take_bool(c);
	h->taken_at = take_time(c);
	take_text(c, h->software, sizeof(h->software));
	take_text(c, h->camera, sizeof(h->camera));
	h->has_place = take_bool(c);
	h->latitude = take_int(c, -900000000, 900000000) / 1e7;
	h->longitude = take_int(c, -1800000000, 1800000000) / 1e7;
	c->good = c->good && h->taken_at >= 0 && h->taken_at < 300 * 366 * FL_DAY_US &&
	          (int64_t)h->width * h->height <= FL_PHOTO_PIXELS_MAX;
}

bool fl_wire_get_photo(fl_str body, fl_photo *out)
{
	cursor c = { body, true };
	fl_photo photo = { 0 };

	take_header(&c, &photo.header);
	photo.width = take_int(&c, FL_PHOTO_SIDE_MIN, FL_PHOTO_SIDE_MAX);
	photo.height = take_int(&c, FL_PHOTO_SIDE_MIN, FL_PHOTO_SIDE_MAX);
	photo.size_bytes = (size_t)take_int(&c, 1, (int)FL_PHOTO_BYTES_MAX);
	take_bytes(&c, photo.sha256, sizeof(photo.sha256));
	take_bytes(&c, photo.phash.bits, sizeof(photo.phash.bits));
	take_bytes(&c, photo.phash_mirrored.bits, sizeof(photo.phash_mirrored.bits));
	photo.sharpness = take_float(&c, 0, 1);
	photo.brightness = take_float(&c, 0, 1);
	photo.problems = (unsigned)take_int(&c, 0, 15);
	photo.view = take_jpeg(&c, FL_WIRE_VIEW_MAX);
	photo.thumb = take_jpeg(&c, FL_WIRE_THUMB_MAX);
	if (!c.good || c.rest.len != 0 || (int64_t)photo.width * photo.height > FL_PHOTO_PIXELS_MAX)
		return false;
	*out = photo;
	return true;
}

static void add_floats(fl_buf *out, const float *floats, int count)
{
	for (int i = 0; i < count; i++)
		add_float(out, floats[i]);
}

static void take_floats(cursor *c, float *floats, int count, float least)
{
	for (int i = 0; i < count; i++)
		floats[i] = take_float(c, least, 1);
}

void fl_wire_put_reading(const fl_reading *reading, fl_buf *out)
{
	add_float(out, reading->damaged);
	add_floats(out, reading->severity, FL_MODEL_SEVERITIES);
	add_floats(out, reading->part, FL_MODEL_PARTS);
	add_floats(out, reading->type, FL_MODEL_TYPES);
	add_int(out, reading->embedding_len);
	add_floats(out, reading->embedding, reading->embedding_len);
}

bool fl_wire_get_reading(fl_str body, fl_reading *out)
{
	cursor c = { body, true };
	fl_reading reading = { 0 };

	reading.damaged = take_float(&c, 0, 1);
	take_floats(&c, reading.severity, FL_MODEL_SEVERITIES, 0);
	take_floats(&c, reading.part, FL_MODEL_PARTS, 0);
	take_floats(&c, reading.type, FL_MODEL_TYPES, 0);
	reading.embedding_len = take_int(&c, 0, FL_EMBEDDING_MAX);
	if (!c.good)
		return false;
	take_floats(&c, reading.embedding, reading.embedding_len, -1);
	if (!c.good || c.rest.len != 0)
		return false;
	*out = reading;
	return true;
}
