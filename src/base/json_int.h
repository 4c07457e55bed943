#ifndef FL_BASE_JSON_INT_H
#define FL_BASE_JSON_INT_H

#include "base/base.h"

enum { FL_JSON_DEPTH = 128, FL_JSON_BYTES_MAX = 64 << 20 };

size_t fl_utf8_sequence(const unsigned char *p, size_t len);

#ifdef __cplusplus
extern "C" {
#endif
/* json_shim.cc: text is padded by fl_json_padding() readable bytes behind its end. */
size_t fl_json_padding(void);
fl_err fl_json_parse_padded(fl_arena *mem, const char *text, size_t len, fl_json **out, fl_diag *diag);
#ifdef __cplusplus
}
#endif

#endif
