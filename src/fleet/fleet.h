/* fleet: the nouns of the business, their rules, and who may do what. Everything here acts for ctx->caller: row security
 * confines each statement to the caller's company, and each verb asks fl_may first.
 *
 *	fl_report_draft draft = { .vehicle_name = FL_STR("VAN-12"), .description = FL_STR("scraped the rear door"),
 *	                          .photos = uploads, .photo_count = 2 };
 *	FL_TRY(fl_report_create(ctx, &draft, &id));           // inspected, stored, filed, queued: or nothing at all
 *
 * This page (who may, states, money, the company), a header a noun, and a room for nouns that belong together. What all rooms
 * use lies beside this page: event.h, relay.h (events to Redis), freshness.h, session.h, closed.h, life.h (states, words), geo.h, stats.h, chores.h. The rooms,
 * each with a header of its name and private headers that are its own:
 *
 *	report/      reports; lifecycle.h (stages and ways), change.h (how a report changes), transition.h, policy.h (limits, deadlines),
 *	             zone.h, comment.h, attachment.h, custody_log.h, history.h
 *	registry/    vehicles, drivers, depots, vendors, the company: record.h, vehicle.h, vin.h
 *	search/      words, places, costs, parts
 *	assess/      the job that judges photos
 *	inspection/  inspections by drivers, and their signatures
 *	repair/      estimates, quotes, total loss, work orders, bills, claims
 *	claim_pack/  all about a report in a file that proves itself
 *	notice/      webhooks and alerts
 *	transfer/    CSV in and out
 *	retention/   how long things are kept; holds, erasure, months that go
 *
 * Memory: what a function returns lives in ctx->mem. Errors: FL_FORBIDDEN, FL_BAD_INPUT and the like with a sentence for
 * the client in ctx->diag; those of db/db.h. Threads: a fl_services belongs to its loop; everything else is a value. */
#ifndef FL_FLEET_H
#define FL_FLEET_H

#include "cache/redis.h"
#include "crypt/crypt.h"
#include "db/db.h"
#include "io/io.h"
#include "outbound/outbound.h"
#include "store/store.h"
#include "vision/vision.h"
#include "worker/worker.h"

/* ---- What a process offers to its requests: one per loop --------------------------------------------------------- */

typedef struct fl_tenants fl_tenants; /* the companies seen lately */
typedef struct fl_closed fl_closed;   /* log-ins that are good for nothing any more */

typedef struct fl_services {
	fl_db *db;
	fl_redis *redis;               /* NULL, or away: nothing is published at once; the relay finds it all the same */
	fl_store *store;               /* shared by all loops */
	fl_worker_pool *workers;
	const fl_jwt_keys *keys;       /* shared, read-only */
	const char *redis_url;         /* for subscribers, which have connections of their own */
	const char *public_url;        /* as in "http://localhost:8080"; no slash at the end */
	const char *tmp_dir;           /* for uploads; 0700 */
	struct fl_tracer *tracer;      /* obs/trace.h; NULL: nothing is traced */
	bool secure_cookies;           /* public_url is https */
	bool has_replicas;             /* somebody's queries may go to replicas: not only of this process */
	fl_outbound *outbound;         /* shared by all loops: webhooks and mail */
	const uint8_t *webhook_key;    /* 32 bytes: secrets of webhooks are derived from it */
	fl_tenants *tenants;           /* made by fl_services_init */
	fl_closed *closed;             /* closed.h; made by fl_services_init with keys */
	fl_jwt_cache *tokens;          /* made by fl_services_init from keys; NULL without keys */
	const struct fl_archive_site *archive; /* archive/archive.h; NULL: archives cannot be downloaded here */
	struct fl_api *api;             /* set by api/ */
} fl_services;

/* Call after the fields above are set, and before the loop ends. */
FL_MUST fl_err fl_services_init(fl_services *services);
void fl_services_fini(fl_services *services);

/* ---- Who may do what ---------------------------------------------------------------------------------------------- */

