/* The assessment job with the real model in real photo workers: what it finds, and that only the holder of the lease writes. */
#include "world.h"

#include "asset/asset.h"
#include "fleet/assess/assess.h"

#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static world w;
static fl_model_facts facts;

static fl_upload jpeg_of(fl_ctx *ctx, const fl_image *image, int quality)
{
	fl_str bytes;
	assert_int_equal(fl_image_jpeg(image, quality, ctx->mem, &bytes), FL_OK);
	return world_upload(FL_STR("photo.jpg"), bytes);
}

/* The one job that waits, claimed. */
static fl_err claim(fl_ctx *ctx, int64_t worker, int64_t lease_us, fl_job *out)
{
	fl_job *jobs;
	int count;
	FL_TRY(await_job_claim(ctx, w.worker.db, FL_QUEUE_ASSESS, worker, 1, lease_us, &jobs, &count));
	assert_int_equal(count, 1);
	*out = jobs[0];
	return FL_OK;
}

static fl_err do_job(fl_ctx *from, fl_job *job)
{
	fl_ctx ctx;
	fl_ctx_derive(&ctx, from, 0);
	ctx.services = &w.worker;
	ctx.caller = (fl_caller){ .tenant_id = job->tenant_id, .role = FL_ROLE_SYSTEM };
	fl_err err = fl_assess_job(&ctx, job, &facts);
	from->diag = ctx.diag;
	fl_ctx_fini(&ctx);
	return err;
}

static fl_err file_and_assess(fl_ctx *ctx, const char *description, const fl_upload *photo, fl_uuid *id, const fl_assessment_row **out)
{
	fl_assessment_row *rows;
	fl_job job;
	size_t count;
	FL_TRY(world_file(ctx, description, photo, 1, id));
	FL_TRY(claim(ctx, 1, FL_MINUTE_US, &job));
	FL_TRY(do_job(ctx, &job));
	assert_true(job.finished);
	FL_TRY(fl_assessments_of_reports(ctx, id, 1, &rows, &count));
	assert_int_equal(count, 1);
	*out = rows;
	return FL_OK;
}

/* ---- the same photo again ---- */

static const fl_fraud_row *signal_of(const fl_assessment_row *row, fl_fraud_kind kind)
{
	for (size_t i = 0; i < row->fraud_count; i++)
		if (row->fraud[i].kind == (int16_t)kind)
			return &row->fraud[i];
	return NULL;
}

static fl_err photos_seen_before(fl_ctx *ctx)
{
	static const struct {
		const char *what;
		fl_fraud_kind kind;
		int quality, orientation;
	} cases[] = { { "the same file", FL_FRAUD_SAME_FILE, 90, 1 },
		      { "saved again", FL_FRAUD_SAME_PICTURE, 55, 1 },
		      { "mirrored", FL_FRAUD_MIRRORED_PICTURE, 90, 2 } };
	const fl_assessment_row *row;
	fl_image image = world_image(ctx->mem, 77);
	fl_upload upload = jpeg_of(ctx, &image, 90);
	fl_uuid first, id;
	world_as(ctx, 2, WORLD_MANAGER); /* what another company sent is not known here */
	FL_TRY(file_and_assess(ctx, "elsewhere", &upload, &first, &row));
	world_as(ctx, 1, WORLD_MANAGER);
	FL_TRY(file_and_assess(ctx, "the first", &upload, &first, &row));
	assert_null(signal_of(row, FL_FRAUD_SAME_FILE));
	assert_int_equal(row->similar_count, 0);
	for (size_t i = 0; i < FL_COUNT(cases); i++) {
		fl_image turned;
		FL_TRY(fl_image_orient(&image, cases[i].orientation, ctx->mem, &turned));
		upload = jpeg_of(ctx, &turned, cases[i].quality);
		FL_TRY(file_and_assess(ctx, cases[i].what, &upload, &id, &row));
		const fl_fraud_row *signal = signal_of(row, cases[i].kind);
		assert_non_null(signal);
		assert_true(signal->has_seen_in && (i > 0 || fl_uuid_eq(signal->seen_in, first)));
		assert_true(row->similar_count > 0 && row->similar[0].similarity > 0.8);
	}
	upload = world_photo(ctx, 99);
	FL_TRY(file_and_assess(ctx, "another picture", &upload, &id, &row));
	assert_null(signal_of(row, FL_FRAUD_SAME_PICTURE));
	assert_null(signal_of(row, FL_FRAUD_MIRRORED_PICTURE));
	return FL_OK;
}

