/* Webhooks, alerts and the log of deliveries. */
#include "api/connection_int.h"
#include "fleet/notice/notice.h"


typedef struct webhook_payload {
	const fl_webhook *webhook;
	fl_str secret;
} webhook_payload;

/* The parent of Alert.facility is the alert; of the payloads' only fields the payload itself. */

static fl_err texts(fl_ctx *ctx, const fl_gql_value *list, const fl_str **out, size_t *count)
{
	fl_str *made = fl_new_array(ctx->mem, fl_str, list->kind == FL_GQL_LIST ? list->count : 0);
	if (!made)
		return FL_NOMEM;
	for (size_t i = 0; list->kind == FL_GQL_LIST && i < list->count; i++)
		made[i] = fl_gql_text(&list->items[i]);
	*out = made;
	*count = list->kind == FL_GQL_LIST ? list->count : 0;
	return FL_OK;
}

static fl_gql_value text_list(fl_ctx *ctx, const fl_str *items, size_t count)
{
	fl_gql_value *made = fl_new_array(ctx->mem, fl_gql_value, count);
	for (size_t i = 0; made && i < count; i++)
		made[i] = fl_gql_string(items[i]);
	return made ? fl_gql_list(made, count) : fl_gql_error(ctx, FL_NOMEM, "out of memory");
}

/* ---- Webhooks ---- */

fl_err fl_api_webhooks(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_webhook *rows;
	size_t count;
	FL_TRY(fl_webhooks(ctx, &rows, &count));
	batch->results[0] = fl_gql_rows(rows, sizeof(rows[0]), count);
	return FL_OK;
}

static fl_err webhook_types(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_webhook *webhook = parent;
	*out = text_list(ctx, webhook->types, webhook->type_count);
	return FL_OK;
}

static fl_err answer_webhook(fl_ctx *ctx, const fl_webhook *webhook, fl_gql_batch *batch)
{
	webhook_payload *payload = fl_new(ctx->mem, webhook_payload);
	if (!payload)
		return FL_NOMEM;
	payload->webhook = webhook;
	FL_TRY(fl_webhook_secret_of(ctx, webhook, &payload->secret));
	batch->results[0] = fl_gql_object(payload);
	return FL_OK;
}

fl_err fl_api_create_webhook(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input");
	const fl_webhook *webhook;
	fl_webhook_patch patch = { .url = fl_gql_text(fl_gql_member(in, "url")),
		.description = fl_gql_text(fl_gql_member(in, "description")),
		.types_given = true };
	FL_TRY(texts(ctx, fl_gql_member(in, "types"), &patch.types, &patch.type_count));
	FL_TRY(fl_webhook_save(ctx, &patch, &webhook));
	return answer_webhook(ctx, webhook, batch);
}

fl_err fl_api_update_webhook(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input"), *types = fl_gql_member(in, "types"),
			   *active = fl_gql_member(in, "active");
	const fl_webhook *webhook;
	fl_webhook_patch patch = {
		.version = (int32_t)fl_gql_int_or(fl_gql_member(in, "version"), 0),
		.url = fl_gql_text(fl_gql_member(in, "url")),
		.description = fl_gql_text(fl_gql_member(in, "description")),
		.types_given = fl_gql_given(types),
		.active_given = fl_gql_given(active),
		.active = fl_gql_bool_or(active, false),
	};
	FL_TRY(fl_api_id(ctx, "id", fl_gql_member(in, "id"), &patch.id));
	FL_TRY(texts(ctx, types, &patch.types, &patch.type_count));
	FL_TRY(fl_webhook_save(ctx, &patch, &webhook));
	return answer_webhook(ctx, webhook, batch);
}

fl_err fl_api_rotate_webhook_secret(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_webhook *webhook;
	int32_t id;
	FL_TRY(fl_api_id(ctx, "id", fl_gql_arg(field, "id"), &id));
	FL_TRY(fl_webhook_rotate(ctx, id, &webhook));
	return answer_webhook(ctx, webhook, batch);
}

static fl_err answer_deleted(fl_ctx *ctx, int32_t id, fl_gql_batch *batch)
{
	int32_t *gone = fl_new(ctx->mem, int32_t);
	if (!gone)
		return FL_NOMEM;
	*gone = id;
	batch->results[0] = fl_gql_object(gone);
	return FL_OK;
}

fl_err fl_api_delete_webhook(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	int32_t id;
	FL_TRY(fl_api_id(ctx, "id", fl_gql_arg(field, "id"), &id));
	FL_TRY(fl_webhook_delete(ctx, id));
	return answer_deleted(ctx, id, batch);
}

