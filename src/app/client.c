#include "app/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <unistd.h>

enum { ANSWER_MAX = 64 << 20 };

typedef struct transfer {
	fl_buf answer;
	char curl_text[CURL_ERROR_SIZE];
	bool show;
	int percent;
} transfer;

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
	transfer *t = arg;
	fl_buf_add(&t->answer, bytes, size * count);
	return fl_buf_err(&t->answer) == FL_OK ? size * count : 0;
}

static int on_progress(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
	transfer *t = arg;
	int percent = up_total > 0 ? (int)(up * 100 / up_total) : 0;
	(void)down_total;
	(void)down;
	if (up_total > 65536 && percent != t->percent) {
		t->percent = percent;
		fprintf(stderr, percent < 100 ? "\r\033[Ksending %.1f MB: %d %%" : "\r\033[Ksent %.1f MB; the photos are being looked at",
			(double)up_total / 1e6, percent);
	}
	return 0;
}

static void put_operation(fl_buf *out, fl_str document, fl_str variables)
{
	fl_json_out j = { .buf = out };
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("query"));
	fl_json_put_str(&j, document);
	fl_json_key(&j, FL_STR("variables"));
	fl_json_put_raw(&j, variables.len ? variables : FL_STR("{}"));
	fl_json_close(&j, '}');
}

/* {"0":["variables.input.photos.0"],"1":[...]} */
static void put_map(fl_buf *out, const app_upload *uploads, size_t count, const char *files_at)
{
	fl_json_out j = { .buf = out };
	fl_json_open(&j, '{');
	for (size_t i = 0; i < count; i++) {
		char name[24], place[128];
		snprintf(name, sizeof(name), "%zu", i);
		if (uploads[i].at)
			snprintf(place, sizeof(place), "%s", uploads[i].at);
		else
			snprintf(place, sizeof(place), "%s.%zu", files_at, i);
		fl_json_key(&j, fl_str_z(name));
		fl_json_open(&j, '[');
		fl_json_put_str(&j, fl_str_z(place));
		fl_json_close(&j, ']');
	}
	fl_json_close(&j, '}');
}

static bool add_text(curl_mime *form, const char *name, const fl_buf *text)
{
	curl_mimepart *part = curl_mime_addpart(form);
	return part && curl_mime_name(part, name) == CURLE_OK && curl_mime_data(part, text->ptr, text->len) == CURLE_OK;
}

static bool add_file(curl_mime *form, size_t index, const app_upload *upload)
{
	char name[24];
	curl_mimepart *part = curl_mime_addpart(form);
	snprintf(name, sizeof(name), "%zu", index);
	return part && curl_mime_name(part, name) == CURLE_OK && curl_mime_filedata(part, upload->path) == CURLE_OK;
}

static bool add_form(CURL *curl, curl_mime *form, const fl_buf *operation, const app_upload *uploads, size_t count,
	const char *files_at)
{
	FL_AUTO_BUF fl_buf map = fl_buf_make(1 << 16);
	put_map(&map, uploads, count, files_at);
	bool good = fl_buf_err(&map) == FL_OK && add_text(form, "operations", operation) && add_text(form, "map", &map);
	for (size_t i = 0; good && i < count; i++)
		good = add_file(form, i, &uploads[i]);
	return good && curl_easy_setopt(curl, CURLOPT_MIMEPOST, form) == CURLE_OK;
}

static fl_err network_error(const app_client *client, CURLcode code, const transfer *t, fl_diag *diag)
{
	if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
		return fl_fail(diag, FL_UNAVAILABLE, "no fleet server answers at %" FL_FMT "; is it running? (./fleet up)", FL_ARG(client->url));
	if (code == CURLE_OPERATION_TIMEDOUT)
		return fl_fail(diag, FL_TIMEOUT, "%" FL_FMT " took too long to answer", FL_ARG(client->url));
	return fl_fail(diag, FL_UNAVAILABLE, "%" FL_FMT ": %s", FL_ARG(client->url), t->curl_text[0] ? t->curl_text : curl_easy_strerror(code));
}

static fl_err error_of_code(fl_str code)
{
	for (int i = FL_OK + 1; i < FL_ERR_COUNT; i++)
		if (fl_str_eq(code, fl_str_z(fl_err_code((fl_err)i))))
			return (fl_err)i;
	return FL_INTERNAL;
}

