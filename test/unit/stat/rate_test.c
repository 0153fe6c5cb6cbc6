/* SPDX-License-Identifier: ISC */
/* rate_test.c - rates over a sliding second, averages. */
#include "stat/rate.h"
#include "unit.h"

#define MS 1000

START_TEST(counts_the_last_second)
{
	struct rate r = { 0 };

	for (int i = 0; i < 10; i++)
		rate_add(&r, 5000 * MS + i * 10 * MS);
	ck_assert_uint_eq(rate_read(&r, 5200 * MS), 10);
	/* Half of the second has gone by: half of them still count. */
	ck_assert_uint_eq(rate_read(&r, 6500 * MS), 5);
	ck_assert_uint_eq(rate_read(&r, 7500 * MS), 0);
	ck_assert_uint_eq(r.most, 10);
}
END_TEST

START_TEST(waits_for_room)
{
	struct rate r = { 0 };

	ck_assert_int_eq(rate_wait(&r, 2, 1000 * MS), 0);
	rate_add(&r, 1000 * MS);
	rate_add(&r, 1100 * MS);
	ck_assert_int_eq(rate_wait(&r, 2, 1100 * MS), 900 * MS);
	ck_assert_int_eq(rate_wait(&r, 3, 1100 * MS), 0);
	ck_assert_int_eq(rate_wait(&r, 2, 3100 * MS), 0);
}
END_TEST

START_TEST(averages)
{
	uint64_t sum = 0;

	for (int i = 0; i < 20000; i++)
		rate_sample(&sum, 1024, 40);
	ck_assert_uint_ge(rate_mean(sum, 1024), 39);
	ck_assert_uint_le(rate_mean(sum, 1024), 41);
}
END_TEST

UNIT_MAIN("stat/rate", counts_the_last_second, waits_for_room, averages)
