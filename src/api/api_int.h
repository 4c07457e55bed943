/* Inside api/: the objects that resolvers pass from one level to the next, and what the transports share. */
#ifndef FL_API_INT_H
#define FL_API_INT_H

#include <stdatomic.h>

#include "api/api.h"
#include "api_schema.h"
#include "fleet/event.h"
#include "fleet/report/report.h"
#include "fleet/registry/vehicle.h"

typedef struct fl_money {
	int64_t cents;
	const char *currency;
} fl_money;

enum { FL_PAGE_FIRST = 20, FL_PAGE_FIRST_MAX = 100 };
/* Whose cursor it is. Those of history and hits differ in length. */
enum {
	FL_CURSOR_REPORT = 'r',
	FL_CURSOR_VEHICLE = 'v',
	FL_CURSOR_DRIVER = 'd',
	FL_CURSOR_HIT = 'h',
	FL_CURSOR_HISTORY = 'h',
	FL_CURSOR_INSPECTION = 'i',
	FL_CURSOR_DELIVERY = 'n',
	FL_CURSOR_ORDER = 'w',
};

/* An event on its way to subscribers: the parent of the subscription's root field. */
typedef struct fl_change {
	fl_uuid event_id;
	const char *type;    /* FL_EVENT_...: one of those that live_topics.c names */
	int64_t at;
	fl_uuid report_id;
	int32_t vehicle_id;  /* 0: none */
	const fl_json *data; /* NULL: the event says no more */
} fl_change;

/* live_topics.c: what may be followed, one line a field of Subscription. */
enum { FL_TOPIC_EVENTS_MAX = 32 };
typedef struct fl_live_topic {
	const char *field;
	const char *events[FL_TOPIC_EVENTS_MAX]; /* the types that it tells of */
	const char *report_arg, *vehicle_arg;    /* its filters; NULL: none of the kind */
} fl_live_topic;
/* Asserts that the field is there: the SDL and the table are both ours. */
const fl_live_topic *fl_live_topic_of(const char *field);
bool fl_live_topic_tells(const fl_live_topic *topic, const char *type);
/* The constant of that text that topics name; NULL: nobody can follow such events. */
const char *fl_live_event_type(fl_str text);

/* An ID argument that stands for a number: FL_BAD_INPUT when it is none. what: as the client calls it. */
FL_MUST fl_err fl_api_id(fl_ctx *ctx, const char *what, const fl_gql_value *value, int32_t *out);
FL_MUST fl_err fl_api_uuid(fl_ctx *ctx, const char *what, const fl_gql_value *value, fl_uuid *out);

/* A DamageReportFilter, and its part that needs search.h. */
FL_MUST fl_err fl_api_report_filter(fl_ctx *ctx, const fl_gql_value *in, fl_report_filter *out);
FL_MUST fl_err fl_api_wide_filter(fl_ctx *ctx, const fl_gql_value *in, const struct fl_wide_filter **out);
/* A list of enum values, each code once. */
FL_MUST fl_err fl_api_codes(fl_ctx *ctx, const fl_gql_value *list, const int16_t **out, size_t *count);

/* For batches whose parents each point to at most one row of another table by a number: loads the distinct ones and
 * scatters them. */
typedef struct fl_api_reference {
	int32_t (*key)(const void *parent); /* 0: none */
	fl_err (*load)(fl_ctx *ctx, const int32_t *ids, size_t count, const void **rows, size_t *stride, size_t *row_count);
} fl_api_reference;
FL_MUST fl_err fl_api_refer(fl_ctx *ctx, const fl_api_reference *reference, fl_gql_batch *batch);

/* The same for reports by their id. key: false when there is none. */
FL_MUST fl_err fl_api_refer_report(fl_ctx *ctx, bool (*key)(const void *parent, fl_uuid *out), fl_gql_batch *batch);

/* Loaders for fl_api_reference. */
FL_MUST fl_err fl_api_load_vehicles(fl_ctx *ctx, const int32_t *ids, size_t count, const void **rows, size_t *stride, size_t *row_count);
FL_MUST fl_err fl_api_load_facilities(fl_ctx *ctx, const int32_t *ids, size_t count, const void **rows, size_t *stride, size_t *row_count);
FL_MUST fl_err fl_api_load_drivers(fl_ctx *ctx, const int32_t *ids, size_t count, const void **rows, size_t *stride, size_t *row_count);

