#include "app/play.h"
#include "app/demo_picture.h"
#include "pack/pack.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ASK_US FL_MINUTE_US
#define PATIENCE_US (2 * FL_MINUTE_US)
enum { STEP_MEM_MAX = 256 << 20, PAUSE_MS = 150 };

typedef struct answer {
	const fl_json *data; /* of an operation */
	app_page page;       /* of a page or file */
	bool refused;
} answer;

/* ---- Names ---- */

fl_str app_play_value(const app_play *play, fl_str name)
{
	for (size_t i = play->name_count; i-- > 0;)
		if (fl_str_eq(play->names[i].name, name))
			return play->names[i].value;
	return FL_STR("");
}

static fl_err name_it(app_play *play, fl_str name, fl_str value, fl_diag *diag)
{
	if (play->name_count == APP_PLAY_NAMES_MAX)
		return fl_fail(diag, FL_LIMIT, "a play has at most %d names", APP_PLAY_NAMES_MAX);
	play->names[play->name_count].name = fl_str_dup(play->mem, name);
	play->names[play->name_count].value = fl_str_dup(play->mem, value);
	if (!play->names[play->name_count].name.ptr || (value.len && !play->names[play->name_count].value.ptr))
		return FL_NOMEM;
	play->name_count++;
	return FL_OK;
}

typedef enum manner { AS_IT_IS, IN_JSON, IN_A_FORM } manner;

static void add_encoded(fl_buf *out, fl_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-_.~", c))
			fl_buf_add(out, &text.ptr[i], 1);
		else
			fl_buf_fmt(out, "%%%02X", c);
	}
}

static void add_value(fl_buf *out, fl_str value, manner how)
{
	FL_AUTO_BUF fl_buf quoted = fl_buf_make(1 << 20);
	if (how != IN_JSON) {
		fl_buf_add(out, value.ptr, value.len);
		return;
	}
	fl_json_quote(&quoted, value);
	if (quoted.len >= 2)
		fl_buf_add(out, quoted.ptr + 1, quoted.len - 2); /* the quotes are the script's */
}

/* text with every {{name}} filled in, in the step's memory. */
static fl_err fill(app_play *play, fl_str text, manner how, fl_str *out, fl_diag *diag)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(8 << 20);
	for (ptrdiff_t at; (at = fl_str_find(text, FL_STR("{{"))) >= 0;) {
		ptrdiff_t end = fl_str_find(text, FL_STR("}}"));
		if (end < at)
			return fl_fail(diag, FL_BAD_INPUT, "the script has {{ without }}");
		fl_str name = fl_str_slice(text, (size_t)at + 2, (size_t)end), value = app_play_value(play, name);
		if (!value.len)
			return fl_fail(diag, FL_BAD_INPUT, "the script asks for {{%" FL_FMT "}}, which nothing has saved", FL_ARG(name));
		fl_buf_add(&buf, text.ptr, (size_t)at);
		add_value(&buf, value, how);
		text = fl_str_slice(text, (size_t)end + 2, text.len);
	}
	fl_buf_add(&buf, text.ptr, text.len);
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(&play->step_mem, fl_buf_view(&buf));
	return buf.len && !out->ptr ? FL_NOMEM : FL_OK;
}

static fl_err fill_line(app_play *play, const app_step *step, const char *word, fl_str *out, fl_diag *diag)
{
	return fill(play, app_step_line(step, word), AS_IT_IS, out, diag);
}

