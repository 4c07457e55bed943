/* The server of `bench http`: one loop, one route, a short JSON body. Prints its port, then serves until SIGTERM. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/http.h"
#include "io/io.h"

static fl_err hello(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	fl_response_body(res, FL_STR("application/json"), FL_STR("{\"message\":\"hello, world\"}"));
	return FL_OK;
}

static void stop(void *loop, int signum)
{
	fl_loop_stop(loop);
}

int main(int argc, char **argv)
{
	fl_diag diag = { 0 };
	fl_router *router = fl_router_new();
	fl_http_server *server;
	fl_loop *loop;
	fl_err err;

	if (router == NULL || fl_router_add(router, FL_GET, "/", hello, NULL) != FL_OK ||
	    fl_router_add(router, FL_GET, "/hello/:name", hello, NULL) != FL_OK || fl_loop_new(&(fl_loop_opts){ 0 }, &loop) != FL_OK)
		return 1;
	err = fl_http_server_new(loop, &(fl_http_options){ .port = argc > 1 ? (uint16_t)strtoul(argv[1], NULL, 10) : 0,
		.router = router }, &server, &diag);
	if (err != FL_OK) {
		fprintf(stderr, "%s\n", fl_diag_text(&diag, err));
		return 1;
	}
	printf("%u\n", fl_http_server_port(server));
	fflush(stdout);
	if (fl_loop_on_signal(loop, SIGTERM, stop, loop) != FL_OK)
		return 1;
	fl_loop_run(loop);
	fl_http_server_free(server);
	fl_loop_free(loop);
	fl_router_free(router);
	return 0;
}
