/* Sealed files: a stream, compressed and encrypted piece by piece, that opens only whole, unchanged and under its own name.
 *
 *	8 bytes "FLSEAL01" | 24 bytes header of the cipher | pieces of at most 64 KiB + 17, the last one marked as the last
 *
 * zstd, then XChaCha20-Poly1305 (libsodium's secretstream); the name is authenticated with the first piece, so that one file
 * cannot stand in for another. */
#ifndef FL_BACKUP_SEALED_H
#define FL_BACKUP_SEALED_H

#include "backup/backup.h"

typedef struct fl_sealed_size {
	int64_t plain, sealed; /* bytes */
} fl_sealed_size;

/* Reads in to its end, writes the sealed form to out. Neither is closed or synced. */
FL_MUST fl_err fl_seal(const fl_backup_key *key, fl_str name, int in, int out, fl_sealed_size *size, fl_diag *diag);
/* The way back. out -1: only checks. FL_DENIED: another key, another name, cut off or changed; what was written until then is
 * good as far as it goes and must not be used. */
FL_MUST fl_err fl_unseal(const fl_backup_key *key, fl_str name, int in, int out, fl_sealed_size *size, fl_diag *diag);

/* A file sealed into FOLDER/NAME.sealed: whole and synced, or not there. name may hold slashes; folders are made. */
FL_MUST fl_err fl_seal_into(
	const fl_backup_key *key, const char *dir, const char *name, int in, fl_sealed_size *size, fl_diag *diag);
/* Opens DIR/NAME.sealed and unseals it to out. FL_NOT_FOUND. */
FL_MUST fl_err fl_unseal_from(
	const fl_backup_key *key, const char *dir, const char *name, int out, fl_sealed_size *size, fl_diag *diag);

#endif
