#include "shop.h"

#include <stdio.h>

#include "api_schema.h"

shop_counts shop_counts_now;

typedef struct author {
	int64_t id;
	const char *name;
	int64_t rival;
} author;

typedef struct book {
	int32_t id;
	fl_str name;
	int64_t author_id;
	int16_t pages;
	uint8_t color;
} book;

typedef struct review {
	int32_t id;
	int32_t stars;
	const book *book;
} review;

static const author authors[] = { { 1, "Ann", 2 }, { 2, "Bob", 1 } };
static const book books[] = {
	{ 10, FL_STR_INIT("One"), 1, 100, 1 }, { 11, FL_STR_INIT("Two \"2\""), 2, 200, 2 },
	{ 12, {}, 1, 300, 0 },                 { 13, FL_STR_INIT("Four"), 2, 400, 3 },
};
static const review reviews[] = { { 100, 5, &books[0] }, { 101, 4, &books[0] }, { 102, 3, &books[1] }, { 103, 1, &books[0] } };

/* Waits a turn of the loop and counts how many do so together. */
static fl_err wait_a_turn(fl_ctx *ctx)
{
	shop_counts *c = &shop_counts_now;
	c->waiting++;
	c->most_waiting = FL_MAX(c->most_waiting, c->waiting);
	fl_err err = await_yield(ctx);
	c->waiting--;
	return err;
}

/* ---- Book ---- */

static fl_err author_of_book(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_keys_i64 keys;
	int64_t *ids = fl_new_array(ctx->mem, int64_t, batch->count);
	for (size_t i = 0; i < batch->count; i++)
		ids[i] = ((const book *)batch->parents[i])->author_id;
	FL_TRY(fl_gql_distinct_i64(ctx->mem, ids, NULL, batch->count, &keys));
	shop_counts_now.authors++;
	shop_counts_now.author_keys += keys.count;
	FL_TRY(wait_a_turn(ctx));
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = fl_gql_object(&authors[keys.keys[keys.place[i]] - 1]);
	return FL_OK;
}

static fl_err reviews_of_book(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	int64_t first = FL_MAX(fl_gql_int_or(fl_gql_arg(field, "first"), 0), 0);
	shop_counts_now.reviews++;
	shop_counts_now.review_parents += batch->count;
	FL_TRY(wait_a_turn(ctx));
	for (size_t i = 0; i < batch->count; i++) {
		const void **found = fl_arena_take(ctx->mem, sizeof(void *) * FL_COUNT(reviews));
		size_t count = 0;
		for (size_t k = 0; k < FL_COUNT(reviews) && count < (size_t)first; k++)
			if (reviews[k].book == batch->parents[i])
				found[count++] = &reviews[k];
		batch->results[i] = fl_gql_ptrs(found, count);
	}
	return FL_OK;
}

const struct fl_api_book fl_api_book = {
	.id = FL_COLUMN(book, id),
	.name = FL_COLUMN(book, name),
	.author = FL_BATCH(author_of_book),
	.pages = FL_COLUMN(book, pages),
	.color = FL_COLUMN(book, color),
	.reviews = FL_BATCH(reviews_of_book),
	.old = FL_COLUMN(book, pages),
};

/* ---- Author ---- */

static fl_err books_of_author(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	shop_counts_now.books_of_author++;
	FL_TRY(wait_a_turn(ctx));
	for (size_t i = 0; i < batch->count; i++) {
		fl_gql_value *found = fl_new_array(ctx->mem, fl_gql_value, FL_COUNT(books));
		size_t count = 0;
		for (size_t k = 0; k < FL_COUNT(books); k++)
			if (books[k].author_id == ((const author *)batch->parents[i])->id)
				found[count++] = fl_gql_object(&books[k]);
		batch->results[i] = fl_gql_list(found, count);
	}
	return FL_OK;
}

