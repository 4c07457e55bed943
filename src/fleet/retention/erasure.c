#include "fleet/retention/erasure.h"
#include "fleet/closed.h"
#include "fleet/event.h"

/* ---- reading ---- */

#define ERASURE_COLUMNS                                                                                                          \
	"e.id, e.driver_id, e.requested_by, e.state, e.reason, e.reference, e.requested_at, e.done_at, e.until, e.counts,"       \
	" f.n, f.open, CASE WHEN e.state = 1 THEN (SELECT array_agg(d.sentence) FROM erasure_duties(e.driver_id, e.user_ids) d) END"
#define ERASURE_FROM                                                                                                             \
	" FROM erasures e CROSS JOIN LATERAL (SELECT count(*)::int AS n, (count(*) FILTER (WHERE state = 1))::int AS open FROM " \
	"erasure_findings x WHERE x.erasure_id = e.id) f"

static fl_err read_counts(fl_ctx *ctx, fl_str json, fl_erasure *out)
{
	const fl_json *counts;
	FL_TRY(fl_json_parse(ctx->mem, json, &counts, &ctx->diag));
	out->counts = fl_new_array(ctx->mem, fl_erased_count, counts->items.count);
	if (!out->counts)
		return FL_NOMEM;
	for (const fl_json *item = counts->items.first; item; item = item->next)
		if (!fl_str_eq(item->key, FL_STR("findings")))
			out->counts[out->count_count++] = (fl_erased_count) { item->key, fl_json_int(item, 0) };
	return FL_OK;
}

static fl_err read_erasure(fl_ctx *ctx, const fl_rows *rows, int i, fl_erasure *out)
{
	*out = (fl_erasure) { .id = fl_row_uuid(rows, i, 0),
		.driver_id = fl_row_i32(rows, i, 1),
		.requested_by = fl_row_i32(rows, i, 2),
		.state = (fl_erasure_state)fl_row_i16(rows, i, 3),
		.reason = fl_row_text(rows, i, 4),
		.reference = fl_row_text(rows, i, 5),
		.requested_at = fl_row_time_or_0(rows, i, 6),
		.done_at = fl_row_time_or_0(rows, i, 7),
		.until = fl_row_time_or_0(rows, i, 8),
		.findings = fl_row_i32(rows, i, 10),
		.findings_open = fl_row_i32(rows, i, 11) };
	FL_TRY(read_counts(ctx, fl_row_jsonb(rows, i, 9), out));
	return fl_row_texts(rows, i, 12, ctx->mem, &out->duties, &out->duty_count);
}

fl_err fl_erasures_list(fl_ctx *ctx, const fl_uuid *after, uint32_t limit, fl_erasure **out, size_t *count)
{
	static const fl_sql sql = { "erasures_list",
		"SELECT " ERASURE_COLUMNS ERASURE_FROM " WHERE $1::uuid IS NULL OR e.id < $1 ORDER BY e.id DESC LIMIT $2" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_ERASE));
	if (after)
		fl_arg_uuid(&args, *after);
	else
		fl_arg_null(&args, FL_DB_UUID);
	fl_arg_i64(&args, limit);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_erasure *list = fl_new_array(ctx->mem, fl_erasure, (size_t)rows->count);
	if (!list)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		FL_TRY(read_erasure(ctx, rows, i, &list[i]));
	*out = list;
	*count = (size_t)rows->count;
	return FL_OK;
}

static const fl_sql get_sql = { "erasure_get", "SELECT " ERASURE_COLUMNS ERASURE_FROM " WHERE e.id = $1", .generic = true };

static fl_err missing(fl_ctx *ctx)
{
	return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such erasure");
}

fl_err fl_erasure_get(fl_ctx *ctx, fl_uuid id, fl_erasure *out)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_ERASE));
	fl_arg_uuid(&args, id);
	FL_TRY(await_query(ctx, ctx->services->db, &get_sql, &args, &rows));
	return rows->count ? read_erasure(ctx, rows, 0, out) : missing(ctx);
}

/* ---- erasing ---- */

typedef struct person {
	int32_t driver; /* 0: none */
	int32_t *logins;
	size_t login_count;
} person;

static void arg_person(fl_args *args, const person *p)
{
	static const int32_t none[1];
	if (p->driver)
		fl_arg_i32(args, p->driver);
	else
		fl_arg_null(args, FL_DB_I32);
	fl_arg_i32s(args, p->login_count ? p->logins : none, p->login_count);
}

