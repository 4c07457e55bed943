/* The GraphQL documents of this program: what its pages and its command line send. They run wherever only trusted documents do. */
#ifndef FL_APP_DOCUMENTS_H
#define FL_APP_DOCUMENTS_H

#include "base/base.h"

enum { APP_DOCUMENTS_MAX = 64 };

extern const fl_str app_document_file_report; /* files a report with its photos */
extern const fl_str app_document_ask_report;  /* the report with its assessment */
extern const fl_str app_document_file_demo;   /* a report of the demo company */
extern const fl_str app_document_send_import; /* a file to be imported */
extern const fl_str app_document_ask_import;  /* how far the import is */

/* All of them, and those of the pages; returns how many. */
size_t app_own_documents(fl_str out[APP_DOCUMENTS_MAX]);

#endif
