/* SPDX-License-Identifier: ISC */
/* budget_test.c - permits, and the line for them. */
#include "pooler/budget.h"
#include "unit.h"

static struct pl_budget b;
static struct pl_budget_place a, c, d;

static void
begin(void)
{
	pl_budget_init(&b);
	memset(&a, 0, sizeof a);
	memset(&c, 0, sizeof c);
	memset(&d, 0, sizeof d);
}

/* The first in line, who leaves it. */
static struct pl_budget_place *
next(void)
{
	struct pl_budget_place *first = pl_budget_first(&b);

	if (first != NULL)
		pl_budget_leave(&b, first);
	return first;
}

START_TEST(gives_what_there_is)
{
	begin();
	ck_assert(pl_budget_has(&b, 2));
	ck_assert(pl_budget_take(&b, 2, &a, 10));
	ck_assert(pl_budget_take(&b, 2, &a, 10));
	ck_assert(!pl_budget_has(&b, 2));
	ck_assert(!pl_budget_take(&b, 2, &a, 10));
	ck_assert(a.waiting);
	ck_assert_int_eq(b.taken, 2);
	pl_budget_give(&b);
	ck_assert(pl_budget_take(&b, 2, &a, 10));
	ck_assert(!a.waiting);
	ck_assert_ptr_null(pl_budget_first(&b));
}
END_TEST

START_TEST(no_limit)
{
	begin();
	for (int i = 0; i < 1000; i++)
		ck_assert(pl_budget_take(&b, 0, &a, 10));
	ck_assert(pl_budget_has(&b, 0));
	ck_assert(!pl_budget_has(&b, 1000));
	ck_assert(!pl_budget_take(&b, 5, &a, 10));
}
END_TEST

START_TEST(longest_wait_first)
{
	begin();
	ck_assert(pl_budget_take(&b, 1, &a, 1));
	ck_assert(!pl_budget_take(&b, 1, &a, 30));
	ck_assert(!pl_budget_take(&b, 1, &c, 10));
	ck_assert(!pl_budget_take(&b, 1, &d, 20));
	/* One that asks again with another time changes its place. */
	ck_assert(!pl_budget_take(&b, 1, &a, 15));
	pl_budget_give(&b);
	ck_assert_ptr_eq(next(), &c);
	ck_assert(!c.waiting);
	ck_assert_ptr_eq(next(), &a);
	ck_assert_ptr_eq(next(), &d);
	ck_assert_ptr_null(next());
}
END_TEST

START_TEST(equal_waits_in_order_of_asking)
{
	begin();
	ck_assert(pl_budget_take(&b, 1, &a, 1));
	ck_assert(!pl_budget_take(&b, 1, &a, 10));
	ck_assert(!pl_budget_take(&b, 1, &c, 10));
	ck_assert_ptr_eq(next(), &a);
	ck_assert_ptr_eq(next(), &c);
}
END_TEST

START_TEST(stands_anew)
{
	begin();
	pl_budget_stand(&b, &a, 10);
	pl_budget_stand(&b, &c, 20);
	pl_budget_stand(&b, &d, 30);
	pl_budget_stand(&b, &a, 25);
	ck_assert_ptr_eq(pl_budget_first(&b), &c);
	ck_assert_ptr_eq(next(), &c);
	ck_assert_ptr_eq(next(), &a);
	ck_assert_ptr_eq(next(), &d);
}
END_TEST

START_TEST(leaves_the_line)
{
	begin();
	ck_assert(pl_budget_take(&b, 1, &a, 1));
	ck_assert(!pl_budget_take(&b, 1, &a, 10));
	ck_assert(!pl_budget_take(&b, 1, &c, 20));
	pl_budget_leave(&b, &a);
	pl_budget_leave(&b, &a);
	ck_assert(!a.waiting);
	ck_assert_ptr_eq(next(), &c);
}
END_TEST

UNIT_MAIN("pooler/budget", gives_what_there_is, no_limit, longest_wait_first,
    equal_waits_in_order_of_asking, stands_anew, leaves_the_line)
