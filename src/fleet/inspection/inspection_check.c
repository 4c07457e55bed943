/* What a driver sends in, looked at before anything is made of it: by itself, and against the checklist. */
#include "fleet/inspection/inspection_int.h"

/* ---- the words ---- */

static fl_err check_time(fl_ctx *ctx, const fl_inspection_draft *draft)
{
	int64_t now = fl_now_us();
	if (draft->inspected_at > now + 5 * FL_MINUTE_US)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the inspection lies in the future");
	if (draft->inspected_at && draft->inspected_at < now - FL_INSPECTION_OLD_DAYS_MAX * FL_DAY_US)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the inspection is older than %d days; it can be sent for that long", FL_INSPECTION_OLD_DAYS_MAX);
	return FL_OK;
}

static fl_err check_defect(fl_ctx *ctx, const fl_inspection_draft *draft, size_t i)
{
	const fl_defect_draft *d = &draft->defects[i];
	if (fl_str_trim(d->note).len == 0)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "say of defect %zu what is wrong: its note is empty", i + 1);
	FL_TRY(fl_text_check(&ctx->diag, "the note of a defect", d->note, FL_INSPECTION_NOTE_MAX));
	if (d->on_trailer && !draft->trailer_id)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "defect %zu is on the trailer, but no trailer was named", i + 1);
	if (d->has_report && (d->photo_count || d->new_report))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "defect %zu names a report that is there; photos and newReport belong to a new one", i + 1);
	return FL_OK;
}

static bool any_unsafe(const fl_inspection_draft *draft)
{
	for (size_t i = 0; i < draft->defect_count; i++)
		if (draft->defects[i].unsafe)
			return true;
	return false;
}

fl_err fl_inspection_draft_check(fl_ctx *ctx, const fl_inspection_draft *draft)
{
	FL_TRY(fl_signing_check(ctx, &draft->signing));
	FL_TRY(check_time(ctx, draft));
	FL_TRY(fl_text_check(&ctx->diag, "the place", draft->place, FL_INSPECTION_PLACE_MAX));
	FL_TRY(fl_text_check(&ctx->diag, "the note", draft->note, FL_INSPECTION_NOTE_MAX));
	FL_TRY(fl_text_check(&ctx->diag, "the idempotency key", draft->idempotency_key, FL_IDEMPOTENCY_KEY_MAX - 60));
	if (draft->trailer_id == draft->vehicle_id)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the trailer is the vehicle itself; name another one, or none");
	if (draft->has_odometer && (draft->odometer_km < 0 || draft->odometer_km > 10000000))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the odometer reads %d km; it goes from 0 to 10,000,000", draft->odometer_km);
	fl_point at = draft->location;
	if (draft->has_location && !(at.latitude >= -90 && at.latitude <= 90 && at.longitude >= -180 && at.longitude <= 180))
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "the location is not on Earth: latitude -90 to 90, longitude -180 to 180");
	if (draft->defect_count > FL_INSPECTION_DEFECTS_MAX)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%zu defects were given; an inspection takes %d", draft->defect_count, FL_INSPECTION_DEFECTS_MAX);
	for (size_t i = 0; i < draft->defect_count; i++)
		FL_TRY(check_defect(ctx, draft, i));
	if (any_unsafe(draft) == draft->safe)
		return draft->safe ? fl_fail(&ctx->diag, FL_BAD_INPUT, "the vehicle was called safe to operate, but a defect was called unsafe")
				   : fl_fail(&ctx->diag, FL_BAD_INPUT, "the vehicle was called not safe to operate: name the defect that makes it so, as unsafe");
	return FL_OK;
}

/* ---- the checklist ---- */

static const fl_answered_item *answer_of(const fl_inspection_draft *draft, fl_str key, size_t *times)
{
	const fl_answered_item *found = NULL;
	*times = 0;
	for (size_t i = 0; i < draft->item_count; i++)
		if (fl_str_eq(draft->items[i].key, key)) {
			found = &draft->items[i];
			++*times;
		}
	return found;
}

static bool has_defect(const fl_inspection_draft *draft, fl_str key)
{
	for (size_t i = 0; i < draft->defect_count; i++)
		if (fl_str_eq(draft->defects[i].item, key))
			return true;
	return false;
}

static fl_err take_item(fl_ctx *ctx, const fl_inspection_draft *draft, const fl_inspection_item *item, fl_answered_item *out)
{
	size_t times;
	const fl_answered_item *answer = answer_of(draft, item->key, &times);
	if (times != 1)
		return fl_fail(&ctx->diag, FL_BAD_INPUT, "%" FL_FMT " (%" FL_FMT ") was %s: answer each item of the checklist once", FL_ARG(item->key),
			FL_ARG(item->title), times ? "answered more than once" : "not answered");
	assert(answer);
	if ((answer->result == FL_ITEM_DEFECT) != has_defect(draft, item->key))
		return answer->result == FL_ITEM_DEFECT
			? fl_fail(&ctx->diag, FL_BAD_INPUT, "%" FL_FMT " was answered as defective: describe the defect", FL_ARG(item->key))
			: fl_fail(&ctx->diag, FL_BAD_INPUT, "a defect of %" FL_FMT " was described: answer the item as defective", FL_ARG(item->key));
	*out = (fl_answered_item) { item->key, item->title, answer->result };
	return FL_OK;
}

static bool is_item(const fl_inspection_template *template, fl_str key)
{
	for (size_t i = 0; i < template->item_count; i++)
		if (fl_str_eq(template->items[i].key, key))
			return true;
	return false;
}

static fl_err unknown_item(fl_ctx *ctx, fl_str key)
{
	return fl_fail(&ctx->diag, FL_BAD_INPUT, "'%.*s' is no item of this checklist", (int)FL_MIN(key.len, 60), key.ptr);
}

fl_err fl_inspection_items_take(
	fl_ctx *ctx, const fl_inspection_draft *draft, const fl_inspection_template *template, fl_inspection *in)
{
	in->items = fl_new_array(ctx->mem, fl_answered_item, template->item_count);
	if (!in->items)
		return FL_NOMEM;
	for (size_t i = 0; i < draft->item_count; i++)
		if (!is_item(template, draft->items[i].key))
			return unknown_item(ctx, draft->items[i].key);
	for (size_t i = 0; i < draft->defect_count; i++)
		if (!is_item(template, draft->defects[i].item))
			return unknown_item(ctx, draft->defects[i].item);
	for (size_t i = 0; i < template->item_count; i++)
		FL_TRY(take_item(ctx, draft, &template->items[i], &in->items[in->item_count++]));
	in->template_id = template->id;
	in->template_version = template->version;
	return FL_OK;
}
