/* SPDX-License-Identifier: ISC */
/* expect_test.c - the ring of answers to come. */
#include "base/mem.h"
#include "pooler/expect.h"
#include "pooler/statement.h"
#include "unit.h"

START_TEST(keeps_the_order)
{
	struct pl_expect e = { 0 };
	uint32_t in = 0, out = 0;

	ck_assert_ptr_null(pl_expect_first(&e));
	/* Grows while the ring is turned; 5 in, 3 out each round. */
	for (int round = 0; round < 500; round++) {
		for (int i = 0; i < 5; i++, in++)
			ck_assert_int_eq(pl_expect_add(&e, (char)(in % 100),
			    in % 3, NULL), 0);
		for (int i = 0; i < 3; i++, out++) {
			ck_assert_int_eq(pl_expect_first(&e)->type, out % 100);
			ck_assert_int_eq(pl_expect_first(&e)->fate, out % 3);
			pl_expect_next(&e);
		}
		ck_assert_uint_eq(e.count, in - out);
	}
	for (uint32_t i = 0; i < e.count; i++)
		ck_assert_int_eq(pl_expect_at(&e, i)->type, (out + i) % 100);
	ck_assert_ptr_null(pl_expect_at(&e, e.count));
	while (!pl_expect_empty(&e))
		pl_expect_next(&e);
	ck_assert_uint_eq(e.room, 0);
	ck_assert_ptr_null(e.ring);
}
END_TEST

START_TEST(starts_anew_when_cleared)
{
	const char all[] = "QFSPBDECcf";
	struct pl_expect e = { 0 };

	for (size_t i = 0; i < sizeof all - 1; i++)
		pl_expect_add(&e, all[i], PL_FORWARD, NULL);
	pl_expect_next(&e);
	pl_expect_clear(&e);
	ck_assert_uint_eq(e.count, 0);
	ck_assert_int_eq(pl_expect_add(&e, 'Q', PL_SWALLOW, NULL), 0);
	ck_assert_int_eq(pl_expect_first(&e)->type, 'Q');
}
END_TEST

START_TEST(holds_statements)
{
	struct pl_statement *s = pl_statement_get(TEXT("select 1\0\0"));
	struct pl_expect e = { 0 };

	ck_assert_int_eq(pl_expect_add(&e, 'P', PL_INVENT, s), 0);
	ck_assert_int_eq(pl_expect_add(&e, 'C', PL_SWALLOW, s), 0);
	ck_assert_ptr_eq(pl_expect_first(&e)->statement, s);
	pl_statement_drop(&s);
	pl_expect_next(&e);
	ck_assert_uint_eq(pl_statement_count(), 1);
	pl_expect_clear(&e);
	ck_assert_uint_eq(pl_statement_count(), 0);
}
END_TEST

START_TEST(no_memory)
{
	struct pl_statement *s = pl_statement_get(TEXT("select 1\0\0"));
	struct pl_expect e = { 0 };

	for (int i = 0; i < PL_EXPECT_SMALL; i++)
		ck_assert_int_eq(pl_expect_add(&e, 'S', PL_FORWARD, NULL), 0);
	mem_fail_at(1);
	ck_assert_int_eq(pl_expect_add(&e, 'P', PL_FORWARD, s), -1);
	ck_assert_uint_eq(e.count, PL_EXPECT_SMALL);
	pl_statement_drop(&s);
	ck_assert_uint_eq(pl_statement_count(), 0);
	ck_assert_int_eq(pl_expect_add(&e, 'P', PL_FORWARD, NULL), 0);
	ck_assert_int_eq(pl_expect_at(&e, PL_EXPECT_SMALL)->type, 'P');
	pl_expect_clear(&e);
}
END_TEST

UNIT_MAIN("pooler/expect", keeps_the_order, starts_anew_when_cleared,
    holds_statements, no_memory)
