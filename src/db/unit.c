/* Units: what travels between two Syncs, and what becomes of its results. */
#include "db/db_int.h"

fl_db_unit *fl_unit_new(int cap)
{
	fl_db_unit *u = calloc(1, sizeof *u + (size_t)cap * sizeof u->steps[0]);

	if (u)
		u->cap = cap;
	return u;
}

fl_db_step *fl_unit_add(fl_db_unit *u, fl_step_kind kind)
{
	assert(u->count < u->cap);
	fl_db_step *s = &u->steps[u->count++];

	*s = (fl_db_step){ .kind = kind };
	return s;
}

void fl_unit_add_request(fl_db_unit *u, fl_db_request *r, bool *generic)
{
	for (int i = 0; i < r->count; i++) {
		const fl_sql *sql = r->stmts[i].sql;
		fl_db_step *s;

		if (sql->generic != *generic) {
			*generic = sql->generic;
			fl_unit_add(u, FL_STEP_PLAN)->generic = *generic;
		}
		s = fl_unit_add(u, FL_STEP_STMT);
		s->request = r;
		s->index = i;
		s->sql = sql;
	}
}

/* ---- Sending ---- */

static size_t slot_of(const fl_db_conn *c, const fl_sql *sql)
{
	size_t i = fl_hash(&sql, sizeof sql, 0) & (c->prepared_cap - 1);

	while (c->prepared[i] && c->prepared[i] != sql)
		i = (i + 1) & (c->prepared_cap - 1);
	return i;
}

static bool is_prepared(const fl_db_conn *c, const fl_sql *sql)
{
	return c->prepared_cap && c->prepared[slot_of(c, sql)] == sql;
}

static bool remember(fl_db_conn *c, const fl_sql *sql)
{
	if (2 * (c->prepared_count + 1) > c->prepared_cap) {
		size_t old_cap = c->prepared_cap, cap = old_cap ? 2 * old_cap : 128;
		const fl_sql **old = c->prepared, **grown = calloc(cap, sizeof *grown);

		if (!grown)
			return false;
		c->prepared = grown;
		c->prepared_cap = cap;
		for (size_t i = 0; i < old_cap; i++)
			if (old[i])
				grown[slot_of(c, old[i])] = old[i];
		free(old);
	}
	c->prepared[slot_of(c, sql)] = sql;
	c->prepared_count++;
	return true;
}

/* The server refused it: the next use tries again. Rebuilds the chain behind the hole. */
static void forget(fl_db_conn *c, const fl_sql *sql)
{
	size_t hole = slot_of(c, sql);

	if (c->prepared[hole] != sql)
		return;
	c->prepared[hole] = NULL;
	c->prepared_count--;
	for (size_t i = (hole + 1) & (c->prepared_cap - 1); c->prepared[i]; i = (i + 1) & (c->prepared_cap - 1)) {
		const fl_sql *moved = c->prepared[i];
		c->prepared[i] = NULL;
		c->prepared[slot_of(c, moved)] = moved;
	}
}

static bool send_stmt(PGconn *pg, const fl_db_step *s)
{
	const fl_args *args = s->request->stmts[s->index].args;
	int formats[FL_ARGS_MAX];
	int count = args ? args->count : 0;

	for (int i = 0; i < count; i++)
		formats[i] = 1;
	return PQsendQueryPrepared(pg, s->sql->name, count, args ? args->values : NULL, args ? args->lengths : NULL, formats, 1);
}

static bool send_prepare(PGconn *pg, const fl_db_step *s)
{
	const fl_args *args = s->request->stmts[s->index].args;
	size_t room = strlen(s->sql->name) + strlen(s->sql->text) + 8;
	char *text = malloc(room);
	bool sent;

	if (!text)
		return false;
	/* By its name it is found again in pg_stat_statements, pg_stat_activity and the server's log. */
	snprintf(text, room, "/* %s */ %s", s->sql->name, s->sql->text);
	sent = PQsendPrepare(pg, s->sql->name, text, args ? args->count : 0, args ? args->types : NULL);
	free(text);
	return sent;
}

static bool send_text(PGconn *pg, const char *sql)
{
	return PQsendQueryParams(pg, sql, 0, NULL, NULL, NULL, NULL, 1);
}

