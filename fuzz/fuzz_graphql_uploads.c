/* A multipart request's two fields: the operations on the first line, the map on the others. Whatever places the map names,
 * files come only into nulls of the variables. */
#include <stdlib.h>

#include "fuzz.h"
#include "graphql_unbound.h"

enum { UPLOADS_MAX = 40 };

/* Every path of every file, as the transport gives them. */
static size_t read_map(const fl_json *map, fl_gql_upload *uploads)
{
	static char file[] = "file";
	size_t count = 0;
	if (map->type != FL_JSON_OBJECT)
		return 0;
	for (const fl_json *entry = map->items.first; entry; entry = entry->next)
		for (const fl_json *path = entry->type == FL_JSON_ARRAY ? entry->items.first : NULL; path; path = path->next)
			if (path->type == FL_JSON_STRING && count < UPLOADS_MAX)
				uploads[count++] = (fl_gql_upload) { path->string, file };
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	fl_arena mem = fl_arena_make(64 << 20);
	fl_str rest, operations = fl_str_cut(fl_str_make(bytes, len), '\n', &rest);
	fl_gql_upload uploads[UPLOADS_MAX];
	fl_gql_request request;
	const fl_json *body, *map;
	if (fl_json_parse(&mem, operations, &body, NULL) == FL_OK && fl_gql_request_from_json(body, &request, NULL) == FL_OK &&
		fl_json_parse(&mem, rest, &map, NULL) == FL_OK) {
		request.uploads = uploads;
		request.upload_count = read_map(map, uploads);
		unbound_run(&request, &mem);
	}
	fl_arena_fini(&mem);
	return 0;
}
