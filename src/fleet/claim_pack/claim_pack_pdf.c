/* claim.pdf: the pack for people. Laid out on the pool, as pango wants a deep stack. */
#include "fleet/claim_pack/claim_pack_int.h"
#include "fleet/report/lifecycle.h"
#include "paper/paper.h"

#include <ctype.h>

enum { HISTORY_SHOWN = 400 };

typedef struct sheet {
	fl_paper *paper;
	fl_arena *mem;
	fl_diag *diag;
	const fl_pack_contents *c;
	fl_str pdf;
} sheet;

/* ---- words ---- */

/* "2026-03-01 09:30 UTC"; empty for 0. */
static fl_str when(sheet *s, int64_t at)
{
	if (!at)
		return FL_STR("");
	fl_civil t = fl_time_civil(at);
	return fl_str_fmt(s->mem, "%04d-%02d-%02d %02d:%02d UTC", t.year, t.month, t.day, t.hour, t.minute);
}

static fl_str day(sheet *s, int64_t at)
{
	fl_civil t = fl_time_civil(at);
	return at ? fl_str_fmt(s->mem, "%04d-%02d-%02d", t.year, t.month, t.day) : FL_STR("");
}

static fl_str money(sheet *s, bool has, int64_t cents)
{
	fl_str text = fl_money_text(s->mem, cents);
	return has ? fl_str_fmt(s->mem, "%" FL_FMT " %s", FL_ARG(text), s->c->tenant->currency) : FL_STR("");
}

/* "FRONT_DOOR" as "front door". */
static fl_str word(sheet *s, fl_str name)
{
	char *copy = fl_arena_take(s->mem, name.len + 1);
	for (size_t i = 0; copy && i < name.len; i++)
		copy[i] = name.ptr[i] == '_' ? ' ' : (char)tolower((unsigned char)name.ptr[i]);
	return (fl_str) { copy, copy ? name.len : 0 };
}

static fl_str or_dash(fl_str text)
{
	return text.len ? text : FL_STR("–");
}

static fl_str place(sheet *s, bool has, fl_point at)
{
	return has ? fl_str_fmt(s->mem, "%.5f, %.5f", at.latitude, at.longitude) : FL_STR("");
}

/* ---- sections ---- */

static void cover(sheet *s)
{
	const fl_pack_contents *c = s->c;
	const fl_report *r = c->report;
	const fl_vehicle *v = c->vehicle;
	fl_str vehicle = v ? fl_str_fmt(s->mem, "%" FL_FMT ", %" FL_FMT " %" FL_FMT " (%d)", FL_ARG(v->name), FL_ARG(v->make), FL_ARG(v->model), v->year) : FL_STR("");
	const fl_paper_fact facts[] = {
		{ FL_STR("Report"), fl_str_fmt(s->mem, "%lld", (long long)r->number) },
		{ FL_STR("Claim number"), c->claim ? c->claim->claim_no : FL_STR("") },
		{ FL_STR("Insurer"), c->claim ? c->claim->insurer : FL_STR("") },
		{ FL_STR("Policy"), c->claim ? c->claim->policy_no : FL_STR("") },
		{ FL_STR("Vehicle"), vehicle },
		{ FL_STR("Plate"), v ? v->plate : FL_STR("") },
		{ FL_STR("VIN"), v ? v->vin : FL_STR("") },
		{ FL_STR("Depot"), c->facility ? c->facility->name : FL_STR("") },
		{ FL_STR("Incident"), when(s, r->incident_at) },
		{ FL_STR("Reported"), when(s, r->reported_at) },
		{ FL_STR("Place"), r->address.len ? r->address : place(s, r->has_location, r->location) },
		{ FL_STR("Driver"), c->driver ? c->driver->name : FL_STR("") },
		{ FL_STR("Kind of damage"), word(s, fl_damage_type_name(r->damage_type)) },
		{ FL_STR("Severity"), word(s, fl_severity_name(r->severity)) },
		{ FL_STR("Stage"), word(s, fl_stage_name((fl_stage)r->stage)) },
		{ FL_STR("Reported by"), fl_pack_person(s->mem, c, r->reported_by) },
	};
	fl_paper_facts(s->paper, facts, FL_COUNT(facts));
	fl_paper_heading(s->paper, 2, FL_STR("What happened"));
	fl_paper_text(s->paper, r->description);
	fl_paper_note(s->paper, c->pack.with_names
			? FL_STR("This pack holds names of people; manifest.json lists them. It is meant for the settlement of this claim only.")
			: FL_STR("Names of people are left out: a person is a number. Descriptions and reasons are as they were written."));
}

