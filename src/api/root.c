/* The root fields of Query and Mutation, and who is asking. Those of Subscription: subscription.c. */
#include "api/connection_int.h"
#include "api/search_int.h"
#include "api/work_order_int.h"

/* ---- Query ---- */

static fl_err viewer(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_caller *who = fl_new(ctx->mem, fl_caller);
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	if (!who)
		return FL_NOMEM;
	*who = ctx->caller; /* beside siblings a resolver's ctx is on the stack of its coroutine */
	batch->results[0] = fl_gql_object(who);
	return FL_OK;
}

/* Not found is null here, not an error: the SDL says so. */
static fl_err or_null(fl_ctx *ctx, fl_err err)
{
	if (err == FL_NOT_FOUND)
		ctx->diag.text[0] = 0;
	return err == FL_NOT_FOUND ? FL_OK : err;
}

static fl_err damage_report(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *id = fl_gql_arg(field, "id"), *number = fl_gql_arg(field, "number");
	const fl_report *found = NULL;
	fl_report *rows;
	size_t count = 0;
	fl_uuid uuid;
	if (fl_gql_given(id) == fl_gql_given(number))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "give exactly one of id and number");
	if (fl_gql_given(number)) {
		FL_TRY(or_null(ctx, fl_report_by_number(ctx, fl_gql_int_or(number, 0), &found)));
	} else {
		FL_TRY(fl_api_uuid(ctx, "id", id, &uuid));
		FL_TRY(fl_reports_get(ctx, &uuid, 1, &rows, &count));
		found = count ? rows : NULL;
	}
	batch->results[0] = fl_gql_object(found);
	return FL_OK;
}

/* Each code once: a client may repeat one as often as its document has room. */
fl_err fl_api_codes(fl_ctx *ctx, const fl_gql_value *list, const int16_t **out, size_t *count)
{
	uint64_t seen = 0;
	size_t n = 0;
	if (!fl_gql_given(list))
		return FL_OK;
	int16_t *made = fl_new_array(ctx->mem, int16_t, list->count);
	if (!made)
		return FL_NOMEM;
	for (size_t i = 0; i < list->count; i++) {
		int64_t code = fl_gql_int_or(&list->items[i], 0);
		assert(code >= 0 && code < 64);
		if (!(seen >> code & 1))
			made[n++] = (int16_t)code;
		seen |= UINT64_C(1) << code;
	}
	*out = made;
	*count = n;
	return FL_OK;
}

fl_err fl_api_report_filter(fl_ctx *ctx, const fl_gql_value *in, fl_report_filter *out)
{
	*out = (fl_report_filter){ .search = FL_STR("") };
	if (!fl_gql_given(in))
		return FL_OK;
	const fl_gql_value *vehicle = fl_gql_member(in, "vehicleId"), *facility = fl_gql_member(in, "facilityId");
	const fl_gql_value *search = fl_gql_member(in, "search");
	FL_TRY(fl_api_wide_filter(ctx, in, &out->wide));
	FL_TRY(fl_api_codes(ctx, fl_gql_member(in, "status"), &out->statuses, &out->status_count));
	FL_TRY(fl_api_codes(ctx, fl_gql_member(in, "severity"), &out->severities, &out->severity_count));
	FL_TRY(fl_api_codes(ctx, fl_gql_member(in, "damageType"), &out->damage_types, &out->damage_type_count));
	FL_TRY(fl_api_codes(ctx, fl_gql_member(in, "stage"), &out->stages, &out->stage_count));
	out->overdue = fl_gql_bool_or(fl_gql_member(in, "overdue"), false);
	if (fl_gql_given(vehicle))
		FL_TRY(fl_api_id(ctx, "vehicleId", vehicle, &out->vehicle_id));
	if (fl_gql_given(facility))
		FL_TRY(fl_api_id(ctx, "facilityId", facility, &out->facility_id));
	out->reported_after = fl_gql_int_or(fl_gql_member(in, "reportedAfter"), 0);
	out->reported_before = fl_gql_int_or(fl_gql_member(in, "reportedBefore"), 0);
	if (fl_gql_given(search))
		out->search = fl_str_trim(fl_gql_text(search));
	if (out->search.len > 200 || fl_str_find_char(out->search, 0) >= 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "search is longer than 200 characters, or holds a NUL");
	return FL_OK;
}

