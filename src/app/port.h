/* TCP ports of this machine: is one free, and if not, who has it? */
#ifndef FL_APP_PORT_H
#define FL_APP_PORT_H

#include "base/base.h"

/* FL_OK: a server may listen there; port 0 becomes a free one in *port. FL_IN_USE: diag says who has it, as far as this user may
 * know, and what to do. FL_DENIED: below 1024. FL_BAD_INPUT: host is no address of this machine. */
FL_MUST fl_err app_port_check(const char *host, int *port, fl_diag *diag);

#endif
