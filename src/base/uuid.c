#include "base/base.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void fl_random(void *out, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t got = getrandom((char *)out + done, len - done, 0);
		if (got < 0 && errno != EINTR)
			abort();
		done += got > 0 ? (size_t)got : 0;
	}
}

static void put_milliseconds(fl_uuid *id, int64_t ms)
{
	for (int i = 0; i < 6; i++)
		id->bytes[i] = (uint64_t)ms >> (40 - 8 * i);
}

fl_uuid fl_uuid7(int64_t time_us)
{
	assert(time_us >= 0);
	fl_uuid id;
	fl_random(id.bytes, sizeof(id.bytes));
	put_milliseconds(&id, time_us / 1000);
	unsigned fraction = time_us % 1000 * 4096 / 1000; /* RFC 9562, method 3: the time goes on in the next 12 bits */
	id.bytes[6] = 0x70 | fraction >> 8;
	id.bytes[7] = fraction;
	id.bytes[8] = 0x80 | (id.bytes[8] & 0x3f);
	return id;
}

fl_uuid fl_uuid7_floor(int64_t time_us)
{
	fl_uuid id = {};
	put_milliseconds(&id, FL_MAX(time_us, 0) / 1000);
	return id;
}

int64_t fl_uuid7_time_us(fl_uuid id)
{
	int64_t ms = 0;
	for (int i = 0; i < 6; i++)
		ms = ms << 8 | id.bytes[i];
	return ms * 1000;
}

bool fl_uuid_parse(fl_str text, fl_uuid *out)
{
	static const unsigned char groups[] = { 4, 2, 2, 2, 6 };
	fl_uuid id;
	size_t at = 0, byte = 0;
	if (text.len != FL_UUID_TEXT)
		return false;
	for (size_t g = 0; g < FL_COUNT(groups); g++) {
		if (g && text.ptr[at++] != '-')
			return false;
		if (!fl_str_unhex(fl_str_slice(text, at, at + 2 * groups[g]), id.bytes + byte, groups[g]))
			return false;
		at += 2 * groups[g];
		byte += groups[g];
	}
	*out = id;
	return true;
}

void fl_uuid_format(fl_uuid id, char out[FL_UUID_TEXT + 1])
{
	static const uint8_t places[16] = { 0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34 };
	static const char digits[] = "0123456789abcdef";
	for (int i = 0; i < 16; i++) {
		out[places[i]] = digits[id.bytes[i] >> 4];
		out[places[i] + 1] = digits[id.bytes[i] & 15];
	}
	out[8] = out[13] = out[18] = out[23] = '-';
	out[FL_UUID_TEXT] = 0;
}

fl_str fl_uuid_str(fl_arena *mem, fl_uuid id)
{
	char text[FL_UUID_TEXT + 1];
	fl_uuid_format(id, text);
	return fl_str_dup(mem, fl_str_make(text, FL_UUID_TEXT));
}