static bool send_setting(PGconn *pg, const fl_db_step *s)
{
	char tenant[16] = "";
	const char *value = tenant;

	if (s->kind == FL_STEP_PLAN) {
		value = s->generic ? "force_generic_plan" : "force_custom_plan";
		return PQsendQueryPrepared(pg, "fl_plan", 1, &value, NULL, NULL, 1);
	}
	if (s->tenant_id > 0)
		snprintf(tenant, sizeof tenant, "%d", s->tenant_id);
	return PQsendQueryPrepared(pg, s->generic ? "fl_set" : "fl_set_custom", 1, &value, NULL, NULL, 1);
}

static bool send_step(PGconn *pg, const fl_db_step *s)
{
	switch (s->kind) {
	case FL_STEP_PREPARE:
		return send_prepare(pg, s);
	case FL_STEP_SET:
	case FL_STEP_PLAN:
		return send_setting(pg, s);
	case FL_STEP_STMT:
		return send_stmt(pg, s);
	case FL_STEP_BEFORE:
		return PQsendQueryPrepared(pg, "fl_before", 0, NULL, NULL, NULL, 1);
	case FL_STEP_SEEN:
		return PQsendQueryPrepared(pg, "fl_seen", 0, NULL, NULL, NULL, 1);
	case FL_STEP_BEGIN:
		return send_text(pg, "BEGIN");
	case FL_STEP_COMMIT:
		return send_text(pg, "COMMIT");
	case FL_STEP_ROLLBACK:
		return send_text(pg, "ROLLBACK");
	}
	return false;
}

static void push(fl_db_conn *c, fl_db_unit *u)
{
	u->next = NULL;
	if (c->last)
		c->last->next = u;
	else
		c->first = u;
	c->last = u;
	c->in_flight++;
}

static bool send_all(fl_db_conn *c, fl_db_unit *u)
{
	push(c, u);
	for (int i = 0; i < u->count; i++)
		if (!send_step(c->pg, &u->steps[i]))
			return false;
	return PQpipelineSync(c->pg) == 1;
}

/* A statement is prepared in a unit of its own, so that no failing sibling can make PostgreSQL skip it. */
static bool prepare(fl_db_conn *c, const fl_db_step *s)
{
	fl_db_unit *u;
	fl_db_step *p;
	bool sent;

	if (is_prepared(c, s->sql))
		return true;
	u = fl_unit_new(1);
	if (!u || !remember(c, s->sql)) {
		free(u);
		return false;
	}
	p = fl_unit_add(u, FL_STEP_PREPARE);
	p->request = s->request;
	p->index = s->index;
	p->sql = s->sql;
	sent = send_all(c, u);
	p->request = NULL;
	return sent;
}

void fl_unit_send(fl_db_conn *c, fl_db_unit *u)
{
	bool ok = true;

	for (int i = 0; ok && i < u->count; i++)
		if (u->steps[i].kind == FL_STEP_STMT)
			ok = prepare(c, &u->steps[i]);
	if (!ok)
		push(c, u); /* lost with the connection */
	else
		ok = send_all(c, u);
	c->db->stats.waves++;
	if (!ok || FL_FAULT("db.send"))
		fl_conn_lost(c, PQerrorMessage(c->pg));
	else
		fl_conn_read(c); /* flushes, and watches for the answer */
}

/* ---- Results ---- */

static void note_failure(fl_db_conn *c, fl_db_unit *u, const fl_db_step *s, const PGresult *result)
{
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *name = s && s->sql ? s->sql->name : "commit or setting";
	fl_db_error error;
	fl_err err = fl_db_err_from(result, &error);
	bool ours = err == FL_DB || err == FL_FORBIDDEN;

	if (u->err == FL_OK) {
		u->err = err;
		u->error = error;
	}
	if (s && s->kind == FL_STEP_STMT) {
		s->request->err = err;
		s->request->error = error;
	}
	if (s && s->kind == FL_STEP_PREPARE)
		forget(c, s->sql);
	c->db->stats.errors++;
	fl_log(ours ? FL_ERROR : err == FL_DUPLICATE ? FL_DEBUG : FL_INFO, "db: %s: %s %s", name, error.sqlstate, text ? text : "");
}

static uint64_t lsn_of(const PGresult *result)
{
	uint64_t lsn = 0;

	if (PQgetlength(result, 0, 0) == sizeof(lsn)) /* else it is NULL */
		memcpy(&lsn, PQgetvalue(result, 0, 0), sizeof(lsn));
	return be64toh(lsn);
}

