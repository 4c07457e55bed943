/* Time is int64_t microseconds: UTC since 1970 from fl_now_us, or since some start from fl_mono_us (for waits). */
#ifndef FL_BASE_CLOCK_H
#define FL_BASE_CLOCK_H

#define FL_SECOND_US INT64_C(1000000)
#define FL_MINUTE_US (60 * FL_SECOND_US)
#define FL_HOUR_US (60 * FL_MINUTE_US)
#define FL_DAY_US (24 * FL_HOUR_US)
#define FL_NEVER INT64_MAX

int64_t fl_now_us(void);
int64_t fl_mono_us(void);

enum { FL_TIME_TEXT_MAX = 32 };
/* RFC 3339 in UTC: 2026-03-01T09:30:00Z, with 3 or 6 decimals where needed. Years 1 to 9999. Returns the length. */
size_t fl_time_format(int64_t time_us, char out[FL_TIME_TEXT_MAX]);
/* Reads RFC 3339 with any offset and up to 9 decimals (cut to microseconds). */
bool fl_time_parse(fl_str text, int64_t *out);

typedef struct fl_civil {
	int year, month, day, hour, minute, second; /* month and day from 1 */
	int weekday;                                /* 0 is Sunday */
} fl_civil;
fl_civil fl_time_civil(int64_t time_us);
int64_t fl_time_from_civil(fl_civil civil); /* ignores weekday; fields must be in range */

#endif
