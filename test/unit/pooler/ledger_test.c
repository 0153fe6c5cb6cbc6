/* SPDX-License-Identifier: ISC */
/* ledger_test.c - single moves of the ledger; test/sim/ledger.c plays games. */
#include "pooler/ledger.h"
#include "unit.h"

static struct pl_ledger l;
static struct pl_seat seats[8];
static struct pl_turn turns[8];
static int64_t now;

static void
begin(unsigned loops, struct pl_limits limits)
{
	memset(seats, 0, sizeof seats);
	memset(turns, 0, sizeof turns);
	now = 1000000;
	ck_assert_int_eq(pl_ledger_init(&l, loops, &limits), 0);
}

/* A seat that has logged in, idle on its loop. */
static void
open_idle(unsigned i, unsigned loop)
{
	struct pl_step step;

	pl_ledger_add(&l, &seats[i], loop, now);
	step = pl_ledger_release(&l, &seats[i], now);
	ck_assert_int_eq(step.act, PL_STEP_REST);
	ck_assert_ptr_eq(step.seat, &seats[i]);
}

static void
check_step(struct pl_step step, int act, struct pl_turn *turn,
    struct pl_seat *seat)
{
	ck_assert_int_eq(step.act, act);
	ck_assert_ptr_eq(step.turn, turn);
	ck_assert_ptr_eq(step.seat, seat);
}

static const struct pl_limits plain = { .size = 3, .parallel = 1 };

START_TEST(grants_the_last_released_first)
{
	begin(1, plain);
	open_idle(0, 0);
	open_idle(1, 0);
	check_step(pl_ledger_want(&l, &turns[0], 0, now), PL_STEP_GRANT,
	    &turns[0], &seats[1]);
	ck_assert_uint_eq(l.idle, 1);
	ck_assert_int_eq(seats[1].place, PL_SEAT_BUSY);
	check_step(pl_ledger_want(&l, &turns[1], 0, now), PL_STEP_GRANT,
	    &turns[1], &seats[0]);
	check_step(pl_ledger_want(&l, &turns[2], 0, now), PL_STEP_WAIT,
	    &turns[2], NULL);
	ck_assert(turns[2].waiting);
}
END_TEST

START_TEST(round_robin_and_last_go_to_the_tail)
{
	begin(1, plain);
	open_idle(0, 0);
	seats[1].last = 1;
	pl_ledger_add(&l, &seats[1], 0, now);
	ck_assert_int_eq(seats[1].last, 0);
	seats[1].last = 1;
	pl_ledger_release(&l, &seats[1], now);
	check_step(pl_ledger_want(&l, &turns[0], 0, now), PL_STEP_GRANT,
	    &turns[0], &seats[0]);
	check_step(pl_ledger_want(&l, &turns[1], 0, now), PL_STEP_GRANT,
	    &turns[1], &seats[1]);
	l.limits.round_robin = true;
	seats[1].last = 0;
	pl_ledger_release(&l, &seats[0], now);
	pl_ledger_release(&l, &seats[1], now);
	check_step(pl_ledger_want(&l, &turns[0], 0, now), PL_STEP_GRANT,
	    &turns[0], &seats[0]);
}
END_TEST

START_TEST(serves_in_the_order_of_arrival)
{
	begin(1, plain);
	open_idle(0, 0);
	pl_ledger_want(&l, &turns[0], 0, now);
	turns[1].login = 1;
	for (unsigned i = 1; i < 4; i++)
		pl_ledger_want(&l, &turns[i], 0, now + i);
	ck_assert_ptr_eq(pl_ledger_first(&l), &turns[1]);
	pl_ledger_withdraw(&l, &turns[2]);
	pl_ledger_withdraw(&l, &turns[2]);
	ck_assert_uint_eq(l.waiting, 2);
	check_step(pl_ledger_release(&l, &seats[0], now + 9), PL_STEP_GRANT,
	    &turns[1], &seats[0]);
	ck_assert(!turns[1].waiting);
	ck_assert_int_eq(seats[0].since, now + 9);
	check_step(pl_ledger_release(&l, &seats[0], now), PL_STEP_GRANT,
	    &turns[3], &seats[0]);
	check_step(pl_ledger_release(&l, &seats[0], now), PL_STEP_REST,
	    NULL, &seats[0]);
	ck_assert_ptr_null(pl_ledger_first(&l));
}
END_TEST

