#include "fleet/fleet.h"
#include "fleet/life.h"

static const struct {
	const char *text;
	bool roles[FL_ROLE_SYSTEM + 1];
} permissions[] = {
#define ROW(name, text, driver, manager, auditor, admin)                                                               \
	[FL_MAY_##name] = { text,                                                                                      \
			    { [FL_ROLE_DRIVER] = driver,                                                               \
			      [FL_ROLE_MANAGER] = manager,                                                             \
			      [FL_ROLE_AUDITOR] = auditor,                                                             \
			      [FL_ROLE_ADMIN] = admin,                                                                 \
			      [FL_ROLE_SYSTEM] = true } },
	FL_PERMISSIONS(ROW)
#undef ROW
};

bool fl_may(const fl_caller *caller, fl_permission permission)
{
	assert(permission < FL_COUNT(permissions) && caller->role <= FL_ROLE_SYSTEM);
	return caller->tenant_id > 0 && permissions[permission].roles[caller->role];
}

fl_err fl_must(fl_ctx *ctx, fl_permission permission)
{
	if (fl_may(&ctx->caller, permission))
		return FL_OK;
	if (ctx->caller.tenant_id <= 0 || ctx->caller.role == FL_ROLE_NONE)
		return fl_fail(&ctx->diag, FL_UNAUTHENTICATED, "log in first, or send a bearer token");
	fl_str role = fl_role_name(ctx->caller.role);
	return fl_fail(&ctx->diag, FL_FORBIDDEN, "the role %" FL_FMT " may not %s", FL_ARG(role), permissions[permission].text);
}

bool fl_sees_alike(const fl_caller *a, const fl_caller *b)
{
	return a->tenant_id == b->tenant_id && a->role == b->role && (a->user_id == b->user_id || fl_may(a, FL_MAY_REPORT_READ_ALL));
}

/* ---- states ---- */

static const fl_word status_list[] = { FL_STATUSES(FL_WORD) };
static const fl_words statuses = FL_WORDS(status_list);

fl_str fl_status_name(fl_status status)
{
	return fl_word_name(&statuses, (int)status);
}

/* ---- money ---- */

fl_str fl_money_text(fl_arena *mem, int64_t cents)
{
	int64_t whole = cents / 100;
	int rest = cents % 100 < 0 ? -(cents % 100) : cents % 100;
	return fl_str_fmt(mem, "%s%lld.%02d", cents < 0 && whole == 0 ? "-" : "", (long long)whole, rest);
}

fl_err fl_money_parse(fl_diag *diag, const char *what, fl_str text, int64_t *out)
{
	fl_str decimals, whole_text = fl_str_cut(text, '.', &decimals);
	int64_t whole = 0, cents = 0;
	bool dot = whole_text.len < text.len;
	if (whole_text.len && whole_text.ptr[0] == '-')
		return fl_fail(diag, FL_BAD_INPUT, "%s must not be negative", what);
	if (!fl_str_i64(whole_text, &whole) || (dot && decimals.len == 0))
		return fl_fail(diag, FL_BAD_INPUT, "%s must be a decimal number as in \"1250.00\"", what);
	while (decimals.len > 2 && decimals.ptr[decimals.len - 1] == '0')
		decimals.len--;
	if (decimals.len > 2)
		return fl_fail(diag, FL_BAD_INPUT, "%s has more than two decimals", what);
	for (size_t i = 0; i < 2; i++) {
		char digit = i < decimals.len ? decimals.ptr[i] : '0';
		if (digit < '0' || digit > '9')
			return fl_fail(diag, FL_BAD_INPUT, "%s must be a decimal number as in \"1250.00\"", what);
		cents = cents * 10 + (digit - '0');
	}
	if (whole > 1000000000 || (whole == 1000000000 && cents))
		return fl_fail(diag, FL_BAD_INPUT, "%s is beyond 1,000,000,000", what);
	*out = whole * 100 + cents;
	return FL_OK;
}

/* ---- text ---- */

fl_err fl_text_check(fl_diag *diag, const char *what, fl_str text, size_t max)
{
	if (!fl_str_utf8_valid(text) || fl_str_find_char(text, 0) >= 0)
		return fl_fail(diag, FL_BAD_INPUT, "%s is not valid UTF-8 text", what);
	size_t characters = 0;
	for (size_t i = 0; i < text.len; i++)
		characters += (text.ptr[i] & 0xc0) != 0x80;
	if (characters > max)
		return fl_fail(diag, FL_BAD_INPUT, "%s has %zu characters; at most %zu are kept", what, characters, max);
	return FL_OK;
}
