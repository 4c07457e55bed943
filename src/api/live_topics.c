#include "api/api_int.h"

#include "fleet/event.h"

static const fl_live_topic topics[] = {
	{ "damageReportCreated", { FL_EVENT_REPORT_CREATED }, .vehicle_arg = "vehicleId" },
	{ "damageReportUpdated",
	  { FL_EVENT_REPORT_ASSESSED, FL_EVENT_REPORT_UPDATED, FL_EVENT_REPORT_OVERDUE, FL_EVENT_ZONE_ADDED, FL_EVENT_ZONE_CHANGED, FL_EVENT_ZONE_REPAIRED,
	    FL_EVENT_ZONE_REMOVED, FL_EVENT_COMMENT_ADDED, FL_EVENT_COMMENT_EDITED, FL_EVENT_COMMENT_REMOVED, FL_EVENT_ATTACHMENT_ADDED,
	    FL_EVENT_ATTACHMENT_REMOVED, FL_EVENT_PHOTO_CHANGED, FL_EVENT_PHOTO_ERASED, FL_EVENT_ESTIMATE_REQUESTED, FL_EVENT_ESTIMATE_SUBMITTED, FL_EVENT_ESTIMATE_ACCEPTED,
	    FL_EVENT_ESTIMATE_DECLINED, FL_EVENT_ESTIMATE_WITHDRAWN, FL_EVENT_ESTIMATE_EXPIRED, FL_EVENT_ESTIMATE_RELEASED },
	  .report_arg = "reportId" },
	{ "aiAnalysisComplete", { FL_EVENT_REPORT_ASSESSED }, .report_arg = "reportId" },
	{ "model3DProcessingStatus", { FL_EVENT_MODEL_PROGRESS }, .report_arg = "reportId" },
};

const fl_live_topic *fl_live_topic_of(const char *field)
{
	size_t i = 0;
	while (i < FL_COUNT(topics) && strcmp(topics[i].field, field) != 0)
		i++;
	assert(i < FL_COUNT(topics));
	return &topics[i];
}

bool fl_live_topic_tells(const fl_live_topic *topic, const char *type)
{
	for (size_t i = 0; i < FL_TOPIC_EVENTS_MAX && topic->events[i]; i++)
		if (strcmp(topic->events[i], type) == 0)
			return true;
	return false;
}

const char *fl_live_event_type(fl_str text)
{
	for (size_t i = 0; i < FL_COUNT(topics); i++)
		for (size_t k = 0; k < FL_TOPIC_EVENTS_MAX && topics[i].events[k]; k++)
			if (fl_str_eq(text, fl_str_z(topics[i].events[k])))
				return topics[i].events[k];
	return NULL;
}
