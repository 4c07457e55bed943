/* pack: a ZIP file that proves what is in it. Written as a stream, checked by anybody with unzip and sha256sum, or by verify here.
 *
 *	FL_AUTO(fl_pack_free) fl_pack *pack = NULL;
 *	FL_TRY(fl_pack_new(fd, 512 << 20, &pack));
 *	FL_TRY(fl_pack_begin(pack, FL_STR("photos/01.jpg"), size, diag));
 *	FL_TRY(fl_pack_write(pack, piece, diag));                        // as often as it takes, size bytes in all
 *	FL_TRY(fl_pack_file(pack, FL_STR("report.json"), json, diag));   // a whole file at once
 *	FL_TRY(fl_pack_seal(pack, about, diag, &manifest, &bytes));
 *
 * What the seal adds at the end: manifest.json, which names each file in its order in the ZIP with size and SHA-256, and the SHA-256 of
 * each piece of FL_PACK_PIECE bytes where there are several, so that a difference can be placed; and MANIFEST.sha256, which has the same
 * hashes and that of manifest.json as `sha256sum -c` reads them. Whoever keeps the SHA-256 of manifest.json elsewhere can prove the pack
 * as a whole; the pack alone proves that it is complete and consistent.
 *
 * Files lie in the ZIP as they are, not compressed: photos are already, and the same input gives the same bytes whatever the version of a
 * compressor. Entries have no time of their own; the pack's time stands in the manifest. Names are ASCII (fl_pack_name).
 *
 * Everything blocks: call it on the io pool, piece by piece. Memory: the manifest, some 200 bytes a file and 70 a piece. libarchive
 * does the ZIP. Threads: a pack belongs to one thread at a time. */
#ifndef FL_PACK_H
#define FL_PACK_H

#include "base/base.h"
#include "crypt/crypt.h"

typedef struct fl_pack fl_pack;

enum {
	FL_PACK_PIECE = 1 << 20,
	FL_PACK_FILES_MAX = 1000,
	FL_PACK_NAME_MAX = 200,
	FL_PACK_MANIFEST_MAX = 8 << 20,
};

/* fd: open for writing, at its start; stays the caller's. bytes_max: of the ZIP. */
FL_MUST fl_err fl_pack_new(int fd, int64_t bytes_max, fl_pack **out);
void fl_pack_free(fl_pack *pack); /* NULL is fine */
FL_AUTO_DEFINE(fl_pack, fl_pack_free)

/* Errors, which stick: FL_TOO_LARGE, FL_IO, FL_DISK_FULL, FL_NOMEM, FL_BAD_INPUT (a name twice, or none that is safe). */
FL_MUST fl_err fl_pack_begin(fl_pack *pack, fl_str name, int64_t size, fl_diag *diag);
FL_MUST fl_err fl_pack_write(fl_pack *pack, fl_str bytes, fl_diag *diag);
FL_MUST fl_err fl_pack_file(fl_pack *pack, fl_str name, fl_str bytes, fl_diag *diag);
/* The next len bytes of the file that was begun, from fd at offset. FL_IO when it has fewer. */
FL_MUST fl_err fl_pack_copy(fl_pack *pack, int fd, int64_t offset, int64_t len, fl_diag *diag);
/* The SHA-256 of the file that was ended last. */
fl_sha256 fl_pack_last(const fl_pack *pack);

/* The text as part of a name: letters, digits, '.', '-' and '_' stay, all else becomes '_'; at most 80 bytes, never empty. */
fl_str fl_pack_name(fl_arena *mem, fl_str text);

/* about: members of the manifest besides its files, as in "\"kind\":\"claim\",\"madeBy\":\"..\"" (complete JSON members). The pack's time is
 * made_us. *manifest: the SHA-256 of manifest.json; *bytes: the size of the ZIP. */
FL_MUST fl_err fl_pack_seal(fl_pack *pack, fl_str about, int64_t made_us, fl_diag *diag, fl_sha256 *manifest, int64_t *bytes);
size_t fl_pack_files(const fl_pack *pack);

/* ---- Checking ---- */

typedef struct fl_pack_check {
	int64_t bytes_max;                          /* of all files together; 0: 4 GiB */
	void (*say)(void *arg, const char *finding); /* one sentence a finding; may be NULL */
	void *arg;
} fl_pack_check;

typedef struct fl_pack_verdict {
	size_t files, findings; /* findings 0: the pack is whole */
	int64_t bytes;
	fl_sha256 manifest;
	char made_at[FL_TIME_TEXT_MAX];
} fl_pack_verdict;

/* Reads the ZIP behind fd, which may be anything. FL_BAD_INPUT: no pack at all (diag says why). What differs is told as findings. */
FL_MUST fl_err fl_pack_verify(int fd, const fl_pack_check *check, fl_diag *diag, fl_pack_verdict *out);

#endif
