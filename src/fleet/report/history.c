#include "fleet/report/history.h"
#include "fleet/report/lifecycle.h"
#include "fleet/repair/repair.h"
#include "fleet/report/zone.h"

#include <ctype.h>

static const struct {
	fl_history_kind kind;
	const char *type;
} kinds[] = {
#define ROW(name, type) { FL_HISTORY_##name, type },
	FL_HISTORY_KINDS(ROW)
#undef ROW
};

static fl_history_kind kind_of(fl_str type, const fl_json *data)
{
	if (fl_json_get(data, FL_STR("undone")))
		return FL_HISTORY_UNDONE;
	if (fl_json_get(data, FL_STR("endorses")))
		return FL_HISTORY_ENDORSED;
	if (fl_json_get(data, FL_STR("transition")))
		return FL_HISTORY_MOVED;
	for (size_t i = 0; i < FL_COUNT(kinds); i++)
		if (kinds[i].type && fl_str_eq(type, fl_str_z(kinds[i].type)))
			return kinds[i].kind;
	/* Before steps were named, a change of the status was one. */
	return FL_HISTORY_OTHER;
}

/* ---- what changed ---- */

/* Fields that people need not read: clocks, and what the words say already. */
static bool is_quiet(fl_str field)
{
	static const char *const quiet[] = { "phaseSince", "dueAt", "completedAt", "endorsedBy", "status" };
	for (size_t i = 0; i < FL_COUNT(quiet); i++)
		if (fl_str_eq(field, fl_str_z(quiet[i])))
			return true;
	return false;
}

static fl_str value_of(const fl_json *value)
{
	return value && value->type == FL_JSON_STRING ? value->string : (fl_str) {};
}

static fl_err read_changes(fl_ctx *ctx, const fl_json *data, fl_history_entry *out)
{
	size_t n = data->type == FL_JSON_OBJECT ? data->items.count : 0;
	out->changes = fl_new_array(ctx->mem, fl_field_change, n);
	if (!out->changes)
		return FL_NOMEM;
	for (const fl_json *item = n ? data->items.first : NULL; item; item = item->next)
		if (item->type == FL_JSON_ARRAY && item->items.count == 2)
			out->changes[out->change_count++] =
				(fl_field_change) { item->key, value_of(item->items.first), value_of(item->items.first->next) };
	return FL_OK;
}

/* ---- in words ---- */

/* "IN_REPAIR" as "in repair"; what holds a small letter already stays. */
static void put_word(fl_buf *buf, fl_str word)
{
	bool is_code = true;
	for (size_t i = 0; i < word.len; i++)
		is_code = is_code && (isupper((unsigned char)word.ptr[i]) || word.ptr[i] == '_');
	for (size_t i = 0; i < word.len; i++)
		fl_buf_char(buf, !is_code ? word.ptr[i] : word.ptr[i] == '_' ? ' ' : (char)tolower((unsigned char)word.ptr[i]));
}

/* "damageType" as "damage type". */
static void put_field(fl_buf *buf, fl_str field)
{
	for (size_t i = 0; i < field.len; i++) {
		if (isupper((unsigned char)field.ptr[i]))
			fl_buf_char(buf, ' ');
		fl_buf_char(buf, (char)tolower((unsigned char)field.ptr[i]));
	}
}

static void put_changes(fl_buf *buf, const fl_history_entry *e, bool with_stage)
{
	const char *between = ": ";
	for (size_t i = 0; i < e->change_count; i++) {
		const fl_field_change *c = &e->changes[i];
		if (is_quiet(c->field) || (!with_stage && fl_str_eq(c->field, FL_STR("stage"))))
			continue;
		fl_buf_str(buf, fl_str_z(between));
		between = ", ";
		put_field(buf, c->field);
		if (fl_str_eq(c->field, FL_STR("description")) || fl_str_eq(c->field, FL_STR("duplicateOf")))
			continue;
		if (c->before.len) {
			fl_buf_lit(buf, " from ");
			put_word(buf, c->before);
		}
		fl_buf_lit(buf, " to ");
		put_word(buf, c->after.len ? c->after : FL_STR("none"));
	}
}

static void put_zone(fl_buf *buf, const fl_json *data, int32_t number)
{
	const fl_json *zone = fl_json_get(data, FL_STR("after"));
	fl_buf_fmt(buf, " %d, ", number);
	put_word(buf, fl_zone_kind_name((int)fl_json_int(fl_json_get(zone, FL_STR("kind")), 0)));
	fl_buf_lit(buf, " of the ");
	put_word(buf, fl_zone_part_name((int)fl_json_int(fl_json_get(zone, FL_STR("part")), 0)));
}

