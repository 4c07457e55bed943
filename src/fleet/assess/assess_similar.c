/* Earlier reports that look alike: an exact scan of the company's newest embeddings of the same model. */
#include "fleet/assess/assess_int.h"

#include <stdlib.h>

#define SIMILARITY_MIN 0.5f /* of the cosine; below it two photos have little in common */

/* A number that stands for the model in the table: embeddings of different models cannot be compared. */
static int16_t model_code(const fl_model_facts *facts)
{
	return (int16_t)(facts->sha256[0] << 7 | facts->sha256[1] >> 1);
}

typedef struct earlier {
	int8_t *packed; /* count x len */
	float *scales;
	fl_uuid *reports;
	size_t count;
	int len;
} earlier;

static fl_err load(fl_ctx *ctx, const fl_case *c, earlier *out)
{
	static const fl_sql sql = { "case_embeddings",
				    "SELECT report_id, scale, q8 FROM photo_embeddings WHERE report_id < $1 AND model = $2 AND length(q8) = $3"
				    " ORDER BY report_id DESC LIMIT $4" };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	*out = (earlier){ .len = c->facts->embedding_len };
	fl_arg_uuid(&args, c->report_id);
	fl_arg_i16(&args, model_code(c->facts));
	fl_arg_i32(&args, out->len);
	fl_arg_i64(&args, FL_SIMILAR_PHOTOS);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	out->packed = fl_arena_array(ctx->mem, (size_t)rows->count, (size_t)out->len);
	out->scales = fl_new_array(ctx->mem, float, (size_t)rows->count);
	out->reports = fl_new_array(ctx->mem, fl_uuid, (size_t)rows->count);
	if (!out->packed || !out->scales || !out->reports)
		return FL_NOMEM;
	for (int i = 0; i < rows->count; i++) {
		out->reports[i] = fl_row_uuid(rows, i, 0);
		out->scales[i] = fl_row_f4(rows, i, 1);
		memcpy(out->packed + (size_t)i * out->len, fl_row_bytes(rows, i, 2).ptr, out->len);
	}
	out->count = rows->count;
	fl_rows_free(rows);
	return FL_OK;
}

static int by_similarity(const void *a, const void *b)
{
	float x = ((const fl_similar_row *)a)->similarity, y = ((const fl_similar_row *)b)->similarity;
	return (x < y) - (x > y);
}

/* Keeps a report once, with its best similarity, and the best FL_SIMILAR_MAX of all, in order. */
static void keep(fl_case *c, fl_uuid report, float similarity)
{
	size_t i = 0;
	while (i < c->similar_count && !fl_uuid_eq(c->similar[i].report_id, report))
		i++;
	if (i == c->similar_count && i == FL_SIMILAR_MAX)
		i--;
	else if (i == c->similar_count)
		c->similar[c->similar_count++] = (fl_similar_row){ report, -1 };
	if (similarity > c->similar[i].similarity)
		c->similar[i] = (fl_similar_row){ report, similarity };
	qsort(c->similar, c->similar_count, sizeof(c->similar[0]), by_similarity);
}

fl_err fl_case_find_similar(fl_ctx *ctx, fl_case *c)
{
	fl_similar_hit hits[4 * FL_SIMILAR_MAX];
	earlier all;
	FL_TRY(load(ctx, c, &all));
	for (size_t i = 0; i < c->photo_count; i++) {
		fl_case_photo *photo = &c->photos[i];
		photo->scale = fl_embedding_pack(photo->reading.embedding, all.len, photo->packed);
		size_t found = fl_similar_scan(photo->packed, photo->scale, all.packed, all.scales, all.count, all.len, hits, FL_COUNT(hits));
		for (size_t k = 0; k < found; k++)
			if (hits[k].similarity >= SIMILARITY_MIN)
				keep(c, all.reports[hits[k].index], FL_MIN(hits[k].similarity, 1));
	}
	return FL_OK;
}

static const fl_sql embedding_insert = { "embedding_insert",
					 "INSERT INTO photo_embeddings (tenant_id, report_id, photo_id, model, scale, q8) SELECT $1, $2, $3, $4, $5, $6"
					 " WHERE EXISTS (SELECT 1 FROM damage_photos p WHERE p.report_id = $2 AND p.id = $3 AND p.erased_at IS NULL)" /* an erasure was faster */
					 " ON CONFLICT (tenant_id, report_id, photo_id, model) DO UPDATE SET scale = excluded.scale, q8 = excluded.q8",
					 .write = true };

fl_err fl_case_embedding(fl_ctx *ctx, const fl_case *c, size_t index, fl_args *args, fl_stmt *out)
{
	const fl_case_photo *photo = &c->photos[index];
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.tenant_id);
	fl_arg_uuid(args, c->report_id);
	fl_arg_i16(args, photo->id);
	fl_arg_i16(args, model_code(c->facts));
	fl_arg_f4(args, photo->scale);
	fl_arg_bytes(args, (fl_str){ (const char *)photo->packed, (size_t)c->facts->embedding_len });
	*out = (fl_stmt){ &embedding_insert, args, NULL };
	return args->err;
}
