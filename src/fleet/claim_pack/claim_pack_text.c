/* The files of a claim pack that machines read: report.json, history.csv, custody.csv, and the manifest's members. */
#include "fleet/claim_pack/claim_pack_int.h"
#include "fleet/transfer/csv.h"
#include "fleet/report/lifecycle.h"

typedef struct out {
	fl_json_out j;
	fl_arena *mem;
	const fl_pack_contents *c;
} out;

/* ---- pieces ---- */

static void text(out *o, const char *key, fl_str value)
{
	fl_json_key(&o->j, fl_str_z(key));
	if (value.ptr && value.len)
		fl_json_put_str(&o->j, value);
	else
		fl_json_put_null(&o->j);
}

static void number(out *o, const char *key, int64_t value)
{
	fl_json_key(&o->j, fl_str_z(key));
	fl_json_put_i64(&o->j, value);
}

static void money(out *o, const char *key, bool has, int64_t cents)
{
	text(o, key, has ? fl_money_text(o->mem, cents) : (fl_str) {});
}

static void moment(out *o, const char *key, int64_t at)
{
	text(o, key, fl_pack_time(o->mem, at));
}

static void person(out *o, const char *key, int32_t id)
{
	text(o, key, fl_pack_person(o->mem, o->c, id));
}

static void place(out *o, const char *key, bool has, fl_point at)
{
	fl_json_key(&o->j, fl_str_z(key));
	if (!has) {
		fl_json_put_null(&o->j);
		return;
	}
	fl_json_open(&o->j, '{');
	fl_json_key(&o->j, FL_STR("latitude"));
	fl_json_put_double(&o->j, at.latitude);
	fl_json_key(&o->j, FL_STR("longitude"));
	fl_json_put_double(&o->j, at.longitude);
	fl_json_close(&o->j, '}');
}

static void open_list(out *o, const char *key)
{
	fl_json_key(&o->j, fl_str_z(key));
	fl_json_open(&o->j, '[');
}

static void open_object(out *o, const char *key)
{
	fl_json_key(&o->j, fl_str_z(key));
	fl_json_open(&o->j, '{');
}

/* ---- the report ---- */

static void put_report(out *o)
{
	const fl_report *r = o->c->report;
	text(o, "id", fl_uuid_str(o->mem, r->id));
	number(o, "number", r->number);
	text(o, "status", fl_status_name((fl_status)r->status));
	text(o, "stage", fl_stage_name((fl_stage)r->stage));
	text(o, "severity", fl_severity_name(r->severity));
	text(o, "damageType", fl_damage_type_name(r->damage_type));
	number(o, "priority", r->priority);
	text(o, "description", r->description);
	moment(o, "reportedAt", r->reported_at);
	moment(o, "incidentAt", r->incident_at);
	moment(o, "assessedAt", r->assessed_at);
	moment(o, "completedAt", r->completed_at);
	person(o, "reportedBy", r->reported_by);
	place(o, "location", r->has_location, r->location);
	text(o, "address", r->address);
	money(o, "estimatedCost", r->has_estimated, r->estimated_cents);
	money(o, "actualCost", r->has_actual, r->actual_cents);
	money(o, "netCost", r->has_actual, r->actual_cents - (o->c->claim ? o->c->claim->paid_cents : 0));
	number(o, "version", r->version);
}

static void put_vehicle(out *o)
{
	const fl_vehicle *v = o->c->vehicle;
	if (!v)
		return;
	open_object(o, "vehicle");
	text(o, "name", v->name);
	text(o, "plate", v->plate);
	text(o, "vin", v->vin);
	text(o, "make", v->make);
	text(o, "model", v->model);
	number(o, "year", v->year);
	fl_json_close(&o->j, '}');
}

static void put_claim(out *o)
{
	const fl_claim *c = o->c->claim;
	if (!c)
		return;
	open_object(o, "claim");
	text(o, "state", fl_life_state(&fl_claim_life, c->state));
	text(o, "insurer", c->insurer);
	text(o, "policyNumber", c->policy_no);
	text(o, "claimNumber", c->claim_no);
	money(o, "deductible", true, c->deductible_cents);
	money(o, "claimedAmount", c->has_claimed, c->claimed_cents);
	money(o, "paidAmount", true, c->paid_cents);
	moment(o, "noticedOn", c->noticed_on);
	if (o->c->pack.with_names)
		text(o, "adjuster", c->adjuster_name);
	open_list(o, "payments");
	for (size_t i = 0; i < o->c->payment_count; i++) {
		const fl_payment *p = &o->c->payments[i];
		fl_json_open(&o->j, '{');
		money(o, "amount", true, p->cents);
		moment(o, "paidOn", p->paid_on);
		text(o, "reference", p->reference);
		fl_json_close(&o->j, '}');
	}
	fl_json_close(&o->j, ']');
	fl_json_close(&o->j, '}');
}

