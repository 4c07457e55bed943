/* Notices: how the outside learns of events. Webhooks tell programs, alerts tell people by mail; each message to each receiver is
 * a delivery, with its tries in a log.
 *
 *	event committed --> deliveries_fan_out (each second) --> a delivery and its job --> fl_deliver_job --> tried, and tried
 *again
 *
 * A delivery is made exactly once for an event and a receiver, and arrives at least once: receivers know a repeat by its id.
 * A receiver that answers anything but 2xx is tried again with growing pauses, 14 times in about four hours, then it is given up;
 * fl_delivery_replay sends it again. 410 Gone switches a webhook off. */
#ifndef FL_FLEET_NOTICE_H
#define FL_FLEET_NOTICE_H

#include "fleet/fleet.h"
#include "queue/queue.h"

enum { FL_EVENT_TYPES_MAX = 50, FL_WEBHOOKS_MAX = 20, FL_ALERTS_MAX = 20 };

/* FL_BAD_INPUT: too many, or one that is neither NOUN.VERB nor NOUN.*. */
FL_MUST fl_err fl_event_types_check(fl_ctx *ctx, const fl_str *types, size_t count);

/* ---- Webhooks ---- */

typedef struct fl_webhook {
	int32_t id, generation, version;
	fl_str url, description, stopped_why; /* stopped_why.ptr NULL: nothing stopped it */
	fl_str *types;                        /* empty: all */
	size_t type_count;
	bool active;
	int64_t created_at;
} fl_webhook;

/* What is to change; a NULL ptr and types_given, active_given false leave it as it is. */
typedef struct fl_webhook_patch {
	int32_t id, version; /* id 0: a new one. version 0: whatever it is */
	fl_str url, description;
	const fl_str *types;
	size_t type_count;
	bool types_given, active_given, active;
} fl_webhook_patch;

FL_MUST fl_err fl_webhooks(fl_ctx *ctx, fl_webhook **out, size_t *count);
/* Errors: FL_BAD_INPUT (the URL, a type), FL_FORBIDDEN (the URL leads inside), FL_LIMIT, FL_CONFLICT, FL_NOT_FOUND. */
FL_MUST fl_err fl_webhook_save(fl_ctx *ctx, const fl_webhook_patch *patch, const fl_webhook **out);
FL_MUST fl_err fl_webhook_delete(fl_ctx *ctx, int32_t id);
/* A new secret; the old one signs nothing any more. */
FL_MUST fl_err fl_webhook_rotate(fl_ctx *ctx, int32_t id, const fl_webhook **out);
/* Queues a message of type webhook.test. */
FL_MUST fl_err fl_webhook_test(fl_ctx *ctx, int32_t id, fl_uuid *delivery);
/* "whsec_...", in ctx->mem. */
FL_MUST fl_err fl_webhook_secret_of(fl_ctx *ctx, const fl_webhook *webhook, fl_str *out);

/* ---- Alerts: a person's own rules ---- */

typedef struct fl_alert {
	int32_t id, version, facility_id; /* facility_id 0: any */
	fl_str name;
	fl_str *types;
	size_t type_count;
	int16_t severity_min;         /* 0: any */
	int16_t quiet_from, quiet_to; /* minutes after midnight; -1: no quiet hours */
	bool active;
} fl_alert;

FL_MUST fl_err fl_alerts(fl_ctx *ctx, fl_alert **out, size_t *count);
/* All of it is written; id 0 makes a new one; version 0: whatever it is. */
FL_MUST fl_err fl_alert_save(fl_ctx *ctx, const fl_alert *alert, const fl_alert **out);
FL_MUST fl_err fl_alert_delete(fl_ctx *ctx, int32_t id);

/* ---- Deliveries ---- */

typedef enum fl_delivery_state { FL_DELIVERY_WAITING = 1, FL_DELIVERY_DELIVERED, FL_DELIVERY_FAILED } fl_delivery_state;

typedef struct fl_delivery_try {
	int64_t at;
	int32_t status; /* of HTTP; 0: no answer */
	int32_t duration_ms;
	fl_str error; /* ptr NULL: none */
} fl_delivery_try;

typedef struct fl_delivery {
	fl_uuid id, event_id;
	int32_t webhook_id; /* 0: by mail */
	fl_str event_type;
	int16_t state; /* fl_delivery_state */
	int16_t attempts;
	int64_t delivered_at; /* 0: not yet */
	fl_delivery_try *tries;
	size_t try_count;
} fl_delivery;

/* Of one webhook (0: of all) and one state (0: any), newest first. */
FL_MUST fl_err fl_deliveries(
	fl_ctx *ctx, int32_t webhook_id, int16_t state, const fl_uuid *after, uint32_t limit, fl_delivery **out, size_t *count);
FL_MUST fl_err fl_delivery_get(fl_ctx *ctx, fl_uuid id, const fl_delivery **out);
FL_MUST fl_err fl_delivery_replay(fl_ctx *ctx, fl_uuid id, const fl_delivery **out);

/* A handler for fl_runner_opts. Needs services->outbound and services->webhook_key. */
FL_MUST fl_err fl_deliver_job(fl_ctx *ctx, fl_job *job, void *arg);

#endif