static fl_err read_answer(const app_client *client, long status, const transfer *t, const fl_json **data, fl_diag *diag)
{
	const fl_json *answer = NULL;
	fl_diag ignored = { 0 };
	if (fl_json_parse(client->mem, fl_buf_view(&t->answer), &answer, &ignored) != FL_OK)
		return fl_fail(diag, FL_UNAVAILABLE, "%" FL_FMT " answers, but not as a fleet server does (status %ld)",
			FL_ARG(client->url), status);
	const fl_json *errors = fl_json_get(answer, FL_STR("errors"));
	const fl_json *first = errors && errors->type == FL_JSON_ARRAY ? errors->items.first : NULL;
	if (first) {
		fl_str code = fl_json_str(fl_json_get(fl_json_get(first, FL_STR("extensions")), FL_STR("code")), FL_STR(""));
		fl_str text = fl_json_str(fl_json_get(first, FL_STR("message")), FL_STR("the server gave no reason"));
		return fl_fail(diag, error_of_code(code), "%" FL_FMT, FL_ARG(text));
	}
	const fl_json *found = fl_json_get(answer, FL_STR("data"));
	if (!found || found->type != FL_JSON_OBJECT)
		return fl_fail(diag, FL_UNAVAILABLE, "%" FL_FMT " answers without data (status %ld)", FL_ARG(client->url), status);
	*data = found;
	return FL_OK;
}

static fl_err perform(app_client *client, CURL *curl, transfer *t, const fl_json **data, fl_diag *diag)
{
	long status = 0;
	CURLcode code = curl_easy_perform(curl);
	if (t->percent >= 0)
		fprintf(stderr, "\r\033[K");
	if (code != CURLE_OK)
		return network_error(client, code, t, diag);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return read_answer(client, status, t, data, diag);
}

static struct curl_slist *with_token(const app_client *client, struct curl_slist *list)
{
	if (!client->token.len)
		return list;
	char *line = fl_str_cstr(client->mem, fl_str_fmt(client->mem, "Authorization: Bearer %" FL_FMT, FL_ARG(client->token)));
	return list && line ? curl_slist_append(list, line) : list;
}

/* Bodies with files go as forms, others as JSON. */
static struct curl_slist *headers_for(const app_client *client, bool form)
{
	struct curl_slist *list = curl_slist_append(NULL, "Accept: application/graphql-response+json, application/json");
	if (list && !form)
		list = curl_slist_append(list, "Content-Type: application/json");
	return with_token(client, list);
}

void app_client_close(app_client *client)
{
	curl_easy_cleanup(client->handle);
	client->handle = NULL;
}

static void set_options(const app_client *client, CURL *curl, transfer *t, const char *address, struct curl_slist *headers,
	const fl_buf *operation, int64_t timeout_us)
{
	curl_easy_reset(curl); /* keeps the connection */
	curl_easy_setopt(curl, CURLOPT_URL, address);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, t->curl_text);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(timeout_us / 1000));
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "fleet-cli");
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)operation->len);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, operation->ptr);
	if (client->progress && isatty(STDERR_FILENO)) {
		curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
		curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
	}
}

fl_err app_client_ask(app_client *client, fl_str document, fl_str variables, const app_upload *uploads, size_t upload_count,
	const char *files_at, int64_t timeout_us, const fl_json **data, fl_diag *diag)
{
	FL_AUTO_BUF fl_buf operation = fl_buf_make(1 << 22);
	transfer t = { .answer = fl_buf_make(ANSWER_MAX), .percent = -1 };
	if (!client->handle)
		client->handle = curl_easy_init();
	CURL *curl = client->handle;
	char *address = fl_str_cstr(client->mem, fl_str_fmt(client->mem, "%" FL_FMT "/graphql", FL_ARG(client->url)));
	curl_mime *form = curl && upload_count ? curl_mime_init(curl) : NULL;
	struct curl_slist *headers = headers_for(client, upload_count > 0);
	fl_err err = FL_NOMEM;

	put_operation(&operation, document, variables);
	if (curl && address && headers && fl_buf_err(&operation) == FL_OK) {
		set_options(client, curl, &t, address, headers, &operation, timeout_us);
		if (!upload_count || (form && add_form(curl, form, &operation, uploads, upload_count, files_at)))
			err = perform(client, curl, &t, data, diag);
	}
	curl_slist_free_all(headers);
	curl_mime_free(form);
	fl_buf_fini(&t.answer);
	return err;
}

