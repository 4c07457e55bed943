#include "app/demo.h"

#include "db/db.h"

fl_err app_demo_password(const app_home *home, char out[APP_DEMO_PASSWORD_LEN + 1], fl_diag *diag)
{
	size_t len = 0;
	out[APP_DEMO_PASSWORD_LEN] = 0;
	fl_err err = fl_secret_read(home->secrets, "demo.password", out, APP_DEMO_PASSWORD_LEN, &len, diag);
	if (err == FL_NOT_FOUND) {
		fl_random_text(out, APP_DEMO_PASSWORD_LEN);
		return fl_secret_create(home->secrets, "demo.password", fl_str_make(out, APP_DEMO_PASSWORD_LEN), diag);
	}
	if (err == FL_OK && len != APP_DEMO_PASSWORD_LEN)
		return fl_fail(diag, FL_IO, "%s/demo.password is damaged; remove it and run fleet seed --passwords", home->secrets);
	return err;
}

fl_err app_token_make(const app_home *home, fl_str pg_url, fl_str tenant, fl_role role, int64_t ttl_us, fl_arena *mem,
	fl_str *token, fl_diag *diag)
{
	static const char sql[] = "SELECT t.id, u.id, u.name FROM fleet.tenants t LEFT JOIN fleet.users u"
				  " ON u.tenant_id = t.id AND u.role = $2 AND u.disabled_at IS NULL"
				  " WHERE t.slug = $1 ORDER BY u.id LIMIT 1";
	FL_AUTO(fl_pg_close) fl_pg *pg = NULL;
	fl_jwt_keys keys = { 0 };
	const fl_rows *rows = NULL;
	fl_args args = fl_args_make(mem);
	fl_arg_text(&args, tenant);
	fl_arg_i16(&args, (int16_t)role); /* fl_role counts as ref_code does */
	FL_TRY(fl_pg_open(fl_str_cstr(mem, pg_url), diag, &pg));
	FL_TRY(fl_pg_query(pg, sql, &args, mem, &rows, diag));
	if (rows->count == 0)
		return fl_fail(diag, FL_NOT_FOUND, "there is no company '%" FL_FMT "'", FL_ARG(tenant));
	bool person = !fl_row_null(rows, 0, 1);
	fl_claims claims = {
		.tenant_id = fl_row_i32(rows, 0, 0),
		.user_id = person ? fl_row_i32(rows, 0, 1) : 0,
		.role = role,
		.tenant = tenant,
		.name = person ? fl_row_text(rows, 0, 2) : FL_STR("a program"),
		.expires_us = fl_now_us() + ttl_us,
	};
	FL_TRY(fl_jwt_keys_load(&keys, home->secrets, diag));
	fl_err err = fl_jwt_sign(&keys, mem, &claims, token);
	fl_jwt_keys_wipe(&keys);
	return err;
}
