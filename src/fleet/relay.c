#include "fleet/relay.h"
#include "fleet/event.h"
#include "fleet/freshness.h"

#include <stdlib.h>

enum { BATCH_MAX = 500, MEM_MAX = 64 << 20 };
#define LOOK_EVERY_US FL_SECOND_US
#define BATCH_TIMEOUT_US (15 * FL_SECOND_US)

struct fl_relay {
	fl_loop *loop;
	fl_services *services;
	fl_wait wait;     /* of the coroutine that sleeps */
	bool sleeping, poked, stopping;
	fl_wait *stopped; /* who waits for the end */
	fl_relay_stats stats;
};

/* ---- one batch ---- */

typedef struct cursor {
	uint64_t xid;
	int64_t seq;
} cursor;

static const fl_sql cursor_make = { "relay_cursor_make",
				    "INSERT INTO outbox_cursor (consumer) VALUES ('redis') ON CONFLICT DO NOTHING", .write = true };
static const fl_sql cursor_lock = { "relay_cursor_lock",
				    "SELECT xid, seq FROM outbox_cursor WHERE consumer = 'redis' FOR UPDATE SKIP LOCKED" };
static const fl_sql cursor_move = { "relay_cursor_move",
				    "UPDATE outbox_cursor SET xid = $1, seq = $2, moved_at = now() WHERE consumer = 'redis'", .write = true };
static const fl_sql events_read = { "relay_events",
				    "SELECT tenant_id, id, xid, seq, type, report_id, vehicle_id, event_open(tenant_id, id, data), " FL_LSN_SQL " FROM outbox_read($1, $2, $3)" };

static fl_err write_message(fl_ctx *ctx, const fl_rows *rows, int i, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(FL_EVENT_DATA_SENT_MAX + 4096);
	fl_json_out j = { .buf = &buf };
	fl_uuid id = fl_row_uuid(rows, i, 1);
	fl_str data = fl_row_jsonb(rows, i, 7);
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("id"));
	fl_json_put_str(&j, fl_uuid_str(ctx->mem, id));
	fl_json_key(&j, FL_STR("type"));
	fl_json_put_str(&j, fl_row_text(rows, i, 4));
	fl_json_key(&j, FL_STR("report"));
	if (fl_row_null(rows, i, 5))
		fl_json_put_null(&j);
	else
		fl_json_put_str(&j, fl_uuid_str(ctx->mem, fl_row_uuid(rows, i, 5)));
	fl_json_key(&j, FL_STR("vehicle"));
	fl_json_put_i64(&j, fl_row_i32(rows, i, 6));
	fl_json_key(&j, FL_STR("at"));
	fl_json_put_i64(&j, fl_uuid7_time_us(id));
	if (data.len > sizeof("{}") - 1 && data.len <= FL_EVENT_DATA_SENT_MAX) {
		fl_json_key(&j, FL_STR("data"));
		fl_json_put_raw(&j, data);
	}
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

/* Commands of one turn leave in one write and are done in order, so only the last reply is waited for: when it has come,
 * all have. One that could not be sent, or was refused, is counted by the client; then the whole batch counts as not done. */
static fl_err publish(fl_ctx *ctx, fl_relay *relay, const fl_rows *rows)
{
	uint64_t dropped = fl_redis_get_stats(relay->services->redis).dropped;
	for (int i = 0; i < rows->count; i++) {
		/* Events come in the order of their commits: those of a company may stand apart. */
		if (relay->services->has_replicas && (i == 0 || fl_row_i32(rows, i, 0) != fl_row_i32(rows, i - 1, 0)))
			fl_freshness_publish(ctx, fl_row_i32(rows, i, 0), (uint64_t)fl_row_i64(rows, i, 8));
		fl_str message, channel = fl_str_fmt(ctx->mem, FL_CHANNEL_EVENTS "%d", fl_row_i32(rows, i, 0));
		if (!channel.ptr)
			return FL_NOMEM;
		FL_TRY(write_message(ctx, rows, i, &message));
		if (i + 1 < rows->count)
			fl_redis_publish(relay->services->redis, channel, message);
		else
			FL_TRY(await_redis_publish(ctx, relay->services->redis, channel, message, NULL));
	}
	if (fl_redis_get_stats(relay->services->redis).dropped != dropped)
		return fl_fail(&ctx->diag, FL_UNAVAILABLE, "Redis did not take every event");
	relay->stats.published += (uint64_t)rows->count;
	relay->stats.lag_us = fl_now_us() - fl_uuid7_time_us(fl_row_uuid(rows, rows->count - 1, 1));
	return FL_OK;
}