START_TEST(a_pause_grants_nothing)
{
	begin(1, plain);
	open_idle(0, 0);
	open_idle(1, 0);
	l.paused = true;
	check_step(pl_ledger_want(&l, &turns[0], 0, now), PL_STEP_WAIT,
	    &turns[0], NULL);
	check_step(pl_ledger_want(&l, &turns[1], 0, now), PL_STEP_WAIT,
	    &turns[1], NULL);
	ck_assert_int_eq(pl_ledger_serve(&l, now).act, PL_STEP_REST);
	pl_ledger_take(&l, &seats[0]);
	check_step(pl_ledger_release(&l, &seats[0], now), PL_STEP_REST,
	    NULL, &seats[0]);
	l.paused = false;
	/* Who comes between the end of the pause and the serving waits too. */
	check_step(pl_ledger_want(&l, &turns[2], 0, now), PL_STEP_WAIT,
	    &turns[2], NULL);
	check_step(pl_ledger_serve(&l, now), PL_STEP_GRANT, &turns[0],
	    &seats[0]);
	check_step(pl_ledger_serve(&l, now), PL_STEP_GRANT, &turns[1],
	    &seats[1]);
	ck_assert_int_eq(pl_ledger_serve(&l, now).act, PL_STEP_REST);
	ck_assert_uint_eq(l.waiting, 1);
}
END_TEST

START_TEST(tests_one_used_seat_for_each_who_waits)
{
	begin(1, plain);
	for (unsigned i = 0; i < 3; i++) {
		open_idle(i, 0);
		pl_ledger_age(&l, &seats[i]);
	}
	ck_assert_uint_eq(l.used, 3);
	check_step(pl_ledger_want(&l, &turns[0], 0, now), PL_STEP_TEST,
	    &turns[0], &seats[2]);
	ck_assert_uint_eq(l.testing, 1);
	ck_assert(turns[0].waiting);
	ck_assert_int_eq(pl_ledger_serve(&l, now).act, PL_STEP_REST);
	check_step(pl_ledger_want(&l, &turns[1], 0, now), PL_STEP_TEST,
	    &turns[1], &seats[1]);
	/* The first test fails: the next seat is tried. */
	pl_ledger_drop(&l, &seats[2]);
	ck_assert_uint_eq(l.testing, 1);
	check_step(pl_ledger_serve(&l, now), PL_STEP_TEST, &turns[0],
	    &seats[0]);
	/* Whichever test passes, the first in line is served. */
	check_step(pl_ledger_release(&l, &seats[1], now), PL_STEP_GRANT,
	    &turns[0], &seats[1]);
	check_step(pl_ledger_release(&l, &seats[0], now), PL_STEP_GRANT,
	    &turns[1], &seats[0]);
	ck_assert_uint_eq(l.testing, 0);
	ck_assert_uint_eq(l.seats, 2);
}
END_TEST

START_TEST(moves_seats_between_loops)
{
	begin(3, plain);
	open_idle(0, 1);
	check_step(pl_ledger_want(&l, &turns[0], 2, now), PL_STEP_MOVE,
	    &turns[0], &seats[0]);
	ck_assert_uint_eq(seats[0].loop, 2);
	open_idle(1, 2);
	open_idle(2, 0);
	check_step(pl_ledger_want(&l, &turns[1], 2, now), PL_STEP_GRANT,
	    &turns[1], &seats[1]);
	/* Another's idle seat rather than a test of an own one. */
	pl_ledger_release(&l, &seats[1], now);
	pl_ledger_age(&l, &seats[1]);
	check_step(pl_ledger_want(&l, &turns[1], 2, now), PL_STEP_MOVE,
	    &turns[1], &seats[2]);
	/* A used one of another loop is tested too. */
	check_step(pl_ledger_want(&l, &turns[2], 0, now), PL_STEP_TEST,
	    &turns[2], &seats[1]);
	check_step(pl_ledger_release(&l, &seats[1], now), PL_STEP_MOVE,
	    &turns[2], &seats[1]);
}
END_TEST