static fl_err damage_reports(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_report_filter filter;
	fl_gql_page page;
	fl_uuid after;
	fl_report *rows;
	size_t count;
	FL_TRY(fl_api_report_filter(ctx, fl_gql_arg(field, "filter"), &filter));
	FL_TRY(fl_api_page_args(ctx, field, &fl_api_reports, &page));
	bool later = fl_gql_after_uuid(&page, &after);
	FL_TRY(fl_reports_find(ctx, &filter, later ? &after : NULL, page.first + 1, &rows, &count));
	return fl_api_page_make(ctx, &fl_api_reports, rows, count, &page, &batch->results[0]);
}

static fl_err vehicle(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *id = fl_gql_arg(field, "id"), *name = fl_gql_arg(field, "name");
	const fl_vehicle *found = NULL;
	fl_vehicle *rows;
	size_t count = 0;
	int32_t number;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	if (fl_gql_given(id) == fl_gql_given(name))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "give exactly one of id and name");
	if (fl_gql_given(name)) {
		FL_TRY(or_null(ctx, fl_vehicle_by_name(ctx, fl_gql_text(name), &found)));
	} else {
		FL_TRY(fl_api_id(ctx, "id", id, &number));
		FL_TRY(fl_vehicles_get(ctx, &number, 1, &rows, &count));
		found = count ? rows : NULL;
	}
	batch->results[0] = fl_gql_object(found);
	return FL_OK;
}

static fl_err facilities(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_facility *rows;
	size_t count;
	FL_TRY(fl_must(ctx, FL_MAY_REPORT_READ_OWN));
	FL_TRY(fl_facilities_all(ctx, &rows, &count));
	batch->results[0] = fl_gql_rows(rows, sizeof(rows[0]), count);
	return FL_OK;
}

const struct fl_api_query fl_api_query = {
	.retention_policy = FL_BATCH(fl_api_retention_policy_get),
	.archives = FL_BATCH(fl_api_archives),
	.erasures = FL_BATCH(fl_api_erasures),
	.erasure = FL_BATCH(fl_api_erasure_by_id),
	.viewer = FL_BATCH(viewer),
	.damage_report = FL_BATCH(damage_report),
	.damage_reports_by_ids = FL_BATCH(fl_api_damage_reports_by_ids),
	.damage_reports = FL_BATCH(damage_reports),
	.export_damage_reports = FL_PAGES(fl_api_export_damage_reports),
	.vehicle = FL_BATCH(vehicle),
	.vehicles = FL_BATCH(fl_api_vehicles),
	.facilities = FL_BATCH(facilities),
	.facility = FL_BATCH(fl_api_facility_by_id),
	.drivers = FL_BATCH(fl_api_drivers),
	.driver = FL_BATCH(fl_api_driver_by_id),
	.webhooks = FL_BATCH(fl_api_webhooks),
	.deliveries = FL_BATCH(fl_api_deliveries),
	.alerts = FL_BATCH(fl_api_alerts),
	.vendors = FL_BATCH(fl_api_vendors),
	.vendor = FL_BATCH(fl_api_vendor_by_id),
	.damage_report_stats = FL_BATCH(fl_api_damage_report_stats_root),
	.riskiest_vehicles = FL_BATCH(fl_api_riskiest_vehicles),
	.report_policy = FL_BATCH(fl_api_policy),
	.search_damage_reports = FL_BATCH(fl_api_search_damage_reports),
	.nearby_damage_reports = FL_BATCH(fl_api_nearby_damage_reports),
	.damage_report_clusters = FL_BATCH(fl_api_damage_report_clusters),
	.damage_report_hotspots = FL_BATCH(fl_api_damage_report_hotspots),
	.saved_filters = FL_BATCH(fl_api_saved_filters),
	.import_job = FL_BATCH(fl_api_import_job_by_id),
	.export_job = FL_BATCH(fl_api_export_job_by_id),
	.mentions = FL_BATCH(fl_api_mentions),
	.people = FL_BATCH(fl_api_people),
	.total_loss_rules = FL_BATCH(fl_api_total_loss_rules),
	.work_order = FL_BATCH(fl_api_work_order_by_id),
	.work_orders = FL_BATCH(fl_api_work_orders),
	.inspection = FL_BATCH(fl_api_inspection_by_id),
	.inspections = FL_BATCH(fl_api_inspections),
	.inspections_awaiting_mechanic = FL_BATCH(fl_api_inspections_awaiting_mechanic),
	.verify_inspection = FL_BATCH(fl_api_verify_inspection),
	.inspection_templates = FL_BATCH(fl_api_inspection_templates),
	.inspection_policy = FL_BATCH(fl_api_inspection_policy_of),
	.claim_pack = FL_BATCH(fl_api_claim_pack_by_id),
};

