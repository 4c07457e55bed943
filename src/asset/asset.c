#include "asset/asset_int.h"

/* The index of the first row whose path is not below the wanted one. */
static size_t lower_bound(fl_str path)
{
	size_t low = 0, high = fl_asset_row_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (fl_str_cmp(fl_str_z(fl_asset_rows[middle].path), path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The row's index, or fl_asset_row_count. */
static size_t find_row(fl_str path)
{
	size_t i = lower_bound(path);
	if (i < fl_asset_row_count && fl_str_eq(fl_str_z(fl_asset_rows[i].path), path))
		return i;
	return fl_asset_row_count;
}

static fl_str variant(const char *path, const char *suffix)
{
	char name[512];
	size_t len = strlen(path), more = strlen(suffix);
	if (len + more > sizeof(name))
		return (fl_str){ 0 };
	memcpy(name, path, len);
	memcpy(name + len, suffix, more);
	size_t i = find_row(fl_str_make(name, len + more));
	return i < fl_asset_row_count ? fl_str_make(fl_asset_rows[i].bytes, fl_asset_rows[i].len) : (fl_str){ 0 };
}

bool fl_asset_find(fl_str path, fl_asset *out)
{
	size_t i = find_row(path);
	if (i == fl_asset_row_count)
		return false;
	fl_asset_at(i, out);
	return true;
}

size_t fl_asset_range(fl_str prefix, size_t *first)
{
	size_t i = lower_bound(prefix), end = i;
	while (end < fl_asset_row_count && fl_str_starts(fl_str_z(fl_asset_rows[end].path), prefix))
		end++;
	*first = i;
	return end - i;
}

void fl_asset_at(size_t index, fl_asset *out)
{
	assert(index < fl_asset_row_count);
	const fl_asset_row *row = &fl_asset_rows[index];
	*out = (fl_asset){
		.path = fl_str_z(row->path),
		.bytes = fl_str_make(row->bytes, row->len),
		.gzip = variant(row->path, ".gz"),
		.brotli = variant(row->path, ".br"),
		.etag = fl_str_z(row->etag),
		.sha256 = row->sha256,
	};
}
