/* Words as SQL, for statements that list reports. */
#ifndef FL_FLEET_SEARCH_WORDS_H
#define FL_FLEET_SEARCH_WORDS_H

/* What a person types, as a question to report_search.tsv: in the company's language (fl_tenant.language), and as it stands. With both known when
 * the statement is planned PostgreSQL knows how common the words are: common ones are read newest first until the page is full,
 * rare ones come from their index. A subquery in their place hides that, and every report of the company that has the word is read. */
#define FL_SQL_ASKED(language, text) "(websearch_to_tsquery(" language "::int::oid::regconfig, " text ") || websearch_to_tsquery('simple', " text "))"
/* Of the reports between two ids, those that hold the words; to be joined to damage_reports. */
#define FL_SQL_HOLDING(low, high, asked) "(SELECT report_id, tsv FROM report_search WHERE report_id >= " low " AND report_id < " high " AND tsv @@ " asked ")"

#endif