FL_MUST fl_err fl_api_load_vendors(fl_ctx *ctx, const int32_t *ids, size_t count, const void **rows, size_t *stride, size_t *row_count);

/* entities.c: what other subgraphs may name by a key. */
extern const fl_gql_entity fl_api_entities[];
extern const size_t fl_api_entity_count;

/* The one that the argument id names, or null. */
FL_MUST fl_err fl_api_one(fl_ctx *ctx, const fl_gql_field *field,
	fl_err (*load)(fl_ctx *ctx, const int32_t *ids, size_t count, const void **rows, size_t *stride, size_t *row_count), fl_gql_batch *batch);

/* Money of the caller's company; null when there is none. */
FL_MUST fl_err fl_api_cents(fl_ctx *ctx, bool has, int64_t cents, fl_gql_value *out);
/* A GeoPointInput, and a list of them as an area. */
fl_point fl_api_point(const fl_gql_value *in);
FL_MUST fl_err fl_api_area(fl_ctx *ctx, const char *what, const fl_gql_value *list, fl_str *out);

/* Root fields that live beside their types; root.c binds them. */
#define FL_API_RESOLVER(name) fl_err name(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
FL_API_RESOLVER(fl_api_export_damage_reports);
FL_API_RESOLVER(fl_api_vehicles);
FL_API_RESOLVER(fl_api_drivers);
FL_API_RESOLVER(fl_api_damage_reports_by_ids);
FL_API_RESOLVER(fl_api_driver_by_id);
FL_API_RESOLVER(fl_api_facility_by_id);
FL_API_RESOLVER(fl_api_vendors);
FL_API_RESOLVER(fl_api_vendor_by_id);
FL_API_RESOLVER(fl_api_create_vehicle);
FL_API_RESOLVER(fl_api_update_vehicle);
FL_API_RESOLVER(fl_api_retire_vehicle);
FL_API_RESOLVER(fl_api_record_odometer);
FL_API_RESOLVER(fl_api_assign_driver);
FL_API_RESOLVER(fl_api_end_assignment);
FL_API_RESOLVER(fl_api_create_driver);
FL_API_RESOLVER(fl_api_update_driver);
FL_API_RESOLVER(fl_api_retire_driver);
FL_API_RESOLVER(fl_api_create_facility);
FL_API_RESOLVER(fl_api_update_facility);
FL_API_RESOLVER(fl_api_retire_facility);
FL_API_RESOLVER(fl_api_create_vendor);
FL_API_RESOLVER(fl_api_update_vendor);
FL_API_RESOLVER(fl_api_retire_vendor);
FL_API_RESOLVER(fl_api_update_company);
FL_API_RESOLVER(fl_api_damage_report_stats_root);
FL_API_RESOLVER(fl_api_riskiest_vehicles);
FL_API_RESOLVER(fl_api_webhooks);
FL_API_RESOLVER(fl_api_deliveries);
FL_API_RESOLVER(fl_api_alerts);
FL_API_RESOLVER(fl_api_create_webhook);
FL_API_RESOLVER(fl_api_update_webhook);
FL_API_RESOLVER(fl_api_delete_webhook);
FL_API_RESOLVER(fl_api_rotate_webhook_secret);
FL_API_RESOLVER(fl_api_test_webhook);
FL_API_RESOLVER(fl_api_replay_delivery);
FL_API_RESOLVER(fl_api_save_alert);
FL_API_RESOLVER(fl_api_delete_alert);
/* And fields of vehicles that live in custody.c. */
FL_API_RESOLVER(fl_api_vehicle_odometer);
FL_API_RESOLVER(fl_api_vehicle_assignments);
FL_API_RESOLVER(fl_api_vehicle_driver_at);
FL_API_RESOLVER(fl_api_vehicle_risk_of);
/* An amount of money from a Decimal of an input object; *has false when it was not given. */
FL_MUST fl_err fl_api_cents_in(fl_ctx *ctx, const fl_gql_value *in, const char *name, bool *has, int64_t *out);
/* UpdateDamageReportInput. */
FL_MUST fl_err fl_api_patch(fl_ctx *ctx, const fl_gql_value *in, fl_report_patch *out);

