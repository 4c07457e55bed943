/* app: the program's command line. One table of verbs (main.c), one file a verb (verb_NAME.c), one table of options
 * (config.h). A verb gets its arguments parsed and the configuration resolved, and returns the exit status:
 * 0 done, 1 failed (a sentence on standard error says what and what to do), 2 used wrongly.
 *
 *	static const app_option options[] = {
 *		{ "--tenant", "NAME", "the company's short name", .otherwise = "demo" },
 *		{ "--json", NULL, "answer for machines" },
 *		{ 0 },
 *	};
 *	static int run(const app_call *call) { printf("%s\n", app_text(call, "--tenant")); return 0; }
 *	const app_verb app_verb_token = { "token", "print a bearer token", .options = options, .run = run };
 */
#ifndef FL_APP_H
#define FL_APP_H

#include "app/config.h"
#include "base/base.h"

enum { APP_DONE = 0, APP_FAILED = 1, APP_USAGE = 2 };
enum { APP_ARGUMENTS_MAX = 64 };

/* An option of one verb. The options of config.h are taken by every verb besides. */
typedef struct app_option {
	const char *flag;      /* "--tenant" */
	const char *value;     /* what stands after it, in capitals; NULL: nothing does */
	const char *help;
	const char *otherwise; /* the value when it is not given; may be NULL */
	bool many;             /* may be given more than once */
} app_option;

typedef struct app_call app_call;

typedef struct app_verb {
	const char *name, *summary; /* one line in the list of verbs */
	const char *arguments;      /* what stands after the options, as in "TEXT"; NULL: nothing may */
	const char *details;        /* more for --help; may be NULL */
	const app_option *options;  /* ends with { 0 }; NULL: none */
	int (*run)(const app_call *call);
	bool hidden;                /* not for people */
	bool quiet_config;          /* --help does not mention the options of config.h */
} app_verb;

struct app_call {
	const app_verb *verb;
	const app_config *config;
	struct {
		const app_option *option;
		const char *value;
	} given[APP_ARGUMENTS_MAX];
	int given_count;
	const char *arguments[APP_ARGUMENTS_MAX]; /* what is no option */
	int argument_count;
};

/* The last value given, else the option's own otherwise. The flag must be one of the verb's options. */
const char *app_text(const app_call *call, const char *flag);
bool app_given(const app_call *call, const char *flag);
/* A whole number within bounds; says what is wrong and returns false otherwise. */
bool app_number(const app_call *call, const char *flag, int64_t least, int64_t most, int64_t *out);
/* The values of an option that may be given often: their count, and the i-th. */
int app_count(const app_call *call, const char *flag);
const char *app_nth(const app_call *call, const char *flag, int index);

/* "fleet: ..." on standard error; returns APP_FAILED, so that a verb ends with return app_fail(...). */
int app_fail(const char *format, ...) FL_PRINTF(1, 2);
/* The same for a command line that is wrong; returns APP_USAGE and names --help. */
int app_usage(const app_call *call, const char *format, ...) FL_PRINTF(2, 3);

/* Parses argv behind the verb. On anything else than "go on" the exit status is in *status (help was asked for, or usage). */
bool app_parse(const app_verb *verb, app_config *config, int argc, char **argv, app_call *call, int *status);
void app_help(const app_verb *verb);

extern const app_verb *const app_verbs[]; /* ends with NULL */

#endif
