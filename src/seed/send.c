/* Batches of rows on their way: filled by the seed's own thread, each sent by a thread and a connection of its own. */
#include <stdio.h>
#include <unistd.h>

#include "seed/seed_int.h"

/* Larger lists of pending words and larger sorts of them: an index of words takes ten thousand rows at once cheaper. */
const char fl_seed_settings[] =
	"SET constraint_exclusion = off; SET jit = off; SET synchronous_commit = off; SET gin_pending_list_limit = '16MB'; SET "
	"work_mem = '64MB';"
	" SET maintenance_work_mem = '256MB'; SET max_parallel_maintenance_workers = 0; SET max_parallel_workers_per_gather = 0";

fl_copy *fl_batch_copy(fl_batch *b, fl_rows_kind kind, int64_t at_us)
{
	return &b->copies[fl_load_covers(b->load, at_us)][kind];
}

static fl_err send_kind(fl_batch *b, bool aside, fl_rows_kind kind)
{
	fl_copy *copy = &b->copies[aside][kind];
	char sql[600];

	if (fl_copy_empty(copy))
		return FL_OK;
	snprintf(sql, sizeof sql, "COPY %s.%s FROM STDIN (FORMAT binary)", aside ? "loading" : "fleet", fl_rows_columns[kind]);
	return fl_copy_send(copy, b->pg, sql, &b->diag);
}

static fl_err send_rows(fl_batch *b)
{
	FL_TRY(fl_pg_exec(b->pg, "BEGIN", &b->diag));
	for (int aside = 0; aside <= 1; aside++)
		for (int kind = 0; kind < FL_ROWS_KINDS; kind++)
			FL_TRY(send_kind(b, aside, (fl_rows_kind)kind));
	return fl_pg_exec(b->pg, "COMMIT", &b->diag);
}

static void *run_batch(void *arg)
{
	fl_batch *b = arg;

	b->err = send_rows(b);
	return NULL;
}

/* Waits until the batch is in the database. */
static fl_err finish_batch(fl_sender *s, fl_batch *b)
{
	if (!b->sending)
		return FL_OK;
	pthread_join(b->thread, NULL);
	b->sending = false;
	if (b->err != FL_OK) {
		*s->diag = b->diag;
		return b->err;
	}
	s->done += b->rows;
	b->rows = 0;
	if (s->progress)
		s->progress(s->arg, s->done, s->total);
	return FL_OK;
}

fl_err fl_sender_send(fl_sender *s)
{
	fl_batch *b = s->at;

	if (!b->rows)
		return FL_OK;
	b->sending = pthread_create(&b->thread, NULL, run_batch, b) == 0;
	if (!b->sending) {
		b->err = send_rows(b);
		if (b->err != FL_OK) {
			*s->diag = b->diag;
			return b->err;
		}
		s->done += b->rows;
		b->rows = 0;
	}
	s->at = b + 1 < s->batches + s->count ? b + 1 : s->batches;
	return finish_batch(s, s->at);
}

fl_err fl_sender_flush(fl_sender *s)
{
	fl_err first = fl_sender_send(s);

	for (int i = 0; i < s->count; i++) {
		fl_err err = finish_batch(s, &s->batches[i]);
		first = first == FL_OK ? err : first;
	}
	return first;
}

int fl_seed_threads(void)
{
	return (int)FL_MAX(1, FL_MIN(sysconf(_SC_NPROCESSORS_ONLN), FL_BATCHES_MAX - 1));
}

fl_err fl_sender_open(fl_sender *s, const char *url, fl_load *load, fl_diag *diag)
{
	int count = fl_seed_threads() + 1; /* while all connections send, one more batch is being filled */

	s->diag = diag;
	for (s->count = 0; s->count < count; s->count++) {
		fl_batch *b = &s->batches[s->count];
		FL_TRY(fl_pg_open(url, diag, &b->pg));
		FL_TRY(fl_pg_exec(b->pg, fl_seed_settings, diag));
		b->load = load;
		for (int i = 0; i < 2 * FL_ROWS_KINDS; i++)
			fl_copy_begin(&b->copies[i / FL_ROWS_KINDS][i % FL_ROWS_KINDS]);
	}
	s->at = s->batches;
	return FL_OK;
}

void fl_sender_close(fl_sender *s)
{
	for (int i = 0; i < FL_BATCHES_MAX; i++) {
		fl_batch *b = &s->batches[i];
		if (b->sending)
			pthread_join(b->thread, NULL);
		for (int k = 0; k < 2 * FL_ROWS_KINDS; k++)
			fl_buf_fini(&b->copies[k / FL_ROWS_KINDS][k % FL_ROWS_KINDS].buf);
		fl_pg_close(b->pg);
	}
}
