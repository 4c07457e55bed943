// simdjson behind a C header: the document becomes a tree of fl_json in the arena.
#include <algorithm>
#include <simdjson.h>

extern "C" {
#include "base/json_int.h"
}

using simdjson::dom::element;
using simdjson::dom::element_type;

namespace
{

// One step of the walk: where the next child of an open array or object comes from.
struct level {
	fl_json *parent;
	fl_json **tail;
	bool is_object;
	simdjson::dom::array::iterator item, item_end;
	simdjson::dom::object::iterator member, member_end;
};

fl_str view(std::string_view s)
{
	return fl_str{ s.data() ? s.data() : "", s.size() };
}

// simdjson's strings live in its parser, which is reused: copy them.
fl_err copy(fl_arena *mem, std::string_view s, fl_str *out)
{
	*out = fl_str_dup(mem, view(s));
	return out->ptr ? FL_OK : FL_NOMEM;
}

fl_err fill(fl_arena *mem, const element &from, fl_json *to)
{
	switch (from.type()) {
	case element_type::NULL_VALUE:
		to->type = FL_JSON_NULL;
		return FL_OK;
	case element_type::BOOL:
		to->type = FL_JSON_BOOL;
		to->boolean = bool(from);
		return FL_OK;
	case element_type::INT64:
		to->type = FL_JSON_INT;
		to->integer = int64_t(from);
		return FL_OK;
	case element_type::UINT64:
		to->type = FL_JSON_DOUBLE;
		to->number = double(uint64_t(from));
		return FL_OK;
	case element_type::DOUBLE:
		to->type = FL_JSON_DOUBLE;
		to->number = double(from);
		return FL_OK;
	case element_type::STRING:
		to->type = FL_JSON_STRING;
		return copy(mem, std::string_view(from), &to->string);
	case element_type::ARRAY:
		to->type = FL_JSON_ARRAY;
		return FL_OK;
	case element_type::OBJECT:
		to->type = FL_JSON_OBJECT;
		return FL_OK;
	}
	return FL_INTERNAL;
}

level enter(const element &from, fl_json *to)
{
	level l{};
	l.parent = to;
	l.tail = &to->items.first;
	l.is_object = to->type == FL_JSON_OBJECT;
	if (l.is_object) {
		l.member = simdjson::dom::object(from).begin();
		l.member_end = simdjson::dom::object(from).end();
	} else {
		l.item = simdjson::dom::array(from).begin();
		l.item_end = simdjson::dom::array(from).end();
	}
	return l;
}

bool at_end(const level &l)
{
	return l.is_object ? !(l.member != l.member_end) : !(l.item != l.item_end);
}

// Appends the level's next child and moves on.
fl_err next_child(fl_arena *mem, level &l, element *from, fl_json **out)
{
	fl_json *child = fl_new(mem, fl_json);
	if (!child)
		return FL_NOMEM;
	if (l.is_object) {
		FL_TRY(copy(mem, l.member.key(), &child->key));
		*from = l.member.value();
		++l.member;
	} else {
		*from = *l.item;
		++l.item;
	}
	*l.tail = child;
	l.tail = &child->next;
	l.parent->items.count++;
	*out = child;
	return fill(mem, *from, child);
}

bool nests(const fl_json *value)
{
	return value->type == FL_JSON_ARRAY || value->type == FL_JSON_OBJECT;
}

fl_err build(fl_arena *mem, const element &root, fl_json *top)
{
	level stack[FL_JSON_DEPTH + 1];
	size_t depth = 0;
	FL_TRY(fill(mem, root, top));
	if (nests(top))
		stack[depth++] = enter(root, top);
	while (depth) {
		level &l = stack[depth - 1];
		if (at_end(l)) {
			depth--;
			continue;
		}
		element from;
		fl_json *child;
		FL_TRY(next_child(mem, l, &from, &child));
		if (nests(child))
			stack[depth++] = enter(from, child);
	}
	return FL_OK;
}

} // namespace

extern "C" size_t fl_json_padding(void)
{
	return simdjson::SIMDJSON_PADDING;
}

extern "C" fl_err fl_json_parse_padded(fl_arena *mem, const char *text, size_t len, fl_json **out, fl_diag *diag)
{
	try {
		thread_local simdjson::dom::parser parser(FL_JSON_BYTES_MAX);
		// Allocated by hand, because parse() would allocate with a depth of its own.
		if (parser.capacity() < len || parser.max_depth() != FL_JSON_DEPTH)
			if (parser.allocate(std::max<size_t>(len, 4096), FL_JSON_DEPTH))
				return FL_NOMEM;
		element root;
		auto error = parser.parse(text, len, false).get(root);
		if (error == simdjson::MEMALLOC)
			return FL_NOMEM;
		if (error == simdjson::DEPTH_ERROR)
			return fl_fail(diag, FL_BAD_JSON, "the JSON text is nested deeper than %d levels", FL_JSON_DEPTH);
		if (error)
			return fl_fail(diag, FL_BAD_JSON, "the JSON text is not valid: %s", simdjson::error_message(error));
		fl_json *top = fl_new(mem, fl_json);
		if (!top)
			return FL_NOMEM;
		FL_TRY(build(mem, root, top));
		*out = top;
		return FL_OK;
	} catch (const std::bad_alloc &) {
		return FL_NOMEM;
	} catch (...) {
		return FL_INTERNAL;
	}
}
