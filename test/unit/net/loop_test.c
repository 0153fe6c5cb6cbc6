/* SPDX-License-Identifier: ISC */
/*
 * loop_test.c - turns, messages, jobs, burials, timers, tours, side threads.
 */
#include "unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "engines.h"

#include "base/clock.h"
#include "net/loop.h"
#include "net/thread.h"
#include "net/timer.h"
#include "net/tour.h"

static struct loop *loop;
static char trace[64];

static void
begin(void)
{
	struct why why = { "", "" };

	loop = loop_new(&why);
	ck_assert_msg(loop != NULL, "%s", why.line);
	trace[0] = '\0';
}

static void
note(char c)
{
	size_t n = strlen(trace);

	ck_assert_uint_lt(n + 1, sizeof trace);
	trace[n] = c;
	trace[n + 1] = '\0';
}

static void
stop(void *arg)
{
	loop_stop(loop_here());
}

START_TEST(knows_itself)
{
	struct why why;

	ck_assert_ptr_null(loop_here());
	begin();
	ck_assert_ptr_eq(loop_here(), loop);
	ck_assert_uint_eq(loop_number(loop), 0);
	ck_assert_ptr_eq(loop_at(0), loop);
	ck_assert_uint_eq(loop_count(), 1);
	ck_assert_str_eq(loop_engine(loop), getenv("WEIR_ENGINE"));
	loop_free(&loop);
	ck_assert_ptr_null(loop_at(0));
	ck_assert_uint_eq(loop_count(), 0);
	setenv("WEIR_ENGINE", "steam", 1);
	ck_assert_ptr_null(loop_new(&why));
	ck_assert_str_eq(why.line, "engine \"steam\" is not available: not built in");
	ck_assert_ptr_null(loop_here());
}
END_TEST

static char letter_x[] = "x", letter_m[] = "m";

static void
note_it(void *arg)
{
	note(*(const char *)arg);
}

static void
run_job(struct loop_job *job)
{
	note('j');
}

static struct loop_job job = { NULL, run_job, 0 };

static void
bury(void *dead)
{
	note('b');
}

static void
work_in_turn(void *arg)
{
	note('w');
	loop_retire(loop, &trace, bury);
	loop_soon(loop, &job);
	loop_soon(loop, &job);		/* once */
}

static void
after(void *arg)
{
	note('a');
}

/* Messages, then jobs, then housekeeping, then burials. */
START_TEST(a_turn_has_its_order)
{
	begin();
	loop_set_after(loop, after, NULL);
	loop_post(loop, work_in_turn, NULL);
	loop_post(loop, note_it, letter_x);
	loop_post(loop, stop, NULL);
	loop_run(loop);
	ck_assert_str_eq(trace, "wxjab");
	loop_free(&loop);
}
END_TEST

static void
run_again(struct loop_job *j)
{
	note('1');
	if (strlen(trace) < 5)
		loop_soon(loop, j);
	else
		loop_stop(loop);
}

static void
run_second(struct loop_job *j)
{
	note('2');
}

/* A job that comes back waits for a look at the events, without a sleep. */
START_TEST(a_job_that_returns_shares)
{
	struct loop_job again = { NULL, run_again, 0 };
	struct loop_job second = { NULL, run_second, 0 };

	begin();
	loop_soon(loop, &again);
	loop_soon(loop, &second);
	loop_post(loop, note_it, letter_m);
	loop_run(loop);
	ck_assert_str_eq(trace, "m1211");
	loop_free(&loop);
}
END_TEST

static struct loop_job cancelled[3] = {
	{ NULL, run_job, 0 }, { NULL, run_job, 0 }, { NULL, run_job, 0 } };

static void
run_canceller(struct loop_job *j)
{
	note('c');
	loop_soon_cancel(loop, &cancelled[1]);
}

START_TEST(jobs_can_be_cancelled)
{
	struct loop_job canceller = { NULL, run_canceller, 0 };

	begin();
	loop_soon(loop, &canceller);
	for (int i = 0; i < 3; i++)
		loop_soon(loop, &cancelled[i]);
	loop_soon_cancel(loop, &cancelled[2]);	/* the last one */
	loop_soon(loop, &job);
	loop_post(loop, stop, NULL);
	loop_run(loop);
	ck_assert_str_eq(trace, "cjj");
	loop_free(&loop);
}
END_TEST

/* ---- messages from other threads */

enum { SENDERS = 4, LETTERS = 20000 };

static unsigned received[SENDERS];

struct letter {
	unsigned sender, number;
};

static struct letter letters[SENDERS][LETTERS];

static void
receive(void *arg)
{
	const struct letter *l = arg;

	ck_assert_ptr_eq(loop_here(), loop);
	ck_assert_uint_eq(l->number, received[l->sender]);
	if (++received[l->sender] < LETTERS)
		return;
	for (int i = 0; i < SENDERS; i++)
		if (received[i] < LETTERS)
			return;
	loop_stop(loop);
}

