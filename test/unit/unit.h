/* SPDX-License-Identifier: ISC */
/*
 * unit.h - the frame of a unit test program (Check).
 *
 *	START_TEST(splits_words) { ck_assert_int_eq(...); } END_TEST
 *	UNIT_MAIN("base/text", splits_words, trims_blanks)
 *
 * Each name is one test; a program per tested file, named FILE_test.c.
 */
#ifndef WEIR_TEST_UNIT_H
#define WEIR_TEST_UNIT_H

#include <check.h>
#include <stdlib.h>

#define UNIT_MAIN(name, ...)						\
int									\
main(void)								\
{									\
	const TTest *const tests[] = { __VA_ARGS__ };			\
	Suite *suite = suite_create(name);				\
	TCase *tcase = tcase_create(name);				\
	SRunner *runner;						\
	int failed;							\
									\
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)	\
		tcase_add_test(tcase, tests[i]);			\
	tcase_set_timeout(tcase, 120);					\
	suite_add_tcase(suite, tcase);					\
	runner = srunner_create(suite);					\
	srunner_run_all(runner, CK_NORMAL);				\
	failed = srunner_ntests_failed(runner);				\
	srunner_free(runner);						\
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;		\
}

#endif