static fl_err rival_of_author(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_object(&authors[((const author *)parent)->rival - 1]);
	return FL_OK;
}

const struct fl_api_author fl_api_author = {
	.id = FL_COLUMN(author, id),
	.name = FL_COLUMN(author, name),
	.books = FL_BATCH(books_of_author),
	.rival = FL_GETTER(rival_of_author),
};

const struct fl_api_review fl_api_review = {
	.id = FL_COLUMN(review, id),
	.stars = FL_COLUMN(review, stars),
	.book = FL_POINTER(review, book),
};

/* ---- Bad ---- */

typedef struct bad {
	fl_str firm, soft;
	uint8_t color;
	int64_t big;
	fl_gql_span none;
	fl_gql_value list;
	const struct bad *deep;
} bad;

static const bad bad_row = { .soft = FL_STR_INIT("soft"), .color = 9, .big = INT64_MAX, .list = { .kind = FL_GQL_NULL }, .deep = &bad_row };

static fl_err row_error(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = i % 2 ? fl_gql_int(7) : fl_gql_error(ctx, FL_NOT_FOUND, "no row %zu", i);
	return FL_OK;
}

static fl_err batch_error(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	FL_TRY(wait_a_turn(ctx));
	return fl_fail(&ctx->diag, FL_FORBIDDEN, "not for you");
}

static fl_err getter_error(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return fl_fail(&ctx->diag, FL_CONFLICT, "too late");
}

static fl_err masked_error(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return fl_fail(&ctx->diag, FL_DB, "SELECT secret FROM passwords");
}

static fl_err list_with_null(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	fl_gql_value *items = fl_new_array(ctx->mem, fl_gql_value, 3);
	items[0] = fl_gql_int(1);
	items[2] = fl_gql_int(3);
	*out = fl_gql_list(items, 3);
	return FL_OK;
}

static fl_err bad_list(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	fl_gql_value *items = fl_new_array(ctx->mem, fl_gql_value, 3);
	items[0] = fl_gql_object(&bad_row);
	items[2] = fl_gql_object(&bad_row);
	*out = fl_gql_list(items, 3);
	return FL_OK;
}

const struct fl_api_bad fl_api_bad = {
	.firm = FL_COLUMN(bad, firm),
	.soft = FL_COLUMN(bad, soft),
	.row_error = FL_BATCH_AT_ONCE(row_error),
	.batch_error = FL_BATCH(batch_error),
	.firm_list = FL_GETTER(list_with_null),
	.soft_list = FL_GETTER(list_with_null),
	.soft_items = FL_GETTER(list_with_null),
	.getter_error = FL_GETTER(getter_error),
	.masked = FL_GETTER(masked_error),
	.too_big = FL_COLUMN(bad, big),
	.wrong_enum = FL_COLUMN(bad, color),
	.deep = FL_POINTER(bad, deep),
	.deep_firm = FL_POINTER(bad, deep),
	.list = FL_GETTER(bad_list),
	.firm_items = FL_GETTER(bad_list),
};

/* ---- Columns ---- */

typedef struct counter {
	int32_t n;
} counter;

typedef struct columns {
	int8_t i8;
	int16_t i16;
	int32_t i32;
	int64_t i64, time, no_time;
	uint8_t u8, color, no_color;
	uint16_t u16;
	uint32_t u32;
	float f32;
	double f64;
	fl_str text, no_text, money;
	const char *ztext;
	bool flag, yes, no;
	fl_uuid uuid;
	counter inside;
	fl_gql_texts texts;
	fl_gql_value value;
} columns;

