/* Inspections: what a driver found on a vehicle before or after a trip, what was done about it, and who signed (49 CFR 396.11 and
 * 396.13; docs/inspections.md).
 *
 *	                 with defects                  none is open any more           396.13
 *	(driver) submit --------------> AWAITS_MECHANIC ---- certify ----> AWAITS_DRIVER -- acknowledge --> CLOSED
 *	    |                             ^      | certify some
 *	    |                             '------'
 *	    '-- without defects, where the company wants such reports ------------------------------------> CLOSED
 *
 * Each step is a signature: SHA-256 over what is signed and the signature before, so that a change afterwards shows
 * (fl_inspection_verify). Each defect stands behind a damage report: a new one, or one that is open already.
 *
 * Everybody of a company may read its inspections: the next driver has to. Memory: ctx->mem. */
#ifndef FL_FLEET_INSPECTION_H
#define FL_FLEET_INSPECTION_H

#include "fleet/registry/registry.h"
#include "fleet/report/report.h"

/* ---- checklists -------------------------------------------------------------------------------------------------- */

/* X(key, title): the items of 49 CFR 396.11(a)(1). They stand first in each checklist, and no company can take one out. */
#define FL_INSPECTION_ITEMS(X)                                                                                           \
	X(service_brakes, "Service brakes, including trailer brake connections")                                         \
	X(parking_brake, "Parking brake")                                                                                \
	X(steering_mechanism, "Steering mechanism")                                                                      \
	X(lighting_devices, "Lighting devices and reflectors")                                                           \
	X(tires, "Tires")                                                                                                \
	X(horn, "Horn")                                                                                                  \
	X(windshield_wipers, "Windshield wipers")                                                                        \
	X(rear_vision_mirrors, "Rear vision mirrors")                                                                    \
	X(coupling_devices, "Coupling devices")                                                                          \
	X(wheels_and_rims, "Wheels and rims")                                                                            \
	X(emergency_equipment, "Emergency equipment")

enum {
	FL_INSPECTION_ITEMS_LAW = 11,
	FL_INSPECTION_ITEMS_MAX = 60,
	FL_INSPECTION_DEFECTS_MAX = 30,
	FL_INSPECTION_TEMPLATES_MAX = 50,
	FL_INSPECTION_NOTE_MAX = 2000,    /* characters; so for the next */
	FL_INSPECTION_REMARK_MAX = 1000,
	FL_INSPECTION_PLACE_MAX = 200,
	FL_INSPECTION_NAME_MAX = 200,
	FL_INSPECTION_KEY_MAX = 40,
	FL_INSPECTION_TITLE_MAX = 120,
	FL_INSPECTION_STROKES_MAX = 100,
	FL_INSPECTION_POINTS_MAX = 2000,  /* of all strokes of a signature */
	FL_INSPECTION_SIGNATURES_MAX = 100,
	FL_INSPECTION_KEEP_DAYS_MIN = 93, /* three months, 49 CFR 396.11(a)(4) */
	FL_INSPECTION_OLD_DAYS_MAX = 31,  /* how late one may be sent */
};

typedef struct fl_inspection_item {
	fl_str key, title;
	bool required; /* one of the eleven */
} fl_inspection_item;

typedef struct fl_inspection_template {
	int32_t id; /* 0: the one that is delivered */
	int32_t version;
	fl_str name;
	const fl_inspection_item *items;
	size_t item_count;
	int64_t retired_at; /* 0: in use */
} fl_inspection_template;

/* All in use, the delivered one first, then by name. */
FL_MUST fl_err fl_inspection_templates(fl_ctx *ctx, fl_inspection_template **out, size_t *count);
/* version 0: the newest. FL_NOT_FOUND. */
FL_MUST fl_err fl_inspection_template_get(fl_ctx *ctx, int32_t id, int32_t version, fl_inspection_template **out);

