/* Reports by words, best first: what holds the words, and what is nearly right, ranked here. Ranks and ids first; of what is shown the
 * reports and snippets. */
#include "fleet/report/ids.h"
#include "fleet/search/search_int.h"

#include <stdlib.h>

enum { NEARLY_MAX = 3000 };

/* What is looked for, as arguments of the statements. */
typedef struct question {
	fl_str text, prefix, before;
	int32_t language;
	const fl_report_filter *filter;
} question;

/* Candidates; of one id the best rank counts. */
typedef struct ranking {
	fl_hit_key keys[FL_SEARCH_RANKED_MAX + NEARLY_MAX];
	size_t count;
} ranking;

/* ---- What is asked ---- */

/* The words, the last one also as a beginning. */
#define LANGUAGE(n) "$" n "::int::oid::regconfig"
#define ASKED(text, prefix, before, language)                                                                                          \
	"(" FL_SQL_ASKED("$" language, "$" text) " || CASE WHEN $" prefix "::text IS NULL THEN ''::tsquery ELSE"                           \
	" (websearch_to_tsquery(" LANGUAGE(language) ", $" before ") && (to_tsquery(" LANGUAGE(language) ", $" prefix ")"                   \
	" || to_tsquery('simple', $" prefix "))) END)"

/* After $25 of FL_SQL_WIDE: $26 how many, $27 text, $28 prefix, $29 before, $30 language. */
#define RANKED(holding)                                                                                                                \
	"SELECT id, ts_rank(tsv, " ASKED("27", "28", "29", "30") ") FROM damage_reports JOIN " holding("$7", "$8", ASKED("27", "28", "29", "30")) \
	" s ON report_id = id WHERE " FL_SQL_WIDE " ORDER BY id DESC LIMIT $26"
static const fl_sql words_sql = { "search_words", RANKED(FL_SQL_HOLDING) };
static const fl_sql scattered_sql = { "search_scattered", RANKED(FL_SQL_SCATTERED) };
#undef RANKED
/* The same of everything: $1, $2 ids, $3 how many, $4 text, $5 prefix, $6 before, $7 language. */
#define RANKED(holding) FL_SQL_HOLDERS("report_id, ts_rank(tsv, " ASKED("4", "5", "6", "7") ")", holding("$1", "$2", ASKED("4", "5", "6", "7"))) "$3"
static const fl_sql all_words_sql = { "search_words_all", RANKED(FL_SQL_HOLDING) };
static const fl_sql all_scattered_sql = { "search_scattered_all", RANKED(FL_SQL_SCATTERED) };
#undef RANKED

/* $1 text, $2, $3 ids: claim numbers count most, vehicles least. */
static const fl_sql nearly_sql = {
	"search_nearly",
	"SELECT id, (1 + closeness)::real FROM claims_like($1, $2, $3, 200)"
	" UNION ALL SELECT r.id, (0.5 * v.closeness)::real FROM vehicles_like($1, 20) v CROSS JOIN LATERAL (SELECT id FROM damage_reports"
	" WHERE vehicle_id = v.id AND id >= $2 AND id < $3 ORDER BY id DESC LIMIT 100) r",
	.generic = true
};

/* After $25 of FL_SQL_WIDE: $26 ids. */
static const fl_sql fitting_sql = { "search_fitting", "SELECT id FROM damage_reports WHERE " FL_SQL_WIDE " AND id = ANY($26)" };

/* $1 to $5 ids, $6 text, $7 prefix, $8 before, $9 language. Snippets are made of what is shown, not of what was found. */
static const fl_sql snippets_sql = {
	"search_snippets",
	"SELECT id, ts_headline(" LANGUAGE("9") ", description, " ASKED("6", "7", "8", "9") ", 'StartSel=' || chr(2) || ', StopSel=' || chr(3)"
	" || ', MaxWords=30, MinWords=12, MaxFragments=2, FragmentDelimiter=\" … \"') FROM damage_reports WHERE "
	FL_SQL_IDS("id", "$1", "$2", "$3", "$4", "$5"),
	.generic = true
};
#undef ASKED
#undef LANGUAGE

static void arg_words(fl_args *args, const question *q)
{
	fl_arg_text(args, q->text);
	fl_arg_text(args, q->prefix);
	fl_arg_text(args, q->before.len ? q->before : FL_STR(""));
	fl_arg_i32(args, q->language);
}