static void arg_number(fl_args *args, int32_t n)
{
	if (n)
		fl_arg_i32(args, n);
	else
		fl_arg_null(args, FL_DB_I32);
}

/* The driver must be there; a log-in that is not has no numbers. */
static fl_err find_person(fl_ctx *ctx, fl_tx *tx, const fl_erasure_order *order, person *out)
{
	static const fl_sql sql = { "person_of", "SELECT p.driver, p.logins, EXISTS (SELECT 1 FROM drivers d WHERE d.id = p.driver)"
						 " FROM person_of($1, $2) p" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	arg_number(&args, order->driver_id);
	arg_number(&args, order->user_id);
	FL_TRY(await_tx_query(ctx, tx, &sql, &args, &rows));
	*out = (person) { .driver = fl_row_i32(rows, 0, 0) };
	FL_TRY(fl_row_i32s(rows, 0, 1, ctx->mem, &out->logins, &out->login_count));
	if (order->driver_id && !fl_row_bool(rows, 0, 2))
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no driver with the id %d", order->driver_id);
	if (order->user_id && !out->login_count)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no user with the id %d", order->user_id);
	for (size_t i = 0; i < out->login_count; i++)
		if (out->logins[i] == ctx->caller.user_id)
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "nobody erases themselves: another administrator has to do it");
	return FL_OK;
}

