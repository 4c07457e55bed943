/* The fixed questions to the running server that the monthly report times. */
#ifndef FL_APP_MAINTAIN_BASELINE_H
#define FL_APP_MAINTAIN_BASELINE_H

#include "app/maintain_site.h"

/* For fl_maintain_opts.baseline; arg is the app_maintain_site. Asks as a manager of the company with most reports, each question
 * once to warm up and nine times to be timed. */
FL_MUST fl_err app_maintain_baseline(void *arg, fl_arena *mem, fl_maintain_timing **out, size_t *count, fl_diag *diag);

#endif
