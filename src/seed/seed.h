/* seed: the demo companies. Vehicles, drivers, depots and three years of reports that hang together.
 *
 *	fl_seed_opts opts = { .url = url, .reports = 2000, .password = "$argon2id$..." };
 *	fl_seed_result result;
 *	FL_TRY(fl_seed(&opts, &diag, &result));
 *
 * `demo` drives around Rotterdam: VAN-01.., TRUCK-01.., CAR-01.., three depots. `other` is small, in Hamburg, and shows
 * that companies do not see each other. Log-ins (one password for all): manager@, driver@, auditor@ and admin@demo.example,
 * manager@other.example. The same seed and moment give the same companies and reports, ids of reports included.
 * Assessments of these reports say that they are made up: model "demo". Photos come through `fleet report`.
 * Companies that are there already are kept; reports are added to them. Events are written as history: the relay does not
 * tell them (xid 0). With companies > 2 the reports are spread over that many, in cities of a continent, the largest a
 * twelfth of all.
 * Blocking: a connection a core (at most 4) as the owner, COPY in binary. Months that exist are filled as normal work fills
 * them, triggers, keys and indexes on: about 0.2 ms of one core a report. When there is much to do, months that do not
 * exist yet are filled aside and get indexes, search documents and checked keys in one go: about 0.12 ms. The result is
 * the same. */
#ifndef FL_SEED_H
#define FL_SEED_H

#include "db/db.h"

enum { FL_SEED_COMPANIES_MAX = 10000 };

typedef struct fl_seed_opts {
	const char *url;      /* of the owner of the tables */
	int64_t reports;      /* of demo, and other gets a tenth of them, 20 to 500 besides; with companies: of all */
	int companies;        /* 0: those two; else how many, 3 to FL_SEED_COMPANIES_MAX, a hundred vehicles each in the mean */
	enum { FL_SEED_AUTO, FL_SEED_PLAIN, FL_SEED_ASIDE, FL_SEED_ASIDE_MONTHS } way; /* AUTO: aside when there are at least 15,000, its past
	                                                                          in months instead of years from a million on */
	uint64_t seed;        /* 0: 1 */
	int64_t now_us;       /* the end of the three years; 0: now */
	const char *password; /* hash for every log-in made now; NULL: nobody can log in with one */
	void (*progress)(void *arg, int64_t done, int64_t total); /* after each batch; may be NULL */
	void *arg;
} fl_seed_opts;

typedef struct fl_seed_result {
	int32_t demo, other; /* tenants */
	int64_t reports;     /* added, of both */
	int64_t took_us;
} fl_seed_result;

FL_MUST fl_err fl_seed(const fl_seed_opts *opts, fl_diag *diag, fl_seed_result *out);
/* True when there is no company at all: a fresh database. */
FL_MUST fl_err fl_seed_needed(const char *url, bool *out, fl_diag *diag);

#endif
