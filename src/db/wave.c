/* Requests, from their statements to their answers, and the waves that they are gathered in: one for a company and a turn of the loop. */
#include "db/db_int.h"

/* ---- Requests ---- */

static fl_err check(fl_ctx *ctx, const fl_stmt *stmts, int count)
{
	for (int i = 0; i < count; i++)
		if (stmts[i].args && stmts[i].args->err != FL_OK)
			return stmts[i].args->err;
	return fl_ctx_check(ctx);
}

fl_err fl_request_new(fl_ctx *ctx, const fl_stmt *stmts, int count, fl_db_request **out)
{
	fl_db_request *r;

	FL_TRY(check(ctx, stmts, count));
	r = calloc(1, sizeof *r + (size_t)count * sizeof r->results[0]);
	if (!r)
		return FL_NOMEM;
	r->ctx = ctx;
	r->stmts = stmts;
	r->count = count;
	r->tenant_id = ctx->caller.tenant_id;
	r->started_us = fl_mono_us();
	for (int i = 0; i < count; i++)
		r->write = r->write || stmts[i].sql->write;
	*out = r;
	return FL_OK;
}

void fl_request_free(fl_db_request *r)
{
	for (int i = 0; i < r->count; i++)
		PQclear(r->results[i]);
	free(r);
}

static int64_t rows_of(const PGresult *result)
{
	if (!result)
		return 0;
	return PQresultStatus(result) == PGRES_TUPLES_OK ? PQntuples(result) : strtoll(PQcmdTuples((PGresult *)(uintptr_t)result), NULL, 10);
}

/* Names and numbers only: what the statement was asked with may be anybody's secret. */
static void log_slow(const fl_db_request *r, int64_t took_us)
{
	const fl_str operation = r->ctx ? r->ctx->operation : (fl_str){}, id = r->ctx ? r->ctx->request_id : (fl_str){};

	fl_warn("db: slow: %s%s took %lld ms: operation %" FL_FMT ", company %d, request %" FL_FMT, r->stmts[0].sql->name, r->count > 1 ? " and others" : "",
	        (long long)(took_us / 1000), FL_ARG(operation.len ? operation : FL_STR("-")), (int)r->tenant_id, FL_ARG(id.len ? id : FL_STR("-")));
}

static void count_statements(fl_db *db, fl_db_request *r)
{
	int64_t took_us = fl_mono_us() - r->started_us;

	if (r->quiet)
		return;
	db->stats.statements += (uint64_t)r->count;
	if (!r->wait)
		return;
	for (int i = 0; i < r->count; i++)
		if (db->opts.on_statement)
			db->opts.on_statement(db->opts.arg, r->ctx, r->stmts[i].sql, took_us, rows_of(r->results[i]), r->err);
	if (took_us >= db->opts.slow_us && r->count > 0) {
		db->stats.slow++;
		log_slow(r, took_us);
	}
}

void fl_request_finish(fl_db *db, fl_db_request *r)
{
	fl_wait *wait = r->wait;

	count_statements(db, r);
	if (!wait) {
		fl_request_free(r);
		return;
	}
	r->wait = NULL;
	r->done = true;
	fl_wake(wait, FL_OK);
}

/* ---- Waves ---- */

/* A second try has a wave of its own: what cut it off may have been a sibling that fails again. */
static fl_db_wave *wave_of(fl_db *db, int32_t tenant_id, bool alone)
{
	fl_db_wave **at = &db->waves, *w;

	for (; *at; at = &(*at)->next)
		if (!alone && !(*at)->alone && (*at)->tenant_id == tenant_id && (*at)->count < FL_DB_WAVE_MAX)
			return *at;
	w = db->spare_waves;
	if (w)
		db->spare_waves = w->next;
	else
		w = malloc(sizeof *w);
	if (!w)
		return NULL;
	*w = (fl_db_wave){ .tenant_id = tenant_id, .alone = alone };
	*at = w;
	return w;
}

void fl_request_gather(fl_db *db, fl_db_request *r)
{
	fl_db_wave *w = wave_of(db, r->tenant_id, r->retried);

	r->next = NULL;
	if (!w) {
		r->err = FL_NOMEM;
		fl_request_finish(db, r);
		return;
	}
	if (w->last)
		w->last->next = r;
	else
		w->first = r;
	w->last = r;
	w->count++;
	fl_loop_defer(db->loop, &db->flush);
}

