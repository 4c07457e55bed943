/* The schema as a subgraph of Federation 2: @link says which version and which names; what it imports is defined here,
 * from a table, as SDL that is read like any other but hidden from introspection. */
#include "graphql/graphql_int.h"

enum { MINOR_MAX = 12 };

#define WRONG(errors, ...) ((void)gql_fault((errors), GQL_CODE_SYNTAX, GQL_NONE, GQL_NONE, __VA_ARGS__))

#define ON_ALL                                                                                                                   \
	"FIELD_DEFINITION | INTERFACE | OBJECT | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | "     \
	"INPUT_FIELD_DEFINITION"
#define ON_GUARDED "FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM"

/* $ stands for the name under which a scalar is known. Of two rows with one name the last that is old enough counts. */
static const struct definition {
	const char *name;
	unsigned minor; /* since which 2.minor */
	const char *rest;
} definitions[] = {
	{ "key", 0, "(fields: $FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE" },
	{ "requires", 0, "(fields: $FieldSet!) on FIELD_DEFINITION" },
	{ "provides", 0, "(fields: $FieldSet!) on FIELD_DEFINITION" },
	{ "external", 0, "(reason: String) on OBJECT | FIELD_DEFINITION" },
	{ "extends", 0, " on OBJECT | INTERFACE" },
	{ "shareable", 0, " on OBJECT | FIELD_DEFINITION" },
	{ "shareable", 2, " repeatable on OBJECT | FIELD_DEFINITION" },
	{ "override", 0, "(from: String!) on FIELD_DEFINITION" },
	{ "override", 7, "(from: String!, label: String) on FIELD_DEFINITION" },
	{ "inaccessible", 0, " on " ON_ALL },
	{ "tag", 0, "(name: String!) repeatable on " ON_ALL },
	{ "tag", 3, "(name: String!) repeatable on SCHEMA | " ON_ALL },
	{ "composeDirective", 1, "(name: String!) repeatable on SCHEMA" },
	{ "interfaceObject", 3, " on OBJECT" },
	{ "authenticated", 5, " on " ON_GUARDED },
	{ "requiresScopes", 5, "(scopes: [[$Scope!]!]!) on " ON_GUARDED },
	{ "policy", 6, "(policies: [[$Policy!]!]!) on " ON_GUARDED },
	{ "context", 8, "(name: String!) repeatable on INTERFACE | OBJECT | UNION" },
	{ "fromContext", 8, "(field: $ContextFieldValue) on ARGUMENT_DEFINITION" },
	{ "cost", 9,
		"(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR" },
	{ "listSize", 9,
		"(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], "
		"requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION" },
};
static const struct definition scalars[] = { { "FieldSet", 0, "" }, { "Scope", 5, "" }, { "Policy", 6, "" },
	{ "ContextFieldValue", 8, "" } };

typedef struct linking {
	fl_gql_schema *schema;
	gql_federation *federation;
	gql_errors *errors;
	const gql_literal *imports; /* a list; NULL: none */
	fl_buf text;                /* the SDL of what is defined */
} linking;

/* ---- Names ---- */

static const gql_literal *member(const fl_gql_schema *schema, const gql_literal *object, const char *name)
{
	const gql_literal *all = schema->doc.literals;
	uint32_t first = (uint32_t)(object - all);
	for (uint32_t k = first + 1; k < object->end; k = all[k].end)
		if (fl_str_eq(all[k].name, fl_str_z(name)) && all[k].kind == GQL_L_STRING)
			return &all[k];
	return NULL;
}

/* One import: "@key", or { name: "@key", as: "@primary" }. */
static bool read_import(const linking *l, const gql_literal *import, fl_str *name, fl_str *as)
{
	const gql_literal *from = import, *to = NULL;
	if (import->kind == GQL_L_OBJECT) {
		from = member(l->schema, import, "name");
		to = member(l->schema, import, "as");
	}
	if (!from || from->kind != GQL_L_STRING)
		return false;
	*name = from->text;
	*as = to ? to->text : from->text;
	return true;
}

/* How the schema calls a part of the federation; wanted with its @ where it is a directive. ptr NULL: not imported. */
static fl_str imported(const linking *l, fl_str wanted)
{
	const gql_literal *all = l->schema->doc.literals;
	uint32_t first = l->imports ? (uint32_t)(l->imports - all) : 0;
	fl_str name, as;
	for (uint32_t k = first + 1; l->imports && k < l->imports->end; k = all[k].end)
		if (read_import(l, &all[k], &name, &as) && fl_str_eq(name, wanted))
			return as;
	return (fl_str) {};
}

