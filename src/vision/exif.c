/* A small strict EXIF reader: only the facts that we use, every offset checked, no loops through the file.
 *
 *	TIFF header -> IFD0: Make, Model, Orientation, Software, DateTime
 *	                     ExifIFD -> DateTimeOriginal, OffsetTimeOriginal */
#include "vision/photo_int.h"

enum {
	TAG_MAKE = 0x010f,
	TAG_MODEL = 0x0110,
	TAG_ORIENTATION = 0x0112,
	TAG_SOFTWARE = 0x0131,
	TAG_DATE_TIME = 0x0132,
	TAG_EXIF_IFD = 0x8769,
	TAG_GPS_IFD = 0x8825,
	TAG_DATE_ORIGINAL = 0x9003,
	TAG_ZONE = 0x9010,
	TAG_ZONE_ORIGINAL = 0x9011,
	TYPE_ASCII = 2,
	TYPE_SHORT = 3,
	TYPE_LONG = 4,
	TYPE_RATIONAL = 5,
	GPS_LATITUDE_REF = 1,
	GPS_LATITUDE = 2,
	GPS_LONGITUDE_REF = 3,
	GPS_LONGITUDE = 4,
	ENTRIES_MAX = 512,
};

typedef struct tiff {
	const uint8_t *bytes;
	size_t len;
	bool big_endian;
} tiff;

typedef struct found {
	fl_str make, model, software, date, zone, date_original, zone_original;
	uint32_t exif_ifd, gps_ifd;
} found;

static uint32_t u16(const tiff *t, size_t at)
{
	const uint8_t *p = t->bytes + at;
	return t->big_endian ? fl_be16(p) : (uint32_t)p[1] << 8 | p[0];
}

static uint32_t u32(const tiff *t, size_t at)
{
	return t->big_endian ? fl_be32(t->bytes + at) : fl_le32(t->bytes + at);
}

/* The text of an entry, up to its NUL, without blanks at the ends; empty when it is not inside the block. */
static fl_str ascii(const tiff *t, size_t entry)
{
	size_t count = u32(t, entry + 4), at = count <= 4 ? entry + 8 : u32(t, entry + 8);

	if (u16(t, entry + 2) != TYPE_ASCII || at > t->len || count > t->len - at)
		return (fl_str){ "", 0 };
	fl_str text = { (const char *)t->bytes + at, strnlen((const char *)t->bytes + at, count) };
	return fl_str_trim(text);
}

static void read_entry(const tiff *t, size_t entry, found *into, fl_photo_header *header)
{
	switch (u16(t, entry)) {
	case TAG_MAKE: into->make = ascii(t, entry); break;
	case TAG_MODEL: into->model = ascii(t, entry); break;
	case TAG_SOFTWARE: into->software = ascii(t, entry); break;
	case TAG_DATE_TIME: into->date = ascii(t, entry); break;
	case TAG_ZONE: into->zone = ascii(t, entry); break;
	case TAG_DATE_ORIGINAL: into->date_original = ascii(t, entry); break;
	case TAG_ZONE_ORIGINAL: into->zone_original = ascii(t, entry); break;
	case TAG_ORIENTATION:
		if (u16(t, entry + 2) == TYPE_SHORT && u16(t, entry + 8) >= 1 && u16(t, entry + 8) <= 8)
			header->orientation = (int)u16(t, entry + 8);
		break;
	case TAG_EXIF_IFD:
		if (u16(t, entry + 2) == TYPE_LONG)
			into->exif_ifd = u32(t, entry + 8);
		break;
	case TAG_GPS_IFD:
		if (u16(t, entry + 2) == TYPE_LONG)
			into->gps_ifd = u32(t, entry + 8);
		break;
	default: break;
	}
}

static void read_directory(const tiff *t, size_t at, found *into, fl_photo_header *header)
{
	if (at < 8 || at > t->len || t->len - at < 2)
		return;
	size_t count = FL_MIN(u16(t, at), ENTRIES_MAX), room = (t->len - at - 2) / 12;

	for (size_t i = 0; i < FL_MIN(count, room); i++)
		read_entry(t, at + 2 + 12 * i, into, header);
}

/* ---- where ---- */

typedef struct gps {
	char latitude_ref, longitude_ref; /* N, S, E, W; 0: not there */
	double latitude, longitude;       /* without sign; -1: not there */
} gps;

/* Degrees, minutes and seconds, each a fraction; -1 when they are none. */
static double degrees(const tiff *t, size_t entry, double most)
{
	size_t at = u32(t, entry + 8);
	double sum = 0;

	if (u16(t, entry + 2) != TYPE_RATIONAL || u32(t, entry + 4) != 3 || at > t->len || t->len - at < 24)
		return -1;
	static const double parts[] = { 1, 60, 3600 };
	for (size_t i = 0; i < 3; i++) {
		uint32_t below = u32(t, at + 8 * i + 4);
		if (below == 0)
			return -1;
		sum += u32(t, at + 8 * i) / (double)below / parts[i];
	}
	return sum <= most ? sum : -1;
}

