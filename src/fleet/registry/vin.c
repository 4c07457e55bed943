#include "fleet/registry/vin.h"

enum { VIN_LENGTH = 17, CHECK_PLACE = 8 };

fl_err fl_vin_check(fl_arena *mem, fl_diag *diag, fl_str *vin)
{
	char *kept = fl_arena_take(mem, vin->len + 1);
	size_t len = 0;
	if (!kept)
		return FL_NOMEM;
	for (size_t i = 0; i < vin->len; i++) {
		char c = vin->ptr[i];
		if (c == ' ' || c == '-')
			continue;
		c = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
		if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z'))
			return fl_fail(diag, FL_BAD_INPUT, "the VIN holds something else than letters and digits");
		if (c == 'I' || c == 'O' || c == 'Q')
			return fl_fail(diag, FL_BAD_INPUT, "the VIN holds the letter %c, which no VIN has; it may be a %c", c,
				c == 'I' ? '1' : '0');
		kept[len++] = c;
	}
	if (len != VIN_LENGTH)
		return fl_fail(
			diag, FL_BAD_INPUT, "the VIN has %zu characters; it must have 17, as in \"1HGCM82633A004352\"", len);
	*vin = (fl_str) { kept, len };
	return FL_OK;
}

/* The values of letters by 49 CFR 565.15; 0 for what no VIN holds. */
static int value_of(char c)
{
	static const char letters[] = "12345678012345070923456789"; /* A to Z */
	return c >= 'A' ? letters[c - 'A'] - '0' : c - '0';
}

static char check_digit(fl_str vin)
{
	static const int weights[VIN_LENGTH] = { 8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2 };
	int sum = 0;
	for (int i = 0; i < VIN_LENGTH; i++)
		sum += weights[i] * value_of(vin.ptr[i]);
	return sum % 11 == 10 ? 'X' : (char)('0' + sum % 11);
}

fl_str fl_vin_warning(fl_arena *mem, fl_str vin)
{
	if (vin.len != VIN_LENGTH || vin.ptr[0] < '1' || vin.ptr[0] > '5')
		return FL_STR("");
	char wanted = check_digit(vin);
	if (vin.ptr[CHECK_PLACE] == wanted)
		return FL_STR("");
	fl_str text = fl_str_fmt(mem,
		"the check digit of the VIN %.*s is %c, but its other characters ask for %c: one of them may be mistyped",
		FL_ARG(vin), vin.ptr[CHECK_PLACE], wanted);
	return text.ptr ? text : FL_STR("");
}