START_TEST(is_patient_with_other_loops)
{
	begin(2, plain);
	open_idle(0, 0);
	pl_ledger_want(&l, &turns[0], 0, now);
	pl_ledger_want(&l, &turns[1], 1, now);
	pl_ledger_want(&l, &turns[2], 0, now + PL_LEDGER_PATIENCE);
	pl_ledger_want(&l, &turns[3], 0, now + PL_LEDGER_PATIENCE + 1);
	check_step(pl_ledger_release(&l, &seats[0], now), PL_STEP_GRANT,
	    &turns[2], &seats[0]);
	check_step(pl_ledger_release(&l, &seats[0], now), PL_STEP_MOVE,
	    &turns[1], &seats[0]);
	ck_assert_uint_eq(seats[0].loop, 1);
	check_step(pl_ledger_release(&l, &seats[0], now), PL_STEP_MOVE,
	    &turns[3], &seats[0]);
}
END_TEST

static unsigned
grow(int64_t at, bool *reserve)
{
	return pl_ledger_grow(&l, at, reserve);
}

START_TEST(grows_with_the_line_and_the_limits)
{
	bool reserve = true;

	begin(1, (struct pl_limits){ .size = 3, .reserve = 2,
	    .reserve_after = 500, .parallel = 2 });
	ck_assert_uint_eq(grow(now, &reserve), 0);
	ck_assert(!reserve);
	for (unsigned i = 0; i < 6; i++) {
		pl_ledger_want(&l, &turns[i], 0, now);
		if (i == 0)
			ck_assert_uint_eq(grow(now, &reserve), 1);
	}
	ck_assert_uint_eq(grow(now, &reserve), 2);
	pl_ledger_add(&l, &seats[0], 0, now);
	ck_assert_uint_eq(grow(now, &reserve), 1);
	pl_ledger_add(&l, &seats[1], 0, now);
	ck_assert_uint_eq(grow(now, &reserve), 0);
	pl_ledger_release(&l, &seats[0], now);
	pl_ledger_release(&l, &seats[1], now);
	ck_assert_uint_eq(grow(now, &reserve), 1);
	pl_ledger_add(&l, &seats[2], 0, now);
	pl_ledger_release(&l, &seats[2], now);
	ck_assert_uint_eq(grow(now + 499, &reserve), 0);
	ck_assert(!reserve);
	ck_assert_uint_eq(grow(now + 500, &reserve), 2);
	ck_assert(reserve);
	pl_ledger_add(&l, &seats[3], 0, now);
	ck_assert_uint_eq(grow(now + 500, &reserve), 1);
	pl_ledger_add(&l, &seats[4], 0, now);
	pl_ledger_release(&l, &seats[3], now);
	ck_assert_uint_eq(grow(now + 500, &reserve), 0);
	ck_assert(!reserve);
}
END_TEST

START_TEST(no_reserve_without_a_time)
{
	bool reserve;

	begin(1, (struct pl_limits){ .size = 1, .reserve = 2, .parallel = 2 });
	open_idle(0, 0);
	pl_ledger_want(&l, &turns[0], 0, now);
	pl_ledger_want(&l, &turns[1], 0, now);
	ck_assert_uint_eq(grow(now + 3600000000, &reserve), 0);
}
END_TEST

