/* One report: what happened, how bad it was, what it cost, how it went on. Chosen in that order, each from what came before. */
#include <math.h>
#include <stdio.h>

#include "seed/seed_int.h"

enum { COLLISION = 1, VANDALISM, WEATHER, WEAR, MECHANICAL, GLASS, TIRE, INTERIOR, THEFT, FIRE, FLOOD, OTHER, TYPES = OTHER };
enum { NO_PART, HOOD, BUMPER, TRUNK, DOOR, FENDER, LIGHT, WINDSHIELD, PARTS = WINDSHIELD };

typedef struct kind_of {
	int weight;
	int month[12];        /* percent of the weight, January first */
	int severity[6];      /* weights: cosmetic, minor, moderate, major, critical, total loss */
	int part[PARTS + 1];  /* weights, none first */
	int cost_percent;     /* of a body repair of that severity */
	const char *openers[10]; /* {part} {place} {object} {when} */
} kind_of;

static const kind_of KINDS[TYPES + 1] = {
	[COLLISION] = { 340, { 135, 125, 105, 95, 85, 80, 75, 75, 90, 110, 125, 130 }, { 120, 330, 330, 170, 40, 10 }, { 0, 6, 34, 8, 22, 20, 8, 2 }, 100,
		{ "Hit {object} with the {part} while manoeuvring {place}.", "Scraped the {part} along {object} {place}.",
		"Another vehicle drove into our {part} {when} {place}; details exchanged.", "Misjudged the turn {place} and caught {object} with the {part}.",
		"Rear-ended in slow traffic {place}. The {part} took the impact.", "Reversed into {object} {place}; the {part} is damaged.",
		"Clipped {object} with the {part} {when}, {place}.", "Somebody hit the {part} while the vehicle was parked {place} and left no note." } },
	[VANDALISM] = { 70, { 100, 95, 95, 95, 95, 105, 110, 110, 100, 105, 100, 110 }, { 350, 380, 200, 60, 10, 0 }, { 0, 12, 4, 8, 40, 16, 8, 12 }, 80,
		{ "The {part} was keyed over its whole length overnight {place}.", "Found the {part} kicked in {when} {place}.",
		"Graffiti on the {part}; the vehicle stood {place}.", "Somebody smashed against the {part} while it was parked {place}." } },
	[WEATHER] = { 60, { 90, 90, 80, 70, 170, 220, 190, 120, 70, 110, 130, 90 }, { 280, 400, 230, 80, 10, 0 }, { 10, 40, 2, 12, 8, 8, 4, 16 }, 90,
		{ "Hail {place}: many small dents, worst on the {part}.", "A branch came down on the {part} during the storm {place}.",
		"The wind threw {object} against the {part} {place}.", "Dents on the {part} after the hailstorm {when}." } },
	[WEAR] = { 90, { 100, 100, 110, 110, 100, 95, 90, 90, 100, 105, 100, 100 }, { 420, 410, 150, 20, 0, 0 }, { 20, 4, 28, 12, 26, 8, 2, 0 }, 55,
		{ "Paint on the {part} is flaking and rust starts to show.", "The {part} has come loose with age and rattles.",
		"Old scuffs on the {part} have become worse; noticed {when}.", "The seal of the {part} is worn and lets water in." } },
	[MECHANICAL] = { 80, { 120, 115, 100, 95, 90, 100, 110, 105, 95, 95, 100, 115 }, { 0, 260, 460, 210, 70, 0 }, { 1, 0, 0, 0, 0, 0, 0, 0 }, 110,
		{ "Warning light for the engine came on {place}; power was reduced.", "Brakes grind when slowing down, noticed {when} {place}.",
		"The gearbox jumps out of third under load.", "Coolant on the ground {place} after the morning round.", "The tail lift stops half-way; hydraulic oil is leaking.",
		"Battery does not hold its charge any more; had to be jump-started {place}.", "Exhaust blows and the vehicle is loud." } },
	[GLASS] = { 110, { 140, 140, 125, 100, 85, 80, 80, 80, 90, 100, 110, 125 }, { 60, 430, 430, 80, 0, 0 }, { 0, 0, 0, 0, 0, 0, 35, 65 }, 60,
		{ "A stone chipped the {part} on the motorway, {place}.", "Crack in the {part}, growing from the edge since {when}.",
		"The {part} broke when {object} touched it {place}.", "The {part} was shattered this morning {place}; swept up the pieces." } },
	[TIRE] = { 100, { 110, 130, 140, 105, 90, 90, 95, 90, 95, 100, 105, 110 }, { 40, 520, 350, 60, 30, 0 }, { 1, 0, 0, 0, 0, 0, 0, 0 }, 45,
		{ "Flat tyre front left {place}, a screw in the tread.", "Tyre rear right lost air {when}; the side wall is cut.",
		"Hit a pothole {place}; the rim is bent and the tyre bulges.", "Kerbed the front wheel {place}. Rim scratched, tyre damaged.",
		"Tread below the limit on the rear axle." } },
	[INTERIOR] = { 50, { 100, 100, 100, 100, 100, 100, 105, 105, 100, 100, 100, 100 }, { 420, 400, 160, 20, 0, 0 }, { 1, 0, 0, 0, 0, 0, 0, 0 }, 50,
		{ "The driver's seat is torn along the seam.", "Cargo shifted and broke the partition wall {place}.", "Coffee in the centre console; the radio stays dark.",
		"The floor of the load area is cracked after loading {object}.", "Dashboard trim broken when fitting the phone holder." } },
	[THEFT] = { 35, { 110, 100, 95, 90, 90, 95, 100, 100, 100, 105, 120, 135 }, { 10, 180, 420, 290, 80, 20 }, { 20, 0, 0, 14, 40, 0, 6, 20 }, 120,
		{ "Broken into overnight {place}: the {part} was forced, tools are missing.", "The catalytic converter was cut out {place}.",
		"Break-in {place}, {part} damaged; the police have been told.", "Both number plates and a mirror glass were stolen {place}." } },
	[FIRE] = { 4, { 100, 100, 100, 100, 100, 120, 130, 120, 100, 100, 100, 100 }, { 0, 60, 240, 350, 230, 120 }, { 50, 50, 0, 0, 0, 0, 0, 0 }, 160,
		{ "Smoke from the engine bay {place}; put out with the extinguisher. The bonnet is discoloured.", "A cable fire under the dashboard {place}. Nobody was hurt." } },
	[FLOOD] = { 6, { 110, 100, 70, 50, 70, 120, 160, 140, 100, 120, 180, 130 }, { 0, 120, 320, 340, 180, 40 }, { 1, 0, 0, 0, 0, 0, 0, 0 }, 140,
		{ "The underpass {place} was under water; the engine died.", "Water in the footwell after heavy rain {when} {place}." } },
	[OTHER] = { 30, { 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100 }, { 260, 410, 240, 80, 10, 0 }, { 30, 4, 14, 12, 24, 10, 4, 2 }, 85,
		{ "Noticed damage to the {part} during the weekly check; nobody knows since when.", "A bird strike {place}; the {part} is damaged.",
		"Paint spilled on the {part} {place}.", "Animal bites on the cables, found {when} {place}." } },
};

