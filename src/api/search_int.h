/* Root fields of search.c. */
#ifndef FL_API_SEARCH_INT_H
#define FL_API_SEARCH_INT_H

#include "api/api_int.h"

FL_API_RESOLVER(fl_api_search_damage_reports);
FL_API_RESOLVER(fl_api_nearby_damage_reports);
FL_API_RESOLVER(fl_api_damage_report_clusters);
FL_API_RESOLVER(fl_api_damage_report_hotspots);
FL_API_RESOLVER(fl_api_saved_filters);
FL_API_RESOLVER(fl_api_save_filter);
FL_API_RESOLVER(fl_api_delete_saved_filter);

#endif
