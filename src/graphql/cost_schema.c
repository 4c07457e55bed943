/* What the SDL says of cost: the directives @cost and @listSize of the IBM specification, read once into the schema.
 *
 *	directive @cost(weight: String!)      a type's objects, a field's calls, an argument's or input field's use
 *	directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!],
 *		requireOneSlicingArgument: Boolean = true)
 *
 * Where nothing is said, composite types and what gives or takes them weigh 1, scalars and enums 0. Introspection reads
 * no database: it weighs a hundredth. */
#include "graphql/graphql_int.h"

#define INTROSPECTION_WEIGHT 0.01

typedef struct reader {
	fl_gql_schema *schema;
	gql_errors *errors;
	fl_str owner, name; /* what is being read, for errors */
} reader;

#define WRONG(r, format, ...)                                                                                                    \
	((void)gql_fault((r)->errors, GQL_CODE_SYNTAX, GQL_NONE, GQL_NONE, "%" FL_FMT ".%" FL_FMT ": " format,                   \
		FL_ARG((r)->owner), FL_ARG((r)->name), ##__VA_ARGS__))

static double read_weight(reader *r, gql_range directives, double otherwise)
{
	const gql_directive *cost = gql_applied(r->schema, directives, "cost");
	if (!cost)
		return otherwise;
	const gql_literal *weight = gql_applied_argument(r->schema, cost, "weight");
	double value; /* a string in the specification of costs, an integer in that of federation */
	if (weight && (weight->kind == GQL_L_STRING || weight->kind == GQL_L_INT) && fl_str_f64(weight->text, &value) && value >= -1e9 && value <= 1e9)
		return value;
	WRONG(r, "@cost needs a weight that is a number, as in @cost(weight: \"2.5\")");
	return otherwise;
}

/* ---- @listSize ---- */

/* "first", or "filter.max" for a field of an input object. Beyond the specification a list will do: it counts its items. */
static bool read_slicing_argument(reader *r, const gql_field_def *field, fl_str path, gql_slicing *out)
{
	fl_str rest, step = fl_str_cut(path, '.', &rest);
	const gql_input *in = gql_find_input(field->args, field->arg_count, step);
	*out = (gql_slicing) { .argument = in ? (uint32_t)(in - field->args) : 0 };
	while (in && rest.len) {
		const gql_type *type = in->type.type;
		step = fl_str_cut(rest, '.', &rest);
		in = in->type.lists ? NULL : gql_find_input(type->inputs, type->input_count, step);
		if (!in || out->step_count == FL_COUNT(out->steps))
			return false;
		out->steps[out->step_count++] = (uint32_t)(in - type->inputs);
	}
	if (!in || (!in->type.lists && in->type.type->builtin != GQL_SCALAR_INT))
		return false;
	out->default_value = &in->default_value;
	return true;
}

static bool read_slicing(reader *r, const gql_field_def *field, const gql_directive *directive, gql_list_size *size)
{
	const gql_literal *list = gql_applied_argument(r->schema, directive, "slicingArguments");
	if (!list || list->kind != GQL_L_LIST || list->count == 0)
		return true;
	size->slicing = fl_new_array(&r->schema->mem, gql_slicing, list->count);
	if (!size->slicing)
		return false;
	for (const gql_literal *item = list + 1; item < r->schema->doc.literals + list->end; item++)
		if (!read_slicing_argument(r, field, item->text, &size->slicing[size->slicing_count++]))
			WRONG(r, "@listSize: there is no argument \"%" FL_FMT "\" of type Int", FL_ARG(item->text));
	return true;
}

static bool has_list(const gql_type *type, fl_str name)
{
	for (uint32_t i = 0; i < type->field_count; i++)
		if (fl_str_eq(type->fields[i].name, name))
			return type->fields[i].type.lists > 0;
	return false;
}

static bool read_sized(reader *r, const gql_field_def *field, const gql_directive *directive, gql_list_size *size)
{
	const gql_literal *list = gql_applied_argument(r->schema, directive, "sizedFields");
	if (!list || list->kind != GQL_L_LIST || list->count == 0) {
		if (!field->type.lists)
			WRONG(r, "@listSize: the field is no list, so sizedFields must say which of its fields are");
		return true;
	}
	size->sized = fl_new_array(&r->schema->mem, fl_str, list->count);
	if (!size->sized)
		return false;
	for (const gql_literal *item = list + 1; item < r->schema->doc.literals + list->end; item++) {
		size->sized[size->sized_count++] = item->text;
		if (!has_list(field->type.type, item->text))
			WRONG(r, "@listSize: %" FL_FMT " has no list \"%" FL_FMT "\"", FL_ARG(field->type.type->name),
				FL_ARG(item->text));
	}
	return true;
}

static bool read_list_size(reader *r, gql_field_def *field)
{
	const gql_directive *directive = gql_applied(r->schema, field->directives, "listSize");
	if (!directive)
		return true;
	gql_list_size *size = fl_new(&r->schema->mem, gql_list_size);
	if (!size)
		return false;
	const gql_literal *assumed = gql_applied_argument(r->schema, directive, "assumedSize");
	const gql_literal *one = gql_applied_argument(r->schema, directive, "requireOneSlicingArgument");
	int32_t n = -1;
	if (assumed && assumed->kind == GQL_L_INT && (!fl_str_i32(assumed->text, &n) || n < 0))
		WRONG(r, "@listSize: assumedSize must be a whole number, 0 or more");
	field->list_size = size;
	if (!read_slicing(r, field, directive, size) || !read_sized(r, field, directive, size))
		return false;
	size->assumed = n >= 0 ? n : GQL_LIST_SIZE_UNKNOWN;
	size->require_one = size->slicing_count && !(one && one->kind == GQL_L_BOOL && !one->boolean);
	return true;
}

/* ---- The whole ---- */

static void read_inputs(reader *r, fl_str owner, gql_input *inputs, uint32_t count)
{
	r->owner = owner;
	for (uint32_t i = 0; i < count; i++) {
		r->name = inputs[i].name;
		inputs[i].weight = read_weight(r, inputs[i].directives, inputs[i].type.type->kind == GQL_INPUT_TYPE ? 1 : 0);
	}
}

static bool read_fields(reader *r, gql_type *type)
{
	for (uint32_t i = 0; i < type->field_count; i++) {
		gql_field_def *f = &type->fields[i];
		double usual = !gql_is_composite(f->type.type) ? 0 : type->of_engine ? INTROSPECTION_WEIGHT : 1;
		r->owner = type->name;
		r->name = f->name;
		f->weight = read_weight(r, f->directives, usual);
		if (!read_list_size(r, f))
			return false;
		read_inputs(r, f->name, f->args, f->arg_count);
	}
	return true;
}

bool gql_cost_read(fl_gql_schema *schema, gql_errors *errors)
{
	reader r = { .schema = schema, .errors = errors };
	for (uint32_t i = 0; i < schema->type_count; i++) {
		gql_type *type = schema->types[i];
		double usual = !gql_is_composite(type) ? 0 : type->of_engine ? INTROSPECTION_WEIGHT : 1;
		r.owner = r.name = type->name;
		if (gql_is_abstract(type) && gql_applied(schema, gql_applied_to(schema, type, "cost"), "cost"))
			WRONG(&r, "interfaces and unions weigh as much as their heaviest object: @cost belongs there");
		type->weight = read_weight(&r, gql_applied_to(schema, type, "cost"), usual);
		read_inputs(&r, type->name, type->inputs, type->input_count);
		if (!read_fields(&r, type))
			return false;
	}
	schema->meta_schema.weight = schema->meta_type.weight = INTROSPECTION_WEIGHT;
	return true;
}
