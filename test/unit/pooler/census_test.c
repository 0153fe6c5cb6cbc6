/* SPDX-License-Identifier: ISC */
/*
 * census_test.c - numbers and rows of several loops: each loop has clients
 * and servers of its own in many pools; loop 0 sums them up and shows them.
 */
#include <unistd.h>

#include "net/thread.h"
#include "net/tour.h"
#include "pooler/census.h"
#include "pooler/columns.h"
#include "pooler/round.h"
#include "rig.h"

enum { LOOPS = 4, POOLS = 600, CLIENTS = 700 };

static struct loop *home;
static struct pl_pool *pools[POOLS];
static unsigned taken;
static uint64_t left_out;

static void
stop_home(void)
{
	loop_stop(home);
}

static void
on_counted(void *arg, uint64_t missing)
{
	ck_assert_ptr_eq(arg, &taken);
	ck_assert_uint_eq(pl_round_here(), 0);
	left_out = missing;
	taken++;
	stop_home();
}

/* On each loop: numbers that tell loop and pool. */
static void
populate(struct loop *here, void *arg)
{
	unsigned number = loop_number(here);

	for (unsigned i = 0; i < POOLS; i++) {
		struct pl_shard *shard = pl_shard_here(pools[i]);

		shard->client_count[PL_CLIENT_ACTIVE] = number + i;
		shard->server_count[PL_SERVER_IDLE] = 1;
		shard->stats.queries = 1000 * number;
	}
}

static void
begin_loops(void)
{
	struct why why;
	char name[20];

	pl_pools_loops = LOOPS;
	begin();
	user->row = &user_row;
	loop_free(&loop);
	ck_assert_int_eq(thread_start(LOOPS, NULL, &why), 0);
	home = loop_here();
	for (unsigned i = 0; i < POOLS; i++) {
		snprintf(name, sizeof name, "user%03u", i);
		user = pl_user_get(text_of(name));
		pools[i] = pl_pools_get(db, &user->own);
	}
}

static void
end_loops(void)
{
	thread_stop();
	loop_free(&home);
}

static void
on_tour_home(void *arg)
{
	stop_home();
}

static void
round_trip(void (*visit)(struct loop *, void *))
{
	tour_run(home, visit, on_tour_home, NULL);
	loop_run(home);
}

START_TEST(sums_up_all_loops)
{
	struct pl_census *census;

	begin_loops();
	round_trip(populate);
	census = pl_census_take(false, on_counted, &taken);
	ck_assert_ptr_nonnull(census);
	while (taken == 0)
		loop_run(home);
	ck_assert_uint_eq(left_out, 0);
	for (unsigned i = 0; i < POOLS; i++) {
		ck_assert_uint_eq(pl_shard_sum_clients(pools[i],
		    PL_CLIENT_ACTIVE), 0 + 1 + 2 + 3 + LOOPS * i);
		ck_assert_uint_eq(pl_shard_sum_servers(pools[i],
		    PL_SERVER_IDLE), LOOPS);
		ck_assert_uint_eq(pl_shard_sum_stats(pools[i]).queries, 6000);
		ck_assert_uint_eq(pools[i]->pins, 0);
	}
	end_loops();
}
END_TEST

static void
dawdle(void *arg)
{
	usleep(1500000);		/* longer than a census waits */
}

START_TEST(goes_on_without_a_loop)
{
	begin_loops();
	round_trip(populate);
	loop_post(loop_at(2), dawdle, NULL);
	pl_census_take(false, on_counted, &taken);
	while (taken == 0)
		loop_run(home);
	ck_assert_uint_eq(left_out, 1 << 2);
	/* The others told; what loop 2 said before this stays: nothing. */
	ck_assert_uint_eq(pl_shard_sum_stats(pools[0]).queries, 4000);
	/* Its first slice is pinned as long as it may look at it. */
	ck_assert_uint_gt(pools[0]->pins, 0);
	taken = 0;
	pl_census_take(false, on_counted, &taken);
	while (taken == 0)
		loop_run(home);
	ck_assert_uint_eq(left_out, 0);
	ck_assert_uint_eq(pl_shard_sum_stats(pools[0]).queries, 6000);
	ck_assert_uint_eq(pools[0]->pins, 0);
	end_loops();
}
END_TEST

START_TEST(is_forgotten_in_the_middle)
{
	begin_loops();
	for (int i = 0; i < 50; i++) {
		struct pl_census *census = pl_census_take(false, on_counted,
		    &taken);

		pl_census_forget(&census);
		ck_assert_ptr_null(census);
	}
	/* Behind all of them; the next one alone is heard of. */
	pl_census_take(false, on_counted, &taken);
	while (taken == 0)
		loop_run(home);
	ck_assert_uint_eq(taken, 1);
	ck_assert_uint_eq(pools[0]->pins, 0);
	end_loops();
}
END_TEST

