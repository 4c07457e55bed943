/* Maintenance by the clock: `fleet work` looks now and then whether some is due, and runs `fleet maintain due` as a child, because
 * it blocks and may take an hour. Where several `fleet work` do, a lock in the database lets one. */
#ifndef FL_APP_MAINTAIN_CLOCK_H
#define FL_APP_MAINTAIN_CLOCK_H

#include "app/config.h"
#include "io/io.h"

typedef struct app_maintain_clock app_maintain_clock;

/* *out is NULL when FLEET_MAINTAIN is off. FL_BAD_INPUT: it is neither on nor off. config must outlive it. */
FL_MUST fl_err app_maintain_clock_start(fl_loop *loop, const app_config *config, fl_diag *diag, app_maintain_clock **out);
/* A run under way is told to end, and is begun again some day after. Frees. NULL is fine. */
void await_app_maintain_clock_stop(fl_ctx *ctx, app_maintain_clock *clock);

/* Whether to look at that moment: within the quiet hour, or after it once this process is up for an hour, which is for machines
 * that are off at night. */
bool app_maintain_is_time(int64_t now_us, int64_t up_us, int quiet_hour);

#endif
