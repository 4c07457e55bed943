/* The subgraph of products: its schema bound to resolvers in memory that count their calls. */
#ifndef SUBGRAPH_H
#define SUBGRAPH_H

#include "graphql/graphql.h"
#include "io/io.h"

typedef struct subgraph_counts {
	unsigned products, deprecated, research, users, inventory, keys, waiting, most_waiting;
} subgraph_counts;
extern subgraph_counts subgraph_counts_now;

FL_MUST fl_err subgraph_schema(fl_gql_schema **out, fl_diag *diag);

#endif
