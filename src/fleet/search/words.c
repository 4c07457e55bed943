#include "fleet/search/words.h"

static const int64_t FIRST_SPAN_US = 7 * FL_DAY_US;
enum { WIDER = 4, WINDOWS_MAX = 5 };

fl_window fl_window_of(int64_t from_us, int64_t to_us, const fl_uuid *after)
{
	fl_window w = { .least_us = from_us, .span_us = FIRST_SPAN_US };

	memset(w.high.bytes, 0xff, sizeof w.high.bytes);
	if (to_us)
		w.high = fl_uuid7_floor(to_us);
	if (after && fl_uuid_cmp(*after, w.high) < 0)
		w.high = *after;
	w.from_us = FL_MIN(fl_uuid7_time_us(w.high), fl_now_us());
	return w;
}

/* How far back from here: half as far again as would do at the pace of the last window. */
static int64_t next_span(const fl_window *w, size_t wanted)
{
	const double found = (double)(w->wanted - wanted), most = (double)WIDER * (double)w->span_us;
	const double enough = found > 0 ? 1.5 * (double)w->span_us * (double)wanted / found : most;

	return (int64_t)FL_MIN(FL_MAX(enough, (double)FIRST_SPAN_US), most);
}

bool fl_window_next(fl_window *w, size_t wanted)
{
	if (w->number > 0) {
		if (w->from_us <= w->least_us)
			return false;
		w->high = fl_uuid7_floor(w->from_us);
		w->span_us = next_span(w, wanted);
	}
	w->wanted = wanted;
	w->from_us = ++w->number < WINDOWS_MAX ? FL_MAX(w->from_us - w->span_us, w->least_us) : w->least_us;
	return true;
}