/* ---- Viewer, Tenant ---- */

static fl_err tenant(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_tenant *found;
	FL_TRY(fl_tenant_get(ctx, &found));
	for (size_t i = 0; i < batch->count; i++)
		batch->results[i] = fl_gql_object(found);
	return FL_OK;
}

static fl_err role(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_enum(((const fl_caller *)parent)->role);
	return FL_OK;
}

const struct fl_api_viewer fl_api_viewer = {
	.tenant = FL_BATCH(tenant),
	.role = FL_GETTER(role),
	.name = FL_COLUMN(fl_caller, name),
};

static fl_err tenant_name(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_string(fl_str_z(((const fl_tenant *)parent)->name));
	return FL_OK;
}

static fl_err tenant_currency(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_string(fl_str_z(((const fl_tenant *)parent)->currency));
	return FL_OK;
}

static fl_err tenant_time_zone(fl_ctx *ctx, const fl_gql_field *field, const void *parent, fl_gql_value *out)
{
	*out = fl_gql_string(fl_str_z(((const fl_tenant *)parent)->time_zone));
	return FL_OK;
}

const struct fl_api_tenant fl_api_tenant = {
	.id = FL_COLUMN(fl_tenant, public_id),
	.name = FL_GETTER(tenant_name),
	.currency = FL_GETTER(tenant_currency),
	.time_zone = FL_GETTER(tenant_time_zone),
	.version = FL_COLUMN(fl_tenant, version),
};

/* ---- Mutation ---- */

static fl_err one_report(fl_ctx *ctx, fl_uuid id, fl_gql_batch *batch)
{
	fl_report *rows;
	size_t count;
	FL_TRY(fl_reports_get(ctx, &id, 1, &rows, &count));
	if (count == 0)
		return fl_fail(&ctx->diag, FL_NOT_FOUND, "there is no such report");
	batch->results[0] = fl_gql_object(rows);
	return FL_OK;
}

static fl_err read_photos(fl_ctx *ctx, const fl_gql_value *list, fl_report_draft *draft)
{
	if (!fl_gql_given(list) || list->count == 0)
		return FL_OK;
	fl_upload *photos = fl_new_array(ctx->mem, fl_upload, list->count);
	if (!photos)
		return FL_NOMEM;
	for (size_t i = 0; i < list->count; i++)
		photos[i] = *(const fl_upload *)list->items[i].pointer;
	draft->photos = photos;
	draft->photo_count = list->count;
	return FL_OK;
}

static fl_err read_angles(fl_ctx *ctx, const fl_gql_value *list, fl_report_draft *draft)
{
	if (!fl_gql_given(list) || list->count == 0)
		return FL_OK;
	int16_t *angles = fl_new_array(ctx->mem, int16_t, list->count);
	if (!angles)
		return FL_NOMEM;
	for (size_t i = 0; i < list->count; i++)
		angles[i] = (int16_t)fl_gql_int_or(&list->items[i], 0);
	draft->angles = angles;
	draft->angle_count = list->count;
	return FL_OK;
}

static fl_err create_damage_report(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	const fl_gql_value *in = fl_gql_arg(field, "input"), *location = fl_gql_member(in, "location");
	const fl_gql_value *vehicle_id = fl_gql_member(in, "vehicleId");
	fl_report_draft draft = {
		.vehicle_name = fl_gql_text(fl_gql_member(in, "vehicleName")),
		.description = fl_gql_text(fl_gql_member(in, "description")),
		.incident_at = fl_gql_int_or(fl_gql_member(in, "incidentAt"), 0),
		.damage_type = (fl_damage_type)fl_gql_int_or(fl_gql_member(in, "damageType"), 0),
		.has_location = fl_gql_given(location),
		.is_draft = fl_gql_bool_or(fl_gql_member(in, "draft"), false),
		.idempotency_key = fl_gql_text(fl_gql_member(in, "idempotencyKey")),
	};
	fl_uuid id;
	if (fl_gql_given(vehicle_id))
		FL_TRY(fl_api_id(ctx, "vehicleId", vehicle_id, &draft.vehicle_id));
	if (draft.has_location)
		draft.location = (fl_point){ fl_gql_float_or(fl_gql_member(location, "latitude"), 0),
					     fl_gql_float_or(fl_gql_member(location, "longitude"), 0) };
	FL_TRY(read_photos(ctx, fl_gql_member(in, "photos"), &draft));
	FL_TRY(read_angles(ctx, fl_gql_member(in, "photoAngles"), &draft));
	FL_TRY(fl_report_create(ctx, &draft, &id));
	return one_report(ctx, id, batch);
}

