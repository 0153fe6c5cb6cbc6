/* SPDX-License-Identifier: ISC */
/* shelf_test.c - a server's statements in the order of their use. */
#include <stdio.h>

#include "base/mem.h"
#include "pooler/shelf.h"
#include "unit.h"

static struct pl_statement *
make(int i)
{
	char text[32];
	int len = snprintf(text, sizeof text, "select %d", i);

	return pl_statement_get((struct text){ text, (size_t)len });
}

START_TEST(least_recently_used_is_surplus)
{
	struct pl_statement *a = make(1), *b = make(2), *c = make(3);
	struct pl_shelf *shelf = NULL;

	ck_assert(!pl_shelf_use(shelf, a));
	ck_assert_ptr_null(pl_shelf_surplus(shelf, 0, NULL));
	ck_assert_int_eq(pl_shelf_add(&shelf, a), 0);
	ck_assert_int_eq(pl_shelf_add(&shelf, b), 0);
	ck_assert(!pl_shelf_use(shelf, c));
	ck_assert_int_eq(pl_shelf_add(&shelf, c), 0);
	ck_assert_uint_eq(pl_shelf_count(shelf), 3);
	ck_assert_ptr_null(pl_shelf_surplus(shelf, 3, NULL));
	ck_assert_ptr_eq(pl_shelf_surplus(shelf, 2, NULL), a);
	ck_assert_ptr_eq(pl_shelf_surplus(shelf, 2, a), b);
	ck_assert(pl_shelf_use(shelf, a));
	ck_assert_ptr_eq(pl_shelf_surplus(shelf, 2, NULL), b);
	/* What is there already only moves to the front. */
	ck_assert_int_eq(pl_shelf_add(&shelf, b), 0);
	ck_assert_uint_eq(pl_shelf_count(shelf), 3);
	ck_assert_ptr_eq(pl_shelf_surplus(shelf, 2, NULL), c);
	ck_assert(pl_shelf_drop(&shelf, c));
	ck_assert(!pl_shelf_drop(&shelf, c));
	ck_assert_ptr_eq(pl_shelf_surplus(shelf, 0, a), b);
	ck_assert(pl_shelf_drop(&shelf, a));
	ck_assert_ptr_null(pl_shelf_surplus(shelf, 0, b));
	ck_assert(pl_shelf_drop(&shelf, b));
	ck_assert_ptr_null(shelf);
	ck_assert(!pl_shelf_drop(&shelf, b));
	pl_statement_drop(&a);
	pl_statement_drop(&b);
	pl_statement_drop(&c);
}
END_TEST

START_TEST(holds_what_it_has)
{
	struct pl_shelf *shelf = NULL;

	for (int i = 0; i < 1000; i++) {
		struct pl_statement *s = make(i);

		ck_assert_int_eq(pl_shelf_add(&shelf, s), 0);
		pl_statement_drop(&s);
	}
	ck_assert_uint_eq(pl_statement_count(), 1000);
	while (pl_shelf_count(shelf) > 10) {
		struct pl_statement *s = pl_shelf_surplus(shelf, 10, NULL);

		ck_assert(pl_shelf_drop(&shelf, s));
	}
	for (int i = 989; i < 1000; i++) {
		struct pl_statement *s = make(i);

		ck_assert_int_eq(pl_shelf_use(shelf, s), i >= 990);
		pl_statement_drop(&s);
	}
	pl_shelf_clear(&shelf);
	pl_shelf_clear(&shelf);
	ck_assert_uint_eq(pl_statement_count(), 0);
}
END_TEST

START_TEST(no_memory)
{
	struct pl_statement *s = make(1);
	struct pl_shelf *shelf = NULL;

	/* The shelf, the book, the table, its buckets. */
	for (unsigned long n = 1; n <= 4; n++) {
		mem_fail_at(n);
		ck_assert_int_eq(pl_shelf_add(&shelf, s), -1);
		ck_assert_ptr_null(shelf);
	}
	mem_fail_at(0);
	ck_assert_int_eq(pl_shelf_add(&shelf, s), 0);
	pl_shelf_clear(&shelf);
	pl_statement_drop(&s);
	ck_assert_uint_eq(pl_statement_count(), 0);
}
END_TEST

UNIT_MAIN("pooler/shelf", least_recently_used_is_surplus, holds_what_it_has,
    no_memory)