static void money_summary(sheet *s)
{
	const fl_report *r = s->c->report;
	const fl_claim *m = s->c->claim;
	const fl_paper_fact facts[] = {
		{ FL_STR("Approved"), money(s, r->has_estimated, r->estimated_cents) },
		{ FL_STR("Actual cost"), money(s, r->has_actual, r->actual_cents) },
		{ FL_STR("Claimed"), m ? money(s, m->has_claimed, m->claimed_cents) : FL_STR("") },
		{ FL_STR("Deductible"), m ? money(s, true, m->deductible_cents) : FL_STR("") },
		{ FL_STR("Paid by the insurer"), m ? money(s, true, m->paid_cents) : FL_STR("") },
		{ FL_STR("Net cost"), money(s, r->has_actual, r->actual_cents - (m ? m->paid_cents : 0)) },
		{ FL_STR("State of the claim"), m ? word(s, fl_life_state(&fl_claim_life, m->state)) : FL_STR("") },
		{ FL_STR("Insurer told"), m ? day(s, m->noticed_on) : FL_STR("") },
	};
	fl_paper_heading(s->paper, 1, FL_STR("Claim"));
	fl_paper_facts(s->paper, facts, FL_COUNT(facts));
}

static void zones(sheet *s)
{
	const fl_paper_column columns[] = { { FL_STR("No."), 1 }, { FL_STR("Part"), 3 }, { FL_STR("Damage"), 3 }, { FL_STR("Severity"), 2 },
		{ FL_STR("Size"), 2, true }, { FL_STR("Photo"), 1, true }, { FL_STR("Note"), 4 } };
	fl_paper_heading(s->paper, 1, FL_STR("Damage"));
	if (s->c->zone_count == 0) {
		fl_paper_text(s->paper, FL_STR("No zones were drawn."));
		return;
	}
	fl_paper_table(s->paper, columns, FL_COUNT(columns));
	for (size_t i = 0; i < s->c->zone_count; i++) {
		const fl_zone *z = &s->c->zones[i];
		fl_paper_row(s->paper, FL_PAPER_ROW, (fl_str[]) { fl_str_fmt(s->mem, "%d", z->id), word(s, fl_zone_part_name(z->part)), word(s, fl_zone_kind_name(z->kind)),
			word(s, fl_severity_name(z->severity)), z->size_mm ? fl_str_fmt(s->mem, "%d mm", z->size_mm) : FL_STR(""),
			z->photo ? fl_str_fmt(s->mem, "%d", z->photo) : FL_STR(""), z->note.ptr ? z->note : FL_STR("") });
	}
}

static fl_str removed(sheet *s, const fl_photo_row *p)
{
	fl_str at = when(s, p->erased_at);
	return fl_str_fmt(s->mem, "Photo %d was removed on %" FL_FMT " by an erasure · SHA-256 %" FL_FMT, p->id, FL_ARG(at), FL_ARG(fl_str_slice(p->sha256_hex, 0, 16)));
}