static fl_str directive_name(const linking *l, const char *name)
{
	fl_str known = imported(l, fl_str_fmt(&l->schema->mem, "@%s", name));
	if (known.len > 1)
		return fl_str_slice(known, 1, known.len);
	return fl_str_fmt(&l->schema->mem, "%" FL_FMT "__%s", FL_ARG(l->federation->prefix), name);
}

static fl_str scalar_name(const linking *l, fl_str name)
{
	fl_str known = imported(l, name);
	return known.ptr ? known
			 : fl_str_fmt(&l->schema->mem, "%" FL_FMT "__%" FL_FMT, FL_ARG(l->federation->prefix), FL_ARG(name));
}

static const struct definition *find(const struct definition *table, size_t count, fl_str name, unsigned minor)
{
	const struct definition *found = NULL;
	for (size_t i = 0; i < count; i++)
		if (table[i].minor <= minor && fl_str_eq(fl_str_z(table[i].name), name))
			found = &table[i];
	return found;
}

static void check_imports(const linking *l)
{
	const gql_literal *all = l->schema->doc.literals;
	uint32_t first = l->imports ? (uint32_t)(l->imports - all) : 0;
	fl_str name, as;
	for (uint32_t k = first + 1; l->imports && k < l->imports->end; k = all[k].end) {
		if (!read_import(l, &all[k], &name, &as)) {
			WRONG(l->errors, "an import of @link is \"@name\" or { name: \"@name\", as: \"@other\" }");
			return;
		}
		bool directive = fl_str_starts(name, FL_STR("@"));
		if (directive != fl_str_starts(as, FL_STR("@")))
			WRONG(l->errors, "the import %" FL_FMT " is renamed to %" FL_FMT ": both or none begin with @",
				FL_ARG(name), FL_ARG(as));
		if (directive ? !find(definitions, FL_COUNT(definitions), fl_str_slice(name, 1, name.len),
					l->federation->minor) &&
					!fl_str_eq(name, FL_STR("@link"))
			      : !find(scalars, FL_COUNT(scalars), name, l->federation->minor))
			WRONG(l->errors, "federation v2.%u has no %" FL_FMT " to import", l->federation->minor, FL_ARG(name));
	}
}

/* ---- Definitions ---- */

static void define(linking *l, const char *name, const char *rest)
{
	fl_str as = directive_name(l, name);
	if (gql_schema_directive(l->schema, as))
		return; /* a schema may bring the definition itself */
	fl_buf_fmt(&l->text, "directive @%" FL_FMT, FL_ARG(as));
	for (; *rest; rest++) {
		size_t len = 0;
		if (*rest != '$') {
			fl_buf_char(&l->text, *rest);
			continue;
		}
		while (rest[1 + len] >= 'A')
			len++;
		fl_buf_str(&l->text, scalar_name(l, (fl_str) { rest + 1, len }));
		rest += len;
	}
	fl_buf_char(&l->text, '\n');
}

static void define_all(linking *l)
{
	unsigned minor = l->federation->minor;
	for (size_t i = 0; i < FL_COUNT(scalars); i++) {
		fl_str as = scalar_name(l, fl_str_z(scalars[i].name));
		if (scalars[i].minor <= minor && !gql_schema_type(l->schema, as))
			fl_buf_fmt(&l->text, "scalar %" FL_FMT "\n", FL_ARG(as));
	}
	for (size_t i = 0; i < FL_COUNT(definitions); i++)
		if (find(definitions, FL_COUNT(definitions), fl_str_z(definitions[i].name), minor) == &definitions[i])
			define(l, definitions[i].name, definitions[i].rest);
}

/* Those whose @key does not say resolvable: false. */
static bool is_entity(const linking *l, const gql_type *type)
{
	uint32_t at = 0;
	if (type->kind != GQL_OBJECT_TYPE && type->kind != GQL_INTERFACE)
		return false;
	for (const gql_directive *d;
		(d = gql_applied_next(l->schema, type->ranges, type->range_count, l->federation->key, &at));) {
		const gql_literal *resolvable = gql_applied_argument(l->schema, d, "resolvable");
		if (!resolvable || resolvable->kind != GQL_L_BOOL || resolvable->boolean)
			return true;
	}
	return false;
}