void app_play_init(app_play *play, const app_home *home, fl_str url, fl_arena *mem)
{
	const int64_t now = fl_now_us();
	const struct {
		fl_str name;
		int64_t at_us;
	} times[] = { { FL_STR_INIT("now"), now }, { FL_STR_INIT("hour_ago"), now - FL_HOUR_US }, { FL_STR_INIT("yesterday"), now - FL_DAY_US },
		{ FL_STR_INIT("tomorrow"), now + FL_DAY_US }, { FL_STR_INIT("next_week"), now + 7 * FL_DAY_US } };
	fl_diag diag = {};
	fl_err err;
	*play = (app_play){ .home = home, .mem = mem, .url = url, .step_mem = fl_arena_make(STEP_MEM_MAX), .client = { .url = url } };
	err = name_it(play, FL_STR("url"), url, &diag);
	if (err == FL_OK)
		err = name_it(play, FL_STR("run"), fl_str_fmt(mem, "%llX", (unsigned long long)(now / FL_SECOND_US) & 0xFFFFFF), &diag);
	if (err == FL_OK)
		err = name_it(play, FL_STR("serial"), fl_str_fmt(mem, "%06lld", (long long)(now / FL_SECOND_US) % 1000000), &diag);
	for (size_t i = 0; i < FL_COUNT(times) && err == FL_OK; i++) {
		char text[FL_TIME_TEXT_MAX];
		fl_time_format(times[i].at_us, text);
		err = name_it(play, times[i].name, fl_str_z(text), &diag);
	}
	assert(err == FL_OK);
}

void app_play_fini(app_play *play)
{
	for (size_t i = 0; i < play->kept_count && !play->keep_dir; i++)
		unlink(play->kept[i]);
	app_client_close(&play->client);
	fl_arena_fini(&play->step_mem);
}

/* ---- What an answer has at a path ---- */

static const fl_json *walk(const fl_json *at, fl_str path)
{
	while (at && path.len) {
		fl_str key = fl_str_cut(path, '.', &path);
		int32_t index;
		if (at->type == FL_JSON_ARRAY && fl_str_i32(key, &index)) {
			at = at->items.first;
			while (at && index-- > 0)
				at = at->next;
		} else {
			at = fl_json_get(at, key);
		}
	}
	return at;
}

static fl_str text_of(app_play *play, const fl_json *value)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(1 << 20);
	fl_json_out j = { .buf = &buf };
	if (!value || value->type == FL_JSON_NULL)
		return FL_STR("");
	if (value->type == FL_JSON_STRING)
		return value->string;
	if (value->type == FL_JSON_ARRAY && value->items.count == 0)
		return FL_STR("");
	fl_json_put(&j, value);
	return fl_str_dup(&play->step_mem, fl_buf_view(&buf));
}

static fl_str found_at(app_play *play, const answer *a, fl_str path)
{
	fl_str words;
	if (a->data)
		return text_of(play, walk(a->data, path));
	if (fl_str_eq(path, FL_STR("status")))
		return fl_str_fmt(&play->step_mem, "%ld", a->page.status);
	if (fl_str_eq(path, FL_STR("bytes")))
		return fl_str_fmt(&play->step_mem, "%zu", a->page.body.len);
	(void)fl_str_cut(path, ' ', &words);
	return fl_str_find(a->page.body, words) >= 0 ? words : FL_STR("");
}

/* "PATH VALUE": the value is what stands behind the first space; `text WORDS` of a page is asked as a whole. */
static bool holds(app_play *play, const answer *a, fl_str rest, fl_str *path, fl_str *found)
{
	fl_str value;
	if (fl_str_starts(rest, FL_STR("text "))) {
		*path = rest;
		*found = found_at(play, a, rest);
		return found->len > 0;
	}
	*path = fl_str_cut(rest, ' ', &value);
	*found = found_at(play, a, *path);
	value = fl_str_trim(value);
	return fl_str_eq(value, FL_STR("*")) ? found->len > 0 : fl_str_eq(*found, value);
}

/* ---- Doing ---- */

static const struct {
	const char *name;
	int code;
} words_of_scenes[] = { { "car", FL_SCENE_CAR }, { "van", FL_SCENE_VAN }, { "truck", FL_SCENE_TRUCK }, { "side", FL_SCENE_SIDE },
	{ "front", FL_SCENE_FRONT }, { "rear", FL_SCENE_REAR }, { "hood", FL_PART_HOOD }, { "bumper", FL_PART_BUMPER }, { "trunk", FL_PART_TRUNK },
	{ "door", FL_PART_DOOR }, { "fender", FL_PART_FENDER }, { "light", FL_PART_LIGHT }, { "windshield", FL_PART_WINDSHIELD },
	{ "whole", FL_SCENE_WHOLE }, { "scratch", FL_SCENE_SCRATCH }, { "dent", FL_SCENE_DENT }, { "broken", FL_SCENE_BROKEN } };

