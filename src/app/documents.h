/* The GraphQL documents of this program: what its pages and its command line send. They run wherever only trusted documents do. */
#ifndef FL_APP_DOCUMENTS_H
#define FL_APP_DOCUMENTS_H

#include "base/base.h"

enum { APP_DOCUMENTS_MAX = 160 };

extern const fl_str app_document_file_report; /* files a report with its photos */
extern const fl_str app_document_ask_report;  /* the report with its assessment */
extern const fl_str app_document_file_demo;   /* a report of the demo company */
extern const fl_str app_document_send_import; /* a file to be imported */
extern const fl_str app_document_ask_import;  /* how far the import is */

fl_str app_day_script(void); /* what `fleet demo day` plays: script.h */

/* All of them, and those of the pages and of the day; returns how many. */
size_t app_own_documents(fl_str out[APP_DOCUMENTS_MAX]);

#endif
