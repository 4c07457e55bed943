/* How the vendor's page looks: it works without script and on a phone, and says nothing that a workshop need not know. */
#include "page/quote_int.h"
#include "page/words.h"

#include <ctype.h>

/* "FRONT_DOOR" as "front door". */
static fl_str plain(fl_arena *mem, fl_str code)
{
	char *text = fl_arena_take(mem, code.len + 1);
	for (size_t i = 0; text && i < code.len; i++)
		text[i] = code.ptr[i] == '_' ? ' ' : (char)tolower((unsigned char)code.ptr[i]);
	return text ? fl_str_make(text, code.len) : FL_STR("");
}

static fl_str money(fl_ctx *ctx, const fl_quote *q, int64_t cents)
{
	return words_money(ctx->mem, fl_money_text(ctx->mem, cents), q->currency, true);
}

/* ---- the damage ---- */

static void photos(html *h, fl_ctx *ctx, const fl_quote *q, fl_str token)
{
	if (!q->photo_count)
		return;
	EL(h, "ul", { "class", FL_STR("quote-photos") });
	for (size_t i = 0; i < q->photo_count; i++) {
		const fl_photo_row *p = &q->photos[i];
		if (!p->has_variants)
			continue;
		EL(h, "li");
		EL(h, "a", { "href", fl_str_fmt(ctx->mem, "/quote/%" FL_FMT "/photos/%d/view", FL_ARG(token), p->id) });
		VOID_EL(h, "img", { "src", fl_str_fmt(ctx->mem, "/quote/%" FL_FMT "/photos/%d/thumb", FL_ARG(token), p->id) },
			{ "alt", fl_str_fmt(ctx->mem, "Photo %d of the damage", p->id) }, { "width", FL_STR("160") },
			{ "height", FL_STR("120") }, { "loading", FL_STR("lazy") });
		html_end(h);
		html_end(h);
	}
	html_end(h);
}

static void zones(html *h, fl_ctx *ctx, const fl_quote *q)
{
	static const char *const sides[] = { "", "left ", "right ", "" };
	if (!q->zone_count)
		return;
	TEXT_EL(h, "h2", FL_STR("Where"));
	EL(h, "ul", { "class", FL_STR("quote-zones") });
	for (size_t i = 0; i < q->zone_count; i++) {
		const fl_zone *z = &q->zones[i];
		fl_str size = z->size_mm ? fl_str_fmt(ctx->mem, ", %d mm", z->size_mm) : FL_STR("");
		if (z->state != FL_ZONE_OPEN)
			continue;
		TEXT_EL(h, "li",
			fl_str_fmt(ctx->mem, "Damage %d: %" FL_FMT ", %s%" FL_FMT "%" FL_FMT, z->id,
				FL_ARG(plain(ctx->mem, fl_zone_kind_name(z->kind))), sides[z->side & 3],
				FL_ARG(plain(ctx->mem, fl_zone_part_name(z->part))), FL_ARG(size)));
	}
	html_end(h);
}

static void damage(html *h, fl_ctx *ctx, const fl_quote *q, fl_str token)
{
	EL(h, "section", { "class", FL_STR("card") });
	TEXT_EL(h, "h1",
		fl_str_fmt(ctx->mem, "Estimate for %" FL_FMT " %" FL_FMT ", %d", FL_ARG(q->make), FL_ARG(q->model), q->year));
	if (q->plate.len)
		TEXT_EL(h, "p", fl_str_fmt(ctx->mem, "Plate %" FL_FMT, FL_ARG(q->plate)), { "class", FL_STR("faint") });
	TEXT_EL(h, "p", fl_str_fmt(ctx->mem, "%" FL_FMT " asks what the repair costs.", FL_ARG(q->company)));
	if (q->estimate->message.len)
		TEXT_EL(h, "blockquote", q->estimate->message, { "class", FL_STR("quote-text") });
	TEXT_EL(h, "h2", FL_STR("The damage"));
	TEXT_EL(h, "p", q->description, { "class", FL_STR("quote-text") });
	zones(h, ctx, q);
	photos(h, ctx, q, token);
	html_end(h);
}

/* ---- what was sent in ---- */

static void fact(html *h, const char *label, fl_str text)
{
	EL(h, "div");
	TEXT_EL(h, "dt", fl_str_z(label));
	TEXT_EL(h, "dd", text);
	html_end(h);
}

static void totals(html *h, fl_ctx *ctx, const fl_quote *q, const char *title, const fl_estimate_revision *r)
{
	EL(h, "section", { "class", FL_STR("card") });
	TEXT_EL(h, "h2", fl_str_z(title));
	EL(h, "dl", { "class", FL_STR("quote-totals") });
	fact(h, "Labour", money(ctx, q, r->totals.labour));
	fact(h, "Parts", money(ctx, q, r->totals.parts));
	fact(h, "Paint", money(ctx, q, r->totals.paint));
	fact(h, "Other", money(ctx, q, r->totals.other));
	fact(h, "Tax", money(ctx, q, r->totals.tax));
	fact(h, "Total", money(ctx, q, r->totals.total));
	html_end(h);
	html_end(h);
}

