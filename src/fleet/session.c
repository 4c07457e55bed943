#include "fleet/session.h"
#include "fleet/closed.h"

static fl_err sign(fl_ctx *ctx, const fl_claims *who, int64_t ttl_us, fl_str *token)
{
	fl_claims claims = *who;
	claims.issued_us = fl_now_us();
	claims.expires_us = claims.issued_us + ttl_us;
	return fl_jwt_sign(ctx->services->keys, ctx->mem, &claims, token);
}

/* Numbers and no addresses: what somebody mistyped may be a password. `fleet maintain weekly` counts these lines. */
static void tell_refused(const fl_ctx *ctx, const fl_rows *rows)
{
	if (rows->count)
		fl_info("log-in refused: account %d of company %d, request %" FL_FMT, (int)fl_row_i32(rows, 0, 2), (int)fl_row_i32(rows, 0, 0),
			FL_ARG(ctx->request_id));
	else
		fl_info("log-in refused: account unknown, request %" FL_FMT, FL_ARG(ctx->request_id));
}

fl_err fl_session_login(fl_ctx *ctx, fl_str email, fl_str password, fl_str *token)
{
	static const fl_sql sql = { "login_find", "SELECT tenant_id, slug, user_id, role, name, password FROM login_find($1)", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	email = fl_str_trim(email);
	if (email.len > 320 || password.len > FL_PASSWORD_MAX || !fl_str_utf8_valid(email) || fl_str_find_char(email, 0) >= 0)
		return fl_fail(&ctx->diag, FL_UNAUTHENTICATED, "this address and password do not match");
	fl_arg_text(&args, email);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_str hash = rows->count ? fl_row_text(rows, 0, 5) : FL_STR("");
	fl_err err = fl_password_verify(ctx, hash.ptr ? hash : FL_STR(""), password);
	if (err != FL_OK && err != FL_UNAUTHENTICATED)
		return err; /* too busy to tell: not the same as a wrong password */
	if (err != FL_OK || rows->count == 0)
		tell_refused(ctx, rows);
	if (err != FL_OK || rows->count == 0)
		return fl_fail(&ctx->diag, FL_UNAUTHENTICATED, "this address and password do not match");
	fl_claims claims = { .tenant_id = fl_row_i32(rows, 0, 0),
			     .tenant = fl_row_text(rows, 0, 1),
			     .user_id = fl_row_i32(rows, 0, 2),
			     .role = (fl_role)fl_row_i16(rows, 0, 3),
			     .name = fl_row_text(rows, 0, 4) };
	return sign(ctx, &claims, FL_SESSION_HOURS * FL_HOUR_US, token);
}

fl_err fl_session_enter(fl_ctx *ctx, fl_str token)
{
	fl_claims claims;
	FL_TRY(fl_jwt_cache_verify(ctx->services->tokens, ctx->mem, token, fl_now_us(), &claims, &ctx->diag));
	ctx->caller = (fl_caller){ claims.tenant_id, (int32_t)claims.user_id, claims.role, claims.name, claims.expires_us };
	fl_err err = fl_closed_check(ctx);
	if (err != FL_OK)
		ctx->caller = (fl_caller){};
	return err;
}

fl_err fl_session_token(fl_ctx *ctx, int64_t ttl_us, fl_str *token)
{
	const fl_tenant *tenant;
	FL_TRY(fl_tenant_get(ctx, &tenant));
	fl_claims claims = { .tenant_id = ctx->caller.tenant_id,
			     .tenant = fl_str_z(tenant->slug),
			     .user_id = ctx->caller.user_id,
			     .role = ctx->caller.role,
			     .name = ctx->caller.name };
	return sign(ctx, &claims, ttl_us, token);
}
