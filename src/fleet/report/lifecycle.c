#include "fleet/report/lifecycle.h"

/* ---- words ---- */

static const struct {
	fl_str name;
	const char *meaning;
	fl_status status;
	fl_phase phase;
} stages[FL_STAGE_COUNT] = {
#define ROW(name, code, status, phase, meaning) [code] = { FL_STR_INIT(#name), meaning, FL_STATUS_##status, FL_PHASE_##phase },
	FL_STAGES(ROW)
#undef ROW
};

static bool is_stage(fl_stage stage)
{
	return stage > FL_STAGE_NONE && stage < FL_STAGE_COUNT;
}

fl_str fl_stage_name(fl_stage stage)
{
	return is_stage(stage) ? stages[stage].name : (fl_str)FL_STR_INIT("");
}

const char *fl_stage_meaning(fl_stage stage)
{
	return is_stage(stage) ? stages[stage].meaning : "";
}

fl_status fl_stage_status(fl_stage stage)
{
	return is_stage(stage) ? stages[stage].status : FL_STATUS_NONE;
}

fl_phase fl_stage_phase(fl_stage stage)
{
	return is_stage(stage) ? stages[stage].phase : FL_PHASE_NONE;
}

fl_stage fl_status_stage(fl_status status)
{
	static const fl_stage own[] = {
		[FL_STATUS_REPORTED] = FL_STAGE_REPORTED,
		[FL_STATUS_ASSESSED] = FL_STAGE_ASSESSED,
		[FL_STATUS_APPROVED] = FL_STAGE_APPROVED,
		[FL_STATUS_IN_REPAIR] = FL_STAGE_IN_REPAIR,
		[FL_STATUS_COMPLETED] = FL_STAGE_COMPLETED,
		[FL_STATUS_REJECTED] = FL_STAGE_REJECTED,
	};
	return status > FL_STATUS_NONE && status < FL_COUNT(own) ? own[status] : FL_STAGE_NONE;
}

static const struct {
	fl_str name;
	const char *button, *past;
} verbs[FL_VERB_COUNT] = {
#define ROW(name, code, button, past) [code] = { FL_STR_INIT(#name), button, past },
	FL_VERBS(ROW)
#undef ROW
};

static bool is_verb(fl_verb verb)
{
	return verb > FL_VERB_NONE && verb < FL_VERB_COUNT;
}

fl_str fl_verb_name(fl_verb verb)
{
	return is_verb(verb) ? verbs[verb].name : (fl_str)FL_STR_INIT("");
}

const char *fl_verb_button(fl_verb verb)
{
	return is_verb(verb) ? verbs[verb].button : "";
}

const char *fl_verb_past(fl_verb verb)
{
	return is_verb(verb) ? verbs[verb].past : "";
}

fl_verb fl_verb_find(fl_str name)
{
	for (fl_verb verb = FL_VERB_NONE + 1; verb < FL_VERB_COUNT; verb++)
		if (fl_str_eq(verbs[verb].name, name))
			return verb;
	return FL_VERB_NONE;
}

const char *fl_guard_text(fl_guard guard)
{
	static const char *const texts[] = {
#define ROW(name, text) [FL_GUARD_##name] = text,
		FL_GUARDS(ROW)
#undef ROW
	};
	return guard < FL_COUNT(texts) ? texts[guard] : "";
}

/* ---- ways ---- */