/* ---- the form ---- */

static void option(html *h, const char *value, const char *label, fl_str chosen)
{
	TEXT_EL(h, "option", fl_str_z(label), { "value", fl_str_z(value) },
		{ "selected", HTML_IF(fl_str_eq_nocase(chosen, fl_str_z(value))) });
}

static void input(html *h, fl_arena *mem, const char *label, char letter, size_t row, fl_str value, const char *mode, int max)
{
	fl_str name = row ? fl_str_fmt(mem, "%c%zu", letter, row) : FL_STR("");
	EL(h, "label");
	html_text(h, fl_str_z(label));
	VOID_EL(h, "input", { "name", name }, { "value", value.ptr ? value : FL_STR("") }, { "inputmode", fl_str_z(mode) },
		{ "maxlength", fl_str_fmt(mem, "%d", max) }, { "autocomplete", FL_STR("off") });
	html_end(h);
}

static void row(html *h, fl_arena *mem, const quote_row *r, size_t n)
{
	EL(h, "fieldset", { "class", FL_STR("quote-row") });
	TEXT_EL(h, "legend", fl_str_fmt(mem, "Line %zu", n));
	EL(h, "label");
	html_text(h, FL_STR("Kind"));
	EL(h, "select", { "name", fl_str_fmt(mem, "k%zu", n) });
	option(h, "LABOUR", "Labour", r->kind);
	option(h, "PARTS", "Parts", r->kind);
	option(h, "PAINT", "Paint", r->kind);
	option(h, "OTHER", "Other", r->kind);
	option(h, "SUBLET", "Work by others", r->kind);
	html_end(h);
	html_end(h);
	input(h, mem, "What for", 't', n, r->text, "text", FL_ESTIMATE_TEXT_MAX);
	input(h, mem, "Hours or pieces", 'q', n, r->quantity, "decimal", 12);
	input(h, mem, "Price each", 'p', n, r->price, "decimal", 14);
	input(h, mem, "Discount %", 'd', n, r->discount, "decimal", 6);
	input(h, mem, "Tax % if other", 'x', n, r->tax, "decimal", 6);
	input(h, mem, "Damage no.", 'z', n, r->zone, "numeric", 3);
	input(h, mem, "Part number", 'n', n, r->number, "text", FL_ESTIMATE_PART_NUMBER_MAX);
	EL(h, "label");
	html_text(h, FL_STR("Part from"));
	EL(h, "select", { "name", fl_str_fmt(mem, "s%zu", n) });
	option(h, "", "–", r->source);
	option(h, "OEM", "Maker of the vehicle", r->source);
	option(h, "AFTERMARKET", "Another maker", r->source);
	option(h, "USED", "Used", r->source);
	html_end(h);
	html_end(h);
	html_end(h);
}

static void head_field(html *h, const char *label, const char *name, const char *type, fl_str value, const char *max)
{
	EL(h, "label");
	html_text(h, fl_str_z(label));
	VOID_EL(h, "input", { "name", fl_str_z(name) }, { "type", fl_str_z(type) }, { "value", value.ptr ? value : FL_STR("") },
		{ "maxlength", fl_str_z(max) }, { "autocomplete", FL_STR("off") });
	html_end(h);
}

static void head_fields(html *h, const quote_form *f)
{
	EL(h, "div", { "class", FL_STR("quote-head") });
	head_field(h, "Your reference", "reference", "text", f->reference, "100");
	head_field(h, "Tax %", "tax", "text", f->tax, "6");
	head_field(h, "Days of repair", "days", "text", f->days, "3");
	head_field(h, "Valid until", "valid", "date", f->valid, "10");
	html_end(h);
	EL(h, "label");
	html_text(h, FL_STR("Note"));
	TEXT_EL(h, "textarea", f->note.ptr ? f->note : FL_STR(""), { "name", FL_STR("note") }, { "rows", FL_STR("2") },
		{ "maxlength", FL_STR("2000") });
	html_end(h);
}

static void button(html *h, const char *action, const char *label, bool main)
{
	TEXT_EL(h, "button", fl_str_z(label), { "class", main ? FL_STR("button is-main") : FL_STR("button") },
		{ "name", FL_STR("action") }, { "value", fl_str_z(action) });
}

