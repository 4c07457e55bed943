/* asset: the files that are part of the program. SQL migrations, the page's scripts and styles, and the damage model are
 * compiled into the binary (tools/embed), so that `fleet` is one file that runs from anywhere.
 *
 *	fl_asset script;
 *	if (!fl_asset_find(FL_STR("web/app.js"), &script))
 *		return FL_NOT_FOUND;
 *	send(script.bytes, script.etag);
 *
 * Paths: sql/migrations/NAME.sql, web/... (what web/dist holds), models/damage.onnx, models/damage.json,
 * demo/manager.day, packages/NAME.txt.
 * Everything is read-only and lives as long as the process; any thread may ask. A look-up is a binary search. */
#ifndef FL_ASSET_H
#define FL_ASSET_H

#include "base/base.h"

typedef struct fl_asset {
	fl_str path;
	fl_str bytes;
	fl_str gzip, brotli;       /* the same bytes, compressed at build time (path + ".gz" or ".br"); empty where absent */
	fl_str etag;               /* quoted, for the header: "\"<32 hex digits of the SHA-256>\"" */
	const uint8_t *sha256;     /* 32 bytes */
} fl_asset;

/* False when there is no such asset; out is then untouched. */
bool fl_asset_find(fl_str path, fl_asset *out);

/* The assets whose path starts with prefix stand in a row, sorted by path: their count, and the index of the first.
 *	size_t first, count = fl_asset_range(FL_STR("sql/migrations/"), &first);
 *	for (size_t i = 0; i < count; i++) fl_asset_at(first + i, &asset); */
size_t fl_asset_range(fl_str prefix, size_t *first);
void fl_asset_at(size_t index, fl_asset *out); /* index must be in the table */

#endif
