/* What the steps of an assessment hand to one another. */
#ifndef FL_FLEET_ASSESS_INT_H
#define FL_FLEET_ASSESS_INT_H

#include "fleet/assess/assess.h"
#include "fleet/report/change.h"
#include "fleet/report/report.h"

typedef struct fl_case_photo {
	int16_t id;
	fl_sha256 view;
	fl_phash phash, mirrored;
	bool has_phash;
	fl_photo_header header; /* only what signals read: time and software */
	fl_reading reading;
	int8_t packed[FL_EMBEDDING_MAX];
	float scale;
} fl_case_photo;

typedef struct fl_case {
	fl_uuid report_id;
	int64_t number, incident_at, reported_at, started_us;
	int32_t vehicle_id;
	const fl_tenant *tenant;
	fl_case_photo *photos;
	size_t photo_count;
	const fl_model_facts *facts;
	fl_assessment answer;
	fl_fraud_row *fraud;
	size_t fraud_count, fraud_cap;
	fl_similar_row similar[FL_SIMILAR_MAX];
	size_t similar_count;
} fl_case;

/* assess_seen.c: has the picture been here before? Fills fraud. */
FL_MUST fl_err fl_case_find_seen(fl_ctx *ctx, fl_case *c);
/* assess_similar.c: which earlier reports look alike? Packs the embeddings and fills similar. */
FL_MUST fl_err fl_case_find_similar(fl_ctx *ctx, fl_case *c);
/* The statement that keeps the embedding of one photo. */
FL_MUST fl_err fl_case_embedding(fl_ctx *ctx, const fl_case *c, size_t index, fl_args *args, fl_stmt *out);
/* assess_write.c: the transaction. */
FL_MUST fl_err fl_case_write(fl_ctx *ctx, fl_case *c, fl_job *job);

#endif
