/* Which documents may run, and what a client that names one by its SHA-256 means.
 *
 *	named by hash, known here ------------------------------------------> runs
 *	named by hash, unknown --> registered ones --> other servers (Redis) --> runs, or PERSISTED_QUERY_NOT_FOUND
 *	hash and text -----------> the hash is checked, the text remembered ---> runs
 *	text alone --------------> runs; where only trusted documents are, it must be registered
 *
 * Registered documents are kept prepared by every loop. A loop asks for changes when it needs to know and has not asked for
 * a second: new documents are run and removed ones refused within that time, without a restart and without a message that
 * could be lost. Automatic ones are shared through Redis in a table of fixed size: what is overwritten there is sent again
 * by the client. Redis away: each server learns for itself. */
#include "api/api_int.h"
#include "fleet/document.h"

#include <stdlib.h>

enum {
	SLOTS = 8192,            /* of the table in Redis */
	SLOT_TEXT_MAX = 8 << 10, /* longer documents are not shared */
};
#define SYNC_EVERY_US FL_SECOND_US
#define SLOT_TTL_US (24 * FL_HOUR_US)

/* ---- Registered documents ---- */

static void pin(fl_api *api, fl_str text, const uint8_t *id)
{
	fl_diag diag = {};
	char hex[17] = "";
	FL_AUTO_BUF fl_buf name = fl_buf_make(64);
	fl_err err = fl_gql_pin(api->engine, text, id, &diag);
	if (err == FL_OK || err == FL_NOT_FOUND) /* fragments alone are no document */
		return;
	fl_buf_hex(&name, id, 8);
	memcpy(hex, name.ptr ? name.ptr : "", FL_MIN(name.len, sizeof(hex) - 1));
	fl_warn("document %s... does not fit the schema and is not run: %s", hex, fl_diag_text(&diag, err));
}

static bool is_own(const fl_api *api, const uint8_t *id)
{
	for (size_t i = 0; i < api->own_count; i++)
		if (memcmp(api->own[i].bytes, id, FL_GQL_ID_BYTES) == 0)
			return true;
	return false;
}

static void apply(fl_api *api, const fl_document *change)
{
	const uint8_t *id = (const uint8_t *)change->id.ptr;
	if (change->version <= api->documents_version || change->id.len != FL_GQL_ID_BYTES)
		return; /* another coroutine was faster */
	api->documents_version = change->version;
	if (change->text.ptr)
		pin(api, change->text, id);
	else if (!is_own(api, id))
		fl_gql_unpin(api->engine, id);
}

fl_err await_api_documents(fl_ctx *ctx, fl_api *api)
{
	fl_document *changes;
	size_t count;
	int64_t asked_us = fl_loop_now_us(api->loop);
	do {
		FL_TRY(fl_documents_since(ctx, api->documents_version, &changes, &count));
		for (size_t i = 0; i < count; i++)
			apply(api, &changes[i]);
	} while (count);
	api->documents_asked_us = asked_us;
	return FL_OK;
}

fl_err fl_api_own_documents(fl_api *api, const fl_str *texts, size_t count)
{
	api->own = calloc(FL_MAX(count, 1), sizeof(*api->own));
	if (!api->own)
		return FL_NOMEM;
	for (size_t i = 0; i < count; i++) {
		api->own[i] = fl_sha256_of(texts[i]);
		pin(api, texts[i], api->own[i].bytes);
	}
	api->own_count = count;
	return FL_OK;
}

/* Whether a document is registered, as of a second ago at most. */
static fl_err ask_registered(fl_ctx *ctx, fl_api *api, const uint8_t *id, bool *registered)
{
	fl_err err = FL_OK;
	if (!api->documents_asked_us || fl_loop_now_us(api->loop) - api->documents_asked_us >= SYNC_EVERY_US)
		err = await_api_documents(ctx, api);
	*registered = fl_gql_is_pinned(api->engine, id);
	return *registered ? FL_OK : err;
}

/* ---- Automatic ones, shared by the servers ---- */

static fl_str slot_key(fl_ctx *ctx, const uint8_t *id)
{
	return fl_str_fmt(ctx->mem, "fleet:document:%u", ((unsigned)id[0] << 8 | id[1]) % SLOTS);
}

