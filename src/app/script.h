/* A script of a day: what people do with a running Fleet, one step after the other, through the public API and the pages alone.
 *
 *	=== 07:40 Three vans join the fleet
 *	as manager
 *	until importJob.job.state DONE
 *	save job importFile.job.id
 *	want importFile.job.bad 0
 *	say {{count}} vehicles read
 *	--- operation
 *	mutation Import($input: ImportFileInput!) { ... }
 *	--- variables
 *	{ "input": { "kind": "VEHICLES", "file": null } }
 *	--- file
 *	name,vin,...
 *
 * A step is a title, lines of a word and what follows it, and blocks of text. Lines that begin with # are for the reader.
 * play.h says what each word and block means. */
#ifndef FL_APP_SCRIPT_H
#define FL_APP_SCRIPT_H

#include "base/base.h"

enum { APP_STEP_LINES_MAX = 24, APP_STEPS_MAX = 100 };

typedef struct app_script_line {
	fl_str word, rest;
} app_script_line;

typedef struct app_step {
	fl_str title;
	app_script_line lines[APP_STEP_LINES_MAX];
	size_t line_count;
	fl_str operation, variables, file, form; /* empty: there is none */
} app_step;

/* Steps live in mem and point into text. FL_BAD_INPUT: diag names the line. */
FL_MUST fl_err app_script_parse(fl_str text, fl_arena *mem, app_step **out, size_t *count, fl_diag *diag);

/* What follows the first line with this word; empty when there is none. */
fl_str app_step_line(const app_step *step, const char *word);

#endif
