/* The shop: a schema in memory with batch resolvers that wait, counted, and a way to run documents on it. */
#ifndef SHOP_H
#define SHOP_H

#include "graphql/graphql.h"
#include "io/io.h"

#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

typedef struct shop_counts {
	unsigned authors, author_keys, reviews, review_parents, books_of_author, books, pages, waiting, most_waiting;
} shop_counts;
extern shop_counts shop_counts_now;

typedef struct shop {
	fl_loop *loop;
	fl_gql_schema *schema;
	fl_gql_engine *engine;
	fl_gql_outcome outcome; /* of the latest run */
	fl_buf out;
} shop;

void shop_open(shop *s, const fl_gql_limits *limits);
void shop_close(shop *s);
/* Runs and returns the response; it lies in s->out until the next run. variables: JSON or NULL. */
const char *shop_run(shop *s, const char *query, const char *variables);
const char *shop_run_request(shop *s, const fl_gql_request *request, const char *variables);
/* The same in parts: all payloads, one a line. */
const char *shop_run_parts(shop *s, const char *query, const char *variables, fl_gql_parts format);
/* The response must be exactly this. */
#define shop_expect_parts(s, query, variables, expected) \
	assert_string_equal(shop_run_parts((s), (query), (variables), FL_GQL_PARTS), (expected))
#define shop_expect(s, query, variables, expected) assert_string_equal(shop_run((s), (query), (variables)), (expected))

#endif