static void *
send_letters(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;

	for (unsigned i = 0; i < LETTERS; i++) {
		letters[me][i] = (struct letter){ me, i };
		loop_post(loop, receive, &letters[me][i]);
	}
	return NULL;
}

START_TEST(messages_keep_their_order)
{
	pthread_t t[SENDERS];

	begin();
	for (uintptr_t i = 0; i < SENDERS; i++)
		pthread_create(&t[i], NULL, send_letters, (void *)i);
	loop_run(loop);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(t[i], NULL);
	loop_free(&loop);
}
END_TEST

START_TEST(offers_to_the_dead_are_refused)
{
	struct loop *was;

	begin();
	was = loop;
	ck_assert(loop_offer(was, stop, NULL));
	loop_run(loop);
	loop_free(&loop);
	ck_assert(!loop_offer(was, stop, NULL));
}
END_TEST

/* ---- time */

static void
fire(void *arg)
{
	note(*(const char *)arg);
}

START_TEST(timers_fire_in_order)
{
	static char ids[] = "abc";
	struct timer t[3], end;
	int64_t start = clock_now();

	begin();
	for (int i = 0; i < 3; i++)
		timer_init(&t[i], loop, fire, &ids[i]);
	timer_init(&end, loop, stop, NULL);
	timer_after(&t[0], 60 * CLOCK_MS);
	timer_after(&t[1], 20 * CLOCK_MS);
	timer_after(&t[2], 10 * CLOCK_MS);
	timer_after(&end, 120 * CLOCK_MS);
	ck_assert(timer_running(&t[0]));
	timer_stop(&t[2]);
	timer_stop(&t[2]);
	ck_assert(!timer_running(&t[2]));
	loop_run(loop);
	ck_assert_str_eq(trace, "ba");
	ck_assert_int_ge(clock_now() - start, 115 * CLOCK_MS);
	ck_assert(!timer_running(&t[0]));
	loop_free(&loop);
}
END_TEST

struct beat {
	struct timer timer;
	unsigned count;
};

static void
on_beat(void *arg)
{
	struct beat *b = arg;

	if (++b->count == 5)
		timer_stop(&b->timer);
}

START_TEST(periodic_timers_repeat_until_stopped)
{
	struct beat b = { .count = 0 };
	struct timer end;

	begin();
	timer_init(&b.timer, loop, on_beat, &b);
	timer_every(&b.timer, 10 * CLOCK_MS);
	timer_init(&end, loop, stop, NULL);
	timer_after(&end, 200 * CLOCK_MS);
	loop_run(loop);
	ck_assert_uint_eq(b.count, 5);
	loop_free(&loop);
}
END_TEST

static int64_t seen_now;

static void
look_at_clock(void *arg)
{
	int64_t now = loop_now(loop);

	usleep(20000);			/* time passes, the turn does not end */
	ck_assert_int_eq(loop_now(loop), now);	/* once a turn */
	if (seen_now != 0)
		ck_assert_int_ge(now - seen_now, 15 * CLOCK_MS);
	seen_now = now;
}

START_TEST(the_clock_stands_for_a_turn)
{
	begin();
	loop_post(loop, look_at_clock, NULL);
	loop_post(loop, stop, NULL);
	loop_run(loop);
	loop_post(loop, look_at_clock, NULL);
	loop_post(loop, stop, NULL);
	loop_run(loop);
	loop_free(&loop);
}
END_TEST

/* ---- many loops */

static void
visit(struct loop *l, void *arg)
{
	ck_assert_ptr_eq(loop_here(), l);
	note((char)('0' + loop_number(l)));
}

static void
on_home(void *arg)
{
	ck_assert_ptr_eq(loop_here(), loop_at((unsigned)*(int *)arg));
	note('h');
	loop_post(loop_at(0), stop, NULL);
}

static void
start_tour(void *arg)
{
	tour_run(loop_here(), visit, on_home, arg);
}

static atomic_uint setups;

static void
set_up(struct loop *l)
{
	sigset_t mask;

	ck_assert_ptr_eq(loop_here(), l);
	atomic_fetch_add(&setups, 1);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	ck_assert_int_eq(sigismember(&mask, SIGTERM), loop_number(l) > 0);
}

START_TEST(tours_go_round_and_come_home)
{
	struct why why;
	int home = 0;

	ck_assert_int_eq(thread_start(4, set_up, &why), 0);
	ck_assert_uint_eq(atomic_load(&setups), 4);
	ck_assert_uint_eq(loop_count(), 4);
	loop = loop_at(0);
	trace[0] = '\0';
	loop_post(loop, start_tour, &home);
	loop_run(loop);
	ck_assert_str_eq(trace, "0123h");
	trace[0] = '\0';
	home = 2;
	loop_post(loop_at(2), start_tour, &home);
	loop_run(loop);
	ck_assert_str_eq(trace, "0123h");
	thread_stop();
	ck_assert_uint_eq(loop_count(), 1);
	loop_free(&loop);
}
END_TEST