static fl_str side_name(int side)
{
	return side == FL_SIDE_LEFT ? FL_STR("LEFT") : side == FL_SIDE_RIGHT ? FL_STR("RIGHT") : side == FL_SIDE_MIDDLE ? FL_STR("MIDDLE") : FL_STR("");
}

static void put_zones(out *o)
{
	open_list(o, "zones");
	for (size_t i = 0; i < o->c->zone_count; i++) {
		const fl_zone *z = &o->c->zones[i];
		fl_json_open(&o->j, '{');
		number(o, "id", z->id);
		text(o, "part", fl_zone_part_name(z->part));
		text(o, "side", side_name(z->side));
		text(o, "kind", fl_zone_kind_name(z->kind));
		text(o, "severity", fl_severity_name(z->severity));
		number(o, "sizeMm", z->size_mm);
		number(o, "photo", z->photo);
		text(o, "note", z->note);
		text(o, "state", z->state == FL_ZONE_OPEN ? FL_STR("OPEN") : FL_STR("REPAIRED"));
		fl_json_close(&o->j, '}');
	}
	fl_json_close(&o->j, ']');
}

static void put_photos(out *o)
{
	open_list(o, "photos");
	for (size_t i = 0; i < o->c->photo_count; i++) {
		const fl_photo_row *p = &o->c->photos[i];
		fl_json_open(&o->j, '{');
		number(o, "id", p->id);
		text(o, "file", p->erased_at ? (fl_str) {} : o->c->photo_names[i]);
		moment(o, "removedAt", p->erased_at);
		text(o, "mediaType", p->media_type);
		text(o, "sha256", p->sha256_hex);
		number(o, "sizeBytes", p->size_bytes);
		number(o, "width", p->width);
		number(o, "height", p->height);
		text(o, "angle", fl_angle_name(p->angle));
		moment(o, "takenAt", p->taken_at);
		place(o, "location", p->has_place, p->place);
		text(o, "camera", p->camera);
		moment(o, "uploadedAt", p->uploaded_at);
		person(o, "uploadedBy", p->uploaded_by);
		fl_json_close(&o->j, '}');
	}
	fl_json_close(&o->j, ']');
}

static void put_attachments(out *o)
{
	open_list(o, "attachments");
	for (size_t i = 0; i < o->c->attachment_count; i++) {
		const fl_attachment *a = &o->c->attachments[i];
		fl_json_open(&o->j, '{');
		number(o, "id", a->id);
		text(o, "file", o->c->attachment_names[i]);
		text(o, "name", a->name);
		text(o, "mediaType", a->media_type);
		text(o, "sha256", a->sha256_hex);
		number(o, "sizeBytes", a->size_bytes);
		moment(o, "uploadedAt", a->created_at);
		person(o, "uploadedBy", a->uploaded_by);
		fl_json_close(&o->j, '}');
	}
	fl_json_close(&o->j, ']');
}

static void put_assessment(out *o)
{
	const fl_assessment_row *a = o->c->assessment;
	if (!a)
		return;
	open_object(o, "assessment");
	text(o, "model", a->model);
	moment(o, "createdAt", a->created_at);
	text(o, "severity", fl_severity_name(a->severity));
	fl_json_key(&o->j, FL_STR("severityConfidence"));
	fl_json_put_double(&o->j, (double)a->severity_confidence);
	text(o, "damageType", fl_damage_type_name(a->damage_type));
	money(o, "costLow", a->has_estimate, a->cost_low);
	money(o, "costLikely", a->has_estimate, a->cost_likely);
	money(o, "costHigh", a->has_estimate, a->cost_high);
	open_list(o, "rule");
	for (size_t i = 0; i < a->rule_count; i++)
		fl_json_put_str(&o->j, a->rule[i]);
	fl_json_close(&o->j, ']');
	fl_json_close(&o->j, '}');
}

