/* What the files of src/page share: the page object, reading answers, the frame around every page, the views. */
#ifndef FL_PAGE_INT_H
#define FL_PAGE_INT_H

#include "page/html.h"
#include "page/page.h"

/* ---- the page object (page.c) ---- */

enum { REPAIR_ACTS = 10 }; /* forms of the repair part: repair_form.c */

typedef struct page_entry {
	fl_str js, css;
} page_entry;

struct fl_page {
	fl_page_opts opts;
	fl_arena mem; /* the manifest's texts */
	page_entry dashboard, driver, graphiql;
	fl_str style;           /* path of the style sheet */
	struct {
		fl_str board, board_report, driver, transition, repair;
		fl_str repair_acts[REPAIR_ACTS];
	} documents;
};

/* ---- reading answers (answer.c) ---- */

/* A member by a path such as "vehicle.name"; NULL when any step is absent or null. */
const fl_json *json_at(const fl_json *value, const char *path);
fl_str json_text(const fl_json *value, const char *path);            /* ptr NULL when absent; a number as its digits */
double json_number(const fl_json *value, const char *path);          /* 0 when absent */
int64_t json_whole(const fl_json *value, const char *path); /* also from a text of digits; 0 when absent */
bool json_time(const fl_json *value, const char *path, int64_t *out);
const fl_json *json_first(const fl_json *array);                     /* of an array; NULL when empty or no array */
size_t json_count(const fl_json *array);

/* Runs a document; *data is the answer's data. An error of the answer becomes the fl_err of its code, its message the
 * diag's text. */
FL_MUST fl_err page_ask(fl_ctx *ctx, const fl_page *page, fl_str document, fl_str variables, const fl_json **data);

/* ---- the frame (frame.c) ---- */

typedef struct page_frame {
	fl_str title;            /* before " · Fleet" */
	fl_str body_class;
	const page_entry *entry; /* script, or NULL */
	const fl_json *viewer;   /* NULL: nobody is signed in */
	bool live;               /* has a mark for the state of the connection */
} page_frame;

/* Begins the page up to the open <body>; frame_end closes it. */
void frame_begin(html *h, fl_ctx *ctx, const fl_page *page, const page_frame *frame);
void frame_end(html *h);
/* Content-Security-Policy: nothing from elsewhere, no inline script, no inline style. */
extern const fl_str frame_policy, frame_policy_graphiql;
/* Sends what was written; buf is taken over. */
FL_MUST fl_err frame_send(fl_response *res, fl_buf *buf, int status, fl_str policy);
/* The same with the usual policy, compressed where the browser takes it (pack.c). */
FL_MUST fl_err frame_send_packed(fl_ctx *ctx, fl_request *req, fl_response *res, fl_buf *buf, int status);
/* The data that the script starts with. */
void frame_first_screen(html *h, const fl_json *data, fl_str number);
/* A page that says what went wrong, in plain words, with the status of err. */
FL_MUST fl_err frame_problem(fl_ctx *ctx, const fl_page *page, fl_response *res, fl_err err);

/* ---- marks (marks.c): web/src/lib/marks.tsx ---- */

void mark_status(html *h, fl_arena *mem, fl_str status);
void mark_severity_meter(html *h, fl_arena *mem, int level);
/* note.ptr NULL: "Not assessed" where there is no severity, nothing where there is one. */
void mark_severity(html *h, fl_arena *mem, fl_str severity, fl_str note);
void mark_when(html *h, fl_arena *mem, const fl_json *value, const char *path, bool exact);
void mark_confidence(html *h, fl_arena *mem, double share);
void mark_cost_line(html *h, fl_arena *mem, const fl_json *cost);
fl_str mark_money(fl_arena *mem, const fl_json *value, const char *path, bool cents); /* ptr NULL when absent */
void mark_thumb(html *h, const fl_json *photos, const char *css_class, const char *width, const char *height);

