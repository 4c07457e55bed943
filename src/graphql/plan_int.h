/* What plan.c and plan_incremental.c share: the planner at work. */
#ifndef FL_GRAPHQL_PLAN_INT_H
#define FL_GRAPHQL_PLAN_INT_H

#include "graphql/incremental_int.h"

enum { PLAN_USAGES_MAX = 1024 };

/* A set of @defer usages, by their indices in the plan. Empty: what comes with the first payload. */
typedef struct usage_set {
	uint64_t bits[PLAN_USAGES_MAX / 64];
	uint32_t count;
} usage_set;

/* A stretch of selections that counts while a condition holds; usage: the @defer that it stands in. */
typedef struct source {
	uint32_t first, end, condition, usage;
} source;

typedef struct occurrence {
	struct occurrence *next;
	uint32_t selection, condition, position, usage;
} occurrence;

/* All fields of one response key on one type. */
typedef struct group {
	fl_str key;
	occurrence *first, *last;
	uint32_t count;
} group;

typedef struct task {
	struct task *next;
	gql_branch *branch;
	gql_node *parent;
	source *sources;
	uint32_t source_count;
	const usage_set *set; /* with which the objects of the branch are written; NULL: the empty one */
} task;

/* A visited fragment, and below which condition and @defer. */
typedef struct visit {
	uint32_t fragment, condition, directive;
} visit;

typedef struct planner {
	gql_plan *plan;
	gql_document *doc;
	const fl_gql_limits *limits;
	const gql_variant *variant; /* NULL: conditions stay open, and @defer and @stream have no effect */
	fl_arena *mem, *scratch;
	gql_errors *errors;
	task *first, *last;
	gql_node **nodes; /* all, in breadth order */
	uint32_t node_count, node_cap;
	/* of the branch being filled: */
	const gql_type *type;
	const usage_set *set;
	group **groups;
	uint32_t group_count, group_cap;
	uint32_t position; /* of the next field */
	fl_map group_map;
	visit *visits;
	uint32_t visit_count, visit_cap;
	source *laters; /* deferred fragments that are planned by themselves, for the format of 2022 */
	uint32_t later_count, later_cap;
	uint32_t first_usage;
	uint32_t work; /* selections looked at: fragments used in many places are looked at in each */
	source *levels;
	uint32_t level_count, level_cap;
} planner;

static inline bool full(planner *p)
{
	p->errors->nomem = true;
	return false;
}

static inline bool limit(planner *p, const char *code, uint32_t place, const char *what, uint32_t max)
{
	gql_fault(p->errors, code, place, GQL_NONE, "The operation has more than %u %s.", max, what);
	return false;
}

#define PUSH(p, mem, owner, name, pointer)                                                                             \
	do {                                                                                                           \
		if (!gql_room((mem), &(owner)->name##s, (owner)->name##_count, &(owner)->name##_cap,                   \
			      sizeof(*(owner)->name##s)))                                                              \
			return full(p);                                                                                \
		(pointer) = &(owner)->name##s[(owner)->name##_count++];                                                \
	} while (0)

/* plan.c: queues a branch to be filled. */
bool gql_plan_task(planner *p, gql_branch *branch, gql_node *parent, source *sources, uint32_t count, const usage_set *set);

/* plan_incremental.c. The value that a variable has in this variant. */
bool gql_plan_switch(const planner *p, const gql_literal *v);
/* The directive that defers the fragment of this selection; NULL: it comes with what it stands in. */
const gql_directive *gql_plan_is_deferred(const planner *p, const gql_selection *s);
/* When the fragment of this selection is deferred, *usage becomes a new usage. */
bool gql_plan_defer(planner *p, const gql_selection *s, uint32_t *usage);
/* Which directive a usage stems from; GQL_NONE: no usage. */
uint32_t gql_plan_directive(const planner *p, uint32_t usage);
/* Settles node->stream. */
bool gql_plan_stream(planner *p, gql_node *node, const gql_selection *s);
/* Sorts the groups of the branch: those that are written with its objects come first, *now of them; those of each part
 * follow, part->branch.count of them. The branch gets its parts. */
bool gql_plan_sort(planner *p, const task *t, uint32_t *now);
/* The set with which the fields of a part are written. */
const usage_set *gql_plan_part_set(planner *p, const gql_part *part);
/* When all nodes have their runs: numbers the sets of the parts and settles the families of the usages. */
void gql_plan_finish(planner *p);

#endif
