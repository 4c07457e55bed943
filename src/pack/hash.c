#include "pack/pack_int.h"

#include <stdlib.h>

fl_err fl_pack_hash_init(fl_pack_hash *h)
{
	*h = (fl_pack_hash) {};
	FL_TRY(fl_hasher_new(&h->whole));
	return fl_hasher_new(&h->piece);
}

void fl_pack_hash_fini(fl_pack_hash *h)
{
	fl_hasher_free(h->whole);
	fl_hasher_free(h->piece);
	free(h->pieces);
	*h = (fl_pack_hash) {};
}

static fl_err end_piece(fl_pack_hash *h)
{
	if (h->piece_count == h->piece_cap) {
		size_t cap = h->piece_cap ? 2 * h->piece_cap : 16;
		fl_sha256 *more = realloc(h->pieces, cap * sizeof(*more));
		if (!more)
			return FL_NOMEM;
		h->pieces = more;
		h->piece_cap = cap;
	}
	h->pieces[h->piece_count++] = fl_hasher_end(h->piece);
	return FL_OK;
}

fl_err fl_pack_hash_add(fl_pack_hash *h, fl_str bytes)
{
	fl_hasher_add(h->whole, bytes);
	while (bytes.len) {
		size_t room = FL_PACK_PIECE - (size_t)(h->seen % FL_PACK_PIECE), n = FL_MIN(room, bytes.len);
		fl_hasher_add(h->piece, fl_str_slice(bytes, 0, n));
		h->seen += (int64_t)n;
		bytes = fl_str_slice(bytes, n, bytes.len);
		if (n == room)
			FL_TRY(end_piece(h));
	}
	return FL_OK;
}

fl_err fl_pack_hash_end(fl_pack_hash *h, fl_arena *mem, fl_pack_entry *out)
{
	if (h->seen % FL_PACK_PIECE)
		FL_TRY(end_piece(h));
	out->size = h->seen;
	out->sha256 = fl_hasher_end(h->whole);
	out->pieces = NULL;
	out->piece_count = h->piece_count > 1 ? h->piece_count : 0;
	if (out->piece_count) {
		out->pieces = fl_new_array(mem, fl_sha256, h->piece_count);
		if (!out->pieces)
			return FL_NOMEM;
		memcpy(out->pieces, h->pieces, h->piece_count * sizeof(h->pieces[0]));
	}
	h->seen = 0;
	h->piece_count = 0;
	return FL_OK;
}

static bool is_safe(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool fl_pack_name_safe(fl_str name)
{
	fl_str rest = name;
	if (name.len == 0 || name.len > FL_PACK_NAME_MAX || name.ptr[name.len - 1] == '/')
		return false;
	while (rest.len) {
		fl_str part = fl_str_cut(rest, '/', &rest);
		if (part.len == 0 || fl_str_eq(part, FL_STR(".")) || fl_str_eq(part, FL_STR("..")))
			return false;
		for (size_t i = 0; i < part.len; i++)
			if (!is_safe(part.ptr[i]))
				return false;
	}
	return true;
}

fl_str fl_pack_name(fl_arena *mem, fl_str text)
{
	fl_str cut = text.len > 80 ? fl_str_slice(text, text.len - 80, text.len) : text; /* the end holds the extension */
	char *copy = fl_arena_take(mem, cut.len + 2);
	if (!copy)
		return (fl_str) {};
	for (size_t i = 0; i < cut.len; i++)
		copy[i] = is_safe(cut.ptr[i]) ? cut.ptr[i] : '_';
	if (cut.len == 0)
		copy[cut.len++] = '_';
	if (copy[0] == '.')
		copy[0] = '_';
	return (fl_str) { copy, cut.len };
}
