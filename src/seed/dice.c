/* Pseudo-random numbers that are the same on every machine. */
#include <math.h>

#include "seed/seed_int.h"

uint64_t fl_dice_next(fl_dice *d) /* splitmix64 */
{
	uint64_t z = (d->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

double fl_dice_unit(fl_dice *d)
{
	return (double)(fl_dice_next(d) >> 11) * 0x1p-53;
}

int fl_dice_below(fl_dice *d, int n)
{
	return (int)(fl_dice_unit(d) * n);
}

bool fl_dice_chance(fl_dice *d, double p)
{
	return fl_dice_unit(d) < p;
}

double fl_dice_normal(fl_dice *d)
{
	double u = 1.0 - fl_dice_unit(d), v = fl_dice_unit(d);

	return sqrt(-2.0 * log(u)) * cos(2.0 * M_PI * v);
}

int fl_dice_weighted(fl_dice *d, const int *weights, int count)
{
	int sum = 0, at;

	for (int i = 0; i < count; i++)
		sum += weights[i];
	at = fl_dice_below(d, sum);
	for (int i = 0; i < count; i++) {
		at -= weights[i];
		if (at < 0)
			return i;
	}
	return count - 1;
}

fl_uuid fl_dice_uuid7(fl_dice *d, int64_t time_us)
{
	uint64_t ms = (uint64_t)(time_us / 1000), a = fl_dice_next(d), b = fl_dice_next(d);
	fl_uuid id;

	for (int i = 0; i < 6; i++)
		id.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
	/* The microseconds in the 12 bits behind, so that ids of one millisecond keep their order. */
	uint16_t fraction = (uint16_t)((time_us % 1000) * 4096 / 1000);
	id.bytes[6] = (uint8_t)(0x70 | fraction >> 8);
	id.bytes[7] = (uint8_t)fraction;
	memcpy(id.bytes + 8, &b, 8);
	id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f));
	id.bytes[9] ^= (uint8_t)a;
	return id;
}
