/* schemagen: from the SDL to C tables, TypeScript types and the page of the API.
 *
 *	schemagen KIND OUTPUT SDL...        KIND: c-header | c-source | c-sdl | typescript | markdown | check
 *
 * c-header, c-source: enums, indices of fields, one struct of bindings per object type (see graphql.h), the SDL itself.
 * c-sdl: the SDL alone, for fuzzers and benches that bind nothing.
 * check: reads the SDL, complains about wrong or undescribed parts, writes an empty OUTPUT. */
#include "graphql/graphql_int.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 16 << 20 };

typedef struct gen {
	const fl_gql_schema *schema;
	fl_buf *out;
	const char *path; /* of the output */
} gen;

/* ---- Names ---- */

static bool word_starts(fl_str s, size_t i)
{
	unsigned char c = s.ptr[i], before = i ? s.ptr[i - 1] : 0, after = i + 1 < s.len ? s.ptr[i + 1] : 0;
	return i && isupper(c) && before != '_' && (islower(before) || ((isupper(before) || isdigit(before)) && islower(after)));
}

/* damageReports -> damage_reports, SCREAMING when upper. */
static void put_snake(fl_buf *out, fl_str name, bool upper)
{
	for (size_t i = 0; i < name.len; i++) {
		if (word_starts(name, i))
			fl_buf_char(out, '_');
		fl_buf_char(out, upper ? toupper((unsigned char)name.ptr[i]) : tolower((unsigned char)name.ptr[i]));
	}
}

static bool is_keyword(fl_str name)
{
	static const char *const words[] = { "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else",
		"enum", "extern", "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short",
		"signed", "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while" };
	for (size_t i = 0; i < FL_COUNT(words); i++)
		if (fl_str_eq(name, fl_str_z(words[i])))
			return true;
	return false;
}

static void put_member(fl_buf *out, fl_str name)
{
	put_snake(out, name, false);
	if (is_keyword(name))
		fl_buf_char(out, '_');
}

static bool ours(const gql_type *type, gql_type_kind kind)
{
	return !type->of_engine && type->kind == kind;
}