START_TEST(a_tour_of_one_loop_is_a_call)
{
	int home = 0;

	begin();
	tour_run(loop, visit, on_home, &home);
	ck_assert_str_eq(trace, "0h");
	loop_free(&loop);
}
END_TEST

/* ---- standstill */

enum { LOOPS = 4, CHANGES = 200, MOST_SLEEP = 300 };

static unsigned shared[64];	/* no lock: all equal, whoever looks */
static bool busy = true;
static unsigned looked[LOOPS];

static void
look(void *arg)
{
	unsigned n = loop_number(loop_here());

	for (int i = 1; i < 64; i++)
		ck_assert_uint_eq(shared[i], shared[0]);
	looked[n]++;
	if (busy)
		loop_post(loop_here(), look, NULL);
}

static void
change(void *arg)
{
	for (int i = 0; i < 64; i++)
		shared[i]++;
	*(unsigned *)arg += 1;
}

static void
end_business(void *arg)
{
	busy = false;
}

static void
change_within(void *arg)
{
	ck_assert_int_eq(tour_still(loop, change, arg), 0);
}

START_TEST(all_stand_still_for_a_change)
{
	struct why why;
	unsigned changes = 0;

	ck_assert_int_eq(thread_start(LOOPS, NULL, &why), 0);
	loop = loop_here();
	for (unsigned i = 1; i < LOOPS; i++)
		loop_post(loop_at(i), look, NULL);
	for (int i = 0; i < CHANGES; i++) {
		ck_assert_int_eq(tour_still(loop, change, &changes), 0);
		if (i % 50 == 0)
			usleep(MOST_SLEEP);	/* the others sleep */
	}
	ck_assert_int_eq(tour_still(loop, change_within, &changes), 0);
	ck_assert_int_eq(tour_still(loop, end_business, NULL), 0);
	thread_stop();
	ck_assert_uint_eq(changes, CHANGES + 1);
	ck_assert_uint_eq(shared[0], CHANGES + 1);
	for (unsigned i = 1; i < LOOPS; i++)
		ck_assert_uint_gt(looked[i], 0);
	loop_free(&loop);
}
END_TEST

static void
dawdle(void *arg)
{
	usleep(1500000);		/* longer than a tour waits */
}

START_TEST(who_does_not_come_is_not_waited_for)
{
	struct why why;
	unsigned changes = 0;
	int64_t began;

	ck_assert_int_eq(thread_start(3, NULL, &why), 0);
	loop = loop_here();
	loop_post(loop_at(2), dawdle, NULL);
	began = clock_now();
	ck_assert_int_eq(tour_still(loop, change, &changes), -1);
	ck_assert_int_ge(clock_now() - began, CLOCK_SECOND);
	ck_assert_uint_eq(changes, 0);
	/* It comes too late for that one, but in time for the next. */
	ck_assert_int_eq(tour_still(loop, change, &changes), 0);
	ck_assert_uint_eq(changes, 1);
	thread_stop();
	/* Alone, it is a call. */
	ck_assert_int_eq(tour_still(loop, change, &changes), 0);
	ck_assert_uint_eq(changes, 2);
	loop_free(&loop);
}
END_TEST

enum { ERRANDS = 40 };

struct errand {
	pthread_t worker;
	bool worked;
};

static unsigned done_errands;

static void
work(void *arg)
{
	struct errand *e = arg;

	e->worker = pthread_self();
	usleep(5000);			/* longer than a turn */
	e->worked = true;
}

static void
on_done(void *arg)
{
	struct errand *e = arg;

	ck_assert_ptr_eq(loop_here(), loop);
	ck_assert(e->worked);
	ck_assert(!pthread_equal(e->worker, pthread_self()));
	if (++done_errands == ERRANDS)
		loop_stop(loop);
}

START_TEST(side_threads_do_errands)
{
	static struct errand errands[ERRANDS];

	begin();
	for (int i = 0; i < ERRANDS; i++)
		ck_assert_int_eq(thread_side(loop, work, on_done,
		    &errands[i]), 0);
	loop_run(loop);
	ck_assert_uint_eq(done_errands, ERRANDS);
	loop_free(&loop);
}
END_TEST

ENGINES_MAIN("net/loop", knows_itself, a_turn_has_its_order,
    a_job_that_returns_shares, jobs_can_be_cancelled,
    messages_keep_their_order, offers_to_the_dead_are_refused,
    timers_fire_in_order, periodic_timers_repeat_until_stopped,
    the_clock_stands_for_a_turn, tours_go_round_and_come_home,
    a_tour_of_one_loop_is_a_call, all_stand_still_for_a_change,
    who_does_not_come_is_not_waited_for, side_threads_do_errands)
