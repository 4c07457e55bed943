/* What every fuzz target defines. Returns 0; a crash, an assert or a sanitizer's report is the finding. */
#ifndef FL_FUZZ_H
#define FL_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#endif
