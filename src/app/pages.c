#include "app/pages.h"

#include "api/api.h"

fl_err app_pages_new(const app_shared *shared, fl_router *router, fl_page **out, fl_diag *diag)
{
	fl_page *page = NULL;
	FL_TRY(fl_page_new(&(fl_page_opts){ .authenticate = fl_api_authenticate, .execute = fl_api_execute }, &page, diag));
	fl_err err = fl_page_routes(page, router);
	if (err != FL_OK) {
		fl_page_free(page);
		return err;
	}
	*out = page;
	return FL_OK;
}