#define EACH_TYPE(g, type, of_kind)                                                                                    \
	for (uint32_t type##_i = 0; type##_i < (g)->schema->type_count; type##_i++)                                    \
		for (const gql_type *type = (g)->schema->types[type##_i]; type && ours(type, of_kind); type = NULL)

/* ---- C ---- */

static void put_enum(gen *g, const gql_type *type)
{
	fl_buf_lit(g->out, "typedef enum fl_api_");
	put_snake(g->out, type->name, false);
	fl_buf_lit(g->out, " {\n");
	for (uint32_t i = 0; i < type->value_count; i++) {
		fl_buf_lit(g->out, "\tFL_API_");
		put_snake(g->out, type->name, true);
		fl_buf_fmt(g->out, "_%" FL_FMT " = %u,\n", FL_ARG(type->values[i].name), i + 1);
	}
	fl_buf_lit(g->out, "} fl_api_");
	put_snake(g->out, type->name, false);
	fl_buf_lit(g->out, ";\n\n");
}

static void put_indices(gen *g, const gql_type *type)
{
	fl_buf_lit(g->out, "enum {\n");
	for (uint32_t i = 0; i < type->field_count; i++) {
		fl_buf_lit(g->out, "\tFL_API_");
		put_snake(g->out, type->name, true);
		fl_buf_char(g->out, '_');
		put_snake(g->out, type->fields[i].name, true);
		fl_buf_fmt(g->out, " = %u,\n", i);
	}
	fl_buf_lit(g->out, "};\n");
}

static void put_struct(gen *g, const gql_type *type)
{
	put_indices(g, type);
	fl_buf_lit(g->out, "struct fl_api_");
	put_snake(g->out, type->name, false);
	fl_buf_lit(g->out, " {\n");
	for (uint32_t i = 0; i < type->field_count; i++) {
		const gql_field_def *f = &type->fields[i];
		fl_buf_lit(g->out, "\tfl_gql_bind ");
		put_member(g->out, f->name);
		fl_str text = gql_ref_text((fl_arena *)&g->schema->mem, f->type);
		fl_buf_fmt(g->out, "; /* %" FL_FMT " */\n", FL_ARG(text));
	}
	fl_buf_lit(g->out, "};\nextern const struct fl_api_");
	put_snake(g->out, type->name, false);
	fl_buf_lit(g->out, " fl_api_");
	put_snake(g->out, type->name, false);
	fl_buf_lit(g->out, ";\n\n");
}

static void write_c_header(gen *g)
{
	fl_buf_lit(g->out, "/* Made by tools/schemagen from the SDL; do not edit. Enums count from 1; 0 is null. The structs bind fields to C:\n"
			   " * define each fl_api_<type> once (see graphql/graphql.h). */\n"
			   "#ifndef FL_API_SCHEMA_H\n#define FL_API_SCHEMA_H\n\n#include \"graphql/graphql.h\"\n\n");
	EACH_TYPE(g, type, GQL_ENUM_TYPE)
		put_enum(g, type);
	EACH_TYPE(g, type, GQL_OBJECT_TYPE)
		put_struct(g, type);
	fl_buf_lit(g->out, "extern const fl_gql_type_binds fl_api_types[];\nextern const size_t fl_api_type_count;\n"
			   "extern const char fl_api_sdl[];\nextern const size_t fl_api_sdl_len;\n\n#endif\n");
}

static void put_c_text(fl_buf *out, fl_str text)
{
	fl_buf_lit(out, "\t\"");
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '\n') {
			fl_buf_str(out, i + 1 < text.len ? FL_STR("\\n\"\n\t\"") : FL_STR("\\n"));
			continue;
		}
		if (c == '"' || c == '\\')
			fl_buf_char(out, '\\');
		fl_buf_char(out, c);
	}
	fl_buf_lit(out, "\"");
}

static void put_sdl(gen *g)
{
	fl_buf_lit(g->out, "const char fl_api_sdl[] =\n");
	put_c_text(g->out, g->schema->sdl);
	fl_buf_lit(g->out, ";\nconst size_t fl_api_sdl_len = sizeof(fl_api_sdl) - 1;\n");
}

static void write_c_sdl(gen *g)
{
	fl_buf_lit(g->out, "/* Made by tools/schemagen from the SDL; do not edit. */\n#include <stddef.h>\n\n"
			   "extern const char fl_api_sdl[];\nextern const size_t fl_api_sdl_len;\n");
	put_sdl(g);
}

static void write_c_source(gen *g)
{
	const char *slash = strrchr(g->path, '/');
	fl_str name = fl_str_z(slash ? slash + 1 : g->path); /* NAME.c has NAME.h beside it */
	fl_buf_fmt(g->out, "/* Made by tools/schemagen from the SDL; do not edit. */\n#include \"%" FL_FMT ".h\"\n\n",
		   FL_ARG(fl_str_slice(name, 0, name.len - FL_MIN(name.len, (size_t)2))));
	fl_buf_lit(g->out, "const fl_gql_type_binds fl_api_types[] = {\n");
	EACH_TYPE(g, type, GQL_OBJECT_TYPE) {
		fl_buf_fmt(g->out, "\t{ \"%" FL_FMT "\", (const fl_gql_bind *)&fl_api_", FL_ARG(type->name));
		put_snake(g->out, type->name, false);
		fl_buf_lit(g->out, ", sizeof(fl_api_");
		put_snake(g->out, type->name, false);
		fl_buf_lit(g->out, ") / sizeof(fl_gql_bind) },\n");
	}
	fl_buf_lit(g->out, "};\nconst size_t fl_api_type_count = sizeof(fl_api_types) / sizeof(fl_api_types[0]);\n\n");
	put_sdl(g);
}

/* ---- TypeScript ---- */

static void put_comment(gen *g, const char *indent, fl_str description, fl_str deprecated)
{
	if (!description.len && !deprecated.ptr)
		return;
	fl_buf_fmt(g->out, "%s/** ", indent);
	for (size_t i = 0; i < description.len; i++) {
		if (description.ptr[i] == '\n')
			fl_buf_fmt(g->out, "\n%s * ", indent);
		else
			fl_buf_char(g->out, description.ptr[i]);
	}
	if (deprecated.ptr)
		fl_buf_fmt(g->out, " @deprecated %" FL_FMT, FL_ARG(deprecated));
	fl_buf_lit(g->out, " */\n");
}

static const char *ts_scalar(const gql_type *type)
{
	switch (type->builtin) {
	case GQL_SCALAR_INT:
	case GQL_SCALAR_FLOAT:
		return "number";
	case GQL_SCALAR_BOOLEAN:
		return "boolean";
	case GQL_SCALAR_STRING:
	case GQL_SCALAR_ID:
		return "string";
	case GQL_CUSTOM:
		break;
	}
	return NULL;
}

/* How a scalar looks in JSON. */
static const char *ts_custom(fl_str name)
{
	if (fl_str_eq(name, FL_STR("Upload")))
		return "File | Blob";
	if (fl_str_eq(name, FL_STR("JSON")))
		return "unknown";
	if (fl_str_eq(name, FL_STR("GeoJSON")))
		return "{ type: string; coordinates?: unknown[]; geometries?: unknown[]; bbox?: number[] }";
	return "string";
}

static void put_ts_type(gen *g, gql_type_ref ref)
{
	bool null = !gql_ref_nonnull(ref);
	uint8_t lists = ref.lists;
	/* From the inside out: T, (T | null)[], ... */
	for (int i = 0; i < lists; i++)
		fl_buf_lit(g->out, "Array<");
	const char *scalar = ref.type->kind == GQL_SCALAR ? ts_scalar(ref.type) : NULL;
	if (scalar)
		fl_buf_str(g->out, fl_str_z(scalar));
	else
		fl_buf_str(g->out, ref.type->name);
	for (int level = 0; level < lists; level++)
		fl_buf_str(g->out, ref.nonnull >> level & 1 ? FL_STR(">") : FL_STR(" | null>"));
	if (null)
		fl_buf_lit(g->out, " | null");
}

static void put_ts_input(gen *g, const gql_input *in)
{
	bool optional = !gql_ref_nonnull(in->type) || in->default_literal != GQL_NONE;
	put_comment(g, "  ", in->description, in->deprecated);
	fl_buf_fmt(g->out, "  %" FL_FMT "%s: ", FL_ARG(in->name), optional ? "?" : "");
	put_ts_type(g, in->type);
	fl_buf_lit(g->out, ";\n");
}

static void put_ts_object(gen *g, const gql_type *type)
{
	put_comment(g, "", type->description, (fl_str){});
	fl_buf_fmt(g->out, "export interface %" FL_FMT " {\n", FL_ARG(type->name));
	for (uint32_t i = 0; i < type->field_count; i++) {
		put_comment(g, "  ", type->fields[i].description, type->fields[i].deprecated);
		fl_buf_fmt(g->out, "  %" FL_FMT ": ", FL_ARG(type->fields[i].name));
		put_ts_type(g, type->fields[i].type);
		fl_buf_lit(g->out, ";\n");
	}
	fl_buf_lit(g->out, "}\n\n");
}

static void put_ts_args(gen *g, const gql_type *type)
{
	for (uint32_t i = 0; i < type->field_count; i++) {
		const gql_field_def *f = &type->fields[i];
		if (!f->arg_count)
			continue;
		fl_buf_fmt(g->out, "/** The arguments of %" FL_FMT ".%" FL_FMT ". */\nexport interface %" FL_FMT "%c%" FL_FMT "Args {\n",
			   FL_ARG(type->name), FL_ARG(f->name), FL_ARG(type->name), toupper((unsigned char)f->name.ptr[0]),
			   FL_ARG(fl_str_slice(f->name, 1, f->name.len)));
		for (uint32_t k = 0; k < f->arg_count; k++)
			put_ts_input(g, &f->args[k]);
		fl_buf_lit(g->out, "}\n\n");
	}
}

static void write_typescript(gen *g)
{
	fl_buf_lit(g->out, "// Made by tools/schemagen from the SDL in schema/; do not edit.\n\n");
	EACH_TYPE(g, type, GQL_SCALAR) {
		put_comment(g, "", type->description, (fl_str){});
		fl_buf_fmt(g->out, "export type %" FL_FMT " = %s;\n\n", FL_ARG(type->name),
			   ts_custom(type->name));
	}
	EACH_TYPE(g, type, GQL_ENUM_TYPE) {
		put_comment(g, "", type->description, (fl_str){});
		fl_buf_fmt(g->out, "export type %" FL_FMT " =", FL_ARG(type->name));
		for (uint32_t i = 0; i < type->value_count; i++)
			fl_buf_fmt(g->out, "%s\"%" FL_FMT "\"", i ? " | " : " ", FL_ARG(type->values[i].name));
		fl_buf_lit(g->out, ";\n\n");
	}
	EACH_TYPE(g, type, GQL_INTERFACE)
		put_ts_object(g, type);
	EACH_TYPE(g, type, GQL_UNION) {
		fl_buf_fmt(g->out, "export type %" FL_FMT " =", FL_ARG(type->name));
		for (uint32_t i = 0; i < type->possible_count; i++)
			fl_buf_fmt(g->out, "%s%" FL_FMT, i ? " | " : " ", FL_ARG(type->possible[i]->name));
		fl_buf_lit(g->out, ";\n\n");
	}
	EACH_TYPE(g, type, GQL_OBJECT_TYPE) {
		put_ts_object(g, type);
		put_ts_args(g, type);
	}
	EACH_TYPE(g, type, GQL_INPUT_TYPE) {
		put_comment(g, "", type->description, (fl_str){});
		fl_buf_fmt(g->out, "export interface %" FL_FMT " {\n", FL_ARG(type->name));
		for (uint32_t i = 0; i < type->input_count; i++)
			put_ts_input(g, &type->inputs[i]);
		fl_buf_lit(g->out, "}\n\n");
	}
	while (g->out->len >= 2 && g->out->ptr[g->out->len - 1] == '\n' && g->out->ptr[g->out->len - 2] == '\n')
		g->out->len--;
}

/* ---- Markdown ---- */

static void put_anchor(gen *g, gql_type_ref ref)
{
	fl_str text = gql_ref_text((fl_arena *)&g->schema->mem, ref);
	if (ref.type->builtin != GQL_CUSTOM) {
		fl_buf_fmt(g->out, "`%" FL_FMT "`", FL_ARG(text));
		return;
	}
	fl_buf_fmt(g->out, "[`%" FL_FMT "`](#", FL_ARG(text));
	for (size_t i = 0; i < ref.type->name.len; i++)
		fl_buf_char(g->out, tolower((unsigned char)ref.type->name.ptr[i]));
	fl_buf_char(g->out, ')');
}

/* A description inside a table: one line. */
static void put_cell(gen *g, fl_str text, fl_str deprecated)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '|')
			fl_buf_char(g->out, '\\');
		fl_buf_char(g->out, text.ptr[i] == '\n' ? ' ' : text.ptr[i]);
	}
	if (deprecated.ptr)
		fl_buf_fmt(g->out, " **Deprecated:** %" FL_FMT, FL_ARG(deprecated));
}

