#include "app/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { STATE_MAX = 16384 };

static int open_lock(const app_home *home, int flags)
{
	char path[PATH_MAX + 16];
	snprintf(path, sizeof(path), "%s/up.lock", home->run);
	return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* A record lock, not flock: it names its holder, is not inherited by children, and ends with the process however that ends. */
fl_err app_lock(const app_home *home, pid_t *holder, fl_diag *diag)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open_lock(home, O_RDWR | O_CREAT);
	if (fd < 0)
		return fl_fail(diag, FL_IO, "%s/up.lock: %s", home->run, strerror(errno));
	if (fcntl(fd, F_SETLK, &lock) == 0)
		return FL_OK; /* the descriptor stays open: closing it would give the lock back */
	close(fd);
	*holder = app_lock_holder(home);
	return FL_IN_USE;
}

pid_t app_lock_holder(const app_home *home)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open_lock(home, O_RDWR);
	if (fd < 0)
		return 0;
	int rc = fcntl(fd, F_GETLK, &lock);
	close(fd);
	return rc == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}

static void state_path(const app_home *home, const char *suffix, char out[PATH_MAX + 16])
{
	snprintf(out, PATH_MAX + 16, "%s/up.json%s", home->run, suffix);
}

static void put(fl_json_out *j, fl_str key, fl_str value)
{
	fl_json_key(j, key);
	fl_json_put_str(j, value);
}

fl_err app_state_write(const app_home *home, const app_state *state, fl_diag *diag)
{
	char path[PATH_MAX + 16], temporary[PATH_MAX + 16];
	FL_AUTO_BUF fl_buf text = fl_buf_make(STATE_MAX);
	fl_json_out j = { .buf = &text };
	fl_json_open(&j, '{');
	fl_json_key(&j, FL_STR("pid"));
	fl_json_put_i64(&j, state->pid);
	put(&j, FL_STR("url"), state->url);
	put(&j, FL_STR("pg_url"), state->pg_url);
	put(&j, FL_STR("redis_url"), state->redis_url);
	fl_json_close(&j, '}');
	fl_buf_char(&text, '\n');
	FL_TRY(fl_buf_err(&text));

	state_path(home, "", path);
	state_path(home, ".new", temporary);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len;
	if (fd >= 0)
		close(fd);
	if (!good || rename(temporary, path) != 0)
		return fl_fail(diag, FL_IO, "%s: %s", path, strerror(errno));
	return FL_OK;
}

fl_err app_state_read(const app_home *home, fl_arena *mem, app_state *state, fl_diag *diag)
{
	char path[PATH_MAX + 16], text[STATE_MAX];
	const fl_json *json = NULL;
	pid_t holder = app_lock_holder(home);
	state_path(home, "", path);
	int fd = holder ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return fl_fail(diag, FL_NOT_FOUND, "no fleet runs on %s; start it with ./fleet up", home->path);
	ssize_t got = read(fd, text, sizeof(text));
	close(fd);
	fl_err err = fl_json_parse(mem, fl_str_make(text, got < 0 ? 0 : (size_t)got), &json, diag);
	if (err != FL_OK)
		return fl_fail(diag, FL_IO, "%s is damaged; stop fleet (kill %d) and start it again", path, (int)holder);
	state->pid = holder;
	state->url = fl_json_str(fl_json_get(json, FL_STR("url")), FL_STR(""));
	state->pg_url = fl_json_str(fl_json_get(json, FL_STR("pg_url")), FL_STR(""));
	state->redis_url = fl_json_str(fl_json_get(json, FL_STR("redis_url")), FL_STR(""));
	return FL_OK;
}

void app_state_remove(const app_home *home)
{
	char path[PATH_MAX + 16];
	state_path(home, "", path);
	unlink(path);
}

fl_err app_state_pg_url(const app_config *config, fl_arena *mem, const char **url, fl_diag *diag)
{
	app_home home;
	app_state state = { .pg_url = fl_str_z(config->pg_url) };
	if (state.pg_url.len == 0) {
		FL_TRY(app_home_enter(config->home, APP_HOME_LOOK, &home, diag));
		FL_TRY(app_state_read(&home, mem, &state, diag));
	}
	*url = fl_str_cstr(mem, state.pg_url);
	return *url ? FL_OK : FL_NOMEM;
}
