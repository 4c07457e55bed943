/* An inspection as a document: what it says is gathered here, and laid out on the pool, where a deep stack and time are. */
#include "fleet/inspection/inspection_int.h"
#include "paper/paper.h"

#include <unistd.h>

enum { PAPER_BYTES_MAX = 16 << 20, THUMB_BYTES_MAX = 256 << 10, ARENA_MAX = 64 << 20 };

typedef struct shown_photo {
	fl_uuid report_id;
	int16_t number;
	fl_str jpeg;
} shown_photo;

typedef struct sheet {
	const fl_tenant *tenant;
	fl_inspection_whole all;
	const fl_report *reports; /* those behind the defects that the caller may read */
	size_t report_count;
	shown_photo *photos;
	size_t photo_count;
	fl_arena mem; /* of the pool's thread */
	fl_diag diag;
	fl_str pdf;   /* in mem */
} sheet;

/* ---- gathering ---- */

static bool names_report(const fl_inspection_whole *all, fl_uuid report, size_t until)
{
	for (size_t i = 0; i < until; i++)
		if (fl_uuid_eq(all->defects[i].report_id, report))
			return true;
	return false;
}

/* The reports behind the defects that the caller may read: photos show no more than the API does. */
static fl_err visible_reports(fl_ctx *ctx, sheet *s, fl_uuid **out)
{
	const fl_inspection_whole *all = &s->all;
	fl_uuid *ids = fl_new_array(ctx->mem, fl_uuid, all->defect_count);
	fl_report *reports;
	size_t n = 0;
	if (!ids)
		return FL_NOMEM;
	for (size_t i = 0; i < all->defect_count; i++)
		if (!names_report(all, all->defects[i].report_id, i))
			ids[n++] = all->defects[i].report_id;
	FL_TRY(fl_reports_get(ctx, ids, n, &reports, &s->report_count));
	for (size_t i = 0; i < s->report_count; i++)
		ids[i] = reports[i].id;
	s->reports = reports;
	*out = ids;
	return FL_OK;
}

static fl_err read_thumb(fl_ctx *ctx, fl_sha256 blob, fl_str *out)
{
	int fd;
	int64_t size;
	size_t len = 0;
	FL_TRY(fl_store_open_blob(ctx, ctx->services->store, blob, &fd, &size));
	char *bytes = size <= THUMB_BYTES_MAX ? fl_arena_take(ctx->mem, (size_t)size) : NULL;
	fl_err err = bytes ? await_file_read(ctx, fd, bytes, (size_t)size, 0, &len) : size <= THUMB_BYTES_MAX ? FL_NOMEM : FL_OK;
	close(fd);
	FL_TRY(err);
	*out = fl_str_make(bytes, len); /* one that is too large becomes a frame that says so */
	return FL_OK;
}

static fl_err gather_photos(fl_ctx *ctx, sheet *s)
{
	fl_photo_row *rows;
	fl_uuid *reports;
	size_t count;
	s->photos = fl_new_array(ctx->mem, shown_photo, FL_INSPECTION_PHOTOS_MAX);
	if (!s->photos)
		return FL_NOMEM;
	FL_TRY(visible_reports(ctx, s, &reports));
	if (s->report_count == 0)
		return FL_OK;
	FL_TRY(fl_photos_of_reports(ctx, reports, s->report_count, FL_PHOTO_ALL, &rows, &count));
	for (size_t i = 0; i < count && s->photo_count < FL_INSPECTION_PHOTOS_MAX; i++) {
		shown_photo *photo = &s->photos[s->photo_count];
		if (!rows[i].has_variants)
			continue;
		*photo = (shown_photo) { .report_id = rows[i].report_id, .number = rows[i].id };
		FL_TRY(read_thumb(ctx, rows[i].thumb, &photo->jpeg));
		s->photo_count++;
	}
	return FL_OK;
}

/* ---- laying out, on the pool ---- */

static fl_str time_text(fl_arena *mem, int64_t at)
{
	fl_civil c = fl_time_civil(at);
	return fl_str_fmt(mem, "%04d-%02d-%02d %02d:%02d UTC", c.year, c.month, c.day, c.hour, c.minute);
}

static fl_str place_text(fl_arena *mem, const fl_inspection *in)
{
	if (!in->has_location)
		return in->place;
	return fl_str_fmt(mem, "%" FL_FMT "%s%.6f, %.6f", FL_ARG(in->place), in->place.len ? ", " : "", in->location.latitude, in->location.longitude);
}