static void put_estimates(out *o)
{
	open_list(o, "estimates");
	for (size_t i = 0; i < o->c->estimate_count; i++) {
		const fl_estimate *e = &o->c->estimates[i];
		fl_json_open(&o->j, '{');
		number(o, "id", e->id);
		text(o, "vendor", e->vendor);
		text(o, "state", fl_life_state(&fl_estimate_life, e->state));
		number(o, "revision", e->now.number);
		text(o, "reference", e->now.reference);
		money(o, "net", e->now.number > 0, e->now.totals.net);
		money(o, "tax", e->now.number > 0, e->now.totals.tax);
		money(o, "total", e->now.number > 0, e->now.totals.total);
		open_list(o, "lines");
		for (size_t k = 0; k < e->now.line_count; k++) {
			const fl_estimate_line *l = &e->now.lines[k];
			fl_json_open(&o->j, '{');
			text(o, "text", l->text);
			text(o, "quantity", fl_decimal_text(o->mem, l->quantity, 3));
			money(o, "unitPrice", true, l->unit_cents);
			money(o, "net", true, l->net_cents);
			fl_json_close(&o->j, '}');
		}
		fl_json_close(&o->j, ']');
		fl_json_close(&o->j, '}');
	}
	fl_json_close(&o->j, ']');
}

static const fl_word cost_kind_list[] = { FL_COST_KINDS(FL_WORD) };
static const fl_words cost_kinds = FL_WORDS(cost_kind_list);

static void put_lines(out *o, int32_t invoice)
{
	open_list(o, "lines");
	for (size_t i = 0; i < o->c->line_count; i++) {
		const fl_invoice_line *l = &o->c->lines[i];
		if (l->invoice_id != invoice)
			continue;
		fl_json_open(&o->j, '{');
		text(o, "kind", fl_word_name(&cost_kinds, l->kind));
		text(o, "title", l->title);
		money(o, "amount", true, l->cents);
		fl_json_close(&o->j, '}');
	}
	fl_json_close(&o->j, ']');
}

static void put_invoices(out *o, int32_t order)
{
	static const char *const states[] = { "", "COUNTS", "HELD", "VOID" };
	open_list(o, "invoices");
	for (size_t i = 0; i < o->c->invoice_count; i++) {
		const fl_invoice *v = &o->c->invoices[i];
		if (v->order_id != order)
			continue;
		fl_json_open(&o->j, '{');
		text(o, "number", v->number);
		moment(o, "dated", v->dated);
		text(o, "state", fl_str_z(states[v->state]));
		money(o, "total", true, v->total_cents);
		moment(o, "recordedAt", v->recorded_at);
		person(o, "recordedBy", v->recorded_by);
		put_lines(o, v->id);
		fl_json_close(&o->j, '}');
	}
	fl_json_close(&o->j, ']');
}

static void put_orders(out *o)
{
	open_list(o, "workOrders");
	for (size_t i = 0; i < o->c->order_count; i++) {
		const fl_order *w = &o->c->orders[i];
		fl_json_open(&o->j, '{');
		number(o, "id", w->id);
		text(o, "vendor", fl_pack_vendor(o->c, w->vendor_id));
		text(o, "state", fl_life_state(&fl_order_life, w->state));
		money(o, "budget", w->has_budget, w->budget_cents);
		moment(o, "startedAt", w->started_at);
		moment(o, "finishedAt", w->finished_at);
		open_list(o, "tasks");
		for (size_t k = 0; k < o->c->task_count; k++)
			if (o->c->tasks[k].order_id == w->id) {
				fl_json_open(&o->j, '{');
				text(o, "title", o->c->tasks[k].title);
				moment(o, "doneAt", o->c->tasks[k].done_at);
				fl_json_close(&o->j, '}');
			}
		fl_json_close(&o->j, ']');
		put_invoices(o, w->id);
		fl_json_close(&o->j, '}');
	}
	fl_json_close(&o->j, ']');
	open_list(o, "downtimes");
	for (size_t i = 0; i < o->c->downtime_count; i++) {
		fl_json_open(&o->j, '{');
		moment(o, "from", o->c->downtimes[i].from);
		moment(o, "until", o->c->downtimes[i].until);
		fl_json_key(&o->j, FL_STR("planned"));
		fl_json_put_bool(&o->j, o->c->downtimes[i].planned);
		fl_json_close(&o->j, '}');
	}
	fl_json_close(&o->j, ']');
}

/* Oldest first, as it happened. */
static void put_history(out *o)
{
	open_list(o, "history");
	for (size_t i = o->c->history_count; i-- > 0;) {
		const fl_history_entry *e = &o->c->history[i];
		fl_json_open(&o->j, '{');
		moment(o, "at", e->at);
		text(o, "event", fl_uuid_str(o->mem, e->id));
		text(o, "text", fl_pack_sentence(o->mem, o->c, e));
		text(o, "reason", e->reason);
		fl_json_close(&o->j, '}');
	}
	fl_json_close(&o->j, ']');
}

