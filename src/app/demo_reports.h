/* A few reports with photos for the demo company, so that a first look shows the whole way: drawn pictures are filed through
 * the public API like anybody's, assessed by the workers, and appear live. */
#ifndef FL_APP_DEMO_REPORTS_H
#define FL_APP_DEMO_REPORTS_H

#include "app/home.h"

/* Files them in a thread of low priority and returns at once; does nothing where HOME/demo.done says that it was done.
 * url and token are copied. A stop in the middle goes on at the next start; none is filed twice. */
void app_demo_reports_start(const app_home *home, fl_str url, fl_str token, int count);

#endif
