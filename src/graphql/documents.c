/* Documents that requests name by their SHA-256, and those that stay prepared for good. Both are entries of the one cache of
 * prepared documents: an index by id beside the one by text. */
#include "graphql/graphql_int.h"

enum { OPERATIONS_MAX = 64 }; /* of one document that stays */

bool fl_gql_document_id(fl_str text, uint8_t id[FL_GQL_ID_BYTES])
{
	if (fl_str_starts(text, FL_STR("sha256:")))
		text = fl_str_slice(text, 7, text.len);
	return text.len == 2 * FL_GQL_ID_BYTES && fl_str_unhex(text, id, FL_GQL_ID_BYTES);
}

/* extensions.persistedQuery: {"version": 1, "sha256Hash": "..."} */
static fl_err read_persisted(const fl_json *persisted, fl_gql_request *out, fl_diag *diag)
{
	if (!persisted || persisted->type == FL_JSON_NULL)
		return FL_OK;
	if (fl_json_int(fl_json_get(persisted, FL_STR("version")), 0) != 1)
		return fl_fail(diag, FL_BAD_REQUEST, "only version 1 of \"persistedQuery\" is supported");
	if (!fl_gql_document_id(fl_json_str(fl_json_get(persisted, FL_STR("sha256Hash")), FL_STR("")), out->document_id))
		return fl_fail(diag, FL_BAD_REQUEST, "\"persistedQuery.sha256Hash\" must be 64 hexadecimal digits");
	out->by_id = FL_GQL_BY_HASH;
	return FL_OK;
}

/* true or "report" shows the cost beside the data, "validate" shows it alone. */
static void read_cost(const fl_json *cost, fl_gql_request *out)
{
	fl_str word = fl_json_str(cost, FL_STR(""));
	out->show_cost = fl_json_bool(cost, false) || fl_str_eq(word, FL_STR("report"));
	out->cost_only = fl_str_eq(word, FL_STR("validate"));
}

fl_err fl_gql_request_extend(fl_gql_request *request, fl_str document_id, const fl_json *extensions, fl_diag *diag)
{
	if (extensions && extensions->type != FL_JSON_NULL && extensions->type != FL_JSON_OBJECT)
		return fl_fail(diag, FL_BAD_REQUEST, "\"extensions\" must be an object or null");
	FL_TRY(read_persisted(fl_json_get(extensions, FL_STR("persistedQuery")), request, diag));
	read_cost(fl_json_get(extensions, FL_STR("cost")), request);
	if (!document_id.ptr)
		return FL_OK;
	if (!fl_gql_document_id(document_id, request->document_id))
		return fl_fail(diag, FL_BAD_REQUEST, "\"documentId\" must be \"sha256:\" and 64 hexadecimal digits");
	request->by_id = FL_GQL_BY_DOCUMENT_ID;
	return FL_OK;
}

/* ---- The engine's store ---- */

bool fl_gql_knows(const fl_gql_engine *engine, const uint8_t id[FL_GQL_ID_BYTES])
{
	return gql_cache_any(&engine->cache, id);
}

bool fl_gql_is_pinned(const fl_gql_engine *engine, const uint8_t id[FL_GQL_ID_BYTES])
{
	const gql_entry *entry = gql_cache_any(&engine->cache, id);
	return entry && entry->pinned;
}

/* The names of the operations, the first of a nameless one with ptr NULL. */
static uint32_t operations_of(const gql_document *doc, fl_str *names, uint32_t max)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < doc->definition_count; i++) {
		if (doc->definitions[i].is_fragment)
			continue;
		if (count < max)
			names[count] = doc->definitions[i].name;
		count++;
	}
	return count;
}

static fl_err refuse(const gql_errors *errors, fl_diag *diag)
{
	if (errors->nomem)
		return FL_NOMEM;
	return fl_fail(diag, FL_BAD_INPUT, "%" FL_FMT, FL_ARG(errors->first->message));
}

