/* The register of erasures beside the backups: a backup of an earlier moment knows the erased again, and has to be told.
 *
 *	DIR/erasures/ID.sealed     one line of JSON: numbers and times, no name (erasures_register in 0042)
 *
 * Blocking, as the owner of the tables. Errors carry a sentence in diag. */
#ifndef FL_ARCHIVE_REGISTER_H
#define FL_ARCHIVE_REGISTER_H

#include "backup/backup.h"
#include "db/db.h"

typedef struct fl_register {
	const char *url;
	const char *dir; /* the backups' */
	const fl_backup_key *key;
	int64_t since; /* what was done before is kept already; 0 at first */
} fl_register;

/* Keeps what was erased since the last call; nothing as long as there is no backup. *kept: lines written. */
FL_MUST fl_err fl_register_keep(fl_register *reg, int64_t *kept, fl_diag *diag);
/* Erases again what the database does not know to be erased, before anybody uses it. *again: how many. A DIR without a register has none. */
FL_MUST fl_err fl_register_again(const fl_register *reg, int64_t *again, fl_diag *diag);

/* Copies the register into another folder, as a restore does, and removes one that was worked off. */
FL_MUST fl_err fl_register_copy(const char *dir, const char *to, fl_diag *diag);
bool fl_register_is_there(const char *dir);
void fl_register_remove(const char *dir);

#endif
