/* Whoever stays: sockets and event streams of one loop. A log-in that is closed ends what it has open, within seconds: a message says that
 * one was closed (fleet/closed.h), and in case that message was lost the list is asked for while anybody is here.
 *
 *	poke of Redis, a gap, or every LOOK_EVERY_US --> one coroutine: the list of closed log-ins --> who is on it goes
 */
#include "api/guests_int.h"
#include "fleet/closed.h"

#define LOOK_EVERY_US (30 * FL_SECOND_US)
#define LOOK_AGAIN_US (2 * FL_SECOND_US)
#define LOOK_TIMEOUT_US (10 * FL_SECOND_US)
enum { LOOK_MEM_MAX = 4 << 20 };

static void look_later(fl_api *api, int64_t in_us)
{
	if (api->guests.first && !api->guests.closing)
		fl_timer_start(api->loop, &api->guests.timer, fl_loop_now_us(api->loop) + in_us);
}

static void on_timer(void *arg)
{
	fl_api *api = arg;
	fl_closed_poke(api->services);
	fl_api_guests_look(api);
}

void fl_api_guests_init(fl_api *api)
{
	fl_timer_init(&api->guests.timer, on_timer, api);
}

/* ---- in and out ---- */

void fl_api_guest_enter(fl_api *api, fl_api_guest *guest)
{
	fl_api_guests *all = &api->guests;
	assert(!guest->link);
	guest->api = api;
	guest->next = all->first;
	guest->link = &all->first;
	if (guest->next)
		guest->next->link = &guest->next;
	all->first = guest;
	if (!guest->next)
		look_later(api, LOOK_EVERY_US);
}

void fl_api_guest_leave(fl_api_guest *guest)
{
	if (!guest->link)
		return;
	fl_api_guests *all = &guest->api->guests;
	if (all->asking == guest)
		all->asking = guest->next;
	*guest->link = guest->next;
	if (guest->next)
		guest->next->link = guest->link;
	guest->link = NULL;
	if (!all->first)
		fl_timer_stop(&all->timer);
}

/* ---- the look ---- */

/* Whoever is turned out leaves, perhaps at once: all->asking is kept right by that. */
static void turn_out(fl_api *api)
{
	fl_api_guests *all = &api->guests;
	for (all->asking = all->first; all->asking;) {
		fl_api_guest *guest = all->asking;
		all->asking = guest->next;
		if (fl_closed_has(api->services, guest->caller))
			guest->turn_out(guest->arg);
	}
}

static void look(void *arg)
{
	fl_api *api = arg;
	fl_arena mem = fl_arena_make(LOOK_MEM_MAX);
	fl_ctx ctx;
	fl_ctx_init(&ctx, api->loop, &mem);
	ctx.deadline_us = fl_loop_now_us(api->loop) + LOOK_TIMEOUT_US;
	ctx.services = api->services;
	fl_err err = fl_closed_refresh(&ctx);
	turn_out(api); /* by the list from before when there is no other */
	fl_ctx_fini(&ctx);
	fl_arena_fini(&mem);
	api->guests.looking = false;
	look_later(api, err == FL_OK ? LOOK_EVERY_US : LOOK_AGAIN_US);
	if (api->guests.idle)
		fl_wake(api->guests.idle, FL_OK);
}

void fl_api_guests_look(fl_api *api)
{
	fl_api_guests *all = &api->guests;
	if (!all->first || all->looking || all->closing) /* a look under way sees that the list is due again */
		return;
	all->looking = true;
	if (fl_go(api->loop, look, api) == FL_OK)
		return;
	all->looking = false;
	look_later(api, LOOK_AGAIN_US);
}

fl_err await_api_guests_close(fl_ctx *ctx, fl_api *api)
{
	fl_wait idle;
	fl_ctx patient;
	fl_err err = FL_OK;
	api->guests.closing = true;
	fl_timer_stop(&api->guests.timer);
	if (!api->guests.looking)
		return FL_OK;
	fl_ctx_detach(&patient, ctx, 2 * LOOK_TIMEOUT_US);
	fl_wait_init(&idle);
	api->guests.idle = &idle;
	err = await_wait(&patient, &idle);
	api->guests.idle = NULL;
	fl_ctx_fini(&patient);
	return err;
}
