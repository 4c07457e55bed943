/* The frame around every page: head, bar, first data, and the page that says what went wrong. */
#include "page/page_int.h"
#include "page/words.h"

static void brand(html *h)
{
	EL(h, "a", { "class", FL_STR("brand") }, { "href", FL_STR("/") });
	EL(h, "svg", { "viewBox", FL_STR("0 0 24 24") }, { "aria-hidden", FL_STR("true") });
	EL(h, "path", { "fill", FL_STR("currentColor") }, { "d", FL_STR("M2 15V9.5C2 8.1 3.1 7 4.5 7h8.2l4.6 3.6 2.9.9c1.1.3 1.8 1.3 1.8 "
		"2.4V15a1 1 0 0 1-1 1h-1.1a2.5 2.5 0 0 0-4.9 0H9a2.5 2.5 0 0 0-4.9 0H3a1 1 0 0 1-1-1Z") });
	html_end(h);
	html_end(h);
	html_text(h, FL_STR("Fleet"));
	html_end(h);
}

static void bar(html *h, fl_ctx *ctx, const page_frame *frame)
{
	const fl_json *viewer = frame->viewer;

	EL(h, "header", { "class", FL_STR("top") });
	brand(h);
	if (viewer) {
		TEXT_EL(h, "span", json_text(viewer, "tenant.name"), { "class", FL_STR("company") });
		EL(h, "div", { "class", FL_STR("top-end") });
		if (frame->live) {
			EL(h, "span", { "id", FL_STR("live") });
			html_end(h);
		}
		TEXT_EL(h, "span", fl_str_fmt(ctx->mem, "%" FL_FMT ", %" FL_FMT, FL_ARG(json_text(viewer, "name")),
			FL_ARG(words_of_role(json_text(viewer, "role")))), { "class", FL_STR("person") });
		EL(h, "form", { "method", FL_STR("post") }, { "action", FL_STR("/logout") });
		TEXT_EL(h, "button", FL_STR("Sign out"), { "class", FL_STR("button is-small") });
		html_end(h);
		html_end(h);
	}
	html_end(h);
}

void frame_begin(html *h, fl_ctx *ctx, const fl_page *page, const page_frame *frame)
{
	html_doctype(h);
	EL(h, "html", { "lang", FL_STR("en") });
	EL(h, "head");
	VOID_EL(h, "meta", { "charset", FL_STR("utf-8") });
	TEXT_EL(h, "title", fl_str_fmt(ctx->mem, "%" FL_FMT " · Fleet", FL_ARG(frame->title)));
	VOID_EL(h, "meta", { "name", FL_STR("viewport") }, { "content", FL_STR("width=device-width, initial-scale=1, viewport-fit=cover") });
	VOID_EL(h, "meta", { "name", FL_STR("description") }, { "content", FL_STR("Vehicle damage: report it, assess it, follow its repair.") });
	VOID_EL(h, "link", { "rel", FL_STR("stylesheet") }, { "href", page->style });
	if (frame->entry) {
		VOID_EL(h, "link", { "rel", FL_STR("stylesheet") }, { "href", frame->entry->css });
		EL(h, "script", { "type", FL_STR("module") }, { "src", frame->entry->js });
		html_end(h);
	}
	VOID_EL(h, "link", { "rel", FL_STR("icon") }, { "href", FL_STR("/icon.svg") }, { "type", FL_STR("image/svg+xml") });
	VOID_EL(h, "link", { "rel", FL_STR("manifest") }, { "href", FL_STR("/manifest.webmanifest") });
	VOID_EL(h, "meta", { "name", FL_STR("theme-color") }, { "content", FL_STR("#ffffff") },
		{ "media", FL_STR("(prefers-color-scheme: light)") });
	VOID_EL(h, "meta", { "name", FL_STR("theme-color") }, { "content", FL_STR("#171b1e") },
		{ "media", FL_STR("(prefers-color-scheme: dark)") });
	html_end(h);
	EL(h, "body", { "class", frame->body_class });
	bar(h, ctx, frame);
}

void frame_end(html *h)
{
	while (h->depth > 0)
		html_end(h);
}

#define POLICY "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
const fl_str frame_policy = FL_STR_INIT(POLICY);
/* GraphiQL adds style elements at run time, when a dialog opens; script stays as strict. */
const fl_str frame_policy_graphiql = FL_STR_INIT(POLICY "; style-src 'self' 'unsafe-inline'");

fl_err frame_send(fl_response *res, fl_buf *buf, int status, fl_str policy)
{
	FL_TRY(fl_buf_err(buf));
	fl_response_status(res, status);
	fl_response_security_headers(res, policy);
	fl_response_header(res, FL_STR("Cache-Control"), FL_STR("private, no-cache"));
	fl_response_take_buf(res, FL_STR("text/html; charset=utf-8"), buf);
	return FL_OK;
}

void frame_first_screen(html *h, const fl_json *data, fl_str number)
{
	FL_AUTO_BUF fl_buf text = fl_buf_make(h->buf->max);
	fl_json_out j = { .buf = &text };

	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("number"));
	if (number.ptr)
		fl_json_put_str(&j, number);
	else
		fl_json_put_null(&j);
	for (const fl_json *member = data->items.first; member; member = member->next) {
		fl_json_key(&j, member->key);
		fl_json_put(&j, member);
	}
	fl_json_close(&j, '}');
	if (fl_buf_err(&text) != FL_OK) {
		h->buf->err = text.err;
		return;
	}
	html_json(h, FL_STR("first-screen"), fl_buf_view(&text));
}

static fl_str headline(fl_err err)
{
	switch (fl_err_status(err)) {
	case 404: return FL_STR("There is no such page");
	case 403: return FL_STR("Not allowed");
	case 409: return FL_STR("Somebody was faster");
	case 413: return FL_STR("Too large");
	case 503: return FL_STR("Not available right now");
	case 504: return FL_STR("It took too long");
	default: return fl_err_status(err) >= 500 ? FL_STR("Something went wrong") : FL_STR("That did not work");
	}
}

fl_err frame_problem(fl_ctx *ctx, const fl_page *page, fl_response *res, fl_err err)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(1 << 16);
	html h = { .buf = &buf };
	bool ours = fl_err_status(err) >= 500;
	/* What is wrong on our side is for the log; the reader gets the number to find it by. */
	fl_str text = fl_str_z(ours ? fl_err_text(err) : fl_diag_text(&ctx->diag, err));

	if (ours)
		fl_error("page failed: request %" FL_FMT " %s %s", FL_ARG(ctx->request_id), fl_err_name(err),
			fl_diag_text(&ctx->diag, err));
	frame_begin(&h, ctx, page, &(page_frame){ .title = headline(err), .body_class = FL_STR("page-plain") });
	EL(&h, "main");
	EL(&h, "div", { "class", FL_STR("card") });
	TEXT_EL(&h, "h1", headline(err));
	TEXT_EL(&h, "p", fl_str_fmt(ctx->mem, "The server says: %" FL_FMT ".", FL_ARG(text)));
	if (ours)
		TEXT_EL(&h, "p", fl_str_fmt(ctx->mem, "If it stays, tell who runs this server: request %" FL_FMT ".", FL_ARG(ctx->request_id)),
			{ "class", FL_STR("faint") });
	EL(&h, "p");
	TEXT_EL(&h, "a", FL_STR("To the reports"), { "href", FL_STR("/") });
	html_end(&h);
	frame_end(&h);
	return frame_send(res, &buf, fl_err_status(err), frame_policy);
}
