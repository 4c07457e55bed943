/* Reading all that goes into a claim pack, as the person who asked for it. */
#include "fleet/claim_pack/claim_pack_int.h"

#include <unistd.h>

enum { PAGE = 500, VIEW_BYTES_MAX = 4 << 20 };

/* ---- words ---- */

fl_str fl_pack_person(fl_arena *mem, const fl_pack_contents *c, int32_t id)
{
	if (!id)
		return FL_STR("");
	for (size_t i = 0; c->pack.with_names && i < c->people_count; i++)
		if (c->people[i].id == id)
			return c->people[i].name;
	return fl_str_fmt(mem, "person %d", id);
}

fl_str fl_pack_sentence(fl_arena *mem, const fl_pack_contents *c, const fl_history_entry *e)
{
	fl_str who = e->actor_name;
	if (c->pack.with_names || !e->actor || !who.len || !fl_str_starts(e->text, who))
		return e->text;
	fl_str rest = fl_str_slice(e->text, who.len, e->text.len);
	return fl_str_fmt(mem, "Person %d%" FL_FMT, e->actor, FL_ARG(rest));
}

fl_str fl_pack_vendor(const fl_pack_contents *c, int32_t id)
{
	for (size_t i = 0; i < c->vendor_count; i++)
		if (c->vendors[i].id == id)
			return c->vendors[i].name;
	return FL_STR("");
}

fl_str fl_pack_time(fl_arena *mem, int64_t at)
{
	char text[FL_TIME_TEXT_MAX];
	return at ? fl_str_dup(mem, fl_str_make(text, fl_time_format(at, text))) : (fl_str) {};
}

/* ---- the report and what hangs on it ---- */

