/* SPDX-License-Identifier: ISC */
/*
 * round_test.c - questions to several loops: each is asked once and on its
 * own thread, all answers come home, who is late is left out, and nothing is
 * lost or touched when whoever asked goes away.
 */
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/thread.h"
#include "pooler/round.h"
#include "pooler/seen.h"
#include "unit.h"

enum { LOOPS = 4 };

struct asked {
	struct pl_round round;
	unsigned visited[LOOPS];	/* each by its loop */
	uint64_t heard, missing;
	unsigned done;
};

static struct loop *home;
static unsigned dropped;
static _Atomic unsigned dawdlers;

static void
on_visit(struct pl_round *r)
{
	((struct asked *)(void *)r)->visited[pl_round_here()]++;
}

static void
on_heard(struct pl_round *r, unsigned loop)
{
	struct asked *a = (struct asked *)(void *)r;

	ck_assert_uint_eq(pl_round_here(), 0);
	ck_assert_uint_eq(a->visited[loop], 1);
	a->heard |= (uint64_t)1 << loop;
}

static void
on_done(struct pl_round *r)
{
	struct asked *a = (struct asked *)(void *)r;

	a->done++;
	a->missing = r->away;
	if (home != NULL)
		loop_stop(home);
}

static void
on_drop(struct pl_round *r)
{
	ck_assert_uint_eq(r->away, 0);
	mem_drop(r);
	dropped++;
	if (home != NULL)
		loop_stop(home);
}

static struct asked *
make(void)
{
	struct asked *a = mem_zero(sizeof *a);

	a->round.visit = on_visit;
	a->round.heard = on_heard;
	a->round.done = on_done;
	a->round.drop = on_drop;
	return a;
}

static void
begin(unsigned loops)
{
	struct why why;

	ck_assert_int_eq(thread_start(loops, NULL, &why), 0);
	home = loop_here();
}

static void
end(void)
{
	thread_stop();
	loop_free(&home);
}

START_TEST(alone_it_is_a_call)
{
	struct asked *a = make();

	ck_assert_uint_eq(pl_round_all(), 1);
	ck_assert_uint_eq(pl_round_others(), 0);
	pl_round_begin(&a->round, pl_round_all());
	ck_assert_uint_eq(a->visited[0], 1);
	ck_assert_uint_eq(a->done, 1);
	ck_assert_uint_eq(a->heard, 1);
	a->visited[0] = 0;
	pl_round_begin(&a->round, pl_round_all());
	ck_assert_uint_eq(a->done, 2);
	pl_round_forget(&a->round);
	ck_assert_uint_eq(dropped, 1);
}
END_TEST

START_TEST(all_loops_are_asked_once)
{
	struct asked *a = make();

	begin(LOOPS);
	ck_assert_uint_eq(pl_round_all(), 0xf);
	ck_assert_uint_eq(pl_round_others(), 0xe);
	pl_round_begin(&a->round, pl_round_all());
	ck_assert_uint_eq(a->visited[0], 1);
	loop_run(home);
	ck_assert_uint_eq(a->done, 1);
	ck_assert_uint_eq(a->heard, 0xf);
	ck_assert_uint_eq(a->missing, 0);
	for (unsigned i = 0; i < LOOPS; i++)
		ck_assert_uint_eq(a->visited[i], 1);
	/* Again, of one loop. */
	a->visited[2] = 0;
	a->heard = 0;
	pl_round_begin(&a->round, 1 << 2);
	loop_run(home);
	ck_assert_uint_eq(a->done, 2);
	ck_assert_uint_eq(a->heard, 1 << 2);
	pl_round_forget(&a->round);
	ck_assert_uint_eq(dropped, 1);
	end();
}
END_TEST

static void
dawdle(void *arg)
{
	atomic_fetch_add(&dawdlers, 1);
	usleep(1500000);		/* longer than a round waits */
}

START_TEST(who_is_late_is_left_out)
{
	struct asked *a = make();
	int64_t began = clock_now();

	begin(LOOPS);
	loop_post(loop_at(2), dawdle, NULL);
	pl_round_begin(&a->round, pl_round_all());
	loop_run(home);
	ck_assert_int_ge(clock_now() - began, 900000);
	ck_assert_uint_eq(a->done, 1);
	ck_assert_uint_eq(a->missing, 1 << 2);
	ck_assert_uint_eq(a->heard, 0xb);
	/* It may still write its answer: dropped when that has come. */
	pl_round_forget(&a->round);
	ck_assert_uint_eq(dropped, 0);
	loop_run(home);
	ck_assert_uint_eq(dropped, 1);
	end();
}
END_TEST

/* What a late answer brings is heard, though nobody waits for it. */
START_TEST(late_answers_are_heard)
{
	struct asked *a = make();

	begin(2);
	loop_post(loop_at(1), dawdle, NULL);
	pl_round_begin(&a->round, pl_round_others());
	loop_run(home);
	ck_assert_uint_eq(a->missing, 1 << 1);
	while (a->heard == 0) {
		loop_post(home, (void (*)(void *))loop_stop, home);
		loop_run(home);
		usleep(1000);
	}
	ck_assert_uint_eq(a->heard, 1 << 1);
	ck_assert_uint_eq(a->done, 1);
	pl_round_forget(&a->round);
	ck_assert_uint_eq(dropped, 1);
	end();
}
END_TEST

START_TEST(forgotten_ones_are_not_done)
{
	begin(LOOPS);
	for (int i = 0; i < 200; i++) {
		struct asked *a = make();

		pl_round_begin(&a->round, pl_round_all());
		ck_assert_uint_eq(a->done, 0);
		pl_round_forget(&a->round);
	}
	while (dropped < 200)
		loop_run(home);
	end();
}
END_TEST

START_TEST(names_loops)
{
	char text[PL_ROUND_TEXT];

	ck_assert_str_eq(pl_round_print(0, text), "");
	ck_assert_str_eq(pl_round_print(1 << 2 | (uint64_t)1 << 63, text),
	    " 2 63");
	pl_round_print(UINT64_MAX, text);
	ck_assert_ptr_nonnull(strstr(text, " 62 63"));
}
END_TEST

START_TEST(sees_each_once)
{
	struct pl_seen seen = { .table = NULL };

	for (int round = 0; round < 2; round++)
		for (uint64_t n = 1; n < 5000; n++)
			ck_assert_int_eq(pl_seen_add(&seen, n * n), round == 0);
	ck_assert_uint_eq(seen.count, 4999);
	ck_assert(pl_seen_add(&seen, UINT64_MAX));
	ck_assert(!pl_seen_add(&seen, UINT64_MAX));
	pl_seen_clear(&seen);
	ck_assert(pl_seen_add(&seen, 1));
	pl_seen_clear(&seen);
}
END_TEST

UNIT_MAIN("pooler/round", alone_it_is_a_call, all_loops_are_asked_once,
    who_is_late_is_left_out, late_answers_are_heard,
    forgotten_ones_are_not_done, names_loops, sees_each_once)
