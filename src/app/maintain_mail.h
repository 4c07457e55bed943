/* A report that needs a person goes to the operator by mail. */
#ifndef FL_APP_MAINTAIN_MAIL_H
#define FL_APP_MAINTAIN_MAIL_H

#include "app/config.h"
#include "maintain/maintain.h"

/* Nothing where FLEET_OPERATOR_MAIL or FLEET_MAIL_URL is empty. FL_UNAVAILABLE, FL_TIMEOUT: the mail server did not take it. */
FL_MUST fl_err app_maintain_mail(const app_config *config, const fl_maintain_report *report, fl_str text, fl_diag *diag);

#endif
