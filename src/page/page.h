/* page: what people see in a browser. The first screen of every page is written here, in C, so that it can be read before
 * (and without) any script; web/ takes it over and keeps it current.
 *
 *	fl_page *page;
 *	FL_TRY(fl_page_new(&(fl_page_opts){ .authenticate = fl_api_authenticate, .execute = fl_api_execute }, &page, &diag));
 *	FL_TRY(fl_page_routes(page, router));
 *
 *	GET  /                      the reports, newest first       ?status= &severity= &search= &after=
 *	GET  /reports/:number       one report, beside the list     POST: a decision, by a form
 *	GET  /reports/:number/repair  with ?part its repair part      POST: one of that part's forms
 *	GET  /r/:vehicle            a driver's page                 POST: a report with photos, by a form
 *	GET  /inspect/:vehicle      a driver's inspection           POST: the checklist, signed; or the next driver's signature
 *	GET  /quote/:token          a vendor's estimate, by a link  POST: the lines; also as JSON
 *	GET  /login                 ?next= &token=                  POST: e-mail and password; POST /logout
 *	GET  /graphiql              the API explorer
 *	GET  /assets/...            scripts, styles, pictures       (hashed names: kept for a year)
 *	GET  /sw.js, /manifest.webmanifest, /icon.svg, /favicon.ico
 *
 * A page asks the API one question (a report's page a second one, about the repair), in the same process, as the caller of its session; the documents are those of
 * web/src/queries, which the script uses too. Nothing here knows tables, and everything that is shown is checked by the API.
 * Text reaches HTML only through html.h, which escapes it; there is no inline script and no inline style, and the
 * Content-Security-Policy says so.
 * Forms are taken from our own origin only. Without a session every page but /login leads to /login;
 * /quote/:token asks for none: its token is the key, and no cookie counts there.
 * Threads: a page is read-only once made and may serve any number of loops. */
#ifndef FL_PAGE_H
#define FL_PAGE_H

#include "base/base.h"
#include "http/http.h"
#include "io/io.h"

typedef struct fl_page fl_page;

/* What a page needs of the API above it. Signing in and filing by a plain form it asks of fleet/ itself, with what
 * ctx->services offers. */
typedef struct fl_page_opts {
	/* Sets ctx->caller from the request's cookie or bearer token. FL_UNAUTHENTICATED: nobody, or a token that is no
	 * good any more. */
	fl_err (*authenticate)(fl_ctx *ctx, fl_request *req);
	/* Runs a document as ctx->caller. *answer is the response of the GraphQL specification, {"data": …, "errors": …},
	 * in ctx->mem; an fl_err only when there is none. */
	fl_err (*execute)(fl_ctx *ctx, fl_str document, fl_str variables_json, fl_str *answer);
} fl_page_opts;

/* opts are copied. FL_NOT_FOUND: the embedded files of web/ lack something (diag says what). */
FL_MUST fl_err fl_page_new(const fl_page_opts *opts, fl_page **out, fl_diag *diag);
void fl_page_free(fl_page *page);
FL_AUTO_DEFINE(fl_page, fl_page_free)

/* page must outlive the router. */
FL_MUST fl_err fl_page_routes(const fl_page *page, fl_router *router);

#endif
