/* The history of a report: its events as people read them, newest first. */
#ifndef FL_FLEET_HISTORY_H
#define FL_FLEET_HISTORY_H

#include "fleet/report/report.h"

/* X(NAME, event type; NULL: told apart by the data) */
#define FL_HISTORY_KINDS(X)                                                                                                      \
	X(CREATED, "report.created")                                                                                             \
	X(ASSESSED, "report.assessed")                                                                                           \
	X(MOVED, NULL)                                                                                                           \
	X(ENDORSED, NULL)                                                                                                        \
	X(UNDONE, NULL)                                                                                                          \
	X(CHANGED, "report.updated")                                                                                             \
	X(OVERDUE, "report.overdue")                                                                                             \
	X(ZONE_ADDED, "zone.added")                                                                                              \
	X(ZONE_CHANGED, "zone.changed")                                                                                          \
	X(ZONE_REPAIRED, "zone.repaired")                                                                                        \
	X(ZONE_REMOVED, "zone.removed")                                                                                          \
	X(COMMENTED, "comment.added")                                                                                            \
	X(COMMENT_EDITED, "comment.edited")                                                                                      \
	X(COMMENT_REMOVED, "comment.removed")                                                                                    \
	X(ATTACHED, "attachment.added")                                                                                          \
	X(DETACHED, "attachment.removed")                                                                                        \
	X(ATTACHMENT_OPENED, "attachment.opened")                                                                                \
	X(PHOTO_OPENED, "photo.opened")                                                                                          \
	X(PHOTO_CHANGED, "photo.changed")                                                                                        \
	X(PHOTO_REMOVED, "photo.erased")                                                                                         \
	X(ESTIMATE_REQUESTED, "estimate.requested")                                                                              \
	X(ESTIMATE_LINKED, "estimate.linked")                                                                                    \
	X(ESTIMATE_UNLINKED, "estimate.unlinked")                                                                                \
	X(ESTIMATE_SUBMITTED, "estimate.submitted")                                                                              \
	X(ESTIMATE_ACCEPTED, "estimate.accepted")                                                                                \
	X(ESTIMATE_DECLINED, "estimate.declined")                                                                                \
	X(ESTIMATE_WITHDRAWN, "estimate.withdrawn")                                                                              \
	X(ESTIMATE_EXPIRED, "estimate.expired")                                                                                  \
	X(ESTIMATE_RELEASED, "estimate.released")                                                                                \
	X(RESTORED, "retention.restored")                                                                                        \
	X(HELD, "hold.set")                                                                                                      \
	X(RELEASED, "hold.released")                                                                                             \
	X(ORDER_CREATED, "work_order.created")                                                                                   \
	X(ORDER_CHANGED, "work_order.changed")                                                                                   \
	X(ORDER_MOVED, "work_order.moved")                                                                                       \
	X(ORDER_TASK, "work_order.task")                                                                                         \
	X(INVOICE_RECORDED, "invoice.recorded")                                                                                  \
	X(INVOICE_APPROVED, "invoice.approved")                                                                                  \
	X(INVOICE_VOIDED, "invoice.voided")                                                                                      \
	X(CLAIM_OPENED, "claim.opened")                                                                                          \
	X(CLAIM_CHANGED, "claim.changed")                                                                                        \
	X(CLAIM_MOVED, "claim.moved")                                                                                            \
	X(DEFECT_FOUND, "inspection.found")                                                                                      \
	X(DEFECT_RESOLVED, "inspection.resolved")                                                                                \
	X(PACK_MADE, "claim_pack.made")                                                                                          \
	X(OTHER, "")

typedef enum fl_history_kind {
	FL_HISTORY_NONE,
#define FL_HISTORY_ENUM(name, type) FL_HISTORY_##name,
	FL_HISTORY_KINDS(FL_HISTORY_ENUM)
#undef FL_HISTORY_ENUM
} fl_history_kind;

typedef struct fl_field_change {
	fl_str field, before, after; /* ptr NULL: nothing */
} fl_field_change;

typedef struct fl_history_entry {
	fl_uuid id, report_id; /* id: of the event */
	int32_t kind;
	int64_t at;
	int32_t actor; /* users.id; 0: the system or a program */
	fl_str actor_name, text, reason;
	fl_field_change *changes;
	size_t change_count;
	int32_t number; /* of the zone, photo, attachment, estimate or work order; 0: none */
	bool has_comment;
	fl_uuid comment;
} fl_history_entry;

/* At most limit of each report, those older than after when it is not NULL; grouped by report. Drivers do not see internal
 * comments, estimates, and who looked at which file. Ask for reports that the caller may read: see fl_reports_get. */
FL_MUST fl_err fl_history_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, const fl_uuid *after,
	uint32_t limit, fl_history_entry **out, size_t *count);

#endif
