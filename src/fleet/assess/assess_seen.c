/* Signs that something is wrong with the photos: the same file, the same picture or its mirror image was sent before; the
 * camera's time does not fit; an editor saved the file. */
#include "fleet/assess/assess_int.h"

enum { SIGNALS_MAX = 64, CANDIDATES_MAX = 2000 };

static bool add_signal(fl_case *c, fl_fraud_row signal)
{
	if (c->fraud_count == c->fraud_cap || !signal.message.ptr)
		return false;
	c->fraud[c->fraud_count++] = signal;
	return true;
}

static bool has_signal(const fl_case *c, int32_t photo, fl_uuid seen_in)
{
	for (size_t i = 0; i < c->fraud_count; i++)
		if (c->fraud[i].photo == photo && c->fraud[i].has_seen_in && fl_uuid_eq(c->fraud[i].seen_in, seen_in))
			return true;
	return false;
}

/* "report 1042 of 2026-03-01" */
static fl_str name_report(fl_arena *mem, int64_t number, int64_t reported_at)
{
	char text[FL_TIME_TEXT_MAX];
	fl_time_format(reported_at, text);
	return fl_str_fmt(mem, "report %lld of %.10s", (long long)number, text);
}

/* ---- the same file ---- */

static fl_err find_same_files(fl_ctx *ctx, fl_case *c)
{
	static const fl_sql sql = {
		"case_same_files",
		"SELECT p.id, o.report_id, o.id, r.report_number, r.reported_at FROM damage_photos p"
		" JOIN damage_photos o ON o.tenant_id = p.tenant_id AND o.sha256 = p.sha256 AND (o.report_id, o.id) < (p.report_id, p.id) AND o.erased_at IS NULL"
		" JOIN damage_reports r ON r.tenant_id = o.tenant_id AND r.id = o.report_id"
		" WHERE p.report_id = $1 AND p.erased_at IS NULL ORDER BY p.id, o.report_id LIMIT 64"
	};
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_uuid(&args, c->report_id);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	for (int i = 0; i < rows->count; i++) {
		fl_uuid seen_in = fl_row_uuid(rows, i, 1);
		int photo = fl_row_i16(rows, i, 0), earlier = fl_row_i16(rows, i, 2);
		bool own = fl_uuid_eq(seen_in, c->report_id);
		fl_str where = name_report(ctx->mem, fl_row_i64(rows, i, 3), fl_row_time(rows, i, 4));
		fl_str message = own ? fl_str_fmt(ctx->mem, "photo %d is the same file as photo %d", photo, earlier)
				     : fl_str_fmt(ctx->mem, "photo %d was sent before: it is photo %d of %.*s", photo, earlier, FL_ARG(where));
		add_signal(c, (fl_fraud_row){ FL_FRAUD_SAME_FILE, own ? 0.3f : 1, message, photo, !own, seen_in });
	}
	return FL_OK;
}

/* ---- the same picture ---- */

typedef struct match {
	fl_uuid report_id;
	int16_t photo;
	fl_fraud_kind kind;
	float score;
} match;

/* The best candidate among rows (report_id, photo_id, phash), or kind FL_FRAUD_NONE. */
static match best_match(const fl_case *c, const fl_case_photo *photo, const fl_rows *rows)
{
	match best = {};
	for (int i = 0; i < rows->count; i++) {
		fl_phash other;
		float score = 0;
		fl_uuid report_id = fl_row_uuid(rows, i, 0);
		fl_str bits = fl_row_bytes(rows, i, 2);
		if (bits.len != sizeof(other.bits) || fl_uuid_cmp(report_id, c->report_id) >= 0)
			continue;
		memcpy(other.bits, bits.ptr, bits.len);
		fl_fraud_kind kind = fl_phash_compare(&photo->phash, &photo->mirrored, &other, &score);
		if (kind != FL_FRAUD_NONE && score > best.score)
			best = (match){ report_id, fl_row_i16(rows, i, 1), kind, score };
	}
	return best;
}