/* ---- downloads ---- */

typedef struct saving {
	CURL *curl;
	FILE *out;
	transfer answer; /* what is no file: an error */
	bool failed;
} saving;

static size_t on_piece(char *bytes, size_t size, size_t count, void *arg)
{
	saving *s = arg;
	long status = 0;
	curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return on_body(bytes, size, count, &s->answer);
	s->failed = fwrite(bytes, size, count, s->out) != count;
	return s->failed ? 0 : size * count;
}

static fl_err judge_download(app_client *client, CURLcode code, saving *s, fl_diag *diag)
{
	const fl_json *ignored;
	long status = 0;
	curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
	if (s->failed)
		return fl_fail(diag, FL_IO, "writing the file failed");
	if (code != CURLE_OK)
		return network_error(client, code, &s->answer, diag);
	return status == 200 ? FL_OK : read_answer(client, status, &s->answer, &ignored, diag);
}

fl_err app_client_download(app_client *client, fl_str path, FILE *out, int64_t timeout_us, fl_diag *diag)
{
	static const fl_buf no_body;
	if (!client->handle)
		client->handle = curl_easy_init();
	saving s = { .curl = client->handle, .out = out, .answer = { .answer = fl_buf_make(1 << 20), .percent = -1 } };
	char *address = fl_str_cstr(client->mem, fl_str_fmt(client->mem, "%" FL_FMT "%" FL_FMT, FL_ARG(client->url), FL_ARG(path)));
	struct curl_slist *headers = headers_for(client, true);
	fl_err err = FL_NOMEM;
	if (s.curl && address && headers) {
		set_options(client, s.curl, &s.answer, address, headers, &no_body, timeout_us);
		curl_easy_setopt(s.curl, CURLOPT_HTTPGET, 1L);
		curl_easy_setopt(s.curl, CURLOPT_WRITEFUNCTION, on_piece);
		curl_easy_setopt(s.curl, CURLOPT_WRITEDATA, &s);
		err = judge_download(client, curl_easy_perform(s.curl), &s, diag);
	}
	curl_slist_free_all(headers);
	fl_buf_fini(&s.answer.answer);
	return err;
}

/* ---- pages ---- */

/* What the form is sent with: browsers name the page that it came from, and the server takes forms of its own pages only. */
static struct curl_slist *headers_of_page(const app_client *client, bool form)
{
	struct curl_slist *list = with_token(client, curl_slist_append(NULL, "Accept: text/html, */*"));
	char *origin = fl_str_cstr(client->mem, fl_str_fmt(client->mem, "Origin: %" FL_FMT, FL_ARG(client->url)));
	return list && form && origin ? curl_slist_append(list, origin) : list;
}

static fl_err keep_page(const app_client *client, CURL *curl, const transfer *t, app_page *out)
{
	char *location = NULL;
	*out = (app_page){ .body = fl_str_dup(client->mem, fl_buf_view(&t->answer)) };
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &out->status);
	curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &location);
	out->location = fl_str_dup(client->mem, fl_str_z(location));
	return t->answer.len && !out->body.ptr ? FL_NOMEM : FL_OK;
}

fl_err app_client_page(app_client *client, fl_str path, const fl_str *form, int64_t timeout_us, app_page *out, fl_diag *diag)
{
	FL_AUTO_BUF fl_buf body = fl_buf_make(1 << 20);
	transfer t = { .answer = fl_buf_make(ANSWER_MAX), .percent = -1 };
	if (!client->handle)
		client->handle = curl_easy_init();
	CURL *curl = client->handle;
	char *address = fl_str_cstr(client->mem, fl_str_fmt(client->mem, "%" FL_FMT "%" FL_FMT, FL_ARG(client->url), FL_ARG(path)));
	struct curl_slist *headers = headers_of_page(client, form);
	fl_err err = FL_NOMEM;

	if (form)
		fl_buf_add(&body, form->ptr, form->len);
	if (curl && address && headers && fl_buf_err(&body) == FL_OK) {
		set_options(client, curl, &t, address, headers, &body, timeout_us);
		if (!form)
			curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
		CURLcode code = curl_easy_perform(curl);
		err = code == CURLE_OK ? keep_page(client, curl, &t, out) : network_error(client, code, &t, diag);
	}
	curl_slist_free_all(headers);
	fl_buf_fini(&t.answer);
	return err;
}
