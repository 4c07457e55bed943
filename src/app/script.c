#include "app/script.h"

typedef struct parser {
	fl_str rest;
	int line_number;
	app_step *steps;
	size_t count;
	fl_str *block; /* where lines go now; NULL: they are words */
	fl_diag *diag;
} parser;

static fl_err begin_step(parser *p, fl_str title)
{
	if (p->count == APP_STEPS_MAX)
		return fl_fail(p->diag, FL_BAD_INPUT, "line %d: a script has at most %d steps", p->line_number, APP_STEPS_MAX);
	p->steps[p->count++] = (app_step){ .title = title };
	p->block = NULL;
	return FL_OK;
}

static fl_err begin_block(parser *p, fl_str name)
{
	app_step *step = &p->steps[p->count - 1];
	const struct {
		const char *name;
		fl_str *text;
	} blocks[] = { { "operation", &step->operation }, { "variables", &step->variables }, { "file", &step->file }, { "form", &step->form } };
	for (size_t i = 0; i < FL_COUNT(blocks); i++)
		if (fl_str_eq(name, fl_str_z(blocks[i].name))) {
			p->block = blocks[i].text;
			*p->block = fl_str_make(p->rest.ptr, 0);
			return FL_OK;
		}
	return fl_fail(p->diag, FL_BAD_INPUT, "line %d: a block is operation, variables, file or form, not '%" FL_FMT "'", p->line_number, FL_ARG(name));
}

static fl_err add_line(parser *p, fl_str line)
{
	app_step *step = &p->steps[p->count - 1];
	fl_str rest, word = fl_str_cut(line, ' ', &rest);
	if (step->line_count == APP_STEP_LINES_MAX)
		return fl_fail(p->diag, FL_BAD_INPUT, "line %d: a step has at most %d lines", p->line_number, APP_STEP_LINES_MAX);
	step->lines[step->line_count++] = (app_script_line){ word, fl_str_trim(rest) };
	return FL_OK;
}

static fl_err take_line(parser *p, fl_str line)
{
	if (fl_str_starts(line, FL_STR("#")))
		return FL_OK;
	if (fl_str_starts(line, FL_STR("=== ")))
		return begin_step(p, fl_str_trim(fl_str_slice(line, 4, line.len)));
	if (p->count == 0)
		return line.len ? fl_fail(p->diag, FL_BAD_INPUT, "line %d: a script begins with '=== ' and a title", p->line_number) : FL_OK;
	if (fl_str_starts(line, FL_STR("--- ")))
		return begin_block(p, fl_str_trim(fl_str_slice(line, 4, line.len)));
	if (p->block) {
		p->block->len = (size_t)(line.ptr + line.len - p->block->ptr);
		return FL_OK;
	}
	line = fl_str_trim(line);
	return line.len ? add_line(p, line) : FL_OK;
}

fl_err app_script_parse(fl_str text, fl_arena *mem, app_step **out, size_t *count, fl_diag *diag)
{
	parser p = { .rest = text, .diag = diag, .steps = fl_new_array(mem, app_step, APP_STEPS_MAX) };
	if (!p.steps)
		return FL_NOMEM;
	while (p.rest.len) {
		fl_str line = fl_str_cut(p.rest, '\n', &p.rest);
		p.line_number++;
		FL_TRY(take_line(&p, line));
	}
	*out = p.steps;
	*count = p.count;
	return FL_OK;
}

fl_str app_step_line(const app_step *step, const char *word)
{
	for (size_t i = 0; i < step->line_count; i++)
		if (fl_str_eq(step->lines[i].word, fl_str_z(word)))
			return step->lines[i].rest;
	return FL_STR("");
}
