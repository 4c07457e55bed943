#ifndef FL_SEED_INT_H
#define FL_SEED_INT_H

#include "seed/seed.h"

/* ---- Chance that repeats itself ---- */

typedef struct fl_dice {
	uint64_t state;
} fl_dice;

uint64_t fl_dice_next(fl_dice *d);
double fl_dice_unit(fl_dice *d);                     /* 0 <= x < 1 */
int fl_dice_below(fl_dice *d, int n);                /* 0 .. n - 1 */
bool fl_dice_chance(fl_dice *d, double p);
double fl_dice_normal(fl_dice *d);                   /* mean 0, deviation 1 */
int fl_dice_weighted(fl_dice *d, const int *weights, int count);
fl_uuid fl_dice_uuid7(fl_dice *d, int64_t time_us);  /* as fl_uuid7, but from this chance */

/* ---- Companies ---- */

typedef struct fl_place {
	const char *name;    /* as in "on the Maashaven quay" */
	const char *address;
	double latitude, longitude;
} fl_place;

typedef struct fl_seed_vehicle {
	int32_t id, facility; /* facility: index of the depot */
	int kind;             /* as in ref_code: 1 car, 2 van, 3 truck */
	int64_t value_cents;
} fl_seed_vehicle;

enum { FL_SEED_DEPOTS = 3, FL_SEED_VEHICLES = 5000, FL_SEED_DRIVERS = 5000 };

typedef struct fl_company {
	const char *slug, *name;
	const fl_place *depots, *places;
	int depot_count, place_count;
	int vans, trucks, cars, drivers;
	bool german;
	/* Filled by fl_company_make. */
	int32_t tenant;
	int32_t depot_ids[FL_SEED_DEPOTS];
	fl_seed_vehicle *vehicles;
	int vehicle_count;
	int32_t *driver_ids;
	int32_t manager, driver_user; /* users */
} fl_company;

fl_company fl_company_demo(int64_t reports);
fl_company fl_company_other(void);
/* Finds the company, or makes it with its depots, vehicles, drivers and log-ins. Within a transaction of the caller's. */
FL_MUST fl_err fl_company_make(fl_pg *pg, fl_company *c, const char *password, uint64_t seed, fl_arena *mem, fl_diag *diag);
/* The check digit (position 9) of a vehicle identification number. */
char fl_vin_check_digit(const char vin[17]);

/* ---- Stories ---- */

typedef enum fl_seed_status { REPORTED = 1, ASSESSED, APPROVED, IN_REPAIR, COMPLETED, REJECTED } fl_seed_status;

/* One report whose fields fit together. */
typedef struct fl_story {
	int64_t reported_us, incident_us, assessed_us, decided_us, repair_us, completed_us; /* FL_NEVER: not (yet) */
	int status, severity, type, part; /* part 0: none */
	int priority, version;
	int64_t low_cents, likely_cents, high_cents, actual_cents; /* actual -1: none */
	double hours;
	double latitude, longitude;
	const fl_place *place;
	const fl_seed_vehicle *vehicle;
	int32_t driver_id;
	char description[800];
	char claim_no[32]; /* empty: none */
	const char *reason; /* why it was refused */
} fl_story;

void fl_story_make(fl_dice *d, const fl_company *c, int64_t reported_us, int64_t now_us, fl_story *out);
const char *fl_part_code(int part); /* "bumper"; empty for none */
/* How many reports a day gets, relative to others: season, weekday, growth of the fleet. */
double fl_day_weight(int64_t day_us, int64_t start_us, int64_t now_us);
int64_t fl_day_moment(fl_dice *d, int64_t day_us); /* a moment of that day, mostly within working hours */

/* ---- COPY in binary ---- */

typedef struct fl_copy {
	fl_buf buf;
} fl_copy;

void fl_copy_begin(fl_copy *c);
void fl_copy_row(fl_copy *c, int columns);
void fl_copy_null(fl_copy *c);
void fl_copy_i16(fl_copy *c, int16_t v);
void fl_copy_i32(fl_copy *c, int32_t v);
void fl_copy_i64(fl_copy *c, int64_t v);
void fl_copy_f4(fl_copy *c, float v);
void fl_copy_time(fl_copy *c, int64_t us); /* FL_NEVER: NULL */
void fl_copy_uuid(fl_copy *c, fl_uuid v);
void fl_copy_text(fl_copy *c, fl_str v);
void fl_copy_jsonb(fl_copy *c, fl_str v);
void fl_copy_texts(fl_copy *c, const fl_str *v, int count);
void fl_copy_point(fl_copy *c, double latitude, double longitude);
FL_MUST fl_err fl_copy_send(fl_copy *c, fl_pg *pg, const char *sql, fl_diag *diag); /* and starts anew */

#endif
