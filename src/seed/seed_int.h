#ifndef FL_SEED_INT_H
#define FL_SEED_INT_H

#include <pthread.h>

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

enum { FL_SEED_DEPOTS = 3 };

typedef struct fl_company {
	const char *slug, *name;
	const fl_place *depots, *places;
	int depot_count, place_count;
	int vans, trucks, cars, drivers;
	bool german, manager_only; /* manager_only: one log-in, not one of each role */
	/* Filled by fl_company_make. */
	int32_t tenant;
	int32_t depot_ids[FL_SEED_DEPOTS];
	fl_seed_vehicle *vehicles;
	int vehicle_count;
	int32_t *driver_ids;
	int32_t manager, driver_user; /* users; 0: none */
	/* While reports are being made. */
	fl_dice dice;
	int64_t number;          /* of the next report */
	int64_t reports, written;
	double share;            /* of the reports, the days until now */
} fl_company;

fl_company fl_company_demo(int vans); /* and half as many cars, three trucks to ten vans */
fl_company fl_company_other(int vans);
/* "company-3" and so on, in a city chosen by the index; texts live in mem. */
FL_MUST fl_err fl_company_of_city(int index, int vehicles, fl_arena *mem, fl_company *out);
/* Finds the company, or makes it with its depots, vehicles, drivers and log-ins. Within a transaction of the caller's.
 * What the company keeps is taken from keep; mem may be reset afterwards. */
FL_MUST fl_err fl_company_make(fl_pg *pg, fl_company *c, const char *password, uint64_t seed, fl_arena *keep, fl_arena *mem, fl_diag *diag);
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
bool fl_copy_empty(const fl_copy *c);
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

/* ---- Months filled aside ---- */

enum { FL_PIECES_MAX = 64, FL_BATCHES_MAX = 5 };

typedef struct fl_load_piece {
	char suffix[16];        /* "_2024", "_202511" */
	int64_t from_us, to_us;
	bool filled;            /* the last row is in */
	int taken, done;        /* steps */
} fl_load_piece;

struct fl_load;
typedef struct fl_load_worker {
	struct fl_load *load;
	fl_pg *pg;
	pthread_t thread;
} fl_load_worker;

/* All zero: nothing is filled aside. The caller's thread fills and says so; workers finish. */
typedef struct fl_load {
	bool open;
	fl_pg *pg;
	fl_load_piece pieces[FL_PIECES_MAX]; /* in order of time; what they cover does not change while rows come */
	int piece_count, next;               /* next: to be filled */
	pthread_mutex_t mutex;               /* for what follows, and filled, taken and done */
	pthread_cond_t news;
	bool ending;
	fl_err err;
	fl_diag diag;
	fl_load_worker workers[FL_BATCHES_MAX];
	int worker_count;
} fl_load;

/* Finds what is missing from from_us until now, and makes room for it: in months, or where a past year has none yet in years. */
FL_MUST fl_err fl_load_open(fl_load *l, const char *url, int64_t from_us, bool by_month, fl_arena *mem, fl_diag *diag);
bool fl_load_covers(const fl_load *l, int64_t at_us);
/* The end of the piece that is being filled; FL_NEVER: there is none. */
int64_t fl_load_next_us(const fl_load *l);
/* No row will come for that piece any more, and all that came is committed. */
FL_MUST fl_err fl_load_filled(fl_load *l, fl_diag *diag);
FL_MUST fl_err fl_load_end(fl_load *l, fl_diag *diag); /* waits until everything is in its place */
void fl_load_close(fl_load *l);

/* ---- Rows on their way ---- */

typedef enum fl_rows_kind { FL_ROWS_REPORTS, FL_ROWS_ASSESSMENTS, FL_ROWS_EVENTS, FL_ROWS_KINDS } fl_rows_kind;
extern const char *const fl_rows_columns[FL_ROWS_KINDS]; /* table and columns, for COPY */

typedef struct fl_batch {
	fl_pg *pg;
	const fl_load *load;
	fl_copy copies[2][FL_ROWS_KINDS]; /* [1]: for months filled aside */
	int rows;                         /* reports */
	bool sending;
	pthread_t thread;
	fl_err err;
	fl_diag diag;
} fl_batch;

/* Where a row of that moment goes. */
fl_copy *fl_batch_copy(fl_batch *b, fl_rows_kind kind, int64_t at_us);
void fl_rows_write(fl_batch *b, fl_company *c, const fl_story *s, fl_uuid id);

typedef struct fl_sender {
	fl_batch batches[FL_BATCHES_MAX];
	int count;
	fl_batch *at; /* being filled */
	fl_diag *diag;
	int64_t done, total; /* reports */
	void (*progress)(void *arg, int64_t done, int64_t total);
	void *arg;
} fl_sender;

extern const char fl_seed_settings[];
int fl_seed_threads(void); /* connections that work at once: one a core, to a limit */
FL_MUST fl_err fl_sender_open(fl_sender *s, const char *url, fl_load *load, fl_diag *diag);
/* Hands the batch over and turns to the next one, which may have to be waited for. */
FL_MUST fl_err fl_sender_send(fl_sender *s);
/* Until everything is committed. */
FL_MUST fl_err fl_sender_flush(fl_sender *s);
void fl_sender_close(fl_sender *s);

#endif