static bool find_entities(linking *l)
{
	gql_federation *f = l->federation;
	bool first = true;
	f->entities = fl_new_array(&l->schema->mem, gql_entity, l->schema->type_count);
	if (!f->entities)
		return false;
	for (uint32_t i = 0; i < l->schema->type_count; i++) {
		const gql_type *type = l->schema->types[i];
		if (!is_entity(l, type))
			continue;
		f->entities[f->entity_count++].type = type;
		if (type->kind != GQL_OBJECT_TYPE)
			continue; /* what it gives is one of the objects */
		fl_buf_fmt(&l->text, "%s%" FL_FMT, first ? "union _Entity = " : " | ", FL_ARG(type->name));
		first = false;
	}
	fl_buf_fmt(&l->text, "\ntype _Service { sdl: String }\nscalar _Any\ntype %" FL_FMT "__Meta { _service: _Service! %s }\n",
		FL_ARG(f->prefix), first ? "" : "_entities(representations: [_Any!]!): [_Entity]! @listSize(slicingArguments: [\"representations\"])");
	return true;
}

static bool read_definitions(linking *l)
{
	fl_gql_schema *schema = l->schema;
	uint32_t types = schema->type_count, directives = schema->directive_count;
	fl_str text = fl_str_dup(&schema->mem, fl_buf_view(&l->text));
	fl_str meta = fl_str_fmt(&schema->mem, "%" FL_FMT "__Meta", FL_ARG(l->federation->prefix));
	if (!text.ptr || !meta.ptr || fl_buf_err(&l->text) != FL_OK)
		return false;
	if (!gql_sdl_parse(schema, text, true, l->errors))
		return true;
	for (uint32_t i = types; i < schema->type_count; i++)
		schema->types[i]->hidden = true;
	for (uint32_t i = directives; i < schema->directive_count; i++)
		schema->directives[i].hidden = true;
	l->federation->meta = fl_map_get(&schema->type_map, meta);
	return true;
}

/* ---- Links ---- */

/* Fills in what a link to the federation says; false: it is a link to something else. */
static bool read_link(linking *l, const gql_directive *link)
{
	static const char home[] = "https://specs.apollo.dev/federation/v";
	const gql_literal *url = gql_applied_argument(l->schema, link, "url"), *as = gql_applied_argument(l->schema, link, "as");
	fl_str minor;
	int32_t version;
	if (!url || url->kind != GQL_L_STRING || !fl_str_starts(url->text, fl_str_z(home)))
		return false;
	fl_str major = fl_str_cut(fl_str_slice(url->text, sizeof(home) - 1, url->text.len), '.', &minor);
	if (!fl_str_eq(major, FL_STR("2")) || !fl_str_i32(minor, &version) || version < 0 || version > MINOR_MAX) {
		WRONG(l->errors, "@link: %" FL_FMT " is none of the versions v2.0 to v2.%d", FL_ARG(url->text), MINOR_MAX);
		version = 0;
	}
	const gql_literal *imports = gql_applied_argument(l->schema, link, "import");
	l->imports = imports && imports->kind == GQL_L_LIST ? imports : NULL;
	l->federation->minor = (unsigned)version;
	l->federation->prefix = as && as->kind == GQL_L_STRING ? as->text : FL_STR("federation");
	return true;
}

static bool define_federation(linking *l)
{
	gql_federation *f = l->federation;
	check_imports(l);
	f->key = directive_name(l, "key");
	f->requires = directive_name(l, "requires");
	f->provides = directive_name(l, "provides");
	if (!f->key.ptr || !f->requires.ptr || !f->provides.ptr)
		return false;
	define_all(l);
	for (uint32_t i = 0; i < l->schema->type_count; i++)
		l->schema->types[i]->defined = true; /* a subgraph may extend what another one defines */
	l->schema->federation = f;
	return find_entities(l);
}

bool gql_federation_define(fl_gql_schema *schema, gql_errors *errors)
{
	linking l = { .schema = schema,
		.errors = errors,
		.text = fl_buf_make(1 << 20),
		.federation = fl_new(&schema->mem, gql_federation) };
	uint32_t at = 0;
	bool linked = false, federated = false, ok = true;
	for (const gql_directive *d; (d = gql_applied_next(schema, schema->ranges, schema->range_count, FL_STR("link"), &at));
		linked = true) {
		bool another = l.federation && read_link(&l, d);
		if (another && federated)
			WRONG(errors, "@link names the federation twice");
		federated |= another;
	}
	if (linked && !gql_schema_directive(schema, FL_STR("link")))
		fl_buf_lit(&l.text, "scalar link__Import enum link__Purpose { SECURITY EXECUTION }\n"
				    "directive @link(url: String!, as: String, for: link__Purpose, import: [link__Import]) "
				    "repeatable on SCHEMA\n");
	if (!l.federation || (federated && !define_federation(&l)) || (linked && !read_definitions(&l)))
		ok = false;
	fl_buf_fini(&l.text);
	return ok;
}
