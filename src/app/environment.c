#include "app/environment.h"

#include <unistd.h>

static bool named(const char *entry, const char *name)
{
	size_t len = strlen(name);
	return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

static bool replaced(const char *entry, const app_environment_add *adds)
{
	for (; adds->name; adds++)
		if (named(entry, adds->name))
			return true;
	for (size_t i = 0; i < APP_CONFIG_ROWS; i++)
		if (named(entry, app_config_rows[i].env))
			return true;
	return false;
}

static bool added(const char *name, const app_environment_add *adds)
{
	for (; adds->name; adds++)
		if (strcmp(adds->name, name) == 0)
			return true;
	return false;
}

const char *const *app_environment(fl_arena *mem, const app_config *config, const app_environment_add *adds)
{
	size_t count = 0, room = APP_CONFIG_ROWS + 1;
	for (char **e = environ; *e; e++)
		room++;
	for (const app_environment_add *a = adds; a->name; a++)
		room++;
	const char **out = fl_new_array(mem, const char *, room);
	if (!out)
		return NULL;
	for (char **e = environ; *e; e++)
		if (!replaced(*e, adds))
			out[count++] = *e;
	for (size_t i = 0; i < APP_CONFIG_ROWS; i++) {
		FL_AUTO_BUF fl_buf value = fl_buf_make(1 << 16);
		const app_config_row *row = &app_config_rows[i];
		if (config->from[i] == APP_FROM_DEFAULT || added(row->env, adds))
			continue;
		app_config_value(config, row, &value);
		out[count++] = fl_str_fmt(mem, "%s=%" FL_FMT, row->env, FL_ARG(fl_buf_view(&value))).ptr;
	}
	for (const app_environment_add *a = adds; a->name; a++)
		out[count++] = fl_str_fmt(mem, "%s=%" FL_FMT, a->name, FL_ARG(a->value)).ptr;
	for (size_t i = 0; i < count; i++)
		if (!out[i])
			return NULL;
	return out;
}