/* "estimate 2 of Garage Maas, 1200.00" */
static void put_estimate(fl_buf *buf, const fl_history_entry *e, const fl_json *data, const char *before)
{
	fl_str vendor = fl_json_str(fl_json_get(data, FL_STR("vendor")), (fl_str) {});
	fl_buf_fmt(buf, " %s estimate %d", before, e->number);
	if (vendor.len) {
		fl_buf_lit(buf, " of ");
		fl_buf_str(buf, vendor);
	}
	for (size_t i = 0; i < e->change_count; i++)
		if (fl_str_eq(e->changes[i].field, FL_STR("total"))) {
			fl_buf_lit(buf, ", ");
			fl_buf_str(buf, e->changes[i].after);
		}
}

static void put_order_step(fl_buf *buf, const fl_json *data)
{
	fl_str verb = fl_json_str(fl_json_get(data, FL_STR("step")), FL_STR(""));
	fl_buf_fmt(buf, " %s work order %d", fl_life_past(&fl_order_life, verb, "changed"), (int)fl_json_int(fl_json_get(data, FL_STR("workOrder")), 0));
}

static void put_task(fl_buf *buf, const fl_json *data)
{
	bool done = fl_json_bool(fl_json_get(data, FL_STR("done")), true);
	fl_buf_fmt(buf, " marked as %s: ", done ? "done" : "not done");
	fl_buf_str(buf, fl_json_str(fl_json_get(data, FL_STR("name")), FL_STR("a task")));
}

static void put_invoice(fl_buf *buf, const char *did, const fl_json *data)
{
	fl_str number = fl_json_str(fl_json_get(data, FL_STR("number")), FL_STR(""));
	fl_buf_fmt(buf, " %s ", did);
	if (number.len) {
		fl_buf_lit(buf, "bill ");
		fl_buf_str(buf, number);
	} else {
		fl_buf_lit(buf, "a bill");
	}
	fl_buf_lit(buf, " over ");
	fl_buf_str(buf, fl_json_str(fl_json_get(data, FL_STR("amount")), FL_STR("?")));
	if (fl_json_bool(fl_json_get(data, FL_STR("held")), false))
		fl_buf_lit(buf, ", which waits for a second person");
}

static fl_verb verb_of(const fl_json *data, const char *key)
{
	return fl_verb_find(fl_json_str(fl_json_get(data, fl_str_z(key)), FL_STR("")));
}

