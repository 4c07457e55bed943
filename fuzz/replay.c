/* Runs a fuzz target over the files of a folder, and over every prefix of the small ones. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 20, PREFIXES_MAX = 512 };

static long replay(const char *path)
{
	FILE *file = fopen(path, "re");
	uint8_t *bytes = malloc(FILE_MAX);
	size_t len = file && bytes ? fread(bytes, 1, FILE_MAX, file) : 0;
	if (!file || !bytes) {
		perror(path);
		exit(1);
	}
	fclose(file);
	long runs = 0;
	for (size_t cut = len < PREFIXES_MAX ? 0 : len; cut <= len; cut++, runs++) {
		uint8_t *exact = malloc(cut ? cut : 1); /* its own block, so that a sanitizer sees a read behind the end */
		if (!exact)
			exit(1);
		memcpy(exact, bytes, cut);
		LLVMFuzzerTestOneInput(exact, cut);
		free(exact);
	}
	free(bytes);
	return runs;
}

int main(int argc, char **argv)
{
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	long runs = 0;
	if (!dir) {
		fprintf(stderr, "usage: replay_NAME fuzz/corpus/NAME\n");
		return 2;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		char path[4096];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		runs += replay(path);
	}
	closedir(dir);
	printf("%ld inputs\n", runs);
	return runs > 0 ? 0 : 1;
}
