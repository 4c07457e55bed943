#include "app/config.h"

#include <stdlib.h>

const app_config_row app_config_rows[APP_CONFIG_ROWS] = {
#define TEXT_ROW(field_, env_, flag_, otherwise_, value_, help_)                                                               \
	{ .field = #field_, .env = env_, .flag = flag_, .otherwise = otherwise_, .value = value_, .help = help_,              \
	  .offset = offsetof(app_config, field_) },
#define NUMBER_ROW(field_, env_, flag_, otherwise_, least_, most_, value_, help_)                                              \
	{ .field = #field_, .env = env_, .flag = flag_, .otherwise = #otherwise_, .value = value_, .help = help_,             \
	  .is_number = true, .number = otherwise_, .least = least_, .most = most_, .offset = offsetof(app_config, field_) },
	APP_CONFIG(TEXT_ROW, NUMBER_ROW)
#undef TEXT_ROW
#undef NUMBER_ROW
};

static const char **text_of(const app_config *config, const app_config_row *row)
{
	return (const char **)((char *)config + row->offset);
}

static int64_t *number_of(const app_config *config, const app_config_row *row)
{
	return (int64_t *)((char *)config + row->offset);
}

static fl_err set_row(app_config *config, const app_config_row *row, const char *name, const char *value, app_source from,
	fl_diag *diag)
{
	int64_t number;
	if (!row->is_number) {
		*text_of(config, row) = value;
		config->from[row - app_config_rows] = from;
		return FL_OK;
	}
	if (!fl_str_i64(fl_str_z(value), &number) || number < row->least || number > row->most)
		return fl_fail(diag, FL_BAD_INPUT, "%s: '%s' is not a number from %lld to %lld", name, value, (long long)row->least,
			(long long)row->most);
	*number_of(config, row) = number;
	config->from[row - app_config_rows] = from;
	return FL_OK;
}

fl_err app_config_init(app_config *config, fl_diag *diag)
{
	app_config made = { 0 };
	for (size_t i = 0; i < APP_CONFIG_ROWS; i++) {
		const app_config_row *row = &app_config_rows[i];
		const char *value = getenv(row->env);
		if (row->is_number)
			*number_of(&made, row) = row->number;
		else
			*text_of(&made, row) = row->otherwise;
		if (value && value[0])
			FL_TRY(set_row(&made, row, row->env, value, APP_FROM_ENVIRONMENT, diag));
	}
	*config = made;
	return FL_OK;
}

const app_config_row *app_config_find(const char *flag)
{
	for (size_t i = 0; i < APP_CONFIG_ROWS; i++)
		if (strcmp(app_config_rows[i].flag, flag) == 0)
			return &app_config_rows[i];
	return NULL;
}

fl_err app_config_set(app_config *config, const char *flag, const char *value, fl_diag *diag)
{
	const app_config_row *row = app_config_find(flag);
	return row ? set_row(config, row, flag, value, APP_FROM_FLAG, diag) : FL_NOT_FOUND;
}

/* scheme://user:password@host -> scheme://user:***@host */
static void show_one_url(fl_buf *out, fl_str url)
{
	ptrdiff_t scheme = fl_str_find(url, FL_STR("://"));
	fl_str rest = scheme < 0 ? url : fl_str_slice(url, (size_t)scheme + 3, url.len);
	ptrdiff_t at = -1;
	for (size_t i = 0; i < rest.len && rest.ptr[i] != '/'; i++)
		if (rest.ptr[i] == '@')
			at = (ptrdiff_t)i;
	ptrdiff_t colon = fl_str_find_char(rest, ':');
	if (scheme < 0 || at < 0 || colon < 0 || colon > at) {
		fl_buf_str(out, url);
		return;
	}
	fl_buf_str(out, fl_str_slice(url, 0, (size_t)(scheme + 3 + colon + 1)));
	fl_buf_lit(out, "***");
	fl_buf_str(out, fl_str_slice(rest, (size_t)at, rest.len));
}

/* Or several: the next begins behind the last comma before its "://". Commas within a URL are its own. */
static void show_url(fl_buf *out, fl_str urls)
{
	for (;;) {
		ptrdiff_t first = fl_str_find(urls, FL_STR("://"));
		ptrdiff_t next = first < 0 ? -1 : fl_str_find(fl_str_slice(urls, (size_t)first + 3, urls.len), FL_STR("://"));
		size_t end = next < 0 ? 0 : (size_t)(first + 3 + next);
		while (end > 0 && urls.ptr[end] != ',')
			end--;
		show_one_url(out, end ? fl_str_slice(urls, 0, end) : urls);
		if (!end)
			return;
		fl_buf_char(out, ',');
		urls = fl_str_slice(urls, end + 1, urls.len);
	}
}

void app_config_value(const app_config *config, const app_config_row *row, fl_buf *out)
{
	if (row->is_number)
		fl_buf_i64(out, *number_of(config, row));
	else
		fl_buf_str(out, fl_str_z(*text_of(config, row)));
}

void app_config_show(const app_config *config, const app_config_row *row, fl_buf *out)
{
	if (row->is_number)
		fl_buf_i64(out, *number_of(config, row));
	else
		show_url(out, fl_str_z(*text_of(config, row)));
}
