/* The words that people read for the codes of the API, and numbers, money and times as they are written here.
 * web/src/lib/words.ts says the same: a first screen must not change its wording when the script takes it over. */
#ifndef FL_PAGE_WORDS_H
#define FL_PAGE_WORDS_H

#include "base/base.h"

typedef struct word {
	fl_str code, text;
} word;

#define WORD(code, text) { FL_STR_INIT(code), FL_STR_INIT(text) }

enum { WORDS_STATUSES = 6, WORDS_SEVERITIES = 6 };
extern const word words_status[WORDS_STATUSES];
extern const word words_severity[WORDS_SEVERITIES];
extern const fl_str words_severity_meaning[WORDS_SEVERITIES];

/* The text of a code; the code itself where no text is known, so that nothing new is hidden. */
fl_str words_text(const word *words, size_t count, fl_str code);
#define WORDS_TEXT(words, code) words_text((words), FL_COUNT(words), (code))
fl_str words_of_status(fl_str code);
fl_str words_of_severity(fl_str code);
fl_str words_of_type(fl_str code);
fl_str words_of_part(fl_str code);
fl_str words_of_signal(fl_str code);
fl_str words_of_role(fl_str code);
int words_severity_index(fl_str code); /* -1 when it is none */
bool words_is_status(fl_str code);

/* "€1,250", rounded; with cents "€1,250.00". amount is a decimal text. */
fl_str words_money(fl_arena *mem, fl_str amount, fl_str currency, bool cents);
fl_str words_percent(fl_arena *mem, double share);   /* "58 %" */
fl_str words_sureness(double share);
fl_str words_hours(fl_arena *mem, double hours);     /* "4.2", "12" */
fl_str words_size(fl_arena *mem, int64_t bytes);     /* "2.3 MB" */
fl_str words_ago(fl_arena *mem, int64_t at_us, int64_t now_us);
fl_str words_day_time(fl_arena *mem, int64_t at_us); /* "23 Nov 2026, 15:08 UTC" */

#endif
