/* Chain of custody of photos and attachments: who sent a file, when and with what stands in its row; who opened the original
 * afterwards stands in events. One event a person, file and hour: a browser that asks for a file piece by piece is one look.
 * Previews (view, thumb) are not counted: whoever may read the report sees them with it, and a log of every page that was shown
 * would say nothing. A copy that left the system is out of reach: the log says who could have made one. */
#ifndef FL_FLEET_CUSTODY_LOG_H
#define FL_FLEET_CUSTODY_LOG_H

#include "fleet/report/report.h"

/* Writes down that the caller opened a file of a report; key: "photo" or "attachment". Before the bytes are sent: what cannot be
 * written down is not shown. */
FL_MUST fl_err fl_custody_opened(fl_ctx *ctx, const char *event, const char *key, fl_uuid report, int16_t number, fl_str name);

typedef enum fl_custody_action { FL_CUSTODY_UPLOADED = 1, FL_CUSTODY_OPENED, FL_CUSTODY_CHANGED, FL_CUSTODY_REMOVED } fl_custody_action;

typedef struct fl_custody_row {
	fl_uuid report_id;
	int16_t photo;
	int32_t action; /* fl_custody_action */
	int64_t at;
	int32_t actor; /* 0: a program */
	fl_str client; /* ptr NULL: not known */
} fl_custody_row;

/* What happened to the photos of reports after they were sent, by report, photo and time. FL_FORBIDDEN for drivers. */
FL_MUST fl_err fl_custody_of_reports(
	fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_custody_row **out, size_t *count);

/* From where a photo looks at the vehicle: fl_photo_angle. Errors: FL_NOT_FOUND, FL_FORBIDDEN. */
FL_MUST fl_err fl_photo_set_angle(fl_ctx *ctx, fl_uuid report, int16_t photo, int16_t angle);

#endif
