/* Responses in parts, from plan to text: what plan_incremental.c, notes.c, lists.c, steps.c, publish.c and incremental.c
 * share.
 *
 *	plan        usage: a @defer on the objects of one branch. part: fields of a branch that belong to one set of usages and
 *	            come later. A branch whose objects have usages or parts has a gql_deferred.
 *	at run time scope: one object with its gql_deferred. fragment: a usage on one object; it is what "pending" announces.
 *	            piece: a part on one object; a fragment is complete when all its pieces are delivered.
 *	            tail: the rest of one streamed list.
 *	            step: one run of the engine for many pieces, or for the next items of many tails. */
#ifndef FL_GRAPHQL_INCREMENTAL_INT_H
#define FL_GRAPHQL_INCREMENTAL_INT_H

#include "graphql/graphql_int.h"

#include "io/io.h"

/* ---- Plan ---- */

/* With this a plan has no open conditions left: whatever variables decide, is decided. */
struct gql_variant {
	const fl_gql_value *variables;
	bool whole_fragments; /* the format of 2022: a fragment brings all its fields, also those sent before */
};

typedef struct gql_usage {
	uint32_t parent;    /* the usage that it stands in; GQL_NONE: it may begin after the first payload */
	uint32_t directive; /* in the document */
	uint32_t family;    /* usages that share a part run together */
	fl_str label;       /* as JSON; ptr NULL: none */
} gql_usage;

typedef struct gql_part {
	gql_branch branch;
	uint32_t index;
	uint32_t *usages;
	uint32_t usage_count;
} gql_part;

/* What follows later on the objects of a branch. */
struct gql_deferred {
	uint32_t first_usage, usage_count; /* the usages that stand on these objects */
	gql_part *parts;
	uint32_t part_count;
};

struct gql_streamed {
	fl_str label;         /* as JSON; ptr NULL: none */
	int32_t count;        /* of items that come at once */
	uint32_t variable;    /* that says so instead; GQL_NONE: none */
};

/* ---- At run time ---- */

/* Memory of one step. It lives while something in it may still be needed; what points into other blocks keeps them. */
typedef struct gql_block {
	fl_arena own, *mem; /* mem: own, or the caller's for the first payload */
	uint32_t refs;
	struct gql_kept *kept;
	struct gql_block *next_ended;
} gql_block;

gql_block *gql_block_new(fl_arena *mem, size_t bytes_max); /* mem NULL: memory of its own. One reference */
void gql_block_put(gql_block *block);                      /* NULL is fine */
/* other lives as long as block. */
bool gql_block_keep(gql_block *block, gql_block *other);

typedef struct gql_fragment gql_fragment;
typedef struct gql_scope gql_scope;

typedef struct gql_piece {
	gql_scope *scope;
	const gql_part *part;
	bool busy, delivered; /* busy: a step is at it */
} gql_piece;

struct gql_scope {
	gql_scope *outer;
	const gql_deferred *deferred;
	const void *object;
	fl_str path;             /* "[...]" */
	gql_block *block;
	gql_fragment *fragments; /* deferred->usage_count, once the text around them is on its way; NULL: not yet */
	gql_piece *pieces;       /* deferred->part_count */
	size_t at;               /* where the object begins in the text */
};

typedef struct gql_tail {
	struct gql_tail *next;
	gql_scope *scope;  /* around the list; NULL: none */
	const gql_node *node;
	fl_str path;
	gql_block *block;
	fl_gql_value list;
	fl_gql_pager *pager;     /* NULL: list has it all */
	uint32_t position, id, chunk;
	bool busy;               /* a step is at it */
	size_t at;
} gql_tail;

/* What follows later, noted while a text is written. */
typedef struct gql_notes {
	gql_block *block;
	gql_scope **scopes;
	gql_tail **tails;
	uint32_t scope_count, scope_cap, tail_count, tail_cap;
	bool nomem;
} gql_notes;

/* notes.c */
gql_scope *gql_notes_object(gql_notes *notes, const gql_deferred *deferred, const void *object, gql_scope *outer, fl_str path,
				  size_t at);
void gql_notes_list(gql_notes *notes, const gql_node *node, const fl_gql_value *value, uint32_t position, gql_scope *scope,
		    fl_str path, size_t at);
/* The text from at on was taken back. */
void gql_notes_cut(gql_notes *notes, size_t at);

/* lists.c. A list with one item or more behind those that come at once. */
typedef struct gql_paged {
	fl_gql_pager *pager;
	fl_gql_value head;
	bool more;
} gql_paged;

