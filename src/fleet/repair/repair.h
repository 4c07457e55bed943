/* Repair: what becomes of a report that is approved, and what it costs. The way in; each noun has a header of its own.
 *
 *	estimate.h    what a workshop would take for it: revisions, lines, which one is accepted
 *	quote.h       links by which workshops without a log-in send estimates in
 *	total_loss.h  whether the vehicle is worth it
 *	work_order.h  what a workshop is asked to do, and how far it is
 *	invoice.h     bills, and the guard of what was approved
 *	claim.h       what an insurer pays of it
 *
 * All change under the report's lock and in one transaction with what follows for the report. docs/repair.md, docs/claims.md. */
#ifndef FL_FLEET_REPAIR_H
#define FL_FLEET_REPAIR_H

#include "fleet/repair/claim.h"
#include "fleet/repair/estimate.h"
#include "fleet/repair/invoice.h"
#include "fleet/repair/quote.h"
#include "fleet/repair/total_loss.h"
#include "fleet/repair/work_order.h"

#endif
