#include "backup/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

enum {
	PIECE = 64 << 10,
	SEALED_PIECE = PIECE + crypto_secretstream_xchacha20poly1305_ABYTES,
	HEADER = crypto_secretstream_xchacha20poly1305_HEADERBYTES,
	TAG_LAST = crypto_secretstream_xchacha20poly1305_TAG_FINAL,
	LEVEL = 3,
};

static const char MAGIC[8] = "FLSEAL01";

typedef struct sealing {
	crypto_secretstream_xchacha20poly1305_state cipher;
	fl_str name; /* empty once the first piece has it */
	int in, out;
	fl_sealed_size *size;
	fl_diag *diag;
	unsigned char plain[PIECE], packed[PIECE], sealed[SEALED_PIECE];
} sealing;

static fl_err io_failed(fl_diag *diag, const char *what)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return fl_fail(diag, FL_DISK_FULL, "the disk is full");
	return fl_fail(diag, FL_IO, "%s: %s", what, strerror(errno));
}

/* Up to max bytes; fewer only at the end. */
static fl_err read_full(int fd, unsigned char *to, size_t max, size_t *len, fl_diag *diag)
{
	*len = 0;
	while (*len < max) {
		ssize_t got = read(fd, to + *len, max - *len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return io_failed(diag, "reading");
		if (got == 0)
			break;
		*len += (size_t)got;
	}
	return FL_OK;
}

static fl_err write_full(int fd, const unsigned char *from, size_t len, fl_diag *diag)
{
	while (len) {
		ssize_t put = write(fd, from, len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return io_failed(diag, "writing");
		from += put;
		len -= (size_t)put;
	}
	return FL_OK;
}

static fl_err put_piece(sealing *s, size_t len, bool last)
{
	unsigned long long sealed_len;
	crypto_secretstream_xchacha20poly1305_push(&s->cipher, s->sealed, &sealed_len, s->packed, len,
		(const unsigned char *)s->name.ptr, s->name.len, last ? TAG_LAST : 0);
	s->name.len = 0;
	s->size->sealed += (int64_t)sealed_len;
	return write_full(s->out, s->sealed, sealed_len, s->diag);
}

static fl_err seal_pieces(sealing *s, ZSTD_CCtx *zstd)
{
	ZSTD_outBuffer packed = { s->packed, PIECE, 0 };
	size_t len;
	do {
		FL_TRY(read_full(s->in, s->plain, PIECE, &len, s->diag));
		s->size->plain += (int64_t)len;
		ZSTD_inBuffer plain = { s->plain, len, 0 };
		ZSTD_EndDirective mode = len < PIECE ? ZSTD_e_end : ZSTD_e_continue;
		for (size_t left = 1; mode == ZSTD_e_end ? left != 0 : plain.pos < plain.size;) {
			left = ZSTD_compressStream2(zstd, &packed, &plain, mode);
			if (ZSTD_isError(left))
				return fl_fail(s->diag, FL_NOMEM, "compressing: %s", ZSTD_getErrorName(left));
			if (packed.pos < PIECE)
				continue;
			FL_TRY(put_piece(s, packed.pos, false));
			packed.pos = 0;
		}
	} while (len == PIECE);
	return put_piece(s, packed.pos, true); /* may be empty: the end must be marked all the same */
}

fl_err fl_seal(const fl_backup_key *key, fl_str name, int in, int out, fl_sealed_size *size, fl_diag *diag)
{
	unsigned char header[HEADER];
	sealing *s = calloc(1, sizeof(*s));
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	fl_err err = s && zstd && sodium_init() >= 0 ? FL_OK : FL_NOMEM;
	*size = (fl_sealed_size) { .sealed = sizeof(MAGIC) + HEADER };
	if (err == FL_OK) {
		s->name = name;
		s->in = in;
		s->out = out;
		s->size = size;
		s->diag = diag;
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, LEVEL);
		crypto_secretstream_xchacha20poly1305_init_push(&s->cipher, header, key->bytes);
		err = write_full(out, (const unsigned char *)MAGIC, sizeof(MAGIC), diag);
	}
	if (err == FL_OK)
		err = write_full(out, header, HEADER, diag);
	if (err == FL_OK)
		err = seal_pieces(s, zstd);
	ZSTD_freeCCtx(zstd);
	if (s)
		sodium_memzero(s, sizeof(*s));
	free(s);
	return err;
}

/* ---- The way back ---- */

static fl_err refuse(fl_diag *diag, fl_str name, const char *why)
{
	return fl_fail(diag, FL_DENIED, "%" FL_FMT ": %s", FL_ARG(name), why);
}

static fl_err unpack(sealing *s, ZSTD_DCtx *zstd, size_t len, size_t *pending)
{
	ZSTD_inBuffer packed = { s->packed, len, 0 };
	bool full = false; /* the decoder may hold more than it had room to give */
	while (packed.pos < packed.size || (full && *pending)) {
		ZSTD_outBuffer plain = { s->plain, PIECE, 0 };
		*pending = ZSTD_decompressStream(zstd, &plain, &packed);
		if (ZSTD_isError(*pending))
			return fl_fail(s->diag, FL_DENIED, "decompressing: %s", ZSTD_getErrorName(*pending));
		full = plain.pos == PIECE;
		s->size->plain += (int64_t)plain.pos;
		if (s->out >= 0)
			FL_TRY(write_full(s->out, s->plain, plain.pos, s->diag));
	}
	return FL_OK;
}

static fl_err unseal_pieces(sealing *s, ZSTD_DCtx *zstd, fl_str name)
{
	unsigned char tag = 0;
	size_t len, pending = 1;
	while (tag != TAG_LAST) {
		unsigned long long packed_len;
		FL_TRY(read_full(s->in, s->sealed, SEALED_PIECE, &len, s->diag));
		s->size->sealed += (int64_t)len;
		if (len == 0)
			return refuse(s->diag, name, "it is cut off");
		if (crypto_secretstream_xchacha20poly1305_pull(&s->cipher, s->packed, &packed_len, &tag, s->sealed, len,
			    (const unsigned char *)s->name.ptr, s->name.len) != 0)
			return refuse(s->diag, name,
				s->name.len ? "it was sealed with another key, or changed" : "it was changed, or is cut off");
		s->name.len = 0;
		FL_TRY(unpack(s, zstd, packed_len, &pending));
	}
	FL_TRY(read_full(s->in, s->sealed, 1, &len, s->diag));
	return len || pending ? refuse(s->diag, name, "something follows its end") : FL_OK;
}

fl_err fl_unseal(const fl_backup_key *key, fl_str name, int in, int out, fl_sealed_size *size, fl_diag *diag)
{
	unsigned char head[sizeof(MAGIC) + HEADER];
	size_t len = 0;
	sealing *s = calloc(1, sizeof(*s));
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	fl_err err = s && zstd && sodium_init() >= 0 ? read_full(in, head, sizeof(head), &len, diag) : FL_NOMEM;
	*size = (fl_sealed_size) { .sealed = (int64_t)len };
	if (err == FL_OK && (len != sizeof(head) || memcmp(head, MAGIC, sizeof(MAGIC)) != 0))
		err = refuse(diag, name, "this is no sealed file");
	if (err == FL_OK) {
		s->name = name;
		s->in = in;
		s->out = out;
		s->size = size;
		s->diag = diag;
		if (crypto_secretstream_xchacha20poly1305_init_pull(&s->cipher, head + sizeof(MAGIC), key->bytes) != 0)
			err = refuse(diag, name, "its header is damaged");
	}
	if (err == FL_OK)
		err = unseal_pieces(s, zstd, name);
	ZSTD_freeDCtx(zstd);
	if (s)
		sodium_memzero(s, sizeof(*s));
	free(s);
	return err;
}

/* ---- Files ---- */

static fl_err make_parents(char *path, fl_diag *diag)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		int rc = mkdir(path, 0700);
		if (rc != 0 && errno != EEXIST && errno != EISDIR) {
			fl_err err = fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
			*slash = '/';
			return err;
		}
		*slash = '/';
	}
	return FL_OK;
}

