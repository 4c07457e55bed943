/* Streamed lists: which items come at once, and how the others are come by. */
#include "graphql/incremental_int.h"

#include "io/io.h"

static bool is_list(const fl_gql_value *value)
{
	return value->kind == FL_GQL_LIST || value->kind == FL_GQL_ROWS || value->kind == FL_GQL_PTRS;
}

/* Negative: the client asks for nonsense. */
static int64_t first_count(const gql_exec *x, const gql_streamed *stream)
{
	if (stream->variable == GQL_NONE)
		return stream->count;
	const fl_gql_value *v = &x->variables[stream->variable];
	return v->kind == FL_GQL_INT ? v->integer : v->kind == FL_GQL_ABSENT ? 0 : -1;
}

fl_gql_value gql_list_head(const gql_exec *x, const gql_node *node, const fl_gql_value *value)
{
	int64_t count = first_count(x, node->stream);
	fl_gql_value head = *value;
	if (value->kind == FL_GQL_PAGED)
		return ((const gql_paged *)value->pointer)->head;
	if (!is_list(value))
		return head;
	if (count < 0)
		return gql_failure_value(x->mem, FL_BAD_INPUT, FL_STR("initialCount must be 0 or more"));
	head.count = (uint32_t)FL_MIN((int64_t)head.count, count);
	return head;
}

bool gql_list_goes_on(const fl_gql_value *value, const fl_gql_value *head)
{
	if (value->kind == FL_GQL_PAGED)
		return ((const gql_paged *)value->pointer)->more;
	return is_list(value) && is_list(head) && head->count < value->count;
}

static fl_gql_value slice(const fl_gql_value *list, uint32_t from, uint32_t count)
{
	fl_gql_value part = *list;
	part.count = count;
	if (list->kind == FL_GQL_ROWS)
		part.pointer = (const char *)list->pointer + (size_t)from * list->stride_or_type;
	else if (list->kind == FL_GQL_PTRS)
		part.pointers = list->pointers + from;
	else
		part.items = list->items + from;
	return part;
}

static fl_err next_page(
	fl_ctx *ctx, const fl_gql_field *field, fl_gql_pager *pager, uint32_t wanted, fl_gql_value *items, bool *more)
{
	*items = fl_gql_list(NULL, 0);
	*more = false;
	ctx->diag.text[0] = 0;
	FL_TRY(pager->next(ctx, field, pager, wanted, items, more));
	assert(is_list(items) && items->count <= wanted);
	return FL_OK;
}

fl_err gql_tail_next(
	fl_ctx *ctx, const fl_gql_field *field, const gql_tail *tail, uint32_t wanted, fl_gql_value *items, bool *more)
{
	if (tail->pager)
		return next_page(ctx, field, tail->pager, wanted, items, more);
	uint32_t left = tail->list.count - tail->position;
	*items = slice(&tail->list, tail->position, FL_MIN(left, wanted));
	*more = left > wanted;
	return FL_OK;
}

/* ---- What comes at once of a list in pages ---- */

typedef struct gathered {
	fl_gql_value *items;
	uint32_t count, cap;
} gathered;

static fl_gql_value item_of(const fl_gql_value *list, uint32_t i)
{
	if (list->kind == FL_GQL_ROWS)
		return fl_gql_object((const char *)list->pointer + (size_t)i * list->stride_or_type);
	return list->kind == FL_GQL_PTRS ? fl_gql_object(list->pointers[i]) : list->items[i];
}

static bool gather(fl_arena *mem, gathered *g, const fl_gql_value *page)
{
	for (uint32_t i = 0; i < page->count; i++) {
		if (!gql_room(mem, &g->items, g->count, &g->cap, sizeof(*g->items)))
			return false;
		g->items[g->count++] = item_of(page, i);
	}
	return true;
}

static fl_err fetch_head(fl_ctx *ctx, const fl_gql_field *field, fl_gql_pager *pager, uint32_t wanted, gql_paged *out)
{
	gathered g = {};
	*out = (gql_paged) { .pager = pager, .more = true };
	while (out->more && g.count < wanted) {
		fl_gql_value page;
		FL_TRY(next_page(ctx, field, pager, wanted - g.count, &page, &out->more));
		if (!gather(ctx->mem, &g, &page))
			return FL_NOMEM;
	}
	out->head = fl_gql_list(g.items, g.count);
	return FL_OK;
}

static fl_err fetch_one(fl_ctx *ctx, const fl_gql_field *field, fl_gql_value *value)
{
	const gql_exec *x = field->exec;
	const gql_streamed *stream = field->node->stream;
	uint32_t all = x->limits->unstreamed_items;
	int64_t wanted = stream ? first_count(x, stream) : (int64_t)all + 1;
	gql_paged *paged = fl_new(ctx->mem, gql_paged);
	if (!paged)
		return FL_NOMEM;
	if (wanted < 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "initialCount must be 0 or more");
	FL_TRY(fetch_head(
		ctx, field, (fl_gql_pager *)(uintptr_t)value->pointer, (uint32_t)FL_MIN(wanted, (int64_t)all + 1), paged));
	if (paged->head.count > all)
		return fl_fail(&ctx->diag, FL_TOO_LARGE, "there are more than %u items: ask for them with @stream", all);
	if (stream)
		*value = (fl_gql_value) { .kind = FL_GQL_PAGED, .pointer = paged };
	else
		*value = paged->head;
	return FL_OK;
}

fl_err gql_fetch_heads(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->results[i].kind != FL_GQL_PAGED)
			continue;
		fl_err err = fetch_one(ctx, field, &batch->results[i]);
		if (err == FL_CANCELLED || (err != FL_OK && batch->count == 1))
			return err;
		if (err != FL_OK)
			batch->results[i] = gql_failure_value(ctx->mem, err, fl_str_dup(ctx->mem, fl_str_z(ctx->diag.text)));
	}
	return FL_OK;
}