/* The caller leaves before its wave was sent. False: it was sent. */
static bool ungather(fl_db *db, fl_db_request *r)
{
	for (fl_db_wave *w = db->waves; w; w = w->next) {
		fl_db_request *before = NULL;
		for (fl_db_request *q = w->first; q; before = q, q = q->next) {
			if (q != r)
				continue;
			if (before)
				before->next = r->next;
			else
				w->first = r->next;
			if (w->last == r)
				w->last = before;
			w->count--;
			return true;
		}
	}
	return false;
}

void fl_wave_fail(fl_db *db, fl_db_wave *w, fl_err err)
{
	for (fl_db_request *r = w->first, *next; r; r = next) {
		next = r->next;
		r->err = err;
		fl_request_finish(db, r);
	}
}

static bool has_view(const fl_db_wave *w)
{
	for (const fl_db_request *r = w->first; r; r = r->next)
		if (r->ctx && r->ctx->view)
			return true;
	return false;
}

/* SET, then those that plan once, then the others: at most one change of the plan mode. */
static void send_wave(fl_db *db, fl_db_wave *w)
{
	fl_db_conn *c = fl_conn_pick(db);
	fl_db_unit *u = c ? fl_unit_new(w->count + 4) : NULL;
	fl_db_step *set;
	bool generic = false, marks = fl_db_marks(db) && has_view(w);

	if (!u) {
		fl_wave_fail(db, w, c ? FL_NOMEM : db->stats.up == db->count ? FL_BUSY : FL_UNAVAILABLE);
		return;
	}
	for (fl_db_request *r = w->first; r; r = r->next)
		generic = generic || r->stmts[0].sql->generic;
	set = fl_unit_add(u, FL_STEP_SET);
	set->tenant_id = w->first->tenant_id;
	set->generic = generic;
	if (marks && db->opts.self)
		fl_unit_add(u, FL_STEP_BEFORE);
	for (int pass = generic ? 1 : 0; pass >= 0; pass--)
		for (fl_db_request *r = w->first; r; r = r->next)
			if (r->stmts[0].sql->generic == pass)
				fl_unit_add_request(u, r, &generic);
	if (marks)
		fl_unit_add(u, FL_STEP_SEEN); /* last: what came before it has seen no more */
	fl_unit_send(c, u);
}

void fl_waves_flush(void *arg)
{
	fl_db *db = arg;
	fl_db_wave *w = db->waves, *next;

	db->waves = NULL;
	for (; w; w = next) {
		next = w->next;
		if (w->first)
			send_wave(db, w);
		w->next = db->spare_waves;
		db->spare_waves = w;
	}
}

/* ---- The answer ---- */

static fl_err hand_over(fl_ctx *ctx, fl_db_request *r)
{
	for (int i = 0; i < r->count; i++) {
		const fl_rows *rows;
		PGresult *result = r->results[i];

		r->results[i] = NULL;
		if (!r->stmts[i].rows) {
			PQclear(result);
			continue;
		}
		FL_TRY(fl_rows_wrap(ctx->mem, result, &rows));
		*r->stmts[i].rows = rows;
	}
	return FL_OK;
}

fl_err fl_request_await(fl_ctx *ctx, fl_db *db, fl_db_request *r)
{
	uint64_t seen;
	bool saw = false;
	fl_err err = FL_OK;

	db->stats.waiting++;
	if (!r->done) /* else its answer came while the caller waited for another one */
		err = await_wait(ctx, r->wait);
	db->stats.waiting--;
	if (!r->done) { /* the deadline or a cancellation: the answer will be read and thrown away */
		r->wait = NULL;
		r->ctx = NULL;
		r->stmts = NULL;
		if (ungather(db, r))
			fl_request_free(r);
		return err;
	}
	err = r->err;
	if (err == FL_OK && db->opts.self && !r->quiet && (r->before == 0 || r->before < r->floor)) {
		err = FL_DB_RETRY;
		r->error = fl_replica_behind;
	}
	if (err == FL_OK)
		err = hand_over(ctx, r);
	else {
		db->last_error = r->error;
		err = fl_db_fail(&ctx->diag, err, r->error.sqlstate);
	}
	seen = r->seen;
	if (r->tell)
		*r->tell = seen;
	else if (seen && ctx->view && err == FL_OK)
		saw = true;
	fl_request_free(r);
	if (saw)
		fl_view_saw(ctx, db, seen);
	return err;
}
