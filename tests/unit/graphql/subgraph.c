#include "subgraph.h"

#include "subgraph_schema.h"

subgraph_counts subgraph_counts_now;

typedef struct dimension {
	const char *size, *unit;
	float weight;
} dimension;

typedef struct user {
	fl_str email;
	const char *name;
	int32_t total, years; /* of others; 0: not told */
} user;

typedef struct study {
	const char *case_number, *description;
} study;

typedef struct research {
	study study;
	const char *outcome;
} research;

typedef struct product {
	const char *id, *sku, *package, *variation;
	dimension dimensions;
	const char *notes;
	const research *research;
} product;

typedef struct deprecated {
	const char *sku, *package, *reason;
} deprecated;

typedef struct inventory {
	fl_str id;
} inventory;

static const user maker = { FL_STR_INIT("support@example.org"), "Jane Smith", 1337, 10 };
static const research studies[] = { { { "1234", "Federation Study" }, NULL }, { { "1235", "Studio Study" }, NULL } };
static const product products[] = {
	{ "federation", "federation", "federation-package", "OSS", { "small", "kg", 1 }, NULL, &studies[0] },
	{ "studio", "studio", "", "platform", { "small", "kg", 1 }, NULL, &studies[1] },
};
static const deprecated old_products[] = { { "federation-v1", "federation-v1-package", "Migrate to Federation V2" } };

static fl_err wait_a_turn(fl_ctx *ctx)
{
	subgraph_counts *c = &subgraph_counts_now;
	c->waiting++;
	c->most_waiting = FL_MAX(c->most_waiting, c->waiting);
	fl_err err = await_yield(ctx);
	c->waiting--;
	return err;
}

static fl_str text_of(const fl_json *object, const char *key)
{
	return fl_json_str(fl_json_get(object, fl_str_z(key)), (fl_str) {});
}

static bool is(fl_str text, const char *z)
{
	return text.ptr && fl_str_eq(text, fl_str_z(z));
}

/* ---- Product: three keys ---- */

static const product *find_product(const fl_json *key)
{
	fl_str id = text_of(key, "id"), sku = text_of(key, "sku"), package = text_of(key, "package");
	fl_str variation = text_of(fl_json_get(key, FL_STR("variation")), "id");
	for (size_t i = 0; i < FL_COUNT(products); i++) {
		const product *p = &products[i];
		if (is(id, p->id) || (is(sku, p->sku) && (is(package, p->package) || is(variation, p->variation))))
			return p;
	}
	return NULL;
}

static fl_err resolve_products(fl_ctx *ctx, const fl_gql_field *field, fl_gql_references *r)
{
	subgraph_counts_now.products++;
	subgraph_counts_now.keys += r->count;
	FL_TRY(wait_a_turn(ctx));
	for (size_t i = 0; i < r->count; i++)
		r->results[i] = fl_gql_object(find_product(r->keys[i]));
	return FL_OK;
}

static fl_err variation(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_object(&((const product *)parent)->variation);
	return FL_OK;
}

static fl_err created_by(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_object(&maker);
	return FL_OK;
}

static fl_err research_of(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_rows(((const product *)parent)->research, sizeof(research), 1);
	return FL_OK;
}

static fl_err product_by_id(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_str id = fl_gql_text(fl_gql_arg(field, "id"));
	for (size_t i = 0; i < FL_COUNT(products); i++)
		if (is(id, products[i].id))
			batch->results[0] = fl_gql_object(&products[i]);
	return FL_OK;
}

const struct fl_api_product fl_api_product = {
	.id = FL_COLUMN(product, id),
	.sku = FL_COLUMN(product, sku),
	.package = FL_COLUMN(product, package),
	.variation = FL_GETTER(variation),
	.dimensions = FL_INSIDE(product, dimensions),
	.created_by = FL_GETTER(created_by),
	.notes = FL_COLUMN(product, notes),
	.research = FL_GETTER(research_of),
};

typedef struct named {
	const char *id;
} named;

const struct fl_api_product_variation fl_api_product_variation = { .id = FL_COLUMN(named, id) };
const struct fl_api_product_dimension fl_api_product_dimension = {
	.size = FL_COLUMN(dimension, size),
	.weight = FL_COLUMN(dimension, weight),
	.unit = FL_COLUMN(dimension, unit),
};

/* ---- DeprecatedProduct: a compound key ---- */

static const deprecated *find_deprecated(fl_str sku, fl_str package)
{
	return is(sku, old_products[0].sku) && is(package, old_products[0].package) ? &old_products[0] : NULL;
}

static fl_err resolve_deprecated(fl_ctx *ctx, const fl_gql_field *field, fl_gql_references *r)
{
	subgraph_counts_now.deprecated++;
	FL_TRY(wait_a_turn(ctx));
	for (size_t i = 0; i < r->count; i++)
		r->results[i] = fl_gql_object(find_deprecated(text_of(r->keys[i], "sku"), text_of(r->keys[i], "package")));
	return FL_OK;
}

