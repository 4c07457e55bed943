/* The assessment job: the photos of a report in, an assessment, a changed report and an event out; all or nothing.
 *
 *	job {"report": id} --> views from the store --> network (in a worker child) --> cost rules, signals, similar cases
 *	                   --> one transaction: assessment + embeddings + report + event + job done
 *
 * A worker that dies in the middle loses its lease; another does the job again, and only one of them can finish it. What a
 * person has set by hand stays: severity, kind and cost are filled only where they are empty, and the status moves on only
 * from REPORTED. */
#ifndef FL_FLEET_ASSESS_H
#define FL_FLEET_ASSESS_H

#include "fleet/fleet.h"
#include "queue/queue.h"

enum {
	FL_SIMILAR_MAX = 5,          /* cases kept */
	FL_SIMILAR_PHOTOS = 20000,   /* the newest photos of the company that are compared */
};

/* A handler for fl_runner_opts; arg is the const fl_model_facts * of the model in use. */
FL_MUST fl_err fl_assess_job(fl_ctx *ctx, fl_job *job, void *arg);

#endif