FL_MUST fl_err fl_api_load_people(fl_ctx *ctx, const int32_t *ids, size_t count, const void **rows, size_t *stride, size_t *row_count);

/* history.c, zone.c, comment.c, attachment.c */
FL_API_RESOLVER(fl_api_report_history);
FL_API_RESOLVER(fl_api_report_zones);
FL_API_RESOLVER(fl_api_report_comments);
FL_API_RESOLVER(fl_api_report_attachments);
FL_API_RESOLVER(fl_api_vehicle_damages);
FL_API_RESOLVER(fl_api_photo_uploader);
FL_API_RESOLVER(fl_api_photo_custody);
FL_API_RESOLVER(fl_api_mentions);
FL_API_RESOLVER(fl_api_people);
FL_API_RESOLVER(fl_api_add_damage_zone);
FL_API_RESOLVER(fl_api_change_damage_zone);
FL_API_RESOLVER(fl_api_repair_damage_zone);
FL_API_RESOLVER(fl_api_remove_damage_zone);
FL_API_RESOLVER(fl_api_add_comment);
FL_API_RESOLVER(fl_api_edit_comment);
FL_API_RESOLVER(fl_api_remove_comment);
FL_API_RESOLVER(fl_api_mark_mentions_seen);
FL_API_RESOLVER(fl_api_add_attachment);
FL_API_RESOLVER(fl_api_remove_attachment);
FL_API_RESOLVER(fl_api_set_photo_angle);
/* Answers GET /attachments/:report/:attachment. */
fl_err fl_api_attachment_bytes(fl_ctx *ctx, fl_request *req, fl_response *res);

/* retention.c */
FL_API_RESOLVER(fl_api_retention_policy_get);
FL_API_RESOLVER(fl_api_set_retention_policy);
FL_API_RESOLVER(fl_api_archives);
/* Answers GET /archives/:id. */
fl_err fl_api_archive_file(fl_ctx *ctx, fl_request *req, fl_response *res);

/* erasure.c */
FL_API_RESOLVER(fl_api_erasures);
FL_API_RESOLVER(fl_api_erasure_by_id);
FL_API_RESOLVER(fl_api_erase_driver);
FL_API_RESOLVER(fl_api_erase_user);
FL_API_RESOLVER(fl_api_decide_erasure_finding);
FL_API_RESOLVER(fl_api_hold_damage_report);
FL_API_RESOLVER(fl_api_release_damage_report);
FL_API_RESOLVER(fl_api_report_hold);
/* inspection.c, inspection_in.c */
FL_API_RESOLVER(fl_api_inspection_by_id);
FL_API_RESOLVER(fl_api_inspections);
FL_API_RESOLVER(fl_api_inspections_awaiting_mechanic);
FL_API_RESOLVER(fl_api_verify_inspection);
FL_API_RESOLVER(fl_api_inspection_templates);
FL_API_RESOLVER(fl_api_inspection_policy_of);
FL_API_RESOLVER(fl_api_submit_inspection);
FL_API_RESOLVER(fl_api_certify_inspection);
FL_API_RESOLVER(fl_api_acknowledge_inspection);
FL_API_RESOLVER(fl_api_save_inspection_template);
FL_API_RESOLVER(fl_api_set_inspection_policy);
FL_API_RESOLVER(fl_api_vehicle_inspections);
FL_API_RESOLVER(fl_api_vehicle_last_inspection);
FL_API_RESOLVER(fl_api_vehicle_open_defects);
FL_API_RESOLVER(fl_api_vehicle_safe_to_operate);
FL_API_RESOLVER(fl_api_report_inspection_defects);
/* Answers GET /inspections/:id.pdf. */
fl_err fl_api_inspection_pdf(fl_ctx *ctx, fl_request *req, fl_response *res);

