/* api: how schema fields reach domain functions. Read this page before adding a field.
 *
 *	schema/vehicle.graphql      Vehicle.reportUrl: String!            the contract; descriptions become docs
 *	(generated) api_schema.h     struct fl_api_vehicle { ... .report_url }   one bind a field, in the SDL's order
 *	api/vehicle.c               .report_url = FL_GETTER(report_url)   thin: reads what fleet/ loaded, or asks fleet/ for a batch
 *	fleet/registry/vehicle.h    fl_vehicles_get(...)                  the rules and the SQL
 *
 * To add a field: write it and its description into the SDL; the build then names the bind that is missing. A column of
 * the parent's struct is FL_COLUMN; something computed from it is FL_GETTER; anything that asks the database is FL_BATCH
 * and gets all parents of the level at once: group_int.h hands a statement's rows back to their parents, connection_int.h makes
 * pages with cursors of them. A field that only some roles may see is refused in fleet/, not here.
 *
 *	POST, GET /graphql   queries and mutations (JSON, or multipart with photos)   graphql_http.c
 *	the same in parts, with Accept: multipart/mixed (@defer, @stream)             graphql_parts.c
 *	the same, with Accept: text/event-stream   and subscriptions, graphql-sse     graphql_sse.c
 *	WebSocket /graphql   the same and subscriptions, graphql-transport-ws         graphql_ws.c
 *	GET /inspections/ID.pdf   a driver's inspection as a document                  inspection_in.c
 *	GET /photos/...      bytes of photos, for those who may see the report        photos.c
 *
 * Threads: the schema is shared; a fl_api belongs to its loop and is found through ctx->services->api. */
#ifndef FL_API_H
#define FL_API_H

#include "fleet/fleet.h"
#include "graphql/graphql.h"
#include "http/http.h"

typedef struct fl_api fl_api;

/* The schema of this program, bound to its resolvers. Errors are mistakes of ours: diag names the field. */
FL_MUST fl_err fl_api_schema_new(fl_gql_schema **out, fl_diag *diag);

/* Its SDL. */
fl_str fl_api_schema_text(void);

typedef struct fl_api_options {
	const fl_gql_schema *schema;
	fl_services *services;     /* its .api is set to the new object */
	size_t cache_bytes;        /* plans; 0: 16 MiB */
	unsigned subscriptions_max; /* of this loop; 0: 20,000 */
	double budgets[FL_ROLE_SYSTEM]; /* by fl_role: what one request may cost; 0: no limit */
	unsigned batch_max;         /* requests in one JSON array; 0: 10 */
	int64_t keep_alive_us;     /* between signs of life on quiet WebSockets and event streams; 0: 25 s */
	bool trusted_only;          /* only registered documents are run */
	bool automatic_documents;   /* automatic persisted queries: clients may register documents by their SHA-256 */
	const fl_str *documents;    /* those of the program itself: always registered */
	size_t document_count;
} fl_api_options;

FL_MUST fl_err fl_api_new(fl_loop *loop, const fl_api_options *options, fl_api **out);
/* Gets to know the registered documents now instead of at the first request that needs them. */
FL_MUST fl_err await_api_documents(fl_ctx *ctx, fl_api *api);
/* All requests and sockets must have ended. Waits for what they left behind. Frees. NULL is fine. */
void await_api_close(fl_ctx *ctx, fl_api *api);

typedef struct fl_live_stats {
	uint64_t subscriptions, groups; /* now; a group is executed once for all its subscriptions */
	uint64_t events, executed, delivered, missed;
} fl_live_stats;
fl_live_stats fl_api_live_statistics(const fl_api *api); /* from any thread */
uint64_t fl_api_tokens_refused(const fl_api *api);        /* from any thread: tokens and cookies that were not good */

/* /graphql and /photos. */
FL_MUST fl_err fl_api_routes(fl_router *router);

/* ---- For pages rendered in this process -------------------------------------------------------------------------------- */

/* Sets ctx->caller from the bearer token, or from the cookie fleet_session. FL_UNAUTHENTICATED: neither is good. */
FL_MUST fl_err fl_api_authenticate(fl_ctx *ctx, fl_request *req);

/* Runs a document as ctx->caller; variables_json may be empty. *answer is the whole response, in ctx->mem. */
FL_MUST fl_err fl_api_execute(fl_ctx *ctx, fl_str document, fl_str variables_json, fl_str *answer);

enum { FL_API_BODY_MAX = 1 << 20, FL_API_ANSWER_MAX = 64 << 20 };
#define FL_API_UPLOAD_MAX (UINT64_C(520) << 20) /* a whole multipart request: 20 photos of 25 MB and some words */

#endif