const struct fl_api_webhook fl_api_webhook = {
	.id = FL_COLUMN(fl_webhook, id),
	.url = FL_COLUMN(fl_webhook, url),
	.description = FL_COLUMN(fl_webhook, description),
	.types = FL_GETTER(webhook_types),
	.active = FL_COLUMN(fl_webhook, active),
	.stopped_why = FL_COLUMN(fl_webhook, stopped_why),
	.created_at = FL_COLUMN(fl_webhook, created_at),
	.version = FL_COLUMN(fl_webhook, version),
};

const struct fl_api_webhook_payload fl_api_webhook_payload = {
	.webhook = FL_POINTER(webhook_payload, webhook),
	.secret = FL_COLUMN(webhook_payload, secret),
};

typedef struct deleted {
	int32_t id;
} deleted;

const struct fl_api_delete_payload fl_api_delete_payload = {
	.id = FL_COLUMN(deleted, id),
};

/* ---- Deliveries ---- */

static fl_str delivery_key(fl_ctx *ctx, const void *row)
{
	return fl_uuid_bytes(&((const fl_delivery *)row)->id);
}

static const fl_api_list deliveries = { FL_CURSOR_DELIVERY, sizeof(fl_delivery), delivery_key };

fl_err fl_api_deliveries(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *webhook = fl_gql_arg(field, "webhookId");
	fl_gql_page page;
	fl_delivery *rows;
	fl_uuid after;
	size_t count;
	int32_t webhook_id = 0;
	if (fl_gql_given(webhook))
		FL_TRY(fl_api_id(ctx, "webhookId", webhook, &webhook_id));
	FL_TRY(fl_api_page_args(ctx, field, &deliveries, &page));
	bool later = fl_gql_after_uuid(&page, &after);
	int16_t state = (int16_t)fl_gql_int_or(fl_gql_arg(field, "state"), 0);
	FL_TRY(fl_deliveries(ctx, webhook_id, state, later ? &after : NULL, page.first + 1, &rows, &count));
	return fl_api_page_make(ctx, &deliveries, rows, count, &page, &batch->results[0]);
}

static fl_err delivery_webhook(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	int32_t id = ((const fl_delivery *)parent)->webhook_id;
	*out = id ? fl_gql_int(id) : fl_gql_null();
	return FL_OK;
}

static fl_err delivery_tries(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_delivery *delivery = parent;
	*out = fl_gql_rows(delivery->tries, sizeof(delivery->tries[0]), delivery->try_count);
	return FL_OK;
}

static fl_err try_status(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	int32_t status = ((const fl_delivery_try *)parent)->status;
	*out = status ? fl_gql_int(status) : fl_gql_null();
	return FL_OK;
}

fl_err fl_api_replay_delivery(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_delivery *delivery;
	fl_uuid id;
	FL_TRY(fl_api_uuid(ctx, "id", fl_gql_arg(field, "id"), &id));
	FL_TRY(fl_delivery_replay(ctx, id, &delivery));
	batch->results[0] = fl_gql_object(delivery);
	return FL_OK;
}

fl_err fl_api_test_webhook(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_delivery *delivery;
	fl_uuid made;
	int32_t id;
	FL_TRY(fl_api_id(ctx, "id", fl_gql_arg(field, "id"), &id));
	FL_TRY(fl_webhook_test(ctx, id, &made));
	FL_TRY(fl_delivery_get(ctx, made, &delivery));
	batch->results[0] = fl_gql_object(delivery);
	return FL_OK;
}

const struct fl_api_delivery_connection fl_api_delivery_connection = {
	.nodes = FL_GETTER(fl_api_page_rows),
	.page_info = FL_GETTER(fl_api_page_info_get),
};

const struct fl_api_delivery fl_api_delivery = {
	.id = FL_COLUMN(fl_delivery, id),
	.webhook_id = FL_GETTER(delivery_webhook),
	.event_id = FL_COLUMN(fl_delivery, event_id),
	.event_type = FL_COLUMN(fl_delivery, event_type),
	.state = FL_COLUMN(fl_delivery, state),
	.attempts = FL_COLUMN(fl_delivery, attempts),
	.delivered_at = FL_COLUMN(fl_delivery, delivered_at),
	.tries = FL_GETTER(delivery_tries),
};

const struct fl_api_delivery_try fl_api_delivery_try = {
	.at = FL_COLUMN(fl_delivery_try, at),
	.status = FL_GETTER(try_status),
	.duration_ms = FL_COLUMN(fl_delivery_try, duration_ms),
	.error = FL_COLUMN(fl_delivery_try, error),
};