static fl_err read_duties(fl_ctx *ctx, fl_tx *tx, const person *p, fl_str **out, size_t *count)
{
	static const fl_sql sql = { "erasure_duties", "SELECT array_agg(sentence) FROM erasure_duties($1, $2)" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	arg_person(&args, p);
	FL_TRY(await_tx_query(ctx, tx, &sql, &args, &rows));
	return fl_row_texts(rows, 0, 0, ctx->mem, out, count);
}

static fl_err begin(fl_ctx *ctx, fl_tx *tx, const fl_erasure_order *order, const person *p, bool wait, bool *made, fl_uuid *id)
{
	static const fl_sql sql = { "erasure_begin", "SELECT erasure_begin($1, $2, $3, $4, $5, $6)", .write = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	arg_person(&args, p);
	fl_arg_text(&args, order->reason);
	fl_arg_text(&args, order->reference.len ? order->reference : FL_STR(""));
	arg_number(&args, ctx->caller.user_id);
	fl_arg_bool(&args, wait);
	FL_TRY(await_tx_query(ctx, tx, &sql, &args, &rows));
	*made = !fl_row_null(rows, 0, 0);
	*id = fl_row_uuid(rows, 0, 0);
	return FL_OK;
}

static fl_err refuse(fl_ctx *ctx, const fl_str *duties, size_t count)
{
	fl_str first = count ? duties[0] : FL_STR("a duty to keep it began a moment ago");
	if (count > 1)
		return fl_fail(&ctx->diag, FL_CONFLICT,
			"this person cannot be erased yet: %" FL_FMT
			", and %zu more; wait: true restricts the use now and erases when they have ended",
			FL_ARG(first), count - 1);
	return fl_fail(&ctx->diag, FL_CONFLICT,
		"this person cannot be erased yet: %" FL_FMT "; wait: true restricts the use now and erases when that has ended",
		FL_ARG(first));
}

static fl_err read_made(fl_ctx *ctx, fl_tx *tx, fl_uuid id, fl_erasure *out)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuid(&args, id);
	FL_TRY(await_tx_query(ctx, tx, &get_sql, &args, &rows));
	return rows->count ? read_erasure(ctx, rows, 0, out) : missing(ctx);
}

/* A dry run does all of it and takes it back: what it says is what would happen. */
static fl_err erase(fl_ctx *ctx, const fl_erasure_order *order, fl_erasure *out)
{
	FL_AUTO_TX fl_tx tx = {};
	fl_str *duties;
	size_t duty_count;
	person who;
	fl_uuid id;
	bool made;
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	FL_TRY(find_person(ctx, &tx, order, &who));
	FL_TRY(read_duties(ctx, &tx, &who, &duties, &duty_count));
	FL_TRY(begin(ctx, &tx, order, &who, order->wait || order->dry_run, &made, &id));
	if (!made)
		return refuse(ctx, duties, duty_count);
	FL_TRY(read_made(ctx, &tx, id, out));
	return order->dry_run ? FL_OK : await_commit(ctx, &tx);
}

fl_err fl_person_erase(fl_ctx *ctx, const fl_erasure_order *order, fl_erasure *out)
{
	assert(!order->driver_id != !order->user_id);
	FL_TRY(fl_must(ctx, FL_MAY_ERASE));
	FL_TRY(fl_text_check(&ctx->diag, "the reason", order->reason, FL_ERASURE_REASON_MAX));
	FL_TRY(fl_text_check(&ctx->diag, "the reference", order->reference, FL_ERASURE_REFERENCE_MAX));
	if (fl_str_trim(order->reason).len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "say why: an erasure asks for a reason");
	FL_TRY(erase(ctx, order, out));
	fl_poke(ctx, FL_CHANNEL_POKE_LOGINS);
	fl_closed_poke(ctx->services); /* this loop needs no message */
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}

/* ---- findings ---- */

#define FINDING_SELECT                                                                                                           \
	"SELECT f.erasure_id, f.id, f.tbl || '.' || f.col, f.report_id, CASE WHEN f.tbl = 'damage_photos' THEN (f.key->>'id')::int END," \
	" f.state, finding_text(f) FROM erasure_findings f WHERE f.erasure_id = $1"

static fl_err read_findings(fl_ctx *ctx, const fl_rows *rows, fl_finding **out, size_t *count)
{
	fl_finding *list = fl_new_array(ctx->mem, fl_finding, (size_t)rows->count);
	if (!list)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		list[i] = (fl_finding) { .erasure_id = fl_row_uuid(rows, i, 0),
			.id = fl_row_i32(rows, i, 1),
			.place = fl_row_text(rows, i, 2),
			.has_report = !fl_row_null(rows, i, 3),
			.report_id = fl_row_uuid(rows, i, 3),
			.photo = fl_row_i32(rows, i, 4),
			.state = (fl_finding_state)fl_row_i16(rows, i, 5),
			.text = fl_row_text(rows, i, 6) };
	*out = list;
	*count = (size_t)rows->count;
	return FL_OK;
}

fl_err fl_findings_of(fl_ctx *ctx, fl_uuid erasure, int32_t after, uint32_t limit, fl_finding **out, size_t *count)
{
	static const fl_sql sql = { "findings_of", FINDING_SELECT " AND f.id > $2 ORDER BY f.id LIMIT $3" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	FL_TRY(fl_must(ctx, FL_MAY_ERASE));
	fl_arg_uuid(&args, erasure);
	fl_arg_i32(&args, after);
	fl_arg_i64(&args, limit);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return read_findings(ctx, rows, out, count);
}

/* NULL: a photo of a report that somebody holds. */
static fl_err decide(fl_ctx *ctx, fl_uuid erasure, int32_t finding, fl_str words, bool *decided)
{
	static const fl_sql sql = { "finding_decide", "SELECT finding_decide($1, $2, $3, $4)", .write = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuid(&args, erasure);
	fl_arg_i32(&args, finding);
	fl_arg_text(&args, words);
	arg_number(&args, ctx->caller.user_id);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	if (fl_row_null(rows, 0, 0))
		return fl_fail(&ctx->diag, FL_CONFLICT, "the photo's report is under a legal hold: its photos stay until that is released");
	*decided = fl_row_bool(rows, 0, 0);
	return FL_OK;
}

fl_err fl_finding_decide(fl_ctx *ctx, fl_uuid erasure, int32_t finding, fl_str words, fl_finding *out)
{
	fl_finding *found;
	size_t count;
	bool decided;
	FL_TRY(fl_must(ctx, FL_MAY_ERASE));
	FL_TRY(fl_text_check(&ctx->diag, "what takes its place", words, FL_REDACTION_MAX));
	if (words.ptr && fl_str_trim(words).len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "what takes its place is empty; write something, as in (erased)");
	FL_TRY(decide(ctx, erasure, finding, words, &decided));
	FL_TRY(fl_findings_of(ctx, erasure, finding - 1, 1, &found, &count));
	if (count == 0 || found->id != finding)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such finding");
	if (!decided)
		return fl_fail(&ctx->diag, FL_CONFLICT, "somebody has decided about this already");
	*out = *found;
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	return FL_OK;
}