static void read_gps_entry(const tiff *t, size_t entry, gps *into)
{
	char letter = (char)t->bytes[entry + 8];

	switch (u16(t, entry)) {
	case GPS_LATITUDE_REF: into->latitude_ref = letter; break;
	case GPS_LATITUDE: into->latitude = degrees(t, entry, 90); break;
	case GPS_LONGITUDE_REF: into->longitude_ref = letter; break;
	case GPS_LONGITUDE: into->longitude = degrees(t, entry, 180); break;
	default: break;
	}
}

static void read_gps(const tiff *t, size_t at, fl_photo_header *header)
{
	gps g = { .latitude = -1, .longitude = -1 };

	if (at < 8 || at > t->len || t->len - at < 2)
		return;
	size_t count = FL_MIN(u16(t, at), ENTRIES_MAX), room = (t->len - at - 2) / 12;
	for (size_t i = 0; i < FL_MIN(count, room); i++)
		read_gps_entry(t, at + 2 + 12 * i, &g);
	bool north = g.latitude_ref == 'N' || g.latitude_ref == 'S', east = g.longitude_ref == 'E' || g.longitude_ref == 'W';
	/* Cameras without a fix write zeros: nobody reports damage from there. */
	if (!north || !east || g.latitude < 0 || g.longitude < 0 || (g.latitude == 0 && g.longitude == 0))
		return;
	header->has_place = true;
	header->latitude = g.latitude_ref == 'S' ? -g.latitude : g.latitude;
	header->longitude = g.longitude_ref == 'W' ? -g.longitude : g.longitude;
}

/* Reads two or four digits; -1 when they are none. */
static int digits(fl_str s, size_t at, size_t count)
{
	int n = 0;

	for (size_t i = at; i < at + count; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return -1;
		n = n * 10 + (s.ptr[i] - '0');
	}
	return n;
}

/* "2026:03:01 09:30:00" */
static bool parse_date(fl_str s, int64_t *out)
{
	if (s.len < 19 || s.ptr[4] != ':' || s.ptr[7] != ':' || s.ptr[10] != ' ' || s.ptr[13] != ':' || s.ptr[16] != ':')
		return false;
	fl_civil c = { .year = digits(s, 0, 4), .month = digits(s, 5, 2), .day = digits(s, 8, 2),
		       .hour = digits(s, 11, 2), .minute = digits(s, 14, 2), .second = digits(s, 17, 2) };
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (c.year < 1990 || c.year > 2200 || c.month < 1 || c.month > 12 || c.day < 1 || c.day > days[c.month - 1] ||
	    c.hour < 0 || c.hour > 23 || c.minute < 0 || c.minute > 59 || c.second < 0 || c.second > 59)
		return false;
	*out = fl_time_from_civil(c);
	return true;
}

/* "+01:00" or "Z" */
static bool parse_zone(fl_str s, int64_t *out)
{
	if (s.len == 1 && s.ptr[0] == 'Z') {
		*out = 0;
		return true;
	}
	if (s.len != 6 || (s.ptr[0] != '+' && s.ptr[0] != '-') || s.ptr[3] != ':')
		return false;
	int hours = digits(s, 1, 2), minutes = digits(s, 4, 2);

	if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59)
		return false;
	*out = (hours * FL_HOUR_US + minutes * FL_MINUTE_US) * (s.ptr[0] == '-' ? -1 : 1);
	return true;
}

/* Copies printable ASCII; what else a maker put there is of no use to people. */
static void put_text(char *out, size_t size, fl_str a, fl_str b)
{
	size_t n = 0;

	for (size_t i = 0; i < a.len + b.len + 1 && n + 1 < size; i++) {
		char c = i < a.len ? a.ptr[i] : i == a.len ? ' ' : b.ptr[i - a.len - 1];
		if (c >= ' ' && c <= '~' && !(n == 0 && c == ' '))
			out[n++] = c;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

static void put_time(fl_photo_header *header, fl_str date, fl_str zone)
{
	int64_t time, offset;

	if (!parse_date(date, &time))
		return;
	header->has_taken_at = true;
	header->has_zone = parse_zone(zone, &offset);
	header->taken_at = header->has_zone ? time - offset : time;
}

void fl_exif_read(fl_str text, fl_photo_header *header)
{
	tiff t = { (const uint8_t *)text.ptr, text.len, false };
	found all = { 0 };

	if (t.len < 14 || (memcmp(t.bytes, "II*\0", 4) != 0 && memcmp(t.bytes, "MM\0*", 4) != 0))
		return;
	t.big_endian = t.bytes[0] == 'M';
	read_directory(&t, u32(&t, 4), &all, header);
	if (all.exif_ifd)
		read_directory(&t, all.exif_ifd, &all, header);
	if (all.gps_ifd)
		read_gps(&t, all.gps_ifd, header);
	put_text(header->software, sizeof(header->software), all.software, (fl_str){ "", 0 });
	put_text(header->camera, sizeof(header->camera), all.make, all.model);
	if (all.date_original.len)
		put_time(header, all.date_original, all.zone_original);
	else
		put_time(header, all.date, all.zone);
}
