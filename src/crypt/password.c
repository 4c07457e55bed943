/* Passwords: argon2id by libsodium. It is slow on purpose, so it runs on the pool. */
#include "crypt/crypt.h"

#include <sodium.h>

_Static_assert(FL_PASSWORD_HASH_MAX >= crypto_pwhash_STRBYTES, "the hash text must fit");

typedef struct password_job {
	fl_str password, hash;
	char *out;
} password_job;

/* What an unknown user is compared with, so that the answer takes as long as for a known one. Nobody's password. */
static const char nobody[] =
	"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Wm9uZSBvZiB0aGVtIGV2ZXIgbWF0Y2hlcyB0aGlzIG9uZQ";

fl_err fl_password_hash_now(fl_str password, char out[FL_PASSWORD_HASH_MAX])
{
	if (password.len == 0 || password.len > FL_PASSWORD_MAX)
		return FL_BAD_INPUT;
	if (crypto_pwhash_str(out, password.ptr, password.len, crypto_pwhash_OPSLIMIT_INTERACTIVE,
		    crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
		return FL_NOMEM;
	return FL_OK;
}

static fl_err hash_job(void *arg)
{
	password_job *job = arg;
	return fl_password_hash_now(job->password, job->out);
}

fl_err fl_password_hash(fl_ctx *ctx, fl_str password, char out[FL_PASSWORD_HASH_MAX])
{
	password_job job = { .password = password, .out = out };
	return await_pool(ctx, hash_job, &job);
}

fl_err fl_password_verify_now(fl_str hash, fl_str password)
{
	char text[FL_PASSWORD_HASH_MAX];
	bool known = hash.len > 0 && hash.len < sizeof(text);
	fl_str against = known ? hash : fl_str_z(nobody);
	if (password.len == 0 || password.len > FL_PASSWORD_MAX)
		return FL_UNAUTHENTICATED;
	memcpy(text, against.ptr, against.len);
	text[against.len] = 0;
	bool match = crypto_pwhash_str_verify(text, password.ptr, password.len) == 0;
	return match && known ? FL_OK : FL_UNAUTHENTICATED;
}

static fl_err verify_job(void *arg)
{
	const password_job *job = arg;
	return fl_password_verify_now(job->hash, job->password);
}

fl_err fl_password_verify(fl_ctx *ctx, fl_str hash, fl_str password)
{
	password_job job = { .hash = hash, .password = password };
	return await_pool(ctx, verify_job, &job);
}
