/* Some reports by their ids, as a condition of a plan that is made once. */
#ifndef FL_FLEET_REPORT_IDS_H
#define FL_FLEET_REPORT_IDS_H

#include "fleet/fleet.h"

/* `column` is one of the ids. Between the lowest and the highest lie the months that need to be looked at, which is all that the bounds are for:
 * given twice, with OR between, they are nothing to go by in an index. As a range PostgreSQL takes two bounds that it does not know for
 * narrow, and reads whatever the company has between the oldest and the newest of fifty reports. The others are the numbers of the five
 * arguments that fl_arg_ids adds. */
#define FL_SQL_IDS(column, ids, low, low_again, high, high_again)                                                                      \
	column " = ANY(" ids ") AND (" column " >= " low " OR " column " >= " low_again ") AND (" column " <= " high " OR " column " <= " high_again ")"

void fl_arg_ids(fl_args *args, const fl_uuid *ids, size_t count);

#endif