static fl_str caption(sheet *s, size_t i)
{
	const fl_photo_row *p = &s->c->photos[i];
	if (p->erased_at)
		return removed(s, p);
	fl_str angle = word(s, fl_angle_name(p->angle)), taken = when(s, p->taken_at), at = place(s, p->has_place, p->place);
	return fl_str_fmt(s->mem, "Photo %d%s%" FL_FMT "%s%" FL_FMT "%s%" FL_FMT " · SHA-256 %" FL_FMT, p->id, angle.len ? ", " : "", FL_ARG(angle),
		taken.len ? ", " : "", FL_ARG(taken), at.len ? ", " : "", FL_ARG(at), FL_ARG(fl_str_slice(p->sha256_hex, 0, 16)));
}

static fl_err photos(sheet *s)
{
	const fl_pack_contents *c = s->c;
	const fl_paper_column columns[] = { { FL_STR("No."), 1 }, { FL_STR("File"), 3 }, { FL_STR("Taken"), 4 }, { FL_STR("SHA-256 of the original"), 9 } };
	fl_paper_picture *pictures = fl_new_array(s->mem, fl_paper_picture, c->photo_count);
	if (!pictures)
		return FL_NOMEM;
	fl_paper_heading(s->paper, 1, FL_STR("Photos"));
	if (c->photo_count == 0) {
		fl_paper_text(s->paper, FL_STR("There are none."));
		return FL_OK;
	}
	for (size_t i = 0; i < c->photo_count; i++)
		pictures[i] = (fl_paper_picture) { c->views[i].ptr ? c->views[i] : FL_STR(""), caption(s, i) };
	fl_paper_pictures(s->paper, pictures, c->photo_count, 2);
	fl_paper_table(s->paper, columns, FL_COUNT(columns));
	for (size_t i = 0; i < c->photo_count; i++)
		fl_paper_row(s->paper, FL_PAPER_ROW, (fl_str[]) { fl_str_fmt(s->mem, "%d", c->photos[i].id), c->photos[i].erased_at ? FL_STR("removed") : c->photo_names[i],
			or_dash(when(s, c->photos[i].taken_at)),
			c->photos[i].sha256_hex });
	return FL_OK;
}

static void assessment(sheet *s)
{
	const fl_assessment_row *a = s->c->assessment;
	if (!a)
		return;
	const fl_paper_fact facts[] = {
		{ FL_STR("Model"), a->model },
		{ FL_STR("Made"), when(s, a->created_at) },
		{ FL_STR("Severity"), word(s, fl_severity_name(a->severity)) },
		{ FL_STR("Kind"), word(s, fl_damage_type_name(a->damage_type)) },
		{ FL_STR("Cost, likely"), money(s, a->has_estimate, a->cost_likely) },
		{ FL_STR("Cost, range"), a->has_estimate ? fl_str_fmt(s->mem, "%.2f to %.2f %s", (double)a->cost_low / 100, (double)a->cost_high / 100, s->c->tenant->currency) : FL_STR("") },
	};
	fl_paper_heading(s->paper, 1, FL_STR("Assessment by the program"));
	fl_paper_facts(s->paper, facts, FL_COUNT(facts));
	fl_paper_note(s->paper, FL_STR("A program looked at the photos; it decides nothing."));
}

/* Side by side: a line each, the same columns. */
static void estimates(sheet *s)
{
	const fl_pack_contents *c = s->c;
	const fl_paper_column columns[] = { { FL_STR("Vendor"), 4 }, { FL_STR("State"), 2 }, { FL_STR("Labour"), 2, true }, { FL_STR("Parts"), 2, true },
		{ FL_STR("Paint"), 2, true }, { FL_STR("Other"), 2, true }, { FL_STR("Tax"), 2, true }, { FL_STR("Total"), 2, true } };
	if (c->estimate_count == 0)
		return;
	fl_paper_heading(s->paper, 1, FL_STR("Estimates"));
	fl_paper_table(s->paper, columns, FL_COUNT(columns));
	for (size_t i = 0; i < c->estimate_count; i++) {
		const fl_estimate *e = &c->estimates[i];
		const fl_estimate_totals *t = &e->now.totals;
		fl_paper_row(s->paper, FL_PAPER_ROW, (fl_str[]) { e->vendor, word(s, fl_life_state(&fl_estimate_life, e->state)), fl_money_text(s->mem, t->labour),
			fl_money_text(s->mem, t->parts), fl_money_text(s->mem, t->paint), fl_money_text(s->mem, t->other), fl_money_text(s->mem, t->tax),
			fl_money_text(s->mem, t->total) });
	}
}

