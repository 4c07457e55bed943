/* The command line: options of the verb, options of the configuration, and what is left. */
#include "app/app.h"

#include <stdio.h>

int app_fail(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fputs("fleet: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	return APP_FAILED;
}

int app_usage(const app_call *call, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "fleet %s: ", call->verb->name);
	vfprintf(stderr, format, args);
	fprintf(stderr, "\nfleet %s --help shows how it is used.\n", call->verb->name);
	va_end(args);
	return APP_USAGE;
}

static const app_option *find_option(const app_verb *verb, fl_str flag)
{
	for (const app_option *o = verb->options; o && o->flag; o++)
		if (fl_str_eq(fl_str_z(o->flag), flag))
			return o;
	return NULL;
}

static const app_option *own_option(const app_call *call, const char *flag)
{
	const app_option *option = find_option(call->verb, fl_str_z(flag));
	assert(option && "a verb may ask only for its own options");
	return option;
}

const char *app_text(const app_call *call, const char *flag)
{
	const app_option *option = own_option(call, flag);
	for (int i = call->given_count; i-- > 0;)
		if (call->given[i].option == option)
			return call->given[i].value;
	return option->otherwise;
}

int app_count(const app_call *call, const char *flag)
{
	const app_option *option = own_option(call, flag);
	int count = 0;
	for (int i = 0; i < call->given_count; i++)
		count += call->given[i].option == option;
	return count;
}

bool app_given(const app_call *call, const char *flag)
{
	return app_count(call, flag) > 0;
}

const char *app_nth(const app_call *call, const char *flag, int index)
{
	const app_option *option = own_option(call, flag);
	for (int i = 0; i < call->given_count; i++)
		if (call->given[i].option == option && index-- == 0)
			return call->given[i].value;
	return NULL;
}

bool app_number(const app_call *call, const char *flag, int64_t least, int64_t most, int64_t *out)
{
	const char *text = app_text(call, flag);
	if (text && fl_str_i64(fl_str_z(text), out) && *out >= least && *out <= most)
		return true;
	app_usage(call, "%s: '%s' is not a number from %lld to %lld", flag, text ? text : "", (long long)least, (long long)most);
	return false;
}

static void print_option(const char *flag, const char *value, const char *help, const char *otherwise)
{
	char left[64];
	snprintf(left, sizeof(left), "%s%s%s", flag, value ? " " : "", value ? value : "");
	printf("  %-24s %s%s%s%s\n", left, help, otherwise && otherwise[0] ? " [" : "", otherwise && otherwise[0] ? otherwise : "",
		otherwise && otherwise[0] ? "]" : "");
}

void app_help(const app_verb *verb)
{
	bool some = verb->options && verb->options->flag;
	printf("fleet %s: %s\n\nusage: fleet %s%s%s%s\n", verb->name, verb->summary, verb->name, some ? " [options]" : "",
		verb->arguments ? " " : "", verb->arguments ? verb->arguments : "");
	if (verb->details)
		printf("\n%s\n", verb->details);
	if (some)
		printf("\noptions:\n");
	for (const app_option *o = verb->options; o && o->flag; o++)
		print_option(o->flag, o->value, o->help, o->otherwise);
	if (!verb->quiet_config)
		printf("\nThe options that `fleet config` lists are taken too, as flags or from the environment.\n");
}

/* One option of the verb or of the configuration; *used becomes 2 when it took the next argument. */
static int take_option(app_call *call, app_config *config, const char *argument, const char *next, int *used)
{
	fl_str value, flag = fl_str_cut(fl_str_z(argument), '=', &value);
	bool joined = flag.len < strlen(argument);
	const app_option *option = find_option(call->verb, flag);
	char name[64];
	snprintf(name, sizeof(name), "%" FL_FMT, FL_ARG(flag));
	const app_config_row *row = option ? NULL : app_config_find(name);
	if (!option && !row)
		return app_usage(call, "there is no option %s", name);
	bool wants = row || option->value;
	if (!wants && joined)
		return app_usage(call, "%s takes no value", name);
	if (wants && !joined && !next)
		return app_usage(call, "%s needs a value", name);
	const char *text = !wants ? "" : joined ? value.ptr : next;
	*used = wants && !joined ? 2 : 1;
	if (row) {
		fl_diag diag = { 0 };
		fl_err err = app_config_set(config, name, text, &diag);
		return err == FL_OK ? APP_DONE : app_usage(call, "%s", fl_diag_text(&diag, err));
	}
	if (!option->many && app_given(call, option->flag))
		return app_usage(call, "%s stands there twice", name);
	if (call->given_count == APP_ARGUMENTS_MAX)
		return app_usage(call, "too many options");
	call->given[call->given_count].option = option;
	call->given[call->given_count++].value = text;
	return APP_DONE;
}

bool app_parse(const app_verb *verb, app_config *config, int argc, char **argv, app_call *call, int *status)
{
	bool plain = false; /* behind "--" nothing is an option */
	*call = (app_call){ .verb = verb, .config = config };
	for (int i = 0; i < argc;) {
		const char *argument = argv[i];
		int used = 1;
		if (!plain && (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0)) {
			app_help(verb);
			*status = APP_DONE;
			return false;
		}
		if (!plain && strcmp(argument, "--") == 0) {
			plain = true;
		} else if (!plain && argument[0] == '-' && argument[1]) {
			*status = take_option(call, config, argument, i + 1 < argc ? argv[i + 1] : NULL, &used);
			if (*status != APP_DONE)
				return false;
		} else if (!verb->arguments || call->argument_count == APP_ARGUMENTS_MAX) {
			*status = app_usage(call, "'%s' is not expected here", argument);
			return false;
		} else {
			call->arguments[call->argument_count++] = argument;
		}
		i += used;
	}
	return true;
}