static int next_word(fl_str *rest)
{
	fl_str word = fl_str_cut(*rest, ' ', rest);
	for (size_t i = 0; i < FL_COUNT(words_of_scenes); i++)
		if (fl_str_eq(word, fl_str_z(words_of_scenes[i].name)))
			return words_of_scenes[i].code;
	return -1;
}

static fl_err draw_one(app_play *play, fl_str words, size_t index, app_upload *out, fl_diag *diag)
{
	const fl_str run = app_play_value(play, FL_STR("run"));
	fl_scene scene = fl_scene_random(fl_hash(run.ptr, run.len, 1)); /* one vehicle on all photos of a play */
	const int kind = next_word(&words), view = next_word(&words), part = next_word(&words), damage = next_word(&words);
	char *path = fl_str_cstr(&play->step_mem, fl_str_fmt(&play->step_mem, "%s/day-%d-%zu.jpg", play->home->tmp, (int)getpid(), index));
	if (!path)
		return FL_NOMEM;
	if (kind < 0 || view < 0 || part < 0 || damage < 0)
		return fl_fail(diag, FL_BAD_INPUT, "a photo is said as in: photo van rear trunk dent");
	scene.vehicle = (fl_scene_vehicle)kind;
	scene.view = (fl_scene_view)view;
	scene.part = (fl_vehicle_part)part;
	scene.damage = (fl_scene_damage)damage;
	scene.strength = 0.8f;
	scene.light = FL_SCENE_DAY;
	scene.zoom = index == 0 ? 1 : 2.5f; /* the whole side first, then close */
	return app_demo_picture(&scene, path, out);
}

static fl_err write_file(app_play *play, fl_str text, app_upload *out)
{
	char *path = fl_str_cstr(&play->step_mem, fl_str_fmt(&play->step_mem, "%s/day-%d.csv", play->home->tmp, (int)getpid()));
	FILE *file = path ? fopen(path, "we") : NULL;
	if (!file)
		return FL_IO;
	bool good = fwrite(text.ptr, 1, text.len, file) == text.len;
	good = fclose(file) == 0 && good;
	*out = (app_upload){ .path = path, .size = (int64_t)text.len, .at = "variables.input.file" };
	return good ? FL_OK : FL_IO;
}

typedef struct uploads {
	app_upload files[APP_PLAY_PHOTOS_MAX];
	size_t count;
} uploads;

static fl_err prepare_uploads(app_play *play, const app_step *step, uploads *out, fl_diag *diag)
{
	fl_str text;
	if (step->file.len) {
		FL_TRY(fill(play, step->file, AS_IT_IS, &text, diag));
		FL_TRY(write_file(play, text, &out->files[out->count++]));
	}
	for (size_t i = 0; i < step->line_count; i++)
		if (fl_str_eq(step->lines[i].word, FL_STR("photo")) && out->count < APP_PLAY_PHOTOS_MAX) {
			FL_TRY(draw_one(play, step->lines[i].rest, out->count, &out->files[out->count], diag));
			out->count++;
		}
	return FL_OK;
}

static void remove_uploads(const uploads *u)
{
	for (size_t i = 0; i < u->count; i++)
		unlink(u->files[i].path);
}

