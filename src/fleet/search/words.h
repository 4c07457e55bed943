/* Words as SQL, for statements that list reports. */
#ifndef FL_FLEET_SEARCH_WORDS_H
#define FL_FLEET_SEARCH_WORDS_H

#include "fleet/fleet.h"

/* What a person types, as a question to report_search.tsv: in the company's language (fl_tenant.language), and as it stands. With both known when
 * the statement is planned PostgreSQL knows how common the words are: common ones are read newest first until the page is full,
 * rare ones come from their index. A subquery in their place hides that, and every report of the company that has the word is read. */
#define FL_SQL_ASKED(language, text) "(websearch_to_tsquery(" language "::int::oid::regconfig, " text ") || websearch_to_tsquery('simple', " text "))"
/* Of the reports between two ids, those that hold the words; to be joined to damage_reports. Common words are read newest first, as far as the
 * page needs. SCATTERED: from their index, for when they have turned out to be few: PostgreSQL knows how common a word is among all
 * companies, and one that only others use would have it read every report of this one. */
#define FL_SQL_HOLDING(low, high, asked) "(SELECT report_id, tsv FROM report_search WHERE report_id >= " low " AND report_id < " high " AND tsv @@ " asked ")"
#define FL_SQL_SCATTERED(low, high, asked) "(SELECT report_id, tsv FROM report_search WHERE report_id >= " low " AND report_id < " high " AND tsv @@ " asked " OFFSET 0)"

/* The ids of those, and what else `columns` says of them; of everything the caller's company has. */
#define FL_SQL_HOLDERS(columns, holding) "SELECT " columns " FROM " holding " s ORDER BY report_id DESC LIMIT "

/* A page of what is newest, when nobody knows how common it is: a week is looked at first; then as far back as what it held promises to fill
 * the page, four times as far at most each time. PostgreSQL plans for and reads the months of one window only.
 *
 *	fl_window w = fl_window_of(filter->reported_after, filter->reported_before, after);
 *	while (count < limit && fl_window_next(&w, limit - count))
 *		... those with from_us <= time and id < high, limit - count of them, by SCATTERED unless w.number == 1 ... */
typedef struct fl_window {
	int64_t from_us; /* 0: no matter how old */
	fl_uuid high;
	int number; /* 1: the newest */
	int64_t least_us, span_us; /* private */
	size_t wanted;
} fl_window;

/* from_us and to_us 0: no such bound. after: the last of the page before, or NULL. */
fl_window fl_window_of(int64_t from_us, int64_t to_us, const fl_uuid *after);
/* wanted: how many are still missing. False: there is no older one. */
bool fl_window_next(fl_window *w, size_t wanted);

#endif
