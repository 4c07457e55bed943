/* Errors: one table gives each its name, the client's code, the HTTP status, the sentence, and whether a retry may help. */
#ifndef FL_BASE_ERR_H
#define FL_BASE_ERR_H

/* X(name, client code, HTTP status, sentence, may be retried) */
#define FL_ERRORS(X)                                                                                                   \
	X(OK, "OK", 200, "done", false)                                                                                \
	X(BAD_INPUT, "BAD_USER_INPUT", 400, "the input is not valid", false)                                           \
	X(BAD_JSON, "BAD_REQUEST", 400, "the body is not valid JSON", false)                                           \
	X(BAD_REQUEST, "BAD_REQUEST", 400, "the request is not valid", false)                                          \
	X(BAD_IMAGE, "BAD_IMAGE", 422, "the file is not a usable image", false)                                        \
	X(BAD_MODEL, "INTERNAL", 500, "the model does not fit this program", false)                                    \
	X(UNAUTHENTICATED, "UNAUTHENTICATED", 401, "log in first", false)                                              \
	X(FORBIDDEN, "FORBIDDEN", 403, "this role may not do that", false)                                             \
	X(NOT_FOUND, "NOT_FOUND", 404, "no such thing", false)                                                         \
	X(BAD_METHOD, "METHOD_NOT_ALLOWED", 405, "this method is not allowed here", false)                             \
	X(NOT_ACCEPTABLE, "NOT_ACCEPTABLE", 406, "no answer of a kind that the client takes", false)                   \
	X(CONFLICT, "CONFLICT", 409, "somebody else changed it first", false)                                          \
	X(DUPLICATE, "DUPLICATE", 409, "it exists already", false)                                                     \
	X(TOO_LARGE, "TOO_LARGE", 413, "it is larger than allowed", false)                                             \
	X(UNSUPPORTED, "UNSUPPORTED_MEDIA_TYPE", 415, "this kind of content is not supported", false)                  \
	X(TOO_MANY, "TOO_MANY_REQUESTS", 429, "too many requests; slow down", true)                                    \
	X(NO_DOCUMENT, "PERSISTED_QUERY_NOT_FOUND", 400, "PersistedQueryNotFound", false)                               \
	X(NO_PERSISTED, "PERSISTED_QUERY_NOT_SUPPORTED", 400, "PersistedQueryNotSupported", false)                      \
	X(UNTRUSTED, "TRUSTED_DOCUMENTS_ONLY", 400, "only documents that were registered are run here", false)         \
	X(BATCH, "BATCH_LIMIT", 400, "too many requests in one batch", false)                                          \
	X(LIMIT, "LIMIT_EXCEEDED", 400, "a limit was exceeded", false)                                                 \
	X(CANCELLED, "CANCELLED", 499, "the request was cancelled", false)                                             \
	X(INTERNAL, "INTERNAL", 500, "something went wrong on our side", false)                                        \
	X(NOMEM, "INTERNAL", 503, "out of memory", true)                                                               \
	X(IO, "INTERNAL", 500, "reading or writing failed", true)                                                      \
	X(DENIED, "INTERNAL", 500, "the system does not permit that", false)                                           \
	X(DISK_FULL, "UNAVAILABLE", 503, "the disk is full", true)                                                     \
	X(IN_USE, "INTERNAL", 500, "the address is in use", false)                                                     \
	X(AGAIN, "UNAVAILABLE", 503, "nothing there yet", true)                                                        \
	X(CLOSED, "UNAVAILABLE", 503, "the other side closed the connection", true)                                    \
	X(UNAVAILABLE, "UNAVAILABLE", 503, "a part of the system does not answer; try again", true)                    \
	X(BUSY, "UNAVAILABLE", 503, "the system is busy; try again", true)                                             \
	X(TIMEOUT, "TIMEOUT", 504, "it took too long", true)                                                           \
	X(DB_RETRY, "UNAVAILABLE", 503, "the change collided with another; try again", true)                           \
	X(DB, "INTERNAL", 500, "the database refused the statement", false)

typedef enum fl_err {
#define FL_ERR_ENUM(name, code, status, text, retry) FL_##name,
	FL_ERRORS(FL_ERR_ENUM)
#undef FL_ERR_ENUM
	FL_ERR_COUNT
} fl_err;

const char *fl_err_name(fl_err err);   /* "NOT_FOUND", for logs */
const char *fl_err_code(fl_err err);   /* what clients see as extensions.code */
const char *fl_err_text(fl_err err);   /* an English sentence without a full stop */
int fl_err_status(fl_err err);         /* HTTP status */
bool fl_err_retryable(fl_err err);

/* Passes a failure on to the caller. */
#define FL_TRY(expression)                                                                                             \
	do {                                                                                                           \
		fl_err fl_try_err = (expression);                                                                      \
		if (fl_try_err != FL_OK)                                                                               \
			return fl_try_err;                                                                             \
	} while (0)

/* What exactly went wrong, in words for the person who can mend it. Empty when the error's own sentence says it all. */
typedef struct fl_diag {
	char text[320];
} fl_diag;

/* Sets the detail and returns err: return fl_fail(&ctx->diag, FL_BAD_IMAGE, "%s: the file is empty", name); */
fl_err fl_fail(fl_diag *diag, fl_err err, const char *format, ...) FL_PRINTF(3, 4);

/* The detail where there is one, the error's own sentence otherwise. */
const char *fl_diag_text(const fl_diag *diag, fl_err err);

#endif
