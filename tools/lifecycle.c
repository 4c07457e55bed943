/* lifecycle: writes docs/lifecycle.md from the tables of src/fleet/report/lifecycle.h.
 *	lifecycle > docs/lifecycle.md */
#include "fleet/report/lifecycle.h"

#include <ctype.h>
#include <stdio.h>

static void lower(fl_str name)
{
	for (size_t i = 0; i < name.len; i++)
		putchar(name.ptr[i] == '_' ? ' ' : tolower((unsigned char)name.ptr[i]));
}

/* Node names of the diagram have no blanks. */
static void node(fl_stage stage)
{
	fl_str name = fl_stage_name(stage);
	for (size_t i = 0; i < name.len; i++)
		putchar(tolower((unsigned char)name.ptr[i]));
}

static void write_diagram(void)
{
	fl_step_list all = fl_steps_all();
	printf("```mermaid\nstateDiagram-v2\n\t[*] --> draft\n\t[*] --> reported\n");
	for (size_t i = 0; i < all.count; i++) {
		putchar('\t');
		node(all.steps[i].from);
		printf(" --> ");
		node(all.steps[i].to);
		printf(" : ");
		lower(fl_verb_name(all.steps[i].verb));
		putchar('\n');
	}
	printf("\tcompleted --> [*]\n\tclosed --> [*]\n\trejected --> [*]\n\tduplicate --> [*]\n```\n");
}

static const char *phase_text(fl_phase phase)
{
	return phase == FL_PHASE_TRIAGE   ? "triage"
	       : phase == FL_PHASE_DECIDE ? "a decision"
	       : phase == FL_PHASE_REPAIR ? "the repair"
					  : "–";
}

static void write_stages(void)
{
	printf("| stage | what it means | status | what is due |\n|---|---|---|---|\n");
	for (fl_stage stage = 1; stage < FL_STAGE_COUNT; stage++) {
		fl_str name = fl_stage_name(stage), status = fl_status_name(fl_stage_status(stage));
		printf("| `%.*s` | %s | `%.*s` | %s |\n", FL_ARG(name), fl_stage_meaning(stage), FL_ARG(status),
			phase_text(fl_stage_phase(stage)));
	}
}

static const char *who(const fl_step *step)
{
	static char text[80];
	snprintf(text, sizeof(text), "%s%s%s%s",
		fl_may(&(fl_caller) { .tenant_id = 1, .role = FL_ROLE_DRIVER }, step->permission) ? "driver, " : "",
		fl_may(&(fl_caller) { .tenant_id = 1, .role = FL_ROLE_MANAGER }, step->permission) ? "manager, " : "",
		fl_may(&(fl_caller) { .tenant_id = 1, .role = FL_ROLE_AUDITOR }, step->permission) ? "auditor, " : "",
		fl_may(&(fl_caller) { .tenant_id = 1, .role = FL_ROLE_ADMIN }, step->permission) ? "admin" : "");
	return text;
}

static void write_ways(void)
{
	fl_step_list all = fl_steps_all();
	printf("| from | transition | to | who | only | reason | undo |\n|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < all.count; i++) {
		const fl_step *step = &all.steps[i];
		fl_str from = fl_stage_name(step->from), verb = fl_verb_name(step->verb), to = fl_stage_name(step->to);
		printf("| `%.*s` | `%.*s` | `%.*s` | %s | %s | %s | %s |\n", FL_ARG(from), FL_ARG(verb), FL_ARG(to), who(step),
			fl_guard_text(step->guard), step->reason ? "yes" : "", step->undo ? "yes" : "");
	}
}

int main(void)
{
	printf("# The life of a damage report\n\n"
	       "Made from `src/fleet/report/lifecycle.h` by `ninja -C build lifecycle-page`; do not edit.\n\n"
	       "A report has a stage, finer than the six statuses that lists and totals know. `availableTransitions` says which "
	       "ways are open\n"
	       "to the caller and why the others are closed; `transitionDamageReport` goes one; `undoDamageReportTransition` "
	       "takes the last step\n"
	       "back for ten minutes, by who took it or an administrator, as long as nothing else has happened to the report. "
	       "The worker's\n"
	       "assessment goes from `REPORTED` to `ASSESSED` by itself and leaves every other stage as it is.\n\n");
	write_diagram();
	printf("\n## Stages\n\n");
	write_stages();
	printf("\n## Ways\n\n");
	write_ways();
	printf("\n## Amounts\n\n"
	       "A role has at most two limits (`setApprovalLimit`): what one person may approve, and what two may together. The "
	       "cost is the higher of\n"
	       "the estimate and the actual cost; while nobody knows it, a role with a limit cannot approve. Above the first "
	       "limit the first approval\n"
	       "is kept (`awaitsSecondApproval`) and another person's completes it; a change of the cost makes it void. Above "
	       "the second limit an\n"
	       "administrator decides. A role without a limit may approve any amount, and so may administrators.\n\n"
	       "## Deadlines\n\n"
	       "The priority says how many hours triage, the decision and the repair may take (`setReportDeadlines`). A clock "
	       "runs as long as the\n"
	       "phase does: an assessment that arrives gives nobody more time to look, and taking a step back puts its clock "
	       "back too. When a\n"
	       "deadline has passed, one event `report.overdue` says so; it changes nothing else. `slaState` is `DUE_SOON` in "
	       "the last quarter.\n\n"
	       "## State and events\n\n"
	       "Every change writes the new state and an event in one transaction (`src/fleet/report/change.h`). The event's data has\n"
	       "`\"field\": [before, after]` for each field that it changed, with the transition and the reason. `fleet rebuild "
	       "--check` makes each\n"
	       "report from its events, with its zones, estimates, work orders, bills and claim, and names every difference; `fleet rebuild` mends them, and the totals.\n"
	       "A row that no event tells of goes, one that is missing comes back. What events do not hold cannot: instructions of an order, what its tasks and a\n"
	       "bill's lines were called (`(lost)`), the adjuster. What an estimate came to is never changed; where it differs, somebody has to look.\n");
	return 0;
}
