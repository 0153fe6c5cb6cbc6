/* SPDX-License-Identifier: ISC */
/* why_test.c - reasons with and without a place, and too long ones. */
#include <errno.h>
#include <string.h>

#include "unit.h"

#include "base/why.h"

START_TEST(keeps_reason_and_place)
{
	struct why why;

	ck_assert_int_eq(why_at(&why, "a.ini", 12, "no %s", "key"), -1);
	ck_assert_str_eq(why.line, "no key");
	ck_assert_str_eq(why.place, "a.ini:12");
	ck_assert_int_eq(why_set(&why, "worse"), -1);
	ck_assert_str_eq(why.line, "worse");
	ck_assert_str_eq(why.place, "");
	errno = ENOENT;
	ck_assert_int_eq(why_errno(&why, "open %s", "x"), -1);
	ck_assert_str_eq(why.line, "open x: No such file or directory");
	ck_assert_str_eq(why.place, "");
}
END_TEST

START_TEST(needs_no_room)
{
	errno = ENOENT;
	ck_assert_int_eq(why_set(NULL, "x"), -1);
	ck_assert_int_eq(why_at(NULL, "f", 1, "x"), -1);
	ck_assert_int_eq(why_errno(NULL, "x"), -1);
}
END_TEST

START_TEST(cuts_what_is_too_long)
{
	char line[2000];
	struct why why;

	memset(line, 'x', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	why_at(&why, line, 1, "%s", line);
	ck_assert_uint_eq(strlen(why.line), sizeof why.line - 1);
	ck_assert_uint_eq(strlen(why.place), sizeof why.place - 1);
	errno = ENOENT;
	why_errno(&why, "%s", line);
	ck_assert_uint_eq(strlen(why.line), sizeof why.line - 1);
}
END_TEST

UNIT_MAIN("base/why", keeps_reason_and_place, needs_no_room,
    cuts_what_is_too_long)
