/* Any bytes as a cursor; what is taken for one must be what it encodes to again. And any bytes as a key, there and back. */
#include "fuzz.h"
#include "graphql/graphql_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	fl_arena mem = fl_arena_make(1 << 20);
	fl_str text = fl_str_make(bytes, len), key, again;
	if (gql_cursor_read(&mem, 'r', text, &key)) {
		again = fl_gql_cursor(&mem, 'r', key.ptr, key.len);
		assert(fl_str_eq(again, text));
	}
	if (len <= 512) {
		fl_str cursor = fl_gql_cursor(&mem, 'v', bytes, len);
		assert(cursor.ptr && gql_cursor_read(&mem, 'v', cursor, &again) && fl_str_eq(again, text));
		assert(!gql_cursor_read(&mem, 'w', cursor, &again));
	}
	fl_arena_fini(&mem);
	return 0;
}