static const char *const PART_WORDS[PARTS + 1][5] = {
	[NO_PART] = { "bodywork", "underbody", "side panel", "roof", "mirror" },
	[HOOD] = { "bonnet", "bonnet", "front of the bonnet", "bonnet edge", "bonnet" },
	[BUMPER] = { "front bumper", "rear bumper", "rear bumper corner", "left corner of the front bumper", "right corner of the front bumper" },
	[TRUNK] = { "tailgate", "left rear door", "right rear door", "tail lift edge", "tailgate handle" },
	[DOOR] = { "front left door", "rear left door", "front right door", "sliding door", "driver's door" },
	[FENDER] = { "left front wing", "right front wing", "left rear quarter panel", "right rear quarter panel", "wheel arch" },
	[LIGHT] = { "left headlight", "right headlight", "left tail light", "right tail light", "indicator in the mirror" },
	[WINDSHIELD] = { "windscreen", "windscreen", "rear window", "windscreen on the passenger's side", "windscreen" },
};

static const char *const PART_CODES[PARTS + 1] = { "", "hood", "bumper", "trunk", "door", "fender", "light", "windshield" };

static const char *const OBJECTS[] = { "a bollard", "a concrete pillar", "a parked car", "the loading dock", "a pallet truck", "a low wall", "a gate post",
	"a traffic sign", "a skip", "a lamp post", "another van", "a roll container", "the barrier of the car park", "a metal fence" };

