#include "fleet/report/ids.h"

void fl_arg_ids(fl_args *args, const fl_uuid *ids, size_t count)
{
	fl_uuid low = count ? ids[0] : (fl_uuid){}, high = low;

	for (size_t i = 1; i < count; i++) {
		low = fl_uuid_cmp(ids[i], low) < 0 ? ids[i] : low;
		high = fl_uuid_cmp(ids[i], high) > 0 ? ids[i] : high;
	}
	fl_arg_uuids(args, ids, count);
	fl_arg_uuid(args, low);
	fl_arg_uuid(args, low);
	fl_arg_uuid(args, high);
	fl_arg_uuid(args, high);
}