static fl_err pin_operation(fl_gql_engine *engine, fl_str document, fl_str name, const uint8_t *id, fl_diag *diag)
{
	fl_arena mem = fl_arena_make(1 << 20);
	gql_errors errors = { .mem = &mem };
	fl_gql_request request = { .query = document, .operation_name = name };
	gql_entry *entry = gql_prepare(engine, &request, NULL, &errors);
	fl_err err = entry ? FL_OK : refuse(&errors, diag);
	if (entry)
		gql_cache_pin(&engine->cache, entry, id);
	gql_entry_put(entry);
	fl_arena_fini(&mem);
	return err;
}

/* Each operation of a document with several is prepared by its name. */
static fl_err pin_all(fl_gql_engine *engine, fl_str document, const uint8_t *id, fl_arena *mem, fl_diag *diag)
{
	fl_str names[OPERATIONS_MAX];
	gql_document doc = {};
	gql_errors errors = { .mem = mem };
	if (!gql_parse(&doc, mem, document, &engine->limits, &errors))
		return refuse(&errors, diag);
	uint32_t count = operations_of(&doc, names, OPERATIONS_MAX);
	if (count == 0)
		return fl_fail(diag, FL_NOT_FOUND, "the document has no operation");
	if (count > OPERATIONS_MAX)
		return fl_fail(diag, FL_BAD_INPUT, "the document has more than %d operations", OPERATIONS_MAX);
	for (uint32_t i = 0; i < count; i++)
		FL_TRY(pin_operation(engine, document, count == 1 ? (fl_str) {} : names[i], id, diag));
	return FL_OK;
}

fl_err fl_gql_pin(fl_gql_engine *engine, fl_str document, const uint8_t id[FL_GQL_ID_BYTES], fl_diag *diag)
{
	if (fl_gql_is_pinned(engine, id))
		return FL_OK;
	fl_arena mem = fl_arena_make(32 << 20);
	fl_err err = pin_all(engine, document, id, &mem, diag);
	if (err != FL_OK)
		fl_gql_unpin(engine, id); /* all of its operations, or none */
	fl_arena_fini(&mem);
	return err;
}

void fl_gql_unpin(fl_gql_engine *engine, const uint8_t id[FL_GQL_ID_BYTES])
{
	for (gql_entry *entry; (entry = gql_cache_any(&engine->cache, id)) && entry->pinned;)
		gql_cache_unpin(&engine->cache, entry);
}

/* ---- Requests ---- */

/* Of a document that is known only by its id, another entry has the text. */
static gql_entry *find_text(fl_gql_engine *engine, fl_gql_request *request, gql_errors *errors)
{
	gql_entry *sibling = gql_cache_any(&engine->cache, request->document_id);
	if (!sibling) {
		gql_fault(errors, fl_err_code(FL_NO_DOCUMENT), GQL_NONE, GQL_NONE, "%s", fl_err_text(FL_NO_DOCUMENT));
		return NULL;
	}
	sibling->refs++;
	request->query = sibling->plan.doc.source;
	return sibling;
}

static gql_entry *find_or_prepare(fl_gql_engine *engine, const fl_gql_request *request, uint64_t variant, const gql_variant *values,
				  gql_errors *errors, bool *cached)
{
	gql_entry *entry = gql_cache_get(&engine->cache, request->query, request->operation_name, variant);
	*cached = entry;
	if (entry)
		return entry;
	entry = gql_prepare(engine, request, values, errors);
	if (entry) {
		entry->variant = variant;
		gql_cache_put(&engine->cache, entry);
	}
	return entry;
}

gql_entry *gql_engine_entry(fl_gql_engine *engine, const fl_gql_request *request, uint64_t variant, const gql_variant *values,
			    gql_errors *errors, bool *cached)
{
	fl_gql_request whole = *request;
	gql_entry *sibling = NULL, *entry = NULL;
	if (request->by_id && !variant)
		entry = gql_cache_get_by_id(&engine->cache, request->document_id, request->operation_name);
	*cached = entry;
	if (entry || (!whole.query.ptr && !(sibling = find_text(engine, &whole, errors))))
		return entry;
	entry = find_or_prepare(engine, &whole, variant, values, errors, cached);
	if (entry && request->by_id && !variant)
		gql_cache_identify(&engine->cache, entry, request->document_id);
	gql_entry_put(sibling);
	return entry;
}