static void sync_parent(char *path)
{
	char *slash = strrchr(path, '/');
	*slash = 0;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*slash = '/';
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static fl_err keep(int out, const char *temporary, char *path, fl_diag *diag)
{
	if (fsync(out) != 0)
		return io_failed(diag, path);
	if (rename(temporary, path) != 0)
		return io_failed(diag, path);
	sync_parent(path);
	return FL_OK;
}

fl_err fl_seal_into(const fl_backup_key *key, const char *dir, const char *name, int in, fl_sealed_size *size, fl_diag *diag)
{
	char path[PATH_MAX], temporary[PATH_MAX + 8];
	if (snprintf(path, sizeof(path), "%s/%s.sealed", dir, name) >= (int)sizeof(path))
		return fl_fail(diag, FL_BAD_INPUT, "%s: the path is too long", dir);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	FL_TRY(make_parents(path, diag));
	int out = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out < 0)
		return io_failed(diag, temporary);
	fl_err err = fl_seal(key, fl_str_z(name), in, out, size, diag);
	if (err == FL_OK)
		err = keep(out, temporary, path, diag);
	close(out);
	if (err != FL_OK)
		unlink(temporary);
	return err;
}

fl_err fl_unseal_from(const fl_backup_key *key, const char *dir, const char *name, int out, fl_sealed_size *size, fl_diag *diag)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof(path), "%s/%s.sealed", dir, name) >= (int)sizeof(path))
		return fl_fail(diag, FL_BAD_INPUT, "%s: the path is too long", dir);
	int in = open(path, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return errno == ENOENT ? fl_fail(diag, FL_NOT_FOUND, "%s is not there", path)
				       : fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	fl_err err = fl_unseal(key, fl_str_z(name), in, out, size, diag);
	close(in);
	return err;
}