static void share(fl_ctx *ctx, const fl_gql_request *request)
{
	fl_str key = slot_key(ctx, request->document_id);
	fl_str ttl = fl_str_fmt(ctx->mem, "%lld", (long long)(SLOT_TTL_US / 1000));
	if (ctx->services->redis && key.ptr && ttl.ptr && request->query.len <= SLOT_TEXT_MAX)
		fl_redis_send(ctx->services->redis, 5, (fl_str[]) { FL_STR("SET"), key, request->query, FL_STR("PX"), ttl });
}

static bool is_hash_of(const uint8_t *id, fl_str text)
{
	fl_sha256 hash = fl_sha256_of(text);
	return memcmp(hash.bytes, id, FL_GQL_ID_BYTES) == 0;
}

/* What another server was told. The hash is checked again: whoever writes to Redis decides nothing here. */
static fl_err ask_others(fl_ctx *ctx, fl_gql_request *request)
{
	fl_str text = {};
	if (ctx->services->redis &&
		await_redis_get(ctx, ctx->services->redis, slot_key(ctx, request->document_id), &text) == FL_OK && text.ptr &&
		is_hash_of(request->document_id, text)) {
		request->query = text;
		return FL_OK;
	}
	ctx->diag.text[0] = 0;
	return FL_NO_DOCUMENT;
}

/* ---- A request ---- */

static fl_err check_hash(fl_ctx *ctx, const fl_gql_request *request)
{
	if (request->by_id == FL_GQL_BY_DOCUMENT_ID)
		return fl_fail(&ctx->diag, FL_BAD_REQUEST, "give either \"query\" or \"documentId\"");
	if (!is_hash_of(request->document_id, request->query))
		return fl_fail(&ctx->diag, FL_BAD_REQUEST, "provided sha does not match query");
	return FL_OK;
}

/* Only what is registered runs, however the client names it. */
static fl_err only_trusted(fl_ctx *ctx, fl_api *api, fl_gql_request *request)
{
	bool registered, has_text = request->query.ptr;
	if (!request->by_id) {
		fl_sha256 hash = fl_sha256_of(request->query);
		memcpy(request->document_id, hash.bytes, FL_GQL_ID_BYTES);
		request->by_id = FL_GQL_BY_HASH;
	}
	FL_TRY(ask_registered(ctx, api, request->document_id, &registered));
	request->query = (fl_str) {};
	return registered ? FL_OK : has_text ? FL_UNTRUSTED : FL_NO_DOCUMENT;
}

static fl_err find_by_id(fl_ctx *ctx, fl_api *api, fl_gql_request *request)
{
	bool automatic = request->by_id == FL_GQL_BY_HASH, registered;
	if (fl_gql_knows(api->engine, request->document_id))
		return FL_OK;
	if (!request->query.ptr) {
		FL_TRY(ask_registered(ctx, api, request->document_id, &registered));
		if (registered)
			return FL_OK;
	}
	if (automatic && !api->automatic_documents)
		return FL_NO_PERSISTED;
	if (!request->query.ptr)
		return automatic ? ask_others(ctx, request) : FL_NO_DOCUMENT;
	share(ctx, request);
	return FL_OK;
}

fl_err fl_api_document(fl_ctx *ctx, fl_gql_request *request)
{
	fl_api *api = ctx->services->api;
	if (request->by_id && request->query.ptr)
		FL_TRY(check_hash(ctx, request));
	if (api->trusted_only)
		return only_trusted(ctx, api, request);
	return request->by_id ? find_by_id(ctx, api, request) : FL_OK;
}

bool fl_api_is_document_error(fl_err err)
{
	return err == FL_NO_DOCUMENT || err == FL_NO_PERSISTED || err == FL_UNTRUSTED;
}

fl_err fl_api_request(fl_ctx *ctx, const fl_json *body, fl_gql_request *out)
{
	FL_TRY(fl_gql_request_from_json(body, out, &ctx->diag));
	out->budget = fl_api_budget(ctx);
	return fl_api_document(ctx, out);
}
