/* outbound: which addresses are public, and which URLs may be called. */
#include "outbound/outbound.h"

#include <setjmp.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void inside_is_inside(void **state)
{
	static const char *const inside[] = {
		"0.0.0.0",
		"10.0.0.1",
		"10.255.255.255",
		"100.64.0.1",
		"100.127.255.255",
		"127.0.0.1",
		"127.255.0.1",
		"169.254.169.254",
		"172.16.0.1",
		"172.31.255.255",
		"192.0.0.1",
		"192.168.0.1",
		"198.18.0.1",
		"198.19.255.255",
		"224.0.0.1",
		"240.0.0.1",
		"255.255.255.255",
		"192.0.2.1",
		"::",
		"::1",
		"fe80::1",
		"fc00::1",
		"fd12::1",
		"ff02::1",
		"::ffff:127.0.0.1",
		"::ffff:10.0.0.1",
		"64:ff9b::a00:1",
		"2002:7f00:1::",
		"2002:a00:1::",
		"2001::1",
		"2001:db8::1",
		"3fff::1",
		"100::1",
		"::7f00:1",
		"no address",
		"",
	};
	static const char *const outside[] = { "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
		"172.15.255.255", "172.32.0.0", "192.167.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255",
		"2606:4700::1111", "2a00::1", "::ffff:1.1.1.1", "2002:101:101::" };
	for (size_t i = 0; i < FL_COUNT(inside); i++)
		if (fl_outbound_is_public(inside[i]))
			fail_msg("%s counts as public", inside[i]);
	for (size_t i = 0; i < FL_COUNT(outside); i++)
		if (!fl_outbound_is_public(outside[i]))
			fail_msg("%s counts as inside", outside[i]);
}

static void urls(void **state)
{
	static const struct {
		const char *url;
		fl_err err;
	} cases[] = {
		{ "https://example.com/hook?x=1", FL_OK },
		{ "https://example.com:8443/", FL_OK },
		{ "http://127.0.0.1:9000/hook", FL_OK }, /* allowed below */
		{ "http://example.com/", FL_BAD_INPUT },
		{ "http://127.0.0.1:9001/", FL_BAD_INPUT },
		{ "https://127.0.0.1/", FL_FORBIDDEN },
		{ "https://169.254.169.254/latest/meta-data", FL_FORBIDDEN },
		{ "https://2130706433/", FL_FORBIDDEN }, /* 127.0.0.1 as one number */
		{ "https://user:secret@example.com/", FL_BAD_INPUT },
		{ "ftp://example.com/", FL_BAD_INPUT },
		{ "file:///etc/passwd", FL_BAD_INPUT },
		{ "gopher://example.com:25/_HELO", FL_BAD_INPUT },
		{ "example.com", FL_BAD_INPUT },
		{ "https://", FL_BAD_INPUT },
		{ "https://exa mple.com/", FL_BAD_INPUT },
		{ "https://example.com/\r\nX: y", FL_BAD_INPUT },
		{ "", FL_BAD_INPUT },
	};
	fl_diag diag = {};
	fl_outbound *o;
	assert_int_equal(fl_outbound_open(&(fl_outbound_opts) { .allow = "10.0.0.1:80, 127.0.0.1:9000" }, &diag, &o), FL_OK);
	for (size_t i = 0; i < FL_COUNT(cases); i++) {
		fl_err err = fl_outbound_check_url(o, fl_str_z(cases[i].url), &diag);
		if (err != cases[i].err)
			fail_msg("%s: %s, not %s", cases[i].url, fl_err_name(err), fl_err_name(cases[i].err));
	}
	fl_outbound_close(o);
}

/* ---- a receiver that answers as it is told, on a port of its own ---- */

typedef struct receiver {
	int listener, port;
	const char *answer; /* NULL: none, ever */
	pthread_t thread;
	char got[4096];
} receiver;

