#include "fleet/freshness.h"

#define REDIS_LIMIT_US (50 * 1000)

/* Keeps the greater one. Marks are 16 hexadecimal digits, so that their order is that of their text. */
static const fl_str raise_script = FL_STR_INIT("local v = redis.call('GET', KEYS[1]) "
	"if not v or v < ARGV[1] then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end return 1");

static fl_str key_of_person(fl_ctx *ctx)
{
	return fl_str_fmt(ctx->mem, "fleet:seen:%d:%d", (int)ctx->caller.tenant_id, (int)ctx->caller.user_id);
}

static fl_str key_of_company(fl_ctx *ctx, int32_t tenant_id)
{
	return fl_str_fmt(ctx->mem, "fleet:told:%d", (int)tenant_id);
}

static void raise(fl_ctx *ctx, fl_str key, uint64_t lsn, bool wait)
{
	fl_redis *redis = ctx->services->redis;
	fl_str mark = fl_str_fmt(ctx->mem, "%016llX", (unsigned long long)lsn), life = fl_str_fmt(ctx->mem, "%d", FL_FRESHNESS_S);
	const fl_str command[] = { FL_STR("EVAL"), raise_script, FL_STR("1"), key, mark, life };
	fl_ctx own;
	if (!redis || !key.ptr || !mark.ptr || !life.ptr)
		return;
	if (!wait) {
		fl_redis_send(redis, FL_COUNT(command), command);
		return;
	}
	fl_ctx_detach(&own, ctx, REDIS_LIMIT_US);
	if (await_redis(&own, redis, NULL, FL_COUNT(command), command) != FL_OK)
		fl_warn("freshness: Redis did not take the mark of a write; until it is asked again, reads elsewhere may be older");
	fl_ctx_fini(&own);
}

void fl_freshness_open(fl_ctx *ctx, fl_str known)
{
	if (fl_db_replica_count(ctx->services->db) == 0)
		return;
	ctx->view = fl_new(ctx->mem, fl_db_view);
	if (ctx->view && known.len)
		(void)!fl_lsn_parse(known, &ctx->view->floor);
}

static uint64_t mark_of(const fl_redis_reply *reply)
{
	uint64_t lsn = 0;
	if (reply->type != FL_REDIS_STRING || reply->str.len != 16)
		return 0;
	for (size_t i = 0; i < 16; i++) {
		char c = reply->str.ptr[i];
		lsn = lsn << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'A' + 10);
	}
	return lsn;
}

void await_freshness(fl_ctx *ctx)
{
	fl_db_view *view = ctx->view;
	fl_redis_reply reply = {};
	fl_ctx own;
	if (!view || view->primary || view->replicas)
		return;
	if (view->pin || !ctx->services->redis || !fl_db_has_good_replica(ctx->services->db)) {
		view->replicas = true;
		view->primary = !view->pin; /* not known how new a replica would have to be, should one come */
		return;
	}
	const fl_str command[] = { FL_STR("MGET"), key_of_person(ctx), key_of_company(ctx, ctx->caller.tenant_id) };
	fl_ctx_derive(&own, ctx, REDIS_LIMIT_US);
	fl_err err = command[1].ptr && command[2].ptr ? await_redis(&own, ctx->services->redis, &reply, FL_COUNT(command), command) : FL_NOMEM;
	fl_ctx_fini(&own);
	view->replicas = true;
	view->primary |= err != FL_OK;
	for (size_t i = 0; err == FL_OK && i < reply.count; i++)
		view->told = FL_MAX(view->told, mark_of(&reply.items[i]));
	view->floor = FL_MAX(view->floor, view->told);
}

void fl_freshness_newest(fl_ctx *ctx)
{
	if (ctx->view)
		ctx->view->replicas = false;
}

void fl_freshness_mark(fl_ctx *ctx, uint64_t lsn, bool written)
{
	if (ctx->services && ctx->caller.tenant_id > 0)
		raise(ctx, key_of_person(ctx), lsn, written);
}

void fl_freshness_publish(fl_ctx *ctx, int32_t tenant_id, uint64_t lsn)
{
	raise(ctx, key_of_company(ctx, tenant_id), lsn, false);
}
