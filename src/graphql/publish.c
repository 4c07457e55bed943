/* From the texts of a step to a payload: which fragments have ended and how, what is announced next. */
#include "graphql/incremental_int.h"

static void comma(fl_buf *out)
{
	if (out->len)
		fl_buf_char(out, ',');
}

static void put_id(fl_buf *out, uint32_t id)
{
	fl_buf_lit(out, "{\"id\":\"");
	fl_buf_i64(out, id);
	fl_buf_char(out, '"');
}

static void put_label(fl_buf *out, fl_str label)
{
	if (!label.ptr)
		return;
	fl_buf_lit(out, ",\"label\":");
	fl_buf_str(out, label);
}

static void put_pending(fl_buf *out, uint32_t id, fl_str path, fl_str label)
{
	comma(out);
	put_id(out, id);
	fl_buf_lit(out, ",\"path\":");
	fl_buf_str(out, path);
	put_label(out, label);
	fl_buf_char(out, '}');
}

/* ,"errors":[...] */
static void put_errors(fl_buf *out, const gql_step *step, const gql_text *text)
{
	if (text->errors_from == text->errors_to)
		return;
	fl_buf_char(out, ',');
	fl_buf_add(out, step->out.ptr + text->errors_from, text->errors_to - text->errors_from);
}

static void put_text(fl_buf *out, const gql_step *step, const gql_text *text)
{
	fl_buf_add(out, step->out.ptr + text->from, text->to - text->from);
}

static const gql_usage *usage_of(const fl_gql_stream *s, const gql_fragment *f)
{
	return &s->x.plan->usages[f->usage];
}

/* ---- What is known of fragments and lists ---- */

static bool link_piece(gql_fragment *f, gql_piece *piece)
{
	gql_link *link = fl_new(piece->scope->block->mem, gql_link);
	if (!link)
		return false;
	link->piece = piece;
	*(f->last_piece ? &f->last_piece->next : &f->pieces) = link;
	f->last_piece = link;
	piece->scope->block->refs++;
	return true;
}

static void add_fragment(fl_gql_stream *s, gql_fragment *f)
{
	f->scope->block->refs++;
	*(s->last_fragment ? &s->last_fragment->next : &s->fragments) = f;
	s->last_fragment = f;
	s->fragment_count++;
}

static bool adopt_scope(fl_gql_stream *s, gql_scope *scope)
{
	const gql_deferred *d = scope->deferred;
	scope->fragments = fl_new_array(scope->block->mem, gql_fragment, d->usage_count);
	if (!scope->fragments)
		return false;
	for (uint32_t i = 0; i < d->usage_count; i++) {
		gql_fragment *f = &scope->fragments[i];
		uint32_t outer = s->x.plan->usages[d->first_usage + i].parent;
		*f = (gql_fragment) { .scope = scope, .usage = d->first_usage + i };
		f->outer = outer == GQL_NONE ? NULL : gql_fragment_find(scope, outer);
		add_fragment(s, f);
	}
	for (uint32_t k = 0; k < d->part_count; k++)
		for (uint32_t u = 0; u < d->parts[k].usage_count && !scope->pieces[k].delivered; u++) {
			gql_fragment *f = gql_fragment_find(scope, d->parts[k].usages[u]);
			if (f && f->state < GQL_RUNNING && !link_piece(f, &scope->pieces[k]))
				return false;
		}
	return true;
}

bool gql_adopt(fl_gql_stream *s, const gql_notes *notes, fl_buf *pending)
{
	for (uint32_t i = 0; i < notes->scope_count; i++)
		if (!adopt_scope(s, notes->scopes[i]))
			return false;
	for (uint32_t i = 0; i < notes->tail_count; i++) {
		gql_tail *tail = notes->tails[i];
		tail->block->refs++;
		tail->id = s->next_id++;
		*(s->last_tail ? &s->last_tail->next : &s->tails) = tail;
		s->last_tail = tail;
		s->tail_count++;
		put_pending(pending, tail->id, tail->path, tail->node->stream->label);
	}
	return true;
}

/* Gives back what the fragment kept; its memory may go with it. */
static void release_fragment(gql_fragment *f)
{
	for (gql_link *link = f->pieces, *next; link; link = next) {
		next = link->next;
		gql_block_put(link->piece->scope->block);
	}
	f->pieces = f->last_piece = NULL;
	gql_block_put(f->scope->block);
}

