#include "app/documents.h"

#include "app/script.h"
#include "asset/asset.h"

#define REPORT_FIELDS                                                                                                            \
	"id number status url description vehicle { name } "                                                                     \
	"photos { id url mediaType width height sizeBytes quality { sharpness brightness problems } } "                          \
	"assessment { model createdAt durationMs severity severityConfidence part partConfidence damageType "                    \
	"damageTypeConfidence cost { low { amount currency } likely { amount currency } high { amount currency } } "             \
	"repairHours { low likely high } rule "                                                                                  \
	"fraudSignals { kind score message photoId seenIn { number vehicle { name } url } } "                                    \
	"similarCases { similarity report { number severity vehicle { name } actualCost { amount currency } url } } }"

const fl_str app_document_file_report = FL_STR_INIT("mutation Create($input: CreateDamageReportInput!) { "
						    "createDamageReport(input: $input) { report { id number } } }");
const fl_str app_document_ask_report = FL_STR_INIT("query Report($id: ID!) { damageReport(id: $id) { " REPORT_FIELDS " } }");
const fl_str app_document_file_demo =
	FL_STR_INIT("mutation Demo($input: CreateDamageReportInput!) { createDamageReport(input: $input) { report { id } } }");

#define JOB_FIELDS "id state dryRun total done bad error problems(first: 1000) { line column value problem }"
const fl_str app_document_send_import =
	FL_STR_INIT("mutation Import($input: ImportFileInput!) { importFile(input: $input) { job { " JOB_FIELDS " } } }");
const fl_str app_document_ask_import = FL_STR_INIT("query Import($id: ID!) { importJob(id: $id) { " JOB_FIELDS " } }");

static size_t add(fl_str *out, size_t count, fl_str text)
{
	if (count < APP_DOCUMENTS_MAX)
		out[count++] = text;
	return count;
}

fl_str app_day_script(void)
{
	fl_asset asset = {};
	return fl_asset_find(FL_STR("demo/manager.day"), &asset) ? asset.bytes : FL_STR("");
}

static size_t add_day(fl_str *out, size_t count)
{
	fl_arena mem = fl_arena_make(4 << 20);
	fl_diag diag = {};
	app_step *steps;
	size_t step_count = 0;
	if (app_script_parse(app_day_script(), &mem, &steps, &step_count, &diag) != FL_OK)
		fl_warn("the script of the day: %s", diag.text);
	for (size_t i = 0; i < step_count; i++)
		if (steps[i].operation.len)
			count = add(out, count, steps[i].operation);
	fl_arena_fini(&mem);
	return count;
}

/* web/queries holds them as the scripts send them; those that are fragments alone are no document and are left out later. */
size_t app_own_documents(fl_str out[APP_DOCUMENTS_MAX])
{
	size_t first, count = 0, files = fl_asset_range(FL_STR("web/queries/"), &first);
	count = add(out, count, app_document_file_report);
	count = add(out, count, app_document_ask_report);
	count = add(out, count, app_document_file_demo);
	count = add(out, count, app_document_send_import);
	count = add(out, count, app_document_ask_import);
	for (size_t i = 0; i < files; i++) {
		fl_asset asset;
		fl_asset_at(first + i, &asset);
		if (fl_str_ends(asset.path, FL_STR(".graphql")))
			count = add(out, count, asset.bytes);
	}
	return add_day(out, count);
}
