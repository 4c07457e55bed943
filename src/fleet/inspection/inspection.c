/* The life of an inspection as one table, and its words. */
#include "fleet/inspection/inspection.h"

typedef struct step {
	fl_inspection_state from;
	fl_inspection_verb verb;
	bool open; /* defects are open after it */
	fl_inspection_state to;
} step;

static const step steps[] = {
	{ FL_INSPECTION_NONE, FL_INSPECTION_SUBMIT, false, FL_INSPECTION_CLOSED },
	{ FL_INSPECTION_NONE, FL_INSPECTION_SUBMIT, true, FL_INSPECTION_AWAITS_MECHANIC },
	{ FL_INSPECTION_AWAITS_MECHANIC, FL_INSPECTION_CERTIFY, true, FL_INSPECTION_AWAITS_MECHANIC },
	{ FL_INSPECTION_AWAITS_MECHANIC, FL_INSPECTION_CERTIFY, false, FL_INSPECTION_AWAITS_DRIVER },
	{ FL_INSPECTION_AWAITS_DRIVER, FL_INSPECTION_ACKNOWLEDGE, false, FL_INSPECTION_CLOSED },
};

fl_inspection_state fl_inspection_step(fl_inspection_state from, fl_inspection_verb verb, bool open)
{
	for (size_t i = 0; i < FL_COUNT(steps); i++)
		if (steps[i].from == from && steps[i].verb == verb && steps[i].open == open)
			return steps[i].to;
	return FL_INSPECTION_NONE;
}

static fl_str word(const fl_str *words, size_t count, int code)
{
	return code > 0 && (size_t)code < count ? words[code] : (fl_str)FL_STR_INIT("");
}

fl_str fl_inspection_kind_text(int kind)
{
	static const fl_str words[] = { { 0 }, FL_STR_INIT("before the trip"), FL_STR_INIT("after the trip"), FL_STR_INIT("at another time") };
	return word(words, FL_COUNT(words), kind);
}

fl_str fl_inspection_state_text(int state)
{
	static const fl_str words[] = { { 0 }, FL_STR_INIT("awaits the mechanic"), FL_STR_INIT("awaits the next driver"), FL_STR_INIT("closed") };
	return word(words, FL_COUNT(words), state);
}

fl_str fl_item_result_text(int result)
{
	static const fl_str words[] = { { 0 }, FL_STR_INIT("ok"), FL_STR_INIT("defect"), FL_STR_INIT("not applicable") };
	return word(words, FL_COUNT(words), result);
}

fl_str fl_defect_state_text(int state)
{
	static const fl_str words[] = { { 0 }, FL_STR_INIT("open"), FL_STR_INIT("repaired"), FL_STR_INIT("repair unnecessary") };
	return word(words, FL_COUNT(words), state);
}

fl_str fl_signer_text(int role)
{
	static const fl_str words[] = { { 0 }, FL_STR_INIT("Driver"), FL_STR_INIT("Mechanic or carrier"), FL_STR_INIT("Next driver") };
	return word(words, FL_COUNT(words), role);
}
