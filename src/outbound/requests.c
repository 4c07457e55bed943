/* What is asked of libcurl: an HTTP POST, and a mail. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "outbound/outbound_int.h"

#define TIMEOUT_US (10 * FL_SECOND_US)

/* The last moment before a connection: name and address can no longer differ. */
static curl_socket_t open_checked(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	transfer *t = arg;
	(void)purpose;
	if (!outbound_public(&address->addr) && !outbound_allowed(t->owner, &address->addr)) {
		t->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t on_answer(char *bytes, size_t size, size_t count, void *arg)
{
	transfer *t = arg;
	size_t len = FL_MIN(size * count, sizeof(t->answer) - t->answer_len);
	memcpy(t->answer + t->answer_len, bytes, len);
	t->answer_len += len;
	return len; /* less than came: the rest is not wanted */
}

static size_t on_body(char *to, size_t size, size_t count, void *arg)
{
	transfer *t = arg;
	size_t len = FL_MIN(size * count, t->body_len - t->body_sent);
	memcpy(to, t->body + t->body_sent, len);
	t->body_sent += len;
	return len;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	return atomic_load(&((transfer *)arg)->state) == DROPPED;
}

static void set_common(transfer *t, int64_t timeout_us, const char *protocols)
{
	CURL *c = t->easy;
	int64_t us = timeout_us ? timeout_us : TIMEOUT_US;
	curl_easy_setopt(c, CURLOPT_PRIVATE, t);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->why);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(us / 1000));
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(FL_MIN(us, 5 * FL_SECOND_US) / 1000));
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, protocols);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
}

static bool add(transfer *t, const char *line)
{
	struct curl_slist *longer = curl_slist_append(t->list, line);
	if (!longer)
		return false;
	t->list = longer;
	return true;
}

fl_err await_outbound_post(fl_ctx *ctx, fl_outbound *o, const fl_outbound_post *post, fl_outbound_answer *out)
{
	FL_TRY(fl_outbound_check_url(o, post->url, &ctx->diag));
	const char *url = fl_str_cstr(ctx->mem, post->url);
	transfer *t = url ? outbound_transfer_new(o, post->body) : NULL;
	bool ok = t && add(t, "Content-Type: application/json") && add(t, "Expect:");
	for (size_t i = 0; ok && i < post->header_count; i++) {
		const char *line = fl_str_cstr(ctx->mem, post->headers[i]);
		assert(fl_str_find_char(post->headers[i], '\n') < 0);
		ok = line && add(t, line);
	}
	if (!ok) {
		outbound_transfer_free(t);
		return FL_NOMEM;
	}
	set_common(t, post->timeout_us, "http,https");
	curl_easy_setopt(t->easy, CURLOPT_URL, url);
	curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "fleet");
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->body);
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body_len);
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->list);
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, open_checked);
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, t);
	return outbound_run(ctx, o, t, out);
}

/* ---- mail ---- */

/* Letters, digits and what else may stand bare in an address; exactly one @. */
static bool is_address(fl_str s)
{
	ptrdiff_t at = fl_str_find_char(s, '@');
	if (at < 1 || at == (ptrdiff_t)s.len - 1 || s.len > 254)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		if (!plain && (ptrdiff_t)i != at && (c == 0 || !strchr("!#$%&'*+-/=?^_`{|}~.", c)))
			return false;
	}
	return true;
}

/* RFC 2047: =?UTF-8?B?...?= in pieces that fit a line. */
static void put_subject(fl_buf *out, fl_str subject)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t at = 0, len; at < subject.len; at += len) {
		len = FL_MIN(subject.len - at, (size_t)42);
		while (at + len < subject.len && ((unsigned char)subject.ptr[at + len] & 0xc0) == 0x80)
			len--; /* not inside a character */
		fl_buf_str(out, at ? FL_STR("\r\n =?UTF-8?B?") : FL_STR("=?UTF-8?B?"));
		for (size_t i = 0; i < len; i += 3) {
			const unsigned char *p = (const unsigned char *)subject.ptr + at + i;
			uint32_t group =
				(uint32_t)p[0] << 16 | (i + 1 < len ? (uint32_t)p[1] << 8 : 0) | (i + 2 < len ? p[2] : 0);
			fl_buf_char(out, digits[group >> 18]);
			fl_buf_char(out, digits[group >> 12 & 63]);
			fl_buf_char(out, i + 1 < len ? digits[group >> 6 & 63] : '=');
			fl_buf_char(out, i + 2 < len ? digits[group & 63] : '=');
		}
		fl_buf_lit(out, "?=");
	}
}

/* Lines end with CR LF; libcurl doubles dots at their beginning. */
static void put_text(fl_buf *out, fl_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '\n')
			fl_buf_lit(out, "\r\n");
		else if (c != '\r' && c != 0)
			fl_buf_char(out, c);
	}
	fl_buf_lit(out, "\r\n");
}

static fl_err write_mail(fl_buf *out, const fl_outbound *o, const fl_outbound_mail *mail)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
		"Dec" };
	fl_civil now = fl_time_civil(fl_now_us());
	fl_buf_fmt(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[now.weekday], now.day, months[now.month - 1],
		now.year, now.hour, now.minute, now.second);
	fl_buf_fmt(out, "From: <%s>\r\nTo: <%" FL_FMT ">\r\nMessage-ID: <%" FL_FMT ">\r\nSubject: ", o->mail_from,
		FL_ARG(mail->to), FL_ARG(mail->message_id));
	put_subject(out, mail->subject);
	fl_buf_lit(out, "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
			"Auto-Submitted: auto-generated\r\n\r\n");
	put_text(out, mail->text);
	return fl_buf_err(out);
}

fl_err await_outbound_mail(fl_ctx *ctx, fl_outbound *o, const fl_outbound_mail *mail, fl_outbound_answer *out)
{
	FL_AUTO_BUF fl_buf text = fl_buf_make(256 << 10);
	if (!fl_outbound_has_mail(o))
		return fl_fail(&ctx->diag, FL_UNAVAILABLE, "no mail server is configured (FLEET_MAIL_URL, FLEET_MAIL_FROM)");
	if (!is_address(mail->to))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "this is no mail address");
	FL_TRY(write_mail(&text, o, mail));
	const char *to = fl_str_cstr(ctx->mem, mail->to);
	transfer *t = to ? outbound_transfer_new(o, fl_buf_view(&text)) : NULL;
	if (!t || !add(t, to)) {
		outbound_transfer_free(t);
		return FL_NOMEM;
	}
	t->is_mail = true;
	set_common(t, 30 * FL_SECOND_US, "smtp,smtps");
	curl_easy_setopt(t->easy, CURLOPT_URL, o->mail_url);
	curl_easy_setopt(t->easy, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY);
	curl_easy_setopt(t->easy, CURLOPT_MAIL_FROM, o->mail_from);
	curl_easy_setopt(t->easy, CURLOPT_MAIL_RCPT, t->list);
	curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, on_body);
	curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 1L);
	return outbound_run(ctx, o, t, out);
}
