#include "base/json_int.h"

fl_err fl_json_parse(fl_arena *mem, fl_str text, const fl_json **out, fl_diag *diag)
{
	fl_json *value = NULL;
	if (text.len > FL_JSON_BYTES_MAX)
		return fl_fail(diag, FL_TOO_LARGE, "the JSON text is larger than 64 MiB");
	char *padded = fl_arena_take(mem, text.len + fl_json_padding());
	if (!padded)
		return FL_NOMEM;
	if (text.len)
		memcpy(padded, text.ptr, text.len);
	memset(padded + text.len, 0, fl_json_padding());
	FL_TRY(fl_json_parse_padded(mem, padded, text.len, &value, diag));
	*out = value;
	return FL_OK;
}

const fl_json *fl_json_get(const fl_json *object, fl_str key)
{
	const fl_json *found = NULL;
	if (!object || object->type != FL_JSON_OBJECT)
		return NULL;
	for (const fl_json *child = object->items.first; child; child = child->next)
		if (fl_str_eq(child->key, key))
			found = child;
	return found;
}

fl_str fl_json_str(const fl_json *value, fl_str otherwise)
{
	return value && value->type == FL_JSON_STRING ? value->string : otherwise;
}

int64_t fl_json_int(const fl_json *value, int64_t otherwise)
{
	return value && value->type == FL_JSON_INT ? value->integer : otherwise;
}

double fl_json_double(const fl_json *value, double otherwise)
{
	if (value && value->type == FL_JSON_INT)
		return value->integer;
	return value && value->type == FL_JSON_DOUBLE ? value->number : otherwise;
}

bool fl_json_bool(const fl_json *value, bool otherwise)
{
	return value && value->type == FL_JSON_BOOL ? value->boolean : otherwise;
}
