/* Any bytes as a document. */
#include <stdlib.h>

#include "fuzz.h"
#include "graphql_unbound.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	fl_arena mem = fl_arena_make(64 << 20);
	unbound_run(&(fl_gql_request){ .query = fl_str_make(bytes, len) }, &mem);
	fl_arena_fini(&mem);
	return 0;
}
