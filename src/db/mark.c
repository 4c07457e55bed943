/* Positions in the log: as text, and how a caller comes to know which one it was shown or has written. */
#include "db/db_int.h"

void fl_lsn_format(uint64_t lsn, char out[FL_LSN_TEXT + 1])
{
	snprintf(out, FL_LSN_TEXT + 1, "%X/%X", (unsigned)(lsn >> 32), (unsigned)lsn);
}

static bool parse_half(fl_str text, uint32_t *out)
{
	uint32_t value = 0;

	if (text.len == 0 || text.len > 8)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
		if (digit < 0)
			return false;
		value = value << 4 | (uint32_t)digit;
	}
	*out = value;
	return true;
}

bool fl_lsn_parse(fl_str text, uint64_t *out)
{
	fl_str low, high = fl_str_cut(text, '/', &low);
	uint32_t halves[2];

	if (!parse_half(high, &halves[0]) || !parse_half(low, &halves[1]))
		return false;
	*out = (uint64_t)halves[0] << 32 | halves[1];
	return true;
}

static void tell(fl_ctx *ctx, fl_db *db, uint64_t lsn, bool written)
{
	if (db->opts.on_mark)
		db->opts.on_mark(db->opts.arg, ctx, lsn, written);
}

void fl_view_saw(fl_ctx *ctx, fl_db *db, uint64_t lsn)
{
	ctx->view->floor = FL_MAX(ctx->view->floor, lsn);
	if (lsn <= ctx->view->told)
		return;
	ctx->view->told = lsn;
	tell(ctx, db, lsn, false);
}

void fl_mark_ask(fl_ctx *ctx, fl_db_conn *c, fl_mark *mark)
{
	fl_db_unit *u;

	mark->wanted = c->db->replicas && ctx->view;
	if (!mark->wanted || !c->pg || fl_request_new(ctx, NULL, 0, &mark->request) != FL_OK)
		return;
	u = fl_unit_new(1);
	if (!u) {
		fl_request_free(mark->request);
		mark->request = NULL;
		return;
	}
	fl_wait_init(&mark->wait);
	mark->request->wait = &mark->wait;
	mark->request->quiet = true;
	mark->request->tell = &mark->lsn;
	u->owner = mark->request;
	fl_unit_add(u, FL_STEP_SEEN);
	fl_unit_send(c, u);
}

void fl_mark_take(fl_ctx *ctx, fl_db *db, fl_mark *mark, fl_err err)
{
	fl_db_error error = db->last_error;
	fl_diag diag = ctx->diag;

	if (mark->request && fl_request_await(ctx, db, mark->request) != FL_OK)
		mark->lsn = 0;
	db->last_error = error; /* what is to be told is how the write went */
	ctx->diag = diag;
	if (!mark->wanted || err != FL_OK)
		return;
	ctx->view->written = mark->lsn ? mark->lsn : FL_LSN_UNKNOWN;
	ctx->view->floor = FL_MAX(ctx->view->floor, ctx->view->written);
	ctx->view->told = FL_MAX(ctx->view->told, ctx->view->written);
	ctx->view->primary = true;
	tell(ctx, db, ctx->view->written, true);
}