typedef struct fl_inspection_template_change {
	int32_t id;      /* 0: a new one */
	int32_t version; /* that it is based on; 0: whatever it is */
	fl_str name;
	const fl_inspection_item *items; /* those besides the eleven */
	size_t item_count;
	bool retired;
} fl_inspection_template_change;
/* A new version; inspections keep theirs. FL_FORBIDDEN, FL_BAD_INPUT, FL_NOT_FOUND, FL_CONFLICT, FL_DUPLICATE (the name). */
FL_MUST fl_err fl_inspection_template_save(fl_ctx *ctx, const fl_inspection_template_change *change, int32_t *id);

typedef struct fl_inspection_policy {
	bool no_defect_reports;
	int32_t template_id;    /* 0: the delivered one */
	int32_t keep_days;      /* 0: for ever */
	int32_t version;        /* 0: never set */
} fl_inspection_policy;
FL_MUST fl_err fl_inspection_policy_get(fl_ctx *ctx, fl_inspection_policy *out);
/* Administrators. version is the one that was seen, 0: whatever it is. FL_FORBIDDEN, FL_BAD_INPUT, FL_CONFLICT. */
FL_MUST fl_err fl_inspection_policy_set(fl_ctx *ctx, const fl_inspection_policy *policy);

/* ---- states ------------------------------------------------------------------------------------------------------ */

/* Codes as in the database, in the order of the schema's enums. */
typedef enum fl_inspection_kind { FL_INSPECTION_PRE_TRIP = 1, FL_INSPECTION_POST_TRIP, FL_INSPECTION_AD_HOC } fl_inspection_kind;
typedef enum fl_inspection_state { FL_INSPECTION_NONE, FL_INSPECTION_AWAITS_MECHANIC, FL_INSPECTION_AWAITS_DRIVER, FL_INSPECTION_CLOSED } fl_inspection_state;
typedef enum fl_item_result { FL_ITEM_OK = 1, FL_ITEM_DEFECT, FL_ITEM_NOT_APPLICABLE } fl_item_result;
typedef enum fl_defect_state { FL_DEFECT_OPEN = 1, FL_DEFECT_REPAIRED, FL_DEFECT_UNNECESSARY } fl_defect_state;
typedef enum fl_inspection_verb { FL_INSPECTION_SUBMIT = 1, FL_INSPECTION_CERTIFY, FL_INSPECTION_ACKNOWLEDGE } fl_inspection_verb;

/* Where the step leads; open: defects are open after it. FL_INSPECTION_NONE: there is no such way. */
fl_inspection_state fl_inspection_step(fl_inspection_state from, fl_inspection_verb verb, bool open);
fl_str fl_inspection_kind_text(int kind);   /* "before the trip" */
fl_str fl_inspection_state_text(int state); /* "awaits the mechanic" */
fl_str fl_item_result_text(int result);     /* "ok" */
fl_str fl_defect_state_text(int state);     /* "repaired" */

/* ---- what there is ----------------------------------------------------------------------------------------------- */

typedef struct fl_answered_item {
	fl_str key, title;
	int16_t result; /* fl_item_result */
} fl_answered_item;

typedef struct fl_inspection {
	fl_uuid id;
	int32_t vehicle_id, trailer_id;         /* trailer_id 0: none */
	fl_str vehicle_text, trailer_text;      /* as they were then */
	int16_t kind, state;
	bool safe;
	int32_t made_by, driver_id;             /* driver_id 0: the account is no driver's */
	int64_t submitted_at, inspected_at;
	bool has_odometer, has_location;
	int32_t odometer_km;
	fl_point location;
	fl_str place, note;                     /* ptr NULL: none */
	int32_t template_id, template_version;  /* template_id 0: the delivered one */
	fl_answered_item *items;
	size_t item_count;
	int32_t version;
} fl_inspection;

