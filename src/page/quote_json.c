/* The vendor's page for programs: the same facts as JSON. */
#include "page/quote_int.h"

static void put(fl_json_out *j, const char *key, fl_str text)
{
	fl_json_key(j, fl_str_z(key));
	if (text.ptr)
		fl_json_put_str(j, text);
	else
		fl_json_put_null(j);
}

static void put_vehicle(fl_json_out *j, const fl_quote *q)
{
	fl_json_key(j, FL_STR("vehicle"));
	fl_json_open(j, '{');
	put(j, "make", q->make);
	put(j, "model", q->model);
	fl_json_key(j, FL_STR("year"));
	fl_json_put_i64(j, q->year);
	put(j, "plate", q->plate);
	fl_json_close(j, '}');
}

static void put_damages(fl_json_out *j, const fl_quote *q)
{
	static const char *const sides[] = { NULL, "LEFT", "RIGHT", "MIDDLE" };
	fl_json_key(j, FL_STR("damages"));
	fl_json_open(j, '[');
	for (size_t i = 0; i < q->zone_count; i++) {
		const fl_zone *z = &q->zones[i];
		if (z->state != FL_ZONE_OPEN)
			continue;
		fl_json_open(j, '{');
		fl_json_key(j, FL_STR("damage"));
		fl_json_put_i64(j, z->id);
		put(j, "part", fl_zone_part_name(z->part));
		put(j, "side", sides[z->side & 3] ? fl_str_z(sides[z->side & 3]) : (fl_str) {});
		put(j, "kind", fl_zone_kind_name(z->kind));
		fl_json_close(j, '}');
	}
	fl_json_close(j, ']');
}

static void put_photos(fl_json_out *j, fl_ctx *ctx, const fl_quote *q, fl_str token)
{
	fl_json_key(j, FL_STR("photos"));
	fl_json_open(j, '[');
	for (size_t i = 0; i < q->photo_count; i++)
		if (q->photos[i].has_variants)
			fl_json_put_str(j, fl_str_fmt(ctx->mem, "%s/quote/%" FL_FMT "/photos/%d/view", ctx->services->public_url,
						   FL_ARG(token), q->photos[i].id));
	fl_json_close(j, ']');
}

static void put_sent(fl_json_out *j, fl_ctx *ctx, const fl_estimate_revision *r)
{
	fl_json_key(j, FL_STR("sent"));
	if (!r->number) {
		fl_json_put_null(j);
		return;
	}
	fl_json_open(j, '{');
	fl_json_key(j, FL_STR("revision"));
	fl_json_put_i64(j, r->number);
	put(j, "net", fl_money_text(ctx->mem, r->totals.net));
	put(j, "tax", fl_money_text(ctx->mem, r->totals.tax));
	put(j, "total", fl_money_text(ctx->mem, r->totals.total));
	fl_json_close(j, '}');
}

void quote_json(fl_ctx *ctx, const fl_quote *q, fl_str token, fl_buf *out)
{
	static const char *const states[] = { "OPEN", "EXPIRED", "REVOKED", "ACCEPTED", "DECLINED", "OVER" };
	fl_json_out j = { .buf = out };
	bool shows = q->state == FL_QUOTE_OPEN || q->state == FL_QUOTE_ACCEPTED;
	fl_json_open(&j, '{');
	put(&j, "state", fl_str_z(states[q->state]));
	put(&j, "company", q->company);
	if (shows) {
		put(&j, "currency", q->currency);
		put(&j, "message", q->estimate->message);
		put(&j, "description", q->description);
		put_vehicle(&j, q);
		put_damages(&j, q);
		put_photos(&j, ctx, q, token);
		put_sent(&j, ctx, &q->estimate->now);
	}
	fl_json_close(&j, '}');
}