fl_err fl_api_cents_in(fl_ctx *ctx, const fl_gql_value *in, const char *name, bool *has, int64_t *out)
{
	const fl_gql_value *value = fl_gql_member(in, name);
	*has = fl_gql_given(value);
	return *has ? fl_money_parse(&ctx->diag, name, fl_gql_text(value), out) : FL_OK;
}

fl_err fl_api_patch(fl_ctx *ctx, const fl_gql_value *in, fl_report_patch *out)
{
	fl_report_patch patch = {
		.version = (int32_t)fl_gql_int_or(fl_gql_member(in, "version"), 0),
		.status = (fl_status)fl_gql_int_or(fl_gql_member(in, "status"), 0),
		.severity = (fl_severity)fl_gql_int_or(fl_gql_member(in, "severity"), 0),
		.damage_type = (fl_damage_type)fl_gql_int_or(fl_gql_member(in, "damageType"), 0),
		.description = fl_gql_text(fl_gql_member(in, "description")),
		.reason = fl_gql_text(fl_gql_member(in, "reason")),
	};
	const fl_gql_value *priority = fl_gql_member(in, "priority");
	FL_TRY(fl_api_uuid(ctx, "id", fl_gql_member(in, "id"), &patch.id));
	if (fl_gql_given(priority)) {
		int64_t given = fl_gql_int_or(priority, 0);
		if (given < 1 || given > 10)
			return fl_fail(&ctx->diag, FL_BAD_INPUT, "priority is %lld; it goes from 1 (first) to 10 (last)", (long long)given);
		patch.priority = (int16_t)given;
	}
	FL_TRY(fl_api_cents_in(ctx, in, "estimatedCost", &patch.has_estimated, &patch.estimated_cents));
	FL_TRY(fl_api_cents_in(ctx, in, "actualCost", &patch.has_actual, &patch.actual_cents));
	*out = patch;
	return FL_OK;
}

static fl_err update_damage_report(fl_ctx *ctx, const fl_gql_field *field, fl_gql_batch *batch)
{
	fl_report_patch patch;
	const fl_report *changed;
	FL_TRY(fl_api_patch(ctx, fl_gql_arg(field, "input"), &patch));
	FL_TRY(fl_report_update(ctx, &patch, &changed));
	batch->results[0] = fl_gql_object(changed);
	return FL_OK;
}

