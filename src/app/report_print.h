/* How `fleet report` shows an assessed report to a person. */
#ifndef FL_APP_REPORT_PRINT_H
#define FL_APP_REPORT_PRINT_H

#include "base/base.h"

/* report: the API's DamageReport with its assessment (null: it did not come in time). taken_us: from sending to the assessment. */
void app_report_print(const fl_json *report, int64_t taken_us);

#endif
