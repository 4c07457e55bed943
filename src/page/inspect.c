/* The page where a driver inspects a vehicle: what is open on it, the last report to sign, and the checklist. Plain HTML: no script
 * takes it over, so its document stands here. The form goes to inspect_form.c. */
#include "page/page_int.h"
#include "page/words.h"

static const fl_str document = FL_STR_INIT(
	"query InspectPage($name: String!) { viewer { name role tenant { name currency } } inspectionPolicy { templateId }"
	" inspectionTemplates { id name items { key title } }"
	" vehicle(name: $name) { name plate make model safeToOperate openDefects { title note unsafe inspection { inspectedAt } }"
	" inspections(first: 5) { nodes { id state version inspectedAt safeToOperate pdfUrl signatures { signer name }"
	" defects { id title note state remark } } } } }");

/* ---- what is open ---- */

static void open_defects(html *h, fl_arena *mem, const fl_json *vehicle)
{
	const fl_json *defects = json_at(vehicle, "openDefects");
	bool safe = fl_json_bool(json_at(vehicle, "safeToOperate"), true);

	if (!safe)
		TEXT_EL(h, "p", FL_STR("Not safe to operate: a defect that makes it unsafe is not certified as repaired."), { "class", FL_STR("problem") },
			{ "role", FL_STR("alert") });
	if (json_count(defects) == 0)
		return;
	EL(h, "section", { "class", FL_STR("inspect-open") });
	TEXT_EL(h, "h2", FL_STR("Known defects, not certified yet"));
	EL(h, "ul");
	for (const fl_json *d = json_first(defects); d; d = d->next) {
		EL(h, "li");
		TEXT_EL(h, "strong", json_text(d, "title"));
		html_text(h, FL_STR(" "));
		html_text(h, json_text(d, "note"));
		EL(h, "span", { "class", FL_STR("faint") });
		html_text(h, fl_json_bool(json_at(d, "unsafe"), false) ? FL_STR(" unsafe, ") : FL_STR(" "));
		mark_when(h, mem, d, "inspection.inspectedAt", false);
		html_end(h);
		html_end(h);
	}
	html_end(h);
	html_end(h);
}

/* ---- the last report, to be signed before driving ---- */

static fl_str path_of(fl_arena *mem, fl_str vehicle)
{
	return fl_str_fmt(mem, "/inspect/%" FL_FMT, FL_ARG(page_percent(mem, vehicle)));
}

static void hidden(html *h, const char *name, fl_str value)
{
	VOID_EL(h, "input", { "type", FL_STR("hidden") }, { "name", fl_str_z(name) }, { "value", value });
}

static void name_field(html *h, const char *id, fl_str name)
{
	TEXT_EL(h, "label", FL_STR("Your name, as your signature"), { "class", FL_STR("field") }, { "for", fl_str_z(id) });
	VOID_EL(h, "input", { "id", fl_str_z(id) }, { "name", FL_STR("name") }, { "value", name }, { "maxlength", FL_STR("200") }, { "autocomplete", FL_STR("name") },
		{ "required", FL_STR("") });
}

static void certified(html *h, const fl_json *inspection)
{
	EL(h, "ul");
	for (const fl_json *d = json_first(json_at(inspection, "defects")); d; d = d->next) {
		fl_str remark = json_text(d, "remark");
		bool repaired = fl_str_eq(json_text(d, "state"), FL_STR("REPAIRED"));
		EL(h, "li");
		TEXT_EL(h, "strong", json_text(d, "title"));
		html_text(h, FL_STR(" "));
		html_text(h, json_text(d, "note"));
		EL(h, "span", { "class", FL_STR("faint") });
		html_text(h, repaired ? FL_STR(" repaired") : FL_STR(" repair unnecessary"));
		html_text(h, remark.ptr ? FL_STR(": ") : FL_STR(""));
		html_text(h, remark);
		html_end(h);
		html_end(h);
	}
	html_end(h);
}

static void to_sign(html *h, fl_arena *mem, const fl_json *vehicle, const fl_json *inspection, fl_str viewer)
{
	EL(h, "form", { "class", FL_STR("card file inspect-sign") }, { "method", FL_STR("post") }, { "enctype", FL_STR("multipart/form-data") },
		{ "action", path_of(mem, json_text(vehicle, "name")) });
	TEXT_EL(h, "h2", FL_STR("Before you drive: the last report"));
	EL(h, "p", { "class", FL_STR("faint") });
	mark_when(h, mem, inspection, "inspectedAt", true);
	html_text(h, FL_STR(", "));
	TEXT_EL(h, "a", FL_STR("the report as PDF"), { "href", html_path(json_text(inspection, "pdfUrl")) });
	html_end(h);
	certified(h, inspection);
	hidden(h, "action", FL_STR("acknowledge"));
	hidden(h, "id", json_text(inspection, "id"));
	hidden(h, "version", fl_str_fmt(mem, "%lld", (long long)json_whole(inspection, "version")));
	name_field(h, "ack-name", viewer);
	TEXT_EL(h, "button", FL_STR("I have reviewed it"), { "class", FL_STR("send") });
	html_end(h);
}

