/* One report as the rows that normal work leaves behind: itself, its assessment, its events. */
#include <stdio.h>

#include "seed/seed_int.h"

enum { REPORT_COLUMNS = 23, ASSESSMENT_COLUMNS = 19, EVENT_COLUMNS = 9 };

const char *const fl_rows_columns[FL_ROWS_KINDS] = {
	[FL_ROWS_REPORTS] = "damage_reports (tenant_id, id, report_number, vehicle_id, driver_id, facility_id, reported_by, "
			    "incident_at, status, severity, damage_type,"
			    " priority, estimated_cost, actual_cost, location, address, description, damage_areas, claim_no, "
			    "assessed_at, completed_at, version, updated_at)",
	[FL_ROWS_ASSESSMENTS] = "assessments (tenant_id, report_id, id, model, created_at, duration_ms, severity, "
				"severity_confidence, part, part_confidence, damage_type,"
				" type_confidence, cost_low, cost_likely, cost_high, hours_low, hours_likely, hours_high, rule)",
	[FL_ROWS_EVENTS] = "events (tenant_id, id, xid, type, report_id, vehicle_id, agg_version, actor, data)",
};

static void nullable_text(fl_copy *o, const char *text)
{
	if (text && *text)
		fl_copy_text(o, fl_str_z(text));
	else
		fl_copy_null(o);
}

static void nullable_id(fl_copy *o, int32_t id)
{
	if (id)
		fl_copy_i32(o, id);
	else
		fl_copy_null(o);
}

static int64_t last_change(const fl_story *s)
{
	int64_t at = s->assessed_us;

	at = s->decided_us != FL_NEVER ? s->decided_us : at;
	at = s->repair_us != FL_NEVER ? s->repair_us : at;
	return s->completed_us != FL_NEVER ? s->completed_us : at;
}

static void write_report(fl_copy *o, fl_company *c, const fl_story *s, fl_uuid id)
{
	char areas[40] = "[]";

	if (s->part)
		snprintf(areas, sizeof areas, "[{\"part\": \"%s\"}]", fl_part_code(s->part));
	fl_copy_row(o, REPORT_COLUMNS);
	fl_copy_i32(o, c->tenant);
	fl_copy_uuid(o, id);
	fl_copy_i64(o, c->number++);
	fl_copy_i32(o, s->vehicle->id);
	nullable_id(o, s->driver_id);
	fl_copy_i32(o, c->depot_ids[s->vehicle->facility]);
	nullable_id(o, s->driver_id && s->driver_id == c->driver_ids[0] && c->driver_user ? c->driver_user : c->manager);
	fl_copy_time(o, s->incident_us);
	fl_copy_i16(o, (int16_t)s->status);
	fl_copy_i16(o, (int16_t)s->severity);
	fl_copy_i16(o, (int16_t)s->type);
	fl_copy_i16(o, (int16_t)s->priority);
	fl_copy_i64(o, s->likely_cents);
	if (s->actual_cents >= 0)
		fl_copy_i64(o, s->actual_cents);
	else
		fl_copy_null(o);
	fl_copy_point(o, s->latitude, s->longitude);
	fl_copy_text(o, fl_str_z(s->place->address));
	fl_copy_text(o, fl_str_z(s->description));
	fl_copy_jsonb(o, fl_str_z(areas));
	nullable_text(o, s->claim_no);
	fl_copy_time(o, s->assessed_us);
	fl_copy_time(o, s->completed_us);
	fl_copy_i32(o, s->version);
	fl_copy_time(o, last_change(s));
}

static void write_assessment(fl_copy *o, fl_company *c, const fl_story *s, fl_uuid id)
{
	static const fl_str RULE[] = { FL_STR_INIT("Demo data: made up together with the report, no photo was looked at.") };
	fl_dice *d = &c->dice;

	fl_copy_row(o, ASSESSMENT_COLUMNS);
	fl_copy_i32(o, c->tenant);
	fl_copy_uuid(o, id);
	fl_copy_i16(o, 1);
	fl_copy_text(o, FL_STR("demo"));
	fl_copy_time(o, s->assessed_us);
	fl_copy_i32(o, 0);
	fl_copy_i16(o, (int16_t)s->severity);
	fl_copy_f4(o, (float)(0.55 + 0.4 * fl_dice_unit(d)));
	if (s->part)
		fl_copy_i16(o, (int16_t)s->part);
	else
		fl_copy_null(o);
	fl_copy_f4(o, s->part ? (float)(0.6 + 0.38 * fl_dice_unit(d)) : 0.0f);
	fl_copy_i16(o, (int16_t)s->type);
	fl_copy_f4(o, (float)(0.5 + 0.45 * fl_dice_unit(d)));
	fl_copy_i64(o, s->low_cents);
	fl_copy_i64(o, s->likely_cents);
	fl_copy_i64(o, s->high_cents);
	fl_copy_f4(o, (float)(s->hours * 0.6));
	fl_copy_f4(o, (float)s->hours);
	fl_copy_f4(o, (float)(s->hours * 1.7));
	fl_copy_texts(o, RULE, 1);
}

