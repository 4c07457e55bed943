/* Inside inspection: what its files share. */
#ifndef FL_FLEET_INSPECTION_INT_H
#define FL_FLEET_INSPECTION_INT_H

#include "fleet/event.h"
#include "fleet/inspection/inspection.h"

/* FL_BAD_INPUT with a sentence: no name, too many strokes, points outside the field; FL_FORBIDDEN for a program. */
FL_MUST fl_err fl_signing_check(fl_ctx *ctx, const fl_signing *signing);

/* What a signature of this role covers, in its canonical form: the same bytes whenever the same was signed. defects are all of the
 * inspection; of a mechanic's signature those count that it resolves. The text lives in ctx->mem. */
FL_MUST fl_err fl_signature_content(
	fl_ctx *ctx, const fl_inspection *inspection, const fl_defect *defects, size_t defect_count, const fl_signature *signature, fl_str *out);

/* The next signature of an inspection: who, when, which statement, and its hash over content and the last one (NULL: the first). */
FL_MUST fl_err fl_signature_make(fl_ctx *ctx, const fl_inspection *inspection, const fl_defect *defects, size_t defect_count, fl_signer role,
	const fl_signing *signing, fl_str remark, const fl_signature *last, fl_signature *out);

extern const fl_sql fl_signature_insert;
FL_MUST fl_err fl_signature_args(fl_ctx *ctx, const fl_signature *signature, fl_args *args);

/* Events of a step in one statement: one of the inspection, and one of each report that it concerns. */
FL_MUST fl_err fl_inspection_events(fl_ctx *ctx, const char *type, const char *report_type, const fl_inspection *inspection,
	const fl_defect *const *defects, size_t defect_count, const fl_signature *signature, fl_args *args, fl_stmt *out);

/* All of one inspection; inside a transaction locked, otherwise as of one moment. FL_NOT_FOUND. */
typedef struct fl_inspection_whole {
	fl_inspection *inspection;
	fl_defect *defects;
	fl_signature *signatures;
	size_t defect_count, signature_count;
} fl_inspection_whole;
FL_MUST fl_err fl_inspection_lock(fl_ctx *ctx, fl_tx *tx, fl_uuid id, fl_inspection_whole *out);
FL_MUST fl_err fl_inspection_read(fl_ctx *ctx, fl_uuid id, fl_inspection_whole *out);

/* inspection_check.c: what the draft says by itself, and its answers against the checklist; items, template_id and template_version of
 * in are set. FL_BAD_INPUT. */
FL_MUST fl_err fl_inspection_draft_check(fl_ctx *ctx, const fl_inspection_draft *draft);
FL_MUST fl_err fl_inspection_items_take(
	fl_ctx *ctx, const fl_inspection_draft *draft, const fl_inspection_template *template, fl_inspection *in);
/* inspection_report.c: sets d->report_id for defect i of the draft; may file a report. */
FL_MUST fl_err fl_defect_report_take(fl_ctx *ctx, const fl_inspection *in, const fl_inspection_draft *draft, size_t i, fl_defect *d);

#endif