static fl_err deprecated_product(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	batch->results[0] =
		fl_gql_object(find_deprecated(fl_gql_text(fl_gql_arg(field, "sku")), fl_gql_text(fl_gql_arg(field, "package"))));
	return FL_OK;
}

const struct fl_api_deprecated_product fl_api_deprecated_product = {
	.sku = FL_COLUMN(deprecated, sku),
	.package = FL_COLUMN(deprecated, package),
	.reason = FL_COLUMN(deprecated, reason),
	.created_by = FL_GETTER(created_by),
};

/* ---- ProductResearch: a key inside an object ---- */

static fl_err resolve_research(fl_ctx *ctx, const fl_gql_field *field, fl_gql_references *r)
{
	subgraph_counts_now.research++;
	for (size_t i = 0; i < r->count; i++) {
		fl_str wanted = text_of(fl_json_get(r->keys[i], FL_STR("study")), "caseNumber");
		for (size_t k = 0; k < FL_COUNT(studies); k++)
			if (is(wanted, studies[k].study.case_number))
				r->results[i] = fl_gql_object(&studies[k]);
	}
	return FL_OK;
}

const struct fl_api_product_research fl_api_product_research = {
	.study = FL_INSIDE(research, study),
	.outcome = FL_COLUMN(research, outcome),
};
const struct fl_api_case_study fl_api_case_study = {
	.case_number = FL_COLUMN(study, case_number),
	.description = FL_COLUMN(study, description),
};

/* ---- User: what others know comes with the representation ---- */

static fl_err resolve_users(fl_ctx *ctx, const fl_gql_field *field, fl_gql_references *r)
{
	subgraph_counts_now.users++;
	FL_TRY(wait_a_turn(ctx));
	for (size_t i = 0; i < r->count; i++) {
		user *u = fl_new(ctx->mem, user);
		if (!u)
			return FL_NOMEM;
		*u = (user) { .email = text_of(r->keys[i], "email"), .name = "Jane Smith" };
		u->total = (int32_t)fl_json_int(fl_json_get(r->keys[i], FL_STR("totalProductsCreated")), 0);
		u->years = (int32_t)fl_json_int(fl_json_get(r->keys[i], FL_STR("yearsOfEmployment")), 0);
		if (is(u->email, "nobody@example.org"))
			r->results[i] = fl_gql_error(ctx, FL_NOT_FOUND, "there is no user %.*s", (int)u->email.len, u->email.ptr);
		else if (is(u->email, "everybody@example.org"))
			return fl_fail(&ctx->diag, FL_FORBIDDEN, "not for you");
		else
			r->results[i] = fl_gql_object(u);
	}
	return FL_OK;
}

static fl_err average(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const user *u = parent;
	if (u->years)
		*out = fl_gql_int((u->total + u->years / 2) / u->years);
	return FL_OK;
}

const struct fl_api_user fl_api_user = {
	.email = FL_COLUMN(user, email),
	.name = FL_COLUMN(user, name),
	.total_products_created = FL_COLUMN(user, total),
	.years_of_employment = FL_COLUMN(user, years),
	.average_products_created_per_year = FL_GETTER(average),
};

/* ---- Inventory: an interface elsewhere, an object here ---- */

static fl_err resolve_inventory(fl_ctx *ctx, const fl_gql_field *field, fl_gql_references *r)
{
	subgraph_counts_now.inventory++;
	for (size_t i = 0; i < r->count; i++) {
		inventory *in = fl_new(ctx->mem, inventory);
		if (!in)
			return FL_NOMEM;
		in->id = text_of(r->keys[i], "id");
		r->results[i] = fl_gql_object(in);
	}
	return FL_OK;
}

static fl_err old_ones(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_rows(old_products, sizeof(old_products[0]), FL_COUNT(old_products));
	return FL_OK;
}

const struct fl_api_inventory fl_api_inventory = {
	.id = FL_COLUMN(inventory, id),
	.deprecated_products = FL_GETTER(old_ones),
};

const struct fl_api_query fl_api_query = {
	.product = FL_BATCH(product_by_id),
	.deprecated_product = FL_BATCH(deprecated_product),
};

fl_err subgraph_schema(fl_gql_schema **out, fl_diag *diag)
{
	static const fl_gql_entity entities[] = {
		{ "Product", resolve_products },
		{ "DeprecatedProduct", resolve_deprecated },
		{ "ProductResearch", resolve_research },
		{ "User", resolve_users },
		{ "Inventory", resolve_inventory },
	};
	const fl_gql_schema_options options = {
		.sdl = { fl_api_sdl, fl_api_sdl_len },
		.types = fl_api_types,
		.type_count = fl_api_type_count,
		.entities = entities,
		.entity_count = FL_COUNT(entities),
	};
	return fl_gql_schema_new(&options, out, diag);
}
