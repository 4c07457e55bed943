/* What writing and checking share: a file as the manifest names it. */
#ifndef FL_PACK_INT_H
#define FL_PACK_INT_H

#include "pack/pack.h"

#define FL_PACK_MANIFEST "manifest.json"
#define FL_PACK_SUMS "MANIFEST.sha256"
#define FL_PACK_FORMAT "fleet-pack-1"

typedef struct fl_pack_entry {
	fl_str name;
	int64_t size;
	fl_sha256 sha256;
	fl_sha256 *pieces; /* those of FL_PACK_PIECE bytes; NULL where there is only one */
	size_t piece_count;
} fl_pack_entry;

/* Hashes a file as it passes by, as a whole and in pieces. */
typedef struct fl_pack_hash {
	fl_hasher *whole, *piece;
	int64_t seen;
	fl_sha256 *pieces;
	size_t piece_count, piece_cap;
} fl_pack_hash;

FL_MUST fl_err fl_pack_hash_init(fl_pack_hash *hash);
void fl_pack_hash_fini(fl_pack_hash *hash);
FL_MUST fl_err fl_pack_hash_add(fl_pack_hash *hash, fl_str bytes);
/* Ends the file: pieces lie in mem. The hash is ready for the next. */
FL_MUST fl_err fl_pack_hash_end(fl_pack_hash *hash, fl_arena *mem, fl_pack_entry *out);

/* Relative, of safe characters, no part of it "." or "..". */
bool fl_pack_name_safe(fl_str name);

#endif