typedef struct fl_defect {
	fl_uuid inspection_id;
	int16_t id;                             /* from 1 within its inspection */
	int32_t vehicle_id;
	fl_str item, title, note;
	int16_t severity;                       /* fl_severity; 0: not said */
	bool unsafe;
	fl_uuid report_id;
	int16_t state;                          /* fl_defect_state */
	fl_str remark;                          /* ptr NULL: none */
	int16_t resolved_by;                    /* the signature that says so; 0: open */
	int64_t resolved_at;                    /* 0: open */
} fl_defect;

typedef enum fl_signer { FL_SIGNER_DRIVER = 1, FL_SIGNER_MECHANIC, FL_SIGNER_NEXT_DRIVER } fl_signer;
fl_str fl_signer_text(int role);           /* "Driver" */

/* x, y, x, y, ...: 0 to 10,000 of the field, from the left and from the top. */
typedef struct fl_stroke {
	const int32_t *xy;
	size_t count; /* of numbers; even */
} fl_stroke;

typedef struct fl_signature {
	fl_uuid inspection_id;
	int16_t id, role;                       /* id from 1 within its inspection */
	int32_t user_id;
	fl_str name, statement, remark;         /* remark.ptr NULL: none */
	int64_t signed_at;
	const fl_stroke *strokes;
	size_t stroke_count;
	int16_t form;
	fl_sha256 sha256, previous;             /* previous: all zero in the first */
	fl_str sha256_hex;
} fl_signature;

/* ---- reading ----------------------------------------------------------------------------------------------------- */

typedef struct fl_inspection_filter {
	const int16_t *states; /* NULL: any */
	size_t state_count;
	int32_t vehicle_id;    /* as vehicle or as trailer; 0: any */
	bool unsafe;           /* only those that found the vehicle not safe */
	int64_t after, before; /* when it was made; 0: any */
} fl_inspection_filter;

/* Newest first; those made before the inspection `after` when it is not NULL. */
FL_MUST fl_err fl_inspections_find(fl_ctx *ctx, const fl_inspection_filter *filter, const fl_uuid *after, uint32_t limit,
	fl_inspection **out, size_t *count);
/* At most limit of each vehicle (or trailer), newest first, grouped by vehicle; owners[i] is the vehicle that row i stands for. */
FL_MUST fl_err fl_inspections_of_vehicles(fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, const fl_uuid *after, uint32_t limit,
	fl_inspection **out, int32_t **owners, size_t *count);
/* Those of the ids that there are, in no order. */
FL_MUST fl_err fl_inspections_get(fl_ctx *ctx, const fl_uuid *ids, size_t id_count, fl_inspection **out, size_t *count);
/* Ordered by inspection and number. */
FL_MUST fl_err fl_defects_of(fl_ctx *ctx, const fl_uuid *inspections, size_t inspection_count, fl_defect **out, size_t *count);
FL_MUST fl_err fl_signatures_of(fl_ctx *ctx, const fl_uuid *inspections, size_t inspection_count, fl_signature **out, size_t *count);
/* Those that are open, newest inspection first, grouped by vehicle; at most FL_OPEN_DEFECTS_MAX of each. */
enum { FL_OPEN_DEFECTS_MAX = 100 };
FL_MUST fl_err fl_open_defects_of(fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, fl_defect **out, size_t *count);
/* The vehicles among them that have an open defect which makes them unsafe. */
FL_MUST fl_err fl_unsafe_vehicles(fl_ctx *ctx, const int32_t *vehicles, size_t vehicle_count, int32_t **out, size_t *count);
/* Where inspections found what reports tell of, newest first, grouped by report; at most FL_OPEN_DEFECTS_MAX of each. */
FL_MUST fl_err fl_defects_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_defect **out, size_t *count);

/* ---- steps ------------------------------------------------------------------------------------------------------- */

/* How somebody signs. The account is the caller's. */
typedef struct fl_signing {
	fl_str name;             /* as printed; required */
	const fl_stroke *strokes;
	size_t stroke_count;
} fl_signing;