static void put_facts(sheet *s, fl_paper *paper)
{
	const fl_inspection *in = s->all.inspection;
	fl_arena *mem = &s->mem;
	const fl_paper_fact facts[] = {
		{ FL_STR("Vehicle"), in->vehicle_text },
		{ FL_STR("Trailer"), in->trailer_text },
		{ FL_STR("Made"), fl_inspection_kind_text(in->kind) },
		{ FL_STR("Inspected"), time_text(mem, in->inspected_at) },
		{ FL_STR("Odometer"), in->has_odometer ? fl_str_fmt(mem, "%d km", in->odometer_km) : (fl_str) {} },
		{ FL_STR("Place"), place_text(mem, in) },
		{ FL_STR("State"), fl_inspection_state_text(in->state) },
		{ FL_STR("Driver's judgement"), in->safe ? FL_STR("safe to operate") : FL_STR("NOT SAFE TO OPERATE") },
	};
	fl_paper_facts(paper, facts, FL_COUNT(facts));
	fl_paper_text(paper, in->note); /* texts of people may be long: a fact would cut them */
}

static void put_items(const sheet *s, fl_paper *paper)
{
	const fl_inspection *in = s->all.inspection;
	const fl_paper_column columns[] = { { FL_STR("Item"), 4 }, { FL_STR("Found"), 1 } };
	fl_paper_heading(paper, 1, FL_STR("Checklist"));
	fl_paper_table(paper, columns, FL_COUNT(columns));
	for (size_t i = 0; i < in->item_count; i++)
		fl_paper_row(paper, FL_PAPER_ROW, (const fl_str[]) { in->items[i].title, fl_item_result_text(in->items[i].result) });
}

static void put_photos(const sheet *s, fl_paper *paper, fl_uuid report)
{
	fl_paper_picture pictures[FL_INSPECTION_PHOTOS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < s->photo_count; i++)
		if (fl_uuid_eq(s->photos[i].report_id, report))
			pictures[count++] = (fl_paper_picture) { s->photos[i].jpeg, FL_STR("") };
	if (count)
		fl_paper_pictures(paper, pictures, count, FL_PAPER_ACROSS_MAX);
}

/* The number that people use; the id for who may not read the report. */
static fl_str report_text(sheet *s, fl_uuid id)
{
	for (size_t i = 0; i < s->report_count; i++)
		if (fl_uuid_eq(s->reports[i].id, id))
			return fl_str_fmt(&s->mem, "#%lld", (long long)s->reports[i].number);
	return fl_uuid_str(&s->mem, id);
}

/* "TOTAL_LOSS" as "total loss". */
static fl_str severity_text(fl_arena *mem, int severity)
{
	fl_str name = fl_severity_name((fl_severity)severity);
	char *text = fl_arena_take(mem, name.len + 1);
	for (size_t i = 0; text && i < name.len; i++)
		text[i] = name.ptr[i] == '_' ? ' ' : (char)(name.ptr[i] | 0x20);
	return fl_str_make(text, text ? name.len : 0);
}

static void put_defect(sheet *s, fl_paper *paper, size_t i)
{
	const fl_defect *d = &s->all.defects[i];
	fl_arena *mem = &s->mem;
	bool on_trailer = d->vehicle_id == s->all.inspection->trailer_id;
	const fl_paper_fact facts[] = {
		{ FL_STR("On"), on_trailer ? FL_STR("the trailer") : FL_STR("the vehicle") },
		{ FL_STR("Severity"), severity_text(mem, d->severity) },
		{ FL_STR("Safe to operate"), d->unsafe ? FL_STR("no") : FL_STR("yes") },
		{ FL_STR("Certified"), fl_defect_state_text(d->state) },
		{ FL_STR("Damage report"), report_text(s, d->report_id) },
	};
	fl_paper_heading(paper, 2, fl_str_fmt(mem, "%d. %" FL_FMT, d->id, FL_ARG(d->title)));
	fl_paper_text(paper, d->note);
	fl_paper_facts(paper, facts, FL_COUNT(facts));
	if (d->remark.len)
		fl_paper_text(paper, fl_str_fmt(mem, "%" FL_FMT ": %" FL_FMT, FL_ARG(fl_defect_state_text(d->state)), FL_ARG(d->remark)));
	if (!names_report(&s->all, d->report_id, i)) /* two defects of one report show its photos once */
		put_photos(s, paper, d->report_id);
}

static void put_defects(sheet *s, fl_paper *paper)
{
	fl_paper_heading(paper, 1, FL_STR("Defects"));
	if (s->all.defect_count == 0)
		fl_paper_text(paper, FL_STR("No defect was found that would affect the safe operation of the vehicle."));
	for (size_t i = 0; i < s->all.defect_count; i++)
		put_defect(s, paper, i);
}

