/* Events as they come from Redis. */
#include "api/live_int.h"

#include <stdlib.h>

enum { EVENT_BYTES_MAX = 1 << 20 };

fl_str fl_live_channel(char out[48], int32_t tenant_id)
{
	fl_arena mem = fl_arena_make(256);
	fl_str text = fl_str_fmt(&mem, FL_CHANNEL_EVENTS "%d", tenant_id);
	size_t len = FL_MIN(text.len, 47);
	if (len)
		memcpy(out, text.ptr, len);
	fl_arena_fini(&mem);
	return (fl_str) { out, len };
}

static bool read_tenant(fl_str channel, int32_t *out)
{
	fl_str prefix = fl_str_z(FL_CHANNEL_EVENTS);
	return fl_str_starts(channel, prefix) && fl_str_i32(fl_str_slice(channel, prefix.len, channel.len), out);
}

static bool read_change(fl_arena *mem, fl_str message, fl_change *out)
{
	const fl_json *json;
	if (fl_json_parse(mem, message, &json, NULL) != FL_OK ||
		!fl_uuid_parse(fl_json_str(fl_json_get(json, FL_STR("id")), FL_STR("")), &out->event_id) ||
		!fl_uuid_parse(fl_json_str(fl_json_get(json, FL_STR("report")), FL_STR("")), &out->report_id))
		return false;
	out->type = fl_live_event_type(fl_json_str(fl_json_get(json, FL_STR("type")), FL_STR("")));
	out->vehicle_id = (int32_t)fl_json_int(fl_json_get(json, FL_STR("vehicle")), 0);
	out->at = fl_json_int(fl_json_get(json, FL_STR("at")), 0);
	out->data = fl_json_get(json, FL_STR("data"));
	return out->type;
}

fl_live_event *fl_live_event_new(fl_str channel, fl_str message)
{
	fl_live_event *event = calloc(1, sizeof(*event));
	if (!event)
		return NULL;
	*event = (fl_live_event) { .refs = 1, .mem = fl_arena_make(EVENT_BYTES_MAX) };
	fl_gate_init(&event->asking, 1, UINT32_MAX);
	if (!read_tenant(channel, &event->tenant_id) || !read_change(&event->mem, message, &event->change)) {
		fl_live_event_put(event);
		return NULL;
	}
	return event;
}

void fl_live_event_put(fl_live_event *event)
{
	if (--event->refs)
		return;
	fl_arena_fini(&event->mem);
	free(event);
}
