/* Timers: a wheel of rings (see io_int.h). Starting, stopping and firing touch one ring and one bit. */
#include "io/io_int.h"

void fl_wheel_init(fl_wheel *wheel, int64_t now_us)
{
	wheel->tick = now_us / 1000;
	for (int level = 0; level < WHEEL_LEVELS; level++)
		for (int slot = 0; slot < WHEEL_SLOTS; slot++)
			ring_init(&wheel->slots[level][slot]);
}

static void place(fl_wheel *wheel, fl_timer *t)
{
	int64_t distance = t->tick - wheel->tick;
	int64_t tick = t->tick;

	if (distance < 1)
		distance = 1, tick = wheel->tick + 1;
	const int64_t farthest = (INT64_C(1) << (WHEEL_BITS * WHEEL_LEVELS)) - 1;
	if (distance > farthest)
		distance = farthest, tick = wheel->tick + farthest;
	int level = (63 - __builtin_clzll((uint64_t)distance)) / WHEEL_BITS;
	int slot = (tick >> (WHEEL_BITS * level)) & (WHEEL_SLOTS - 1);
	ring_add(&wheel->slots[level][slot], &t->link);
	wheel->used[level] |= UINT64_C(1) << slot;
}

int64_t fl_wheel_next(const fl_wheel *wheel)
{
	int64_t next = FL_NEVER;

	for (int level = 0; level < WHEEL_LEVELS; level++) {
		if (!wheel->used[level])
			continue;
		int shift = WHEEL_BITS * level;
		int64_t at = wheel->tick >> shift;
		int from = (at + 1) & (WHEEL_SLOTS - 1);
		uint64_t used = wheel->used[level];
		if (from)
			used = used >> from | used << (WHEEL_SLOTS - from);
		int64_t tick = (at + 1 + __builtin_ctzll(used)) << shift;
		next = FL_MIN(next, tick);
	}
	return next;
}

/* Takes a slot's timers off the wheel. */
static void empty_slot(fl_wheel *wheel, int level, int slot, fl_io_link *out)
{
	ring_move(out, &wheel->slots[level][slot]);
	wheel->used[level] &= ~(UINT64_C(1) << slot);
}

void fl_wheel_advance(fl_wheel *wheel, int64_t now_us)
{
	int64_t now = now_us / 1000, next;
	fl_io_link due, down;

	ring_init(&due);
	ring_init(&down);
	while ((next = fl_wheel_next(wheel)) <= now) {
		wheel->tick = next;
		for (int level = 1; level < WHEEL_LEVELS; level++) {
			int shift = WHEEL_BITS * level;
			if (next & ((INT64_C(1) << shift) - 1))
				break;
			empty_slot(wheel, level, (next >> shift) & (WHEEL_SLOTS - 1), &down);
		}
		empty_slot(wheel, 0, next & (WHEEL_SLOTS - 1), &due);
		while (!ring_empty(&down)) {
			fl_timer *t = FL_CONTAINER(down.next, fl_timer, link);
			ring_remove(&t->link);
			if (t->tick <= next)
				ring_add(&due, &t->link);
			else
				place(wheel, t);
		}
	}
	if (wheel->tick < now)
		wheel->tick = now;
	/* A callback may stop a timer that is due as well, or start any. */
	while (!ring_empty(&due)) {
		fl_timer *t = FL_CONTAINER(due.next, fl_timer, link);
		ring_remove(&t->link);
		t->fn(t->arg);
	}
}

void fl_timer_init(fl_timer *t, void (*fn)(void *arg), void *arg)
{
	*t = (fl_timer){ .fn = fn, .arg = arg };
	ring_init(&t->link);
}

void fl_timer_start(fl_loop *loop, fl_timer *t, int64_t at_us)
{
	fl_timer_stop(t);
	t->loop = loop;
	t->tick = at_us / 1000 + (at_us % 1000 > 0);
	if (at_us != FL_NEVER)
		place(&loop->wheel, t);
}

void fl_timer_stop(fl_timer *t)
{
	if (!ring_linked(&t->link))
		return;
	fl_io_link *head = t->link.next;
	bool last = head == t->link.prev;
	ring_remove(&t->link);
	/* Alone in its ring: when that is a slot (and not the list of those that are due), its bit goes
	 * too. */
	fl_wheel *wheel = &t->loop->wheel;
	fl_io_link *first = &wheel->slots[0][0];
	if (last && head >= first && head < first + WHEEL_LEVELS * WHEEL_SLOTS) {
		ptrdiff_t index = head - first;
		wheel->used[index / WHEEL_SLOTS] &= ~(UINT64_C(1) << index % WHEEL_SLOTS);
	}
}

bool fl_timer_active(const fl_timer *t)
{
	return ring_linked(&t->link);
}