/* lifecycle.c: fields of DamageReport, Query and Mutation. */
FL_API_RESOLVER(fl_api_report_ways);
FL_API_RESOLVER(fl_api_report_duplicate_of);
fl_err fl_api_report_sla_state(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out);
fl_err fl_api_report_awaits_second(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out);
FL_API_RESOLVER(fl_api_policy);
FL_API_RESOLVER(fl_api_transition_damage_report);
FL_API_RESOLVER(fl_api_undo_damage_report_transition);
FL_API_RESOLVER(fl_api_batch_update_damage_reports);
FL_API_RESOLVER(fl_api_set_approval_limit);
FL_API_RESOLVER(fl_api_set_report_deadlines);

/* estimate.c, total_loss.c */
struct fl_estimate_pick;
FL_MUST fl_err fl_api_estimate_pick(fl_ctx *ctx, const fl_gql_value *in, struct fl_estimate_pick *out);
FL_API_RESOLVER(fl_api_report_estimates);
fl_err fl_api_report_approved_amount(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out);
FL_API_RESOLVER(fl_api_report_estimate_comparison);
FL_API_RESOLVER(fl_api_report_total_loss);
FL_API_RESOLVER(fl_api_total_loss_rules);
FL_API_RESOLVER(fl_api_set_total_loss_rule);
FL_API_RESOLVER(fl_api_remove_total_loss_rule);
FL_API_RESOLVER(fl_api_request_estimate);
FL_API_RESOLVER(fl_api_renew_estimate_link);
FL_API_RESOLVER(fl_api_revoke_estimate_link);
FL_API_RESOLVER(fl_api_submit_estimate);
FL_API_RESOLVER(fl_api_accept_estimate);
FL_API_RESOLVER(fl_api_decline_estimate);
FL_API_RESOLVER(fl_api_withdraw_estimate);

/* live.c: subscriptions of this loop; see docs/live.md. */
typedef struct fl_live fl_live;
typedef struct fl_live_sub fl_live_sub;
FL_MUST fl_err fl_live_new(fl_loop *loop, fl_services *services, unsigned subscriptions_max, fl_live **out);
/* All subscriptions have left; waits for the events that they were being told. Frees. NULL is fine. False: they did not end
 * in time and keep what they use. */
bool await_live_close(fl_ctx *ctx, fl_live *live);
/* Follows what source's root field asks for, as caller. deliver gets each answer, in order; the text is borrowed. A text
 * without pointer says that something was missed; it comes once, and nothing after it. deliver must neither wait nor leave
 * subscriptions. Takes source over, also when it fails (FL_TOO_MANY). */
typedef void (*fl_live_deliver)(void *arg, fl_str answer);
FL_MUST fl_err fl_live_follow(fl_ctx *ctx, fl_live *live, fl_gql_source *source, fl_live_deliver deliver, void *arg, fl_live_sub **out);
/* No deliver is called any more. NULL is fine. */
void fl_live_leave(fl_live_sub *sub);
fl_live_stats fl_live_statistics(const fl_live *live); /* from any thread */

/* guests_int.h; in the struct of whoever stays. */
typedef struct fl_api_guest {
	struct fl_api_guest *next, **link; /* link NULL: not in */
	fl_api *api;
	const fl_caller *caller;
	void (*turn_out)(void *arg);
	void *arg;
} fl_api_guest;

typedef struct fl_api_guests {
	fl_api_guest *first, *asking; /* asking: who is next while all are looked at */
	fl_timer timer;
	bool looking, closing;
	fl_wait *idle; /* who waits for the end of a look */
} fl_api_guests;

struct fl_api {
	fl_loop *loop;
	fl_services *services;
	fl_gql_engine *engine;
	fl_live *live;
	double budgets[FL_ROLE_SYSTEM];
	unsigned batch_max;
	int64_t keep_alive_us;
	unsigned streams; /* event streams of subscriptions */
	fl_api_guests guests;
	bool trusted_only, automatic_documents;
	fl_sha256 *own;             /* documents of the program itself, always registered */
	size_t own_count;
	int64_t documents_version;  /* up to which the registered ones are known */
	int64_t documents_asked_us; /* 0: never */
	atomic_ullong tokens_refused;
};

/* What the caller of ctx may spend on one request. */
static inline double fl_api_budget(const fl_ctx *ctx)
{
	return ctx->caller.role < FL_ROLE_SYSTEM ? ctx->services->api->budgets[ctx->caller.role] : 0;
}

