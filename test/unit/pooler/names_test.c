/* SPDX-License-Identifier: ISC */
/* names_test.c - a client's names of statements. */
#include <stdio.h>

#include "base/mem.h"
#include "pooler/names.h"
#include "unit.h"

START_TEST(puts_finds_replaces_drops)
{
	struct pl_statement *a = pl_statement_get(TEXT("a"));
	struct pl_statement *b = pl_statement_get(TEXT("b"));
	struct pl_names *names = NULL;

	ck_assert_ptr_null(pl_names_find(names, TEXT("one")));
	ck_assert_uint_eq(pl_names_count(names), 0);
	ck_assert(!pl_names_drop(&names, TEXT("one")));
	ck_assert_int_eq(pl_names_put(&names, TEXT("one"), a), 0);
	ck_assert_int_eq(pl_names_put(&names, TEXT("on"), b), 0);
	ck_assert_ptr_eq(pl_names_find(names, TEXT("one")), a);
	ck_assert_ptr_eq(pl_names_find(names, TEXT("on")), b);
	pl_statement_drop(&a);
	ck_assert_uint_eq(pl_statement_count(), 2);
	ck_assert_int_eq(pl_names_put(&names, TEXT("one"), b), 0);
	ck_assert_uint_eq(pl_statement_count(), 1);
	ck_assert_ptr_eq(pl_names_find(names, TEXT("one")), b);
	ck_assert_uint_eq(pl_names_count(names), 2);
	ck_assert(pl_names_drop(&names, TEXT("on")));
	ck_assert_ptr_null(pl_names_find(names, TEXT("on")));
	pl_statement_drop(&b);
	ck_assert(pl_names_drop(&names, TEXT("one")));
	ck_assert_ptr_null(names);
	ck_assert_uint_eq(pl_statement_count(), 0);
}
END_TEST

START_TEST(clears_many)
{
	struct pl_statement *s = pl_statement_get(TEXT("a"));
	struct pl_names *names = NULL;
	char name[32];

	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof name, "S_%d", i);
		ck_assert_int_eq(pl_names_put(&names, text_of(name), s), 0);
	}
	ck_assert_uint_eq(pl_names_count(names), 10000);
	ck_assert_ptr_eq(pl_names_find(names, TEXT("S_9999")), s);
	ck_assert_ptr_null(pl_names_find(names, TEXT("S_10000")));
	pl_statement_drop(&s);
	pl_names_clear(&names);
	ck_assert_ptr_null(names);
	ck_assert_uint_eq(pl_statement_count(), 0);
	pl_names_clear(&names);
}
END_TEST

START_TEST(no_memory)
{
	struct pl_statement *s = pl_statement_get(TEXT("a"));
	struct pl_names *names = NULL;

	/* The entry, the table, its buckets. */
	for (unsigned long n = 1; n <= 3; n++) {
		mem_fail_at(n);
		ck_assert_int_eq(pl_names_put(&names, TEXT("one"), s), -1);
		ck_assert_uint_eq(pl_names_count(names), 0);
		ck_assert_ptr_null(pl_names_find(names, TEXT("one")));
	}
	mem_fail_at(0);
	ck_assert_int_eq(pl_names_put(&names, TEXT("one"), s), 0);
	pl_names_clear(&names);
	pl_statement_drop(&s);
	ck_assert_uint_eq(pl_statement_count(), 0);
}
END_TEST

UNIT_MAIN("pooler/names", puts_finds_replaces_drops, clears_many, no_memory)
