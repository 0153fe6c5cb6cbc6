/* SPDX-License-Identifier: ISC */
/*
 * replay.c - the main of a fuzz target in a build without libFuzzer: gives it
 * each file named, or each of its corpus. 'make check' runs it so, under
 * whatever sanitizer the build has. Each input is also run cut short at
 * every length, and with each allocation failing in turn.
 */
#include <dirent.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "fuzz.h"

enum { INPUT_MOST = 1 << 20, CUTS_MOST = 4096, FAILURES_MOST = 200 };

unsigned long fuzz_fail_at;

/* What a target's first call makes for all calls to come may stay. */
static void
check_secrets(void)
{
	static size_t kept;
	static bool known;

	if (!known)
		kept = secret_lent();
	known = true;
	NEED(secret_lent() == kept);
}

static void
run_exact(struct text t, unsigned long fail_at)
{
	uint8_t *copy = mem_get(t.len == 0 ? 1 : t.len);

	NEED(copy != NULL);
	if (t.len > 0)
		memcpy(copy, t.at, t.len);
	fuzz_fail_at = fail_at;
	mem_fail_at(fail_at);
	LLVMFuzzerTestOneInput(copy, t.len);
	mem_fail_at(0);
	check_secrets();
	mem_drop(copy);
}

static int
run_file(const char *path)
{
	struct text t;
	struct why why;

	if (file_read(path, INPUT_MOST, &t, &why) < 0) {
		fprintf(stderr, "%s: %s\n", path, why.line);
		return -1;
	}
	run_exact(t, 0);
	for (size_t n = 0; n < t.len && n < CUTS_MOST; n++)
		run_exact((struct text){ t.at, n }, 0);
	for (unsigned long n = 1; n <= FAILURES_MOST; n++)
		run_exact(t, n);
	mem_drop((void *)(uintptr_t)t.at);
	return 0;
}

/* ".../startup_fuzz" gives "SRCDIR/test/fuzz/corpus/startup". */
static char *
corpus_of(char *program)
{
	const char *top = getenv("srcdir");
	struct text name = text_of(basename(program));

	if (text_ends(name, "_fuzz"))
		name.len -= strlen("_fuzz");
	return mem_print("%s/test/fuzz/corpus/%.*s", top == NULL ? "." : top,
	    TEXT_ARG(name));
}

static int
run_corpus(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int files = 0, outcome = 0;

	if (dir == NULL) {
		perror(path);
		return -1;
	}
	while ((entry = readdir(dir)) != NULL) {
		char *file = mem_print("%s/%s", path, entry->d_name);

		NEED(file != NULL);
		if (entry->d_name[0] != '.') {
			files++;
			outcome |= run_file(file);
		}
		mem_drop(file);
	}
	closedir(dir);
	printf("%s: %d inputs\n", path, files);
	return files == 0 ? -1 : outcome;
}

int
main(int argc, char **argv)
{
	int outcome = 0;

	if (argc == 1) {
		char *path = corpus_of(argv[0]);

		NEED(path != NULL);
		outcome = run_corpus(path);
		mem_drop(path);
	}
	for (int i = 1; i < argc; i++)
		outcome |= run_file(argv[i]);
	return outcome == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