static void bills(sheet *s)
{
	const fl_pack_contents *c = s->c;
	const fl_paper_column columns[] = { { FL_STR("Bill"), 3 }, { FL_STR("Vendor"), 4 }, { FL_STR("Dated"), 2 }, { FL_STR("Amount"), 2, true } };
	int64_t sum = 0;
	if (c->invoice_count == 0)
		return;
	fl_paper_heading(s->paper, 2, FL_STR("Bills"));
	fl_paper_table(s->paper, columns, FL_COUNT(columns));
	for (size_t i = 0; i < c->invoice_count; i++) {
		const fl_invoice *v = &c->invoices[i];
		if (v->state != FL_INVOICE_COUNTS)
			continue;
		sum += v->total_cents;
		fl_str vendor = fl_pack_vendor(c, v->vendor_id);
		fl_paper_row(s->paper, FL_PAPER_ROW, (fl_str[]) { or_dash(v->number), vendor.len ? vendor : FL_STR("own workshop"), or_dash(day(s, v->dated)),
			fl_money_text(s->mem, v->total_cents) });
	}
	fl_paper_row(s->paper, FL_PAPER_ROW_TOTAL, (fl_str[]) { FL_STR("Sum"), FL_STR(""), FL_STR(""), fl_money_text(s->mem, sum) });
}

static void orders(sheet *s)
{
	const fl_pack_contents *c = s->c;
	const fl_paper_column columns[] = { { FL_STR("Order"), 1 }, { FL_STR("Workshop"), 4 }, { FL_STR("State"), 2 }, { FL_STR("From"), 3 }, { FL_STR("Until"), 3 },
		{ FL_STR("Budget"), 2, true } };
	if (c->order_count == 0)
		return;
	fl_paper_heading(s->paper, 1, FL_STR("Repair"));
	fl_paper_table(s->paper, columns, FL_COUNT(columns));
	for (size_t i = 0; i < c->order_count; i++) {
		const fl_order *o = &c->orders[i];
		fl_str vendor = fl_pack_vendor(c, o->vendor_id);
		fl_paper_row(s->paper, FL_PAPER_ROW, (fl_str[]) { fl_str_fmt(s->mem, "%d", o->id), vendor.len ? vendor : FL_STR("own workshop"),
			word(s, fl_life_state(&fl_order_life, o->state)), or_dash(when(s, o->started_at)), or_dash(when(s, o->finished_at)),
			o->has_budget ? fl_money_text(s->mem, o->budget_cents) : FL_STR("–") });
	}
	bills(s);
}

/* Who decided what: the steps of the report and whoever was one of two persons. */
static void approvals(sheet *s)
{
	const fl_pack_contents *c = s->c;
	const fl_paper_column columns[] = { { FL_STR("When"), 3 }, { FL_STR("Who"), 3 }, { FL_STR("What"), 7 }, { FL_STR("Reason"), 4 } };
	fl_paper_heading(s->paper, 1, FL_STR("Decisions"));
	fl_paper_table(s->paper, columns, FL_COUNT(columns));
	for (size_t i = c->history_count; i-- > 0;) {
		const fl_history_entry *e = &c->history[i];
		if (e->kind != FL_HISTORY_MOVED && e->kind != FL_HISTORY_ENDORSED && e->kind != FL_HISTORY_UNDONE && e->kind != FL_HISTORY_INVOICE_APPROVED &&
			e->kind != FL_HISTORY_ESTIMATE_ACCEPTED)
			continue;
		fl_paper_row(s->paper, FL_PAPER_ROW, (fl_str[]) { when(s, e->at), or_dash(fl_pack_person(s->mem, c, e->actor)), fl_pack_sentence(s->mem, c, e),
			e->reason.ptr ? e->reason : FL_STR("") });
	}
}

