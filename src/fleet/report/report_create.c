/* Filing a report: check the words, inspect and store the photos side by side, then write report, photos, event and job in
 * one transaction. Blobs come first: a crash between the two leaves a blob that nobody names, never a name without one. */
#include "fleet/report/change.h"
#include "fleet/report/report.h"
#include "fleet/registry/vehicle.h"
#include "queue/queue.h"

/* ---- the words ---- */

static fl_err check_draft(fl_ctx *ctx, const fl_report_draft *draft)
{
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_CREATE));
	FL_TRY(fl_text_check(&ctx->diag, "the description", draft->description, FL_DESCRIPTION_MAX));
	FL_TRY(fl_text_check(&ctx->diag, "the idempotency key", draft->idempotency_key, FL_IDEMPOTENCY_KEY_MAX));
	if (fl_str_trim(draft->description).len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the description is empty: say in a sentence what happened");
	if ((draft->vehicle_id != 0) == (draft->vehicle_name.len > 0))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "name the vehicle by its id or by its name: exactly one of them");
	if (draft->photo_count > FL_PHOTOS_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%zu photos were sent; a report takes at most %d", draft->photo_count, FL_PHOTOS_MAX);
	if (draft->angle_count > draft->photo_count)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%zu angles were given for %zu photos", draft->angle_count, draft->photo_count);
	if (draft->incident_at > fl_now_us() + 5 * FL_MINUTE_US)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "incidentAt lies in the future");
	if (draft->incident_at && draft->incident_at < fl_time_from_civil((fl_civil) { .year = 2000, .month = 1, .day = 1 }))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "incidentAt lies before 2000: write it as in 2026-03-01T09:30:00Z");
	fl_point at = draft->location;
	if (draft->has_location && !(at.latitude >= -90 && at.latitude <= 90 && at.longitude >= -180 && at.longitude <= 180))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the location is not on Earth: latitude -90 to 90, longitude -180 to 180");
	return FL_OK;
}

