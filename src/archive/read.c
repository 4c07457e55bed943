/* Reading the plain form of an archive: nothing is handed on that its hash does not vouch for, but the rows of the report under way, whose
 * sum comes after them; whoever writes rows commits with the report. */
#include "archive/archive_int.h"

#include <stdlib.h>
#include <unistd.h>

typedef struct reading {
	FILE *in;
	const fl_archive_visitor *to;
	fl_archive_hash all, report;
	fl_archive_facts *facts;
	fl_arena *mem;
	fl_diag *diag;
	bool ended;
} reading;

static fl_err broken(reading *r, const char *what)
{
	return fl_fail(r->diag, FL_BAD_INPUT, "this archive is not what it says: %s", what);
}

static bool same_hex(fl_arena *mem, fl_sha256 sum, fl_str hex)
{
	return fl_str_eq(fl_str_hex(mem, sum.bytes, sizeof(sum.bytes)), hex);
}

static fl_str text_of(const fl_json *object, const char *key)
{
	return fl_json_str(fl_json_get(object, fl_str_z(key)), FL_STR(""));
}

static fl_err read_blob(reading *r, fl_str hex, int64_t size)
{
	if (size < 0 || size > FL_STORE_BLOB_MAX)
		return broken(r, "a photo has no possible size");
	char *bytes = malloc((size_t)size + 1);
	if (!bytes)
		return FL_NOMEM;
	fl_err err = FL_OK;
	if (fread(bytes, 1, (size_t)size + 1, r->in) != (size_t)size + 1 || bytes[size] != '\n')
		err = broken(r, "it ends within a photo");
	fl_str whole = { bytes, (size_t)size };
	if (err == FL_OK) {
		fl_archive_hash_add(&r->all, (fl_str) { bytes, (size_t)size + 1 });
		r->facts->bytes += size + 1;
		r->facts->blobs++;
		if (!same_hex(r->mem, fl_sha256_of(whole), hex))
			err = broken(r, "a photo was changed");
	}
	if (err == FL_OK && r->to->blob)
		err = r->to->blob(r->to->arg, hex, whole, r->diag);
	free(bytes);
	return err;
}

static fl_err end_report(reading *r, const fl_json *line)
{
	fl_uuid id;
	if (!fl_uuid_parse(text_of(line, "report"), &id) || !same_hex(r->mem, fl_archive_hash_end(&r->report), text_of(line, "sha256")))
		return broken(r, "a report was changed");
	r->facts->reports++;
	return r->to->report ? r->to->report(r->to->arg, id, r->diag) : FL_OK;
}

static fl_err end_file(reading *r, const fl_json *line)
{
	r->facts->sha256 = fl_archive_hash_end(&r->all);
	r->ended = true;
	if (!same_hex(r->mem, r->facts->sha256, text_of(line, "sha256")) || fl_json_int(fl_json_get(line, FL_STR("reports")), -1) != r->facts->reports
		|| fl_json_int(fl_json_get(line, FL_STR("rows")), -1) != r->facts->rows || fl_json_int(fl_json_get(line, FL_STR("blobs")), -1) != r->facts->blobs)
		return broken(r, "its sum is another");
	return FL_OK;
}

/* The row as it stands in the line {"r": ..., "t": ...}: PostgreSQL writes members of jsonb in the order of their length and name. */
static fl_err read_row(reading *r, const fl_json *line, fl_str text)
{
	fl_str table = text_of(line, "t"), head = FL_STR("{\"r\": ");
	if (!fl_str_starts(text, head))
		return broken(r, "a row has another form");
	fl_str tail = fl_str_fmt(r->mem, ", \"t\": \"%.*s\"}", FL_ARG(table));
	if (!fl_str_ends(text, tail))
		return broken(r, "a row has another form");
	fl_archive_hash_add(&r->report, text);
	fl_archive_hash_add(&r->report, FL_STR("\n"));
	r->facts->rows++;
	return r->to->row ? r->to->row(r->to->arg, table, fl_str_slice(text, head.len, text.len - tail.len), r->diag) : FL_OK;
}

static fl_err read_line(reading *r, fl_str text)
{
	const fl_json *line;
	fl_arena_reset(r->mem);
	FL_TRY(fl_json_parse(r->mem, text, &line, r->diag));
	if (fl_json_get(line, FL_STR("end")))
		return end_file(r, line);
	fl_archive_hash_add(&r->all, text);
	fl_archive_hash_add(&r->all, FL_STR("\n"));
	r->facts->bytes += (int64_t)text.len + 1;
	if (fl_json_get(line, FL_STR("t")))
		return read_row(r, line, text);
	if (fl_json_get(line, FL_STR("report")))
		return end_report(r, line);
	if (fl_json_get(line, FL_STR("blob")))
		return read_blob(r, text_of(line, "blob"), fl_json_int(fl_json_get(line, FL_STR("bytes")), -1));
	if (fl_json_get(line, FL_STR("archive")) && fl_json_int(fl_json_get(line, FL_STR("format")), 0) != 1)
		return broken(r, "its format is newer than this program");
	return FL_OK;
}

static fl_err read_lines(reading *r)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	fl_err err = FL_OK;
	while (err == FL_OK && !r->ended && (len = getline(&line, &room, r->in)) > 0) {
		if (line[len - 1] != '\n' || len > FL_ARCHIVE_LINE_MAX)
			err = broken(r, "it ends within a line");
		else
			err = read_line(r, (fl_str) { line, (size_t)len - 1 });
	}
	free(line);
	return err == FL_OK && !r->ended ? broken(r, "its end is missing") : err;
}

fl_err fl_archive_read(int fd, const fl_archive_visitor *visitor, fl_archive_facts *facts, fl_diag *diag)
{
	fl_arena mem = fl_arena_make(64 << 20);
	reading r = { .to = visitor, .facts = facts, .mem = &mem, .diag = diag };
	fl_err err = FL_NOMEM;
	int copy = dup(fd);
	*facts = (fl_archive_facts) {};
	if (copy >= 0 && lseek(copy, 0, SEEK_SET) == 0)
		r.in = fdopen(copy, "r");
	if (r.in && fl_archive_hash_init(&r.all) == FL_OK && fl_archive_hash_init(&r.report) == FL_OK)
		err = read_lines(&r);
	fl_archive_hash_fini(&r.all);
	fl_archive_hash_fini(&r.report);
	if (r.in)
		fclose(r.in);
	else if (copy >= 0)
		close(copy);
	fl_arena_fini(&mem);
	return err;
}