/* A refusal is an answer too: whether it is the right one is judged later. */
static fl_err ask(app_play *play, const app_step *step, const uploads *u, answer *out, fl_diag *diag)
{
	fl_str variables, expected = app_step_line(step, "refused");
	FL_TRY(fill(play, step->variables, IN_JSON, &variables, diag));
	fl_err err = app_client_ask(&play->client, step->operation, variables, u->files, u->count, "variables.input.photos", ASK_US, &out->data, diag);
	if (!expected.len)
		return err;
	if (err == FL_OK)
		return fl_fail(diag, FL_CONFLICT, "this should have been refused as %" FL_FMT ", but was done", FL_ARG(expected));
	if (!fl_str_eq(fl_str_z(fl_err_code(err)), expected))
		return err;
	out->refused = true;
	return name_it(play, FL_STR("refusal"), fl_str_z(fl_diag_text(diag, err)), diag);
}

/* Links may name the server as others reach it. */
static fl_str path_of(fl_str link)
{
	ptrdiff_t scheme = fl_str_find(link, FL_STR("://"));
	if (scheme < 0)
		return link;
	fl_str behind = fl_str_slice(link, (size_t)scheme + 3, link.len);
	ptrdiff_t slash = fl_str_find_char(behind, '/');
	return slash < 0 ? FL_STR("/") : fl_str_slice(behind, (size_t)slash, behind.len);
}

/* Lines of name=value as a browser sends them. */
static fl_err encode_form(app_play *play, fl_str lines, fl_str *out, fl_diag *diag)
{
	FL_AUTO_BUF fl_buf buf = fl_buf_make(1 << 20);
	FL_TRY(fill(play, lines, IN_A_FORM, &lines, diag));
	while (lines.len) {
		fl_str value, line = fl_str_trim(fl_str_cut(lines, '\n', &lines)), name = fl_str_cut(line, '=', &value);
		if (!line.len)
			continue;
		fl_buf_add(&buf, "&", buf.len ? 1 : 0);
		add_encoded(&buf, name);
		fl_buf_add(&buf, "=", 1);
		add_encoded(&buf, value);
	}
	FL_TRY(fl_buf_err(&buf));
	*out = fl_str_dup(&play->step_mem, fl_buf_view(&buf));
	return FL_OK;
}

static fl_err visit(app_play *play, const app_step *step, answer *out, fl_diag *diag)
{
	fl_str path, form;
	const bool posts = app_step_line(step, "post").len > 0;
	FL_TRY(fill_line(play, step, posts ? "post" : "get", &path, diag));
	if (posts)
		FL_TRY(encode_form(play, step->form, &form, diag));
	return app_client_page(&play->client, path_of(path), posts ? &form : NULL, ASK_US, &out->page, diag);
}

static fl_err act(app_play *play, const app_step *step, answer *out, fl_diag *diag)
{
	uploads u = {};
	*out = (answer){};
	if (!step->operation.len)
		return visit(play, step, out, diag);
	fl_err err = prepare_uploads(play, step, &u, diag);
	if (err == FL_OK)
		err = ask(play, step, &u, out, diag);
	remove_uploads(&u);
	return err;
}

static fl_err act_until(app_play *play, const app_step *step, answer *out, fl_diag *diag)
{
	const int64_t until_us = fl_mono_us() + PATIENCE_US;
	fl_str wanted, path, found;
	FL_TRY(fill_line(play, step, "until", &wanted, diag));
	for (;;) {
		FL_TRY(act(play, step, out, diag));
		if (!wanted.len || holds(play, out, wanted, &path, &found))
			return FL_OK;
		if (fl_mono_us() > until_us)
			return fl_fail(diag, FL_TIMEOUT, "two minutes are over, and %" FL_FMT " is '%" FL_FMT "'", FL_ARG(path), FL_ARG(found));
		nanosleep(&(struct timespec){ .tv_nsec = PAUSE_MS * 1000000L }, NULL);
	}
}

/* ---- Judging and remembering ---- */

