/* A small GraphQL client for the command line: one HTTP request at a time, blocking, by libcurl. Speaks to any fleet server,
 * so it is also the example of how to use the API. */
#ifndef FL_APP_CLIENT_H
#define FL_APP_CLIENT_H

#include "base/base.h"

#include <stdio.h>

typedef struct app_client {
	fl_str url, token;         /* "http://localhost:8080"; token may be empty */
	bool progress;             /* show uploads on standard error */
	fl_arena *mem;             /* answers live here */
	void *handle;              /* private: the open connection */
} app_client;

void app_client_close(app_client *client);

typedef struct app_upload {
	const char *path;          /* of the "variables.input.photos" list, in order */
	int64_t size;
	const char *at;            /* its place, as in "variables.input.file"; NULL: the next of the list */
} app_upload;

/* Sends one operation. variables is a JSON object; with uploads, it holds null where each file goes, and `files_at` is where
 * that list is, as in "variables.input.photos" (GraphQL multipart request specification). *data is the answer's data.
 * Errors, with the server's or the network's sentence in diag: those of extensions.code, FL_UNAVAILABLE, FL_TIMEOUT. */
FL_MUST fl_err app_client_ask(app_client *client, fl_str document, fl_str variables, const app_upload *uploads, size_t upload_count,
	const char *files_at, int64_t timeout_us, const fl_json **data, fl_diag *diag);

/* Writes what GET of the path gives to out. Errors: as above, and FL_IO. */
FL_MUST fl_err app_client_download(app_client *client, fl_str path, FILE *out, int64_t timeout_us, fl_diag *diag);

typedef struct app_page {
	long status;
	fl_str body;     /* at most 64 MB */
	fl_str location; /* where a redirect leads; empty: nowhere */
} app_page;

/* GET of a path, or with a form POST of it: "name=value&name=value", encoded. Whatever the status is, it is an answer. Errors: the network's. */
FL_MUST fl_err app_client_page(app_client *client, fl_str path, const fl_str *form, int64_t timeout_us, app_page *out, fl_diag *diag);

#endif
