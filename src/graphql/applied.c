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