typedef struct repair repair;

/* ---- views ---- */

typedef struct board_filter {
	fl_str status, severity, search, after; /* ptr NULL when not given */
} board_filter;

fl_str board_address(fl_arena *mem, const board_filter *filter, fl_str number); /* of the list or of one report, filter kept */
void view_list(html *h, fl_ctx *ctx, const fl_json *data, const board_filter *filter, fl_str open_number);
/* part: about the repair; NULL for who may not see that part. */
void view_report(html *h, fl_ctx *ctx, const fl_json *report, const fl_json *viewer, const board_filter *filter, fl_str number,
	const repair *part);
void view_assessment(html *h, fl_ctx *ctx, const fl_json *report);
/* what: "filed", "none", "signed", or anything else for nothing. */
void view_inspect(html *h, fl_ctx *ctx, const fl_page *page, const fl_json *data, fl_str what);
void view_evidence(html *h, fl_ctx *ctx, const fl_json *report);

/* ---- the repair part (repair.c) ---- */

typedef struct repair_said repair_said;
const char *repair_act_path(size_t act); /* of its document */
/* Asks for what the part shows to the caller; NULL for who may not see it. said: what came of a form, or NULL. */
const repair *repair_load(fl_ctx *ctx, const fl_page *page, fl_str number, const repair_said *said);
void view_repair(html *h, const repair *r); /* repair_view.c */
/* The page of a report after a form of the part, with the status (board.c). */
FL_MUST fl_err show_report(fl_ctx *ctx, const fl_page *page, fl_request *req, fl_response *res, const repair_said *said, int status);
bool page_is_number(fl_str text); /* of a report */

/* ---- handlers ---- */

/* The caller of the session. Nobody: redirects to the sign-in page and says false; the handler returns FL_OK then. */
bool page_caller(fl_ctx *ctx, const fl_page *page, fl_request *req, fl_response *res);
/* Was the form sent by a page of ours? */
bool page_same_origin(const fl_request *req);
/* A path on this site to go on to; "/" for anything else. */
fl_str page_next(fl_str next);
fl_str page_percent(fl_arena *mem, fl_str text); /* percent-encoded for a query value */

fl_err handle_board(fl_ctx *ctx, fl_request *req, fl_response *res);
fl_err handle_report(fl_ctx *ctx, fl_request *req, fl_response *res);
fl_err handle_change(fl_ctx *ctx, fl_request *req, fl_response *res);
fl_err handle_repair(fl_ctx *ctx, fl_request *req, fl_response *res);
fl_err handle_repair_form(fl_ctx *ctx, fl_request *req, fl_response *res);
fl_err handle_driver(fl_ctx *ctx, fl_request *req, fl_response *res);
fl_err handle_file(fl_ctx *ctx, fl_request *req, fl_response *res);
fl_err handle_inspect(fl_ctx *ctx, fl_request *req, fl_response *res);
fl_err handle_inspect_form(fl_ctx *ctx, fl_request *req, fl_response *res);
fl_err handle_quote(fl_ctx *ctx, fl_request *req, fl_response *res);
fl_err handle_quote_form(fl_ctx *ctx, fl_request *req, fl_response *res);
fl_err handle_login(fl_ctx *ctx, fl_request *req, fl_response *res);
fl_err handle_login_form(fl_ctx *ctx, fl_request *req, fl_response *res);
fl_err handle_logout(fl_ctx *ctx, fl_request *req, fl_response *res);
fl_err handle_graphiql(fl_ctx *ctx, fl_request *req, fl_response *res);
fl_err handle_asset(fl_ctx *ctx, fl_request *req, fl_response *res);
fl_err handle_root_file(fl_ctx *ctx, fl_request *req, fl_response *res);
fl_err handle_icon(fl_ctx *ctx, fl_request *req, fl_response *res);
fl_err handle_missing(fl_ctx *ctx, fl_request *req, fl_response *res);

#endif