/* documents.c: reads a request, with the caller's budget, and settles which document it means (fl_api_document). */
FL_MUST fl_err fl_api_request(fl_ctx *ctx, const fl_json *body, fl_gql_request *out);
/* May wait. FL_NO_DOCUMENT, FL_NO_PERSISTED, FL_UNTRUSTED: a request error for the client; FL_BAD_REQUEST. */
FL_MUST fl_err fl_api_document(fl_ctx *ctx, fl_gql_request *request);
bool fl_api_is_document_error(fl_err err);
FL_MUST fl_err fl_api_own_documents(fl_api *api, const fl_str *texts, size_t count);

/* auth.c: a client that sends the header Fleet-Written (a browser: the cookie) back is never shown less than it wrote. */
void fl_api_tell_written(fl_ctx *ctx, const fl_request *req, fl_response *res);
/* Before a request is executed: queries may be answered by replicas, everything else may not. */
void fl_api_choose_reads(fl_ctx *ctx, const fl_gql_request *request);

/* answer.c. FL_NOT_ACCEPTABLE when the client takes no kind of answer that there is. */
FL_MUST fl_err fl_api_negotiate(fl_ctx *ctx, const fl_request *req);
/* Sends out, which is then empty. Compressed as the client likes; a query by GET has an ETag. */
FL_MUST fl_err fl_api_answer(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_gql_outcome *outcome, fl_buf *out);
FL_MUST fl_err fl_api_answer_batch(fl_ctx *ctx, fl_request *req, fl_response *res, fl_buf *out);
/* graphql_http.c: what the header GraphQL-Cost asks for. */
void fl_api_cost_wishes(const fl_request *req, fl_gql_request *request);
/* batch.c: a JSON array of requests. */
FL_MUST fl_err fl_api_batch(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_json *body);

/* graphql_parts.c: whether the client takes multipart/mixed, and in which format; and the answer then. */
fl_gql_parts fl_api_parts_wanted(const fl_request *req);
FL_MUST fl_err fl_api_answer_in_parts(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_gql_request *request);
/* The next payload replaces what out holds. Each has a deadline of its own; between them ctx has none. */
FL_MUST fl_err fl_api_next_part(fl_ctx *ctx, fl_gql_stream *stream, fl_buf *out, bool *more);

/* graphql_ws.c: answers an upgrade of /graphql. */
fl_err fl_api_ws(fl_ctx *ctx, fl_request *req, fl_response *res);

/* graphql_sse.c: Server-Sent Events in the distinct connections mode of graphql-sse. */
bool fl_api_wants_events(const fl_request *req);
/* Answers any operation; returns when it is complete, or the client has left. ready: what came of reading the request. */
FL_MUST fl_err fl_api_sse(fl_ctx *ctx, fl_request *req, fl_response *res, const fl_gql_request *request, fl_err ready);
/* The pieces, for answers of several parts: open once, any number of next, complete, then return FL_OK from the handler. A next
 * returns when the socket has taken it. json: one value in one line. */
FL_MUST fl_err await_sse_open(fl_ctx *ctx, fl_response *res);
FL_MUST fl_err await_sse_next(fl_ctx *ctx, fl_response *res, fl_str json);
FL_MUST fl_err await_sse_complete(fl_ctx *ctx, fl_response *res);

/* tiles.c: answers GET /tiles/:z/:x/:y.mvt. */
fl_err fl_api_tile(fl_ctx *ctx, fl_request *req, fl_response *res);
/* photos.c: answers GET /photos/:report/:photo/:variant. */
fl_err fl_api_photo_bytes(fl_ctx *ctx, fl_request *req, fl_response *res);
/* The same for who bears a link to an estimate: GET /quote/:token/photos/:photo/:variant. No originals. */
fl_err fl_api_quote_photo(fl_ctx *ctx, fl_request *req, fl_response *res);
/* auth.c: false when a browser sent the request from a page of another site. */
bool fl_api_same_origin(const fl_request *req);
/* auth.c: false when a page of another site could have sent the request without asking first (no preflight). */
bool fl_api_asked_first(const fl_request *req);
/* auth.c: from a bearer token as text, as in a WebSocket's connection_init. */
FL_MUST fl_err fl_api_authenticate_bearer(fl_ctx *ctx, fl_str header);

#endif
