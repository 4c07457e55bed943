/* Connections: pages of rows as the schema shows them, with a cursor a row. A list says once how a row's cursor is made; the rest is here.
 *
 *	static fl_str order_key(fl_ctx *ctx, const void *row)
 *	{
 *		const fl_order *order = row;
 *		return (fl_str) { (const char *)&order->id, sizeof(order->id) };
 *	}
 *	static const fl_api_list orders = { FL_CURSOR_ORDER, sizeof(fl_order), order_key };
 *
 *	FL_TRY(fl_api_page_args(ctx, field, &orders, &page));
 *	FL_TRY(fl_orders_find(ctx, &filter, after, page.first + 1, &rows, &count));      // one more tells whether there are more
 *	return fl_api_page_make(ctx, &orders, rows, count, &page, &batch->results[0]);
 *
 *	const struct fl_api_work_order_connection fl_api_work_order_connection = {
 *		.edges = FL_GETTER(fl_api_page_rows), .nodes = FL_GETTER(fl_api_page_rows), .page_info = FL_GETTER(fl_api_page_info_get),
 *	};
 *
 * Rows are borrowed and live as long as ctx->mem. An edge is its row; its cursor is a getter of three lines over fl_api_cursor. */
#ifndef FL_API_CONNECTION_INT_H
#define FL_API_CONNECTION_INT_H

#include "api/group_int.h"

typedef struct fl_api_list {
	char cursor;    /* FL_CURSOR_...: a cursor of another list is refused by it */
	size_t stride;  /* bytes of a row */
	/* The bytes that find a row again: in the row or in ctx->mem; ptr NULL: no memory. */
	fl_str (*key)(fl_ctx *ctx, const void *row);
} fl_api_list;

static inline fl_str fl_uuid_bytes(const fl_uuid *id) /* for keys that are ids */
{
	return (fl_str) { (const char *)id->bytes, sizeof(id->bytes) };
}

extern const fl_api_list fl_api_reports; /* damage_report.c; its rows are fl_report */

/* The parent of a connection's fields. */
typedef struct fl_api_page {
	const fl_api_list *list;
	const char *rows;
	size_t count;
	bool more, later; /* later: not the first page */
} fl_api_page;

/* PageInfo as fl_api_page_info_get makes it. */
typedef struct fl_page_info {
	bool has_next, has_previous;
	fl_str start, end; /* cursors; ptr NULL: the page is empty */
} fl_page_info;

/* Reads first and after as every connection takes them: FL_BAD_INPUT. */
FL_MUST fl_err fl_api_page_args(fl_ctx *ctx, const fl_gql_field *field, const fl_api_list *list, fl_gql_page *out);
/* Reads first alone, for lists without cursors: FL_BAD_INPUT unless it is 1 to max. */
FL_MUST fl_err fl_api_first(fl_ctx *ctx, const fl_gql_field *field, int64_t otherwise, uint32_t max, uint32_t *out);

/* From the rows found for page.first + 1. */
FL_MUST fl_err fl_api_page_make(
	fl_ctx *ctx, const fl_api_list *list, const void *rows, size_t count, const fl_gql_page *page, fl_gql_value *out);
/* The same for each parent of a batch: page.first + 1 rows of each key at most. */
FL_MUST fl_err fl_api_pages_scatter(fl_ctx *ctx, const fl_api_list *list, const void *rows, const fl_api_groups *groups,
	const fl_gql_page *page, fl_gql_batch *batch);

/* Getters of connections. */
fl_err fl_api_page_rows(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out);
fl_err fl_api_page_info_get(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out);
/* For the getter of an edge's cursor. */
FL_MUST fl_err fl_api_cursor(fl_ctx *ctx, const fl_api_list *list, const void *row, fl_gql_value *out);

#endif