/* Drops the fragments that have ended. Those inside look at the state of the outer one, and keep its memory. */
static void drop_ended(fl_gql_stream *s)
{
	gql_fragment **link = &s->fragments, *last = NULL, *ended = NULL;
	while (*link) {
		gql_fragment *f = *link;
		if (f->state < GQL_DONE) {
			last = f;
			link = &f->next;
			continue;
		}
		*link = f->next;
		f->next = ended;
		ended = f;
		s->fragment_count--;
	}
	s->last_fragment = last;
	while (ended) {
		gql_fragment *f = ended;
		ended = f->next;
		release_fragment(f);
	}
}

static bool has_pieces(const gql_fragment *f)
{
	for (const gql_link *link = f->pieces; link; link = link->next)
		if (!link->piece->delivered)
			return true;
	return false;
}

void gql_announce(fl_gql_stream *s, fl_buf *pending)
{
	for (gql_fragment *f = s->fragments; f; f = f->next) {
		if (f->state != GQL_WAITING || (f->outer && f->outer->state < GQL_DONE))
			continue;
		if (f->outer && f->outer->state == GQL_FAILED) {
			f->state = GQL_FAILED;
		} else if (!has_pieces(f)) {
			f->state = GQL_DONE; /* all that it selects was sent already */
		} else {
			f->state = GQL_PENDING;
			f->id = s->next_id++;
			put_pending(pending, f->id, f->scope->path, usage_of(s, f)->label);
		}
	}
	drop_ended(s);
}

static void drop_tail(fl_gql_stream *s, gql_tail *tail)
{
	gql_tail **link = &s->tails, *last = NULL;
	while (*link != tail) {
		last = *link;
		link = &(*link)->next;
	}
	*link = tail->next;
	if (s->last_tail == tail)
		s->last_tail = last;
	s->tail_count--;
	gql_block_put(tail->block);
}

void gql_forget(fl_gql_stream *s)
{
	for (gql_fragment *f = s->fragments; f; f = f->next)
		f->state = GQL_FAILED;
	drop_ended(s);
	while (s->tails)
		drop_tail(s, s->tails);
}

/* ---- Fragments ---- */

/* Of the fragments that a piece is for, and that can be complete with this step, the one with the longest path. */
static gql_fragment *receiver(const gql_piece *piece)
{
	gql_fragment *best = NULL;
	for (uint32_t u = 0; u < piece->part->usage_count; u++) {
		gql_fragment *f = gql_fragment_find(piece->scope, piece->part->usages[u]);
		if (f && f->state == GQL_RUNNING && (!best || f->scope->path.len > best->scope->path.len))
			best = f;
	}
	return best;
}

/* A piece that failed fails all fragments that wanted it. */
static void mark_failures(gql_step *step)
{
	for (uint32_t i = 0; i < step->text_count; i++) {
		const gql_text *text = step->texts[i];
		for (uint32_t u = 0; !text->whole && u < text->piece->part->usage_count; u++) {
			gql_fragment *f = gql_fragment_find(text->piece->scope, text->piece->part->usages[u]);
			if (!f || f->state != GQL_RUNNING)
				continue;
			f->state = GQL_FAILED;
			f->failure = text;
		}
	}
}

/* The path of the piece behind that of its fragment. */
static void put_sub_path(fl_buf *out, const gql_fragment *f, const gql_piece *piece)
{
	fl_str whole = piece->scope->path;
	size_t shared = f->scope->path.len - 1; /* without the bracket at its end */
	if (whole.len == f->scope->path.len)
		return;
	shared += whole.ptr[shared] == ',';
	fl_buf_lit(out, ",\"subPath\":[");
	fl_buf_add(out, whole.ptr + shared, whole.len - shared);
}

static void put_data(const fl_gql_stream *s, fl_buf *out, const gql_step *step, const gql_text *text, const gql_fragment *f)
{
	comma(out);
	if (s->format == FL_GQL_PARTS) {
		put_id(out, f->id);
		put_sub_path(out, f, text->piece);
		fl_buf_lit(out, ",\"data\":");
	} else {
		fl_buf_lit(out, "{\"path\":");
		fl_buf_str(out, text->piece->scope->path);
		put_label(out, usage_of(s, f)->label);
		fl_buf_lit(out, ",\"data\":");
	}
	put_text(out, step, text);
	put_errors(out, step, text);
	fl_buf_char(out, '}');
}

