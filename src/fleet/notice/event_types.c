/* Which events a receiver asks for: types as in report.created, or all of a noun as in report.*. */
#include "fleet/notice/notice.h"

static bool is_word(fl_str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!((word.ptr[i] >= 'a' && word.ptr[i] <= 'z') || word.ptr[i] == '_'))
			return false;
	return word.len > 0;
}

static bool is_type(fl_str text)
{
	fl_str verb, noun = fl_str_cut(text, '.', &verb);
	return text.len <= 100 && is_word(noun) && (is_word(verb) || fl_str_eq(verb, FL_STR("*")));
}

fl_err fl_event_types_check(fl_ctx *ctx, const fl_str *types, size_t count)
{
	if (count > FL_EVENT_TYPES_MAX)
		return fl_fail(
			&ctx->diag, FL_BAD_INPUT, "at most %d types of events; leave the list empty for all", FL_EVENT_TYPES_MAX);
	for (size_t i = 0; i < count; i++)
		if (!is_type(types[i]))
			return fl_fail(&ctx->diag, FL_BAD_INPUT,
				"'%" FL_FMT "' is no type of events; write them as in report.created or report.*",
				FL_ARG(fl_str_clip(types[i], 60)));
	return FL_OK;
}
