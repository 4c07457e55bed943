/* Any schema, executed without data: every value is made from a hash of where it stands and of the arguments, by the same
 * rules as in tests/graphql/made.mjs, so that both engines can be compared on schemas that have no data in memory. */
#ifndef MADE_H
#define MADE_H

#include "graphql/graphql_int.h"

/* Binds every field of the SDL to the maker. */
FL_MUST fl_err made_schema(fl_str sdl, fl_arena *mem, fl_gql_schema **out, fl_diag *diag);
/* The parent of the root fields of an operation. */
const void *made_root(fl_arena *mem, fl_gql_operation operation);

#endif
