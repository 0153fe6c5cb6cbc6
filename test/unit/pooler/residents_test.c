/* SPDX-License-Identifier: ISC */
/* residents_test.c - places are kept, found, used again. */
#include "base/mem.h"
#include "pooler/residents.h"
#include "unit.h"

static long people[1000];
static uint32_t places[1000];

START_TEST(a_place_stays)
{
	struct pl_residents r = { .table = NULL };

	for (unsigned i = 0; i < 1000; i++)
		ck_assert_int_eq(pl_residents_put(&r, &people[i],
		    &places[i]), 0);
	ck_assert_uint_eq(r.count, 1000);
	for (unsigned i = 0; i < 1000; i += 3)
		pl_residents_drop(&r, places[i]);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert_ptr_eq(pl_residents_at(&r, places[i]),
		    i % 3 == 0 ? NULL : (void *)&people[i]);
	for (unsigned i = 0; i < 1000; i += 3)
		ck_assert_int_eq(pl_residents_put(&r, &people[i],
		    &places[i]), 0);
	ck_assert_uint_eq(r.end, 1000);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert_ptr_eq(pl_residents_at(&r, places[i]), &people[i]);
	ck_assert_ptr_null(pl_residents_at(&r, 1000));
	for (unsigned i = 0; i < 1000; i++)
		pl_residents_drop(&r, places[i]);
	ck_assert_ptr_null(r.table);
	ck_assert_uint_eq(r.end, 0);
}
END_TEST

START_TEST(no_memory)
{
	struct pl_residents r = { .table = NULL };
	uint32_t place;

	mem_fail_at(1);
	ck_assert_int_eq(pl_residents_put(&r, &people[0], &place), -1);
	mem_fail_at(0);
	ck_assert_uint_eq(r.count, 0);
	ck_assert_int_eq(pl_residents_put(&r, &people[0], &place), 0);
	ck_assert_ptr_eq(pl_residents_at(&r, place), &people[0]);
	pl_residents_drop(&r, place);
}
END_TEST

UNIT_MAIN("pooler/residents", a_place_stays, no_memory)