START_TEST(no_size_is_no_limit)
{
	bool reserve;

	begin(1, (struct pl_limits){ .size = 0, .parallel = 4 });
	for (unsigned i = 0; i < 3; i++)
		open_idle(i, 0);
	for (unsigned i = 0; i < 5; i++)
		pl_ledger_want(&l, &turns[i], 0, now);
	ck_assert_uint_eq(grow(now, &reserve), 2);
}
END_TEST

START_TEST(unlimited_until_one_is_ready)
{
	bool reserve;

	begin(1, (struct pl_limits){ .size = 1, .parallel = 4 });
	open_idle(0, 0);
	for (unsigned i = 0; i < 4; i++)
		pl_ledger_want(&l, &turns[i], 0, now);
	ck_assert_uint_eq(grow(now, &reserve), 0);
	l.unlimited = true;
	ck_assert_uint_eq(grow(now, &reserve), 3);
	pl_ledger_add(&l, &seats[1], 0, now);
	pl_ledger_release(&l, &seats[0], now);
	ck_assert(l.unlimited);
	pl_ledger_release(&l, &seats[1], now);
	ck_assert(!l.unlimited);
	ck_assert_uint_eq(grow(now, &reserve), 0);
}
END_TEST

START_TEST(counts_tests_as_under_way)
{
	bool reserve;

	begin(1, plain);
	open_idle(0, 0);
	pl_ledger_age(&l, &seats[0]);
	pl_ledger_want(&l, &turns[0], 0, now);
	ck_assert_uint_eq(grow(now, &reserve), 0);
	pl_ledger_want(&l, &turns[1], 0, now);
	ck_assert_uint_eq(grow(now, &reserve), 1);
}
END_TEST

/* Who comes in the middle of the question waits for its end. */
START_TEST(one_that_is_asked_is_under_way)
{
	bool reserve;

	begin(1, plain);
	open_idle(0, 0);
	pl_ledger_probe(&l, &seats[0], now + 5);
	ck_assert_int_eq(seats[0].since, now + 5);
	check_step(pl_ledger_want(&l, &turns[0], 0, now), PL_STEP_WAIT,
	    &turns[0], NULL);
	ck_assert_uint_eq(grow(now, &reserve), 0);
	ck_assert(!pl_ledger_rest_own(&l, &seats[0], now));
	check_step(pl_ledger_release(&l, &seats[0], now), PL_STEP_GRANT,
	    &turns[0], &seats[0]);
	ck_assert_uint_eq(l.testing, 0);
	pl_ledger_drop(&l, &seats[0]);
	pl_ledger_fini(&l);
}
END_TEST

START_TEST(drops_from_any_place)
{
	begin(1, plain);
	pl_ledger_add(&l, &seats[0], 0, now);
	open_idle(1, 0);
	open_idle(2, 0);
	pl_ledger_age(&l, &seats[2]);
	open_idle(3, 0);
	pl_ledger_take(&l, &seats[3]);
	ck_assert_int_eq(seats[3].place, PL_SEAT_BUSY);
	ck_assert_uint_eq(l.seats, 4);
	for (unsigned i = 0; i < 4; i++) {
		pl_ledger_drop(&l, &seats[i]);
		ck_assert_int_eq(seats[i].place, PL_SEAT_NONE);
	}
	ck_assert_uint_eq(l.seats + l.fresh + l.idle + l.used, 0);
	pl_ledger_fini(&l);
}
END_TEST

UNIT_MAIN("pooler/ledger", grants_the_last_released_first,
    round_robin_and_last_go_to_the_tail, serves_in_the_order_of_arrival,
    a_pause_grants_nothing, tests_one_used_seat_for_each_who_waits,
    moves_seats_between_loops, is_patient_with_other_loops,
    grows_with_the_line_and_the_limits, no_reserve_without_a_time,
    no_size_is_no_limit, unlimited_until_one_is_ready,
    counts_tests_as_under_way, one_that_is_asked_is_under_way,
    drops_from_any_place)
