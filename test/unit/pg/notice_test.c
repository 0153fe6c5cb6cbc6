/* SPDX-License-Identifier: ISC */
/* notice_test.c - fields that are there, absent, repeated, cut. */
#include <stdio.h>

#include "unit.h"

#include "exact.h"
#include "pg/notice.h"

static const struct {
	struct text body;
	int outcome;
	const char *seen;	/* severity|level|code|message|detail|hint */
} rows[] = {
	{ TEXT("SFATAL\0VFATAL\0C28P01\0Mno\0Dd\0Hh\0\0"), 0,
	    "FATAL|FATAL|28P01|no|d|h" },
	{ TEXT("SFEHLER\0VERROR\0C42601\0Mx\0\0"), 0,
	    "FEHLER|ERROR|42601|x||" },
	{ TEXT("\0"), 0, "ERROR|ERROR|08P01|||" },
	{ TEXT("Mx\0\0"), 0, "ERROR|ERROR|08P01|x||" },
	{ TEXT("SPANIC\0Mx\0\0"), 0, "PANIC|PANIC|08P01|x||" },
	{ TEXT("C4260\0Mx\0\0"), 0, "ERROR|ERROR|08P01|x||" },
	{ TEXT("C426 1\0Mx\0\0"), 0, "ERROR|ERROR|08P01|x||" },
	{ TEXT("C\0M\0\0"), 0, "ERROR|ERROR|08P01|||" },
	{ TEXT("Ma\0Mb\0\0"), 0, "ERROR|ERROR|08P01|a||" },
	{ TEXT("Ffile\0L12\0?x\0Mx\0\0"), 0, "ERROR|ERROR|08P01|x||" },
	{ TEXT(""), -1, "ERROR|ERROR|08P01|||" },
	{ TEXT("M"), -1, "ERROR|ERROR|08P01|||" },
	{ TEXT("Mx"), -1, "ERROR|ERROR|08P01|||" },
	{ TEXT("Mx\0"), -1, "ERROR|ERROR|08P01|x||" },
	{ TEXT("Mx\0\0y"), -1, "ERROR|ERROR|08P01|x||" },
};

START_TEST(parses_fields)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text body = exact(rows[i].body);
		struct notice n;
		char seen[256];

		ck_assert_msg(notice_parse(body, &n) == rows[i].outcome,
		    "row %zu", i);
		snprintf(seen, sizeof seen, "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s",
		    TEXT_ARG(n.severity), TEXT_ARG(n.level),
		    TEXT_ARG(n.code), TEXT_ARG(n.message),
		    TEXT_ARG(n.detail), TEXT_ARG(n.hint));
		ck_assert_str_eq(seen, rows[i].seen);
		ck_assert_ptr_nonnull(n.position.at);
		ck_assert_ptr_nonnull(n.where.at);
		exact_drop(&body);
	}
}
END_TEST

START_TEST(refuses_every_truncation)
{
	const struct text whole = rows[0].body;

	for (size_t n = 0; n < whole.len; n++) {
		struct text cut = exact((struct text){ whole.at, n });
		struct notice to;

		ck_assert_int_eq(notice_parse(cut, &to), -1);
		ck_assert_uint_eq(to.code.len, 5);
		exact_drop(&cut);
	}
}
END_TEST

START_TEST(tells_the_fatal_ones)
{
	static const struct {
		struct text body;
		bool fatal;
	} cases[] = {
		{ TEXT("SFATAL\0\0"), true }, { TEXT("SPANIC\0\0"), true },
		{ TEXT("SERROR\0\0"), false }, { TEXT("\0"), false },
		{ TEXT("SFATALE\0VFATAL\0\0"), true },
		{ TEXT("SFATAL\0VERROR\0\0"), false },
	};
	struct notice n;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		notice_parse(cases[i].body, &n);
		ck_assert_msg(notice_is_fatal(&n) == cases[i].fatal,
		    "case %zu", i);
	}
}
END_TEST

UNIT_MAIN("pg/notice", parses_fields, refuses_every_truncation,
    tells_the_fatal_ones)
