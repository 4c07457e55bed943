/* The form of the inspection page: fields named after the items (result.KEY, note.KEY, unsafe.KEY, photo.KEY) become an inspection; or the
 * next driver's signature. */
#include "page/page_int.h"

#include "fleet/inspection/inspection.h"

enum { PHOTO_MAX = 25000000, PHOTOS_MAX = 20, FIELD_MAX = 4 * FL_INSPECTION_NOTE_MAX, PARTS_MAX = 4 * FL_INSPECTION_ITEMS_MAX + PHOTOS_MAX + 12 };

/* An item as the form has it. */
typedef struct entry {
	fl_str key, note;
	int16_t result;
	bool unsafe;
	fl_upload photos[PHOTOS_MAX];
	size_t photo_count;
} entry;

typedef struct form {
	bool acknowledge;
	fl_str id, version, name, key, template, kind, odometer, trailer, note;
	entry entries[FL_INSPECTION_ITEMS_MAX];
	size_t entry_count, photo_count;
	fl_answered_item items[FL_INSPECTION_ITEMS_MAX];
	fl_defect_draft defects[FL_INSPECTION_DEFECTS_MAX];
} form;

/* ---- reading ---- */

static fl_err entry_of(fl_ctx *ctx, form *f, fl_str key, entry **out)
{
	for (size_t i = 0; i < f->entry_count; i++)
		if (fl_str_eq(f->entries[i].key, key)) {
			*out = &f->entries[i];
			return FL_OK;
		}
	if (f->entry_count == FL_INSPECTION_ITEMS_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the form has more items than a checklist: load the page again");
	*out = &f->entries[f->entry_count++];
	(*out)->key = key;
	return FL_OK;
}

static int16_t result_of(fl_str text)
{
	if (fl_str_eq(text, FL_STR("OK")))
		return FL_ITEM_OK;
	return fl_str_eq(text, FL_STR("DEFECT")) ? FL_ITEM_DEFECT : FL_ITEM_NOT_APPLICABLE;
}

static fl_err take_photo(fl_ctx *ctx, form *f, entry *e, const fl_part *part)
{
	/* A browser sends one empty part when nothing was chosen. */
	if (part->size == 0 && part->filename.len == 0)
		return FL_OK;
	if (f->photo_count++ == PHOTOS_MAX)
		return fl_fail(&ctx->diag, FL_TOO_LARGE, "%d photos are the most one inspection takes here", PHOTOS_MAX);
	e->photos[e->photo_count++] = (fl_upload){ .name = part->filename, .fd = part->too_large ? -1 : part->fd, .size = part->size };
	return FL_OK;
}

/* "note.tires": of an item. */
static fl_err take_of_item(fl_ctx *ctx, form *f, const fl_part *part, fl_str what, fl_str key)
{
	entry *e = NULL;

	FL_TRY(entry_of(ctx, f, key, &e));
	assert(e);
	if (part->is_file)
		return fl_str_eq(what, FL_STR("photo")) ? take_photo(ctx, f, e, part) : FL_OK;
	if (fl_str_eq(what, FL_STR("result")))
		e->result = result_of(part->value);
	else if (fl_str_eq(what, FL_STR("note")))
		e->note = fl_str_trim(part->value);
	else if (fl_str_eq(what, FL_STR("unsafe")))
		e->unsafe = true;
	return FL_OK;
}

static fl_err take_part(fl_ctx *ctx, form *f, const fl_part *part)
{
	const struct {
		fl_str name;
		fl_str *to;
	} fields[] = { { FL_STR("id"), &f->id }, { FL_STR("version"), &f->version }, { FL_STR("name"), &f->name }, { FL_STR("key"), &f->key },
		{ FL_STR("template"), &f->template }, { FL_STR("kind"), &f->kind }, { FL_STR("odometer"), &f->odometer }, { FL_STR("trailer"), &f->trailer },
		{ FL_STR("note"), &f->note } };
	fl_str key, what = fl_str_cut(part->name, '.', &key);

	if (key.len)
		return take_of_item(ctx, f, part, what, key);
	if (fl_str_eq(part->name, FL_STR("action")))
		f->acknowledge = fl_str_eq(part->value, FL_STR("acknowledge"));
	for (size_t i = 0; i < FL_COUNT(fields); i++)
		if (!part->is_file && fl_str_eq(part->name, fields[i].name))
			*fields[i].to = fl_str_trim(part->value);
	return FL_OK;
}

static fl_err read_form(fl_ctx *ctx, fl_request *req, form *f)
{
	fl_multipart *parts;
	fl_part *part;

	FL_TRY(fl_multipart_open(ctx, req, &(fl_multipart_options){ .dir = ctx->services->tmp_dir, .file_max = PHOTO_MAX, .field_max = FIELD_MAX,
		.parts_max = PARTS_MAX, .files_max = FL_INSPECTION_ITEMS_MAX + PHOTOS_MAX }, &parts));
	for (;;) {
		FL_TRY(await_multipart_next(ctx, parts, &part));
		if (!part)
			return FL_OK;
		FL_TRY(take_part(ctx, f, part));
	}
}

/* ---- an inspection ---- */

static fl_err vehicle_id(fl_ctx *ctx, fl_str name, int32_t *out)
{
	const fl_vehicle *found;

	*out = 0;
	if (name.len == 0)
		return FL_OK;
	FL_TRY(fl_vehicle_by_name(ctx, name, &found));
	*out = found->id;
	return FL_OK;
}

/* Digits, with what people put between them. */
static fl_err read_odometer(fl_ctx *ctx, fl_str text, fl_inspection_draft *draft)
{
	int64_t km = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == ' ' || c == ',' || c == '.' || c == '\'')
			continue;
		if (c < '0' || c > '9' || km > 10000000)
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "the odometer is a number of kilometres, as in 120455");
		km = 10 * km + (c - '0');
	}
	draft->has_odometer = text.len > 0;
	draft->odometer_km = (int32_t)FL_MIN(km, INT32_MAX);
	return FL_OK;
}

