/* Reads the answers of the API. */
#include "page/page_int.h"

const fl_json *json_at(const fl_json *value, const char *path)
{
	fl_str rest = fl_str_z(path);

	while (value && rest.len > 0) {
		fl_str step = fl_str_cut(rest, '.', &rest);
		value = fl_json_get(value, step);
	}
	return value && value->type != FL_JSON_NULL ? value : NULL;
}

fl_str json_text(const fl_json *value, const char *path)
{
	return fl_json_str(json_at(value, path), (fl_str){});
}

double json_number(const fl_json *value, const char *path)
{
	const fl_json *found = json_at(value, path);
	double number = 0;

	if (found && found->type == FL_JSON_STRING)
		return fl_str_f64(found->string, &number) ? number : 0;
	return fl_json_double(found, 0);
}

int64_t json_whole(const fl_json *value, const char *path)
{
	const fl_json *found = json_at(value, path);
	int64_t whole = 0;

	if (found && found->type == FL_JSON_STRING)
		return fl_str_i64(found->string, &whole) ? whole : 0;
	return fl_json_int(found, 0);
}

bool json_time(const fl_json *value, const char *path, int64_t *out)
{
	fl_str text = json_text(value, path);

	return text.ptr && fl_time_parse(text, out);
}

const fl_json *json_first(const fl_json *array)
{
	return array && array->type == FL_JSON_ARRAY ? array->items.first : NULL;
}

size_t json_count(const fl_json *array)
{
	return array && array->type == FL_JSON_ARRAY ? array->items.count : 0;
}

static fl_err err_of_code(fl_str code)
{
	for (int err = FL_OK + 1; err < FL_ERR_COUNT; err++) {
		if (fl_str_eq(code, fl_str_z(fl_err_code((fl_err)err))))
			return (fl_err)err;
	}
	return FL_INTERNAL;
}

fl_err page_ask(fl_ctx *ctx, const fl_page *page, fl_str document, fl_str variables, const fl_json **data)
{
	const fl_json *answer, *error, *found;
	fl_str text;

	FL_TRY(page->opts.execute(ctx, document, variables, &text));
	FL_TRY(fl_json_parse(ctx->mem, text, &answer, &ctx->diag));
	error = json_first(json_at(answer, "errors"));
	if (error) {
		fl_str message = json_text(error, "message");
		return fl_fail(&ctx->diag, err_of_code(json_text(error, "extensions.code")), "%" FL_FMT, FL_ARG(message));
	}
	found = json_at(answer, "data");
	if (!found)
		return fl_fail(&ctx->diag, FL_INTERNAL, "the API gave no data");
	*data = found;
	return FL_OK;
}
