/* Joins the page to the API and the domain: what src/page asks of the program around it. */
#ifndef FL_APP_PAGES_H
#define FL_APP_PAGES_H

#include "app/services.h"
#include "page/page.h"

/* FL_NOT_FOUND: this program was built without the page (diag says what is missing). */
FL_MUST fl_err app_pages_new(const app_shared *shared, fl_router *router, fl_page **out, fl_diag *diag);

#endif
