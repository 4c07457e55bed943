/* fleet config: every option with its value and where that is from. */
#include "app/app.h"

#include <stdio.h>

static const app_option options[] = {
	{ "--json", NULL, "answer for machines" },
	{ 0 },
};

static const char *const sources[] = { "default", "environment", "flag" };

static void print_json(const app_config *config)
{
	FL_AUTO_BUF fl_buf out = fl_buf_make(1 << 20);
	fl_json_out j = { .buf = &out };
	fl_json_open(&j, '[');
	for (size_t i = 0; i < APP_CONFIG_ROWS; i++) {
		const app_config_row *row = &app_config_rows[i];
		const char *const pairs[][2] = { { "environment", row->env }, { "flag", row->flag }, { "default", row->otherwise },
			{ "source", sources[config->from[i]] }, { "help", row->help } };
		FL_AUTO_BUF fl_buf value = fl_buf_make(1 << 16);
		app_config_show(config, row, &value);
		fl_json_open(&j, '{');
		for (size_t p = 0; p < FL_COUNT(pairs); p++) {
			fl_json_key(&j, fl_str_z(pairs[p][0]));
			fl_json_put_str(&j, fl_str_z(pairs[p][1]));
		}
		fl_json_key(&j, FL_STR("value"));
		fl_json_put_str(&j, fl_buf_view(&value));
		fl_json_close(&j, '}');
	}
	fl_json_close(&j, ']');
	printf("%" FL_FMT "\n", FL_ARG(fl_buf_view(&out)));
}

static int run(const app_call *call)
{
	if (app_given(call, "--json")) {
		print_json(call->config);
		return APP_DONE;
	}
	printf("%-28s %-26s %-20s %-12s %s\n", "environment", "flag", "value", "from", "what it is");
	for (size_t i = 0; i < APP_CONFIG_ROWS; i++) {
		const app_config_row *row = &app_config_rows[i];
		FL_AUTO_BUF fl_buf value = fl_buf_make(1 << 16);
		char flag[64];
		app_config_show(call->config, row, &value);
		if (value.len == 0)
			fl_buf_lit(&value, "-");
		fl_buf_char(&value, 0);
		snprintf(flag, sizeof(flag), "%s %s", row->flag, row->value);
		printf("%-28s %-26s %-20s %-12s %s\n", row->env, flag, value.ptr, sources[call->config->from[i]], row->help);
	}
	return APP_DONE;
}

const app_verb app_verb_config = {
	"config", "print every option, its value and where it is from", .options = options, .run = run };
