/* Damage reports: filing, finding, changing. */
#ifndef FL_FLEET_REPORT_H
#define FL_FLEET_REPORT_H

#include "fleet/fleet.h"

typedef struct fl_point {
	double latitude, longitude; /* degrees, WGS 84 */
} fl_point;

typedef struct fl_report {
	fl_uuid id;
	int64_t number;
	int16_t status, severity, damage_type, priority; /* fl_status, fl_severity, fl_damage_type; 0: none */
	int32_t vehicle_id, driver_id, facility_id;      /* 0: none */
	int32_t reported_by;                             /* 0: a program */
	int64_t reported_at, incident_at, updated_at;
	int64_t assessed_at, completed_at;               /* 0: not yet */
	fl_str description, address;                     /* address.ptr NULL: none */
	bool has_location, has_estimated, has_actual;
	fl_point location;
	int64_t estimated_cents, actual_cents;
	int32_t version;
	const char *currency;
	int16_t stage;                                   /* fl_stage */
	int32_t endorsed_by;                             /* 0: nobody */
	bool has_duplicate_of;
	fl_uuid duplicate_of;
	int64_t phase_since, due_at;                     /* 0: no deadline runs */
} fl_report;

/* ---- Filing ---- */

enum { FL_DESCRIPTION_MAX = 10000, FL_REASON_MAX = 2000, FL_IDEMPOTENCY_KEY_MAX = 200 }; /* characters */

typedef struct fl_upload {
	fl_str name;    /* as the sender called it: for sentences only */
	int fd;         /* open for reading; stays the caller's. -1: the file was beyond the limit and not kept */
	uint64_t size;
} fl_upload;

/* From where a photo looks at the vehicle: the eight viewpoints of zone.h, then these. */
typedef enum fl_photo_angle { FL_ANGLE_NONE, FL_ANGLE_CLOSE_UP = 9, FL_ANGLE_INSIDE = 10 } fl_photo_angle;

typedef struct fl_report_draft {
	int32_t vehicle_id;                /* this or vehicle_name */
	fl_str vehicle_name;               /* any case */
	fl_str description;
	const fl_upload *photos;
	size_t photo_count;
	const int16_t *angles;             /* of the first angle_count photos; fl_photo_angle, 0: not said */
	size_t angle_count;
	int64_t incident_at;               /* 0: now */
	bool has_location;
	fl_point location;
	fl_damage_type damage_type;        /* FL_DAMAGE_NONE: unknown */
	bool is_draft;                     /* stays a draft until it is sent (FL_VERB_SUBMIT), and is not assessed before */
	fl_str idempotency_key;            /* of this caller; ptr NULL: none */
} fl_report_draft;

/* Inspects and stores the photos, then files the report with its event and its assessment job in one transaction.
 * A report without photos is filed and stays REPORTED. Refused photos refuse the report; the sentence names the file.
 * Errors: FL_FORBIDDEN, FL_NOT_FOUND (vehicle), FL_BAD_INPUT, FL_BAD_IMAGE, FL_TOO_LARGE, FL_BUSY. */
FL_MUST fl_err fl_report_create(fl_ctx *ctx, const fl_report_draft *draft, fl_uuid *out);

/* The statement that queues the assessment of a report, for the transaction that makes it necessary. */
FL_MUST fl_err fl_report_assess_stmt(fl_ctx *ctx, fl_uuid id, fl_stmt *out);

/* ---- Finding ---- */

typedef struct fl_report_filter {
	const int16_t *statuses, *severities, *damage_types; /* NULL: any */
	size_t status_count, severity_count, damage_type_count;
	int32_t vehicle_id, facility_id;                     /* 0: any */
	int64_t reported_after, reported_before;             /* 0: any; from inclusive, to exclusive */
	fl_str search;                                       /* empty: any */
	const int16_t *stages;                               /* fl_stage; NULL: any */
	size_t stage_count;
	bool overdue;                                        /* only those whose deadline has passed */
	const struct fl_wide_filter *wide;                   /* search.h; NULL: nothing more is asked */
} fl_report_filter;
/* Whether it asks for nothing but a time. */
bool fl_report_filter_is_plain(const fl_report_filter *f);

/* Newest first, at most `limit` of them, those older than `after` when after is not NULL. */
FL_MUST fl_err fl_reports_find(fl_ctx *ctx, const fl_report_filter *filter, const fl_uuid *after, uint32_t limit, fl_report **out,
			       size_t *count);
/* The reports of several vehicles: at most limit of each, newest first, grouped by vehicle in no order. */
FL_MUST fl_err fl_reports_of_vehicles(fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, const fl_uuid *after, uint32_t limit,
				      fl_report **out, size_t *count);
