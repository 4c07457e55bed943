/* Counts what the logs of HOME/log say. Numbers in a line are no part of its kind: "job 7 of queue 1" is "job # of queue #". */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "maintain/maintain_int.h"

enum { LOG_READ_MAX = 64 << 20 };

static void count_kind(fl_log_kinds *kinds, const char *text)
{
	size_t i = 0;

	kinds->total++;
	while (i < kinds->count && strcmp(kinds->kind[i].text, text) != 0)
		i++;
	if (i == kinds->count) {
		if (kinds->count == FL_LOG_KINDS_MAX)
			return; /* counted in total */
		snprintf(kinds->kind[i].text, FL_LOG_TEXT_MAX, "%s", text);
		kinds->count++;
	}
	kinds->kind[i].n++;
}

/* Digits become one #, control characters nothing; cut where a person has read enough. */
static void kind_of(const char *line, char out[FL_LOG_TEXT_MAX])
{
	size_t n = 0;

	for (; *line && n + 1 < FL_LOG_TEXT_MAX - 16; line++) {
		bool digit = *line >= '0' && *line <= '9';
		if (digit && n && out[n - 1] == '#')
			continue;
		if ((unsigned char)*line >= ' ')
			out[n++] = digit ? '#' : *line;
	}
	out[n] = 0;
}

/* What stands behind a word, up to the next comma or the end. */
static bool behind(const char *line, const char *word, char out[FL_LOG_TEXT_MAX])
{
	const char *at = strstr(line, word);

	if (!at)
		return false;
	at += strlen(word);
	snprintf(out, FL_LOG_TEXT_MAX, "%.*s", (int)FL_MIN(strcspn(at, ",\n"), (size_t)(FL_LOG_TEXT_MAX - 1)), at);
	return true;
}

/* Signs that a process ended which nobody had asked to. */
static bool is_crash(const char *line)
{
	static const char *const signs[] = { "ended in the middle of a job", "lost their worker", "was terminated by signal", "PANIC: ", "Sanitizer",
		"Assertion `" };

	for (size_t i = 0; i < FL_COUNT(signs); i++)
		if (strstr(line, signs[i]))
			return true;
	return false;
}

/* "work, SIGABRT: error work request #: the sky fell": how it ended stays as it is, and how long it ran is no part of the kind. */
static bool restart_of(const char *line, char out[FL_LOG_TEXT_MAX])
{
	const char *at = strstr(line, " up restart: "), *words, *end;
	char rest[FL_LOG_TEXT_MAX];

	if (!at)
		return false;
	at += strlen(" up restart: ");
	end = strstr(at, " (ran ");
	end = end ? end : at + strcspn(at, "\n");
	words = strstr(at, ": ");
	int head = (int)((words && words < end ? words : end) - at), n;
	n = snprintf(out, FL_LOG_TEXT_MAX, "%.*s", FL_MIN(head, FL_LOG_TEXT_MAX / 2), at);
	if (words && words < end) {
		char text[512];
		snprintf(text, sizeof(text), "%.*s", (int)FL_MIN(end - words, (ptrdiff_t)sizeof(text) - 1), words);
		kind_of(text, rest);
		snprintf(out + n, (size_t)(FL_LOG_TEXT_MAX - n), "%s", rest);
	}
	return true;
}

static void count_line(const char *line, fl_log_counts *out)
{
	const char *rest = strchr(line, ' '), *level = rest;
	char text[FL_LOG_TEXT_MAX];

	while (level && *level == ' ')
		level++;
	if (!level)
		return;
	if (restart_of(line, text)) { /* before all others: what it tells of is counted where it was said */
		count_kind(&out->restarts, text);
		return;
	}
	if (is_crash(line)) {
		kind_of(level, text);
		count_kind(&out->crashes, text);
		return;
	}
	if (strncmp(level, "error ", 6) == 0 || strncmp(level, "warn  ", 6) == 0) {
		bool error = level[0] == 'e', slow = strstr(level, "db: slow: ") != NULL;
		if (slow && behind(level, "db: slow: ", text)) {
			text[strcspn(text, " ")] = 0;
			count_kind(&out->slow, text);
			return;
		}
		kind_of(level + 6, text);
		count_kind(error ? &out->errors : &out->warnings, text);
	} else if (strstr(level, "log-in refused: ")) {
		if (behind(level, "account ", text))
			count_kind(&out->accounts, text);
		if (behind(level, "from ", text))
			count_kind(&out->addresses, text);
	}
}

/* Our lines begin 2026-11-25T22:50:26, PostgreSQL's with a space between. */
static bool is_since(const char *line, const char *since)
{
	for (int i = 0; i < 19; i++) {
		char c = i == 10 && line[i] == ' ' ? 'T' : line[i];
		if (!c)
			return false;
		if (c != since[i])
			return c > since[i] && line[4] == '-';
	}
	return true;
}

static void count_file(const char *path, const char *since, fl_log_counts *out)
{
	char line[1100] = "";
	struct stat st;
	FILE *f = fopen(path, "re");

	if (!f)
		return;
	if (fstat(fileno(f), &st) == 0 && st.st_size > LOG_READ_MAX)
		(void)!fseek(f, st.st_size - LOG_READ_MAX, SEEK_SET);
	while (fgets(line, sizeof(line), f))
		if (is_since(line, since))
			count_line(line, out);
	fclose(f);
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)((const char *)a + FL_LOG_TEXT_MAX), y = *(const int64_t *)((const char *)b + FL_LOG_TEXT_MAX);

	return (y > x) - (y < x);
}