const struct fl_api_mutation fl_api_mutation = {
	.create_damage_report = FL_BATCH(create_damage_report),
	.update_damage_report = FL_BATCH(update_damage_report),
	.create_vehicle = FL_BATCH(fl_api_create_vehicle),
	.update_vehicle = FL_BATCH(fl_api_update_vehicle),
	.retire_vehicle = FL_BATCH(fl_api_retire_vehicle),
	.record_odometer = FL_BATCH(fl_api_record_odometer),
	.assign_driver = FL_BATCH(fl_api_assign_driver),
	.end_assignment = FL_BATCH(fl_api_end_assignment),
	.create_driver = FL_BATCH(fl_api_create_driver),
	.update_driver = FL_BATCH(fl_api_update_driver),
	.retire_driver = FL_BATCH(fl_api_retire_driver),
	.create_facility = FL_BATCH(fl_api_create_facility),
	.update_facility = FL_BATCH(fl_api_update_facility),
	.retire_facility = FL_BATCH(fl_api_retire_facility),
	.create_vendor = FL_BATCH(fl_api_create_vendor),
	.update_vendor = FL_BATCH(fl_api_update_vendor),
	.retire_vendor = FL_BATCH(fl_api_retire_vendor),
	.create_webhook = FL_BATCH(fl_api_create_webhook),
	.update_webhook = FL_BATCH(fl_api_update_webhook),
	.delete_webhook = FL_BATCH(fl_api_delete_webhook),
	.rotate_webhook_secret = FL_BATCH(fl_api_rotate_webhook_secret),
	.test_webhook = FL_BATCH(fl_api_test_webhook),
	.replay_delivery = FL_BATCH(fl_api_replay_delivery),
	.save_alert = FL_BATCH(fl_api_save_alert),
	.delete_alert = FL_BATCH(fl_api_delete_alert),
	.update_company = FL_BATCH(fl_api_update_company),
	.transition_damage_report = FL_BATCH(fl_api_transition_damage_report),
	.undo_damage_report_transition = FL_BATCH(fl_api_undo_damage_report_transition),
	.batch_update_damage_reports = FL_BATCH(fl_api_batch_update_damage_reports),
	.set_approval_limit = FL_BATCH(fl_api_set_approval_limit),
	.set_report_deadlines = FL_BATCH(fl_api_set_report_deadlines),
	.save_filter = FL_BATCH(fl_api_save_filter),
	.delete_saved_filter = FL_BATCH(fl_api_delete_saved_filter),
	.import_file = FL_BATCH(fl_api_import_file),
	.export_file = FL_BATCH(fl_api_export_file),
	.add_damage_zone = FL_BATCH(fl_api_add_damage_zone),
	.change_damage_zone = FL_BATCH(fl_api_change_damage_zone),
	.repair_damage_zone = FL_BATCH(fl_api_repair_damage_zone),
	.remove_damage_zone = FL_BATCH(fl_api_remove_damage_zone),
	.add_comment = FL_BATCH(fl_api_add_comment),
	.edit_comment = FL_BATCH(fl_api_edit_comment),
	.remove_comment = FL_BATCH(fl_api_remove_comment),
	.mark_mentions_seen = FL_BATCH(fl_api_mark_mentions_seen),
	.add_attachment = FL_BATCH(fl_api_add_attachment),
	.remove_attachment = FL_BATCH(fl_api_remove_attachment),
	.set_photo_angle = FL_BATCH(fl_api_set_photo_angle),
	.set_total_loss_rule = FL_BATCH(fl_api_set_total_loss_rule),
	.remove_total_loss_rule = FL_BATCH(fl_api_remove_total_loss_rule),
	.request_estimate = FL_BATCH(fl_api_request_estimate),
	.renew_estimate_link = FL_BATCH(fl_api_renew_estimate_link),
	.revoke_estimate_link = FL_BATCH(fl_api_revoke_estimate_link),
	.submit_estimate = FL_BATCH(fl_api_submit_estimate),
	.accept_estimate = FL_BATCH(fl_api_accept_estimate),
	.decline_estimate = FL_BATCH(fl_api_decline_estimate),
	.withdraw_estimate = FL_BATCH(fl_api_withdraw_estimate),
	.set_retention_policy = FL_BATCH(fl_api_set_retention_policy),
	.erase_driver = FL_BATCH(fl_api_erase_driver),
	.erase_user = FL_BATCH(fl_api_erase_user),
	.decide_erasure_finding = FL_BATCH(fl_api_decide_erasure_finding),
	.hold_damage_report = FL_BATCH(fl_api_hold_damage_report),
	.release_damage_report = FL_BATCH(fl_api_release_damage_report),
	.create_work_order = FL_BATCH(fl_api_create_work_order),
	.update_work_order = FL_BATCH(fl_api_update_work_order),
	.move_work_order = FL_BATCH(fl_api_move_work_order),
	.set_work_order_task = FL_BATCH(fl_api_set_work_order_task),
	.record_invoice = FL_BATCH(fl_api_record_invoice),
	.approve_invoice = FL_BATCH(fl_api_approve_invoice),
	.void_invoice = FL_BATCH(fl_api_void_invoice),
	.set_cost_tolerance = FL_BATCH(fl_api_set_cost_tolerance),
	.save_claim = FL_BATCH(fl_api_save_claim),
	.move_claim = FL_BATCH(fl_api_move_claim),
	.submit_inspection = FL_BATCH(fl_api_submit_inspection),
	.certify_inspection = FL_BATCH(fl_api_certify_inspection),
	.acknowledge_inspection = FL_BATCH(fl_api_acknowledge_inspection),
	.save_inspection_template = FL_BATCH(fl_api_save_inspection_template),
	.set_inspection_policy = FL_BATCH(fl_api_set_inspection_policy),
	.make_claim_pack = FL_BATCH(fl_api_make_claim_pack),
};

const struct fl_api_create_damage_report_payload fl_api_create_damage_report_payload = { .report = FL_SELF };
const struct fl_api_update_damage_report_payload fl_api_update_damage_report_payload = { .report = FL_SELF };
