#include "base/base.h"

#include <stdio.h>

static const struct {
	const char *name, *code, *text;
	int status;
	bool retryable;
} errors[] = {
#define ROW(name, code, status, text, retry) [FL_##name] = { #name, code, text, status, retry },
	FL_ERRORS(ROW)
#undef ROW
};

const char *fl_err_name(fl_err err)
{
	assert(err < FL_ERR_COUNT);
	return errors[err].name;
}

const char *fl_err_code(fl_err err)
{
	assert(err < FL_ERR_COUNT);
	return errors[err].code;
}

const char *fl_err_text(fl_err err)
{
	assert(err < FL_ERR_COUNT);
	return errors[err].text;
}

int fl_err_status(fl_err err)
{
	assert(err < FL_ERR_COUNT);
	return errors[err].status;
}

bool fl_err_retryable(fl_err err)
{
	assert(err < FL_ERR_COUNT);
	return errors[err].retryable;
}

/* A text that was cut ends with a whole character: it goes into JSON. */
static void end_whole(char *text, size_t len)
{
	size_t lead = len;
	while (lead > 0 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80)
		lead--;
	unsigned char c = lead > 0 ? (unsigned char)text[lead - 1] : 0;
	size_t wanted = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 0;
	if (len - lead + 1 < wanted)
		text[lead - 1] = 0;
}

fl_err fl_fail(fl_diag *diag, fl_err err, const char *format, ...)
{
	assert(err != FL_OK);
	if (diag) {
		va_list args;
		va_start(args, format);
		int len = vsnprintf(diag->text, sizeof(diag->text), format, args);
		va_end(args);
		if (len >= (int)sizeof(diag->text))
			end_whole(diag->text, sizeof(diag->text) - 1);
	}
	return err;
}

const char *fl_diag_text(const fl_diag *diag, fl_err err)
{
	return diag && diag->text[0] ? diag->text : fl_err_text(err);
}
