/* Inside archive/: files being written and read. */
#ifndef FL_ARCHIVE_INT_H
#define FL_ARCHIVE_INT_H

#include "archive/archive.h"
#include "backup/sealed.h"
#include "base/json.h"

#include <openssl/evp.h>
#include <stdio.h>

/* SHA-256 that grows. */
typedef struct fl_archive_hash {
	EVP_MD_CTX *ctx;
} fl_archive_hash;
FL_MUST fl_err fl_archive_hash_init(fl_archive_hash *hash);
void fl_archive_hash_add(fl_archive_hash *hash, fl_str bytes);
fl_sha256 fl_archive_hash_end(fl_archive_hash *hash); /* and begins anew */
void fl_archive_hash_fini(fl_archive_hash *hash);

/* A nameless file in the folder: nobody else ever sees the plain form. -1. */
int fl_archive_scratch(const char *dir);

typedef struct fl_archive_batch {
	int32_t tenant;
	fl_str slug;
	fl_uuid id; /* of the archive */
	char month[8];
	const fl_uuid *reports;
	size_t count;
} fl_archive_batch;

/* The name within DIR, without ".sealed". */
void fl_archive_name(fl_str slug, const char *month, fl_uuid id, char out[128]);
/* Writes the plain form into fd. */
FL_MUST fl_err fl_archive_write(const fl_archive_site *site, fl_pg *pg, const fl_archive_batch *batch, int fd, fl_archive_facts *facts,
	int64_t *blobs_missing, fl_diag *diag);

/* What a reader meets, in the order of the file; report is the one that rows belong to, as the manifest's line says after them. */
typedef struct fl_archive_visitor {
	fl_err (*row)(void *arg, fl_str table, fl_str row_json, fl_diag *diag);
	fl_err (*blob)(void *arg, fl_str hex, fl_str bytes, fl_diag *diag);
	fl_err (*report)(void *arg, fl_uuid id, fl_diag *diag); /* all its rows were visited and are what the manifest says */
	void *arg;
} fl_archive_visitor;
/* Reads the plain form and checks every hash. Members of the visitor may be NULL. */
FL_MUST fl_err fl_archive_read(int fd, const fl_archive_visitor *visitor, fl_archive_facts *facts, fl_diag *diag);

#endif
