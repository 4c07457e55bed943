#include "page/words.h"

#include <math.h>

const word words_status[WORDS_STATUSES] = {
	WORD("REPORTED", "Assessing"),
	WORD("ASSESSED", "To decide"),
	WORD("APPROVED", "Approved"),
	WORD("IN_REPAIR", "In repair"),
	WORD("COMPLETED", "Completed"),
	WORD("REJECTED", "Rejected"),
};

const word words_severity[WORDS_SEVERITIES] = {
	WORD("COSMETIC", "Cosmetic"),
	WORD("MINOR", "Minor"),
	WORD("MODERATE", "Moderate"),
	WORD("MAJOR", "Major"),
	WORD("CRITICAL", "Critical"),
	WORD("TOTAL_LOSS", "Total loss"),
};

const fl_str words_severity_meaning[WORDS_SEVERITIES] = {
	FL_STR_INIT("Looks only: light scratches, scuffs."),
	FL_STR_INIT("Small dents and scratches; safe to drive."),
	FL_STR_INIT("Parts need repair."),
	FL_STR_INIT("Parts need replacing."),
	FL_STR_INIT("Unsafe to drive."),
	FL_STR_INIT("Repair costs more than the vehicle is worth."),
};

static const word types[] = {
	WORD("COLLISION", "Collision"),
	WORD("VANDALISM", "Vandalism"),
	WORD("WEATHER", "Weather"),
	WORD("WEAR_TEAR", "Wear and tear"),
	WORD("MECHANICAL", "Mechanical"),
	WORD("GLASS", "Glass"),
	WORD("TIRE", "Tyre or wheel"),
	WORD("INTERIOR", "Interior"),
	WORD("THEFT", "Theft"),
	WORD("FIRE", "Fire"),
	WORD("FLOOD", "Flood"),
	WORD("OTHER", "Other"),
};

static const word parts[] = {
	WORD("HOOD", "Hood"),
	WORD("BUMPER", "Bumper"),
	WORD("TRUNK", "Trunk or tailgate"),
	WORD("DOOR", "Door"),
	WORD("FENDER", "Fender"),
	WORD("LIGHT", "Light"),
	WORD("WINDSHIELD", "Windscreen or rear window"),
};

static const word signs_of_fraud[] = {
	WORD("SAME_FILE", "Same file sent before"),
	WORD("SAME_PICTURE", "Same picture sent before"),
	WORD("MIRRORED_PICTURE", "Mirrored picture sent before"),
	WORD("CAPTURE_TIME", "Time of capture does not fit"),
	WORD("EDITED", "Saved by editing software"),
};

static const word roles[] = {
	WORD("DRIVER", "Driver"),
	WORD("MANAGER", "Manager"),
	WORD("AUDITOR", "Auditor"),
	WORD("ADMIN", "Administrator"),
};

static const word currency_signs[] = {
	WORD("EUR", "€"),
	WORD("USD", "$"),
	WORD("GBP", "£"),
};

static int index_of(const word *words, size_t count, fl_str code)
{
	for (size_t i = 0; i < count; i++) {
		if (fl_str_eq(words[i].code, code))
			return (int)i;
	}
	return -1;
}

fl_str words_text(const word *words, size_t count, fl_str code)
{
	int i = index_of(words, count, code);

	return i < 0 ? code : words[i].text;
}

fl_str words_of_status(fl_str code)
{
	return WORDS_TEXT(words_status, code);
}

fl_str words_of_severity(fl_str code)
{
	return WORDS_TEXT(words_severity, code);
}

fl_str words_of_type(fl_str code)
{
	return WORDS_TEXT(types, code);
}

fl_str words_of_part(fl_str code)
{
	return WORDS_TEXT(parts, code);
}

fl_str words_of_signal(fl_str code)
{
	return WORDS_TEXT(signs_of_fraud, code);
}