static const char *const LATER[] = { "The vehicle can be driven.", "Still safe to drive, lights work.", "It needs to come in before the weekend.",
	"Please look at it at the next service.", "I carried on with the round.", "The vehicle stays at the depot until somebody has looked at it.",
	"Photos were taken on the spot.", "No other people involved.", "The other driver admitted fault.", "The customer saw it happen and can confirm.",
	"It was dark and raining.", "I was not going faster than walking pace.", "The parking sensor did not warn.", "A colleague helped to secure the load.",
	"Nobody was hurt." };

static const char *const BAD_LATER[] = { "The vehicle had to be towed.", "It is not safe to drive like this.", "The roadside service brought it to the depot.",
	"Police were on the spot; the file number follows.", "Fluid is leaking, I switched it off at once." };

static const char *const REASONS[] = { "Already reported under an earlier number.", "Within the limits of normal wear.", "The damage was there when we leased the vehicle.",
	"The other party's insurer settles directly.", "Not enough to go on; please file again with photos." };

/* ---- Words ---- */

typedef struct writer {
	char *at, *end;
} writer;

static void put(writer *w, const char *text)
{
	size_t len = FL_MIN(strlen(text), (size_t)(w->end - w->at - 1));

	memcpy(w->at, text, len);
	w->at += len;
	*w->at = '\0';
}

static const char *part_of_day(int64_t us)
{
	int hour = fl_time_civil(us).hour;

	return hour < 6 ? "last night" : hour < 10 ? "early in the morning" : hour < 12 ? "in the morning" : hour < 14 ? "around noon" : hour < 18 ? "in the afternoon" : "in the evening";
}

/* Puts text with its slots filled. */
static void expand(writer *w, fl_dice *d, const fl_story *s, const char *text)
{
	const char *slot, *close;

	while ((slot = strchr(text, '{')) && (close = strchr(slot, '}'))) {
		char head[200];
		snprintf(head, sizeof head, "%.*s", (int)(slot - text), text);
		put(w, head);
		put(w, slot[1] == 'p' && slot[2] == 'a' ? PART_WORDS[s->part][fl_dice_below(d, 5)]
		       : slot[1] == 'p'                 ? s->place->name
		       : slot[1] == 'o'                 ? OBJECTS[fl_dice_below(d, FL_COUNT(OBJECTS))]
		                                        : part_of_day(s->incident_us));
		text = close + 1;
	}
	put(w, text);
}

static void describe(fl_dice *d, fl_story *s)
{
	const kind_of *k = &KINDS[s->type];
	writer w = { s->description, s->description + sizeof s->description };
	int openers = 0;

	while (openers < 10 && k->openers[openers])
		openers++;
	expand(&w, d, s, k->openers[fl_dice_below(d, openers)]);
	if (s->severity >= 4 && fl_dice_chance(d, 0.7)) {
		put(&w, " ");
		put(&w, BAD_LATER[fl_dice_below(d, FL_COUNT(BAD_LATER))]);
	} else if (fl_dice_chance(d, 0.75)) {
		int first = fl_dice_below(d, FL_COUNT(LATER));
		put(&w, " ");
		put(&w, LATER[first]);
		if (fl_dice_chance(d, 0.3)) {
			put(&w, " ");
			put(&w, LATER[(first + 1 + fl_dice_below(d, FL_COUNT(LATER) - 1)) % (int)FL_COUNT(LATER)]);
		}
	}
}