static const fl_str two_texts[] = { FL_STR_INIT("a"), FL_STR_INIT("\xc3\xa9\n") };
static const fl_gql_value two_values[] = { { .kind = FL_GQL_INT, .integer = 1 }, { .kind = FL_GQL_NULL } };
static const columns columns_row = {
	.i8 = -8, .i16 = -16, .i32 = INT32_MIN, .i64 = INT64_MIN, .time = 1000000, .u8 = 255, .color = 2, .u16 = 65535, .u32 = 1u << 31 >> 1,
	.f32 = 0.5f, .f64 = -1234.567, .text = FL_STR_INIT("t\x01"), .ztext = "z", .money = FL_STR_INIT("12.50"), .flag = true, .yes = true,
	.uuid = { { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef } },
	.inside = { 3 }, .texts = { two_texts, 2 }, .value = { .kind = FL_GQL_LIST, .count = 2, .items = two_values },
};

const struct fl_api_columns fl_api_columns = {
	.i8 = FL_COLUMN(columns, i8),
	.i16 = FL_COLUMN(columns, i16),
	.i32 = FL_COLUMN(columns, i32),
	.i64 = FL_COLUMN(columns, i64),
	.u8 = FL_COLUMN(columns, u8),
	.u16 = FL_COLUMN(columns, u16),
	.u32 = FL_COLUMN(columns, u32),
	.f32 = FL_COLUMN(columns, f32),
	.f64 = FL_COLUMN(columns, f64),
	.text = FL_COLUMN(columns, text),
	.no_text = FL_COLUMN(columns, no_text),
	.ztext = FL_COLUMN(columns, ztext),
	.flag = FL_COLUMN(columns, flag),
	.uuid = FL_COLUMN(columns, uuid),
	.number = FL_COLUMN(columns, i64),
	.time = FL_COLUMN(columns, time),
	.no_time = FL_COLUMN(columns, no_time),
	.money = FL_COLUMN(columns, money),
	.color = FL_COLUMN(columns, color),
	.no_color = FL_COLUMN(columns, no_color),
	.maybe = FL_OPTIONAL(columns, i8, yes),
	.maybe_not = FL_OPTIONAL(columns, i8, no),
	.inside = FL_INSIDE(columns, inside),
	.no_inside = FL_INSIDE_IF(columns, inside, no),
	.texts = FL_COLUMN(columns, texts),
	.value = FL_COLUMN(columns, value),
};

/* ---- Roots ---- */

static fl_err hello(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_string(FL_STR("world"));
	return FL_OK;
}

static void show(fl_buf *out, const fl_gql_value *v);

static void show_input(fl_buf *out, const fl_gql_value *v)
{
	static const char *const names[2][4] = { { "x", "y", "label", "inner" }, { "id", "name" } };
	const char *const *members = names[v->count == 2];
	fl_buf_char(out, '{');
	for (uint32_t i = 0; i < v->count; i++) {
		const fl_gql_value *m = fl_gql_member(v, members[i]);
		if (m->kind == FL_GQL_ABSENT)
			continue;
		fl_buf_fmt(out, " %s=", members[i]);
		show(out, m);
	}
	fl_buf_lit(out, " }");
}

static void show(fl_buf *out, const fl_gql_value *v)
{
	switch ((fl_gql_kind)v->kind) {
	case FL_GQL_NULL:
		fl_buf_lit(out, "null");
		break;
	case FL_GQL_BOOL:
		fl_buf_fmt(out, "%s", v->boolean ? "true" : "false");
		break;
	case FL_GQL_INT:
		fl_buf_fmt(out, "%lld", (long long)v->integer);
		break;
	case FL_GQL_ENUM:
		fl_buf_fmt(out, "#%lld", (long long)v->integer);
		break;
	case FL_GQL_FLOAT:
		fl_buf_fmt(out, "%g", v->number);
		break;
	case FL_GQL_STRING:
		fl_buf_fmt(out, "'%" FL_FMT "'", FL_ARG(fl_gql_text(v)));
		break;
	case FL_GQL_OPAQUE:
		fl_buf_fmt(out, "file(%s)", (const char *)v->pointer);
		break;
	case FL_GQL_LIST:
		fl_buf_char(out, '[');
		for (uint32_t i = 0; i < v->count; i++) {
			fl_buf_char(out, ' ');
			show(out, &v->items[i]);
		}
		fl_buf_lit(out, " ]");
		break;
	case FL_GQL_INPUT:
		show_input(out, v);
		break;
	case FL_GQL_JSON:
		fl_json_put(&(fl_json_out){ .buf = out }, v->json);
		break;
	default:
		fl_buf_lit(out, "?");
	}
}

