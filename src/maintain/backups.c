/* The backups: is there a fresh one, does it open, and is the log behind it whole? */
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "maintain/maintain_int.h"

enum { SEGMENT_NAME = 24, SEGMENTS_MAX = 1000000 };

/* 00000001 0000000A 000000FF: timeline, then the log position in 16 MB: the last two digits count to FF. */
static bool segment_number(const char *file, int64_t *out)
{
	char high[9] = "", low[9] = "", *high_end, *low_end;

	if (strlen(file) < SEGMENT_NAME)
		return false;
	memcpy(high, file + 8, 8);
	memcpy(low, file + 16, 8);
	*out = (int64_t)strtoull(high, &high_end, 16) * 256 + (int64_t)strtoull(low, &low_end, 16);
	return !*high_end && !*low_end;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

typedef struct segments {
	int64_t *number; /* in order */
	size_t count;
	int64_t start;   /* where a base backup began, by the mark that PostgreSQL leaves; -1: no mark */
} segments;

/* What the newest backup needs: not before from. */
static void read_segments(const char *dir, int64_t from, segments *out)
{
	char path[4096];
	int64_t number;

	out->start = -1;
	snprintf(path, sizeof(path), "%s/wal", dir);
	DIR *d = opendir(path);
	if (!d)
		return;
	for (struct dirent *e; out->count < SEGMENTS_MAX && (e = readdir(d));) {
		if (!segment_number(e->d_name, &number) || number < from)
			continue;
		if (strcmp(e->d_name + SEGMENT_NAME, ".sealed") == 0)
			out->number[out->count++] = number;
		else if (fl_str_ends(fl_str_z(e->d_name), FL_STR(".backup.sealed")) && (out->start < 0 || number < out->start))
			out->start = number;
	}
	closedir(d);
	qsort(out->number, out->count, sizeof(*out->number), by_value);
}

/* Segments that are missing between the first that a restore from the newest backup needs and the newest that is there. What was
 * written before the copy began may never have been handed over: the copy holds it. */
static int64_t missing(const segments *s, int64_t *first)
{
	int64_t expected = s->start >= 0 ? s->start : s->count ? s->number[0] : 0, count = 0;

	for (size_t i = 0; i < s->count; i++) {
		if (s->number[i] > expected) {
			*first = count ? *first : expected;
			count += s->number[i] - expected;
		}
		expected = FL_MAX(expected, s->number[i] + 1); /* one position on two timelines is no gap */
	}
	return count;
}

static void check_gap(fl_maintain *m, const fl_backup_note *newest)
{
	segments s = { .number = calloc(SEGMENTS_MAX, sizeof(int64_t)) };
	int64_t from, first = 0;

	if (!s.number || !segment_number(newest->wal_first, &from)) {
		fl_found_unknown(m, FL_FIND_WAL_GAP, "the newest backup does not say where its log begins");
	} else {
		read_segments(m->opts->backups->dir, from, &s);
		int64_t gap = missing(&s, &first);
		fl_found(m, FL_FIND_WAL_GAP, (double)gap, gap ? fl_str_fmt(m->mem, "the first is %08llX%08llX", (unsigned long long)(first / 256),
			(unsigned long long)(first % 256)) : fl_str_fmt(m->mem, "%zu segments", s.count));
	}
	free(s.number);
}

static void check_archiver(fl_maintain *m)
{
	const fl_rows *rows;
	fl_diag diag = { 0 };
	fl_err err = fl_pg_query(m->pg,
		"SELECT extract(epoch FROM now() - last_archived_time)::float8, CASE WHEN last_failed_time > coalesce(last_archived_time, '-infinity') THEN"
		" format('it failed since with %s', last_failed_wal) ELSE '' END, current_setting('archive_mode') FROM pg_stat_archiver",
		NULL, m->mem, &rows, &diag);

	if (err != FL_OK)
		fl_found_unknown(m, FL_FIND_WAL_AGE, "%s", fl_diag_text(&diag, err));
	else if (fl_str_eq(fl_row_text(rows, 0, 2), FL_STR("off")) || fl_row_null(rows, 0, 0))
		fl_found_unknown(m, FL_FIND_WAL_AGE, "nothing was handed over since PostgreSQL started");
	else if (fl_row_text(rows, 0, 1).len) /* a quiet database hands nothing over: only a failure is one */
		fl_found(m, FL_FIND_WAL_AGE, fl_row_f8(rows, 0, 0), fl_str_dup(m->mem, fl_row_text(rows, 0, 1)));
	else
		fl_found(m, FL_FIND_WAL_AGE, 0, FL_STR("all of it"));
}

static void check_verify(fl_maintain *m)
{
	fl_backup_key key;
	fl_diag diag = { 0 };
	fl_err err = fl_backup_key_load(m->opts->backups->secrets, &key, &diag);

	if (err == FL_OK) {
		err = fl_backup_verify(m->opts->backups, &key, NULL, m->opts->tmp, &diag);
		fl_backup_key_wipe(&key);
	}
	fl_found(m, FL_FIND_BACKUP_VERIFY, err != FL_OK, err == FL_OK ? FL_STR("every file opens and has its checksum")
		: fl_str_fmt(m->mem, "%s", fl_diag_text(&diag, err)));
}

void fl_maintain_backups(fl_maintain *m)
{
	fl_backup_note *notes;
	size_t count;
	fl_diag diag = { 0 };

	if (!m->opts->backups) {
		fl_found_unknown(m, FL_FIND_BACKUP_AGE, "the database is not ours to copy: ask its operator");
		return;
	}
	fl_err err = fl_backup_list(m->opts->backups->dir, m->mem, &notes, &count, &diag);
	if (err != FL_OK || !count) {
		fl_found(m, FL_FIND_BACKUP_AGE, INFINITY, err ? fl_str_fmt(m->mem, "%s", fl_diag_text(&diag, err))
			: FL_STR("there is none"));
		return;
	}
	const fl_backup_note *newest = &notes[count - 1];
	fl_found(m, FL_FIND_BACKUP_AGE, (double)(m->now_us - newest->finished_at) / (double)FL_HOUR_US, fl_str_fmt(m->mem, "%s, one of %zu", newest->name, count));
	check_verify(m);
	check_gap(m, newest);
	check_archiver(m);
}
