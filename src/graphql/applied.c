/* Reads the directives that an SDL applies to its types, fields and arguments. */
#include "graphql/graphql_int.h"

const gql_directive *gql_applied(const fl_gql_schema *schema, gql_range directives, const char *name)
{
	for (uint32_t i = directives.first; i < directives.end; i++)
		if (fl_str_eq(schema->doc.directives[i].name, fl_str_z(name)))
			return &schema->doc.directives[i];
	return NULL;
}

const gql_literal *gql_applied_argument(const fl_gql_schema *schema, const gql_directive *directive, const char *name)
{
	for (uint32_t i = directive->arguments.first; i < directive->arguments.end; i++)
		if (fl_str_eq(schema->doc.arguments[i].name, fl_str_z(name)))
			return &schema->doc.literals[schema->doc.arguments[i].value];
	return NULL;
}

const gql_directive *gql_applied_next(
	const fl_gql_schema *schema, const gql_range *ranges, uint32_t count, fl_str name, uint32_t *at)
{
	uint32_t seen = 0;
	for (uint32_t r = 0; r < count; r++)
		for (uint32_t i = ranges[r].first; i < ranges[r].end; i++, seen++)
			if (seen >= *at && fl_str_eq(schema->doc.directives[i].name, name)) {
				*at = seen + 1;
				return &schema->doc.directives[i];
			}
	return NULL;
}

gql_range gql_applied_to(const fl_gql_schema *schema, const gql_type *type, const char *name)
{
	for (uint32_t i = 0; i < type->range_count; i++)
		if (gql_applied(schema, type->ranges[i], name))
			return type->ranges[i];
	return (gql_range){};
}