/* Those of the ids that the caller may see, in no order. */
FL_MUST fl_err fl_reports_get(fl_ctx *ctx, const fl_uuid *ids, size_t id_count, fl_report **out, size_t *count);
/* Who may see one report, for asking of many callers of its company at once: the rule of fl_reports_get. */
typedef struct fl_audience {
	bool exists;
	int32_t filed_by; /* 0: a program */
} fl_audience;
FL_MUST fl_err fl_report_audience(fl_ctx *ctx, fl_uuid id, fl_audience *out);
bool fl_audience_has(const fl_audience *audience, const fl_caller *caller);
/* FL_NOT_FOUND. */
FL_MUST fl_err fl_report_by_number(fl_ctx *ctx, int64_t number, const fl_report **out);
/* Those of the numbers that there are, in no order. */
FL_MUST fl_err fl_reports_by_numbers(fl_ctx *ctx, const int64_t *numbers, size_t number_count, fl_report **out, size_t *count);

typedef struct fl_photo_row {
	fl_uuid report_id;
	int16_t id; /* from 1, in the order sent */
	fl_str media_type, sha256_hex;
	int64_t size_bytes;
	int32_t width, height;
	int64_t taken_at; /* 0: unknown */
	bool has_quality;
	float sharpness, brightness;
	fl_str *problems;
	size_t problem_count;
	fl_sha256 original, view, thumb; /* blobs */
	bool has_variants;
	int16_t angle;          /* fl_photo_angle; 0: not said */
	bool has_place;
	fl_point place;         /* where the camera says that it was */
	fl_str camera, client;  /* ptr NULL: not known, or not for the caller */
	int32_t uploaded_by;    /* 0: a program */
	int64_t uploaded_at;
	int64_t erased_at; /* an erasure removed it: no bytes, no variants, nothing that the picture told. 0: it is there */
} fl_photo_row;

/* The photos of reports, ordered by report and number. FL_PHOTO_FILE: without taken_at, quality, problems and variants, which
 * not every list shows and which cost a third of the rest. */
typedef enum fl_photo_detail { FL_PHOTO_FILE, FL_PHOTO_ALL } fl_photo_detail;
FL_MUST fl_err fl_photos_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_photo_detail detail, fl_photo_row **out,
				    size_t *count);

typedef struct fl_fraud_row {
	int16_t kind; /* fl_fraud_kind */
	float score;
	fl_str message;
	int32_t photo;
	bool has_seen_in;
	fl_uuid seen_in;
} fl_fraud_row;

typedef struct fl_similar_row {
	fl_uuid report_id;
	float similarity;
} fl_similar_row;

typedef struct fl_assessment_row {
	fl_uuid report_id;
	fl_str model;
	int64_t created_at;
	int32_t duration_ms;
	int16_t severity, part, damage_type; /* 0: none */
	float severity_confidence, part_confidence, type_confidence;
	bool has_estimate;
	int64_t cost_low, cost_likely, cost_high;
	float hours_low, hours_likely, hours_high;
	const char *currency;
	fl_str *rule;
	size_t rule_count;
	fl_fraud_row *fraud; /* none for callers who may not see them */
	size_t fraud_count;
	fl_similar_row *similar;
	size_t similar_count;
} fl_assessment_row;

/* The newest assessment of each report that has one. */
FL_MUST fl_err fl_assessments_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_assessment_row **out, size_t *count);

/* ---- Changing ---- */

typedef struct fl_report_patch {
	fl_uuid id;
	int32_t version;                                    /* 0: whatever it is */
	fl_status status;                                   /* 0: as it is; so for the next three */
	fl_severity severity;
	fl_damage_type damage_type;
	int16_t priority;
	fl_str description, reason;                         /* ptr NULL: as it is, none */
	bool has_estimated, has_actual;
	int64_t estimated_cents, actual_cents;
} fl_report_patch;

/* Errors: FL_FORBIDDEN, FL_NOT_FOUND, FL_CONFLICT (another version), FL_BAD_INPUT (no way from this status to that one,
 * a rejection without a reason, an approval beyond the caller's limit). */
FL_MUST fl_err fl_report_update(fl_ctx *ctx, const fl_report_patch *patch, const fl_report **out);

enum { FL_REPORT_BATCH_MAX = 100 };
typedef struct fl_batch_result {
	fl_err err;              /* FL_OK: changed */
	fl_diag diag;
	const fl_report *report; /* after the change; NULL when it failed */
} fl_batch_result;

/* Each patch for itself: what is refused does not hold up the rest, and those that pass are written together by one
 * statement. results has room for count. FL_BAD_INPUT: more than FL_REPORT_BATCH_MAX, or one report twice. */
FL_MUST fl_err fl_reports_update(fl_ctx *ctx, const fl_report_patch *patches, size_t count, fl_batch_result *results);

#endif