static const fl_step steps[] = {
#define ROW(from, verb, to, permission, guard, reason, undo)                                                                     \
	{ FL_STAGE_##from, FL_VERB_##verb, FL_STAGE_##to, FL_MAY_##permission, FL_GUARD_##guard, reason, undo },
	FL_STEPS(ROW)
#undef ROW
};

fl_step_list fl_steps_all(void)
{
	return (fl_step_list) { steps, FL_COUNT(steps) };
}

/* The table stands ordered by stage from which; the test holds it to that. */
fl_step_list fl_steps_from(fl_stage stage)
{
	size_t first = 0, end;
	while (first < FL_COUNT(steps) && steps[first].from != stage)
		first++;
	for (end = first; end < FL_COUNT(steps) && steps[end].from == stage;)
		end++;
	return (fl_step_list) { &steps[first < FL_COUNT(steps) ? first : 0], end - first };
}

/* ---- judging ---- */

static bool refuse(fl_diag *why, const char *text)
{
	if (why)
		(void)fl_fail(why, FL_BAD_INPUT, "%s", text);
	return false;
}

/* Guards that look at the report alone. */
static bool facts_hold(fl_guard guard, const fl_step_facts *f, fl_diag *why)
{
	switch (guard) {
	case FL_GUARD_FINDING:
		return f->assessed || f->has_severity ||
		       refuse(why, "this report has no assessment yet, and nobody has set its severity, so it cannot become "
				   "ASSESSED");
	case FL_GUARD_ASSESSED:
		return f->assessed || refuse(why, "this report has no assessment yet, so it cannot become ASSESSED");
	case FL_GUARD_UNASSESSED: return !f->assessed || refuse(why, "this report has an assessment: it becomes ASSESSED again");
	case FL_GUARD_COST: return f->has_actual || refuse(why, "say what the repair did cost first: actualCost is not set");
	case FL_GUARD_NONE:
	case FL_GUARD_AUTHOR:
	case FL_GUARD_LIMIT:
	case FL_GUARD_OTHER: return true;
	}
	return true;
}

fl_verdict fl_amount_judge(const fl_caller *caller, const fl_step_facts *f, const fl_limit *limit, fl_diag *why)
{
	if (caller->role == FL_ROLE_ADMIN || !limit->has_alone)
		return FL_VERDICT_GOES;
	if (!f->has_cost) {
		refuse(why, "nobody knows what the repair costs: set estimatedCost first, as your approvals have a limit");
		return FL_VERDICT_REFUSED;
	}
	if (f->cost_cents <= limit->alone_cents)
		return FL_VERDICT_GOES;
	if (limit->has_together && f->cost_cents > limit->together_cents) {
		refuse(why, "the cost is above what your role may approve, also with a second person: ask an administrator");
		return FL_VERDICT_REFUSED;
	}
	if (!caller->user_id) {
		refuse(why, "the cost is above your limit, and a program cannot be one of two persons: log in");
		return FL_VERDICT_REFUSED;
	}
	if (f->endorsed_by == caller->user_id) {
		refuse(why, "you approved this already; the cost is above your limit, so a second person or an administrator has "
			    "to approve too");
		return FL_VERDICT_REFUSED;
	}
	return f->endorsed_by ? FL_VERDICT_GOES : FL_VERDICT_ENDORSES;
}

fl_verdict fl_step_judge(
	const fl_step *step, const fl_caller *caller, const fl_step_facts *facts, const fl_limit *limit, fl_diag *why)
{
	if (!fl_may(caller, step->permission)) {
		refuse(why, "your role may not do this");
		return FL_VERDICT_REFUSED;
	}
	if (step->guard == FL_GUARD_AUTHOR && facts->reported_by != caller->user_id && !fl_may(caller, FL_MAY_REPORT_DECIDE)) {
		refuse(why, "only who wrote the report may send it");
		return FL_VERDICT_REFUSED;
	}
	if (!facts_hold(step->guard, facts, why))
		return FL_VERDICT_REFUSED;
	return step->guard == FL_GUARD_LIMIT ? fl_amount_judge(caller, facts, limit, why) : FL_VERDICT_GOES;
}

const fl_step *fl_step_by_verb(fl_stage from, fl_verb verb, const fl_step_facts *facts)
{
	const fl_step *found = NULL;
	fl_step_list list = fl_steps_from(from);
	for (size_t i = list.count; i-- > 0;)
		if (list.steps[i].verb == verb && (!found || facts_hold(list.steps[i].guard, facts, NULL)))
			found = &list.steps[i];
	return found;
}

const fl_step *fl_step_by_status(fl_stage from, fl_status to)
{
	fl_step_list list = fl_steps_from(from);
	for (size_t i = 0; i < list.count; i++)
		if (list.steps[i].to == fl_status_stage(to))
			return list.steps + i;
	return NULL;
}
