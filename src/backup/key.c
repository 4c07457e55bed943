#include "backup/backup.h"

#include <sodium.h>

#include "crypt/crypt.h"

fl_err fl_backup_key_load(const char *secrets, fl_backup_key *out, fl_diag *diag)
{
	return fl_secret_random(secrets, "backup.key", out->bytes, sizeof(out->bytes), diag);
}

void fl_backup_key_text(const fl_backup_key *key, char out[FL_BACKUP_KEY_TEXT + 1])
{
	sodium_bin2hex(out, FL_BACKUP_KEY_TEXT + 1, key->bytes, sizeof(key->bytes));
}

fl_err fl_backup_key_parse(fl_str text, fl_backup_key *out, fl_diag *diag)
{
	if (!fl_str_unhex(fl_str_trim(text), out->bytes, sizeof(out->bytes)))
		return fl_fail(diag, FL_BAD_INPUT, "a backup key is %d hexadecimal digits, as `fleet backup key` prints them",
			FL_BACKUP_KEY_TEXT);
	return FL_OK;
}

void fl_backup_key_wipe(fl_backup_key *key)
{
	sodium_memzero(key, sizeof(*key));
}
