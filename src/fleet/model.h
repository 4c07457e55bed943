/* The 3D model of a report: what its making tells while it goes on. Each step is an event of type FL_EVENT_MODEL_PROGRESS,
 * so it reaches subscribers by the relay like any other event:
 *
 *	FL_TRY(fl_model_progress_tell(ctx, report_id, vehicle_id, &(fl_model_progress){ .stage = FL_MODEL_MATCHING, .percent = 40
 *}));
 *
 * The event's data is {"stage": "MATCHING", "percent": 40, "message": "...", "url": "..."}; the last two only where given. */
#ifndef FL_FLEET_MODEL_H
#define FL_FLEET_MODEL_H

#include "fleet/event.h"

/* X(NAME, code): as in the schema. In this order, except that any stage may be followed by FAILED. */
#define FL_MODEL_STAGES(X)                                                                                                       \
	X(QUEUED, 1) X(PHOTOS, 2) X(MATCHING, 3) X(CAMERAS, 4) X(SURFACE, 5) X(VARIANTS, 6) X(READY, 7) X(FAILED, 8)
typedef enum fl_model_stage {
	FL_MODEL_NONE,
#define FL_MODEL_ENUM(name, code) FL_MODEL_##name = code,
	FL_MODEL_STAGES(FL_MODEL_ENUM)
#undef FL_MODEL_ENUM
} fl_model_stage;

enum { FL_MODEL_MESSAGE_MAX = 500, FL_MODEL_URL_MAX = 1000 }; /* characters */

typedef struct fl_model_progress {
	fl_model_stage stage;
	int32_t percent; /* of the whole, 0 to 100 */
	fl_str message;  /* for people; ptr NULL: none */
	fl_str url;      /* of the model, with READY; ptr NULL: none */
} fl_model_progress;

/* Writes the event and wakes the relay. Errors: FL_BAD_INPUT (no such stage, percent out of range, a text too long),
 * FL_CONFLICT (no such report or vehicle where the database checks it), those of db/db.h. */
FL_MUST fl_err fl_model_progress_tell(fl_ctx *ctx, fl_uuid report_id, int32_t vehicle_id, const fl_model_progress *progress);
/* From an event's data; texts are borrowed from it. False: it is not of this form. */
bool fl_model_progress_read(const fl_json *data, fl_model_progress *out);

#endif