static void put_completed(
	const fl_gql_stream *s, fl_buf *incremental, fl_buf *completed, const gql_step *step, const gql_fragment *f)
{
	bool failed = f->state == GQL_FAILED;
	if (s->format == FL_GQL_PARTS) {
		comma(completed);
		put_id(completed, f->id);
		if (failed)
			put_errors(completed, step, f->failure);
		fl_buf_char(completed, '}');
	} else if (failed) {
		comma(incremental);
		fl_buf_lit(incremental, "{\"path\":");
		fl_buf_str(incremental, f->scope->path);
		put_label(incremental, usage_of(s, f)->label);
		fl_buf_lit(incremental, ",\"data\":null");
		put_errors(incremental, step, f->failure);
		fl_buf_char(incremental, '}');
	}
}

static bool publish_fragments(fl_gql_stream *s, gql_step *step, fl_buf *incremental, fl_buf *completed, fl_buf *pending)
{
	mark_failures(step);
	for (uint32_t i = 0; i < step->text_count; i++) {
		gql_text *text = step->texts[i];
		const gql_fragment *f = text->whole && (!text->inside || text->inside->delivered) ? receiver(text->piece) : NULL;
		text->piece->busy = false;
		text->delivered = text->piece->delivered = f;
		if (f)
			put_data(s, incremental, step, text, f);
	}
	for (uint32_t i = 0; i < step->text_count; i++)
		if (step->texts[i]->delivered && !gql_adopt(s, &step->texts[i]->notes, pending))
			return false;
	for (uint32_t i = 0; i < step->fragment_count; i++) {
		gql_fragment *f = step->fragments[i];
		put_completed(s, incremental, completed, step, f);
		f->state = f->state == GQL_FAILED ? GQL_FAILED : GQL_DONE;
	}
	return true;
}

/* ---- Lists ---- */

static void put_items(const fl_gql_stream *s, fl_buf *out, const gql_step *step, const gql_text *text)
{
	const gql_tail *tail = text->tail;
	bool parts = s->format == FL_GQL_PARTS;
	if (!text->count)
		return;
	comma(out);
	if (parts) {
		put_id(out, tail->id);
	} else {
		fl_buf_lit(out, "{\"path\":");
		fl_buf_add(out, tail->path.ptr, tail->path.len - 1);
		fl_buf_char(out, ',');
		fl_buf_i64(out, tail->position);
		fl_buf_char(out, ']');
		put_label(out, tail->node->stream->label);
	}
	fl_buf_lit(out, ",\"items\":");
	put_text(out, step, text);
	if (text->whole)
		put_errors(out, step, text);
	fl_buf_char(out, '}');
}

static void put_list_end(
	const fl_gql_stream *s, fl_buf *incremental, fl_buf *completed, const gql_step *step, const gql_text *text)
{
	if (s->format == FL_GQL_PARTS) {
		comma(completed);
		put_id(completed, text->tail->id);
		if (!text->whole)
			put_errors(completed, step, text);
		fl_buf_char(completed, '}');
	} else if (!text->whole) {
		comma(incremental);
		fl_buf_lit(incremental, "{\"path\":");
		fl_buf_str(incremental, text->tail->path);
		put_label(incremental, text->tail->node->stream->label);
		fl_buf_lit(incremental, ",\"items\":null");
		put_errors(incremental, step, text);
		fl_buf_char(incremental, '}');
	}
}

static bool publish_list(fl_gql_stream *s, gql_step *step, fl_buf *incremental, fl_buf *completed, fl_buf *pending)
{
	for (uint32_t i = 0; i < step->text_count; i++) {
		const gql_text *text = step->texts[i];
		gql_tail *tail = text->tail;
		put_items(s, incremental, step, text);
		if (!gql_adopt(s, &text->notes, pending))
			return false;
		tail->busy = false;
		tail->position += text->count;
		if (text->whole && !text->ends)
			continue;
		put_list_end(s, incremental, completed, step, text);
		drop_tail(s, tail);
	}
	return true;
}

bool gql_publish(fl_gql_stream *s, gql_step *step, fl_buf *incremental, fl_buf *completed, fl_buf *pending)
{
	s->resolver_calls += step->x.resolver_calls;
	s->waves += step->x.waves;
	return step->list ? publish_list(s, step, incremental, completed, pending)
			  : publish_fragments(s, step, incremental, completed, pending);
}
