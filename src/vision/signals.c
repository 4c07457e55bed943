/* Signs in the photo itself that its story may not be true. None is proof; each says what was found and leaves the
 * judgement to people. */
#include "vision/vision.h"

enum { SIGNALS_MAX = 4 };

/* Programs that change what a picture shows. Cameras and phones also name their software, so only these count. */
static const struct {
	const char *name;
	float score;
} editors[] = {
	{ "photoshop", 0.7f }, { "gimp", 0.7f },       { "affinity", 0.7f },  { "pixelmator", 0.7f },
	{ "facetune", 0.8f },  { "snapseed", 0.5f },   { "picsart", 0.7f },   { "paint.net", 0.7f },
	{ "canva", 0.6f },     { "lightroom", 0.3f },  { "capture one", 0.3f }, { "darktable", 0.3f },
	{ "midjourney", 0.9f }, { "dall-e", 0.9f },    { "stable diffusion", 0.9f }, { "firefly", 0.9f },
	{ "luminar", 0.5f },   { "acdsee", 0.4f },     { "paintshop", 0.7f }, { "photopea", 0.7f },
};

static bool contains_nocase(fl_str text, fl_str part)
{
	for (size_t i = 0; i + part.len <= text.len; i++)
		if (fl_str_eq_nocase(fl_str_slice(text, i, i + part.len), part))
			return true;
	return false;
}

static fl_str span(int64_t us, fl_arena *mem)
{
	if (us >= 2 * FL_DAY_US)
		return fl_str_fmt(mem, "%lld days", (long long)(us / FL_DAY_US));
	if (us >= 2 * FL_HOUR_US)
		return fl_str_fmt(mem, "%lld hours", (long long)(us / FL_HOUR_US));
	return fl_str_fmt(mem, "%lld minutes", (long long)(us / FL_MINUTE_US));
}

/* A camera without a zone may be up to 14 hours off, and clocks run wrong by minutes. */
static int64_t slack(const fl_photo_header *header)
{
	return header->has_zone ? 10 * FL_MINUTE_US : 14 * FL_HOUR_US;
}

static void check_time(const fl_photo_header *header, int64_t incident_at, int64_t reported_at, fl_arena *mem,
                       fl_photo_signal *out, size_t *count)
{
	int64_t early = incident_at - slack(header) - header->taken_at;
	int64_t late = header->taken_at - slack(header) - reported_at;

	if (!header->has_taken_at)
		return;
	if (late > 0)
		out[(*count)++] = (fl_photo_signal){ FL_FRAUD_CAPTURE_TIME, 0.6f,
			fl_str_fmt(mem, "the camera dates the photo %" FL_FMT " after it was reported: its clock is wrong, or the time was changed",
			           FL_ARG(span(late + slack(header), mem))) };
	else if (early > FL_DAY_US)
		out[(*count)++] = (fl_photo_signal){ FL_FRAUD_CAPTURE_TIME, early > 30 * FL_DAY_US ? 0.8f : 0.6f,
			fl_str_fmt(mem, "the camera dates the photo %" FL_FMT " before the incident: it may show older damage",
			           FL_ARG(span(early + slack(header), mem))) };
}

static void check_software(const fl_photo_header *header, fl_arena *mem, fl_photo_signal *out, size_t *count)
{
	fl_str software = fl_str_z(header->software);

	for (size_t i = 0; i < FL_COUNT(editors); i++)
		if (contains_nocase(software, fl_str_z(editors[i].name))) {
			out[(*count)++] = (fl_photo_signal){ FL_FRAUD_EDITED, editors[i].score,
				fl_str_fmt(mem, "the file was saved by editing software (%" FL_FMT ")", FL_ARG(software)) };
			return;
		}
}

fl_err fl_photo_signals(const fl_photo_header *header, int64_t incident_at, int64_t reported_at, fl_arena *mem,
                        fl_photo_signal **out, size_t *count)
{
	fl_photo_signal *signals = fl_new_array(mem, fl_photo_signal, SIGNALS_MAX);
	size_t n = 0;

	if (!signals)
		return FL_NOMEM;
	check_time(header, incident_at, reported_at, mem, signals, &n);
	check_software(header, mem, signals, &n);
	for (size_t i = 0; i < n; i++)
		if (!signals[i].message.ptr)
			return FL_NOMEM;
	*out = signals;
	*count = n;
	return FL_OK;
}