static void sort(fl_log_kinds *kinds)
{
	_Static_assert(offsetof(typeof(kinds->kind[0]), n) == FL_LOG_TEXT_MAX, "by_number knows where the number lies");
	qsort(kinds->kind, kinds->count, sizeof(kinds->kind[0]), by_number);
}

fl_err fl_logs_count(const char *folder, int64_t since_us, fl_log_counts *out, fl_diag *diag)
{
	char since[FL_TIME_TEXT_MAX], path[4096];
	DIR *d = opendir(folder);

	if (!d)
		return fl_fail(diag, FL_IO, "%s: %s", folder, strerror(errno));
	memset(out, 0, sizeof(*out));
	fl_time_format(since_us, since);
	for (struct dirent *e; (e = readdir(d));) {
		fl_str name = fl_str_z(e->d_name);
		if (!fl_str_ends(name, FL_STR(".log")) && !fl_str_ends(name, FL_STR(".log.1")))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		count_file(path, since, out);
	}
	closedir(d);
	sort(&out->errors);
	sort(&out->warnings);
	sort(&out->slow);
	sort(&out->crashes);
	sort(&out->restarts);
	sort(&out->accounts);
	sort(&out->addresses);
	return FL_OK;
}

fl_str fl_log_kinds_text(const fl_log_kinds *kinds, size_t most, fl_arena *mem)
{
	fl_str text = FL_STR("");

	for (size_t i = 0; i < kinds->count && i < most; i++)
		text = fl_str_fmt(mem, "%" FL_FMT "%s%s (%lld)", FL_ARG(text), i ? "; " : "", kinds->kind[i].text, (long long)kinds->kind[i].n);
	return text;
}

/* ---- Findings ---- */

static void server_errors(fl_maintain *m)
{
	static const char *const classes[] = { "1xx", "2xx", "3xx", "4xx", "5xx" };
	double all = 0, bad = 0;
	char name[64];

	if (!m->opts->metrics.len) {
		fl_found_unknown(m, FL_FIND_SERVER_ERRORS, "no server answers on this machine");
		return;
	}
	for (size_t i = 0; i < FL_COUNT(classes); i++) {
		snprintf(name, sizeof(name), "fleet_http_responses_total{class=\"%s\"}", classes[i]);
		bad = fl_metric_growth(m, name, 0);
		all += bad;
	}
	if (all < 1000 && bad <= 10) /* a start alone says "not ready yet" a few times */
		fl_found_unknown(m, FL_FIND_SERVER_ERRORS, "%.0f of %.0f answers: too few to say", bad, all);
	else
		fl_found(m, FL_FIND_SERVER_ERRORS, 100 * bad / all, fl_str_fmt(m->mem, "%.0f of %.0f", bad, all));
}

void fl_maintain_errors(fl_maintain *m)
{
	fl_log_counts *counts = fl_new(m->mem, fl_log_counts);
	fl_diag diag = { 0 };

	server_errors(m);
	if (!m->opts->log || !counts || fl_logs_count(m->opts->log, m->now_us - FL_DAY_US, counts, &diag) != FL_OK) {
		fl_found_unknown(m, FL_FIND_LOG_ERRORS, "%s", diag.text[0] ? diag.text : "the logs are not on this machine");
		return;
	}
	fl_found(m, FL_FIND_LOG_ERRORS, (double)counts->errors.total, fl_log_kinds_text(&counts->errors, 3, m->mem));
	fl_found(m, FL_FIND_LOG_WARNINGS, (double)counts->warnings.total, fl_log_kinds_text(&counts->warnings, 3, m->mem));
	fl_found(m, FL_FIND_CRASHES, (double)counts->crashes.total, fl_log_kinds_text(&counts->crashes, 3, m->mem));
	fl_found(m, FL_FIND_RESTARTS, (double)counts->restarts.total, fl_log_kinds_text(&counts->restarts, 3, m->mem));
	fl_found(m, FL_FIND_SLOW_LOG, (double)counts->slow.total, fl_log_kinds_text(&counts->slow, 3, m->mem));
}

static void refused(fl_maintain *m)
{
	if (!m->opts->metrics.len) {
		fl_found_unknown(m, FL_FIND_TOKENS_REFUSED, "no server answers on this machine");
		return;
	}
	double tokens = fl_metric_growth(m, "fleet_tokens_refused_total", 7), full = fl_metric_growth(m, "fleet_http_refused_total", 7);
	double shed = fl_metric_growth(m, "fleet_http_shed_total", 7);
	fl_found(m, FL_FIND_TOKENS_REFUSED, tokens, FL_STR(""));
	fl_found(m, FL_FIND_RATE_LIMITED, full + shed, fl_str_fmt(m->mem, "%.0f connections, %.0f requests", full, shed));
}

void fl_maintain_logins(fl_maintain *m)
{
	fl_log_counts *counts = fl_new(m->mem, fl_log_counts);
	fl_diag diag = { 0 };

	refused(m);
	if (!m->opts->log || !counts || fl_logs_count(m->opts->log, m->now_us - 7 * FL_DAY_US, counts, &diag) != FL_OK) {
		fl_found_unknown(m, FL_FIND_LOGINS_ACCOUNT, "%s", diag.text[0] ? diag.text : "the logs are not on this machine");
		return;
	}
	fl_found(m, FL_FIND_LOGINS_ACCOUNT, counts->accounts.count ? (double)counts->accounts.kind[0].n : 0, fl_log_kinds_text(&counts->accounts, 3, m->mem));
	fl_found(m, FL_FIND_LOGINS_ADDRESS, counts->addresses.count ? (double)counts->addresses.kind[0].n : 0,
		fl_log_kinds_text(&counts->addresses, 3, m->mem));
}