fl_err fl_pack_json(fl_ctx *ctx, const fl_pack_contents *c, fl_buf *buf)
{
	out o = { .j = { .buf = buf }, .mem = ctx->mem, .c = c };
	fl_json_open(&o.j, '{');
	text(&o, "format", FL_STR("fleet-claim-1"));
	text(&o, "company", fl_str_z(c->tenant->name));
	text(&o, "currency", fl_str_z(c->tenant->currency));
	moment(&o, "madeAt", c->made_us);
	open_object(&o, "report");
	put_report(&o);
	fl_json_close(&o.j, '}');
	put_vehicle(&o);
	if (c->facility)
		text(&o, "facility", c->facility->name);
	if (c->driver)
		text(&o, "driver", c->driver->name);
	put_claim(&o);
	put_zones(&o);
	put_photos(&o);
	put_attachments(&o);
	put_assessment(&o);
	put_estimates(&o);
	put_orders(&o);
	put_history(&o);
	fl_json_close(&o.j, '}');
	fl_buf_char(buf, '\n');
	return fl_buf_err(buf);
}

/* ---- CSV ---- */

static void put_csv(fl_buf *buf, const fl_str *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fl_csv_put(buf, fields[i].ptr ? fields[i] : FL_STR(""), i == 0);
	fl_csv_end(buf);
}

fl_err fl_pack_history_csv(fl_ctx *ctx, const fl_pack_contents *c, fl_buf *buf)
{
	put_csv(buf, (fl_str[]) { FL_STR("at"), FL_STR("event"), FL_STR("who"), FL_STR("text"), FL_STR("reason") }, 5);
	for (size_t i = c->history_count; i-- > 0;) {
		const fl_history_entry *e = &c->history[i];
		put_csv(buf, (fl_str[]) { fl_pack_time(ctx->mem, e->at), fl_uuid_str(ctx->mem, e->id), fl_pack_person(ctx->mem, c, e->actor),
			fl_pack_sentence(ctx->mem, c, e), e->reason }, 5);
	}
	return fl_buf_err(buf);
}

static fl_str hash_of(const fl_pack_contents *c, int16_t photo)
{
	for (size_t i = 0; i < c->photo_count; i++)
		if (c->photos[i].id == photo)
			return c->photos[i].sha256_hex;
	return FL_STR("");
}

fl_err fl_pack_custody_csv(fl_ctx *ctx, const fl_pack_contents *c, fl_buf *buf)
{
	static const char *const actions[] = { "", "UPLOADED", "OPENED", "CHANGED", "REMOVED" };
	put_csv(buf, (fl_str[]) { FL_STR("photo"), FL_STR("sha256"), FL_STR("action"), FL_STR("at"), FL_STR("who"), FL_STR("client") }, 6);
	for (size_t i = 0; i < c->custody_count; i++) {
		const fl_custody_row *r = &c->custody[i];
		put_csv(buf, (fl_str[]) { fl_str_fmt(ctx->mem, "%d", r->photo), hash_of(c, r->photo), fl_str_z(actions[r->action]),
			fl_pack_time(ctx->mem, r->at), fl_pack_person(ctx->mem, c, r->actor), r->client }, 6);
	}
	return fl_buf_err(buf);
}

/* ---- the manifest ---- */

/* Members without braces: the writer of the manifest puts them into its own object. */
fl_err fl_pack_about(fl_ctx *ctx, const fl_pack_contents *c, fl_buf *buf)
{
	out o = { .j = { .buf = buf }, .mem = ctx->mem, .c = c };
	text(&o, "kind", FL_STR("claim"));
	text(&o, "pack", fl_uuid_str(ctx->mem, c->pack.id));
	text(&o, "company", fl_str_z(c->tenant->name));
	number(&o, "report", c->report->number);
	text(&o, "claimNumber", c->claim ? c->claim->claim_no : (fl_str) {});
	person(&o, "madeBy", c->pack.user_id);
	open_list(&o, "names");
	for (size_t i = 0; i < c->people_count; i++)
		fl_json_put_str(&o.j, c->people[i].name);
	if (c->driver)
		fl_json_put_str(&o.j, c->driver->name);
	if (c->pack.with_names && c->claim && c->claim->adjuster_name.len)
		fl_json_put_str(&o.j, c->claim->adjuster_name);
	fl_json_close(&o.j, ']');
	return fl_buf_err(buf);
}