static void put_md_input(gen *g, const gql_input *in, const char *indent)
{
	fl_buf_fmt(g->out, "| %s`%" FL_FMT "` | ", indent, FL_ARG(in->name));
	put_anchor(g, in->type);
	if (in->default_text.ptr)
		fl_buf_fmt(g->out, " = `%" FL_FMT "`", FL_ARG(in->default_text));
	fl_buf_lit(g->out, " | ");
	put_cell(g, in->description, in->deprecated);
	fl_buf_lit(g->out, " |\n");
}

static void put_md_head(gen *g, const gql_type *type, const char *columns)
{
	fl_buf_fmt(g->out, "### %" FL_FMT "\n\n", FL_ARG(type->name));
	if (type->description.len)
		fl_buf_fmt(g->out, "%" FL_FMT "\n\n", FL_ARG(type->description));
	if (columns)
		fl_buf_fmt(g->out, "%s\n", columns);
}

static void put_md_keys(gen *g, const gql_type *type);

static void put_md_object(gen *g, const gql_type *type)
{
	put_md_head(g, type, NULL);
	put_md_keys(g, type);
	fl_buf_lit(g->out, "| Field | Type | |\n|---|---|---|\n");
	for (uint32_t i = 0; i < type->field_count; i++) {
		const gql_field_def *f = &type->fields[i];
		fl_buf_fmt(g->out, "| `%" FL_FMT "` | ", FL_ARG(f->name));
		put_anchor(g, f->type);
		fl_buf_lit(g->out, " | ");
		put_cell(g, f->description, f->deprecated);
		fl_buf_lit(g->out, " |\n");
		for (uint32_t k = 0; k < f->arg_count; k++)
			put_md_input(g, &f->args[k], "&nbsp;&nbsp;");
	}
	fl_buf_char(g->out, '\n');
}