const struct fl_api_delivery_payload fl_api_delivery_payload = {
	.delivery = FL_SELF,
};

/* ---- Alerts ---- */

fl_err fl_api_alerts(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_alert *rows;
	size_t count;
	FL_TRY(fl_alerts(ctx, &rows, &count));
	batch->results[0] = fl_gql_rows(rows, sizeof(rows[0]), count);
	return FL_OK;
}

/* "06:30" to minutes after midnight; -1: not given. */
static fl_err read_clock(fl_ctx *ctx, const char *what, const fl_gql_value *value, int16_t *out)
{
	fl_str text = fl_gql_text(value);
	int32_t hour, minute;
	*out = -1;
	if (!text.ptr)
		return FL_OK;
	if (text.len != 5 || text.ptr[2] != ':' || !fl_str_i32(fl_str_slice(text, 0, 2), &hour) ||
		!fl_str_i32(fl_str_slice(text, 3, 5), &minute) || hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%s is no time of day; write it as in 22:00", what);
	*out = (int16_t)(hour * 60 + minute);
	return FL_OK;
}

fl_err fl_api_save_alert(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input"), *id = fl_gql_member(in, "id"),
			   *facility = fl_gql_member(in, "facilityId");
	const fl_str *types;
	const fl_alert *saved;
	fl_alert alert = {
		.version = (int32_t)fl_gql_int_or(fl_gql_member(in, "version"), 0),
		.name = fl_gql_text(fl_gql_member(in, "name")),
		.severity_min = (int16_t)fl_gql_int_or(fl_gql_member(in, "minSeverity"), 0),
		.active = fl_gql_bool_or(fl_gql_member(in, "active"), true),
	};
	if (fl_gql_given(id))
		FL_TRY(fl_api_id(ctx, "id", id, &alert.id));
	if (fl_gql_given(facility))
		FL_TRY(fl_api_id(ctx, "facilityId", facility, &alert.facility_id));
	FL_TRY(texts(ctx, fl_gql_member(in, "types"), &types, &alert.type_count));
	alert.types = (fl_str *)types;
	FL_TRY(read_clock(ctx, "quietFrom", fl_gql_member(in, "quietFrom"), &alert.quiet_from));
	FL_TRY(read_clock(ctx, "quietTo", fl_gql_member(in, "quietTo"), &alert.quiet_to));
	FL_TRY(fl_alert_save(ctx, &alert, &saved));
	batch->results[0] = fl_gql_object(saved);
	return FL_OK;
}

fl_err fl_api_delete_alert(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	int32_t id;
	FL_TRY(fl_api_id(ctx, "id", fl_gql_arg(field, "id"), &id));
	FL_TRY(fl_alert_delete(ctx, id));
	return answer_deleted(ctx, id, batch);
}

static fl_err alert_types(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	const fl_alert *alert = parent;
	*out = text_list(ctx, alert->types, alert->type_count);
	return FL_OK;
}

static int32_t alert_facility_key(const void *parent)
{
	return ((const fl_alert *)parent)->facility_id;
}

static fl_err alert_facility(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	return fl_api_refer(ctx, &(fl_api_reference) { alert_facility_key, fl_api_load_facilities }, batch);
}

static fl_err clock_text(fl_ctx *ctx, int16_t minutes, fl_gql_value *out)
{
	*out = minutes < 0 ? fl_gql_null() : fl_gql_string(fl_str_fmt(ctx->mem, "%02d:%02d", minutes / 60, minutes % 60));
	return FL_OK;
}

static fl_err alert_quiet_from(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return clock_text(ctx, ((const fl_alert *)parent)->quiet_from, out);
}

static fl_err alert_quiet_to(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	return clock_text(ctx, ((const fl_alert *)parent)->quiet_to, out);
}

const struct fl_api_alert fl_api_alert = {
	.id = FL_COLUMN(fl_alert, id),
	.name = FL_COLUMN(fl_alert, name),
	.types = FL_GETTER(alert_types),
	.min_severity = FL_COLUMN(fl_alert, severity_min),
	.facility = FL_BATCH(alert_facility),
	.quiet_from = FL_GETTER(alert_quiet_from),
	.quiet_to = FL_GETTER(alert_quiet_to),
	.active = FL_COLUMN(fl_alert, active),
	.version = FL_COLUMN(fl_alert, version),
};

const struct fl_api_alert_payload fl_api_alert_payload = {
	.alert = FL_SELF,
};