static fl_err candidate_args(fl_ctx *ctx, const fl_phash *hash, fl_args *args)
{
	*args = fl_args_make(ctx->mem);
	fl_arg_bytes(args, (fl_str){ (const char *)hash->bits, sizeof(hash->bits) });
	fl_arg_i32(args, CANDIDATES_MAX);
	return args->err;
}

static fl_err report_match(fl_ctx *ctx, fl_case *c, const fl_case_photo *photo, match m)
{
	static const fl_sql sql = { "case_seen_in", "SELECT report_number, reported_at FROM damage_reports WHERE id = $1", .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	if (m.kind == FL_FRAUD_NONE || has_signal(c, photo->id, m.report_id))
		return FL_OK;
	fl_arg_uuid(&args, m.report_id);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	if (rows->count == 0)
		return FL_OK;
	fl_str where = name_report(ctx->mem, fl_row_i64(rows, 0, 0), fl_row_time(rows, 0, 1));
	const char *how = m.kind == FL_FRAUD_MIRRORED_PICTURE ? "the mirror image of" : "the same picture as";
	fl_str message = fl_str_fmt(ctx->mem, "photo %d shows %s photo %d of %.*s", photo->id, how, m.photo, FL_ARG(where));
	add_signal(c, (fl_fraud_row){ (int16_t)m.kind, m.score, message, photo->id, true, m.report_id });
	return FL_OK;
}

static fl_err find_same_pictures(fl_ctx *ctx, fl_case *c)
{
	static const fl_sql sql = { "case_candidates", "SELECT report_id, photo_id, phash FROM photo_candidates($1, $2)" };
	fl_stmt stmts[2 * FL_PHOTOS_MAX];
	const fl_rows *rows[2 * FL_PHOTOS_MAX] = {};
	fl_args *args = fl_new_array(ctx->mem, fl_args, 2 * c->photo_count);
	if (!args)
		return FL_NOMEM;
	for (size_t i = 0; i < c->photo_count; i++) {
		FL_TRY(candidate_args(ctx, &c->photos[i].phash, &args[2 * i]));
		FL_TRY(candidate_args(ctx, &c->photos[i].mirrored, &args[2 * i + 1]));
		stmts[2 * i] = (fl_stmt){ &sql, &args[2 * i], &rows[2 * i] };
		stmts[2 * i + 1] = (fl_stmt){ &sql, &args[2 * i + 1], &rows[2 * i + 1] };
	}
	FL_TRY(await_statements(ctx, ctx->services->db, stmts, (int)(2 * c->photo_count)));
	for (size_t i = 0; i < c->photo_count; i++) {
		const fl_case_photo *photo = &c->photos[i];
		if (!photo->has_phash)
			continue;
		match plain = best_match(c, photo, rows[2 * i]), mirrored = best_match(c, photo, rows[2 * i + 1]);
		FL_TRY(report_match(ctx, c, photo, plain.score >= mirrored.score ? plain : mirrored));
	}
	return FL_OK;
}

/* ---- the photo itself ---- */

static fl_err find_odd_headers(fl_ctx *ctx, fl_case *c)
{
	for (size_t i = 0; i < c->photo_count; i++) {
		fl_photo_signal *signals;
		size_t count;
		FL_TRY(fl_photo_signals(&c->photos[i].header, c->incident_at, c->reported_at, ctx->mem, &signals, &count));
		for (size_t k = 0; k < count; k++) {
			fl_str message = fl_str_fmt(ctx->mem, "photo %d: %.*s", c->photos[i].id, FL_ARG(signals[k].message));
			add_signal(c, (fl_fraud_row){ (int16_t)signals[k].kind, signals[k].score, message, c->photos[i].id, false, {} });
		}
	}
	return FL_OK;
}

fl_err fl_case_find_seen(fl_ctx *ctx, fl_case *c)
{
	c->fraud = fl_new_array(ctx->mem, fl_fraud_row, SIGNALS_MAX);
	if (!c->fraud)
		return FL_NOMEM;
	c->fraud_cap = SIGNALS_MAX;
	FL_TRY(find_same_files(ctx, c));
	if (c->photo_count)
		FL_TRY(find_same_pictures(ctx, c));
	return find_odd_headers(ctx, c);
}
