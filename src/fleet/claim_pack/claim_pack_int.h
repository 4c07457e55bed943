/* What goes into a claim pack, read once; written as JSON, CSV and PDF. */
#ifndef FL_FLEET_CLAIM_PACK_INT_H
#define FL_FLEET_CLAIM_PACK_INT_H

#include "fleet/report/attachment.h"
#include "fleet/repair/repair.h"
#include "fleet/claim_pack/claim_pack.h"
#include "fleet/report/comment.h"
#include "fleet/report/custody_log.h"
#include "fleet/report/history.h"
#include "fleet/registry/vehicle.h"
#include "fleet/report/zone.h"
#include "pack/pack.h"

enum { FL_PACK_HISTORY_MAX = 10000 };

typedef struct fl_pack_contents {
	fl_claim_pack pack;
	int64_t made_us;
	const fl_tenant *tenant;
	const fl_report *report;
	const fl_vehicle *vehicle;   /* NULL: not to be seen */
	const fl_driver *driver;     /* NULL: none */
	const fl_facility *facility; /* NULL: none */
	const fl_claim *claim;       /* NULL: none */
	const fl_assessment_row *assessment; /* NULL: none */
	fl_payment *payments;
	fl_zone *zones;
	fl_photo_row *photos;
	fl_attachment *attachments;
	fl_estimate *estimates;
	fl_order *orders;
	fl_task *tasks;
	fl_invoice *invoices;
	fl_invoice_line *lines;
	fl_downtime *downtimes;
	fl_history_entry *history; /* newest first */
	fl_custody_row *custody;
	fl_person *people;
	fl_vendor *vendors;
	size_t payment_count, zone_count, photo_count, attachment_count, estimate_count, order_count, task_count, invoice_count, line_count,
		downtime_count, history_count, custody_count, people_count, vendor_count;
	fl_str *photo_names, *attachment_names; /* in the pack */
	fl_str *views;                          /* JPEGs for the PDF; empty: none */
} fl_pack_contents;

/* Reads as ctx->caller, who must be who asked. FL_NOT_FOUND: the report is not there any more. */
FL_MUST fl_err fl_pack_gather(fl_ctx *ctx, const fl_claim_pack *pack, fl_pack_contents *out);

/* "Mo", or "person 5" where names are left out; empty for 0. */
fl_str fl_pack_person(fl_arena *mem, const fl_pack_contents *c, int32_t id);
/* The sentence of the history, with names or without. */
fl_str fl_pack_sentence(fl_arena *mem, const fl_pack_contents *c, const fl_history_entry *entry);
fl_str fl_pack_vendor(const fl_pack_contents *c, int32_t id); /* empty: the own workshop */
fl_str fl_pack_time(fl_arena *mem, int64_t at);               /* "2026-03-01T09:30:00Z"; ptr NULL for 0 */

FL_MUST fl_err fl_pack_json(fl_ctx *ctx, const fl_pack_contents *c, fl_buf *out);
FL_MUST fl_err fl_pack_history_csv(fl_ctx *ctx, const fl_pack_contents *c, fl_buf *out);
FL_MUST fl_err fl_pack_custody_csv(fl_ctx *ctx, const fl_pack_contents *c, fl_buf *out);
/* Members of the manifest. */
FL_MUST fl_err fl_pack_about(fl_ctx *ctx, const fl_pack_contents *c, fl_buf *out);
/* On the pool. */
FL_MUST fl_err fl_pack_pdf(fl_ctx *ctx, const fl_pack_contents *c, fl_str *out);

#endif
