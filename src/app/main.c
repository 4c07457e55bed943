/* The program: finds the verb and runs it. */
#include "app/app.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

static void list_verbs(void)
{
	printf("fleet: reports, assesses and follows damage to vehicles.\n\nusage: fleet VERB [options]\n\n");
	for (const app_verb *const *v = app_verbs; *v; v++)
		if (!(*v)->hidden)
			printf("  %-10s %s\n", (*v)->name, (*v)->summary);
	printf("\nfleet VERB --help tells more about one. The first to type: ./fleet up\n");
}

static const app_verb *find_verb(const char *name)
{
	for (const app_verb *const *v = app_verbs; *v; v++)
		if (strcmp((*v)->name, name) == 0)
			return *v;
	return NULL;
}

static int help(int argc, char **argv)
{
	const app_verb *verb = argc > 2 ? find_verb(argv[2]) : NULL;
	if (verb)
		app_help(verb);
	else
		list_verbs();
	return APP_DONE;
}

static bool set_log_level(const char *name)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };
	for (size_t i = 0; i < FL_COUNT(names); i++)
		if (strcmp(names[i], name) == 0) {
			fl_log_level((fl_level)i);
			return true;
		}
	return false;
}

static int run_verb(const app_verb *verb, int argc, char **argv)
{
	app_config config;
	app_call call;
	fl_diag diag = { 0 };
	int status;
	if (app_config_init(&config, &diag) != FL_OK)
		return app_fail("%s", diag.text);
	if (!app_parse(verb, &config, argc, argv, &call, &status))
		return status;
	if (!set_log_level(config.log_level))
		return app_usage(&call, "--log-level: '%s' is none of debug, info, warn, error", config.log_level);
	char name[16]; /* what ps and top show: children are started as /proc/self/exe, which would read "exe" */
	snprintf(name, sizeof(name), "fleet-%s", verb->name);
	prctl(PR_SET_NAME, name);
	fl_log_name(verb->name);
	return verb->run(&call);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "help";
	if (sodium_init() < 0)
		return app_fail("the cryptographic library does not start");
	if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		return help(argc, argv);
	if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
		printf("fleet %s\n", FLEET_VERSION);
		return APP_DONE;
	}
	const app_verb *verb = find_verb(name);
	if (!verb) {
		fprintf(stderr, "fleet: there is no verb '%s'. fleet help lists them.\n", name);
		return APP_USAGE;
	}
	return run_verb(verb, argc - 2, argv + 2);
}