static fl_err echo(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	static const char *const names[] = { "text", "n", "f", "b", "id", "color", "point", "points", "nested", "time", "big", "dec",
					     "uuid", "pick", "file", "files", "old", "geo", "json" };
	FL_AUTO_BUF fl_buf text = fl_buf_make(1 << 20);
	for (size_t i = 0; i < FL_COUNT(names); i++) {
		const fl_gql_value *v = fl_gql_arg(field, names[i]);
		if (v->kind == FL_GQL_ABSENT)
			continue;
		fl_buf_fmt(&text, "%s%s=", text.len ? " " : "", names[i]);
		show(&text, v);
	}
	*out = fl_gql_string(fl_str_dup(ctx->mem, fl_buf_view(&text)));
	return FL_OK;
}

static fl_err same(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_gql_value *geo = fl_gql_arg(field, "geo");
	*out = geo->kind == FL_GQL_JSON ? *geo : *fl_gql_arg(field, "json");
	return FL_OK;
}

/* As a database gives it. */
static fl_err shape(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_string(FL_STR("{\"type\":\"Point\",\"coordinates\":[13.4,52.5]}"));
	return FL_OK;
}

static fl_err need(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_int(fl_gql_arg(field, "n")->integer + fl_gql_arg(field, "m")->integer);
	return FL_OK;
}

static fl_err all_books(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_page page;
	size_t from = 0;
	shop_counts_now.books++;
	FL_TRY(fl_gql_page_args(ctx, field, 'b', 3, 4, &page));
	if (page.after.len == sizeof(from))
		memcpy(&from, page.after.ptr, sizeof(from));
	FL_TRY(wait_a_turn(ctx));
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = fl_gql_rows(&books[from], sizeof(books[0]), FL_MIN(page.first, FL_COUNT(books) - from));
	return FL_OK;
}

/* ---- A list in pages ---- */

typedef struct shelf {
	fl_gql_pager pager;
	int64_t at, count;
	bool breaks;
} shelf;

static fl_err next_books(fl_ctx *ctx, const fl_gql_field *field, fl_gql_pager *pager, uint32_t wanted, fl_gql_value *items, bool *more)
{
	shelf *s = FL_CONTAINER(pager, shelf, pager);
	int64_t n = FL_MIN(s->count - s->at, (int64_t)wanted);
	shop_counts_now.pages++;
	FL_TRY(wait_a_turn(ctx));
	if (s->breaks && n == 0)
		return fl_fail(&ctx->diag, FL_CONFLICT, "the shelf broke");
	const void **found = fl_new_array(ctx->mem, const void *, n);
	if (!found)
		return FL_NOMEM;
	for (int64_t i = 0; i < n; i++, s->at++)
		found[i] = &books[s->at % FL_COUNT(books)];
	*items = fl_gql_ptrs(found, n);
	*more = s->at < s->count || s->breaks;
	return FL_OK;
}

static fl_err shelf_of_books(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	int64_t count = fl_gql_arg(field, "count")->integer;
	if (count > 200000)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the shelf is not that long");
	for (size_t i = 0; i < batch->count; i++) {
		shelf *s = fl_new(ctx->mem, shelf);
		if (!s)
			return FL_NOMEM;
		*s = (shelf){ { next_books }, 0, count < 0 ? -count : count, count < 0 };
		batch->results[i] = fl_gql_paged(&s->pager);
	}
	return FL_OK;
}