/* Drawings as paper wants them: parts of the field. */
static fl_paper_stroke *strokes_of(fl_arena *mem, const fl_signature *signature)
{
	fl_paper_stroke *strokes = fl_new_array(mem, fl_paper_stroke, signature->stroke_count);
	for (size_t i = 0; strokes && i < signature->stroke_count; i++) {
		const fl_stroke *from = &signature->strokes[i];
		fl_paper_point *points = fl_new_array(mem, fl_paper_point, from->count / 2);
		for (size_t k = 0; points && k < from->count / 2; k++)
			points[k] = (fl_paper_point) { (float)from->xy[2 * k] / 10000, (float)from->xy[2 * k + 1] / 10000 };
		strokes[i] = (fl_paper_stroke) { points, points ? from->count / 2 : 0 };
	}
	return strokes;
}

static void put_signature(sheet *s, fl_paper *paper, const fl_signature *signature)
{
	fl_arena *mem = &s->mem;
	fl_paper_stroke *strokes = strokes_of(mem, signature);
	fl_paper_signature(paper, &(fl_paper_signed) { .role = fl_signer_text(signature->role),
		.name = signature->name,
		.statement = signature->statement,
		.mark = fl_str_fmt(mem, "SHA-256 %" FL_FMT, FL_ARG(signature->sha256_hex)),
		.time_us = signature->signed_at,
		.strokes = strokes,
		.stroke_count = strokes ? signature->stroke_count : 0 });
	if (signature->remark.len)
		fl_paper_text(paper, signature->remark);
}

static void put_signatures(sheet *s, fl_paper *paper)
{
	int state = s->all.inspection->state;
	fl_paper_heading(paper, 1, FL_STR("Signatures"));
	for (size_t i = 0; i < s->all.signature_count; i++)
		put_signature(s, paper, &s->all.signatures[i]);
	/* What is still to be signed has its line, for whoever signs on paper. */
	if (state == FL_INSPECTION_AWAITS_MECHANIC)
		fl_paper_signature(paper, &(fl_paper_signed) { .role = fl_signer_text(FL_SIGNER_MECHANIC) });
	if (state != FL_INSPECTION_CLOSED)
		fl_paper_signature(paper, &(fl_paper_signed) { .role = fl_signer_text(FL_SIGNER_NEXT_DRIVER) });
}

static fl_err lay_out(void *arg)
{
	sheet *s = arg;
	FL_AUTO(fl_paper_free) fl_paper *paper = NULL;
	const fl_inspection *in = s->all.inspection;
	const fl_signature *last = &s->all.signatures[s->all.signature_count - 1];
	fl_str id = fl_uuid_str(&s->mem, in->id);
	const fl_paper_about about = {
		.size = FL_PAPER_LETTER,
		.title = FL_STR("Driver vehicle inspection report"),
		.company = fl_str_z(s->tenant->name),
		.subject = FL_STR("49 CFR 396.11, 396.13"),
		.id = fl_str_fmt(&s->mem, "%" FL_FMT ", SHA-256 %" FL_FMT, FL_ARG(id), FL_ARG(last->sha256_hex)),
		.made_us = last->signed_at,
		.bytes_max = PAPER_BYTES_MAX,
	};
	FL_TRY(fl_paper_new(&about, &paper));
	put_facts(s, paper);
	put_items(s, paper);
	put_defects(s, paper);
	put_signatures(s, paper);
	return fl_paper_finish(paper, &s->mem, &s->diag, &s->pdf);
}

/* ---- all of it ---- */

fl_err fl_inspection_paper(fl_ctx *ctx, fl_uuid id, fl_str *pdf)
{
	sheet s = { .mem = fl_arena_make(ARENA_MAX) };
	FL_TRY(fl_tenant_get(ctx, &s.tenant));
	FL_TRY(fl_inspection_read(ctx, id, &s.all));
	if (s.all.signature_count == 0)
		return fl_fail(&ctx->diag, FL_CONFLICT, "this inspection has lost its signatures");
	FL_TRY(gather_photos(ctx, &s));
	fl_err err = await_pool(ctx, lay_out, &s);
	fl_str copy = err ? (fl_str) {} : fl_str_dup(ctx->mem, s.pdf);
	if (s.diag.text[0])
		ctx->diag = s.diag;
	fl_arena_fini(&s.mem);
	FL_TRY(err);
	if (!copy.ptr)
		return FL_NOMEM;
	*pdf = copy;
	return FL_OK;
}