static fl_err read_report(fl_ctx *ctx, fl_pack_contents *c)
{
	fl_report *reports;
	fl_vehicle *vehicles;
	fl_facility *facilities;
	fl_driver *drivers;
	size_t count;
	FL_TRY(fl_reports_get(ctx, &c->pack.report_id, 1, &reports, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "the report is not there any more");
	c->report = reports;
	FL_TRY(fl_tenant_get(ctx, &c->tenant));
	FL_TRY(fl_vehicles_get(ctx, &reports->vehicle_id, 1, &vehicles, &count));
	c->vehicle = count ? vehicles : NULL;
	if (reports->facility_id) {
		FL_TRY(fl_facilities_get(ctx, &reports->facility_id, 1, &facilities, &count));
		c->facility = count ? facilities : NULL;
	}
	if (reports->driver_id && c->pack.with_names) {
		FL_TRY(fl_drivers_get(ctx, &reports->driver_id, 1, &drivers, &count));
		c->driver = count ? drivers : NULL;
	}
	return FL_OK;
}

static fl_err read_damage(fl_ctx *ctx, fl_pack_contents *c)
{
	const fl_uuid *id = &c->pack.report_id;
	fl_assessment_row *assessments;
	size_t count;
	FL_TRY(fl_zones_of_reports(ctx, id, 1, &c->zones, &c->zone_count));
	FL_TRY(fl_photos_of_reports(ctx, id, 1, FL_PHOTO_ALL, &c->photos, &c->photo_count));
	FL_TRY(fl_attachments_of_reports(ctx, id, 1, &c->attachments, &c->attachment_count));
	FL_TRY(fl_custody_of_reports(ctx, id, 1, &c->custody, &c->custody_count));
	FL_TRY(fl_assessments_of_reports(ctx, id, 1, &assessments, &count));
	c->assessment = count ? assessments : NULL;
	return FL_OK;
}

static fl_err order_ids(fl_ctx *ctx, const fl_pack_contents *c, int32_t **out)
{
	*out = fl_new_array(ctx->mem, int32_t, c->order_count);
	if (!*out)
		return FL_NOMEM;
	for (size_t i = 0; i < c->order_count; i++)
		(*out)[i] = c->orders[i].id;
	return FL_OK;
}

static fl_err read_repair(fl_ctx *ctx, fl_pack_contents *c)
{
	const fl_uuid *id = &c->pack.report_id;
	fl_claim *claims;
	int32_t *orders, *bills;
	size_t count;
	FL_TRY(fl_estimates_of_reports(ctx, id, 1, &c->estimates, &c->estimate_count));
	FL_TRY(fl_orders_of_reports(ctx, id, 1, &c->orders, &c->order_count));
	FL_TRY(order_ids(ctx, c, &orders));
	FL_TRY(fl_tasks_of_orders(ctx, orders, c->order_count, &c->tasks, &c->task_count));
	FL_TRY(fl_invoices_of_orders(ctx, orders, c->order_count, &c->invoices, &c->invoice_count));
	bills = fl_new_array(ctx->mem, int32_t, c->invoice_count);
	if (!bills)
		return FL_NOMEM;
	for (size_t i = 0; i < c->invoice_count; i++)
		bills[i] = c->invoices[i].id;
	FL_TRY(fl_lines_of_invoices(ctx, bills, c->invoice_count, &c->lines, &c->line_count));
	FL_TRY(fl_downtimes_of_reports(ctx, id, 1, &c->downtimes, &c->downtime_count));
	FL_TRY(fl_claims_of_reports(ctx, id, 1, &claims, &count));
	c->claim = count ? claims : NULL;
	return fl_payments_of_reports(ctx, id, 1, &c->payments, &c->payment_count);
}

/* Page by page; what is beyond the limit is the oldest, and its absence is said in the file. */
static fl_err read_history(fl_ctx *ctx, fl_pack_contents *c)
{
	fl_history_entry *all = fl_new_array(ctx->mem, fl_history_entry, FL_PACK_HISTORY_MAX), *page;
	size_t count = PAGE;
	if (!all)
		return FL_NOMEM;
	while (count == PAGE && c->history_count < FL_PACK_HISTORY_MAX) {
		const fl_uuid *after = c->history_count ? &all[c->history_count - 1].id : NULL;
		FL_TRY(fl_history_of_reports(ctx, &c->pack.report_id, 1, after, PAGE, &page, &count));
		if (count)
			memcpy(&all[c->history_count], page, count * sizeof(page[0]));
		c->history_count += count;
	}
	c->history = all;
	return FL_OK;
}

/* ---- people ---- */

static void add_person(int32_t *ids, size_t *count, size_t max, int32_t id)
{
	for (size_t i = 0; i < *count; i++)
		if (ids[i] == id)
			return;
	if (id && *count < max)
		ids[(*count)++] = id;
}

/* All whose names are shown anywhere in the pack: the manifest lists them. */
static fl_err read_people(fl_ctx *ctx, fl_pack_contents *c)
{
	enum { MAX = 1000 };
	int32_t *ids = fl_new_array(ctx->mem, int32_t, MAX);
	size_t n = 0;
	if (!ids)
		return FL_NOMEM;
	if (!c->pack.with_names)
		return FL_OK;
	add_person(ids, &n, MAX, c->pack.user_id);
	add_person(ids, &n, MAX, c->report->reported_by);
	for (size_t i = 0; i < c->photo_count; i++)
		add_person(ids, &n, MAX, c->photos[i].uploaded_by);
	for (size_t i = 0; i < c->attachment_count; i++)
		add_person(ids, &n, MAX, c->attachments[i].uploaded_by);
	for (size_t i = 0; i < c->custody_count; i++)
		add_person(ids, &n, MAX, c->custody[i].actor);
	for (size_t i = 0; i < c->history_count; i++)
		add_person(ids, &n, MAX, c->history[i].actor);
	for (size_t i = 0; i < c->order_count; i++)
		add_person(ids, &n, MAX, c->orders[i].created_by);
	for (size_t i = 0; i < c->task_count; i++)
		add_person(ids, &n, MAX, c->tasks[i].done_by);
	for (size_t i = 0; i < c->invoice_count; i++)
		add_person(ids, &n, MAX, c->invoices[i].recorded_by);
	for (size_t i = 0; i < c->payment_count; i++)
		add_person(ids, &n, MAX, c->payments[i].recorded_by);
	return fl_people_get(ctx, ids, n, &c->people, &c->people_count);
}

static fl_err read_vendors(fl_ctx *ctx, fl_pack_contents *c)
{
	int32_t *ids = fl_new_array(ctx->mem, int32_t, c->order_count);
	size_t n = 0;
	if (!ids)
		return FL_NOMEM;
	for (size_t i = 0; i < c->order_count; i++)
		add_person(ids, &n, c->order_count, c->orders[i].vendor_id);
	return fl_vendors_get(ctx, ids, n, &c->vendors, &c->vendor_count);
}

/* ---- files ---- */

static const char *extension(fl_str media_type)
{
	static const struct {
		const char *type, *extension;
	} known[] = { { "image/jpeg", "jpg" }, { "image/png", "png" }, { "image/webp", "webp" }, { "image/heic", "heic" } };
	for (size_t i = 0; i < FL_COUNT(known); i++)
		if (fl_str_eq(media_type, fl_str_z(known[i].type)))
			return known[i].extension;
	return "bin";
}

static fl_err name_files(fl_ctx *ctx, fl_pack_contents *c)
{
	c->photo_names = fl_new_array(ctx->mem, fl_str, c->photo_count);
	c->attachment_names = fl_new_array(ctx->mem, fl_str, c->attachment_count);
	if (!c->photo_names || !c->attachment_names)
		return FL_NOMEM;
	for (size_t i = 0; i < c->photo_count; i++)
		c->photo_names[i] = c->photos[i].erased_at ? FL_STR("") : fl_str_fmt(ctx->mem, "photos/%02d.%s", c->photos[i].id, extension(c->photos[i].media_type));
	for (size_t i = 0; i < c->attachment_count; i++) {
		fl_str name = fl_pack_name(ctx->mem, c->attachments[i].name);
		c->attachment_names[i] = fl_str_fmt(ctx->mem, "attachments/%02d-%" FL_FMT, c->attachments[i].id, FL_ARG(name));
	}
	return FL_OK;
}

static fl_err read_view(fl_ctx *ctx, fl_sha256 id, fl_str *out)
{
	int fd;
	int64_t size;
	size_t len = 0;
	fl_err err = fl_store_open_blob(ctx, ctx->services->store, id, &fd, &size);
	if (err != FL_OK)
		return err == FL_NOT_FOUND ? FL_OK : err; /* the PDF says so; the original is what counts */
	char *bytes = size <= VIEW_BYTES_MAX ? fl_arena_take(ctx->mem, (size_t)size + 1) : NULL;
	if (bytes)
		err = await_file_read(ctx, fd, bytes, (size_t)size, 0, &len);
	close(fd);
	FL_TRY(err);
	*out = (fl_str) { bytes, len };
	return FL_OK;
}

static fl_err read_views(fl_ctx *ctx, fl_pack_contents *c)
{
	c->views = fl_new_array(ctx->mem, fl_str, c->photo_count);
	if (!c->views)
		return FL_NOMEM;
	for (size_t i = 0; i < c->photo_count; i++)
		if (c->photos[i].has_variants)
			FL_TRY(read_view(ctx, c->photos[i].view, &c->views[i]));
	return FL_OK;
}

fl_err fl_pack_gather(fl_ctx *ctx, const fl_claim_pack *pack, fl_pack_contents *c)
{
	*c = (fl_pack_contents) { .pack = *pack, .made_us = fl_now_us() / FL_SECOND_US * FL_SECOND_US };
	FL_TRY(read_report(ctx, c));
	FL_TRY(read_damage(ctx, c));
	FL_TRY(read_repair(ctx, c));
	FL_TRY(read_history(ctx, c));
	FL_TRY(read_people(ctx, c));
	FL_TRY(read_vendors(ctx, c));
	FL_TRY(name_files(ctx, c));
	return read_views(ctx, c);
}