static void put_text(fl_buf *buf, const fl_history_entry *e, const fl_json *data)
{
	fl_str name = fl_json_str(fl_json_get(data, FL_STR("name")), FL_STR("a file"));
	fl_str who = e->actor_name.len ? e->actor_name : e->actor ? FL_STR("Somebody") : FL_STR("The system");
	if (fl_json_bool(fl_json_get(data, FL_STR("byVendor")), false))
		who = FL_STR("The vendor");
	fl_buf_str(buf, who);
	switch ((fl_history_kind)e->kind) {
	case FL_HISTORY_CREATED: fl_buf_lit(buf, " filed the report"); break;
	case FL_HISTORY_ASSESSED:
		fl_buf_lit(buf, " assessed the photos");
		put_changes(buf, e, false);
		break;
	case FL_HISTORY_MOVED:
		fl_buf_fmt(buf, " %s", fl_verb_past(verb_of(data, "transition")));
		put_changes(buf, e, false);
		break;
	case FL_HISTORY_ENDORSED: fl_buf_lit(buf, " approved the repair as the first of two persons"); break;
	case FL_HISTORY_UNDONE:
		fl_buf_lit(buf, " took back: ");
		fl_buf_str(buf, fl_str_z(fl_verb_past(verb_of(data, "undone"))));
		break;
	case FL_HISTORY_CHANGED:
		fl_buf_lit(buf, " changed the report");
		put_changes(buf, e, true);
		break;
	case FL_HISTORY_OVERDUE:
		fl_buf_lit(buf, " noticed that the deadline has passed while the report was ");
		put_word(buf, fl_json_str(fl_json_get(data, FL_STR("while")), FL_STR("open")));
		break;
	case FL_HISTORY_ZONE_ADDED:
		fl_buf_lit(buf, " added zone");
		put_zone(buf, data, e->number);
		break;
	case FL_HISTORY_ZONE_CHANGED:
		fl_buf_lit(buf, " changed zone");
		put_zone(buf, data, e->number);
		break;
	case FL_HISTORY_ZONE_REPAIRED:
		fl_buf_lit(buf, " marked as repaired zone");
		put_zone(buf, data, e->number);
		break;
	case FL_HISTORY_ZONE_REMOVED:
		fl_buf_lit(buf, " removed zone");
		put_zone(buf, data, e->number);
		break;
	case FL_HISTORY_COMMENTED: fl_buf_lit(buf, " commented"); break;
	case FL_HISTORY_COMMENT_EDITED: fl_buf_lit(buf, " edited a comment"); break;
	case FL_HISTORY_COMMENT_REMOVED: fl_buf_lit(buf, " removed a comment"); break;
	case FL_HISTORY_ATTACHED:
		fl_buf_lit(buf, " attached ");
		fl_buf_str(buf, name);
		break;
	case FL_HISTORY_DETACHED:
		fl_buf_lit(buf, " removed the attachment ");
		fl_buf_str(buf, name);
		break;
	case FL_HISTORY_ATTACHMENT_OPENED:
		fl_buf_lit(buf, " opened the attachment ");
		fl_buf_str(buf, name);
		break;
	case FL_HISTORY_PHOTO_OPENED: fl_buf_fmt(buf, " opened the original of photo %d", e->number); break;
	case FL_HISTORY_PHOTO_REMOVED: fl_buf_fmt(buf, " removed photo %d by an erasure", e->number); break;
	case FL_HISTORY_PHOTO_CHANGED: fl_buf_fmt(buf, " said from where photo %d was taken", e->number); break;
	case FL_HISTORY_ESTIMATE_REQUESTED: put_estimate(buf, e, data, "asked for"); break;
	case FL_HISTORY_ESTIMATE_LINKED: put_estimate(buf, e, data, "made a new link for"); break;
	case FL_HISTORY_ESTIMATE_UNLINKED: put_estimate(buf, e, data, "revoked the link for"); break;
	case FL_HISTORY_ESTIMATE_SUBMITTED: put_estimate(buf, e, data, "sent in"); break;
	case FL_HISTORY_ESTIMATE_ACCEPTED: put_estimate(buf, e, data, "accepted"); break;
	case FL_HISTORY_ESTIMATE_DECLINED: put_estimate(buf, e, data, "declined"); break;
	case FL_HISTORY_ESTIMATE_WITHDRAWN: put_estimate(buf, e, data, "took back"); break;
	case FL_HISTORY_ESTIMATE_EXPIRED: put_estimate(buf, e, data, "noticed the end of"); break;
	case FL_HISTORY_ESTIMATE_RELEASED: put_estimate(buf, e, data, "opened again"); break;
	case FL_HISTORY_RESTORED: fl_buf_lit(buf, " brought the report back from an archive"); break;
	case FL_HISTORY_HELD: fl_buf_lit(buf, " put the report under a legal hold"); break;
	case FL_HISTORY_RELEASED: fl_buf_lit(buf, " ended the legal hold"); break;
	case FL_HISTORY_ORDER_CREATED: fl_buf_fmt(buf, " wrote work order %d", e->number); break;
	case FL_HISTORY_ORDER_CHANGED: fl_buf_fmt(buf, " changed work order %d", e->number); break;
	case FL_HISTORY_ORDER_MOVED: put_order_step(buf, data); break;
	case FL_HISTORY_ORDER_TASK: put_task(buf, data); break;
	case FL_HISTORY_INVOICE_RECORDED: put_invoice(buf, "recorded", data); break;
	case FL_HISTORY_INVOICE_APPROVED: put_invoice(buf, "approved, as the second person,", data); break;
	case FL_HISTORY_INVOICE_VOIDED: put_invoice(buf, "declared void", data); break;
	case FL_HISTORY_CLAIM_OPENED:
		fl_buf_lit(buf, " began the insurance claim");
		put_changes(buf, e, false);
		break;
	case FL_HISTORY_CLAIM_CHANGED:
		fl_buf_lit(buf, " changed the insurance claim");
		put_changes(buf, e, false);
		break;
	case FL_HISTORY_CLAIM_MOVED:
		fl_buf_fmt(buf, " %s", fl_life_past(&fl_claim_life, fl_json_str(fl_json_get(data, FL_STR("step")), FL_STR("")), "changed the claim"));
		put_changes(buf, e, false);
		break;
	case FL_HISTORY_DEFECT_FOUND:
		fl_buf_lit(buf, " found it in an inspection: ");
		fl_buf_str(buf, fl_json_str(fl_json_get(data, FL_STR("item")), FL_STR("a defect")));
		break;
	case FL_HISTORY_DEFECT_RESOLVED:
		fl_buf_lit(buf, " certified in an inspection: ");
		fl_buf_str(buf, fl_json_str(fl_json_get(data, FL_STR("item")), FL_STR("a defect")));
		fl_buf_lit(buf, ", ");
		fl_buf_str(buf, fl_json_str(fl_json_get(data, FL_STR("found")), FL_STR("resolved")));
		break;
	case FL_HISTORY_PACK_MADE:
		fl_buf_lit(buf, " made a claim pack, manifest ");
		fl_buf_str(buf, fl_json_str(fl_json_get(data, FL_STR("manifest")), FL_STR("?")));
		break;
	case FL_HISTORY_NONE:
	case FL_HISTORY_OTHER:
		fl_buf_lit(buf, " did something");
		put_changes(buf, e, true);
		break;
	}
}