static bool is_root(const fl_gql_schema *schema, const gql_type *type)
{
	return type == schema->roots[0] || type == schema->roots[1] || type == schema->roots[2];
}

/* Those that a client may use, and the schema's own. */
static void put_md_directive(gen *g, const gql_directive_def *d)
{
	const char *before = " Stands on ";
	if (d->hidden)
		return;
	fl_buf_fmt(g->out, "### @%" FL_FMT "\n\n%" FL_FMT, FL_ARG(d->name), FL_ARG(d->description));
	for (int i = 0; i < GQL_PLACE_COUNT; i++) {
		if (!(d->places >> i & 1))
			continue;
		fl_buf_fmt(g->out, "%s`%s`", before, gql_place_names[i]);
		before = ", ";
	}
	fl_buf_fmt(g->out, "%s\n\n", d->repeatable ? "; may stand there several times." : ".");
	if (d->arg_count)
		fl_buf_lit(g->out, "| Argument | Type | |\n|---|---|---|\n");
	for (uint32_t i = 0; i < d->arg_count; i++)
		put_md_input(g, &d->args[i], "");
	fl_buf_str(g->out, d->arg_count ? FL_STR("\n") : FL_STR(""));
}

/* How other subgraphs name the things of a type. */
static void put_md_keys(gen *g, const gql_type *type)
{
	uint32_t at = 0;
	const gql_federation *f = g->schema->federation;
	for (const gql_directive *k; f && (k = gql_applied_next(g->schema, type->ranges, type->range_count, f->key, &at));) {
		const gql_literal *fields = gql_applied_argument(g->schema, k, "fields");
		if (fields)
			fl_buf_fmt(g->out, "%s`%" FL_FMT "`", at == 1 ? "Key in a federated graph: " : ", or ", FL_ARG(fields->text));
	}
	if (at)
		fl_buf_lit(g->out, ".\n\n");
}

