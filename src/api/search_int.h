/* Root fields of search.c and transfer.c. */
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

/* And of transfer.c, with its routes. */
FL_API_RESOLVER(fl_api_import_file);
FL_API_RESOLVER(fl_api_export_file);
FL_API_RESOLVER(fl_api_import_job_by_id);
FL_API_RESOLVER(fl_api_export_job_by_id);
FL_MUST fl_err fl_api_transfer_routes(fl_router *router);

#endif