static fl_err find_vehicle(fl_ctx *ctx, const fl_report_draft *draft, const fl_vehicle **out)
{
	fl_vehicle *found;
	size_t count;
	if (!draft->vehicle_id)
		return fl_vehicle_by_name(ctx, draft->vehicle_name, out);
	FL_TRY(fl_vehicles_get(ctx, &draft->vehicle_id, 1, &found, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no vehicle with the id %d", draft->vehicle_id);
	*out = found;
	return FL_OK;
}

/* ---- the photos ---- */

typedef struct intake {
	const fl_upload *upload;
	fl_photo photo;
	fl_blob original, view, thumb;
	fl_err err;
	fl_diag diag;
} intake;

static fl_err inspect_and_store(fl_ctx *ctx, intake *in)
{
	fl_services *services = ctx->services;
	if (in->upload->fd < 0 || in->upload->size > FL_PHOTO_BYTES_MAX)
		return fl_fail(&ctx->diag, FL_TOO_LARGE, "%.*s: the file has %.1f MB; send at most %zu MB a photo",
			       (int)FL_MIN(in->upload->name.len, 100), in->upload->name.ptr, in->upload->size / 1048576.0, FL_PHOTO_BYTES_MAX >> 20);
	FL_TRY(fl_worker_inspect(ctx, services->workers, in->upload->fd, in->upload->name, &in->photo));
	FL_TRY(fl_store_put_fd(ctx, services->store, in->upload->fd, &in->original));
	FL_TRY(fl_store_put(ctx, services->store, in->photo.view, &in->view));
	FL_TRY(fl_store_put(ctx, services->store, in->photo.thumb, &in->thumb));
	/* The child hashed what it read; the store hashed what it kept. They must have seen the same file. */
	if (memcmp(in->original.id.bytes, in->photo.sha256, sizeof(in->photo.sha256)) != 0)
		return fl_fail(&ctx->diag, FL_INTERNAL, "the upload changed while it was read");
	return FL_OK;
}

/* Each photo has a ctx of its own, so that each keeps its own sentence. */
static fl_err take_in(fl_ctx *parent, void *arg)
{
	intake *in = arg;
	fl_ctx ctx;
	fl_ctx_derive(&ctx, parent, 0);
	in->err = inspect_and_store(&ctx, in);
	in->diag = ctx.diag;
	fl_ctx_fini(&ctx);
	return FL_OK;
}

static fl_err take_photos(fl_ctx *ctx, const fl_report_draft *draft, intake *photos)
{
	fl_group group;
	fl_group_init(&group, ctx);
	for (size_t i = 0; i < draft->photo_count; i++) {
		photos[i].upload = &draft->photos[i];
		fl_group_go(&group, take_in, &photos[i]);
	}
	FL_TRY(await_group(&group));
	for (size_t i = 0; i < draft->photo_count; i++)
		if (photos[i].err) {
			ctx->diag = photos[i].diag;
			return photos[i].err;
		}
	return FL_OK;
}

/* ---- the transaction ---- */

fl_err fl_report_assess_stmt(fl_ctx *ctx, fl_uuid id, fl_stmt *out)
{
	fl_str text = fl_uuid_str(ctx->mem, id), payload = fl_str_fmt(ctx->mem, "{\"report\":\"%" FL_FMT "\"}", FL_ARG(text));
	if (!payload.ptr)
		return FL_NOMEM;
	*out = fl_job_add(ctx->mem, &(fl_job_new){ .queue = FL_QUEUE_ASSESS, .payload = payload, .dedupe = text });
	return FL_OK;
}

typedef struct filing {
	const fl_report_draft *draft;
	const fl_vehicle *vehicle;
	const intake *photos;
	fl_uuid id;
	int64_t now;
	fl_change_of first; /* from nothing to what it is when filed */
} filing;

enum { PRIORITY_FIRST = 5 };

/* The first state and its deadline. */
static void set_first(filing *f, const fl_policy *policy)
{
	fl_report_state *a = &f->first.after;
	*a = (fl_report_state){ .stage = f->draft->is_draft ? FL_STAGE_DRAFT : FL_STAGE_REPORTED, .priority = PRIORITY_FIRST,
				.damage_type = (int16_t)f->draft->damage_type };
	a->due_at = fl_sla_due(policy, fl_stage_phase(a->stage), a->priority, f->now);
	a->phase_since = a->due_at ? f->now : 0;
}

static void arg_time_or_null(fl_args *args, int64_t at)
{
	fl_arg_time(args, at ? at : FL_NEVER);
}

static fl_err report_args(fl_ctx *ctx, const filing *f, fl_args *args)
{
	const fl_report_draft *draft = f->draft;
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.tenant_id);
	fl_arg_uuid(args, f->id);
	fl_arg_i32(args, f->vehicle->id);
	if (f->vehicle->facility_id)
		fl_arg_i32(args, f->vehicle->facility_id);
	else
		fl_arg_null(args, FL_DB_I32);
	if (ctx->caller.user_id)
		fl_arg_i32(args, ctx->caller.user_id);
	else
		fl_arg_null(args, FL_DB_I32);
	fl_arg_time(args, draft->incident_at ? draft->incident_at : f->now);
	if (draft->damage_type)
		fl_arg_i16(args, draft->damage_type);
	else
		fl_arg_null(args, FL_DB_I16);
	fl_arg_text(args, fl_str_trim(draft->description));
	if (draft->has_location) {
		fl_arg_f8(args, draft->location.longitude);
		fl_arg_f8(args, draft->location.latitude);
	} else {
		fl_arg_null(args, FL_DB_F8);
		fl_arg_null(args, FL_DB_F8);
	}
	if (draft->is_draft)
		fl_arg_i16(args, FL_STAGE_DRAFT);
	else
		fl_arg_null(args, FL_DB_I16);
	fl_arg_i16(args, f->first.after.priority);
	arg_time_or_null(args, f->first.after.phase_since);
	arg_time_or_null(args, f->first.after.due_at);
	return args->err;
}

static const fl_sql report_insert = {
	"report_insert",
	"INSERT INTO damage_reports (tenant_id, id, vehicle_id, facility_id, reported_by, driver_id, incident_at, damage_type, description, location,"
	" stage, priority, phase_since, due_at)"
	" VALUES ($1, $2, $3, $4, $5, (SELECT driver_id FROM users WHERE users.id = $5), $6, $7, $8,"
	" ST_SetSRID(ST_MakePoint($9, $10), 4326)::geography, $11, $12, $13, $14)",
	.write = true
};

static const fl_sql photo_insert = {
	"photo_insert",
	"INSERT INTO damage_photos (tenant_id, report_id, id, sha256, media_type, bytes, width, height, taken_at, software, phash, phash_mirrored,"
	" sharpness, brightness, problems, view_sha256, view_bytes, thumb_sha256, thumb_bytes, angle, location, camera, uploaded_by, client)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, nullif($20, 0),"
	" ST_SetSRID(ST_MakePoint($21, $22), 4326)::geography, $23, nullif($24, 0), $25)",
	.write = true
};

static fl_str bytes_of(const void *bytes, size_t len)
{
	return (fl_str){ bytes, len };
}

static fl_err photo_args(fl_ctx *ctx, const filing *f, size_t index, fl_args *args)
{
	const intake *in = &f->photos[index];
	const fl_photo *photo = &in->photo;
	fl_str *advice = NULL;
	size_t advice_count = 0;
	FL_TRY(fl_photo_advice(photo->problems, ctx->mem, &advice, &advice_count));
	*args = fl_args_make(ctx->mem);
	fl_arg_i32(args, ctx->caller.tenant_id);
	fl_arg_uuid(args, f->id);
	fl_arg_i16(args, (int16_t)(index + 1));
	fl_arg_bytes(args, bytes_of(in->original.id.bytes, 32));
	fl_arg_text(args, fl_photo_media_type(photo->header.format));
	fl_arg_i64(args, in->original.size);
	fl_arg_i32(args, photo->width);
	fl_arg_i32(args, photo->height);
	fl_arg_time(args, photo->header.has_taken_at ? photo->header.taken_at : FL_NEVER);
	fl_arg_text(args, photo->header.software[0] ? fl_str_z(photo->header.software) : (fl_str){});
	fl_arg_bytes(args, bytes_of(photo->phash.bits, 32));
	fl_arg_bytes(args, bytes_of(photo->phash_mirrored.bits, 32));
	fl_arg_f4(args, photo->sharpness);
	fl_arg_f4(args, photo->brightness);
	fl_arg_texts(args, advice_count ? advice : &(fl_str){}, advice_count);
	fl_arg_bytes(args, bytes_of(in->view.id.bytes, 32));
	fl_arg_i32(args, (int32_t)in->view.size);
	fl_arg_bytes(args, bytes_of(in->thumb.id.bytes, 32));
	fl_arg_i32(args, (int32_t)in->thumb.size);
	fl_arg_i16(args, index < f->draft->angle_count ? f->draft->angles[index] : 0);
	if (photo->header.has_place) {
		fl_arg_f8(args, photo->header.longitude);
		fl_arg_f8(args, photo->header.latitude);
	} else {
		fl_arg_null(args, FL_DB_F8);
		fl_arg_null(args, FL_DB_F8);
	}
	fl_arg_text(args, photo->header.camera[0] ? fl_str_z(photo->header.camera) : (fl_str){});
	fl_arg_i32(args, ctx->caller.user_id);
	fl_arg_text(args, ctx->caller.client);
	return args->err;
}

static fl_err write_all(fl_ctx *ctx, fl_tx *tx, const filing *f)
{
	size_t photos = f->draft->photo_count;
	fl_stmt *stmts = fl_new_array(ctx->mem, fl_stmt, photos + 3);
	fl_args *args = fl_new_array(ctx->mem, fl_args, photos + 2);
	if (!stmts || !args)
		return FL_NOMEM;
	int count = 0;
	fl_str data;
	FL_TRY(fl_change_data(ctx, &f->first, true, &data));
	FL_TRY(report_args(ctx, f, &args[0]));
	stmts[count++] = (fl_stmt){ &report_insert, &args[0], NULL };
	for (size_t i = 0; i < photos; i++) {
		FL_TRY(photo_args(ctx, f, i, &args[i + 1]));
		stmts[count++] = (fl_stmt){ &photo_insert, &args[i + 1], NULL };
	}
	FL_TRY(fl_event_args(ctx, &(fl_event){ .id = fl_uuid7(f->now), .type = FL_EVENT_REPORT_CREATED, .report_id = f->id,
					       .vehicle_id = f->vehicle->id, .version = 1, .actor = ctx->caller.user_id, .data = data },
			     &args[photos + 1]));
	stmts[count++] = (fl_stmt){ &fl_event_insert, &args[photos + 1], NULL };
	if (photos && !f->draft->is_draft)
		FL_TRY(fl_report_assess_stmt(ctx, f->id, &stmts[count++]));
	return await_commit_with(ctx, tx, stmts, count);
}

/* ---- a client's own key ---- */

/* *found: the caller used the key before, and *out is the report that it filed. */
static fl_err key_find(fl_ctx *ctx, fl_str key, bool *found, fl_uuid *out)
{
	static const fl_sql sql = { "idempotency_find", "SELECT report_id FROM idempotency_keys WHERE key = $1 AND user_id = $2",
				    .generic = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_text(&args, key);
	fl_arg_i32(&args, ctx->caller.user_id);
	FL_TRY(await_query(ctx, ctx->services->db, &sql, &args, &rows));
	*found = rows->count > 0;
	if (*found)
		*out = fl_row_uuid(rows, 0, 0);
	return FL_OK;
}

/* Takes the key in tx; waits for another request that is just filing with the same one. *taken false: that one did. */
static fl_err key_take(fl_ctx *ctx, fl_tx *tx, const filing *f, bool *taken)
{
	static const fl_sql sql = { "idempotency_take",
				    "INSERT INTO idempotency_keys (tenant_id, key, report_id, user_id) VALUES ($1, $2, $3, $4)"
				    " ON CONFLICT DO NOTHING RETURNING report_id",
				    .write = true };
	fl_args args = fl_args_make(ctx->mem);
	const fl_rows *rows;
	fl_arg_i32(&args, ctx->caller.tenant_id);
	fl_arg_text(&args, f->draft->idempotency_key);
	fl_arg_uuid(&args, f->id);
	fl_arg_i32(&args, ctx->caller.user_id);
	FL_TRY(await_tx_query(ctx, tx, &sql, &args, &rows));
	*taken = rows->count > 0;
	return FL_OK;
}

static fl_err file_once(fl_ctx *ctx, const filing *f, bool *filed)
{
	FL_AUTO_TX fl_tx tx = {};
	*filed = true;
	FL_TRY(await_begin(ctx, ctx->services->db, &tx));
	if (f->draft->idempotency_key.len)
		FL_TRY(key_take(ctx, &tx, f, filed));
	return *filed ? write_all(ctx, &tx, f) : FL_OK;
}

fl_err fl_report_create(fl_ctx *ctx, const fl_report_draft *draft, fl_uuid *out)
{
	filing f = { .draft = draft };
	const fl_policy *policy;
	bool found = false, filed;
	FL_TRY(check_draft(ctx, draft));
	if (draft->idempotency_key.len)
		FL_TRY(key_find(ctx, draft->idempotency_key, &found, out));
	if (found)
		return FL_OK;
	FL_TRY(find_vehicle(ctx, draft, &f.vehicle));
	intake *photos = fl_new_array(ctx->mem, intake, draft->photo_count);
	if (!photos)
		return FL_NOMEM;
	FL_TRY(take_photos(ctx, draft, photos));
	f.photos = photos;
	FL_TRY(fl_policy_get(ctx, &policy));
	f.now = fl_now_us();
	f.id = fl_uuid7(f.now);
	set_first(&f, policy);
	FL_TRY(file_once(ctx, &f, &filed));
	if (!filed) {
		FL_TRY(key_find(ctx, draft->idempotency_key, &found, out));
		return found ? FL_OK : fl_fail(&ctx->diag, FL_BUSY, "the same report is just being filed; try again");
	}
	fl_poke(ctx, FL_CHANNEL_POKE_RELAY);
	if (draft->photo_count && !draft->is_draft)
		fl_poke(ctx, FL_CHANNEL_POKE_JOBS);
	*out = f.id;
	return FL_OK;
}