static const fl_json *awaiting_driver(const fl_json *vehicle)
{
	for (const fl_json *in = json_first(json_at(vehicle, "inspections.nodes")); in; in = in->next)
		if (fl_str_eq(json_text(in, "state"), FL_STR("AWAITING_DRIVER")))
			return in;
	return NULL;
}

/* ---- the checklist ---- */

static void choice(html *h, fl_arena *mem, fl_str name, const char *value, const char *text)
{
	fl_str id = fl_str_fmt(mem, "%" FL_FMT ".%s", FL_ARG(name), value);

	VOID_EL(h, "input", { "type", FL_STR("radio") }, { "id", id }, { "name", name }, { "value", fl_str_z(value) }, { "required", FL_STR("") });
	TEXT_EL(h, "label", fl_str_z(text), { "for", id });
}

static void item(html *h, fl_arena *mem, const fl_json *one)
{
	fl_str key = json_text(one, "key"), result = fl_str_fmt(mem, "result.%" FL_FMT, FL_ARG(key)), note = fl_str_fmt(mem, "note.%" FL_FMT, FL_ARG(key));

	EL(h, "fieldset", { "class", FL_STR("inspect-item") });
	TEXT_EL(h, "legend", json_text(one, "title"));
	EL(h, "div", { "class", FL_STR("inspect-choices") });
	choice(h, mem, result, "OK", "OK");
	choice(h, mem, result, "DEFECT", "Defect");
	choice(h, mem, result, "NOT_APPLICABLE", "Has none");
	html_end(h);
	EL(h, "div", { "class", FL_STR("inspect-defect") });
	TEXT_EL(h, "label", FL_STR("What is wrong?"), { "for", note });
	TEXT_EL(h, "textarea", FL_STR(""), { "id", note }, { "name", note }, { "rows", FL_STR("2") }, { "maxlength", FL_STR("2000") });
	EL(h, "label", { "class", FL_STR("inspect-unsafe") });
	VOID_EL(h, "input", { "type", FL_STR("checkbox") }, { "name", fl_str_fmt(mem, "unsafe.%" FL_FMT, FL_ARG(key)) }, { "value", FL_STR("yes") });
	html_text(h, FL_STR(" The vehicle is not safe to operate like this"));
	html_end(h);
	EL(h, "label");
	html_text(h, FL_STR("Photos "));
	VOID_EL(h, "input", { "type", FL_STR("file") }, { "name", fl_str_fmt(mem, "photo.%" FL_FMT, FL_ARG(key)) }, { "accept", FL_STR("image/*") },
		{ "multiple", FL_STR("") });
	html_end(h);
	html_end(h);
	html_end(h);
}

static void when_choice(html *h)
{
	EL(h, "fieldset", { "class", FL_STR("inspect-item") });
	TEXT_EL(h, "legend", FL_STR("When"));
	EL(h, "div", { "class", FL_STR("inspect-choices") });
	VOID_EL(h, "input", { "type", FL_STR("radio") }, { "id", FL_STR("kind.1") }, { "name", FL_STR("kind") }, { "value", FL_STR("1") }, { "required", FL_STR("") });
	TEXT_EL(h, "label", FL_STR("Before the trip"), { "for", FL_STR("kind.1") });
	VOID_EL(h, "input", { "type", FL_STR("radio") }, { "id", FL_STR("kind.2") }, { "name", FL_STR("kind") }, { "value", FL_STR("2") });
	TEXT_EL(h, "label", FL_STR("After the trip"), { "for", FL_STR("kind.2") });
	html_end(h);
	html_end(h);
}

static void text_field(html *h, const char *name, const char *text, const char *type, const char *mode)
{
	TEXT_EL(h, "label", fl_str_z(text), { "class", FL_STR("field") }, { "for", fl_str_z(name) });
	VOID_EL(h, "input", { "id", fl_str_z(name) }, { "name", fl_str_z(name) }, { "type", fl_str_z(type) }, { "inputmode", mode ? fl_str_z(mode) : (fl_str){} },
		{ "maxlength", FL_STR("200") });
}

