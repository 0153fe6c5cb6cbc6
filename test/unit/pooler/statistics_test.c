/* SPDX-License-Identifier: ISC */
/*
 * statistics_test.c - sums, windows and averages over made-up pools.
 */
#include "base/clock.h"
#include "pooler/pool.h"
#include "pooler/shard.h"
#include "pooler/statistics.h"
#include "unit.h"

static struct pl_database one, two;
static struct pl_pool pools[3];		/* two of one, one of two */
static struct pl_shard shards[3];

static void
build(void)
{
	TAILQ_INIT(&pl_pools);
	TAILQ_INIT(&one.pools);
	TAILQ_INIT(&two.pools);
	for (int i = 0; i < 3; i++) {
		struct pl_database *db = i < 2 ? &one : &two;

		shards[i] = (struct pl_shard){ .pool = &pools[i] };
		pools[i] = (struct pl_pool){ .database = db,
		    .shards = &shards[i], .loops = 1 };
		TAILQ_INSERT_TAIL(&pl_pools, &pools[i], link);
		TAILQ_INSERT_TAIL(&db->pools, &pools[i], of_database);
	}
}

START_TEST(averages_rates_and_shares)
{
	struct pl_stats a = pl_statistics_average(&(struct pl_stats){
	    .assignments = 4, .xacts = 10, .queries = 20, .received = 3000,
	    .sent = 5001, .xact_time = 105, .query_time = 39, .wait_time = 9,
	    .client_parses = 2, .server_parses = 3, .binds = 7 },
	    2 * CLOCK_SECOND);

	ck_assert_uint_eq(a.assignments, 2);
	ck_assert_uint_eq(a.xacts, 5);
	ck_assert_uint_eq(a.queries, 10);
	ck_assert_uint_eq(a.received, 1500);
	ck_assert_uint_eq(a.sent, 2500);
	ck_assert_uint_eq(a.xact_time, 10);
	ck_assert_uint_eq(a.query_time, 1);
	ck_assert_uint_eq(a.wait_time, 2);
	ck_assert_uint_eq(a.client_parses, 1);
	ck_assert_uint_eq(a.server_parses, 1);
	ck_assert_uint_eq(a.binds, 3);
}
END_TEST

START_TEST(divides_by_nothing)
{
	struct pl_stats a = pl_statistics_average(&(struct pl_stats){
	    .xacts = 0, .xact_time = 100, .queries = 7 }, 0);

	ck_assert_uint_eq(a.xact_time, 0);
	ck_assert_uint_eq(a.queries, 0);
	a = pl_statistics_average(&(struct pl_stats){ .sent = UINT64_MAX / 2 },
	    CLOCK_SECOND);
	ck_assert_uint_gt(a.sent, UINT64_MAX / 4);
}
END_TEST

START_TEST(moves_the_window)
{
	int64_t start = clock_now();
	struct pl_stats a;

	build();
	pl_statistics_mark(start - 20 * CLOCK_SECOND);
	pl_statistics_mark(start - 10 * CLOCK_SECOND);
	pools[0].shards->stats.queries = 50;
	pools[2].shards->stats.queries = 100;
	a = pl_statistics_mark(start);
	ck_assert_uint_eq(a.queries, 15);		/* 150 in 10 s */
	pools[0].shards->stats.queries = 90;
	a = pl_statistics_mark(start + 10 * CLOCK_SECOND);
	ck_assert_uint_eq(a.queries, 4);		/* 40 in 10 s */
	a = pl_statistics_mark(start + 20 * CLOCK_SECOND);
	ck_assert_uint_eq(a.queries, 0);
	ck_assert_uint_eq(pools[0].older.queries, 90);
}
END_TEST

START_TEST(sums_by_database)
{
	int64_t now = clock_now();
	struct pl_statistics s;

	build();
	pl_statistics_mark(now - 20 * CLOCK_SECOND);
	pl_statistics_mark(now - 10 * CLOCK_SECOND);
	/* The older mark is 20 s ago. */
	pools[0].shards->stats.xacts = 200;
	pools[1].shards->stats.xacts = 800;
	pools[2].shards->stats.xacts = 4000;
	s = pl_statistics_of(&one);
	ck_assert_uint_eq(s.total.xacts, 1000);
	ck_assert_uint_ge(s.average.xacts, 49);
	ck_assert_uint_le(s.average.xacts, 50);
	s = pl_statistics_of(NULL);
	ck_assert_uint_eq(s.total.xacts, 5000);
	ck_assert_uint_ge(s.average.xacts, 249);
	ck_assert_uint_le(s.average.xacts, 250);
}
END_TEST

START_TEST(prints_the_line)
{
	char line[PL_STATISTICS_LINE];
	struct pl_stats most;

	ck_assert_str_eq(pl_statistics_print(&(struct pl_stats){ .xacts = 1,
	    .queries = 2, .client_parses = 3, .server_parses = 4, .binds = 5,
	    .received = 6, .sent = 7, .xact_time = 8, .query_time = 9,
	    .wait_time = 10 }, "us", line),
	    "stats: 1 xacts/s, 2 queries/s, 3 client parses/s, "
	    "4 server parses/s, 5 binds/s, in 6 B/s, out 7 B/s, xact 8 us, "
	    "query 9 us, wait 10 us");
	memset(&most, 0xff, sizeof most);
	pl_statistics_print(&most, "\xce\xbcs", line);
	ck_assert_ptr_nonnull(strstr(line,
	    "wait 18446744073709551615 \xce\xbcs"));
}
END_TEST

UNIT_MAIN("pooler/statistics", averages_rates_and_shares, divides_by_nothing,
    moves_the_window, sums_by_database, prints_the_line)