static fl_err check_wants(app_play *play, const app_step *step, const answer *a, fl_diag *diag)
{
	for (size_t i = 0; i < step->line_count; i++) {
		fl_str rest, path, found;
		if (!fl_str_eq(step->lines[i].word, FL_STR("want")))
			continue;
		FL_TRY(fill(play, step->lines[i].rest, AS_IT_IS, &rest, diag));
		if (!holds(play, a, rest, &path, &found))
			return fl_fail(diag, FL_CONFLICT, "wanted %" FL_FMT ", but there is '%" FL_FMT "'", FL_ARG(rest), FL_ARG(found));
	}
	return FL_OK;
}

static fl_err save_names(app_play *play, const app_step *step, const answer *a, fl_diag *diag)
{
	for (size_t i = 0; i < step->line_count; i++) {
		fl_str path, name, value;
		if (!fl_str_eq(step->lines[i].word, FL_STR("save")))
			continue;
		name = fl_str_cut(step->lines[i].rest, ' ', &path);
		value = found_at(play, a, fl_str_trim(path));
		if (!value.len)
			return fl_fail(diag, FL_CONFLICT, "the answer has nothing at %" FL_FMT, FL_ARG(path));
		FL_TRY(name_it(play, name, value, diag));
	}
	return FL_OK;
}

static fl_err keep_file(app_play *play, const app_step *step, const answer *a, fl_diag *diag)
{
	fl_str name;
	const char *dir = play->keep_dir ? play->keep_dir : play->home->tmp;
	FL_TRY(fill_line(play, step, "keep", &name, diag));
	if (!name.len)
		return FL_OK;
	if (play->kept_count == APP_PLAY_KEPT_MAX)
		return fl_fail(diag, FL_LIMIT, "a play keeps at most %d files", APP_PLAY_KEPT_MAX);
	char *path = fl_str_cstr(play->mem, fl_str_fmt(play->mem, "%s/%" FL_FMT, dir, FL_ARG(name)));
	play->kept[play->kept_count++] = path;
	FILE *file = path ? fopen(path, "we") : NULL;
	bool good = file && fwrite(a->page.body.ptr, 1, a->page.body.len, file) == a->page.body.len;
	good = file && fclose(file) == 0 && good;
	return good ? name_it(play, name, fl_str_z(path), diag) : fl_fail(diag, FL_IO, "%s cannot be written", path ? path : "a file");
}

static fl_err check_pack(app_play *play, const app_step *step, fl_diag *diag)
{
	fl_pack_verdict verdict = {};
	fl_str name;
	FL_TRY(fill_line(play, step, "verify", &name, diag));
	if (!name.len)
		return FL_OK;
	char *path = fl_str_cstr(&play->step_mem, app_play_value(play, name));
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return fl_fail(diag, FL_IO, "%" FL_FMT " cannot be read", FL_ARG(name));
	fl_err err = fl_pack_verify(fd, &(fl_pack_check){}, diag, &verdict);
	close(fd);
	if (err == FL_OK && verdict.findings > 0)
		err = fl_fail(diag, FL_CONFLICT, "%" FL_FMT " is not what its manifest says", FL_ARG(name));
	return err;
}

static fl_err judge(app_play *play, const app_step *step, const answer *a, app_played *out, fl_diag *diag)
{
	fl_str said;
	if (!a->refused) {
		FL_TRY(check_wants(play, step, a, diag));
		FL_TRY(save_names(play, step, a, diag));
		FL_TRY(keep_file(play, step, a, diag));
		FL_TRY(check_pack(play, step, diag));
	}
	FL_TRY(fill_line(play, step, "say", &said, diag));
	out->said = fl_str_dup(play->mem, said);
	return FL_OK;
}

fl_err app_play_step(app_play *play, const app_step *step, app_played *out, fl_diag *diag)
{
	const int64_t began_us = fl_mono_us();
	const fl_role role = fl_role_parse(app_step_line(step, "as"));
	answer a;
	fl_arena_reset(&play->step_mem);
	play->client.mem = &play->step_mem;
	play->client.token = play->tokens[role];
	FL_TRY(act_until(play, step, &a, diag));
	FL_TRY(judge(play, step, &a, out, diag));
	out->took_us = fl_mono_us() - began_us;
	return FL_OK;
}
