/* Root fields and fields of other types that work_order.c, invoice.c, claim.c and claim_pack.c resolve. */
#ifndef FL_API_WORK_ORDER_INT_H
#define FL_API_WORK_ORDER_INT_H

#include "api/api_int.h"
#include "fleet/repair/repair.h"

FL_API_RESOLVER(fl_api_work_order_by_id);
FL_API_RESOLVER(fl_api_work_orders);
FL_API_RESOLVER(fl_api_create_work_order);
FL_API_RESOLVER(fl_api_update_work_order);
FL_API_RESOLVER(fl_api_move_work_order);
FL_API_RESOLVER(fl_api_set_work_order_task);
FL_API_RESOLVER(fl_api_report_work_orders);
FL_API_RESOLVER(fl_api_report_downtimes);
FL_API_RESOLVER(fl_api_vehicle_downtimes);

FL_API_RESOLVER(fl_api_record_invoice);
FL_API_RESOLVER(fl_api_approve_invoice);
FL_API_RESOLVER(fl_api_void_invoice);
FL_API_RESOLVER(fl_api_order_invoices);
FL_API_RESOLVER(fl_api_order_cost);
FL_API_RESOLVER(fl_api_set_cost_tolerance);

FL_API_RESOLVER(fl_api_report_claim);
FL_API_RESOLVER(fl_api_report_net_cost);
FL_API_RESOLVER(fl_api_save_claim);
FL_API_RESOLVER(fl_api_move_claim);
FL_API_RESOLVER(fl_api_claim_pack_by_id);
FL_API_RESOLVER(fl_api_report_claim_packs);
FL_API_RESOLVER(fl_api_make_claim_pack);
FL_MUST fl_err fl_api_claim_pack_routes(fl_router *router);

/* The verbs that are possible in a state, as enums. */
FL_MUST fl_err fl_api_verbs(fl_ctx *ctx, const fl_life *life, int state, fl_gql_value *out);
/* FL_NOT_FOUND. */
FL_MUST fl_err fl_api_report_of(fl_ctx *ctx, fl_uuid id, const fl_report **out);
FL_MUST fl_err fl_api_order_of(fl_ctx *ctx, int32_t id, const fl_order **out);

#endif
