/* SHA-256, base64url, comparison in constant time, random text. */
#include "crypt/crypt.h"

#include <errno.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

/* OpenSSL rather than libsodium for this one: it uses the processor's SHA instructions (5x on a photo). */
fl_sha256 fl_sha256_of(fl_str bytes)
{
	fl_sha256 out;
	unsigned len = sizeof(out.bytes);
	int ok = EVP_Digest(bytes.ptr, bytes.len, out.bytes, &len, EVP_sha256(), NULL);
	assert(ok == 1 && len == sizeof(out.bytes));
	return out;
}

static fl_err digest_fd(EVP_MD_CTX *md, int fd, int64_t *size)
{
	unsigned char block[65536];
	int64_t at = 0;
	if (EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1)
		return FL_INTERNAL;
	for (;;) {
		ssize_t got = pread(fd, block, sizeof(block), at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return FL_IO;
		if (got == 0)
			break;
		if (EVP_DigestUpdate(md, block, (size_t)got) != 1)
			return FL_INTERNAL;
		at += got;
	}
	*size = at;
	return FL_OK;
}

fl_err fl_sha256_of_fd(int fd, fl_sha256 *out, int64_t *size)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	if (!md)
		return FL_NOMEM;
	fl_sha256 sum;
	int64_t bytes = 0;
	fl_err err = digest_fd(md, fd, &bytes);
	if (err == FL_OK && EVP_DigestFinal_ex(md, sum.bytes, NULL) != 1)
		err = FL_INTERNAL;
	EVP_MD_CTX_free(md);
	if (err != FL_OK)
		return err;
	*out = sum;
	*size = bytes;
	return FL_OK;
}

struct fl_hasher {
	EVP_MD_CTX *md;
};

fl_err fl_hasher_new(fl_hasher **out)
{
	fl_hasher *h = calloc(1, sizeof(*h));
	if (h)
		h->md = EVP_MD_CTX_new();
	if (!h || !h->md || EVP_DigestInit_ex(h->md, EVP_sha256(), NULL) != 1) {
		fl_hasher_free(h);
		return FL_NOMEM;
	}
	*out = h;
	return FL_OK;
}

void fl_hasher_free(fl_hasher *h)
{
	if (h)
		EVP_MD_CTX_free(h->md);
	free(h);
}

void fl_hasher_add(fl_hasher *h, fl_str bytes)
{
	int ok = EVP_DigestUpdate(h->md, bytes.ptr, bytes.len);
	assert(ok == 1);
}

fl_sha256 fl_hasher_end(fl_hasher *h)
{
	fl_sha256 out;
	int ok = EVP_DigestFinal_ex(h->md, out.bytes, NULL) == 1 && EVP_DigestInit_ex(h->md, EVP_sha256(), NULL) == 1;
	assert(ok);
	return out;
}

size_t fl_base64url_encode(const void *bytes, size_t len, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *in = bytes;
	char *o = out;
	for (; len >= 3; len -= 3, in += 3) {
		*o++ = digits[in[0] >> 2];
		*o++ = digits[(in[0] & 3) << 4 | in[1] >> 4];
		*o++ = digits[(in[1] & 15) << 2 | in[2] >> 6];
		*o++ = digits[in[2] & 63];
	}
	if (len > 0) {
		*o++ = digits[in[0] >> 2];
		*o++ = digits[(in[0] & 3) << 4 | (len > 1 ? in[1] >> 4 : 0)];
	}
	if (len > 1)
		*o++ = digits[(in[1] & 15) << 2];
	return (size_t)(o - out);
}

static int base64url_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool fl_base64url_decode(fl_str text, void *out, size_t max, size_t *len)
{
	unsigned char *o = out;
	size_t made = 0;
	unsigned bits = 0, have = 0;
	if (text.len % 4 == 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int digit = base64url_digit(text.ptr[i]);
		if (digit < 0)
			return false;
		bits = bits << 6 | (unsigned)digit;
		have += 6;
		if (have >= 8) {
			have -= 8;
			if (made == max)
				return false;
			o[made++] = (unsigned char)(bits >> have);
			bits &= (1u << have) - 1;
		}
	}
	if (bits != 0) /* stray bits behind the last byte: a second text for the same value */
		return false;
	*len = made;
	return true;
}

bool fl_equal_secret(fl_str a, fl_str b)
{
	return a.len == b.len && sodium_memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* False: the byte is one of those that would favour the first letters. */
static bool letter_of(uint8_t byte, char *out)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
	enum { COUNT = sizeof(letters) - 1 };
	if (byte >= 256 / COUNT * COUNT)
		return false;
	*out = letters[byte % COUNT];
	return true;
}

void fl_random_text(char *out, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint8_t byte;
		fl_random(&byte, 1);
		i += letter_of(byte, &out[i]);
	}
}

void fl_derived_text(const uint8_t key[32], fl_str about, char *out, size_t len)
{
	uint8_t block[32];
	size_t done = 0;
	for (uint32_t round = 0; done < len; round++) {
		crypto_auth_hmacsha256_state mac;
		crypto_auth_hmacsha256_init(&mac, key, 32);
		crypto_auth_hmacsha256_update(&mac, (const uint8_t *)about.ptr, about.len);
		crypto_auth_hmacsha256_update(&mac, (const uint8_t[]) { 0, (uint8_t)(round >> 8), (uint8_t)round }, 3);
		crypto_auth_hmacsha256_final(&mac, block);
		for (size_t i = 0; i < sizeof(block) && done < len; i++)
			done += letter_of(block[i], &out[done]);
		sodium_memzero(&mac, sizeof(mac));
	}
	sodium_memzero(block, sizeof(block));
}