/* Query.loop makes more than one parent of what is otherwise a root field. */
static void give_all(fl_gql_batch *batch, fl_gql_value value)
{
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = value;
}

static fl_err one_book(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	int64_t id;
	if (fl_str_i64(fl_gql_text(fl_gql_arg(field, "id")), &id))
		for (size_t k = 0; k < FL_COUNT(books); k++)
			if (books[k].id == id)
				give_all(batch, fl_gql_object(&books[k]));
	return FL_OK;
}

static const fl_gql_schema *shop_schema;

static fl_gql_value thing(const char *type, const void *object)
{
	return fl_gql_object_of(fl_gql_type_index(shop_schema, type), object);
}

static fl_err node_by_id(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_value result = {};
	int64_t id = 0;
	(void)fl_str_i64(fl_gql_text(fl_gql_arg(field, "id")), &id);
	if (id >= 1 && id <= 2)
		result = thing("Author", &authors[id - 1]);
	else if (id >= 10 && id <= 13)
		result = thing("Book", &books[id - 10]);
	else if (id == 99)
		result = thing("Counter", &books[0]);
	give_all(batch, result);
	return FL_OK;
}

static fl_err some_things(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_value *items = fl_new_array(ctx->mem, fl_gql_value, 6);
	items[0] = thing("Book", &books[1]);
	items[1] = thing("Author", &authors[0]);
	items[3] = thing("Review", &reviews[2]);
	items[4] = thing("Book", &books[0]);
	items[5] = thing("Author", &authors[1]);
	give_all(batch, fl_gql_list(items, 6));
	return FL_OK;
}

static fl_err matrix(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	fl_gql_value *cells = fl_new_array(ctx->mem, fl_gql_value, 7), *rows = cells + 4;
	for (int i = 0; i < 3; i++)
		cells[i] = fl_gql_int(i);
	rows[0] = fl_gql_list(cells, 3);
	rows[1] = fl_gql_list(cells + 2, 2); /* holds a null */
	*out = fl_gql_list(rows, 3);
	return FL_OK;
}

static fl_err grid(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_gql_value *rows = fl_new_array(ctx->mem, fl_gql_value, 3 + 2);
	rows[3] = fl_gql_null();
	rows[4] = fl_gql_object(&books[3]);
	rows[0] = fl_gql_rows(books, sizeof(books[0]), 2);
	rows[2] = fl_gql_list(rows + 3, 2);
	give_all(batch, fl_gql_list(rows, 3));
	return FL_OK;
}

static fl_err give_bad(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_object(&bad_row);
	return FL_OK;
}

static fl_err give_query(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_object("again");
	return FL_OK;
}

static fl_err give_columns(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_object(&columns_row);
	return FL_OK;
}

const struct fl_api_query fl_api_query = {
	.hello = FL_GETTER(hello),
	.echo = FL_GETTER(echo),
	.same = FL_GETTER(same),
	.shape = FL_GETTER(shape),
	.need = FL_GETTER(need),
	.books = FL_BATCH(all_books),
	.book = FL_BATCH_AT_ONCE(one_book),
	.node = FL_BATCH_AT_ONCE(node_by_id),
	.things = FL_BATCH_AT_ONCE(some_things),
	.matrix = FL_GETTER(matrix),
	.grid = FL_BATCH_AT_ONCE(grid),
	.bad = FL_GETTER(give_bad),
	.bad_firm = FL_GETTER(give_bad),
	.loop = FL_GETTER(give_query),
	.all = FL_GETTER(give_columns),
	.shelf = FL_PAGES(shelf_of_books),
};

static int32_t total;

static fl_err add(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	counter *now = fl_new(ctx->mem, counter);
	int32_t before = total;
	FL_TRY(wait_a_turn(ctx));
	total = (int32_t)((uint32_t)before + (uint32_t)fl_gql_arg(field, "n")->integer); /* wrong if another one ran meanwhile */
	now->n = total;
	batch->results[0] = fl_gql_object(now);
	return FL_OK;
}

