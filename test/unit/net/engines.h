/* SPDX-License-Identifier: ISC */
/*
 * engines.h - the frame of a test program of net whose tests all run on each
 * engine. An engine that this machine does not have is left out, and why is
 * said.
 */
#ifndef WEIR_TEST_ENGINES_H
#define WEIR_TEST_ENGINES_H

#include <stdio.h>

#include "net/loop.h"

static void
use_event(void)
{
	setenv("WEIR_ENGINE", "event", 1);
}

static void
use_uring(void)
{
	setenv("WEIR_ENGINE", "uring", 1);
}

static inline bool
on_uring(void)
{
	const char *name = getenv("WEIR_ENGINE");

	return name != NULL && strcmp(name, "uring") == 0;
}

static bool
engine_works(void (*use)(void))
{
	struct why why;
	struct loop *l;
	bool works;

	use();
	l = loop_new(&why);
	works = l != NULL;
	if (!works)
		printf("left out: %s\n", why.line);
	loop_free(&l);
	return works;
}

static int
engines_main(const char *name, const TTest *const *tests, size_t count)
{
	static const struct {
		const char *name;
		void (*use)(void);
	} engines[] = { { "event", use_event }, { "uring", use_uring } };
	SRunner *runner = srunner_create(NULL);
	char title[2][64];		/* Check keeps the pointers */
	int failed;

	for (int e = 0; e < 2; e++) {
		Suite *suite;
		TCase *tcase;

		if (!engine_works(engines[e].use))
			continue;
		snprintf(title[e], sizeof title[e], "%s on %s", name,
		    engines[e].name);
		suite = suite_create(title[e]);
		tcase = tcase_create(title[e]);
		tcase_add_checked_fixture(tcase, engines[e].use, NULL);
		tcase_set_timeout(tcase, 120);
		for (size_t i = 0; i < count; i++)
			tcase_add_test(tcase, tests[i]);
		suite_add_tcase(suite, tcase);
		srunner_add_suite(runner, suite);
	}
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define ENGINES_MAIN(name, ...)						\
int									\
main(void)								\
{									\
	const TTest *const tests[] = { __VA_ARGS__ };			\
									\
	return engines_main(name, tests, sizeof tests / sizeof tests[0]); \
}

#endif