static void checklist(html *h, fl_arena *mem, fl_str vehicle, const fl_json *template, fl_str viewer)
{
	fl_uuid key = fl_uuid7(fl_now_us());

	EL(h, "form", { "class", FL_STR("file inspect") }, { "method", FL_STR("post") }, { "enctype", FL_STR("multipart/form-data") },
		{ "action", path_of(mem, vehicle) });
	hidden(h, "key", fl_uuid_str(mem, key));
	hidden(h, "template", json_text(template, "id"));
	when_choice(h);
	text_field(h, "odometer", "Odometer, in kilometres", "text", "numeric");
	text_field(h, "trailer", "Trailer, by its name (nothing: none)", "text", NULL);
	for (const fl_json *one = json_first(json_at(template, "items")); one; one = one->next)
		item(h, mem, one);
	text_field(h, "note", "Anything else", "text", NULL);
	name_field(h, "name", viewer);
	TEXT_EL(h, "p", FL_STR("By sending you sign that you have inspected the vehicle and that this is what you found."), { "class", FL_STR("faint") });
	TEXT_EL(h, "button", FL_STR("Sign and send"), { "class", FL_STR("send") });
	html_end(h);
}

/* The company's usual one. */
static const fl_json *usual_template(const fl_json *data)
{
	fl_str wanted = json_text(data, "inspectionPolicy.templateId");
	const fl_json *first = json_first(json_at(data, "inspectionTemplates"));

	for (const fl_json *t = first; t; t = t->next)
		if (fl_str_eq(json_text(t, "id"), wanted))
			return t;
	return first;
}

/* ---- the page ---- */

static void done(html *h, fl_str what)
{
	static const struct {
		fl_str what, text;
	} texts[] = {
		{ FL_STR_INIT("filed"), FL_STR_INIT("Thank you. The inspection is filed.") },
		{ FL_STR_INIT("none"), FL_STR_INIT("Thank you. Nothing was found, so no report is needed; none was filed.") },
		{ FL_STR_INIT("signed"), FL_STR_INIT("Thank you. Your signature is on the last report.") },
	};

	for (size_t i = 0; i < FL_COUNT(texts); i++)
		if (fl_str_eq(what, texts[i].what))
			TEXT_EL(h, "p", texts[i].text, { "class", FL_STR("card thanks") }, { "role", FL_STR("status") });
}

void view_inspect(html *h, fl_ctx *ctx, const fl_page *page, const fl_json *data, fl_str what)
{
	const fl_json *vehicle = json_at(data, "vehicle"), *sign = awaiting_driver(vehicle);
	fl_str name = json_text(vehicle, "name"), plate = json_text(vehicle, "plate"), viewer = json_text(data, "viewer.name");

	frame_begin(h, ctx, page, &(page_frame){ .title = fl_str_fmt(ctx->mem, "%" FL_FMT ", inspection", FL_ARG(name)),
		.body_class = FL_STR("page-driver"), .viewer = json_at(data, "viewer") });
	EL(h, "main");
	EL(h, "header", { "class", FL_STR("vehicle") });
	TEXT_EL(h, "h1", name);
	TEXT_EL(h, "p", fl_str_fmt(ctx->mem, "%" FL_FMT " %" FL_FMT "%s%" FL_FMT, FL_ARG(json_text(vehicle, "make")),
		FL_ARG(json_text(vehicle, "model")), plate.ptr ? ", " : "", FL_ARG(plate)), { "class", FL_STR("faint") });
	html_end(h);
	done(h, what);
	open_defects(h, ctx->mem, vehicle);
	if (sign)
		to_sign(h, ctx->mem, vehicle, sign, viewer);
	TEXT_EL(h, "h2", FL_STR("Inspect it"));
	checklist(h, ctx->mem, name, usual_template(data), viewer);
	EL(h, "p");
	TEXT_EL(h, "a", FL_STR("Report a damage instead"), { "href", fl_str_fmt(ctx->mem, "/r/%" FL_FMT, FL_ARG(page_percent(ctx->mem, name))) });
	html_end(h);
	frame_end(h);
}

static fl_err show(fl_ctx *ctx, const fl_page *page, fl_request *req, fl_response *res)
{
	FL_AUTO_BUF fl_buf variables = fl_buf_make(4096), buf = fl_buf_make(1 << 20);
	fl_json_out j = { .buf = &variables };
	html h = { .buf = &buf };
	fl_str name = req->captures[0], what;
	const fl_json *data;

	if (!fl_str_utf8_valid(name))
		return FL_NOT_FOUND;
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("name"));
	fl_json_put_str(&j, name);
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&variables));
	FL_TRY(page_ask(ctx, page, document, fl_buf_view(&variables), &data));
	if (!json_at(data, "vehicle"))
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no vehicle %" FL_FMT, FL_ARG(name));
	if (!fl_request_query(ctx->mem, req, FL_STR("done"), &what))
		what = FL_STR("");
	view_inspect(&h, ctx, page, data, what);
	return frame_send_packed(ctx, req, res, &buf, 200);
}

fl_err handle_inspect(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_page *page = req->arg;
	fl_err err;

	if (!page_caller(ctx, page, req, res))
		return FL_OK;
	err = show(ctx, page, req, res);
	return err == FL_OK ? FL_OK : frame_problem(ctx, page, res, err);
}
