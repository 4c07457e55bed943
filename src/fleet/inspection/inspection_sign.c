/* Signatures: what exactly is signed, its hash, the chain of hashes, and the proof that nothing was changed since.
 *
 * The canonical form is JSON without spaces, members in a fixed order, texts as they are stored, numbers whole (degrees in
 * millionths, drawings in ten-thousandths), moments in microseconds. Form 1 of it is what this file writes; a later form gets a
 * number of its own, and this one stays for what was signed by it. */
#include "fleet/inspection/inspection_int.h"

#include <math.h>

enum { FORM = 1, CONTENT_MAX = 1 << 20, FIELD = 10000 };

/* ---- what is given ---- */

static fl_err check_stroke(fl_ctx *ctx, const fl_stroke *stroke, size_t *points)
{
	*points += stroke->count / 2;
	if (stroke->count < 2 || stroke->count % 2)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "a stroke of the signature has %zu numbers; give pairs: x, y, x, y, ...", stroke->count);
	for (size_t i = 0; i < stroke->count; i++)
		if (stroke->xy[i] < 0 || stroke->xy[i] > FIELD)
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "a point of the signature lies outside its field: 0 to 1 from the left and from the top");
	return FL_OK;
}

fl_err fl_signing_check(fl_ctx *ctx, const fl_signing *signing)
{
	size_t points = 0;
	if (!ctx->caller.user_id)
		return fl_fail(&ctx->diag, FL_FORBIDDEN, "a program cannot sign: log in as a person");
	if (fl_str_trim(signing->name).len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the signature has no name: print the name of who signs");
	FL_TRY(fl_text_check(&ctx->diag, "the name of who signs", signing->name, FL_INSPECTION_NAME_MAX));
	if (signing->stroke_count > FL_INSPECTION_STROKES_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the signature has %zu strokes; at most %d are taken", signing->stroke_count,
			FL_INSPECTION_STROKES_MAX);
	for (size_t i = 0; i < signing->stroke_count; i++)
		FL_TRY(check_stroke(ctx, &signing->strokes[i], &points));
	if (points > FL_INSPECTION_POINTS_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the signature has %zu points; at most %d are taken", points, FL_INSPECTION_POINTS_MAX);
	return FL_OK;
}

/* ---- the canonical form ---- */

static void put_text(fl_json_out *j, const char *key, fl_str text)
{
	fl_json_key(j, fl_str_z(key));
	if (text.ptr)
		fl_json_put_str(j, text);
	else
		fl_json_put_null(j);
}

static void put_number(fl_json_out *j, const char *key, int64_t number)
{
	fl_json_key(j, fl_str_z(key));
	fl_json_put_i64(j, number);
}

static void put_number_or_null(fl_json_out *j, const char *key, bool has, int64_t number)
{
	fl_json_key(j, fl_str_z(key));
	if (has)
		fl_json_put_i64(j, number);
	else
		fl_json_put_null(j);
}

static void put_bool(fl_json_out *j, const char *key, bool value)
{
	fl_json_key(j, fl_str_z(key));
	fl_json_put_bool(j, value);
}

static void put_strokes(fl_json_out *j, const fl_stroke *strokes, size_t count)
{
	fl_json_open(j, '[');
	for (size_t i = 0; i < count; i++) {
		fl_json_open(j, '[');
		for (size_t k = 0; k < strokes[i].count; k++)
			fl_json_put_i64(j, strokes[i].xy[k]);
		fl_json_close(j, ']');
	}
	fl_json_close(j, ']');
}

static void put_items(fl_json_out *j, const fl_inspection *in)
{
	fl_json_key(j, FL_STR("items"));
	fl_json_open(j, '[');
	for (size_t i = 0; i < in->item_count; i++) {
		fl_json_open(j, '{');
		put_text(j, "key", in->items[i].key);
		put_text(j, "title", in->items[i].title);
		put_number(j, "result", in->items[i].result);
		fl_json_close(j, '}');
	}
	fl_json_close(j, ']');
}

static void put_defects(fl_ctx *ctx, fl_json_out *j, const fl_defect *defects, size_t count)
{
	fl_json_key(j, FL_STR("defects"));
	fl_json_open(j, '[');
	for (size_t i = 0; i < count; i++) {
		const fl_defect *d = &defects[i];
		fl_json_open(j, '{');
		put_number(j, "id", d->id);
		put_number(j, "vehicle", d->vehicle_id);
		put_text(j, "item", d->item);
		put_text(j, "title", d->title);
		put_text(j, "note", d->note);
		put_number(j, "severity", d->severity);
		put_bool(j, "unsafe", d->unsafe);
		put_text(j, "report", fl_uuid_str(ctx->mem, d->report_id));
		fl_json_close(j, '}');
	}
	fl_json_close(j, ']');
}

static int64_t millionths(double degrees)
{
	return llround(degrees * 1e6);
}

/* What the driver says of the vehicle. */
static void put_findings(fl_ctx *ctx, fl_json_out *j, const fl_inspection *in, const fl_defect *defects, size_t count)
{
	put_number(j, "vehicle", in->vehicle_id);
	put_text(j, "vehicleText", in->vehicle_text);
	put_number_or_null(j, "trailer", in->trailer_id != 0, in->trailer_id);
	put_text(j, "trailerText", in->trailer_text);
	put_number(j, "kind", in->kind);
	put_number(j, "inspectedAt", in->inspected_at);
	put_number_or_null(j, "odometerKm", in->has_odometer, in->odometer_km);
	put_number_or_null(j, "latitude", in->has_location, millionths(in->location.latitude));
	put_number_or_null(j, "longitude", in->has_location, millionths(in->location.longitude));
	put_text(j, "place", in->place);
	put_text(j, "note", in->note);
	put_number(j, "template", in->template_id);
	put_number(j, "templateVersion", in->template_version);
	put_items(j, in);
	put_defects(ctx, j, defects, count);
	put_bool(j, "safe", in->safe);
	put_number_or_null(j, "driver", in->driver_id != 0, in->driver_id);
}

/* What the mechanic says of the defects. */
static void put_resolutions(fl_json_out *j, const fl_defect *defects, size_t count, int16_t signature)
{
	fl_json_key(j, FL_STR("resolutions"));
	fl_json_open(j, '[');
	for (size_t i = 0; i < count; i++) {
		if (defects[i].resolved_by != signature)
			continue;
		fl_json_open(j, '{');
		put_number(j, "defect", defects[i].id);
		put_number(j, "state", defects[i].state);
		put_text(j, "remark", defects[i].remark);
		fl_json_close(j, '}');
	}
	fl_json_close(j, ']');
}

static void put_signer(fl_ctx *ctx, fl_json_out *j, const fl_signature *s)
{
	put_number(j, "account", s->user_id);
	put_text(j, "name", s->name);
	put_number(j, "signedAt", s->signed_at);
	put_text(j, "statement", s->statement);
	put_text(j, "remark", s->remark);
	fl_json_key(j, FL_STR("strokes"));
	put_strokes(j, s->strokes, s->stroke_count);
	put_text(j, "previous", s->id > 1 ? fl_str_hex(ctx->mem, s->previous.bytes, sizeof(s->previous.bytes)) : (fl_str) {});
}

fl_err fl_signature_content(
	fl_ctx *ctx, const fl_inspection *inspection, const fl_defect *defects, size_t defect_count, const fl_signature *signature, fl_str *out)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(CONTENT_MAX);
	fl_json_out j = { .buf = &buf };
	fl_json_open(&j, '{');
	put_number(&j, "form", FORM);
	put_number(&j, "company", ctx->caller.tenant_id);
	put_text(&j, "inspection", fl_uuid_str(ctx->mem, inspection->id));
	put_number(&j, "signature", signature->id);
	put_number(&j, "role", signature->role);
	if (signature->role == FL_SIGNER_DRIVER)
		put_findings(ctx, &j, inspection, defects, defect_count);
	if (signature->role == FL_SIGNER_MECHANIC)
		put_resolutions(&j, defects, defect_count, signature->id);
	put_signer(ctx, &j, signature);
	fl_json_close(&j, '}');
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(ctx->mem, fl_buf_view(&buf));
	return out->ptr ? FL_OK : FL_NOMEM;
}

/* ---- signing ---- */

static fl_str statement_of(const fl_inspection *inspection, size_t defect_count, fl_signer role)
{
	if (role == FL_SIGNER_MECHANIC)
		return FL_STR("I certify for each defect named here that it was repaired, or that its repair is unnecessary for the safe operation of the vehicle.");
	if (role == FL_SIGNER_NEXT_DRIVER)
		return FL_STR("I have reviewed this report, and the certification that required repairs were made.");
	if (defect_count == 0)
		return FL_STR("I have inspected the vehicle and found no defect that would affect its safe operation.");
	return inspection->safe ? FL_STR("I have inspected the vehicle. It has the defects listed; it is safe to operate.")
				: FL_STR("I have inspected the vehicle. It has the defects listed; it is not safe to operate.");
}

fl_err fl_signature_make(fl_ctx *ctx, const fl_inspection *inspection, const fl_defect *defects, size_t defect_count, fl_signer role,
	const fl_signing *signing, fl_str remark, const fl_signature *last, fl_signature *out)
{
	fl_str content;
	*out = (fl_signature) {
		.inspection_id = inspection->id,
		.id = (int16_t)(last ? last->id + 1 : 1),
		.role = (int16_t)role,
		.user_id = ctx->caller.user_id,
		.name = fl_str_trim(signing->name),
		.statement = statement_of(inspection, defect_count, role),
		.remark = remark.len ? remark : (fl_str) {},
		.signed_at = fl_now_us(),
		.strokes = signing->strokes,
		.stroke_count = signing->stroke_count,
		.form = FORM,
	};
	if (last)
		out->previous = last->sha256;
	FL_TRY(fl_signature_content(ctx, inspection, defects, defect_count, out, &content));
	out->sha256 = fl_sha256_of(content);
	out->sha256_hex = fl_str_hex(ctx->mem, out->sha256.bytes, sizeof(out->sha256.bytes));
	return out->sha256_hex.ptr ? FL_OK : FL_NOMEM;
}

const fl_sql fl_signature_insert = { "inspection_sign",
	"INSERT INTO inspection_signatures (tenant_id, inspection_id, id, role, user_id, name, signed_at, statement, remark, strokes, form, sha256,"
	" previous) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
	.write = true };

static fl_str hash_or_null(const fl_signature *s)
{
	return s->id > 1 ? fl_str_make(s->previous.bytes, sizeof(s->previous.bytes)) : (fl_str) {};
}

fl_err fl_signature_args(fl_ctx *ctx, const fl_signature *s, fl_args *args)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(CONTENT_MAX);
	fl_json_out j = { .buf = &buf };
	fl_str strokes = {};
	if (s->stroke_count) {
		put_strokes(&j, s->strokes, s->stroke_count);
		FL_TRY(fl_buf_err(&buf));
		strokes = fl_str_dup(ctx->mem, fl_buf_view(&buf));
		if (!strokes.ptr)
			return FL_NOMEM;
	}
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.tenant_id);
	fl_arg_uuid(args, s->inspection_id);
	fl_arg_i16(args, s->id);
	fl_arg_i16(args, s->role);
	fl_arg_i32(args, s->user_id);
	fl_arg_text(args, s->name);
	fl_arg_time(args, s->signed_at);
	fl_arg_text(args, s->statement);
	fl_arg_text(args, s->remark);
	fl_arg_jsonb(args, strokes);
	fl_arg_i16(args, s->form);
	fl_arg_bytes(args, fl_str_make(s->sha256.bytes, sizeof(s->sha256.bytes)));
	fl_arg_bytes(args, hash_or_null(s));
	return args->err;
}

