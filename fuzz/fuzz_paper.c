/* Any bytes as a text, as a cell and as a picture of a document: it is written, or a limit is named. */
#include "fuzz.h"
#include "paper/paper.h"

/* What fontconfig keeps from its configuration, once a process. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\n";
}

static void write_all(fl_paper *paper, fl_str input)
{
	const fl_paper_column columns[] = { { input, 2 }, { FL_STR("n"), 1, true } };
	const fl_paper_picture pictures[] = { { input, input }, { FL_STR("\xff\xd8"), FL_STR("") } };

	fl_paper_heading(paper, 2, input);
	fl_paper_text(paper, input);
	fl_paper_facts(paper, &(fl_paper_fact){ input, input }, 1);
	fl_paper_table(paper, columns, FL_COUNT(columns));
	fl_paper_row(paper, FL_PAPER_ROW, (const fl_str[]){ input, input });
	fl_paper_pictures(paper, pictures, FL_COUNT(pictures), 2);
	fl_paper_signature(paper, &(fl_paper_signed){ .role = input, .name = input, .statement = input, .mark = input });
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	fl_arena mem = fl_arena_make(32 << 20);
	fl_str input = fl_str_make(bytes, len), pdf = {};
	fl_paper *paper = NULL;
	fl_diag diag = {};

	if (fl_paper_new(&(fl_paper_about){ .title = input, .company = input, .subject = input, .id = input, .language = input,
		    .made_us = 1, .pages_max = 40, .bytes_max = 8 << 20 }, &paper) == FL_OK) {
		write_all(paper, input);
		fl_err err = fl_paper_finish(paper, &mem, &diag, &pdf);
		assert(err == FL_TOO_LARGE || (err == FL_OK && fl_str_starts(pdf, FL_STR("%PDF-"))));
	}
	fl_paper_free(paper);
	fl_arena_fini(&mem);
	return 0;
}
