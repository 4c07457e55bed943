/* The first line is a Content-Type, the rest the body: whole and byte by byte must give the same parts, and a part's
 * content never holds the boundary's mark. */
#include "fuzz.h"

#include <stdlib.h>

#include "http/form_int.h"

/* Everything that happened, as one number, which does not depend on how content was cut. */
static uint64_t run(fl_str type, const char *bytes, size_t len, size_t step)
{
	FL_AUTO_BUF fl_buf content = fl_buf_make(1 << 20);
	fl_form *form = malloc(sizeof(*form));
	uint64_t hash = 1;
	size_t at = 0;

	if (form == NULL)
		abort();
	if (!fl_form_init(form, type)) {
		free(form);
		return 0;
	}
	while (at < len) {
		size_t used;
		fl_str data;
		fl_form_event event = fl_form_feed(form, bytes + at, FL_MIN(step, len - at), &used, &data);

		at += used;
		assert(used > 0 || event == FL_FORM_BYTES || event == FL_FORM_BAD);
		if (event == FL_FORM_BYTES) {
			assert(data.len > 0);
			fl_buf_str(&content, data);
		} else if (event == FL_FORM_BEGIN) {
			assert(form->name.ptr != NULL);
			hash = fl_hash(form->name.ptr, form->name.len, hash + form->has_filename);
			hash = fl_hash(form->filename.ptr, form->filename.len, hash);
			assert(fl_str_find_char(form->filename, '/') < 0 && fl_str_find_char(form->filename, '\\') < 0);
			fl_buf_reset(&content);
		} else if (event == FL_FORM_END) {
			assert(fl_str_find(fl_buf_view(&content), fl_str_make(form->mark, form->mark_len)) < 0);
			hash = fl_hash(content.ptr, content.len, hash);
		} else if (event == FL_FORM_CLOSE || event == FL_FORM_BAD) {
			hash = hash * 31 + event;
			break;
		}
	}
	free(form);
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	fl_str body, type = fl_str_cut(fl_str_make(bytes, len), '\n', &body);
	uint64_t whole = run(type, body.ptr, body.len, SIZE_MAX);

	assert(whole == run(type, body.ptr, body.len, 1));
	assert(whole == run(type, body.ptr, body.len, 3));
	return 0;
}
