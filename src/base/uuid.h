/* UUIDs; those of time-ordered things are version 7: 48 bits of milliseconds, 12 bits of their fraction, 62 random bits. */
#ifndef FL_BASE_UUID_H
#define FL_BASE_UUID_H

typedef struct fl_uuid {
	uint8_t bytes[16];
} fl_uuid;

enum { FL_UUID_TEXT = 36 };

fl_uuid fl_uuid7(int64_t time_us);                     /* random part from the system; never fails */
fl_uuid fl_uuid7_floor(int64_t time_us);               /* the smallest id of that millisecond: a bound for queries */
int64_t fl_uuid7_time_us(fl_uuid id);                  /* to the millisecond */
bool fl_uuid_parse(fl_str text, fl_uuid *out);         /* 36 characters, either case */
void fl_uuid_format(fl_uuid id, char out[FL_UUID_TEXT + 1]);
fl_str fl_uuid_str(struct fl_arena *mem, fl_uuid id);
static inline bool fl_uuid_eq(fl_uuid a, fl_uuid b)
{
	return memcmp(a.bytes, b.bytes, 16) == 0;
}
static inline int fl_uuid_cmp(fl_uuid a, fl_uuid b)
{
	return memcmp(a.bytes, b.bytes, 16);
}

void fl_random(void *out, size_t len);                 /* cryptographic; aborts if the kernel has none */

#endif
