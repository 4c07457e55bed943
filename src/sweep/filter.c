/* Which names were seen, in a fixed number of bits (Bloom). Each filter has a seed of its own: what one takes for seen by mistake, the next
 * one does not. */
#include "sweep/sweep.h"

#include <stdlib.h>

enum { PROBES = 7, BITS_A_NAME = 16, POWER_MIN = 20, POWER_MAX = 31 };

struct fl_sweep_filter {
	uint64_t seed, mask;
	uint64_t words[];
};

fl_sweep_filter *fl_sweep_filter_new(int64_t about)
{
	unsigned power = POWER_MIN;
	while (power < POWER_MAX && (int64_t)1 << power < about * BITS_A_NAME)
		power++;
	fl_sweep_filter *filter = calloc(1, sizeof(*filter) + ((size_t)1 << power) / 8);
	if (!filter)
		return NULL;
	fl_random(&filter->seed, sizeof(filter->seed));
	filter->mask = ((uint64_t)1 << power) - 1;
	return filter;
}

void fl_sweep_filter_free(fl_sweep_filter *filter)
{
	free(filter);
}

/* The mixing of SplitMix64: names are hashes already, the seed has to reach every bit. */
static uint64_t mixed(fl_sha256 name, size_t at, uint64_t seed)
{
	uint64_t v;
	memcpy(&v, name.bytes + at, sizeof(v));
	v ^= seed;
	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9u;
	v = (v ^ v >> 27) * 0x94d049bb133111ebu;
	return v ^ v >> 31;
}

void fl_sweep_filter_add(fl_sweep_filter *filter, fl_sha256 name)
{
	uint64_t at = mixed(name, 8, filter->seed), step = mixed(name, 16, filter->seed) | 1;
	for (int i = 0; i < PROBES; i++, at += step)
		filter->words[(at & filter->mask) / 64] |= (uint64_t)1 << (at & 63);
}

bool fl_sweep_filter_has(const fl_sweep_filter *filter, fl_sha256 name)
{
	uint64_t at = mixed(name, 8, filter->seed), step = mixed(name, 16, filter->seed) | 1;
	for (int i = 0; i < PROBES; i++, at += step)
		if (!(filter->words[(at & filter->mask) / 64] >> (at & 63) & 1))
			return false;
	return true;
}