/* ---- What happened ---- */

static int pick_type(fl_dice *d, int month, int vehicle_kind)
{
	int weights[TYPES + 1] = { 0 };

	for (int t = 1; t <= TYPES; t++)
		weights[t] = KINDS[t].weight * KINDS[t].month[month - 1];
	if (vehicle_kind == 3)
		weights[MECHANICAL] *= 2;
	return fl_dice_weighted(d, weights, TYPES + 1);
}

/* Euros of a body repair; a total loss costs what the vehicle is worth. */
static const int LIKELY_EUR[] = { 190, 460, 1350, 3900, 8600 };
static const int KIND_PERCENT[] = { 100, 100, 112, 165 };

static int64_t round_euro(double cents)
{
	return (int64_t)(cents / 100.0 + 0.5) * 100;
}

static void price(fl_dice *d, fl_story *s)
{
	double noise = exp(0.28 * fl_dice_normal(d)), likely;

	if (s->severity < 6)
		likely = LIKELY_EUR[s->severity - 1] * 100.0 * KINDS[s->type].cost_percent / 100 * KIND_PERCENT[s->vehicle->kind] / 100 * noise;
	else
		likely = (double)s->vehicle->value_cents * (0.9 + 0.15 * fl_dice_unit(d));
	likely = FL_MAX(likely, 4000.0);
	s->likely_cents = round_euro(likely);
	s->low_cents = round_euro(likely * (0.62 + 0.1 * fl_dice_unit(d)));
	s->high_cents = round_euro(likely * (1.45 + 0.4 * fl_dice_unit(d)));
	s->hours = s->severity == 6 ? 2.0 : (double)s->likely_cents / 100.0 * 0.42 / 78.0;
	s->hours = floor(s->hours * 10.0 + 5.0) / 10.0;
}

/* ---- How it went on ---- */

static int64_t hours_later(fl_dice *d, int64_t us, double mean_hours)
{
	return us + (int64_t)((0.3 - mean_hours * log(1.0 - 0.98 * fl_dice_unit(d))) * (double)FL_HOUR_US);
}

/* A few of the old ones are still open, as in life; of the new ones most are. */
static void follow(fl_dice *d, fl_story *s, int64_t now_us)
{
	double waiting_days = s->severity <= 2 ? 5 : 2, repair_days = s->severity <= 2 ? 6 : s->severity <= 3 ? 12 : 22;
	bool refused = fl_dice_chance(d, s->severity <= 1 ? 0.13 : 0.05);

	s->status = ASSESSED;
	s->version = 2;
	s->assessed_us = s->reported_us + (int64_t)(2 + fl_dice_below(d, 5)) * FL_SECOND_US;
	s->decided_us = hours_later(d, s->assessed_us, 24 * waiting_days);
	s->repair_us = refused ? FL_NEVER : hours_later(d, s->decided_us, 24 * 3);
	s->completed_us = refused ? FL_NEVER : hours_later(d, s->repair_us, 24 * repair_days);
	if (s->decided_us >= now_us || (s->decided_us > now_us - 90 * FL_DAY_US && fl_dice_chance(d, 0.04)))
		s->decided_us = s->repair_us = s->completed_us = FL_NEVER;
	else if (s->repair_us != FL_NEVER && (s->repair_us >= now_us || fl_dice_chance(d, 0.01)))
		s->repair_us = s->completed_us = FL_NEVER;
	else if (s->completed_us != FL_NEVER && (s->completed_us >= now_us || fl_dice_chance(d, 0.01)))
		s->completed_us = FL_NEVER;
	if (s->assessed_us >= now_us)
		s->assessed_us = now_us - 1;
	if (s->decided_us != FL_NEVER) {
		s->status = refused ? REJECTED : APPROVED;
		s->reason = refused ? REASONS[fl_dice_below(d, FL_COUNT(REASONS))] : NULL;
		s->version++;
	}
	if (s->repair_us != FL_NEVER) {
		s->status = IN_REPAIR;
		s->version++;
	}
	if (s->completed_us != FL_NEVER) {
		s->status = COMPLETED;
		s->version++;
		s->actual_cents = round_euro((double)s->likely_cents * exp(0.18 * fl_dice_normal(d)));
	}
}

