/* embed: writes the C source that carries files inside the program.
 *
 *	embed OUT.c OUT.d PREFIX=PATH [PREFIX=PATH ...]
 *
 * PATH is a file or a folder (taken with all below it, hidden files left out); PREFIX replaces it in the asset's name:
 * sql=/here/sql gives sql/migrations/0001_start.sql. A PATH that does not exist adds nothing. OUT.d lists every file and
 * folder seen, so that the build runs this again when one changes or appears. The bytes come in by .incbin: no giant source. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 4096, DEPTH_MAX = 16, PATH_LEN_MAX = 1024 };

typedef struct file {
	char *name, *path; /* the asset's name; where it is now */
	long long size;
	unsigned char sha256[crypto_hash_sha256_BYTES];
} file;

static file files[FILES_MAX];
static int file_count;
static FILE *deps;

__attribute__((noreturn)) static void die(const char *what, const char *which)
{
	fprintf(stderr, "embed: %s: %s%s%s\n", which, what, errno ? ": " : "", errno ? strerror(errno) : "");
	exit(1);
}

static void hash(file *f)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("cannot be opened", f->path);
	crypto_hash_sha256_state state;
	crypto_hash_sha256_init(&state);
	unsigned char block[65536];
	ssize_t got;
	while ((got = read(fd, block, sizeof(block))) > 0) {
		crypto_hash_sha256_update(&state, block, (unsigned long long)got);
		f->size += got;
	}
	if (got < 0)
		die("cannot be read", f->path);
	close(fd);
	crypto_hash_sha256_final(&state, f->sha256);
}

static void note(const char *path)
{
	fprintf(deps, " \\\n  %s", path);
}

/* Watches the nearest folder that exists, in which the missing file would appear. */
static void note_parent(const char *path)
{
	char parent[PATH_LEN_MAX];
	if (snprintf(parent, sizeof(parent), "%s", path) >= (int)sizeof(parent))
		die("the path is too long", path);
	for (char *slash; (slash = strrchr(parent, '/')) && slash != parent;) {
		*slash = 0;
		if (access(parent, F_OK) == 0) {
			note(parent);
			return;
		}
	}
}

static void add(const char *name, const char *path, int depth)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		if (errno != ENOENT)
			die("cannot be looked at", path);
		note_parent(path);
		return;
	}
	note(path);
	if (S_ISREG(st.st_mode)) {
		if (file_count == FILES_MAX)
			die("too many files", path);
		if (strpbrk(path, "\"\\\n ") || strpbrk(name, "\"\\\n "))
			die("the name has a character that is not allowed here", path);
		files[file_count] = (file){ .name = strdup(name), .path = strdup(path) };
		if (!files[file_count].name || !files[file_count].path)
			die("out of memory", path);
		hash(&files[file_count++]);
		return;
	}
	DIR *dir = S_ISDIR(st.st_mode) && depth < DEPTH_MAX ? opendir(path) : NULL;
	if (!dir)
		die("is neither a file nor a readable folder", path);
	for (struct dirent *entry; (entry = readdir(dir));) {
		char below[PATH_LEN_MAX], below_name[PATH_LEN_MAX];
		if (entry->d_name[0] == '.')
			continue;
		size_t path_len = strlen(path), name_len = strlen(name);
		const char *slash = path_len && path[path_len - 1] == '/' ? "" : "/";
		const char *name_slash = name_len && name[name_len - 1] != '/' ? "/" : "";
		if (snprintf(below, sizeof(below), "%s%s%s", path, slash, entry->d_name) >= (int)sizeof(below) ||
		    snprintf(below_name, sizeof(below_name), "%s%s%s", name, name_slash, entry->d_name) >=
			    (int)sizeof(below_name))
			die("the path is too long", entry->d_name);
		add(below_name, below, depth + 1);
	}
	closedir(dir);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const file *)a)->name, ((const file *)b)->name);
}

static void write_source(FILE *out)
{
	fprintf(out, "/* Made by tools/embed. */\n#include \"asset/asset_int.h\"\n\n");
	for (int i = 0; i < file_count; i++) {
		char absolute[PATH_MAX];
		if (!realpath(files[i].path, absolute))
			die("has no absolute path", files[i].path);
		fprintf(out,
			"__asm__(\".section .rodata\\n.balign 16\\n.global fl_asset_bytes_%d\\n.hidden fl_asset_bytes_%d\\n"
			"fl_asset_bytes_%d:\\n.incbin \\\"%s\\\"\\n.byte 0\\n.previous\\n\");\n"
			"extern const unsigned char fl_asset_bytes_%d[] __attribute__((visibility(\"hidden\")));\n",
			i, i, i, absolute, i);
	}
	fprintf(out, "\nconst fl_asset_row fl_asset_rows[] = {\n");
	for (int i = 0; i < file_count; i++) {
		char hex[crypto_hash_sha256_BYTES * 2 + 1];
		sodium_bin2hex(hex, sizeof(hex), files[i].sha256, sizeof(files[i].sha256));
		fprintf(out, "\t{ \"%s\", fl_asset_bytes_%d, %lld, \"\\\"%.32s\\\"\", {", files[i].name, i, files[i].size, hex);
		for (size_t b = 0; b < sizeof(files[i].sha256); b++)
			fprintf(out, " %d,", files[i].sha256[b]);
		fprintf(out, " } },\n");
	}
	if (file_count == 0)
		fprintf(out, "\t{ 0 },\n");
	fprintf(out, "};\nconst size_t fl_asset_row_count = %d;\n", file_count);
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: embed OUT.c OUT.d PREFIX=PATH ...\n");
		return 2;
	}
	FILE *out = fopen(argv[1], "we");
	deps = fopen(argv[2], "we");
	if (!out || !deps)
		die("cannot be written", out ? argv[2] : argv[1]);
	fprintf(deps, "%s:", argv[1]);
	for (int i = 3; i < argc; i++) {
		char *path = strchr(argv[i], '=');
		if (!path)
			die("is not PREFIX=PATH", argv[i]);
		*path++ = 0;
		errno = 0;
		add(argv[i], path, 0);
	}
	errno = 0;
	fprintf(deps, "\n");
	qsort(files, (size_t)file_count, sizeof(*files), by_name);
	for (int i = 1; i < file_count; i++)
		if (strcmp(files[i - 1].name, files[i].name) == 0)
			die("there are two of this name", files[i].name);
	write_source(out);
	if (fclose(out) != 0 || fclose(deps) != 0)
		die("cannot be written", argv[1]);
	return 0;
}
