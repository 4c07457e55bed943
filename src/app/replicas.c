#include "app/replicas.h"

static bool begins_url(fl_str text)
{
	return fl_str_starts(text, FL_STR("postgres://")) || fl_str_starts(text, FL_STR("postgresql://"));
}

fl_err app_replicas_read(const app_config *config, fl_arena *mem, app_replicas *out, fl_diag *diag)
{
	fl_str rest = fl_str_trim(fl_str_z(config->pg_replicas));
	*out = (app_replicas){ .count = 0 };
	while (rest.len) {
		size_t len = 1;
		if (!begins_url(rest))
			return fl_fail(diag, FL_BAD_INPUT, "FLEET_PG_REPLICAS: write URLs as in postgresql://host/fleet, with commas between them");
		if (out->count == FL_DB_REPLICAS_MAX)
			return fl_fail(diag, FL_BAD_INPUT, "FLEET_PG_REPLICAS: at most %d replicas", FL_DB_REPLICAS_MAX);
		while (len < rest.len && !(rest.ptr[len] == ',' && begins_url(fl_str_trim(fl_str_slice(rest, len + 1, rest.len)))))
			len++;
		fl_str url = fl_str_dup(mem, fl_str_trim(fl_str_slice(rest, 0, len)));
		if (!url.ptr)
			return FL_NOMEM;
		out->urls[out->count++] = fl_str_cstr(mem, url);
		rest = len < rest.len ? fl_str_trim(fl_str_slice(rest, len + 1, rest.len)) : (fl_str){};
	}
	return FL_OK;
}
