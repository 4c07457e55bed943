/* Words and lives as tables: what the codes of an enum are called, and the steps between the states of a thing.
 *
 *	static const fl_word states[] = { FL_ORDER_STATES(FL_WORD) };             // X(NAME, code) or X(NAME, code, "text")
 *	static const fl_word verbs[] = { FL_ORDER_VERBS(FL_WORD) };
 *	#define STEP(from, verb, to, effect) { FL_ORDER_##from, FL_ORDER_##verb, FL_ORDER_##to, FL_EFFECT_##effect },
 *	static const fl_life_step steps[] = { FL_ORDER_STEPS(STEP) };
 *	const fl_life fl_order_life = { FL_WORDS(states), FL_WORDS(verbs), steps, FL_COUNT(steps) };
 *
 *	const fl_life_step *step = fl_life_step_of(&fl_order_life, order->state, FL_ORDER_START);    // NULL: not possible from there
 *
 * Codes are those of the database, from 1; 0 and codes that no table has are nothing: an empty name. Reports have a richer life of their
 * own (report/lifecycle.h), inspections one that also asks for open defects (inspection/inspection.h). */
#ifndef FL_FLEET_LIFE_H
#define FL_FLEET_LIFE_H

#include "base/base.h"

typedef struct fl_word {
	fl_str name;      /* as in the API: "IN_PROGRESS" */
	const char *text; /* for people: what it means, or what the history says of a verb; "" where the table has none */
} fl_word;
#define FL_WORD(name, code, ...) [code] = { FL_STR_INIT(#name), "" __VA_ARGS__ },

typedef struct fl_words {
	const fl_word *list; /* by code */
	size_t count;
} fl_words;
#define FL_WORDS(list) { (list), FL_COUNT(list) }

fl_str fl_word_name(const fl_words *words, int code); /* empty for none */
int fl_word_find(const fl_words *words, fl_str name); /* 0: there is none */

typedef struct fl_life_step {
	int16_t from, verb, to;
	int16_t with; /* what the table says besides: fl_order_effect, fl_claim_need; 0 where it says no more */
} fl_life_step;

typedef struct fl_life {
	fl_words states, verbs; /* verbs.count 0: they have no words */
	const fl_life_step *steps; /* at most one for a state and a verb */
	size_t step_count;
} fl_life;

const fl_life_step *fl_life_step_of(const fl_life *life, int from, int verb); /* NULL: there is none */
int fl_life_next(const fl_life *life, int from, int verb);                    /* the state that it leads to; 0: there is none */
fl_str fl_life_state(const fl_life *life, int state);
fl_str fl_life_verb(const fl_life *life, int verb);
/* What the history says of the verb of that name; otherwise: when there is none. */
const char *fl_life_past(const fl_life *life, fl_str verb, const char *otherwise);

#endif