typedef struct fl_defect_draft {
	fl_str item, note;       /* item: its key */
	bool on_trailer, unsafe;
	int16_t severity;        /* 0: not said */
	bool has_report;         /* it is known already: report_id, of the same vehicle and open */
	fl_uuid report_id;
	bool new_report;         /* never joins a report by itself */
	const fl_upload *photos; /* of the new report */
	size_t photo_count;
} fl_defect_draft;

typedef struct fl_inspection_draft {
	int32_t vehicle_id, trailer_id;
	int16_t kind;
	bool has_template;       /* template_id says which (0: the delivered one); otherwise the company's usual one */
	int32_t template_id;
	int64_t inspected_at;    /* 0: now */
	bool has_odometer, has_location, safe;
	int32_t odometer_km;
	fl_point location;
	fl_str place, note;
	const fl_answered_item *items; /* key and result: each item of the checklist once */
	size_t item_count;
	const fl_defect_draft *defects;
	size_t defect_count;
	fl_signing signing;
	fl_str idempotency_key;  /* of this caller; ptr NULL: none */
} fl_inspection_draft;

typedef struct fl_submitted {
	bool filed;              /* false: nothing was found, and the company keeps no such reports */
	fl_uuid id;
	fl_warnings warnings;
} fl_submitted;

/* Defects first become reports (each in a transaction of its own, under keys that make a repetition find them again) or join one: the
 * report named; else that of an open defect of the same vehicle and item, unless there are photos. The odometer's reading is kept in
 * either case. Then the inspection, its defects and the driver's signature are written at once.
 * FL_FORBIDDEN, FL_NOT_FOUND, FL_BAD_INPUT with a sentence; those of fl_report_create. */
FL_MUST fl_err fl_inspection_submit(fl_ctx *ctx, const fl_inspection_draft *draft, fl_submitted *out);

typedef struct fl_resolution {
	int16_t defect, state; /* FL_DEFECT_REPAIRED or FL_DEFECT_UNNECESSARY */
	fl_str remark;         /* ptr NULL: none */
} fl_resolution;

/* The mechanic's or the carrier's word on some defects, or all. version: 0: whatever it is. also, when not NULL: the same word
 * goes for open defects of other inspections behind the same reports, at most FL_INSPECTION_REPEATS_MAX; *also counts those
 * inspections. The first is committed before them. FL_FORBIDDEN, FL_NOT_FOUND, FL_CONFLICT, FL_BAD_INPUT. */
enum { FL_INSPECTION_REPEATS_MAX = 200 };
FL_MUST fl_err fl_inspection_certify(fl_ctx *ctx, fl_uuid id, int32_t version, const fl_resolution *resolutions, size_t count,
	const fl_signing *signing, int32_t *also);
/* The next driver's: has read the report, and what was certified. */
FL_MUST fl_err fl_inspection_acknowledge(fl_ctx *ctx, fl_uuid id, int32_t version, fl_str remark, const fl_signing *signing);

/* ---- proof ------------------------------------------------------------------------------------------------------- */

typedef struct fl_signature_check {
	const fl_signature *signature;
	bool valid;
	fl_str problem; /* ptr NULL: none */
} fl_signature_check;

typedef struct fl_inspection_proof {
	bool valid;     /* every signature is, and they fit what is recorded */
	fl_str problem; /* ptr NULL: none */
	fl_signature_check *checks;
	size_t check_count;
} fl_inspection_proof;

/* Computes each signature's hash again from what the database holds now. FL_NOT_FOUND. */
FL_MUST fl_err fl_inspection_verify(fl_ctx *ctx, fl_uuid id, fl_inspection_proof *out);

/* The report as PDF, made on the pool; photos are those that the caller may see, at most FL_INSPECTION_PHOTOS_MAX. FL_NOT_FOUND. */
enum { FL_INSPECTION_PHOTOS_MAX = 60 };
FL_MUST fl_err fl_inspection_paper(fl_ctx *ctx, fl_uuid id, fl_str *pdf);

#endif
