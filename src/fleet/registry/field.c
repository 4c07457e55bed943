/* Fields: from text to value, from value to text, and what a value must keep to. */
#include "fleet/geo.h"
#include "fleet/registry/record.h"

static fl_err wrong(fl_diag *diag, const fl_field *field, const char *why)
{
	return fl_fail(diag, FL_BAD_INPUT, "%s %s; write it as in \"%s\"", field->what, why, field->example);
}

/* ---- from text ---- */

static fl_err parse_code(fl_diag *diag, const fl_field *field, fl_str text, fl_value *out)
{
	FL_AUTO_BUF fl_buf all = fl_buf_make(512);
	for (int i = 0; field->names[i]; i++) {
		if (fl_str_eq_nocase(text, fl_str_z(field->names[i]))) {
			out->number = i + 1;
			return FL_OK;
		}
		fl_buf_fmt(&all, "%s%s", i ? ", " : "", field->names[i]);
	}
	return fl_fail(diag, FL_BAD_INPUT, "%s is none of %.*s", field->what, FL_ARG(fl_buf_view(&all)));
}

static fl_err parse_time(fl_arena *mem, fl_diag *diag, const fl_field *field, fl_str text, fl_value *out)
{
	fl_str moment = text.len == 10 ? fl_str_fmt(mem, "%.*sT00:00:00Z", FL_ARG(text)) : text;
	return fl_time_parse(moment, &out->number) ? FL_OK : wrong(diag, field, "is no moment");
}

static fl_err parse_kind(fl_arena *mem, fl_diag *diag, const fl_field *field, fl_str text, fl_value *out)
{
	switch (field->kind) {
	case FL_FIELD_NUMBER: return fl_str_i64(text, &out->number) ? FL_OK : wrong(diag, field, "is no whole number");
	case FL_FIELD_DEGREES: return fl_str_f64(text, &out->degrees) ? FL_OK : wrong(diag, field, "is no number of degrees");
	case FL_FIELD_CENTS: return fl_money_parse(diag, field->what, text, &out->number);
	case FL_FIELD_CODE: return parse_code(diag, field, text, out);
	case FL_FIELD_TIME: return parse_time(mem, diag, field, text, out);
	default: out->text = text; return FL_OK;
	}
}

fl_err fl_field_parse(fl_arena *mem, fl_diag *diag, const fl_field *field, fl_str text, fl_value *out)
{
	*out = (fl_value) { .given = true };
	text = fl_str_trim(text);
	if (!fl_str_utf8_valid(text) || fl_str_find_char(text, 0) >= 0)
		return wrong(diag, field, "is no text in UTF-8");
	out->null = text.len == 0;
	if (!out->null)
		FL_TRY(parse_kind(mem, diag, field, text, out));
	return fl_field_check(mem, diag, field, out);
}

/* ---- what a value must keep to ---- */

static fl_err check_text(fl_arena *mem, fl_diag *diag, const fl_field *field, fl_value *value)
{
	value->text = fl_str_trim(value->text);
	FL_TRY(fl_text_check(diag, field->what, value->text, (size_t)field->most));
	for (size_t i = 0; i < value->text.len; i++)
		if ((unsigned char)value->text.ptr[i] < ' ' && value->text.ptr[i] != '\n' && value->text.ptr[i] != '\t')
			return wrong(diag, field, "holds a control character");
	if (value->text.len == 0)
		value->null = true;
	return value->text.len && field->check ? field->check(mem, diag, &value->text) : FL_OK;
}

static fl_err check_range(fl_diag *diag, const fl_field *field, double number)
{
	if (number >= field->least && number <= field->most)
		return FL_OK;
	return fl_fail(
		diag, FL_BAD_INPUT, "%s is %.10g; it goes from %.10g to %.10g", field->what, number, field->least, field->most);
}

fl_err fl_field_check(fl_arena *mem, fl_diag *diag, const fl_field *field, fl_value *value)
{
	if (!value->null && field->kind == FL_FIELD_TEXT)
		FL_TRY(check_text(mem, diag, field, value));
	if (!value->null && field->kind == FL_FIELD_AREA)
		FL_TRY(fl_area_check(mem, diag, field->what, &value->text));
	if (value->null)
		return field->required ? wrong(diag, field, "is missing") : FL_OK;
	if (field->kind == FL_FIELD_NUMBER)
		return check_range(diag, field, (double)value->number);
	return field->kind == FL_FIELD_DEGREES ? check_range(diag, field, value->degrees) : FL_OK;
}

/* ---- to text ---- */

static fl_str time_text(fl_arena *mem, int64_t at)
{
	char text[FL_TIME_TEXT_MAX];
	size_t len = fl_time_format(at, text);
	return fl_str_dup(mem, (fl_str) { text, len });
}

fl_str fl_field_text(fl_arena *mem, const fl_field *field, const fl_value *value)
{
	if (!value->given || value->null)
		return FL_STR("");
	switch (field->kind) {
	case FL_FIELD_TEXT:
	case FL_FIELD_AREA: return value->text;
	case FL_FIELD_CENTS: return fl_money_text(mem, value->number);
	case FL_FIELD_DEGREES: return fl_str_fmt(mem, "%.7g", value->degrees);
	case FL_FIELD_CODE: return fl_str_z(field->names[value->number - 1]);
	case FL_FIELD_TIME: return time_text(mem, value->number);
	default: return value->text.ptr ? value->text : fl_str_fmt(mem, "%lld", (long long)value->number);
	}
}

int fl_record_field(const fl_record_kind *kind, const char *name)
{
	for (size_t i = 0; i < kind->field_count; i++)
		if (strcmp(kind->fields[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* Numbers travel as bigint whatever the column is: the assignment to it checks the range. */
void fl_record_arg(fl_args *args, const fl_field *field, const fl_value *value)
{
	bool null = !value->given || value->null;
	switch (field->kind) {
	case FL_FIELD_TEXT:
	case FL_FIELD_AREA: fl_arg_text(args, null ? (fl_str) {} : value->text); break;
	case FL_FIELD_DEGREES:
		if (null)
			fl_arg_null(args, FL_DB_F8);
		else
			fl_arg_f8(args, value->degrees);
		break;
	case FL_FIELD_TIME: fl_arg_time(args, null ? FL_NEVER : value->number); break;
	default:
		if (null)
			fl_arg_null(args, FL_DB_I64);
		else
			fl_arg_i64(args, value->number);
	}
}