/* X(name, what a person reads, driver, manager, auditor, admin) */
#define FL_PERMISSIONS(X)                                                                                              \
	X(REPORT_CREATE, "file damage reports", 1, 1, 0, 1)                                                            \
	X(REPORT_READ_OWN, "read their own reports", 1, 1, 1, 1)                                                       \
	X(REPORT_READ_ALL, "read all reports of the company", 0, 1, 1, 1)                                              \
	X(REPORT_DECIDE, "change reports", 0, 1, 0, 1)                                                                 \
	X(FRAUD_READ, "see fraud signals and similar cases", 0, 1, 1, 1)                                               \
	X(ESTIMATE_READ, "see estimates of repairs", 0, 1, 1, 1)                                                        \
	X(REGISTRY_CHANGE, "change vehicles, drivers, depots and vendors", 0, 1, 0, 1)                                 \
	X(COMPANY_CHANGE, "change the company", 0, 0, 0, 1)                                                            \
	X(PERSON_READ, "see how to reach a person", 0, 1, 1, 1)                                                        \
	X(ODOMETER_RECORD, "record odometer readings", 1, 1, 0, 1)                                                     \
	X(REPORT_DISPUTE, "contest how a report ended", 1, 1, 0, 1)                                                    \
	X(POLICY_WRITE, "set limits and deadlines", 0, 0, 0, 1)                                                          \
	X(ERASE, "erase what is known of a person, hold reports and set how long they are kept", 0, 0, 0, 1)                    \
	X(REPAIR, "order repairs and record what they cost", 0, 1, 0, 1)                                               \
	X(CLAIM, "keep insurance claims", 0, 1, 0, 1)                                                                  \
	X(INSPECT, "inspect vehicles and sign inspections", 1, 1, 0, 1)                                                \
	X(INSPECTION_CERTIFY, "certify repairs of inspections", 0, 1, 0, 1)                                            \
	X(CLAIM_PACK, "make claim packs", 0, 1, 1, 1)                                                                  \
	X(INTEGRATE, "set up webhooks", 0, 0, 0, 1)                                                                    \
	X(ALERT, "set up alerts", 0, 1, 1, 1)                                                                          \
	X(EXPLAIN, "see how an operation is executed", 0, 1, 0, 1)

typedef enum fl_permission {
#define FL_PERMISSION_ENUM(name, text, driver, manager, auditor, admin) FL_MAY_##name,
	FL_PERMISSIONS(FL_PERMISSION_ENUM)
#undef FL_PERMISSION_ENUM
} fl_permission;

bool fl_may(const fl_caller *caller, fl_permission permission);
/* FL_UNAUTHENTICATED for nobody, FL_FORBIDDEN with a sentence for the wrong role. */
FL_MUST fl_err fl_must(fl_ctx *ctx, fl_permission permission);
/* Do both callers get the same answer to every question about reports and what hangs on them? Subscriptions of such callers are
 * answered once for all. A field that depends on who asks beyond company and role must make this false. */
bool fl_sees_alike(const fl_caller *a, const fl_caller *b);

/* ---- The company --------------------------------------------------------------------------------------------------- */

typedef struct fl_tenant {
	int32_t id;
	fl_uuid public_id;
	char slug[64], name[804], currency[4], time_zone[68];
	int32_t language; /* of its reports: PostgreSQL's number of a text search configuration */
	int32_t version;
} fl_tenant;

/* The caller's company; remembered for a minute, so nearly always at once. *out lives as long as ctx->mem. */
FL_MUST fl_err fl_tenant_get(fl_ctx *ctx, const fl_tenant **out);
/* The caller's company has changed: ask for it again. Other loops learn it within the minute. */
void fl_tenant_forget(fl_ctx *ctx);
/* The mean time between reports of the caller's company, as this loop found it last; 0: not known yet. Only a hint. */
int64_t *fl_tenant_pace(fl_ctx *ctx);

/* ---- Money ---------------------------------------------------------------------------------------------------------- */

/* Minor units <-> "1250.00". All currencies are kept with two decimals. */
fl_str fl_money_text(fl_arena *mem, int64_t cents);
/* FL_BAD_INPUT: not a number, negative, more than two decimals, or beyond 1,000,000,000.00; what names the field. */
FL_MUST fl_err fl_money_parse(fl_diag *diag, const char *what, fl_str text, int64_t *out);

/* ---- Text of people ------------------------------------------------------------------------------------------------- */

/* FL_BAD_INPUT: no UTF-8, a NUL in it, or more characters than max; what names the field. */
FL_MUST fl_err fl_text_check(fl_diag *diag, const char *what, fl_str text, size_t max);

/* ---- Words ---------------------------------------------------------------------------------------------------------- */

/* X(NAME, code): as in the schema and in the database. */
#define FL_STATUSES(X) X(REPORTED, 1) X(ASSESSED, 2) X(APPROVED, 3) X(IN_REPAIR, 4) X(COMPLETED, 5) X(REJECTED, 6)
typedef enum fl_status {
	FL_STATUS_NONE,
#define FL_STATUS_ENUM(name, code) FL_STATUS_##name = code,
	FL_STATUSES(FL_STATUS_ENUM)
#undef FL_STATUS_ENUM
} fl_status;

fl_str fl_status_name(fl_status status);

#endif
