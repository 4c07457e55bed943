/* The thread that runs libcurl, and how loops hand requests over to it. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "outbound/outbound_int.h"

enum { POLL_MS = 1000 };

/* ---- transfers ---- */

transfer *outbound_transfer_new(fl_outbound *o, fl_str body)
{
	transfer *t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->owner = o;
	t->easy = curl_easy_init();
	t->body = malloc(body.len + 1);
	if (!t->easy || !t->body) {
		outbound_transfer_free(t);
		return NULL;
	}
	if (body.len)
		memcpy(t->body, body.ptr, body.len);
	t->body_len = body.len;
	return t;
}

void outbound_transfer_free(transfer *t)
{
	if (!t)
		return;
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->list);
	free(t->body);
	free(t);
}

/* On the loop: the thread is done with it. */
static void on_done(void *arg)
{
	fl_wake(&((transfer *)arg)->wait, FL_OK);
}

static bool leave(transfer *t, int how)
{
	int waiting = WAITING;
	return atomic_compare_exchange_strong(&t->state, &waiting, how);
}

static void finish(fl_outbound *o, transfer *t, CURLcode result)
{
	long status = 0;
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	t->status = (int)status;
	t->result = result;
	t->took_us = fl_mono_us() - t->started_us;
	atomic_fetch_sub(&o->under_way, 1);
	if (!leave(t, DONE)) {
		outbound_transfer_free(t);
		return;
	}
	while (fl_loop_post(t->loop, on_done, t) != FL_OK) /* its mailbox is full: it will be emptied */
		nanosleep(&(struct timespec) { .tv_nsec = 1000 * 1000 }, NULL);
}

/* ---- the thread ---- */

static transfer *take_new(fl_outbound *o, bool *closing)
{
	pthread_mutex_lock(&o->lock);
	transfer *first = o->first;
	o->first = NULL;
	o->last = &o->first;
	*closing = o->closing;
	pthread_mutex_unlock(&o->lock);
	return first;
}

static void begin(fl_outbound *o, transfer *t)
{
	t->started_us = fl_mono_us();
	if (atomic_load(&t->state) == DROPPED || curl_multi_add_handle(o->multi, t->easy) != CURLM_OK)
		finish(o, t, CURLE_ABORTED_BY_CALLBACK);
}

static void collect(fl_outbound *o, int *running)
{
	int left;
	for (CURLMsg *m; (m = curl_multi_info_read(o->multi, &left));) {
		transfer *t;
		CURLcode result = m->data.result; /* m is gone with the handle */
		CURL *easy = m->easy_handle;
		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
		curl_multi_remove_handle(o->multi, easy);
		finish(o, t, result);
		--*running;
	}
}

static void *run(void *arg)
{
	fl_outbound *o = arg;
	bool closing = false;
	for (int running = 0; !closing || running;) {
		for (transfer *t = take_new(o, &closing), *next; t; t = next) {
			next = t->next;
			begin(o, t);
		}
		curl_multi_perform(o->multi, &running);
		collect(o, &running);
		if (!closing || running)
			curl_multi_poll(o->multi, NULL, 0, POLL_MS, NULL);
	}
	return NULL;
}

/* ---- handing over ---- */

static fl_err outcome(fl_ctx *ctx, const transfer *t, fl_outbound_answer *out)
{
	const char *why = t->why[0] ? t->why : curl_easy_strerror(t->result);
	*out = (fl_outbound_answer) { .status = t->status, .took_us = t->took_us };
	out->body = fl_str_dup(ctx->mem, (fl_str) { t->answer, t->answer_len });
	if (!out->body.ptr)
		return FL_NOMEM;
	if (t->refused)
		return fl_fail(&ctx->diag, FL_FORBIDDEN, "the name leads to an address that is not of the public internet");
	if (t->result == CURLE_OK || (t->result == CURLE_WRITE_ERROR && t->status && !t->is_mail))
		return FL_OK; /* an answer longer than what is kept */
	if (t->result == CURLE_OPERATION_TIMEDOUT)
		return fl_fail(&ctx->diag, FL_TIMEOUT, "%s", why);
	return fl_fail(&ctx->diag, FL_UNAVAILABLE, "%s", why);
}

/* The deadline, or cancelled. False: it is done after all, and on_done is on its way. */
static bool drop(fl_ctx *ctx, transfer *t)
{
	fl_ctx patient;
	if (leave(t, DROPPED))
		return true;
	fl_ctx_detach(&patient, ctx, FL_MINUTE_US);
	fl_err err = await_wait(&patient, &t->wait);
	assert(err == FL_OK);
	fl_ctx_fini(&patient);
	return false;
}

fl_err outbound_run(fl_ctx *ctx, fl_outbound *o, transfer *t, fl_outbound_answer *out)
{
	fl_wait_init(&t->wait);
	t->loop = ctx->loop;
	if (atomic_fetch_add(&o->under_way, 1) >= FL_OUTBOUND_MAX) {
		atomic_fetch_sub(&o->under_way, 1);
		outbound_transfer_free(t);
		return fl_fail(&ctx->diag, FL_BUSY, "%d requests to the outside are under way already", FL_OUTBOUND_MAX);
	}
	pthread_mutex_lock(&o->lock);
	*o->last = t;
	o->last = &t->next;
	pthread_mutex_unlock(&o->lock);
	curl_multi_wakeup(o->multi);
	fl_err err = await_wait(ctx, &t->wait);
	if (err != FL_OK && drop(ctx, t))
		return err;
	if (err == FL_OK)
		err = outcome(ctx, t, out);
	outbound_transfer_free(t);
	return err;
}

/* ---- life ---- */

fl_err fl_outbound_open(const fl_outbound_opts *opts, fl_diag *diag, fl_outbound **out)
{
	fl_outbound *o = calloc(1, sizeof(*o));
	if (!o || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
		free(o);
		return FL_NOMEM;
	}
	o->last = &o->first;
	o->allow = strdup(opts->allow ? opts->allow : "");
	o->mail_url = strdup(opts->mail_url ? opts->mail_url : "");
	o->mail_from = strdup(opts->mail_from ? opts->mail_from : "");
	o->multi = curl_multi_init();
	pthread_mutex_init(&o->lock, NULL);
	bool ok = o->allow && o->mail_url && o->mail_from && o->multi;
	int rc = ok ? pthread_create(&o->thread, NULL, run, o) : ENOMEM;
	if (rc == 0) {
		*out = o;
		return FL_OK;
	}
	curl_multi_cleanup(o->multi);
	free(o->allow);
	free(o->mail_url);
	free(o->mail_from);
	free(o);
	return fl_fail(diag, FL_NOMEM, "a thread for requests to the outside: %s", strerror(rc));
}

void fl_outbound_close(fl_outbound *o)
{
	if (!o)
		return;
	pthread_mutex_lock(&o->lock);
	o->closing = true;
	pthread_mutex_unlock(&o->lock);
	curl_multi_wakeup(o->multi);
	pthread_join(o->thread, NULL);
	curl_multi_cleanup(o->multi);
	pthread_mutex_destroy(&o->lock);
	explicit_bzero(o->mail_url, strlen(o->mail_url)); /* may hold a password */
	free(o->allow);
	free(o->mail_url);
	free(o->mail_from);
	free(o);
}

bool fl_outbound_has_mail(const fl_outbound *o)
{
	return o->mail_url[0] && o->mail_from[0];
}
