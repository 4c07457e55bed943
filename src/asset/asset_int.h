#ifndef FL_ASSET_INT_H
#define FL_ASSET_INT_H

#include "asset/asset.h"

typedef struct fl_asset_row {
	const char *path;
	const unsigned char *bytes;
	size_t len;
	const char *etag;
	uint8_t sha256[32];
} fl_asset_row;

/* Made by tools/embed: sorted by path. */
extern const fl_asset_row fl_asset_rows[];
extern const size_t fl_asset_row_count;

#endif
