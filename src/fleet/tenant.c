/* The companies that this loop saw lately: name and currency stand in nearly every answer and hardly ever change. */
#include "fleet/closed.h"

#include <stdlib.h>

enum { SLOTS = 256 };

struct fl_tenants {
	struct {
		fl_tenant tenant;
		int64_t until_us;
		int32_t pace_of; /* the company that pace belongs to */
		int64_t pace;
	} slots[SLOTS]; /* by id; a later company takes the place of an earlier one */
};

fl_err fl_services_init(fl_services *services)
{
	assert(services->db && services->store);
	services->tenants = calloc(1, sizeof(*services->tenants));
	if (!services->tenants)
		return FL_NOMEM;
	if (!services->keys)
		return FL_OK;
	FL_TRY(fl_closed_new(&services->closed));
	return fl_jwt_cache_new(services->keys, &services->tokens);
}

void fl_services_fini(fl_services *services)
{
	free(services->tenants);
	services->tenants = NULL;
	fl_closed_free(services->closed);
	services->closed = NULL;
	fl_jwt_cache_free(services->tokens);
	services->tokens = NULL;
}

static void keep(char *out, size_t size, fl_str text)
{
	size_t len = FL_MIN(text.len, size - 1);
	memcpy(out, text.len ? text.ptr : "", len);
	out[len] = 0;
}

static fl_err load(fl_ctx *ctx, fl_tenant *out)
{
	static const fl_sql sql = { "tenant_self", "SELECT id, public_id, slug, name, currency, tz, version, lang::oid::int FROM tenants WHERE id = $1", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32(&args, ctx->caller.tenant_id);
	fl_ctx newest; /* what is kept for others must not be what a replica still has */
	fl_ctx_derive(&newest, ctx, 0);
	newest.view = NULL;
	fl_err err = await_query(&newest, ctx->services->db, &sql, &args, &rows);
	ctx->diag = newest.diag;
	fl_ctx_fini(&newest);
	FL_TRY(err);
	if (rows->count == 0)
		return fl_fail(&ctx->diag, FL_UNAUTHENTICATED, "this company does not exist any more");
	*out = (fl_tenant){ .id = fl_row_i32(rows, 0, 0), .public_id = fl_row_uuid(rows, 0, 1) };
	keep(out->slug, sizeof(out->slug), fl_row_text(rows, 0, 2));
	keep(out->name, sizeof(out->name), fl_row_text(rows, 0, 3));
	keep(out->currency, sizeof(out->currency), fl_row_text(rows, 0, 4));
	keep(out->time_zone, sizeof(out->time_zone), fl_row_text(rows, 0, 5));
	out->version = fl_row_i32(rows, 0, 6);
	out->language = fl_row_i32(rows, 0, 7);
	return FL_OK;
}

fl_err fl_tenant_get(fl_ctx *ctx, const fl_tenant **out)
{
	int32_t id = ctx->caller.tenant_id;
	if (id <= 0)
		return fl_fail(&ctx->diag, FL_UNAUTHENTICATED, "log in first, or send a bearer token");
	fl_tenant *copy = fl_new(ctx->mem, fl_tenant);
	if (!copy)
		return FL_NOMEM;
	__auto_type slot = &ctx->services->tenants->slots[id % SLOTS];
	if (slot->tenant.id != id || slot->until_us < fl_loop_now_us(ctx->loop)) {
		FL_TRY(load(ctx, copy));
		slot->tenant = *copy;
		slot->until_us = fl_loop_now_us(ctx->loop) + FL_MINUTE_US;
	}
	*copy = slot->tenant.id == id ? slot->tenant : *copy;
	*out = copy;
	return FL_OK;
}

int64_t *fl_tenant_pace(fl_ctx *ctx)
{
	__auto_type slot = &ctx->services->tenants->slots[ctx->caller.tenant_id % SLOTS];
	if (slot->pace_of != ctx->caller.tenant_id)
		slot->pace = 0;
	slot->pace_of = ctx->caller.tenant_id;
	return &slot->pace;
}

void fl_tenant_forget(fl_ctx *ctx)
{
	ctx->services->tenants->slots[ctx->caller.tenant_id % SLOTS].until_us = 0;
}
