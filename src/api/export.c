/* Query.exportDamageReports: all reports that match, page by page by their keys, for clients that take them as a stream. */
#include "api/api_int.h"

typedef struct report_export {
	fl_gql_pager pager;
	fl_report_filter filter;
	fl_uuid after; /* the last one sent */
	bool later;
} report_export;

/* Newest first: what is filed meanwhile stands before the start, so each report that was there comes once. */
static fl_err next_reports(fl_ctx *ctx, const fl_gql_field *field, fl_gql_pager *pager, uint32_t wanted, fl_gql_value *items, bool *more)
{
	report_export *e = FL_CONTAINER(pager, report_export, pager);
	fl_report *rows;
	size_t count;
	FL_TRY(fl_reports_find(ctx, &e->filter, e->later ? &e->after : NULL, wanted, &rows, &count));
	if (count) {
		e->after = rows[count - 1].id;
		e->later = true;
	}
	*items = fl_gql_rows(rows, sizeof(rows[0]), count);
	*more = count == wanted;
	return FL_OK;
}

fl_err fl_api_export_damage_reports(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	report_export *e = fl_new(ctx->mem, report_export);
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	if (!e)
		return FL_NOMEM;
	e->pager.next = next_reports;
	FL_TRY(fl_api_report_filter(ctx, fl_gql_arg(field, "filter"), &e->filter));
	batch->results[0] = fl_gql_paged(&e->pager);
	return FL_OK;
}
