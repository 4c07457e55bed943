/* Events: every change leaves one in its own transaction; the relay publishes them after the commit.
 *
 *	transaction --> events --> relay --> Redis fleet:events:<tenant> --> live pages, caches
 *
 * The message is JSON: {"id", "type", "report", "vehicle", "at", "data"}; at in microseconds UTC, data what the event says
 * beyond that (left out when it is empty or longer than FL_EVENT_DATA_SENT_MAX: it can be read in the database). */
#ifndef FL_FLEET_EVENT_H
#define FL_FLEET_EVENT_H

#include "fleet/fleet.h"

#define FL_EVENT_REPORT_CREATED "report.created"
#define FL_EVENT_REPORT_ASSESSED "report.assessed"
#define FL_EVENT_REPORT_UPDATED "report.updated"
#define FL_EVENT_MODEL_PROGRESS "model.progress" /* its data: fleet/model.h */
#define FL_EVENT_REPORT_OVERDUE "report.overdue" /* by reports_overdue() */
#define FL_EVENT_ZONE_ADDED "zone.added"
#define FL_EVENT_ZONE_CHANGED "zone.changed"
#define FL_EVENT_ZONE_REPAIRED "zone.repaired"
#define FL_EVENT_ZONE_REMOVED "zone.removed"
#define FL_EVENT_COMMENT_ADDED "comment.added"   /* its data names who is mentioned, not what it says */
#define FL_EVENT_COMMENT_EDITED "comment.edited"
#define FL_EVENT_COMMENT_REMOVED "comment.removed"
#define FL_EVENT_ATTACHMENT_ADDED "attachment.added"
#define FL_EVENT_ATTACHMENT_REMOVED "attachment.removed"
#define FL_EVENT_ATTACHMENT_OPENED "attachment.opened"
#define FL_EVENT_PHOTO_OPENED "photo.opened"
#define FL_EVENT_PHOTO_CHANGED "photo.changed"
#define FL_EVENT_PHOTO_ERASED "photo.erased"
#define FL_EVENT_ESTIMATE_REQUESTED "estimate.requested" /* their data: fleet/repair/estimate_int.h */
#define FL_EVENT_ESTIMATE_LINKED "estimate.linked"       /* a new link took the place of the old one */
#define FL_EVENT_ESTIMATE_UNLINKED "estimate.unlinked"
#define FL_EVENT_ESTIMATE_SUBMITTED "estimate.submitted" /* the first time or again */
#define FL_EVENT_ESTIMATE_ACCEPTED "estimate.accepted"
#define FL_EVENT_ESTIMATE_DECLINED "estimate.declined"
#define FL_EVENT_ESTIMATE_WITHDRAWN "estimate.withdrawn"
#define FL_EVENT_ESTIMATE_EXPIRED "estimate.expired"     /* by estimates_expire() */
#define FL_EVENT_ESTIMATE_RELEASED "estimate.released"   /* by estimates_release(): its report is approved no more */
#define FL_EVENT_LIMIT_SET "policy.limit_set"    /* of no report; so for the next */
#define FL_EVENT_DEADLINES_SET "policy.deadlines_set"
#define FL_EVENT_LOSS_RULE_SET "policy.loss_rule_set"
#define FL_EVENT_TOLERANCE_SET "policy.tolerance_set"
#define FL_EVENT_ORDER_CREATED "work_order.created" /* their data names the order as workOrder; after: what became of it, so for bills and claims */
#define FL_EVENT_ORDER_CHANGED "work_order.changed"
#define FL_EVENT_ORDER_MOVED "work_order.moved"
#define FL_EVENT_ORDER_TASK "work_order.task"
#define FL_EVENT_INVOICE_RECORDED "invoice.recorded"
#define FL_EVENT_INVOICE_APPROVED "invoice.approved"
#define FL_EVENT_INVOICE_VOIDED "invoice.voided"
#define FL_EVENT_CLAIM_OPENED "claim.opened"
#define FL_EVENT_CLAIM_CHANGED "claim.changed"
#define FL_EVENT_CLAIM_MOVED "claim.moved"
#define FL_EVENT_PACK_MADE "claim_pack.made" /* its data: pack, the SHA-256 of its manifest, bytes, whether it has names */

#define FL_EVENT_RETENTION_SET "retention.set" /* retention.removed and .restored are written by the database (0041) */
#define FL_EVENT_ARCHIVE_OPENED "archive.opened"
#define FL_EVENT_HOLD_SET "hold.set"
#define FL_EVENT_HOLD_RELEASED "hold.released"
/* person.restricted, .erased, .kept and .redacted are written by the database (0040), in the transaction of what they tell. */
#define FL_EVENT_INSPECTION_SUBMITTED "inspection.submitted" /* of a vehicle and no report; so for the next two */
#define FL_EVENT_INSPECTION_CERTIFIED "inspection.certified"
#define FL_EVENT_INSPECTION_ACKNOWLEDGED "inspection.acknowledged"
#define FL_EVENT_INSPECTION_FOUND "inspection.found"         /* of the report that tells of the defect; so for the next */
#define FL_EVENT_INSPECTION_RESOLVED "inspection.resolved"
#define FL_EVENT_INSPECTION_TEMPLATE "inspection.template_saved"
#define FL_EVENT_INSPECTION_POLICY "inspection.policy_set"

enum { FL_EVENT_DATA_SENT_MAX = 8 << 10 }; /* bytes */

#define FL_CHANNEL_EVENTS "fleet:events:"     /* followed by the tenant's id */
#define FL_CHANNEL_POKE_RELAY "fleet:poke:relay"
#define FL_CHANNEL_POKE_JOBS "fleet:poke:jobs"

typedef struct fl_event {
	fl_uuid id;
	const char *type; /* FL_EVENT_... */
	fl_uuid report_id;                 /* all zero: of no report */
	int32_t vehicle_id, version;       /* vehicle_id 0: of no vehicle */
	int32_t actor;    /* 0: the system */
	fl_str data;      /* JSON: what changed; ptr NULL: {} */
} fl_event;

/* The statement that writes an event, with its arguments: for the transaction of the change. */
extern const fl_sql fl_event_insert;
FL_MUST fl_err fl_event_args(fl_ctx *ctx, const fl_event *event, fl_args *args);

/* Wakes the relay or the job workers after a commit; never waits, never fails: they look by themselves every second. */
void fl_poke(fl_ctx *ctx, const char *channel);

#endif