/* ---- rows --------------------------------------------------------------- */

static struct pl_client *moved;

/*
 * Records are made on loop 0 and go to their loops: as the dealer does it,
 * without a stream.
 */
static void
settle(void *arg)
{
	pl_client_join(arg);
}

static void
scatter(void)
{
	struct endpoint peer = { .family = AF_INET, .port = 1 };

	for (unsigned i = 0; i < LOOPS * CLIENTS; i++) {
		struct pl_client *c = pl_client_new(home, &peer);

		pl_client_set_pool(c, pools[0]);
		pl_client_enter(c, PL_CLIENT_ACTIVE);
		c->database = db;
		if (i % LOOPS == 0)
			continue;
		pl_client_leave(c);
		loop_post(loop_at(i % LOOPS), settle, c);
	}
}

/* The tables of residents go with their last. */
static void
clear(struct loop *here, void *arg)
{
	for (uint32_t i = pl_client_slots(); i-- > 0; )
		if (pl_client_at(i) != NULL)
			pl_client_leave(pl_client_at(i));
}

static void
end_clients(void)
{
	round_trip(clear);
	end_loops();
}

static void
on_ready(void *arg)
{
	stop_home();
}

/* The rows of CLIENTS; between(n) is called after each. */
static unsigned
count_rows(struct pl_walk *w, void (*between)(unsigned))
{
	unsigned n = 0;

	for (;;) {
		if (pl_view_next(w) != NULL) {
			n++;
			if (between != NULL)
				between(n);
		} else if (pl_view_waits(w)) {
			loop_run(home);
		} else
			break;
	}
	return n;
}

static struct pl_walk *
walk(const char *object)
{
	return pl_view_walk(pl_columns_find(object)->view, on_ready, NULL);
}

START_TEST(shows_rows_of_all_loops)
{
	struct pl_walk *w;

	begin_loops();
	scatter();
	w = walk("clients");
	ck_assert_uint_eq(count_rows(w, NULL), LOOPS * CLIENTS);
	ck_assert_uint_eq(w->missing, 0);
	pl_view_end(&w);
	w = walk("sockets");
	ck_assert_uint_eq(count_rows(w, NULL), LOOPS * CLIENTS);
	pl_view_end(&w);
	w = walk("servers");
	ck_assert_uint_eq(count_rows(w, NULL), 0);
	pl_view_end(&w);
	w = walk("pools");
	ck_assert_uint_eq(count_rows(w, NULL), POOLS + 1);
	pl_view_end(&w);
	end_clients();
}
END_TEST

/* One that was shown goes to a loop that is still to be looked at. */
static void
move_first(unsigned n)
{
	if (n != 1)
		return;
	moved = pl_client_at(0);
	pl_client_leave(moved);
	loop_post(loop_at(3), settle, moved);
}

START_TEST(shows_once_who_moves)
{
	struct pl_walk *w;

	begin_loops();
	scatter();
	w = walk("clients");
	ck_assert_uint_eq(count_rows(w, move_first), LOOPS * CLIENTS);
	ck_assert_ptr_nonnull(moved);
	pl_view_end(&w);
	end_clients();
}
END_TEST

START_TEST(shows_without_a_loop)
{
	struct pl_walk *w;

	begin_loops();
	scatter();
	w = walk("clients");
	loop_post(loop_at(2), dawdle, NULL);
	ck_assert_uint_eq(count_rows(w, NULL), (LOOPS - 1) * CLIENTS);
	ck_assert_uint_eq(w->missing, 1 << 2);
	pl_view_end(&w);
	end_clients();
}
END_TEST

/* At any point of it, with a page half read or under way. */
static unsigned quit_at;

START_TEST(ends_in_the_middle)
{
	begin_loops();
	scatter();
	for (quit_at = 1; quit_at < LOOPS * CLIENTS; quit_at += 130) {
		struct pl_walk *w = walk("clients");

		for (unsigned n = 0; n < quit_at; )
			if (pl_view_next(w) != NULL)
				n++;
			else
				loop_run(home);
		if (quit_at % 2 == 0)
			pl_view_next(w);
		pl_view_end(&w);
	}
	end_clients();
}
END_TEST

RIG_MAIN("pooler/census", sums_up_all_loops, goes_on_without_a_loop,
    is_forgotten_in_the_middle, shows_rows_of_all_loops,
    shows_once_who_moves, shows_without_a_loop, ends_in_the_middle)