static fl_err move_cursor(fl_ctx *ctx, fl_tx *tx, const fl_rows *events)
{
	fl_args args = fl_args_make(ctx->mem);
	fl_arg_xid(&args, fl_row_xid(events, events->count - 1, 2));
	fl_arg_i64(&args, fl_row_i64(events, events->count - 1, 3));
	const fl_stmt move = { &cursor_move, &args, NULL };
	return await_commit_with(ctx, tx, &move, 1);
}

/* *count: events published; 0 when there were none, or another relay is at work. */
static fl_err relay_batch(fl_ctx *ctx, fl_relay *relay, int *count)
{
	FL_AUTO_TX fl_tx tx = {};
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *locked, *events;
	*count = 0;
	FL_TRY(await_begin(ctx, relay->services->db, &tx));
	FL_TRY(await_tx_query(ctx, &tx, &cursor_lock, NULL, &locked));
	if (locked->count == 0)
		return FL_OK;
	fl_arg_xid(&args, fl_row_xid(locked, 0, 0));
	fl_arg_i64(&args, fl_row_i64(locked, 0, 1));
	fl_arg_i32(&args, BATCH_MAX);
	FL_TRY(await_tx_query(ctx, &tx, &events_read, &args, &events));
	if (events->count == 0)
		return FL_OK;
	FL_TRY(publish(ctx, relay, events));
	FL_TRY(move_cursor(ctx, &tx, events));
	*count = events->count;
	return FL_OK;
}

/* ---- the loop ---- */

/* Works until nothing is left. */
static fl_err drain(fl_ctx *ctx, fl_relay *relay)
{
	for (int count = 1; count && !relay->stopping;) {
		fl_ctx batch;
		fl_ctx_derive(&batch, ctx, BATCH_TIMEOUT_US);
		fl_err err = relay_batch(&batch, relay, &count);
		ctx->diag = batch.diag;
		fl_ctx_fini(&batch);
		fl_arena_reset(ctx->mem);
		FL_TRY(err);
	}
	return FL_OK;
}

static void sleep_a_while(fl_ctx *ctx, fl_relay *relay)
{
	if (relay->poked || relay->stopping)
		return;
	fl_wait_init(&relay->wait);
	relay->sleeping = true;
	fl_err err = await_wait_until(ctx, &relay->wait, fl_loop_now_us(relay->loop) + LOOK_EVERY_US);
	relay->sleeping = false;
	(void)err; /* a poke or the second has passed: either way it is time to look */
}

static void run(void *arg)
{
	fl_relay *relay = arg;
	fl_arena mem = fl_arena_make(MEM_MAX);
	fl_ctx ctx;
	bool made = false;
	fl_ctx_init(&ctx, relay->loop, &mem);
	ctx.services = relay->services;
	while (!relay->stopping) {
		relay->poked = false;
		fl_err err = made ? FL_OK : await_query(&ctx, relay->services->db, &cursor_make, NULL, NULL);
		made = err == FL_OK;
		if (made)
			err = drain(&ctx, relay);
		if (err) {
			relay->stats.failures++;
			fl_warn("relay: %s; events wait and follow later", fl_diag_text(&ctx.diag, err));
			relay->poked = false; /* what fails at once would fail again at once */
		}
		ctx.diag.text[0] = 0;
		sleep_a_while(&ctx, relay);
		fl_arena_reset(&mem);
	}
	fl_ctx_fini(&ctx);
	fl_arena_fini(&mem);
	if (relay->stopped)
		fl_wake(relay->stopped, FL_OK);
}

fl_err fl_relay_start(fl_loop *loop, fl_services *services, fl_relay **out)
{
	assert(services->db && services->redis);
	fl_relay *relay = calloc(1, sizeof(*relay));
	if (!relay)
		return FL_NOMEM;
	relay->loop = loop;
	relay->services = services;
	fl_err err = fl_go(loop, run, relay);
	if (err) {
		free(relay);
		return err;
	}
	*out = relay;
	return FL_OK;
}

void fl_relay_poke(fl_relay *relay)
{
	relay->poked = true;
	if (relay->sleeping) {
		relay->sleeping = false;
		fl_wake(&relay->wait, FL_OK);
	}
}

void await_relay_stop(fl_ctx *ctx, fl_relay *relay)
{
	fl_wait ended;
	fl_ctx patient;
	if (!relay)
		return;
	fl_wait_init(&ended);
	relay->stopped = &ended;
	relay->stopping = true;
	fl_relay_poke(relay);
	fl_ctx_detach(&patient, ctx, 2 * BATCH_TIMEOUT_US);
	if (await_wait(&patient, &ended) == FL_OK) {
		free(relay);
	} else {
		relay->stopped = NULL; /* it keeps its memory and ends unseen */
		fl_error("relay: it did not stop in time");
	}
	fl_ctx_fini(&patient);
}

fl_relay_stats fl_relay_statistics(const fl_relay *relay)
{
	return relay->stats;
}
