/* Named places that fail on request. Process-wide on purpose: a test names the third commit of the
 * process, not of a loop. */
#include <pthread.h>
#include <stdlib.h>

#include "io/io_int.h"

enum { FAULTS_MAX = 16, NAME_MAX_BYTES = 48, EVERY = -1 };

static struct {
	char name[NAME_MAX_BYTES];
	_Atomic int64_t left; /* passes until the one that fails; EVERY; 0: done */
} faults[FAULTS_MAX];
static atomic_int fault_count;

bool fl_faults_on(void)
{
	return atomic_load_explicit(&fault_count, memory_order_acquire) > 0;
}

bool fl_fault_hit(const char *name)
{
	int count = atomic_load_explicit(&fault_count, memory_order_acquire);

	for (int i = 0; i < count; i++) {
		if (strcmp(faults[i].name, name) != 0)
			continue;
		int64_t left = atomic_load(&faults[i].left);
		while (left > 0 && !atomic_compare_exchange_weak(&faults[i].left, &left, left - 1))
			;
		if (left == EVERY || left == 1)
			return true;
	}
	return false;
}

fl_err fl_faults_set(const char *spec)
{
	fl_str rest = fl_str_z(spec);
	int count = 0;

	atomic_store(&fault_count, 0);
	while (rest.len > 0) {
		fl_str item = fl_str_cut(rest, ',', &rest);
		fl_str times;
		fl_str name = fl_str_trim(fl_str_cut(item, ':', &times));
		int64_t left = 1;
		if (fl_str_eq(times, FL_STR("*")))
			left = EVERY;
		else if (times.len > 0 && (!fl_str_i64(times, &left) || left < 1))
			return FL_BAD_INPUT;
		if (name.len == 0 || name.len >= NAME_MAX_BYTES)
			return FL_BAD_INPUT;
		if (count == FAULTS_MAX)
			return FL_LIMIT;
		memcpy(faults[count].name, name.ptr, name.len);
		faults[count].name[name.len] = '\0';
		atomic_store(&faults[count].left, left);
		count++;
	}
	atomic_store_explicit(&fault_count, count, memory_order_release);
	return FL_OK;
}

static void read_env(void)
{
	const char *spec = getenv("FLEET_FAULTS");

	if (spec && !fl_faults_on() && fl_faults_set(spec) != FL_OK)
		fl_warn("io: FLEET_FAULTS is not name:count,name:*");
}

void fl_faults_from_env(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, read_env);
}