/* ---- reading ---- */

/* Before steps were named in events, a new status was one. */
static void name_old_step(fl_history_entry *e)
{
	for (size_t i = 0; e->kind == FL_HISTORY_CHANGED && i < e->change_count; i++)
		if (fl_str_eq(e->changes[i].field, FL_STR("status")))
			e->changes[i].field = FL_STR("stage");
}

static fl_err read_entry(fl_ctx *ctx, const fl_rows *rows, int i, fl_history_entry *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(64 << 10);
	const fl_json *data;
	FL_TRY(fl_json_parse(ctx->mem, fl_row_jsonb(rows, i, 4), &data, &ctx->diag));
	*out = (fl_history_entry) { .report_id = fl_row_uuid(rows, i, 0),
		.id = fl_row_uuid(rows, i, 1),
		.actor = fl_row_i32(rows, i, 3),
		.actor_name = fl_row_text(rows, i, 5) };
	out->at = fl_uuid7_time_us(out->id);
	out->kind = kind_of(fl_row_text(rows, i, 2), data);
	out->reason = fl_json_str(fl_json_get(data, FL_STR("reason")), (fl_str) {});
	static const char *const numbers[] = { "zone", "photo", "attachment", "estimate", "workOrder" };
	for (size_t k = 0; k < FL_COUNT(numbers); k++)
		out->number = out->number ? out->number : (int32_t)fl_json_int(fl_json_get(data, fl_str_z(numbers[k])), 0);
	out->has_comment = fl_uuid_parse(fl_json_str(fl_json_get(data, FL_STR("comment")), FL_STR("")), &out->comment);
	FL_TRY(read_changes(ctx, data, out));
	name_old_step(out);
	put_text(&buf, out, data);
	FL_TRY(fl_buf_err(&buf));
	out->text = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->text.ptr ? FL_OK : FL_NOMEM;
}

/* Ids of events begin in the millisecond of the report's: months before it need not be looked at. */
static const fl_sql history_sql = {
	"history_of_reports",
	"SELECT h.* FROM unnest($1::uuid[]) r CROSS JOIN LATERAL (SELECT e.report_id, e.id, e.type, e.actor, event_open(e.tenant_id, e.id, e.data),"
	" (SELECT u.name FROM users u WHERE u.id = e.actor) FROM events e WHERE e.report_id = r AND e.id >= $2 AND e.id < $3"
	" AND e.type NOT IN ('work_order.baseline', 'invoice.baseline', 'claim.baseline')"
	" AND ($5 OR (e.type NOT IN ('photo.opened', 'attachment.opened', 'work_order.created', 'work_order.changed')"
	" AND NOT coalesce((e.data->>'internal')::boolean, false) AND e.type NOT LIKE 'estimate.%' AND e.type NOT LIKE 'invoice.%' AND e.type NOT LIKE 'claim%'))"
	" ORDER BY e.id DESC LIMIT $4) h",
};

fl_err fl_history_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, const fl_uuid *after, uint32_t limit,
	fl_history_entry **out, size_t *count)
{
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_uuid low = report_count ? reports[0] : (fl_uuid) {}, high;
	memset(high.bytes, 0xff, sizeof(high.bytes));
	for (size_t i = 1; i < report_count; i++)
		if (fl_uuid_cmp(reports[i], low) < 0)
			low = reports[i];
	fl_arg_uuids(&args, reports, report_count);
	fl_arg_uuid(&args, fl_uuid7_floor(fl_uuid7_time_us(low)));
	fl_arg_uuid(&args, after ? *after : high);
	fl_arg_i64(&args, limit);
	fl_arg_bool(&args, fl_may(&ctx->caller, FL_MAY_REPORT_READ_ALL));
	FL_TRY(await_query(ctx, ctx->services->db, &history_sql, &args, &rows));
	fl_history_entry *entries = fl_new_array(ctx->mem, fl_history_entry, (size_t)rows->count);
	if (!entries)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		FL_TRY(read_entry(ctx, rows, i, &entries[i]));
	*out = entries;
	*count = (size_t)rows->count;
	return FL_OK;
}
