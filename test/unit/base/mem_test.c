/* SPDX-License-Identifier: ISC */
/* mem_test.c - copies, prints, and the allocation that fails on demand. */
#include "unit.h"

#include "base/mem.h"
#include "base/secret.h"

START_TEST(copies_and_prints)
{
	char *at = mem_copy(TEXT("a\0b"));

	ck_assert_mem_eq(at, "a\0b", 4);
	mem_drop(at);
	at = mem_copy(TEXT_NONE);
	ck_assert_str_eq(at, "");
	mem_drop(at);
	at = mem_print("%s-%d", "abc", 42);
	ck_assert_str_eq(at, "abc-42");
	mem_drop(at);
	at = mem_print("%s", "");
	ck_assert_str_eq(at, "");
	mem_drop(at);
	at = mem_print("%2000d", 1);
	ck_assert_uint_eq(strlen(at), 2000);
	mem_drop(at);
	mem_drop(NULL);
	mem_trim();
}
END_TEST

START_TEST(zeroes)
{
	char *at = mem_zero(4096), *need;

	for (int i = 0; i < 4096; i++)
		ck_assert_int_eq(at[i], 0);
	need = mem_need(4096);
	for (int i = 0; i < 4096; i++)
		ck_assert_int_eq(need[i], 0);
	mem_drop(at);
	mem_drop(need);
}
END_TEST

START_TEST(fails_at_the_nth)
{
	void *a, *b, *c;

	mem_fail_at(2);
	a = mem_get(1);
	b = mem_get(1);
	c = mem_get(1);
	ck_assert(a != NULL && b == NULL && c != NULL);
	mem_drop(a);
	mem_drop(c);
}
END_TEST

START_TEST(fails_every_kind)
{
	void *kept = mem_get(10);

	mem_fail_at(1);
	ck_assert_ptr_null(mem_get(1));
	mem_fail_at(1);
	ck_assert_ptr_null(mem_zero(1));
	mem_fail_at(1);
	ck_assert_ptr_null(mem_grow(kept, 20));
	mem_fail_at(1);
	ck_assert_ptr_null(mem_copy(TEXT("x")));
	mem_fail_at(1);
	ck_assert_ptr_null(mem_print("x"));
	mem_fail_at(1);
	ck_assert_ptr_null(secret_get(1));
	mem_fail_at(1);
	ck_assert_ptr_null(secret_copy(TEXT("x")));
	mem_fail_at(0);
	kept = mem_grow(kept, 20);
	ck_assert_ptr_nonnull(kept);
	mem_drop(kept);
}
END_TEST

UNIT_MAIN("base/mem", copies_and_prints, zeroes, fails_at_the_nth,
    fails_every_kind)
