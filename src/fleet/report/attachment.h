/* Attachments of a report: invoices, police records, letters. Kept by content in the blob store, of a few kinds that are told by
 * their first bytes, never decoded here. Whoever may read the report may download them; each first look an hour leaves an event.
 * What is removed is no longer listed and no longer sent; its blob and its history stay. */
#ifndef FL_FLEET_ATTACHMENT_H
#define FL_FLEET_ATTACHMENT_H

#include "fleet/report/report.h"

enum { FL_ATTACHMENTS_MAX = 50, FL_ATTACHMENT_NAME_MAX = 200 };
#define FL_ATTACHMENT_BYTES_MAX FL_PHOTO_BYTES_MAX

typedef struct fl_attachment {
	fl_uuid report_id;
	int16_t id;
	fl_str name, media_type, sha256_hex, client; /* client.ptr NULL: not known, or not for the caller */
	fl_sha256 blob;
	int64_t size_bytes, created_at;
	int32_t uploaded_by; /* 0: a program */
} fl_attachment;

/* Takes PDF, JPEG, PNG, WebP, HEIC, plain text and CSV, and the office formats that are ZIP files. Errors: FL_NOT_FOUND,
 * FL_FORBIDDEN, FL_UNSUPPORTED (another kind), FL_TOO_LARGE, FL_BAD_INPUT (empty, too many). */
FL_MUST fl_err fl_attachment_add(fl_ctx *ctx, fl_uuid report, const fl_upload *upload, int16_t *id);
/* By who added it, or who decides. */
FL_MUST fl_err fl_attachment_remove(fl_ctx *ctx, fl_uuid report, int16_t id);
/* Those that are not removed, by report and number: ask for reports that the caller may read. */
FL_MUST fl_err fl_attachments_of_reports(
	fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_attachment **out, size_t *count);
/* One, for download: checks that the caller may read the report and writes down that they looked. FL_NOT_FOUND. */
FL_MUST fl_err fl_attachment_open(fl_ctx *ctx, fl_uuid report, int16_t id, const fl_attachment **out);

/* The kind that the first bytes (and for ZIP and text the name) tell; ptr NULL: one that is not taken. */
fl_str fl_attachment_kind(fl_str head, fl_str name);

#endif