fl_str words_of_role(fl_str code)
{
	return WORDS_TEXT(roles, code);
}

int words_severity_index(fl_str code)
{
	return index_of(words_severity, FL_COUNT(words_severity), code);
}

bool words_is_status(fl_str code)
{
	return index_of(words_status, FL_COUNT(words_status), code) >= 0;
}

static fl_str grouped(fl_arena *mem, int64_t units)
{
	char text[32];
	size_t at = sizeof text;
	unsigned digits = 0;

	do {
		if (digits > 0 && digits % 3 == 0)
			text[--at] = ',';
		text[--at] = (char)('0' + units % 10);
		digits++;
		units /= 10;
	} while (units > 0);
	return fl_str_dup(mem, fl_str_make(text + at, sizeof text - at));
}

fl_str words_money(fl_arena *mem, fl_str amount, fl_str currency, bool cents)
{
	bool negative = fl_str_starts(amount, FL_STR("-"));
	fl_str fraction;
	fl_str whole = fl_str_cut(fl_str_slice(amount, negative, amount.len), '.', &fraction);
	int sign = index_of(currency_signs, FL_COUNT(currency_signs), currency);
	int64_t units;

	if (!fl_str_i64(whole, &units) || units < 0)
		return amount;
	if (!cents && fraction.len > 0 && fraction.ptr[0] >= '5')
		units++;
	fl_str text = fl_str_fmt(mem, "%s%" FL_FMT "%s%" FL_FMT, negative ? "-" : "",
		FL_ARG(sign < 0 ? currency : currency_signs[sign].text), sign < 0 ? " " : "", FL_ARG(grouped(mem, units)));
	if (!cents)
		return text;
	return fl_str_fmt(mem, "%" FL_FMT ".%c%c", FL_ARG(text), fraction.len > 0 ? fraction.ptr[0] : '0',
		fraction.len > 1 ? fraction.ptr[1] : '0');
}

fl_str words_percent(fl_arena *mem, double share)
{
	return fl_str_fmt(mem, "%ld %%", lround(share * 100));
}

fl_str words_sureness(double share)
{
	return share >= 0.85 ? FL_STR("sure") : share >= 0.6 ? FL_STR("fairly sure") : FL_STR("unsure");
}

fl_str words_hours(fl_arena *mem, double hours)
{
	double tenths = round(hours * 10) / 10;

	if (hours >= 10 || tenths == floor(tenths))
		return fl_str_fmt(mem, "%ld", lround(hours));
	return fl_str_fmt(mem, "%.1f", tenths);
}

fl_str words_size(fl_arena *mem, int64_t bytes)
{
	if (bytes >= 1000000)
		return fl_str_fmt(mem, "%.1f MB", (double)bytes / 1e6);
	return fl_str_fmt(mem, "%ld kB", FL_MAX(1, lround((double)bytes / 1e3)));
}

static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

fl_str words_ago(fl_arena *mem, int64_t at_us, int64_t now_us)
{
	long seconds = (long)FL_MAX(0, (now_us - at_us) / FL_SECOND_US);
	fl_civil civil;

	if (seconds < 60)
		return FL_STR("just now");
	if (seconds < 3600)
		return fl_str_fmt(mem, "%ld min ago", seconds / 60);
	if (seconds < 86400)
		return fl_str_fmt(mem, "%ld h ago", seconds / 3600);
	if (seconds < 7 * 86400)
		return fl_str_fmt(mem, "%ld d ago", seconds / 86400);
	civil = fl_time_civil(at_us);
	return fl_str_fmt(mem, "%d %s %d", civil.day, months[civil.month - 1], civil.year);
}

fl_str words_day_time(fl_arena *mem, int64_t at_us)
{
	fl_civil civil = fl_time_civil(at_us);

	return fl_str_fmt(mem, "%d %s %d, %02d:%02d UTC", civil.day, months[civil.month - 1], civil.year, civil.hour,
		civil.minute);
}