static fl_err drivers_see_no_signals(fl_ctx *ctx)
{
	const fl_assessment_row *row;
	fl_uuid id;
	fl_image image = world_image(ctx->mem, 77);
	fl_upload upload = jpeg_of(ctx, &image, 90);
	world_as(ctx, 1, WORLD_DRIVER);
	FL_TRY(file_and_assess(ctx, "once more", &upload, &id, &row));
	assert_true(row->fraud_count == 0 && row->similar_count == 0);
	assert_true(world_count(&w, "SELECT jsonb_array_length(fraud_signals) FROM assessments ORDER BY created_at DESC LIMIT 1") > 0);
	return FL_OK;
}

/* ---- leases ---- */

static fl_err whoever_lost_the_lease_writes_nothing(fl_ctx *ctx)
{
	fl_upload upload = world_photo(ctx, 5);
	fl_job late, job;
	fl_uuid id;
	int64_t moved;
	world_as(ctx, 1, WORLD_MANAGER);
	FL_TRY(world_file(ctx, "two workers", &upload, 1, &id));
	int64_t events = world_count(&w, "SELECT count(*) FROM events WHERE type = 'report.assessed'");
	int64_t assessments = world_count(&w, "SELECT count(*) FROM assessments");
	FL_TRY(claim(ctx, 1, 1000, &late));
	FL_TRY(await_sleep(ctx, 20000));
	FL_TRY(await_job_sweep(ctx, w.worker.db, &moved));
	assert_int_equal(moved, 1);
	FL_TRY(claim(ctx, 2, FL_MINUTE_US, &job));
	assert_int_equal(do_job(ctx, &late), FL_CONFLICT);
	assert_int_equal(world_count(&w, "SELECT count(*) FROM assessments"), assessments);
	assert_int_equal(world_count(&w, "SELECT count(*) FROM events WHERE type = 'report.assessed'"), events);
	FL_TRY(do_job(ctx, &job));
	assert_int_equal(world_count(&w, "SELECT count(*) FROM assessments"), assessments + 1);
	assert_int_equal(world_count(&w, "SELECT count(*) FROM events WHERE type = 'report.assessed'"), events + 1);
	assert_int_equal(world_count(&w, "SELECT count(*) FROM jobs"), 0);
	return FL_OK;
}

static fl_err people_have_the_last_word(fl_ctx *ctx)
{
	const fl_report *report;
	fl_report *now;
	fl_upload upload = world_photo(ctx, 6);
	fl_report_patch patch = { .status = FL_STATUS_REJECTED, .severity = FL_SEV_CRITICAL, .has_estimated = true, .estimated_cents = 4200,
				  .reason = FL_STR("not ours") };
	fl_job job;
	size_t count;
	world_as(ctx, 1, WORLD_MANAGER);
	FL_TRY(world_file(ctx, "decided by hand", &upload, 1, &patch.id));
	FL_TRY(fl_report_update(ctx, &patch, &report));
	FL_TRY(claim(ctx, 1, FL_MINUTE_US, &job));
	FL_TRY(do_job(ctx, &job));
	FL_TRY(fl_reports_get(ctx, &patch.id, 1, &now, &count));
	assert_true(now->status == FL_STATUS_REJECTED && now->severity == FL_SEV_CRITICAL && now->estimated_cents == 4200);
	assert_true(now->version == 3 && now->assessed_at > 0);
	return FL_OK;
}

static fl_err a_report_that_is_gone_is_final(fl_ctx *ctx)
{
	fl_job job = { .tenant_id = 1, .payload = FL_STR("{\"report\":\"0199c7a3-3f7b-7e2f-b1c0-5f1f1d1c0a11\"}") };
	assert_int_equal(do_job(ctx, &job), FL_NOT_FOUND);
	assert_true(job.final);
	return FL_OK;
}

/* ---- */

#define SCENE(name)                                                                                                    \
	static void name##_test(void **state)                                                                          \
	{                                                                                                              \
		world_play(&w, name);                                                                                  \
	}
SCENE(photos_seen_before)
SCENE(drivers_see_no_signals)
SCENE(whoever_lost_the_lease_writes_nothing)
SCENE(people_have_the_last_word)
SCENE(a_report_that_is_gone_is_final)

static int start(void **state)
{
	fl_asset json;
	fl_diag diag = {};
	assert_true(fl_asset_find(FL_STR("models/damage.json"), &json));
	assert_int_equal(fl_model_facts_read(json.bytes, &diag, &facts), FL_OK);
	world_start(&w);
	return 0;
}

static int stop(void **state)
{
	world_stop(&w);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(photos_seen_before_test), cmocka_unit_test(drivers_see_no_signals_test),
		cmocka_unit_test(whoever_lost_the_lease_writes_nothing_test), cmocka_unit_test(people_have_the_last_word_test),
		cmocka_unit_test(a_report_that_is_gone_is_final_test),
	};
	world_child(argc, argv);
	return cmocka_run_group_tests(tests, start, stop);
}