/* ---- Candidates ---- */

static void add(ranking *r, fl_uuid id, float rank)
{
	if (r->count < FL_COUNT(r->keys))
		r->keys[r->count++] = (fl_hit_key){ rank, id };
}

/* Nothing but the words decides. */
static bool of_everything(fl_ctx *ctx, const question *q)
{
	return fl_report_filter_is_plain(q->filter) && fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL);
}

static fl_err ask_window(fl_ctx *ctx, const question *q, const fl_window *window, size_t wanted, const fl_rows **rows)
{
	const bool all = of_everything(ctx, q), first = window->number == 1;
	fl_report_filter within = *q->filter;
	fl_args args = fl_args_make(ctx->mem);
	within.reported_after = window->from_us;
	if (all) {
		fl_arg_uuid(&args, fl_uuid7_floor(window->from_us));
		fl_arg_uuid(&args, window->high);
	} else {
		FL_TRY(fl_wide_args(ctx, &within, 0, &window->high, &args));
	}
	fl_arg_i64(&args, (int64_t)wanted);
	arg_words(&args, q);
	const fl_sql *sql = all ? (first ? &all_words_sql : &all_scattered_sql) : first ? &words_sql : &scattered_sql;
	return await_query(ctx, ctx->services->db, sql, &args, rows);
}

/* The newest that hold the words: of thousands with a common word the older ones are not better. */
static fl_err find_holding(fl_ctx *ctx, const question *q, ranking *r)
{
	fl_window window = fl_window_of(q->filter->reported_after, q->filter->reported_before, NULL);
	const fl_rows *rows;
	while (r->count < FL_SEARCH_RANKED_MAX && fl_window_next(&window, FL_SEARCH_RANKED_MAX - r->count)) {
		FL_TRY(ask_window(ctx, q, &window, FL_SEARCH_RANKED_MAX - r->count, &rows));
		for (int i = 0; i < rows->count; i++)
			add(r, fl_row_uuid(rows, i, 0), fl_row_f4(rows, i, 1));
	}
	return FL_OK;
}

static bool has_row(const fl_rows *rows, fl_uuid id)
{
	for (int i = 0; i < rows->count; i++)
		if (fl_uuid_eq(fl_row_uuid(rows, i, 0), id))
			return true;
	return false;
}

/* Leaves out those from the first-th on that the filter does not let through, or the caller may not see. */
static fl_err keep_fitting(fl_ctx *ctx, const question *q, ranking *r, size_t first)
{
	const fl_rows *rows;
	fl_args args;
	fl_uuid *ids = fl_new_array(ctx->mem, fl_uuid, r->count - first);
	size_t kept = first;
	if (!ids)
		return FL_NOMEM;
	for (size_t i = first; i < r->count; i++)
		ids[i - first] = r->keys[i].id;
	FL_TRY(fl_wide_args(ctx, q->filter, 0, NULL, &args));
	fl_arg_uuids(&args, ids, r->count - first);
	FL_TRY(await_query(ctx, ctx->services->db, &fitting_sql, &args, &rows));
	for (size_t i = first; i < r->count; i++)
		if (has_row(rows, r->keys[i].id))
			r->keys[kept++] = r->keys[i];
	r->count = kept;
	return FL_OK;
}

static fl_err find_nearly(fl_ctx *ctx, const question *q, ranking *r)
{
	const fl_window any = fl_window_of(0, q->filter->reported_before, NULL);
	const size_t first = r->count;
	const fl_rows *rows;
	fl_args args = fl_args_make(ctx->mem);
	fl_arg_text(&args, q->text);
	fl_arg_uuid(&args, fl_uuid7_floor(q->filter->reported_after));
	fl_arg_uuid(&args, any.high);
	FL_TRY(await_query(ctx, ctx->services->db, &nearly_sql, &args, &rows));
	for (int i = 0; i < rows->count; i++)
		add(r, fl_row_uuid(rows, i, 0), fl_row_f4(rows, i, 1));
	return r->count == first || of_everything(ctx, q) ? FL_OK : keep_fitting(ctx, q, r, first);
}

/* ---- The page ---- */

static int by_id(const void *a, const void *b)
{
	const fl_hit_key *x = a, *y = b;
	int order = fl_uuid_cmp(x->id, y->id);
	return order ? order : (x->rank < y->rank) - (x->rank > y->rank);
}

