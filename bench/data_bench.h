/* bench data: what the two halves share. Latencies are sorted in microseconds; rates come from threads with a connection each. */
#ifndef FL_DATA_BENCH_H
#define FL_DATA_BENCH_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

enum { ROUNDS_MAX = 2000, THREADS_MAX = 16 };

typedef struct figure {
	const char *name, *unit;
	double got, p50, target;
	bool at_least; /* the target is a floor: rates and ratios */
} figure;

extern const char *bench_url;
extern int bench_rounds;

double bench_now_us(void);
void bench_die(PGconn *pg, const char *what) __attribute__((noreturn));
/* As the owner, or as fleet_app of a company (0: as the owner), set up as the server's pool sets its connections up. */
PGconn *bench_connect(int tenant);
void bench_run(PGconn *pg, const char *sql);
/* The single value of a query, copied into out. */
void bench_value(PGconn *pg, const char *sql, char *out, int cap);
void bench_report(const figure *f);

void bench_writes(void);
void bench_queue(void);

#endif
