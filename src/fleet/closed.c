#include "fleet/closed.h"
#include "fleet/session.h"

#include <stdlib.h>

#define ASK_EVERY_US (5 * FL_MINUTE_US)
#define ASK_AGAIN_US (5 * FL_SECOND_US)
#define LOOK_US 20000
/* Longer than the token of a person is good for. */
#define BACK_US (2 * FL_SESSION_HOURS * FL_HOUR_US)

struct fl_closed {
	int64_t due_us; /* 0: now */
	bool asking;
	int64_t *who;   /* tenant and user in one number, sorted */
	size_t count;
};

static int64_t number_of(int32_t tenant, int32_t user)
{
	return (int64_t)tenant << 32 | (uint32_t)user;
}

fl_err fl_closed_new(fl_closed **out)
{
	fl_closed *closed = calloc(1, sizeof(*closed));
	if (!closed)
		return FL_NOMEM;
	*out = closed;
	return FL_OK;
}

void fl_closed_free(fl_closed *closed)
{
	if (closed)
		free(closed->who);
	free(closed);
}

void fl_closed_poke(fl_services *services)
{
	if (services->closed)
		services->closed->due_us = 0;
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static fl_err take(fl_closed *closed, const fl_rows *rows)
{
	int64_t *who = calloc((size_t)rows->count + 1, sizeof(*who));
	if (!who)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		who[i] = number_of(fl_row_i32(rows, i, 0), fl_row_i32(rows, i, 1));
	qsort(who, (size_t)rows->count, sizeof(*who), by_number);
	free(closed->who);
	closed->who = who;
	closed->count = (size_t)rows->count;
	return FL_OK;
}

/* Of the primary: a replica may not know it yet. */
static fl_err ask(fl_ctx *ctx, fl_closed *closed)
{
	static const fl_sql sql = { "logins_closed", "SELECT tenant_id, user_id FROM logins_closed($1)", .write = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_time(&args, fl_now_us() - BACK_US);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return take(closed, rows);
}

static fl_err refresh(fl_ctx *ctx, fl_closed *closed)
{
	fl_ctx own;
	closed->asking = true;
	closed->due_us = fl_loop_now_us(ctx->loop) + ASK_EVERY_US; /* a poke meanwhile makes it due again */
	fl_ctx_derive(&own, ctx, ASK_AGAIN_US);
	fl_err err = ask(&own, closed);
	if (err != FL_OK)
		closed->due_us = FL_MIN(closed->due_us, fl_loop_now_us(ctx->loop) + ASK_AGAIN_US);
	fl_ctx_fini(&own);
	closed->asking = false;
	return err;
}

fl_err fl_closed_refresh(fl_ctx *ctx)
{
	fl_closed *closed = ctx->services->closed;
	while (closed && (closed->asking || closed->due_us <= fl_loop_now_us(ctx->loop)))
		if (closed->asking) /* a request does; what it gets may be from before a poke */
			FL_TRY(await_sleep(ctx, LOOK_US));
		else
			FL_TRY(refresh(ctx, closed));
	return FL_OK;
}

bool fl_closed_has(const fl_services *services, const fl_caller *caller)
{
	const fl_closed *closed = services->closed;
	int64_t who = number_of(caller->tenant_id, caller->user_id);
	return closed && caller->user_id && closed->count && bsearch(&who, closed->who, closed->count, sizeof(who), by_number);
}

fl_err fl_closed_check(fl_ctx *ctx)
{
	fl_closed *closed = ctx->services->closed;
	if (!closed || !ctx->caller.user_id)
		return FL_OK;
	if (!closed->asking && closed->due_us <= fl_loop_now_us(ctx->loop) && refresh(ctx, closed) != FL_OK)
		fl_debug("the list of closed log-ins is as it was");
	if (!fl_closed_has(ctx->services, &ctx->caller))
		return FL_OK;
	return fl_fail(&ctx->diag, FL_UNAUTHENTICATED, "this log-in was closed; ask an administrator of your company");
}