/* ---- proof ---- */

static fl_str judge(fl_ctx *ctx, const fl_inspection_whole *all, size_t i, fl_err *err)
{
	const fl_signature *s = &all->signatures[i];
	fl_str content;
	if (s->id != (int16_t)(i + 1))
		return FL_STR("a signature before this one is missing");
	if (i > 0 && memcmp(s->previous.bytes, all->signatures[i - 1].sha256.bytes, sizeof(s->previous.bytes)) != 0)
		return FL_STR("the signature before this one is another one than when this was signed");
	if (fl_str_eq(s->name, FL_STR("(erased)"))) /* 0059_inspection_words.sql */
		return FL_STR("the name of who signed was erased on request, so what was signed cannot be computed any more");
	if (s->form != FORM)
		return FL_STR("the form of this signature is not known to this program");
	*err = fl_signature_content(ctx, all->inspection, all->defects, all->defect_count, s, &content);
	if (*err)
		return (fl_str) {};
	fl_sha256 hash = fl_sha256_of(content);
	if (memcmp(hash.bytes, s->sha256.bytes, sizeof(hash.bytes)) != 0)
		return FL_STR("what was signed was changed since");
	return (fl_str) {};
}

/* Does what is recorded follow from the signatures? Their hashes cannot tell when one was taken away at the end. */
static fl_str judge_whole(const fl_inspection_whole *all)
{
	fl_inspection_state state = FL_INSPECTION_NONE;
	if ((size_t)all->inspection->version != all->signature_count)
		return FL_STR("there are not as many signatures as steps");
	for (size_t i = 0; i < all->signature_count; i++) {
		bool open = false;
		for (size_t k = 0; k < all->defect_count; k++)
			open |= all->defects[k].resolved_by == 0 || all->defects[k].resolved_by > all->signatures[i].id;
		state = fl_inspection_step(state, (fl_inspection_verb)all->signatures[i].role, open);
	}
	return state == (fl_inspection_state)all->inspection->state ? (fl_str) {} : FL_STR("its state does not follow from the signatures");
}

fl_err fl_inspection_verify(fl_ctx *ctx, fl_uuid id, fl_inspection_proof *out)
{
	fl_inspection_whole all;
	fl_err err = FL_OK;
	FL_TRY(fl_inspection_read(ctx, id, &all));
	*out = (fl_inspection_proof) { .check_count = all.signature_count };
	out->checks = fl_new_array(ctx->mem, fl_signature_check, all.signature_count);
	if (!out->checks)
		return FL_NOMEM;
	out->problem = judge_whole(&all);
	out->valid = !out->problem.ptr;
	for (size_t i = 0; i < all.signature_count; i++) {
		fl_str problem = judge(ctx, &all, i, &err);
		FL_TRY(err);
		out->checks[i] = (fl_signature_check) { &all.signatures[i], !problem.ptr, problem };
		out->valid = out->valid && !problem.ptr;
	}
	return FL_OK;
}
