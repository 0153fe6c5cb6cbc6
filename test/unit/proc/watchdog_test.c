/* SPDX-License-Identifier: ISC */
/* watchdog_test.c - a loop that spins ends the process, one that works or
 * sleeps does not. */
#include <sys/wait.h>

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/timer.h"
#include "proc/watchdog.h"
#include "unit.h"

static struct loop *home;
static int64_t spun;

static int64_t
cpu(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * CLOCK_SECOND + ts.tv_nsec / 1000;
}

static void
on_spin_for_ever(void *arg)
{
	for (;;)
		spun++;
}

static void
on_spin_in_turns(void *arg)
{
	int64_t until = cpu() + 100 * CLOCK_MS;

	while (cpu() < until)
		spun++;
	if (cpu() > 4 * CLOCK_SECOND)
		loop_stop(home);
}

static void
on_sleep(void *arg)
{
	sleep(4);			/* longer than the watchdog waits */
	loop_stop(home);
}

static void
run_watched(void (*fire)(void *))
{
	struct timer t;
	struct why why;

	home = loop_new(&why);
	if (home == NULL || watchdog_start(home, 2, &why) < 0)
		_exit(9);
	timer_init(&t, home, fire, NULL);
	timer_every(&t, CLOCK_MS);
	loop_run(home);
	timer_stop(&t);
	watchdog_stop();
	loop_free(&home);
}

/* The thread sanitizer keeps signals back from a loop without calls. */
#ifdef __SANITIZE_THREAD__
enum { SIGNALS_COME = false };
#else
enum { SIGNALS_COME = true };
#endif

static pid_t
start_child(void (*fire)(void *), int err)
{
	pid_t child = fork();

	if (child == 0) {
		dup2(err, STDERR_FILENO);
		log_start();
		run_watched(fire);
		_exit(0);
	}
	return child;
}

START_TEST(only_a_stuck_loop_is_ended)
{
	char text[4096];
	int ends[2], status;
	pid_t stuck, busy, idle;
	ssize_t n;

	if (!SIGNALS_COME)
		return;
	ck_assert_int_eq(pipe(ends), 0);
	stuck = start_child(on_spin_for_ever, ends[1]);
	busy = start_child(on_spin_in_turns, STDERR_FILENO);
	idle = start_child(on_sleep, STDERR_FILENO);
	close(ends[1]);
	waitpid(stuck, &status, 0);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	n = read(ends[0], text, sizeof text - 1);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	ck_assert_msg(strstr(text, "FATAL loop 0 is stuck: 2 s of processor "
	    "time in one turn\n\t") != NULL, "%s", text);
	waitpid(busy, &status, 0);
	ck_assert_int_eq(status, 0);
	waitpid(idle, &status, 0);
	ck_assert_int_eq(status, 0);
}
END_TEST

UNIT_MAIN("proc/watchdog", only_a_stuck_loop_is_ended)
