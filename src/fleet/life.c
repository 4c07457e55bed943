#include "fleet/life.h"

fl_str fl_word_name(const fl_words *words, int code)
{
	bool known = code > 0 && (size_t)code < words->count && words->list[code].name.ptr;
	return known ? words->list[code].name : (fl_str)FL_STR_INIT("");
}

int fl_word_find(const fl_words *words, fl_str name)
{
	for (size_t code = 1; code < words->count; code++)
		if (words->list[code].name.ptr && fl_str_eq(words->list[code].name, name))
			return (int)code;
	return 0;
}

const fl_life_step *fl_life_step_of(const fl_life *life, int from, int verb)
{
	for (size_t i = 0; i < life->step_count; i++)
		if (life->steps[i].from == from && life->steps[i].verb == verb)
			return &life->steps[i];
	return NULL;
}

int fl_life_next(const fl_life *life, int from, int verb)
{
	const fl_life_step *step = fl_life_step_of(life, from, verb);
	return step ? step->to : 0;
}

fl_str fl_life_state(const fl_life *life, int state)
{
	return fl_word_name(&life->states, state);
}

fl_str fl_life_verb(const fl_life *life, int verb)
{
	return fl_word_name(&life->verbs, verb);
}

const char *fl_life_past(const fl_life *life, fl_str verb, const char *otherwise)
{
	int code = fl_word_find(&life->verbs, verb);
	return code ? life->verbs.list[code].text : otherwise;
}
