#include "base/base.h"

#include <stdio.h>
#include <time.h>

static int64_t clock_us(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return t.tv_sec * FL_SECOND_US + t.tv_nsec / 1000;
}

int64_t fl_now_us(void)
{
	return clock_us(CLOCK_REALTIME);
}

int64_t fl_mono_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

/* Days since 1970-01-01 of a proleptic Gregorian date, by counting years from March so that the leap day comes last. */
static int64_t days_from_date(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

fl_civil fl_time_civil(int64_t time_us)
{
	int64_t seconds = floor_div(time_us, FL_SECOND_US);
	int64_t days = floor_div(seconds, 86400), left = seconds - days * 86400;
	int64_t shifted = days + 719468, era = floor_div(shifted, 146097), day_of_era = shifted - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int shifted_month = (5 * day_of_year + 2) / 153;
	int month = shifted_month + (shifted_month < 10 ? 3 : -9);
	return (fl_civil){
		.year = year_of_era + era * 400 + (month <= 2),
		.month = month,
		.day = day_of_year - (153 * shifted_month + 2) / 5 + 1,
		.hour = left / 3600,
		.minute = left / 60 % 60,
		.second = left % 60,
		.weekday = (days % 7 + 11) % 7,
	};
}

int64_t fl_time_from_civil(fl_civil c)
{
	int64_t days = days_from_date(c.year, c.month, c.day);
	return (((days * 24 + c.hour) * 60 + c.minute) * 60 + c.second) * FL_SECOND_US;
}

/* count digits of n, and the character behind them. */
static char *put_digits(char *to, unsigned n, size_t count, char behind)
{
	for (size_t i = count; i-- > 0; n /= 10)
		to[i] = (char)('0' + n % 10);
	to[count] = behind;
	return to + count + 1;
}

/* By hand: every row of every list has a time or two, and snprintf costs more than the rest of the row. */
size_t fl_time_format(int64_t time_us, char out[FL_TIME_TEXT_MAX])
{
	fl_civil c = fl_time_civil(time_us);
	unsigned fraction = (unsigned)(time_us - floor_div(time_us, FL_SECOND_US) * FL_SECOND_US);
	char *to = put_digits(out, (unsigned)c.year, 4, '-');
	to = put_digits(to, (unsigned)c.month, 2, '-');
	to = put_digits(to, (unsigned)c.day, 2, 'T');
	to = put_digits(to, (unsigned)c.hour, 2, ':');
	to = put_digits(to, (unsigned)c.minute, 2, ':');
	to = put_digits(to, (unsigned)c.second, 2, fraction ? '.' : 'Z');
	if (fraction)
		to = fraction % 1000 ? put_digits(to, fraction, 6, 'Z') : put_digits(to, fraction / 1000, 3, 'Z');
	*to = 0;
	return (size_t)(to - out);
}

/* Reads exactly count digits; -1 when one is missing. */
static int digits(fl_str *s, size_t count)
{
	int n = 0;
	if (s->len < count)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (s->ptr[i] < '0' || s->ptr[i] > '9')
			return -1;
		n = n * 10 + (s->ptr[i] - '0');
	}
	*s = fl_str_slice(*s, count, s->len);
	return n;
}

static bool skip(fl_str *s, char c)
{
	if (!s->len || (s->ptr[0] | 32) != (c | 32))
		return false;
	*s = fl_str_slice(*s, 1, s->len);
	return true;
}

static int days_in_month(int year, int month)
{
	if (month == 2)
		return 28 + ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0);
	return 30 + ((month + month / 8) & 1);
}

/* .digits, as microseconds. */
static bool parse_fraction(fl_str *s, int64_t *out)
{
	int64_t fraction = 0, scale = 100000;
	size_t count = 0;
	*out = 0;
	if (!s->len || s->ptr[0] != '.')
		return true;
	*s = fl_str_slice(*s, 1, s->len);
	for (; s->len && s->ptr[0] >= '0' && s->ptr[0] <= '9'; count++, *s = fl_str_slice(*s, 1, s->len)) {
		fraction += (s->ptr[0] - '0') * scale;
		scale /= 10;
	}
	*out = fraction;
	return count >= 1 && count <= 9;
}

/* Z, +hh:mm or -hh:mm, as microseconds east of UTC. */
static bool parse_offset(fl_str *s, int64_t *out)
{
	*out = 0;
	if (skip(s, 'Z'))
		return true;
	if (!s->len || (s->ptr[0] != '+' && s->ptr[0] != '-'))
		return false;
	int64_t sign = s->ptr[0] == '-' ? -1 : 1;
	*s = fl_str_slice(*s, 1, s->len);
	int hour = digits(s, 2);
	if (!s->len || s->ptr[0] != ':')
		return false;
	*s = fl_str_slice(*s, 1, s->len);
	int minute = digits(s, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return false;
	*out = sign * (hour * 60 + minute) * FL_MINUTE_US;
	return true;
}

static bool expect(fl_str *s, char c)
{
	if (!s->len || s->ptr[0] != c)
		return false;
	*s = fl_str_slice(*s, 1, s->len);
	return true;
}

bool fl_time_parse(fl_str s, int64_t *out)
{
	fl_civil c = {};
	int64_t fraction, offset;
	bool ok = (c.year = digits(&s, 4)) >= 1 && expect(&s, '-') && (c.month = digits(&s, 2)) >= 1 && c.month <= 12 &&
		  expect(&s, '-') && (c.day = digits(&s, 2)) >= 1 && c.day <= days_in_month(c.year, c.month) &&
		  (skip(&s, 'T') || expect(&s, ' ')) && (c.hour = digits(&s, 2)) >= 0 && c.hour <= 23 && expect(&s, ':') &&
		  (c.minute = digits(&s, 2)) >= 0 && c.minute <= 59 && expect(&s, ':') && (c.second = digits(&s, 2)) >= 0 &&
		  c.second <= 59 && parse_fraction(&s, &fraction) && parse_offset(&s, &offset) && s.len == 0;
	if (ok)
		*out = fl_time_from_civil(c) + fraction - offset;
	return ok;
}
