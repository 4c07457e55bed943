#include "app/reach.h"
#include "app/demo.h"
#include "app/state.h"

#include <stdlib.h>

static fl_str without_slash(fl_str url)
{
	while (url.len && url.ptr[url.len - 1] == '/')
		url.len--;
	return url;
}

fl_err app_reach(const app_call *call, app_client *client, fl_diag *diag)
{
	const char *token = app_text(call, "--token");
	app_home home;
	app_state state = { 0 };
	if (!token || !token[0])
		token = getenv("FLEET_TOKEN");
	client->url = without_slash(fl_str_z(app_text(call, "--url")));
	client->token = fl_str_z(token);
	if (client->url.len && client->token.len)
		return FL_OK;
	FL_TRY(app_home_enter(call->config->home, APP_HOME_LOOK, &home, diag));
	FL_TRY(app_state_read(&home, client->mem, &state, diag));
	if (!client->url.len)
		client->url = state.url;
	if (client->token.len)
		return FL_OK;
	return app_token_make(
		&home, state.pg_url, FL_STR("demo"), FL_ROLE_MANAGER, FL_HOUR_US, client->mem, &client->token, diag);
}
