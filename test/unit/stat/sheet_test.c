/* SPDX-License-Identifier: ISC */
/* sheet_test.c - a text that grows, and who has it in the end. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "stat/sheet.h"
#include "unit.h"

static void
expect(const struct sheet *s, const char *text)
{
	ck_assert(text_is(sheet_all(s), text));
}

START_TEST(grows_by_each_kind_of_piece)
{
	struct sheet s = { .len = 0 };

	expect(&s, "");
	sheet_text(&s, "a");
	sheet_char(&s, '-');
	sheet_count(&s, 18446744073709551615u);
	sheet_print(&s, "|%s %d", "b", -1);
	sheet_slice(&s, (struct text){ "cdef", 2 });
	expect(&s, "a-18446744073709551615|b -1cd");
	sheet_clear(&s);
	expect(&s, "");
	sheet_fini(&s);
	ck_assert_ptr_null(s.at);
}
END_TEST

START_TEST(keeps_what_it_has_when_it_moves)
{
	struct sheet s = { .len = 0 };

	for (int i = 0; i < 10000; i++)
		sheet_print(&s, "%04d", i);
	ck_assert_uint_eq(s.len, 40000);
	for (int i = 0; i < 10000; i++) {
		char want[8];

		snprintf(want, sizeof want, "%04d", i);
		ck_assert_mem_eq(s.at + 4 * (size_t)i, want, 4);
	}
	sheet_fini(&s);
}
END_TEST

START_TEST(is_taken_with_a_NUL)
{
	struct sheet s = { .len = 0 };
	char *taken;

	sheet_slice(&s, (struct text){ "abc", 3 });
	taken = sheet_take(&s);
	ck_assert_str_eq(taken, "abc");
	mem_drop(taken);
	ck_assert_ptr_null(s.at);
	ck_assert_uint_eq(s.len, 0);
	taken = sheet_take(&s);
	ck_assert_str_eq(taken, "");
	mem_drop(taken);
}
END_TEST

START_TEST(takes_nothing_more_when_spoiled)
{
	struct sheet s = { .len = 0 };

	sheet_text(&s, "abc");
	mem_fail_at(1);
	ck_assert_ptr_null(sheet_room(&s, 100000));
	mem_fail_at(0);
	ck_assert(s.spoiled);
	sheet_text(&s, "d");
	sheet_print(&s, "%d", 1);
	expect(&s, "abc");
	ck_assert_ptr_null(sheet_take(&s));
	ck_assert_ptr_null(s.at);
	ck_assert(!s.spoiled);
}
END_TEST

UNIT_MAIN("stat/sheet", grows_by_each_kind_of_piece,
    keeps_what_it_has_when_it_moves, is_taken_with_a_NUL,
    takes_nothing_more_when_spoiled)
