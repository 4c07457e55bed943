/* The verbs, in the order of `fleet help`. */
#include "app/app.h"

extern const app_verb app_verb_config;

const app_verb *const app_verbs[] = {
	&app_verb_config,
	NULL,
};
