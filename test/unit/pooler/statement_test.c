/* SPDX-License-Identifier: ISC */
/* statement_test.c - one object for one text. */
#include <stdio.h>

#include "base/mem.h"
#include "pooler/statement.h"
#include "unit.h"

START_TEST(same_text_same_object)
{
	struct pl_statement *a = pl_statement_get(TEXT("select 1\0\0\0"));
	struct pl_statement *b = pl_statement_get(TEXT("select 1\0\0\0"));
	struct pl_statement *c = pl_statement_get(TEXT("select 1\0\0\1"));

	ck_assert_ptr_eq(a, b);
	ck_assert_ptr_ne(a, c);
	ck_assert_uint_eq(pl_statement_count(), 2);
	ck_assert(text_same(pl_statement_body(c), TEXT("select 1\0\0\1")));
	pl_statement_drop(&a);
	ck_assert_ptr_null(a);
	ck_assert_uint_eq(pl_statement_count(), 2);
	pl_statement_drop(&b);
	pl_statement_drop(&b);
	ck_assert_uint_eq(pl_statement_count(), 1);
	pl_statement_drop(&c);
	ck_assert_uint_eq(pl_statement_count(), 0);
}
END_TEST

START_TEST(numbers_run_and_never_return)
{
	struct pl_statement *a = pl_statement_get(TEXT("a"));
	struct pl_statement *b = pl_statement_get(TEXT("b"));
	uint64_t first = pl_statement_number(a);
	char name[64];

	ck_assert_uint_eq(first, 1);
	ck_assert_uint_eq(pl_statement_number(b), first + 1);
	ck_assert(text_is(pl_statement_name(b), "PGBOUNCER_2"));
	ck_assert_int_eq(pl_statement_name(b).at[11], '\0');
	pl_statement_drop(&a);
	a = pl_statement_get(TEXT("a"));
	ck_assert_uint_eq(pl_statement_number(a), first + 2);
	snprintf(name, sizeof name, "PGBOUNCER_%d", 3);
	ck_assert(text_is(pl_statement_name(a), name));
	pl_statement_drop(&a);
	pl_statement_drop(&b);
}
END_TEST

START_TEST(thousands)
{
	static struct pl_statement *all[20000];
	char text[64];

	for (int i = 0; i < 20000; i++) {
		int len = snprintf(text, sizeof text, "select %d", i);

		all[i] = pl_statement_get((struct text){ text, (size_t)len });
	}
	ck_assert_uint_eq(pl_statement_count(), 20000);
	for (int i = 0; i < 20000; i++) {
		int len = snprintf(text, sizeof text, "select %d", i);
		struct pl_statement *same;

		same = pl_statement_get((struct text){ text, (size_t)len });
		ck_assert_ptr_eq(same, all[i]);
		pl_statement_drop(&same);
		pl_statement_drop(&all[i]);
	}
	ck_assert_uint_eq(pl_statement_count(), 0);
}
END_TEST

START_TEST(no_memory)
{
	struct pl_statement *s;

	/* The object, the table, its buckets. */
	for (unsigned long n = 1; n <= 3; n++) {
		mem_fail_at(n);
		ck_assert_ptr_null(pl_statement_get(TEXT("x")));
		ck_assert_uint_eq(pl_statement_count(), 0);
	}
	mem_fail_at(0);
	s = pl_statement_get(TEXT("x"));
	ck_assert_ptr_nonnull(s);
	pl_statement_drop(&s);
}
END_TEST

UNIT_MAIN("pooler/statement", same_text_same_object,
    numbers_run_and_never_return, thousands, no_memory)