static fl_err refuse(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_fail(&ctx->diag, FL_BAD_INPUT, "no");
}

const struct fl_api_mutation fl_api_mutation = {
	.add = FL_BATCH(add),
	.fail = FL_BATCH(refuse),
	.fail_firm = FL_BATCH(refuse),
};

static fl_err all_books_of_counter(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	FL_TRY(wait_a_turn(ctx));
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = fl_gql_rows(books, sizeof(books[0]), 1);
	return FL_OK;
}

const struct fl_api_counter fl_api_counter = {
	.n = FL_COLUMN(counter, n),
	.books = FL_BATCH(all_books_of_counter),
};

const struct fl_api_subscription fl_api_subscription = {
	.added = FL_SELF,
	.other = FL_GETTER(need),
};

/* ---- Running ---- */

void shop_open(shop *s, const fl_gql_limits *limits)
{
	fl_gql_schema_options options = { .sdl = { fl_api_sdl, fl_api_sdl_len }, .types = fl_api_types, .type_count = fl_api_type_count };
	fl_diag diag = {};
	*s = (shop){ .out = fl_buf_make(64 << 20) };
	if (fl_gql_schema_new(&options, &s->schema, &diag) != FL_OK)
		fail_msg("%s", diag.text);
	shop_schema = s->schema;
	assert_int_equal(fl_gql_engine_new(s->schema, limits, 1 << 20, &s->engine), FL_OK);
	assert_int_equal(fl_loop_new(&(fl_loop_opts){}, &s->loop), FL_OK);
	total = 0;
}

void shop_close(shop *s)
{
	fl_loop_free(s->loop);
	fl_gql_engine_free(s->engine);
	fl_gql_schema_free(s->schema);
	fl_buf_fini(&s->out);
}

typedef struct run {
	shop *s;
	fl_gql_request request;
	const char *variables;
} run;

static fl_err pull_all(fl_ctx *ctx, run *r)
{
	shop *s = r->s;
	fl_gql_stream *stream;
	FL_TRY(fl_gql_stream_open(ctx, s->engine, &r->request, &stream, &s->out, &s->outcome));
	fl_err err = FL_OK;
	for (bool more = stream; more && err == FL_OK;) {
		fl_buf_char(&s->out, '\n');
		err = fl_gql_stream_next(ctx, stream, &s->out, &more);
	}
	if (stream)
		fl_gql_stream_count(stream, &s->outcome);
	fl_gql_stream_close(ctx, stream);
	return err;
}

static fl_err run_in_loop(fl_ctx *ctx, void *arg)
{
	run *r = arg;
	if (r->variables)
		FL_TRY(fl_json_parse(ctx->mem, fl_str_z(r->variables), &r->request.variables, &ctx->diag));
	if (r->request.parts != FL_GQL_WHOLE)
		return pull_all(ctx, r);
	return fl_gql_execute(ctx, r->s->engine, &r->request, &r->s->out, &r->s->outcome);
}

const char *shop_run_request(shop *s, const fl_gql_request *request, const char *variables)
{
	run r = { s, *request, variables };
	shop_counts_now = (shop_counts){};
	fl_buf_reset(&s->out);
	fl_err err = fl_loop_run_task(s->loop, 5 * FL_SECOND_US, run_in_loop, &r);
	if (err != FL_OK)
		fl_buf_fmt(&s->out, "%s", fl_err_name(err));
	fl_buf_char(&s->out, 0);
	return s->out.ptr;
}

const char *shop_run(shop *s, const char *query, const char *variables)
{
	return shop_run_request(s, &(fl_gql_request){ .query = fl_str_z(query) }, variables);
}

const char *shop_run_parts(shop *s, const char *query, const char *variables, fl_gql_parts format)
{
	return shop_run_request(s, &(fl_gql_request){ .query = fl_str_z(query), .parts = format }, variables);
}
