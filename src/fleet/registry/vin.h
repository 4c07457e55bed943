/* Vehicle identification numbers (ISO 3779). */
#ifndef FL_FLEET_VIN_H
#define FL_FLEET_VIN_H

#include "base/base.h"

/* Upper case, blanks and hyphens taken out; FL_BAD_INPUT unless 17 letters and digits without I, O and Q are left. */
FL_MUST fl_err fl_vin_check(fl_arena *mem, fl_diag *diag, fl_str *vin);
/* What is odd about a VIN that fl_vin_check let pass: North America (1 to 5 in front) asks for a check digit in place 9,
 * elsewhere it is any character. Empty: nothing. */
fl_str fl_vin_warning(fl_arena *mem, fl_str vin);

#endif
