/* Plays a script (script.h) against a running Fleet. What the lines of a step mean:
 *
 *	as ROLE             driver, manager, auditor or admin of the demo company; nobody (default): without a token
 *	photo KIND VIEW PART DAMAGE   a picture is drawn and sent with the operation (picture/picture.h); up to four
 *	get PATH            GET of a page or file, instead of an operation
 *	keep FILE           what `get` gave is kept under this name, and {{FILE}} is where
 *	verify FILE         that file is a whole pack (pack/pack.h)
 *	post PATH           the block `form` (a field a line, name=value) is sent as a browser would
 *	until PATH VALUE    asks again until the answer has this there, or two minutes are over
 *	want PATH VALUE     the answer must have this there; *: anything but nothing
 *	refused CODE        the answer must be this refusal (extensions.code), and {{refusal}} is its sentence
 *	save NAME PATH      {{NAME}} is that from now on, wherever it stands
 *	say TEXT            what the person has seen
 *
 * PATH goes through objects by name and through lists by number, as in damageReport.photos.0.id. Of a page or file it is `status`,
 * `bytes`, or `text WORDS`. {{run}} and {{serial}} (six digits) are different in every play,
 * {{hour_ago}}, {{now}}, {{yesterday}}, {{tomorrow}} and {{next_week}} are times, {{url}} is the server. A block `file` is uploaded at variables.input.file. */
#ifndef FL_APP_PLAY_H
#define FL_APP_PLAY_H

#include "app/client.h"
#include "app/home.h"
#include "app/script.h"
#include "fleet/fleet.h"

enum { APP_PLAY_NAMES_MAX = 64, APP_PLAY_PHOTOS_MAX = 4, APP_PLAY_KEPT_MAX = 8 };

typedef struct app_play {
	const app_home *home;
	fl_arena *mem;      /* of the whole play */
	fl_str url;
	fl_str tokens[FL_ROLE_SYSTEM + 1]; /* by role; empty: nobody plays it */
	const char *keep_dir;              /* NULL: files that are kept go into HOME/tmp and are removed at the end */
	struct {
		fl_str name, value;
	} names[APP_PLAY_NAMES_MAX];
	size_t name_count;
	/* private */
	const char *kept[APP_PLAY_KEPT_MAX];
	size_t kept_count;
	app_client client;
	fl_arena step_mem;
} app_play;

typedef struct app_played {
	fl_str said;    /* in play->mem */
	int64_t took_us;
} app_played;

void app_play_init(app_play *play, const app_home *home, fl_str url, fl_arena *mem);
void app_play_fini(app_play *play);

/* Errors: those of the server with its sentence, FL_CONFLICT when the answer is not what the step wants (diag says what it
 * is), FL_TIMEOUT. */
FL_MUST fl_err app_play_step(app_play *play, const app_step *step, app_played *out, fl_diag *diag);

/* The value of a name; empty: it has none. */
fl_str app_play_value(const app_play *play, fl_str name);

#endif
