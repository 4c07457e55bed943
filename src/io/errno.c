/* Errors of the system in our words. */
#include <errno.h>

#include "io/io_int.h"

fl_err fl_err_from_errno(int number)
{
	switch (number) {
	case 0:
		return FL_OK;
	case EAGAIN:
		return FL_AGAIN;
	case ENOENT:
	case ENOTDIR:
		return FL_NOT_FOUND;
	case EEXIST:
	case ENOTEMPTY:
		return FL_DUPLICATE;
	case EACCES:
	case EPERM:
	case EROFS:
		return FL_DENIED;
	case ENOSPC:
	case EDQUOT:
		return FL_DISK_FULL;
	case EFBIG:
		return FL_TOO_LARGE;
	case ENOMEM:
		return FL_NOMEM;
	case EADDRINUSE:
		return FL_IN_USE;
	case EPIPE:
	case ECONNRESET:
	case ENOTCONN:
	case ESHUTDOWN:
		return FL_CLOSED;
	case ETIMEDOUT:
	case ECONNREFUSED:
	case ECONNABORTED:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL:
		return FL_UNAVAILABLE;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
		return FL_BUSY;
	default:
		return FL_IO;
	}
}

fl_err fl_fail_errno(fl_diag *diag, int number, const char *what)
{
	fl_err err = fl_err_from_errno(number);

	if (!diag)
		return err;
	char text[128];
	return fl_fail(diag, err, "%s: %s", what, strerror_r(number, text, sizeof text));
}