/* Takes result. */
static void step_result(fl_db_conn *c, fl_db_unit *u, fl_db_step *s, PGresult *result)
{
	switch (PQresultStatus(result)) {
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
		if (s->kind == FL_STEP_STMT && s->request->err == FL_OK && !s->request->results[s->index]) {
			s->request->results[s->index] = result;
			return;
		}
		if (s->kind == FL_STEP_SEEN)
			u->seen = lsn_of(result);
		if (s->kind == FL_STEP_BEFORE)
			u->before = lsn_of(result);
		/* COMMIT of a transaction that had failed answers ROLLBACK, without an error. */
		if (s->kind == FL_STEP_COMMIT && strcmp(PQcmdStatus(result), "COMMIT") != 0)
			u->err = FL_DB;
		break;
	case PGRES_PIPELINE_ABORTED:
		if (s->kind == FL_STEP_STMT)
			s->request->aborted = true;
		break;
	case PGRES_FATAL_ERROR:
		note_failure(c, u, s, result);
		break;
	default: /* COPY and the like have no place here */
		u->err = FL_DB;
		if (s->kind == FL_STEP_STMT)
			s->request->err = FL_DB;
	}
	PQclear(result);
}

static void pop(fl_db_conn *c)
{
	fl_db_unit *u = c->first;

	c->first = u->next;
	if (!c->first)
		c->last = NULL;
	c->in_flight--;
}

/* A read of a wave: its own result counts; what a sibling's failure or a lost connection cut off runs once more, alone. */
static void finish_read(fl_db *db, const fl_db_unit *u, fl_db_request *r)
{
	bool cut = r->aborted || (r->err == FL_OK && !r->results[0]) || r->err == FL_UNAVAILABLE;

	r->before = u->before;
	r->seen = u->seen;
	if (cut && !r->retried && r->wait && !db->closing && fl_conn_pick(db)) {
		r->retried = true;
		r->aborted = false;
		r->err = FL_OK;
		db->stats.retried++;
		fl_request_gather(db, r);
		return;
	}
	if (cut && r->err == FL_OK) {
		r->err = u->err != FL_OK ? u->err : FL_DB;
		r->error = u->error;
	}
	fl_request_finish(db, r);
}

void fl_unit_finish(fl_db *db, fl_db_unit *u)
{
	fl_db_request *r = u->owner;

	if (r) {
		r->seen = u->seen;
		if (u->err != FL_OK) {
			r->err = u->err;
			r->error = u->error;
		}
		fl_request_finish(db, r);
	} else {
		if (u->seen && db->opts.self)
			fl_replica_replayed(db->opts.self, u->seen);
		for (int i = 0; i < u->count; i++)
			if (u->steps[i].kind == FL_STEP_STMT)
				finish_read(db, u, u->steps[i].request);
	}
	free(u);
}

/* One result of the first unit. */
static void take(fl_db_conn *c, PGresult *result)
{
	fl_db_unit *u = c->first;

	if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
		PQclear(result);
		c->in_step = false;
		pop(c);
		fl_unit_finish(c->db, u);
	} else if (u->cursor < u->count) {
		c->in_step = true;
		step_result(c, u, &u->steps[u->cursor], result);
	} else { /* the commit at Sync failed */
		note_failure(c, u, NULL, result);
		PQclear(result);
	}
}

/* NULL ends the results of a step. Outside a step it says that nothing is left to parse: at most twice in a row. */
static bool end_step(fl_db_conn *c, int *idle)
{
	if (!c->in_step)
		return ++*idle < 2;
	c->in_step = false;
	c->first->cursor++;
	*idle = 0;
	return true;
}

static void parse(fl_db_conn *c)
{
	int idle = 0;

	while (c->pg && c->first && !PQisBusy(c->pg)) {
		PGresult *result = PQgetResult(c->pg);

		if (result) {
			idle = 0;
			take(c, result);
		} else if (!end_step(c, &idle)) {
			break;
		}
	}
}

static void on_poll(void *arg, int events)
{
	fl_db_conn *c = arg;

	if ((events & FL_READ) && (!PQconsumeInput(c->pg) || FL_FAULT("db.read"))) {
		parse(c); /* what came before the end, as the server's last words */
		fl_conn_lost(c, PQerrorMessage(c->pg));
		return;
	}
	fl_conn_read(c);
}

void fl_conn_read(fl_db_conn *c)
{
	int left, events;

	parse(c);
	if (!c->pg)
		return;
	left = PQflush(c->pg);
	if (left < 0 || PQstatus(c->pg) == CONNECTION_BAD) {
		fl_conn_lost(c, PQerrorMessage(c->pg));
		return;
	}
	events = FL_READ | (left ? FL_WRITE : 0);
	if (events != c->events) {
		c->events = events;
		fl_poll_start(c->poll, events, on_poll, c);
	}
}
