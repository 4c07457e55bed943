#include "fleet/document.h"

fl_err fl_documents_since(fl_ctx *ctx, int64_t version, fl_document **out, size_t *count)
{
	static const fl_sql sql = { "documents_since",
		"SELECT version, id, CASE WHEN removed_at IS NULL THEN body END FROM platform.documents"
		" WHERE version > $1 ORDER BY version LIMIT 100",
		.generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i64(&args, version);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	fl_document *documents = fl_new_array(ctx->mem, fl_document, (size_t)rows->count);
	if (!documents)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++)
		documents[i] = (fl_document) { fl_row_i64(rows, i, 0), fl_row_bytes(rows, i, 1), fl_row_text(rows, i, 2) };
	*out = documents;
	*count = (size_t)rows->count;
	return FL_OK;
}
