/* Claim packs: everything about a report in one file for an insurer (pack/pack.h), made by a job and kept for a while.
 *
 *	FL_TRY(fl_claim_pack_start(ctx, report, true, &pack));       // queued; DamageReport.claimPacks shows how far it is
 *	... the worker: fl_claim_pack_job, by fl_transfer_job ...
 *	FL_TRY(fl_claim_pack_open(ctx, id, &pack, &fd, &size));       // by who asked for it, until it expires
 *
 * claim.pdf to read, report.json for machines, the originals of photos and attachments, custody.csv, history.csv, and the manifest.
 * docs/claims.md says what is in each. What goes in is what who asked may see, read as that caller. Names of people are left out
 * unless the caller may see how to reach them and asked for them; the manifest lists those that are in it. Free words are as they were
 * written. Comments stay inside the company.
 *
 * Each pack is an event of the report (FL_EVENT_PACK_MADE) with the SHA-256 of its manifest, written together with the end of the job. */
#ifndef FL_FLEET_CLAIM_PACK_H
#define FL_FLEET_CLAIM_PACK_H

#include "fleet/transfer/transfer.h"

enum { FL_CLAIM_PACK_DAYS = 7, FL_CLAIM_PACKS_A_DAY = 20 /* of a report */ };
#define FL_CLAIM_PACK_BYTES_MAX ((int64_t)FL_STORE_BLOB_MAX)

typedef struct fl_claim_pack {
	fl_uuid id, report_id;
	int16_t state; /* fl_transfer_state */
	bool with_names, has_blob, has_manifest;
	fl_role role;
	int32_t user_id; /* 0: a program */
	fl_sha256 blob;
	fl_str manifest_hex, error; /* ptr NULL: none */
	int64_t total, done;        /* bytes of photos and attachments */
	int64_t bytes;
	int32_t files;
	int64_t created_at, finished_at, expires_at; /* 0: not yet */
} fl_claim_pack;

/* Errors: FL_FORBIDDEN, FL_NOT_FOUND, FL_TOO_LARGE (the originals are more than a pack may hold), FL_TOO_MANY. Gives the one that is being
 * made where the same caller asks again. */
FL_MUST fl_err fl_claim_pack_start(fl_ctx *ctx, fl_uuid report, bool with_names, fl_claim_pack *out);
/* FL_NOT_FOUND also for who did not ask for it. */
FL_MUST fl_err fl_claim_pack_get(fl_ctx *ctx, fl_uuid id, fl_claim_pack *out);
/* The newest 20 of each report, by report. All that the company made: their files are only for who asked. */
FL_MUST fl_err fl_claim_packs_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_claim_pack **out, size_t *count);
/* The file. FL_NOT_FOUND: not done, not theirs, or expired (the sentence says which). */
FL_MUST fl_err fl_claim_pack_open(fl_ctx *ctx, fl_uuid id, fl_claim_pack *out, int *fd, int64_t *size);

/* Jobs of FL_QUEUE_TRANSFER whose payload has "pack": make it; or "expired", too: let its file go. */
fl_err fl_claim_pack_job(fl_ctx *ctx, fl_job *job, const fl_json *payload);

#endif