static fl_err take_entries(fl_ctx *ctx, form *f, fl_inspection_draft *draft)
{
	draft->safe = true;
	for (size_t i = 0; i < f->entry_count; i++) {
		const entry *e = &f->entries[i];
		if (e->result)
			f->items[draft->item_count++] = (fl_answered_item){ .key = e->key, .result = e->result };
		if (e->result != FL_ITEM_DEFECT && e->note.len == 0 && e->photo_count == 0)
			continue;
		if (draft->defect_count == FL_INSPECTION_DEFECTS_MAX)
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "an inspection takes %d defects", FL_INSPECTION_DEFECTS_MAX);
		f->defects[draft->defect_count++] = (fl_defect_draft){ .item = e->key, .note = e->note, .unsafe = e->unsafe, .photos = e->photos,
			.photo_count = e->photo_count };
		draft->safe &= !e->unsafe;
	}
	draft->items = f->items;
	draft->defects = f->defects;
	return FL_OK;
}

static fl_err submit(fl_ctx *ctx, fl_str vehicle, form *f, const char **done)
{
	fl_inspection_draft draft = { .has_template = true, .note = f->note, .signing = { .name = f->name }, .idempotency_key = f->key };
	fl_submitted filed;
	int32_t number;

	FL_TRY(vehicle_id(ctx, vehicle, &draft.vehicle_id));
	FL_TRY(vehicle_id(ctx, f->trailer, &draft.trailer_id));
	if (!fl_str_i32(f->template, &draft.template_id) || draft.template_id < 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the form names no checklist: load the page again");
	if (!fl_str_i32(f->kind, &number) || number < FL_INSPECTION_PRE_TRIP || number > FL_INSPECTION_AD_HOC)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "say whether it is before or after the trip");
	draft.kind = (int16_t)number;
	FL_TRY(read_odometer(ctx, f->odometer, &draft));
	FL_TRY(take_entries(ctx, f, &draft));
	FL_TRY(fl_inspection_submit(ctx, &draft, &filed));
	*done = filed.filed ? "filed" : "none";
	return FL_OK;
}

/* ---- the next driver ---- */

static fl_err acknowledge(fl_ctx *ctx, const form *f, const char **done)
{
	int32_t version;
	fl_uuid id;

	if (!fl_uuid_parse(f->id, &id) || !fl_str_i32(f->version, &version))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the form names no inspection: load the page again");
	*done = "signed";
	return fl_inspection_acknowledge(ctx, id, version, (fl_str){}, &(fl_signing){ .name = f->name });
}

static fl_err take(fl_ctx *ctx, fl_request *req, const char **done)
{
	form *f = fl_new(ctx->mem, form);

	if (!f)
		return FL_NOMEM;
	FL_TRY(fl_must(ctx, FL_MAY_INSPECT)); /* before 500 MB are read */
	FL_TRY(read_form(ctx, req, f));
	return f->acknowledge ? acknowledge(ctx, f, done) : submit(ctx, req->captures[0], f, done);
}

fl_err handle_inspect_form(fl_ctx *ctx, fl_request *req, fl_response *res)
{
	const fl_page *page = req->arg;
	const char *done = "";
	fl_err err;

	if (!page_same_origin(req))
		return frame_problem(ctx, page, res, FL_FORBIDDEN);
	if (!page_caller(ctx, page, req, res))
		return FL_OK;
	err = take(ctx, req, &done);
	if (err != FL_OK)
		return frame_problem(ctx, page, res, err);
	fl_response_redirect(res, 303, fl_str_fmt(ctx->mem, "/inspect/%" FL_FMT "?done=%s", FL_ARG(page_percent(ctx->mem, req->captures[0])), done));
	return FL_OK;
}