static int best_first(const void *a, const void *b)
{
	const fl_hit_key *x = a, *y = b;
	if (x->rank != y->rank)
		return x->rank < y->rank ? 1 : -1;
	return fl_uuid_cmp(y->id, x->id);
}

/* The page's keys, moved to the front; how many. */
static size_t cut_page(ranking *r, const fl_hit_key *after, uint32_t limit)
{
	size_t distinct = 0, page = 0;
	qsort(r->keys, r->count, sizeof(*r->keys), by_id);
	for (size_t i = 0; i < r->count; i++)
		if (i == 0 || !fl_uuid_eq(r->keys[i].id, r->keys[i - 1].id))
			r->keys[distinct++] = r->keys[i];
	qsort(r->keys, distinct, sizeof(*r->keys), best_first);
	for (size_t i = 0; i < distinct && page < limit; i++)
		if (!after || best_first(after, &r->keys[i]) < 0)
			r->keys[page++] = r->keys[i];
	return page;
}

static float rank_of(const ranking *r, size_t page, fl_uuid id)
{
	for (size_t i = 0; i < page; i++)
		if (fl_uuid_eq(r->keys[i].id, id))
			return r->keys[i].rank;
	return 0;
}

static int best_hit_first(const void *a, const void *b)
{
	const fl_hit *x = a, *y = b;
	return best_first(&(fl_hit_key){ x->rank, x->report->id }, &(fl_hit_key){ y->rank, y->report->id });
}

static fl_err read_page(fl_ctx *ctx, const question *q, const ranking *r, size_t page, fl_hit **out, size_t *count)
{
	fl_uuid *ids = fl_new_array(ctx->mem, fl_uuid, page);
	fl_hit *hits = fl_new_array(ctx->mem, fl_hit, page);
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_report **reports;
	if (!ids || !hits)
		return FL_NOMEM;
	for (size_t i = 0; i < page; i++)
		ids[i] = r->keys[i].id;
	fl_arg_ids(&args, ids, page);
	arg_words(&args, q);
	FL_TRY(await_query(ctx, ctx->services->db, &snippets_sql, &args, &rows));
	FL_TRY(fl_reports_in_order(ctx, rows, &reports));
	*count = 0;
	for (int i = 0; i < rows->count; i++)
		if (reports[i])
			hits[(*count)++] = (fl_hit){ reports[i], rank_of(r, page, reports[i]->id), fl_row_text(rows, i, 1) };
	qsort(hits, *count, sizeof(*hits), best_hit_first);
	*out = hits;
	return FL_OK;
}

static bool word_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

/* The last word as the beginning of one ("scra:*") and what stands before it; none when the text ends otherwise, or is short. */
static fl_err last_word(fl_ctx *ctx, fl_str text, fl_str *prefix, fl_str *before)
{
	size_t start = text.len;
	while (start > 0 && word_byte(text.ptr[start - 1]))
		start--;
	*prefix = (fl_str){};
	*before = FL_STR("");
	if (text.len - start < 2 || fl_str_find_char(text, '"') >= 0 || (start > 0 && text.ptr[start - 1] == '-'))
		return FL_OK;
	*prefix = fl_str_fmt(ctx->mem, "%.*s:*", (int)(text.len - start), text.ptr + start);
	*before = fl_str_slice(text, 0, start);
	return prefix->ptr ? FL_OK : FL_NOMEM;
}

fl_err fl_search_words(fl_ctx *ctx, fl_str text, const fl_report_filter *filter, const fl_hit_key *after, uint32_t limit, fl_hit **out, size_t *count)
{
	const fl_tenant *tenant;
	question q = { .text = fl_str_trim(text), .filter = filter };
	ranking *r = fl_new(ctx->mem, ranking);
	if (!r)
		return FL_NOMEM;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	FL_TRY(fl_text_check(&ctx->diag, "the text", q.text, 200));
	if (q.text.len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the text is empty: say what to look for");
	FL_TRY(last_word(ctx, q.text, &q.prefix, &q.before));
	FL_TRY(fl_tenant_get(ctx, &tenant));
	q.language = tenant->language;
	FL_TRY(find_holding(ctx, &q, r));
	FL_TRY(find_nearly(ctx, &q, r));
	size_t page = cut_page(r, after, limit);
	*out = NULL;
	*count = 0;
	return page ? read_page(ctx, &q, r, page, out, count) : FL_OK;
}
