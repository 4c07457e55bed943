/* The lock of a worker child. */
#ifndef FL_WORKER_SANDBOX_INT_H
#define FL_WORKER_SANDBOX_INT_H

#include "base/base.h"

typedef struct fl_sandbox {
	bool landlock, seccomp; /* which of the two the kernel granted */
} fl_sandbox;

/* Locks the calling process in, for good: from here it can compute, use memory up to memory_bytes, read descriptors
 * that it holds or is sent over `socket`, and answer there. It can open no file, make no socket, start no process or
 * thread, and write to nothing but socket and standard error. Whatever must be loaded is loaded before.
 * Errors: FL_IO when a lock that every kernel has cannot be set. Without Landlock or seccomp the rest still holds. */
FL_MUST fl_err fl_sandbox_enter(int socket, uint64_t memory_bytes, fl_sandbox *out);

#endif
