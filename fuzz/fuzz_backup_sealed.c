/* Any bytes as a sealed file: refused, and nothing of it is believed. */
#include "backup/sealed.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const fl_backup_key key = { { 7 } };
	fl_sealed_size size;
	fl_diag diag = {};
	FILE *file = tmpfile();
	if (!file || write(fileno(file), bytes, len) != (ssize_t)len || lseek(fileno(file), 0, SEEK_SET) != 0)
		abort();
	assert(fl_unseal(&key, FL_STR("x"), fileno(file), -1, &size, &diag) == FL_DENIED && size.plain == 0);
	fclose(file);
	return 0;
}
