/* fleet worker-child: what serve and work start for every photo. It locks itself in before it reads anything. */
#include "app/app.h"
#include "asset/asset.h"
#include "worker/worker.h"

static fl_str embedded(fl_str path)
{
	fl_asset asset;
	return fl_asset_find(path, &asset) ? asset.bytes : FL_STR("");
}

static int run(const app_call *call)
{
	enum { CHANNEL = 3 };
	return fl_worker_child_main(CHANNEL, embedded(FL_STR("models/damage.onnx")), embedded(FL_STR("models/damage.json")));
}

const app_verb app_verb_worker_child = { "worker-child", "looks at photos in a sandbox", .hidden = true, .quiet_config = true, .run = run };