static void *serve(void *arg)
{
	receiver *r = arg;
	int fd = accept(r->listener, NULL, NULL);
	size_t len = 0;
	while (len < sizeof(r->got) - 1 && !strstr(r->got, "\r\n\r\n{}")) {
		ssize_t n = read(fd, r->got + len, sizeof(r->got) - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	if (r->answer)
		assert_true(write(fd, r->answer, strlen(r->answer)) > 0);
	else
		while (read(fd, r->got, 1) > 0) /* until the client hangs up */
			;
	close(fd);
	return NULL;
}

static void receiver_start(receiver *r, const char *answer)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	*r = (receiver) { .listener = socket(AF_INET, SOCK_STREAM, 0), .answer = answer };
	assert_int_equal(bind(r->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(r->listener, 4), 0);
	assert_int_equal(getsockname(r->listener, (struct sockaddr *)&at, &len), 0);
	r->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&r->thread, NULL, serve, r), 0);
}

static void receiver_stop(receiver *r)
{
	pthread_join(r->thread, NULL);
	close(r->listener);
}

typedef struct posting {
	fl_outbound *o;
	char url[200];
	int64_t timeout_us;
	fl_err err;
	int status;
	size_t body_len;
} posting;

static fl_err post(fl_ctx *ctx, void *arg)
{
	posting *p = arg;
	fl_outbound_answer answer = {};
	p->err = await_outbound_post(ctx, p->o,
		&(fl_outbound_post) { .url = fl_str_z(p->url),
			.body = FL_STR("{}"),
			.timeout_us = p->timeout_us,
			.headers = { FL_STR("webhook-id: 7") },
			.header_count = 1 },
		&answer);
	p->status = answer.status;
	p->body_len = answer.body.len;
	return FL_OK;
}

static void run_post(posting *p, const char *allow, int64_t deadline_us)
{
	fl_diag diag = {};
	fl_loop *loop;
	assert_int_equal(fl_outbound_open(&(fl_outbound_opts) { .allow = allow }, &diag, &p->o), FL_OK);
	assert_int_equal(fl_loop_new(&(fl_loop_opts) {}, &loop), FL_OK);
	assert_int_equal(fl_loop_run_task(loop, deadline_us, post, p), FL_OK);
	fl_outbound_close(p->o);
	fl_loop_free(loop);
}

static void post_to(receiver *r, const char *host, posting *p, int64_t deadline_us)
{
	char allow[64];
	snprintf(allow, sizeof(allow), "%s:%d,127.0.0.1:%d", host, r->port, r->port);
	snprintf(p->url, sizeof(p->url), "http://%s:%d/hook", host, r->port);
	run_post(p, allow, deadline_us);
}

static void answers_come_back(void **state)
{
	receiver r;
	posting p = {};
	receiver_start(&r, "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok");
	post_to(&r, "127.0.0.1", &p, 0);
	receiver_stop(&r);
	assert_int_equal(p.err, FL_OK);
	assert_int_equal(p.status, 202);
	assert_int_equal(p.body_len, 2);
	assert_non_null(strstr(r.got, "POST /hook HTTP/1.1\r\n"));
	assert_non_null(strstr(r.got, "webhook-id: 7\r\n"));
}

static void redirects_are_answers(void **state)
{
	receiver r;
	posting p = {};
	receiver_start(&r, "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n");
	post_to(&r, "127.0.0.1", &p, 0);
	receiver_stop(&r);
	assert_int_equal(p.err, FL_OK);
	assert_int_equal(p.status, 302);
}

/* The name is allowed, the address that it leads to is not. */
static void names_do_not_lead_inside(void **state)
{
	posting p = { .url = "http://localhost:9/" };
	run_post(&p, "localhost:9", 0);
	assert_int_equal(p.err, FL_FORBIDDEN);
}

static void slow_receivers_are_given_up(void **state)
{
	receiver r;
	posting p = { .timeout_us = 200000 }, q = {};
	receiver_start(&r, NULL);
	post_to(&r, "127.0.0.1", &p, 0);
	receiver_stop(&r);
	assert_int_equal(p.err, FL_TIMEOUT);
	receiver_start(&r, NULL);
	post_to(&r, "127.0.0.1", &q, 200000); /* the caller's own deadline */
	receiver_stop(&r);
	assert_int_equal(q.err, FL_TIMEOUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inside_is_inside),
		cmocka_unit_test(urls),
		cmocka_unit_test(answers_come_back),
		cmocka_unit_test(redirects_are_answers),
		cmocka_unit_test(names_do_not_lead_inside),
		cmocka_unit_test(slow_receivers_are_given_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
