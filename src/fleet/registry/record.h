/* record: depots, vehicles, drivers and vendors as tables of fields. One row of a table says what a field is called, what it
 * may hold and what a person should write instead; changes by the API, the history, imports and exports all follow from it.
 *
 *	fl_record_change change = { .id = 12, .version = 3 };
 *	fl_record_set_text(&change, &fl_record_vehicle, "plate", FL_STR("V-123-AB"));
 *	FL_TRY(fl_record_save(ctx, &fl_record_vehicle, &change, &id));      // locked, checked, written, told as one event
 *
 * The kinds themselves are in registry.c. Memory: ctx->mem. */
#ifndef FL_FLEET_RECORD_H
#define FL_FLEET_RECORD_H

#include "fleet/fleet.h"

typedef enum fl_field_kind {
	FL_FIELD_TEXT,
	FL_FIELD_NUMBER,  /* a whole number */
	FL_FIELD_DEGREES, /* a coordinate */
	FL_FIELD_CENTS,   /* money: "1250.00" in texts, minor units in number */
	FL_FIELD_CODE,    /* one of `names`: its place, from 1 */
	FL_FIELD_TIME,    /* a moment, as in 2026-03-01T09:30:00Z or 2026-03-01 */
	FL_FIELD_DEPOT,   /* another record: its id in number, its name in files */
	FL_FIELD_VEHICLE,
	FL_FIELD_DRIVER,
	FL_FIELD_AREA, /* a polygon as GeoJSON (geo.h) */
} fl_field_kind;

typedef struct fl_field {
	const char *name;    /* in the API and in the history: "facilityId" */
	const char *column;  /* in files: "facility" */
	const char *what;    /* in sentences: "the depot" */
	const char *example; /* what would be right: "Rotterdam Waalhaven" */
	fl_field_kind kind;
	bool required;
	bool personal;            /* of a person: its values never enter the history, which cannot forget */
	double least, most;       /* of numbers; of texts their characters */
	const char *const *names; /* of codes; ends with NULL */
	/* Puts the text into its one form, or says in diag what is wrong with it. May be NULL. */
	fl_err (*check)(fl_arena *mem, fl_diag *diag, fl_str *text);
} fl_field;

typedef struct fl_value {
	bool given; /* false: not said, so it stays as it is */
	bool null;
	fl_str text;
	int64_t number;
	double degrees;
} fl_value;

enum { FL_FIELDS_MAX = 20 };

/* What a violated constraint means to a person. */
typedef struct fl_refusal {
	const char *constraint;
	fl_err err;
	const char *sentence;
} fl_refusal;

typedef struct fl_record_kind {
	const char *noun;  /* "vehicle" */
	fl_permission may; /* who changes it */
	const fl_field *fields;
	size_t field_count;
	const fl_refusal *refusals; /* ends with { 0 } */
	/* insert: $1 the company, then the fields in order; returns the id. update: $1 the id, then the fields. lock: $1 the id;
	 * returns the version and the fields. retire: $1 the id, $2 whether. */
	fl_sql insert, lock, update, retire;
	const char *event_created, *event_updated, *event_retired;
	bool is_vehicle; /* its events name the vehicle */
} fl_record_kind;

typedef struct fl_record_change {
	int32_t id;      /* 0: a new one */
	int32_t version; /* 0: whatever it is */
	fl_value values[FL_FIELDS_MAX];
} fl_record_change;

/* One field of a file, from its text: FL_BAD_INPUT with what is wrong and what would be right. References stay texts, to be
 * looked up by the caller. An empty text is no value. */
FL_MUST fl_err fl_field_parse(fl_arena *mem, fl_diag *diag, const fl_field *field, fl_str text, fl_value *out);
/* One value that came otherwise: limits, form. */
FL_MUST fl_err fl_field_check(fl_arena *mem, fl_diag *diag, const fl_field *field, fl_value *value);
/* As a person reads it, and as files hold it; empty for none. */
fl_str fl_field_text(fl_arena *mem, const fl_field *field, const fl_value *value);
/* -1: there is none of that name. */
int fl_record_field(const fl_record_kind *kind, const char *name);

/* Adds a field's value to the arguments of insert and update. */
void fl_record_arg(fl_args *args, const fl_field *field, const fl_value *value);

/* Makes or changes one. FL_FORBIDDEN, FL_BAD_INPUT, FL_NOT_FOUND, FL_CONFLICT (another version), FL_DUPLICATE (kind->refusals).
 */
FL_MUST fl_err fl_record_save(fl_ctx *ctx, const fl_record_kind *kind, fl_record_change *change, int32_t *id);
/* Takes one out of use, or back into it; what names it goes on naming it. */
FL_MUST fl_err fl_record_retire(fl_ctx *ctx, const fl_record_kind *kind, int32_t id, int32_t version, bool retired);
/* The sentence for a violated constraint of the kind; err otherwise. */
FL_MUST fl_err fl_record_refused(fl_ctx *ctx, const fl_record_kind *kind, fl_err err);

#endif
