/* What is to follow, noted while a text is written; and the memory in which it waits. */
#include "graphql/incremental_int.h"

#include <stdlib.h>

/* ---- Memory ---- */

struct gql_kept {
	struct gql_kept *next;
	gql_block *block;
};

gql_block *gql_block_new(fl_arena *mem, size_t bytes_max)
{
	gql_block *block = calloc(1, sizeof(*block));
	if (!block)
		return NULL;
	block->own = fl_arena_make(bytes_max);
	block->mem = mem ? mem : &block->own;
	block->refs = 1;
	return block;
}

/* The end of one block may be the end of those that it kept. */
void gql_block_put(gql_block *block)
{
	gql_block *ended = block && --block->refs == 0 ? block : NULL;
	while (ended) {
		gql_block *now = ended;
		ended = now->next_ended;
		for (const struct gql_kept *k = now->kept; k; k = k->next)
			if (--k->block->refs == 0) {
				k->block->next_ended = ended;
				ended = k->block;
			}
		fl_arena_fini(&now->own);
		free(now);
	}
}

bool gql_block_keep(gql_block *block, gql_block *other)
{
	if (other == block || (block->kept && block->kept->block == other))
		return true;
	struct gql_kept *k = fl_new(block->mem, struct gql_kept);
	if (!k)
		return false;
	*k = (struct gql_kept) { block->kept, other };
	block->kept = k;
	other->refs++;
	return true;
}

/* ---- Notes ---- */

static bool make_pieces(gql_scope *scope)
{
	const gql_deferred *d = scope->deferred;
	scope->pieces = fl_new_array(scope->block->mem, gql_piece, d->part_count);
	for (uint32_t i = 0; scope->pieces && i < d->part_count; i++)
		scope->pieces[i] = (gql_piece) { .scope = scope, .part = &d->parts[i] };
	return scope->pieces;
}

gql_scope *gql_notes_object(
	gql_notes *notes, const gql_deferred *deferred, const void *object, gql_scope *outer, fl_str path, size_t at)
{
	fl_arena *mem = notes->block->mem;
	gql_scope *scope = fl_new(mem, gql_scope);
	if (!scope || !path.ptr ||
		!gql_room(mem, &notes->scopes, notes->scope_count, &notes->scope_cap, sizeof(*notes->scopes))) {
		notes->nomem = true;
		return NULL;
	}
	*scope = (gql_scope) {
		.outer = outer, .deferred = deferred, .object = object, .path = path, .block = notes->block, .at = at
	};
	notes->nomem |= !make_pieces(scope);
	notes->scopes[notes->scope_count++] = scope;
	return scope;
}

void gql_notes_list(gql_notes *notes, const gql_node *node, const fl_gql_value *value, uint32_t position, gql_scope *scope,
	fl_str path, size_t at)
{
	fl_arena *mem = notes->block->mem;
	gql_tail *tail = fl_new(mem, gql_tail);
	if (!tail || !path.ptr || !gql_room(mem, &notes->tails, notes->tail_count, &notes->tail_cap, sizeof(*notes->tails))) {
		notes->nomem = true;
		return;
	}
	*tail = (gql_tail) {
		.scope = scope, .node = node, .path = path, .block = notes->block, .list = *value, .position = position, .at = at
	};
	if (value->kind == FL_GQL_PAGED)
		tail->pager = ((const gql_paged *)value->pointer)->pager;
	notes->tails[notes->tail_count++] = tail;
}

void gql_notes_cut(gql_notes *notes, size_t at)
{
	while (notes->scope_count && notes->scopes[notes->scope_count - 1]->at >= at)
		notes->scope_count--;
	while (notes->tail_count && notes->tails[notes->tail_count - 1]->at >= at)
		notes->tail_count--;
}