static void write_markdown(gen *g)
{
	fl_buf_lit(g->out, "# The API\n\nMade by `tools/schemagen` from the SDL in `schema/`; do not edit. Send operations to `POST /graphql`;\n"
			   "subscriptions to the same path as a WebSocket with the subprotocol `graphql-transport-ws`.\n\n## Operations\n\n");
	for (int i = 0; i < 3; i++)
		if (g->schema->roots[i])
			put_md_object(g, g->schema->roots[i]);
	fl_buf_lit(g->out, "## Objects\n\n");
	EACH_TYPE(g, type, GQL_INTERFACE)
		put_md_object(g, type);
	EACH_TYPE(g, type, GQL_OBJECT_TYPE)
		if (!is_root(g->schema, type))
			put_md_object(g, type);
	fl_buf_lit(g->out, "## Inputs\n\n");
	EACH_TYPE(g, type, GQL_INPUT_TYPE) {
		put_md_head(g, type, "| Field | Type | |\n|---|---|---|");
		for (uint32_t i = 0; i < type->input_count; i++)
			put_md_input(g, &type->inputs[i], "");
		fl_buf_char(g->out, '\n');
	}
	fl_buf_lit(g->out, "## Enums\n\n");
	EACH_TYPE(g, type, GQL_ENUM_TYPE) {
		put_md_head(g, type, "| Value | |\n|---|---|");
		for (uint32_t i = 0; i < type->value_count; i++) {
			fl_buf_fmt(g->out, "| `%" FL_FMT "` | ", FL_ARG(type->values[i].name));
			put_cell(g, type->values[i].description, type->values[i].deprecated);
			fl_buf_lit(g->out, " |\n");
		}
		fl_buf_char(g->out, '\n');
	}
	fl_buf_lit(g->out, "## Scalars\n\n");
	EACH_TYPE(g, type, GQL_SCALAR)
		fl_buf_fmt(g->out, "### %" FL_FMT "\n\n%" FL_FMT "%s%" FL_FMT "%s\n\n", FL_ARG(type->name), FL_ARG(type->description),
			   type->specified_by.ptr ? " [Specification](" : "", FL_ARG(type->specified_by), type->specified_by.ptr ? ")." : "");
	fl_buf_lit(g->out, "## Directives\n\n");
	for (uint32_t i = 0; i < g->schema->directive_count; i++)
		put_md_directive(g, &g->schema->directives[i]);
	while (g->out->len >= 2 && g->out->ptr[g->out->len - 1] == '\n' && g->out->ptr[g->out->len - 2] == '\n')
		g->out->len--;
}

/* ---- Every part of an API has a description ---- */

static unsigned missing(const char *what, fl_str owner, fl_str name, fl_str description)
{
	if (description.len)
		return 0;
	fprintf(stderr, "%s %" FL_FMT "%s%" FL_FMT " has no description\n", what, FL_ARG(owner), name.len ? "." : "", (int)name.len,
		name.len ? name.ptr : "");
	return 1;
}

