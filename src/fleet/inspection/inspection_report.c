/* The reports behind the defects of an inspection: one that the driver names, one that is open for the same item, or a new one. */
#include "fleet/report/ids.h"
#include "fleet/inspection/inspection_int.h"

/* A report of any driver will do: a defect of a vehicle of the company is everybody's who drives it. */
static fl_err check_report(fl_ctx *ctx, const fl_defect *d, size_t number)
{
	static const fl_sql sql = { "defect_report", "SELECT vehicle_id, status FROM damage_reports WHERE id = $1", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuid(&args, d->report_id);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	if (rows->count == 0 || fl_row_i32(rows, 0, 0) != d->vehicle_id)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "defect %zu names a report that this vehicle does not have", number);
	if (fl_row_i16(rows, 0, 1) >= FL_STATUS_COMPLETED)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the report that defect %zu names is closed; leave it out, and a new one is filed", number);
	return FL_OK;
}

/* Which of the reports are open and of the vehicle: the first of them. */
static fl_err first_open(fl_ctx *ctx, const fl_rows *found, fl_defect *d, bool *joined)
{
	static const fl_sql sql = { "defect_reports_open",
		"SELECT id FROM damage_reports WHERE " FL_SQL_IDS("id", "$1", "$2", "$3", "$4", "$5") " AND vehicle_id = $6 AND status < $7", .generic = true };
	fl_uuid *ids = fl_new_array(ctx->mem, fl_uuid, (size_t)found->count);
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	if (!ids)
		return FL_NOMEM;
	for (int i = 0; i < found->count; i++)
		ids[i] = fl_row_uuid(found, i, 0);
	fl_arg_ids(&args, ids, (size_t)found->count);
	fl_arg_i32(&args, d->vehicle_id);
	fl_arg_i16(&args, FL_STATUS_COMPLETED);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	for (int i = 0; i < found->count && !*joined; i++)
		for (int k = 0; k < rows->count && !*joined; k++) {
			d->report_id = ids[i];
			*joined = fl_uuid_eq(ids[i], fl_row_uuid(rows, k, 0));
		}
	return FL_OK;
}

/* The open report behind an open defect of the same item: a broken lamp is not a new one each morning. */
static fl_err join_report(fl_ctx *ctx, fl_defect *d, bool *joined)
{
	static const fl_sql sql = { "defect_join",
		"SELECT report_id FROM inspection_defects WHERE vehicle_id = $1 AND state = 1 AND item = $2 ORDER BY inspection_id DESC LIMIT 20",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32(&args, d->vehicle_id);
	fl_arg_text(&args, d->item);
	*joined = false;
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	return rows->count ? first_open(ctx, rows, d, joined) : FL_OK;
}

static fl_err new_report(
	fl_ctx *ctx, const fl_inspection *in, fl_str key, const fl_defect_draft *given, fl_defect *d)
{
	fl_str own = key.len ? key : fl_uuid_str(ctx->mem, in->id);
	fl_report_draft draft = {
		.vehicle_id = d->vehicle_id,
		.description = fl_str_fmt(ctx->mem, "%" FL_FMT ": %" FL_FMT, FL_ARG(d->title), FL_ARG(d->note)),
		.photos = given->photos,
		.photo_count = given->photo_count,
		.incident_at = in->inspected_at,
		.has_location = in->has_location,
		.location = in->location,
		.idempotency_key = fl_str_fmt(ctx->mem, "inspection %" FL_FMT " defect %d", FL_ARG(own), d->id),
	};
	if (!draft.description.ptr || !draft.idempotency_key.ptr)
		return FL_NOMEM;
	return fl_report_create(ctx, &draft, &d->report_id);
}

fl_err fl_defect_report_take(fl_ctx *ctx, const fl_inspection *in, const fl_inspection_draft *draft, size_t i, fl_defect *d)
{
	const fl_defect_draft *given = &draft->defects[i];
	bool joined = false;
	if (given->has_report) {
		d->report_id = given->report_id;
		return check_report(ctx, d, i + 1);
	}
	if (!given->new_report && given->photo_count == 0)
		FL_TRY(join_report(ctx, d, &joined));
	return joined ? FL_OK : new_report(ctx, in, draft->idempotency_key, given, d);
}