/* The items of a streamed field that come at once; other values as they are. */
fl_gql_value gql_list_head(const gql_exec *x, const gql_node *node, const fl_gql_value *value);
bool gql_list_goes_on(const fl_gql_value *value, const fl_gql_value *head);
/* Asks the pagers among the results for what comes at once: all, when the field is not streamed. */
FL_MUST fl_err gql_fetch_heads(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch);
/* The next items of a tail, at most wanted. *more: false with the last ones. */
FL_MUST fl_err gql_tail_next(fl_ctx *ctx, const fl_gql_field *field, const gql_tail *tail, uint32_t wanted, fl_gql_value *items,
			     bool *more);

/* steps.c */

typedef struct gql_link {
	struct gql_link *next;
	gql_piece *piece;
} gql_link;

/* A fragment waits for the one around it, is announced, runs, and ends one way or the other. */
struct gql_fragment {
	gql_fragment *next;
	gql_scope *scope;
	gql_fragment *outer; /* NULL: none */
	uint32_t usage, id;
	enum { GQL_WAITING, GQL_PENDING, GQL_RUNNING, GQL_DONE, GQL_FAILED } state;
	gql_link *pieces, *last_piece;
	const struct gql_text *failure; /* of a failed one, until it is published */
};

/* The fragment of a usage around this object; NULL: it is not known yet. */
gql_fragment *gql_fragment_find(gql_scope *scope, uint32_t usage);

/* What one piece or one tail came to: stretches of the step's text. */
typedef struct gql_text {
	gql_piece *piece;              /* NULL: a tail */
	gql_tail *tail;
	const struct gql_text *inside; /* the piece whose objects hold this one; NULL: it was known before */
	size_t from, to, errors_from, errors_to; /* errors: "errors":[...]; empty when there are none */
	uint32_t count;                /* of items */
	bool whole;                    /* false: a null where none may be took the object, or ended the list */
	bool ends;                     /* the list has no more items */
	bool delivered;
	gql_notes notes;
} gql_text;

typedef struct gql_step {
	struct gql_step *next;
	gql_block *block;
	fl_ctx ctx;
	gql_exec x;
	fl_buf out;
	const gql_node *list;          /* whose tails go on; NULL: fragments are run */
	uint32_t family;               /* theirs */
	gql_fragment **fragments;
	gql_tail **tails;
	gql_text **texts;
	uint32_t fragment_count, fragment_cap, tail_count, tail_cap, text_count, text_cap;
	fl_err err;
	bool started, done;
	void (*on_end)(void *arg);
	void *arg;
} gql_step;

/* from: variables, arguments and all else that does not change. NULL: no memory. */
gql_step *gql_step_new(fl_ctx *ctx, const gql_exec *from);
/* Both mark what they take as taken. False: no memory. */
bool gql_step_add_fragment(gql_step *step, gql_fragment *fragment);
bool gql_step_add_tail(gql_step *step, gql_tail *tail);
/* Resolves and writes; sets err and done. For a coroutine of its own. */
fl_err gql_step_run(fl_ctx *ctx, void *step);
void gql_step_free(gql_step *step);

/* publish.c */

struct fl_gql_stream {
	fl_gql_engine *engine;
	gql_entry *entry, *base;
	gql_exec x;               /* what all steps have in common */
	gql_block *first;         /* of the first payload */
	fl_gql_parts format;
	gql_fragment *fragments, *last_fragment; /* that have not ended, outer ones before those inside */
	gql_tail *tails, *last_tail;
	uint32_t fragment_count, tail_count;
	gql_step *steps, *last_step; /* running, or done and not published */
	fl_group group;
	fl_wait *puller;          /* waits for a step to end */
	uint32_t next_id, resolver_calls, waves;
};

/* Takes over what was noted in a text that is on its way to the client. False: no memory. */
FL_MUST bool gql_adopt(fl_gql_stream *s, const gql_notes *notes, fl_buf *pending);
/* Announces the fragments that may begin now. */
void gql_announce(fl_gql_stream *s, fl_buf *pending);
/* Writes what a step that is done came to; its fragments and lists go on or end. False: no memory. */
FL_MUST bool gql_publish(fl_gql_stream *s, gql_step *step, fl_buf *incremental, fl_buf *completed, fl_buf *pending);
/* Forgets all fragments and lists. */
void gql_forget(fl_gql_stream *s);

/* write.c. *whole: false when a null where none may be took all of it. Errors are added. FL_NOMEM only. */
FL_MUST fl_err gql_write_piece(gql_exec *x, const gql_piece *piece, uint32_t row, fl_buf *out, bool *whole);
/* "[...]" of the items; fewer than there are when one may not be null, and is. */
FL_MUST fl_err gql_write_items(gql_exec *x, const gql_tail *tail, const fl_gql_value *items, uint32_t child, fl_buf *out,
			       uint32_t *written);
/* Adds the error that ends a list. */
FL_MUST fl_err gql_write_end(gql_exec *x, const gql_tail *tail, const gql_failure *failure);

#endif
