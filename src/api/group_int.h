/* Rows of many parents, read by one statement: the parents' distinct keys, and the rows of each key handed back to its parents.
 *
 *	FL_TRY(fl_api_number_keys(ctx, batch, offsetof(fl_vehicle, id), &keys, &ids));
 *	FL_TRY(fl_odometers_of(ctx, ids, keys.count, first, &rows, &count));
 *	return fl_api_scatter_numbers(ctx, rows, sizeof(rows[0]), count, offsetof(fl_odometer, vehicle_id), &keys, batch);
 *
 * Rows come grouped by their key; rows of a key that no parent has are left out. Offsets are where an int32_t or an fl_uuid stands in
 * a parent or in a row. For a page instead of a list: connection_int.h. */
#ifndef FL_API_GROUP_INT_H
#define FL_API_GROUP_INT_H

#include "api/api_int.h"

FL_MUST fl_err fl_api_number_keys(fl_ctx *ctx, const fl_gql_batch *batch, size_t offset, fl_gql_keys_i64 *keys, int32_t **ids);
FL_MUST fl_err fl_api_uuid_keys(fl_ctx *ctx, const fl_gql_batch *batch, size_t offset, fl_gql_keys_uuid *out);
/* Of parents that are reports. */
FL_MUST fl_err fl_api_report_keys(fl_ctx *ctx, const fl_gql_batch *batch, fl_gql_keys_uuid *out);

/* A list for each parent. */
FL_MUST fl_err fl_api_scatter(fl_ctx *ctx, const void *rows, size_t stride, size_t count, const fl_gql_keys_uuid *keys, size_t offset,
	fl_gql_batch *batch);
FL_MUST fl_err fl_api_scatter_numbers(fl_ctx *ctx, const void *rows, size_t stride, size_t count, size_t offset, const fl_gql_keys_i64 *keys,
	fl_gql_batch *batch);

/* Which key each row has, as its place among the keys, and which each parent has. */
typedef struct fl_api_groups {
	size_t key_count, row_count;
	const uint32_t *of_parent;
	uint32_t *of_row; /* FL_GQL_NO_KEY: none of them */
} fl_api_groups;
/* keys_at: the first row's key; those of the others follow stride bytes apart. */
FL_MUST fl_err fl_api_group_uuids(
	fl_ctx *ctx, const void *keys_at, size_t stride, size_t count, const fl_gql_keys_uuid *keys, fl_api_groups *out);
FL_MUST fl_err fl_api_group_numbers(
	fl_ctx *ctx, const void *keys_at, size_t stride, size_t count, const fl_gql_keys_i64 *keys, fl_api_groups *out);
/* The end of the run of rows that begins at i. */
size_t fl_api_group_end(const fl_api_groups *groups, size_t i);

#endif
