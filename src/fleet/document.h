/* Documents: the GraphQL texts that were registered to be run where only trusted ones are. Of the platform, not of a company. */
#ifndef FL_FLEET_DOCUMENT_H
#define FL_FLEET_DOCUMENT_H

#include "fleet/fleet.h"

typedef struct fl_document {
	int64_t version;
	fl_str id;   /* 32 bytes, the SHA-256 of the text */
	fl_str text; /* ptr NULL: it was removed */
} fl_document;

/* What changed since a version, oldest change first, a page at a time; *count 0: nothing. In ctx->mem. */
FL_MUST fl_err fl_documents_since(fl_ctx *ctx, int64_t version, fl_document **out, size_t *count);

#endif