static unsigned check_type(const gql_type *type)
{
	unsigned count = missing("type", type->name, (fl_str){}, type->description);
	for (uint32_t i = 0; i < type->field_count; i++) {
		const gql_field_def *f = &type->fields[i];
		count += missing("field", type->name, f->name, f->description);
		for (uint32_t k = 0; k < f->arg_count; k++)
			count += missing("argument", f->name, f->args[k].name, f->args[k].description);
	}
	for (uint32_t i = 0; i < type->input_count; i++)
		count += missing("input field", type->name, type->inputs[i].name, type->inputs[i].description);
	for (uint32_t i = 0; i < type->value_count; i++)
		count += missing("enum value", type->name, type->values[i].name, type->values[i].description);
	return count;
}

static unsigned check_directive(const gql_directive_def *d)
{
	unsigned count = missing("directive", d->name, (fl_str){}, d->description);
	for (uint32_t i = 0; i < d->arg_count; i++)
		count += missing("argument", d->name, d->args[i].name, d->args[i].description);
	return count;
}

static void write_check(gen *g)
{
	unsigned count = 0;
	for (uint32_t i = 0; i < g->schema->type_count; i++)
		if (!g->schema->types[i]->of_engine)
			count += check_type(g->schema->types[i]);
	for (uint32_t i = 0; i < g->schema->directive_count; i++)
		if (!g->schema->directives[i].of_engine)
			count += check_directive(&g->schema->directives[i]);
	for (uint32_t i = 0; i < g->schema->type_count; i++) {
		const gql_type *type = g->schema->types[i];
		if (type->kind != GQL_SCALAR || type->of_engine || type->specified_by.ptr)
			continue;
		fprintf(stderr, "scalar %" FL_FMT " has no @specifiedBy\n", FL_ARG(type->name));
		count++;
	}
	if (count)
		exit(1);
}

/* ---- Files ---- */

static void die(const char *what, const char *path)
{
	fprintf(stderr, "schemagen: %s %s: %s\n", what, path, strerror(errno));
	exit(1);
}

static void read_file(fl_buf *out, const char *path)
{
	FILE *file = fopen(path, "rb");
	char chunk[4096];
	size_t len;
	if (!file)
		die("cannot read", path);
	while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0)
		fl_buf_add(out, chunk, len);
	if (ferror(file))
		die("cannot read", path);
	fclose(file);
}

static void write_file(const fl_buf *text, const char *path)
{
	FILE *file = fopen(path, "wb");
	if (!file || (text->len && fwrite(text->ptr, 1, text->len, file) != text->len) || fclose(file))
		die("cannot write", path);
}

static const struct {
	const char *kind;
	void (*write)(gen *g);
} kinds[] = {
	{ "c-header", write_c_header }, { "c-source", write_c_source }, { "c-sdl", write_c_sdl }, { "typescript", write_typescript },
	{ "markdown", write_markdown }, { "check", write_check },
};

int main(int argc, char **argv)
{
	fl_buf sdl = fl_buf_make(TEXT_MAX), out = fl_buf_make(TEXT_MAX);
	fl_diag diag = {};
	fl_gql_schema *schema;
	size_t i = 0;
	while (argc >= 4 && i < FL_COUNT(kinds) && strcmp(kinds[i].kind, argv[1]) != 0)
		i++;
	if (argc < 4 || i == FL_COUNT(kinds)) {
		fprintf(stderr, "usage: schemagen c-header|c-source|c-sdl|typescript|markdown|check OUTPUT SDL...\n");
		return 2;
	}
	for (int k = 3; k < argc; k++)
		read_file(&sdl, argv[k]);
	fl_gql_schema_options options = { .sdl = fl_buf_view(&sdl) };
	fl_err err = gql_schema_build(&options, false, &schema, &diag);
	if (err != FL_OK) {
		fprintf(stderr, "schemagen: %s\n", fl_diag_text(&diag, err));
		return 1;
	}
	kinds[i].write(&(gen){ schema, &out, argv[2] });
	if (fl_buf_err(&out) != FL_OK)
		die("text too large for", argv[2]);
	write_file(&out, argv[2]);
	fl_gql_schema_free(schema);
	fl_buf_fini(&sdl);
	fl_buf_fini(&out);
	return 0;
}
