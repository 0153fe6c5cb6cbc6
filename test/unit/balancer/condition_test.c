/* SPDX-License-Identifier: ISC */
/* condition_test.c - the grammar of .if, and each predicate. */
#include "balancer/condition.h"
#include "unit.h"

static const char *
look(void *arg, const char *name)
{
	return strcmp(name, "SET") == 0 ? "1" : NULL;
}

START_TEST(evaluates)
{
	static const struct {
		const char *text;
		int truth;		/* -1: not evaluable */
	} rows[] = {
		{ "", 0 }, { "  ", 0 }, { "0", 0 }, { "1", 1 }, { "12", 1 },
		{ "-1", 1 }, { "00", 0 }, { "!0", 1 }, { "!!1", 1 },
		{ "! 1", 0 }, { "(1)", 1 }, { "( 0 || 1 )", 1 },
		{ "1 && 0", 0 }, { "0 || 1 && 0", 0 }, { "1 || 1 && 0", 1 },
		{ "(1 || 1) && 0", 0 }, { "!(1 && 1)", 0 },
		{ "defined(SET)", 1 }, { "defined(UNSET)", 0 },
		{ "!defined(UNSET)", 1 }, { "feature(OPENSSL)", 1 },
		{ "feature(LUA)", 0 }, { "feature(nothing)", 0 },
		{ "streq(a,a)", 1 }, { "streq(a,b)", 0 },
		{ "streq(a, a)", 0 }, { "strneq(a,b)", 1 },
		{ "strstr(hay,ay)", 1 }, { "strstr(hay,no)", 0 },
		{ "version_atleast(2)", 1 }, { "version_atleast(3.4.0)", 1 },
		{ "version_atleast(3.4.1)", 0 },
		{ "version_atleast(2.5-dev3)", 1 },
		{ "version_atleast(3.4-dev9)", 1 },
		{ "version_before(3.4)", 0 }, { "version_before(4)", 1 },
		{ "openssl_version_atleast(3.0.0)", 1 },
		{ "openssl_version_before(1.1.1)", 0 },
		{ "ssllib_name_startswith(Open)", 1 },
		{ "ssllib_name_startswith(AWS)", 0 },
		{ "enabled(EPOLL)", 1 }, { "enabled(NOPE)", 0 },
		{ "awslc_api_atleast(1)", 0 }, { "awslc_api_before(1)", 0 },
		{ "x", -1 }, { "x(", -1 }, { "x(a)", -1 }, { "1 2", -1 },
		{ "(1", -1 }, { "1)", -1 }, { "streq(a)", -1 },
		{ "streq(a,b,c)", -1 }, { "defined()", -1 }, { "1 &&", -1 },
		{ "!", -1 }, { "version_atleast(x)", -1 },
		{ "version_before(x)", -1 }, { "&& 1", -1 },
	};
	struct lb_source source = { .getenv = look };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct why why = { "", "" };
		int truth = lb_condition_holds(&source,
		    text_of(rows[i].text), &why);

		ck_assert_msg(truth == rows[i].truth, "%s is %d",
		    rows[i].text, truth);
		ck_assert_msg((truth < 0) == (why.line[0] != '\0'), "%s",
		    rows[i].text);
	}
}
END_TEST

START_TEST(bounds_the_depth)
{
	char deep[1000];
	struct lb_source source = { .getenv = look };
	struct why why;

	memset(deep, '(', sizeof deep);
	ck_assert_int_eq(lb_condition_holds(&source,
	    (struct text){ deep, sizeof deep }, &why), -1);
	memset(deep, '!', sizeof deep);
	ck_assert_int_eq(lb_condition_holds(&source,
	    (struct text){ deep, sizeof deep }, &why), -1);
}
END_TEST

UNIT_MAIN("balancer/condition", evaluates, bounds_the_depth)