static void write_form(html *h, fl_ctx *ctx, const fl_quote *q, const quote_form *f, fl_str token)
{
	static const quote_row blank;
	size_t shown = FL_MIN(FL_MAX(f->count + 2, QUOTE_ROWS_FIRST), FL_ESTIMATE_LINES_MAX);
	if (fl_str_eq(f->action, FL_STR("more")))
		shown = FL_MIN(f->count + QUOTE_ROWS_MORE, FL_ESTIMATE_LINES_MAX);
	EL(h, "form", { "class", FL_STR("card quote-form") }, { "method", FL_STR("post") },
		{ "action", fl_str_fmt(ctx->mem, "/quote/%" FL_FMT, FL_ARG(token)) });
	TEXT_EL(h, "h2", fl_str_fmt(ctx->mem, "Your estimate in %" FL_FMT, FL_ARG(q->currency)));
	TEXT_EL(h, "p", FL_STR("Leave lines empty that you do not need. Prices are before tax; we add it all up."),
		{ "class", FL_STR("faint") });
	VOID_EL(h, "input", { "type", FL_STR("hidden") }, { "name", FL_STR("revision") },
		{ "value", fl_str_fmt(ctx->mem, "%d", q->estimate->now.number) });
	head_fields(h, f);
	for (size_t i = 0; i < shown; i++)
		row(h, ctx->mem, i < FL_ESTIMATE_LINES_MAX ? &f->rows[i] : &blank, i + 1);
	EL(h, "div", { "class", FL_STR("buttons") });
	button(h, "send", q->estimate->now.number ? "Send as a revision" : "Send estimate", true);
	button(h, "save", "Save for later", false);
	if (shown < FL_ESTIMATE_LINES_MAX)
		button(h, "more", "Add rows", false);
	html_end(h);
	html_end(h);
}

static void withdraw_form(html *h, fl_ctx *ctx, fl_str token)
{
	EL(h, "form", { "class", FL_STR("card quote-form") }, { "method", FL_STR("post") },
		{ "action", fl_str_fmt(ctx->mem, "/quote/%" FL_FMT, FL_ARG(token)) });
	EL(h, "label");
	html_text(h, FL_STR("You make no offer? Say why, if you like"));
	VOID_EL(h, "input", { "name", FL_STR("reason") }, { "maxlength", FL_STR("500") }, { "autocomplete", FL_STR("off") });
	html_end(h);
	EL(h, "div", { "class", FL_STR("buttons") });
	button(h, "withdraw", "Make no offer", false);
	html_end(h);
	html_end(h);
}

void quote_over(fl_ctx *ctx, const fl_quote *q, fl_str *headline, fl_str *sentence)
{
	fl_str name = q->company;
	switch (q->state) {
	case FL_QUOTE_OPEN: break;
	case FL_QUOTE_EXPIRED:
		*headline = FL_STR("This link has expired");
		*sentence = fl_str_fmt(ctx->mem, "Ask %" FL_FMT " for a new one.", FL_ARG(name));
		return;
	case FL_QUOTE_REVOKED:
		*headline = FL_STR("This link is good no more");
		*sentence = fl_str_fmt(ctx->mem, "%" FL_FMT " expects no estimate by it.", FL_ARG(name));
		return;
	case FL_QUOTE_ACCEPTED:
		*headline = FL_STR("Your estimate was accepted");
		*sentence = fl_str_fmt(ctx->mem, "%" FL_FMT " accepted it, so it cannot be changed any more.", FL_ARG(name));
		return;
	case FL_QUOTE_DECLINED:
		*headline = FL_STR("Your estimate was not chosen");
		*sentence = fl_str_fmt(ctx->mem, "%" FL_FMT " decided otherwise. Thank you for your offer.", FL_ARG(name));
		return;
	case FL_QUOTE_OVER:
		*headline = FL_STR("Nothing is to be estimated any more");
		*sentence = fl_str_fmt(ctx->mem, "%" FL_FMT " has closed this case.", FL_ARG(name));
		return;
	}
	*headline = FL_STR("Estimate");
	*sentence = FL_STR("");
}

void view_quote(html *h, fl_ctx *ctx, const fl_quote *q, const quote_form *form, fl_str token, fl_str problem, fl_str notice)
{
	fl_str headline, sentence;
	bool open = q->state == FL_QUOTE_OPEN;
	quote_over(ctx, q, &headline, &sentence);
	EL(h, "main", { "class", FL_STR("quote") });
	if (!open) {
		EL(h, "section", { "class", FL_STR("card") }, { "role", FL_STR("status") });
		TEXT_EL(h, "h1", headline);
		TEXT_EL(h, "p", sentence);
		html_end(h);
	}
	if (problem.ptr)
		TEXT_EL(h, "p", problem, { "class", FL_STR("problem") }, { "role", FL_STR("alert") });
	if (notice.ptr)
		TEXT_EL(h, "p", notice, { "class", FL_STR("caution") }, { "role", FL_STR("status") });
	if (open || q->state == FL_QUOTE_ACCEPTED)
		damage(h, ctx, q, token);
	if (q->estimate->now.number && (open || q->state == FL_QUOTE_ACCEPTED))
		totals(h, ctx, q, "What you sent", &q->estimate->now);
	if (open && q->has_draft)
		totals(h, ctx, q, "Saved, not sent yet", &q->draft);
	if (open) {
		write_form(h, ctx, q, form, token);
		withdraw_form(h, ctx, token);
	}
	html_end(h);
}
