/* Comments on reports: who may read a report may comment on it. "@handle" names a colleague: the part of their e-mail address
 * before the @, or all of it. Whoever is named finds the comment among their mentions, and an event says so. An edit keeps what
 * was there; a comment that was taken back stays for the record, without its words in the API.
 * Internal comments are not for drivers. */
#ifndef FL_FLEET_COMMENT_H
#define FL_FLEET_COMMENT_H

#include "fleet/report/report.h"

enum { FL_COMMENT_MAX = 5000, FL_COMMENT_EDITS_MAX = 50, FL_COMMENTS_MAX = 200, FL_MENTIONS_MAX = 20 };

/* Somebody who logs in. */
typedef struct fl_person {
	int32_t id;
	fl_str name, handle;
} fl_person;

typedef struct fl_comment_edit {
	int64_t at;
	fl_str body; /* what it said until then */
} fl_comment_edit;

typedef struct fl_comment {
	fl_uuid id, report_id;
	int32_t author; /* 0: a program */
	fl_str body;    /* ptr NULL: taken back */
	bool internal;
	int64_t created_at, edited_at; /* edited_at 0: never */
	int64_t removed_at;            /* 0: it stands */
	fl_comment_edit *edits;        /* oldest first */
	size_t edit_count;
	int32_t *mentions;
	size_t mention_count;
} fl_comment;

/* Errors: FL_NOT_FOUND, FL_FORBIDDEN (an internal one by a driver), FL_BAD_INPUT. */
FL_MUST fl_err fl_comment_add(fl_ctx *ctx, fl_uuid report, fl_str body, bool internal, fl_uuid *id);
/* Its author's only; taking back also an administrator's. */
FL_MUST fl_err fl_comment_edit_body(fl_ctx *ctx, fl_uuid report, fl_uuid id, fl_str body);
FL_MUST fl_err fl_comment_remove(fl_ctx *ctx, fl_uuid report, fl_uuid id);

/* The newest FL_COMMENTS_MAX of each report, oldest first, grouped by report: ask for reports that the caller may read. */
FL_MUST fl_err fl_comments_of_reports(fl_ctx *ctx, const fl_uuid *reports, size_t report_count, fl_comment **out, size_t *count);
/* Those that name the caller, on reports that they may read, newest first. */
FL_MUST fl_err fl_comments_for_caller(
	fl_ctx *ctx, bool unseen, const fl_uuid *after, uint32_t limit, fl_comment **out, size_t *count);
/* The caller has seen them; *count: of how many that was news. */
FL_MUST fl_err fl_mentions_seen(fl_ctx *ctx, const fl_uuid *comments, size_t comment_count, int64_t *count);

FL_MUST fl_err fl_people_get(fl_ctx *ctx, const int32_t *ids, size_t id_count, fl_person **out, size_t *count);
/* Those whose name or handle begins with the text; at most 20. */
FL_MUST fl_err fl_people_find(fl_ctx *ctx, fl_str text, fl_person **out, size_t *count);

/* The handles that a text names, in lower case, each once, in mem; at most FL_MENTIONS_MAX. */
FL_MUST fl_err fl_mentions_in(fl_arena *mem, fl_str text, fl_str **out, size_t *count);

#endif