static void timeline(sheet *s)
{
	const fl_pack_contents *c = s->c;
	const fl_paper_column columns[] = { { FL_STR("When"), 3 }, { FL_STR("What"), 10 } };
	size_t from = FL_MIN(c->history_count, (size_t)HISTORY_SHOWN);
	fl_paper_heading(s->paper, 1, FL_STR("Timeline"));
	if (from < c->history_count)
		fl_paper_note(s->paper, FL_STR("The newest entries; history.csv has them all."));
	fl_paper_table(s->paper, columns, FL_COUNT(columns));
	for (size_t i = from; i-- > 0;)
		fl_paper_row(s->paper, FL_PAPER_ROW, (fl_str[]) { when(s, c->history[i].at), fl_pack_sentence(s->mem, c, &c->history[i]) });
}

static void custody(sheet *s)
{
	static const char *const actions[] = { "", "sent", "opened", "changed", "removed" };
	const fl_pack_contents *c = s->c;
	const fl_paper_column columns[] = { { FL_STR("Photo"), 1 }, { FL_STR("What"), 2 }, { FL_STR("When"), 3 }, { FL_STR("Who"), 3 }, { FL_STR("With what"), 5 } };
	fl_paper_heading(s->paper, 1, FL_STR("Chain of custody"));
	fl_paper_table(s->paper, columns, FL_COUNT(columns));
	for (size_t i = 0; i < FL_MIN(c->custody_count, (size_t)HISTORY_SHOWN); i++) {
		const fl_custody_row *r = &c->custody[i];
		fl_paper_row(s->paper, FL_PAPER_ROW, (fl_str[]) { fl_str_fmt(s->mem, "%d", r->photo), fl_str_z(actions[r->action]), when(s, r->at),
			or_dash(fl_pack_person(s->mem, c, r->actor)), r->client.ptr ? r->client : FL_STR("") });
	}
	fl_paper_note(s->paper, FL_STR("custody.csv has all of it. manifest.json names every file of this pack with its SHA-256; MANIFEST.sha256 is read by sha256sum -c."));
}

static fl_err lay_out(void *arg)
{
	sheet *s = arg;
	const fl_pack_contents *c = s->c;
	fl_str id = fl_uuid_str(s->mem, c->pack.id);
	FL_TRY(fl_paper_new(&(fl_paper_about) { .title = c->claim && c->claim->claim_no.len ? fl_str_fmt(s->mem, "Claim %" FL_FMT, FL_ARG(c->claim->claim_no))
									 : fl_str_fmt(s->mem, "Damage report %lld", (long long)c->report->number),
				 .company = fl_str_z(c->tenant->name),
				 .subject = FL_STR("Claim pack"),
				 .id = id,
				 .made_us = c->made_us,
				 .bytes_max = 64 << 20 }, &s->paper));
	cover(s);
	money_summary(s);
	zones(s);
	FL_TRY(photos(s));
	assessment(s);
	estimates(s);
	orders(s);
	approvals(s);
	timeline(s);
	custody(s);
	return fl_paper_finish(s->paper, s->mem, s->diag, &s->pdf);
}

fl_err fl_pack_pdf(fl_ctx *ctx, const fl_pack_contents *c, fl_str *out)
{
	sheet s = { .mem = ctx->mem, .diag = &ctx->diag, .c = c };
	fl_err err = await_pool(ctx, lay_out, &s);
	fl_paper_free(s.paper);
	if (err == FL_OK)
		*out = s.pdf;
	return err;
}
