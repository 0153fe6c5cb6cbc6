/* SPDX-License-Identifier: ISC */
/* signals_test.c - a signal is an event of the loop like any other. */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/timer.h"
#include "proc/signals.h"
#include "unit.h"

static struct loop *home;
static unsigned hups, usrs;
static bool at_home;

static void
on_hup(void)
{
	at_home = loop_here() == home;
	hups++;
	raise(SIGUSR1);
}

static void
on_usr1(void)
{
	usrs++;
	loop_stop(home);
}

static void
on_late(void *arg)
{
	loop_stop(home);
}

static void
on_soon(void *arg)
{
	kill(getpid(), SIGHUP);
}

START_TEST(signals_arrive_on_the_loop)
{
	struct timer soon, late;
	struct why why;

	home = loop_new(&why);
	ck_assert_ptr_nonnull(home);
	ck_assert_int_eq(signals_watch(home, SIGHUP, on_hup, &why), 0);
	ck_assert_int_eq(signals_watch(home, SIGUSR1, on_usr1, &why), 0);
	timer_init(&soon, home, on_soon, NULL);
	timer_init(&late, home, on_late, NULL);
	timer_after(&soon, 10 * CLOCK_MS);
	timer_after(&late, 5 * CLOCK_SECOND);
	loop_run(home);
	ck_assert_uint_eq(hups, 1);
	ck_assert_uint_eq(usrs, 1);
	ck_assert(at_home);
	timer_stop(&soon);
	timer_stop(&late);
	signals_end();
	loop_free(&home);
}
END_TEST

START_TEST(a_broken_pipe_kills_nobody)
{
	int ends[2];

	signals_ignore_pipe();
	ck_assert_int_eq(pipe(ends), 0);
	close(ends[0]);
	ck_assert_int_eq(write(ends[1], "x", 1), -1);
	close(ends[1]);
}
END_TEST

UNIT_MAIN("proc/signals", signals_arrive_on_the_loop,
    a_broken_pipe_kills_nobody)