/* The events of one report, in their order: each goes where its own moment belongs, often a later month. */
typedef struct history {
	fl_batch *batch;
	fl_company *company;
	const fl_story *story;
	fl_uuid report;
	int version;
} history;

static void write_event(history *h, const char *type, int64_t at_us, int32_t actor, const char *data)
{
	fl_copy *o = fl_batch_copy(h->batch, FL_ROWS_EVENTS, at_us);

	fl_copy_row(o, EVENT_COLUMNS);
	fl_copy_i32(o, h->company->tenant);
	fl_copy_uuid(o, fl_dice_uuid7(&h->company->dice, at_us));
	fl_copy_i64(o, 0); /* xid 0: history, told to nobody */
	fl_copy_text(o, fl_str_z(type));
	fl_copy_uuid(o, h->report);
	fl_copy_i32(o, h->story->vehicle->id);
	fl_copy_i32(o, ++h->version);
	nullable_id(o, actor);
	fl_copy_jsonb(o, fl_str_z(data));
}

/* What the events say adds up to what the report is: `fleet rebuild --check` holds them to that. */
static void write_events(history *h)
{
	static const char *const SEVERITIES[] = { "", "COSMETIC", "MINOR", "MODERATE", "MAJOR", "CRITICAL", "TOTAL_LOSS" };
	static const char *const TYPES[] = { "", "COLLISION", "VANDALISM", "WEATHER", "WEAR_TEAR", "MECHANICAL", "GLASS", "TIRE", "INTERIOR", "THEFT",
		"FIRE", "FLOOD", "OTHER" };
	const fl_story *s = h->story;
	int32_t manager = h->company->manager;
	char data[400];

	snprintf(data, sizeof data, "{\"status\": [null, \"REPORTED\"], \"priority\": [null, \"%d\"]}", s->priority);
	write_event(h, "report.created", s->reported_us, h->company->driver_user, data);
	snprintf(data, sizeof data, "{\"status\": [\"REPORTED\", \"ASSESSED\"], \"severity\": [null, \"%s\"], \"damageType\": [null, \"%s\"],"
		" \"estimatedCost\": [null, \"%lld.%02d\"]}", SEVERITIES[s->severity], TYPES[s->type], (long long)(s->likely_cents / 100), (int)(s->likely_cents % 100));
	write_event(h, "report.assessed", s->assessed_us, 0, data);
	if (s->decided_us != FL_NEVER && s->reason) {
		snprintf(data, sizeof data, "{\"status\": [\"ASSESSED\", \"REJECTED\"], \"transition\": \"REJECT\", \"reason\": \"%s\"}", s->reason);
		write_event(h, "report.updated", s->decided_us, manager, data);
	} else if (s->decided_us != FL_NEVER) {
		write_event(h, "report.updated", s->decided_us, manager, "{\"status\": [\"ASSESSED\", \"APPROVED\"], \"transition\": \"APPROVE\"}");
	}
	if (s->repair_us != FL_NEVER)
		write_event(h, "report.updated", s->repair_us, manager, "{\"status\": [\"APPROVED\", \"IN_REPAIR\"], \"transition\": \"START_REPAIR\"}");
	if (s->completed_us != FL_NEVER) {
		snprintf(data, sizeof data, "{\"status\": [\"IN_REPAIR\", \"COMPLETED\"], \"actualCost\": [null, \"%lld.%02d\"], \"transition\": \"COMPLETE\"}",
			(long long)(s->actual_cents / 100), (int)(s->actual_cents % 100));
		write_event(h, "report.updated", s->completed_us, manager, data);
	}
}

void fl_rows_write(fl_batch *b, fl_company *c, const fl_story *s, fl_uuid id)
{
	history h = { .batch = b, .company = c, .story = s, .report = id };

	write_report(fl_batch_copy(b, FL_ROWS_REPORTS, s->reported_us), c, s, id);
	write_assessment(fl_batch_copy(b, FL_ROWS_ASSESSMENTS, s->reported_us), c, s, id);
	write_events(&h);
	b->rows++;
}
