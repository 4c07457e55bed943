/* store: photos and other large bytes, kept by their content. A blob's name is its SHA-256, so it never changes, is kept once
 * however often it is sent, and can be cached for ever. Today on local disk under HOME/blobs:
 *
 *	HOME/blobs/ab/cd/abcd...64 hex digits      0440, complete from the first moment that it can be seen
 *	HOME/blobs/tmp/                            where nameless files are being written: a crash leaves nothing
 *
 *	fl_blob blob;
 *	FL_TRY(fl_store_put_fd(ctx, store, upload_fd, &blob));    // durable when it returns
 *	FL_TRY(fl_store_open_blob(ctx, store, blob.id, &fd, &size));
 *
 * What is atomic: a blob appears whole (link of a finished, synced file) or not at all, also after a power cut. Putting the same
 * bytes twice, even at the same time, is fine. A blob is put before the transaction that names it: a crash between the two
 * leaves a blob that nobody names, never a name without its blob. What nobody names goes by src/sweep, which knows who names what,
 * and which takes nothing that was put a short while ago, though the bytes were there before: each put counts anew, and a put and a
 * removal of the same blob wait for each other (a lock of the folder ab/cd, in HOME/blobs/lock). Blobs on S3 come behind this same
 * header: nothing outside sees a path.
 *
 * Threads: one fl_store serves all. Every call that takes ctx waits on the pool, never on the loop. */
#ifndef FL_STORE_H
#define FL_STORE_H

#include "base/base.h"
#include "crypt/crypt.h"

typedef struct fl_store fl_store;

typedef struct fl_blob {
	fl_sha256 id;
	int64_t size;
} fl_blob;

/* dir is made when missing (0700). Blocks; for start-up. */
FL_MUST fl_err fl_store_open(const char *dir, fl_store **out, fl_diag *diag);
void fl_store_close(fl_store *store);

/* All bytes of the file behind fd, whatever its offset. They are copied (by reference where the disk can) and hashed as kept.
 * Errors: FL_TOO_LARGE (above FL_STORE_BLOB_MAX), FL_DISK_FULL, FL_IO. Cost: a 4 MB photo 6 ms of a pool thread, and a sync. */
FL_MUST fl_err fl_store_put_fd(fl_ctx *ctx, fl_store *store, int fd, fl_blob *out);
FL_MUST fl_err fl_store_put(fl_ctx *ctx, fl_store *store, fl_str bytes, fl_blob *out);

/* A descriptor for reading, owned by the caller, and the size. FL_NOT_FOUND. */
FL_MUST fl_err fl_store_open_blob(fl_ctx *ctx, fl_store *store, fl_sha256 id, int *fd, int64_t *size);

/* Lets a blob go that has one owner, a file that was made to be taken away, as a claim pack is. Never of uploads: others may have sent
 * the same bytes. One that is not there is fine. */
FL_MUST fl_err fl_store_drop(fl_ctx *ctx, fl_store *store, fl_sha256 id);

/* The same on the calling thread, for programs without a loop. */
FL_MUST fl_err fl_store_put_fd_now(fl_store *store, int fd, fl_blob *out, fl_diag *diag);
FL_MUST fl_err fl_store_put_now(fl_store *store, fl_str bytes, fl_blob *out, fl_diag *diag);
FL_MUST fl_err fl_store_open_blob_now(fl_store *store, fl_sha256 id, int *fd, int64_t *size, fl_diag *diag);

FL_MUST fl_err fl_store_drop_now(fl_store *store, fl_sha256 id, fl_diag *diag);

/* ---- For src/sweep: blocking ---- */

typedef struct fl_store_entry {
	fl_blob blob;
	int64_t put_at; /* when it was last put, in microseconds UTC */
} fl_store_entry;

/* Every blob whose name begins with that byte, in no order; what is put or dropped meanwhile may be among them or not. An error of visit
 * ends it. */
FL_MUST fl_err fl_store_each(
	fl_store *store, uint8_t first, fl_err (*visit)(void *arg, const fl_store_entry *entry), void *arg, fl_diag *diag);
/* Removes a blob unless it was put at put_before or later. *removed is true too when it was not there. A put that is under way is not
 * waited for: then the blob stays. */
FL_MUST fl_err fl_store_remove_old(fl_store *store, fl_sha256 id, int64_t put_before, bool *removed, fl_diag *diag);

/* Whose store this is: a word of at most FL_STORE_MARK_MAX bytes that was left in it, empty at first. */
FL_MUST fl_err fl_store_mark_get(fl_store *store, fl_arena *mem, fl_str *out, fl_diag *diag);
FL_MUST fl_err fl_store_mark_set(fl_store *store, fl_str mark, fl_diag *diag);
enum { FL_STORE_MARK_MAX = 64 };

enum { FL_STORE_BLOB_MAX = 512 << 20 };

#endif