void fl_story_make(fl_dice *d, const fl_company *c, int64_t reported_us, int64_t now_us, fl_story *s)
{
	static const int PRIORITY[] = { 0, 8, 6, 5, 3, 2, 1 };

	*s = (fl_story){ .reported_us = reported_us, .actual_cents = -1 };
	s->vehicle = &c->vehicles[(int)(pow(fl_dice_unit(d), 1.25) * c->vehicle_count)]; /* some have more bad luck than others */
	s->driver_id = c->drivers && !fl_dice_chance(d, 0.04) ? c->driver_ids[((s->vehicle - c->vehicles) + fl_dice_below(d, 4)) % c->drivers] : 0;
	s->place = &c->places[fl_dice_chance(d, 0.3) ? s->vehicle->facility : fl_dice_below(d, c->place_count)];
	s->latitude = s->place->latitude + 0.0011 * fl_dice_normal(d);
	s->longitude = s->place->longitude + 0.0017 * fl_dice_normal(d);
	s->type = pick_type(d, fl_time_civil(reported_us).month, s->vehicle->kind);
	s->severity = 1 + fl_dice_weighted(d, KINDS[s->type].severity, 6);
	s->part = fl_dice_weighted(d, KINDS[s->type].part, PARTS + 1);
	s->incident_us = reported_us - (int64_t)(FL_MINUTE_US * (4 + 90 * fl_dice_unit(d) * fl_dice_unit(d) + (fl_dice_chance(d, 0.1) ? 900 * fl_dice_unit(d) : 0)));
	s->priority = PRIORITY[s->severity];
	describe(d, s);
	price(d, s);
	follow(d, s, now_us);
	if (s->severity >= 3 && s->status >= APPROVED && s->status <= COMPLETED && fl_dice_chance(d, 0.4))
		snprintf(s->claim_no, sizeof s->claim_no, "CLM-%d-%06d", fl_time_civil(reported_us).year, fl_dice_below(d, 1000000));
}

const char *fl_part_code(int part)
{
	return PART_CODES[part];
}

/* ---- When ---- */

double fl_day_weight(int64_t day_us, int64_t start_us, int64_t now_us)
{
	static const double MONTH[] = { 1.22, 1.16, 1.04, 0.95, 0.94, 0.98, 0.90, 0.86, 0.96, 1.05, 1.14, 1.20 };
	static const double WEEKDAY[] = { 0.28, 1.15, 1.12, 1.08, 1.10, 1.22, 0.55 };
	fl_civil day = fl_time_civil(day_us);
	double growth = 0.75 + 0.5 * (double)(day_us - start_us) / (double)(now_us - start_us + 1);

	return MONTH[day.month - 1] * WEEKDAY[day.weekday] * growth;
}

int64_t fl_day_moment(fl_dice *d, int64_t day_us)
{
	/* UTC: the morning and the afternoon round, and a thin rest of the day. */
	double hour = fl_dice_chance(d, 0.92) ? (fl_dice_chance(d, 0.45) ? 8.2 + 1.4 * fl_dice_normal(d) : 14.3 + 2.0 * fl_dice_normal(d)) : 24.0 * fl_dice_unit(d);

	hour = FL_MAX(0.0, FL_MIN(hour, 23.99));
	return day_us + (int64_t)(hour * (double)FL_HOUR_US);
}
