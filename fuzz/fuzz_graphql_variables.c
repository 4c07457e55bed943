/* Any JSON as the variables of operations that take every kind of input; the first byte chooses the operation. */
#include <stdlib.h>

#include "fuzz.h"
#include "graphql_unbound.h"

static const char *const queries[] = {
	"mutation($v: CreateDamageReportInput!) { createDamageReport(input: $v) { report { id } } }",
	"mutation($v: UpdateDamageReportInput!) { updateDamageReport(input: $v) { report { id } } }",
	"query($v: DamageReportFilter, $first: Int, $after: String) { damageReports(filter: $v, first: $first, after: $after) { nodes { id } } }",
	"query($v: [Severity!], $w: DateTime, $x: String = \"a\") { damageReports(filter: { severity: $v, reportedAfter: $w, search: $x }) { nodes { id } } }",
	"query($v: BigInt, $w: Boolean = true) { damageReport(number: $v) { id @skip(if: $w) number @include(if: $w) } }",
	"query($v: [_Any!]!, $w: ID) { a: _entities(representations: $v) { __typename } b: _entities(representations: [{ __typename: \"Vehicle\", id: $w, x: [$w] }]) { __typename } }",
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	fl_arena mem = fl_arena_make(64 << 20);
	static char file[] = "file";
	fl_gql_upload upload = { FL_STR("variables.v.photos.0"), file };
	fl_gql_request request = { .query = fl_str_z(queries[len ? (bytes[0] & 127) % FL_COUNT(queries) : 0]),
				   .uploads = &upload, .upload_count = len ? bytes[0] >> 7 : 0 };
	if (len && fl_json_parse(&mem, fl_str_make(bytes + 1, len - 1), &request.variables, NULL) == FL_OK)
		unbound_run(&request, &mem);
	fl_arena_fini(&mem);
	return 0;
}
