/* SPDX-License-Identifier: ISC */
/*
 * watchdog.c - a timer on the CPU clock of each loop's thread. Its signal
 * comes to that thread, where the loop's own time tells whether a turn has
 * ended since. On the loop's thread.
 */
#ifdef HAVE_EXECINFO_H
#include <execinfo.h>
#endif
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "proc/watchdog.h"

#ifndef sigev_notify_thread_id		/* a name that glibc forgot */
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { TICK = SIGXCPU };

static _Thread_local struct {
	struct loop *loop;
	timer_t timer;
	int64_t turn;		/* loop time at the last tick */
	int stuck, limit;	/* ticks (seconds of CPU) */
} dog;

static void
put_backtrace(char *text, size_t size)
{
	size_t len = 0;
#ifdef HAVE_EXECINFO_H
	void *frames[64];
	int n = backtrace(frames, 64);
	char **names = backtrace_symbols(frames, n);

	for (int i = 0; names != NULL && i < n && len < size; i++)
		len += (size_t)snprintf(text + len, size - len, "\n%s",
		    names[i]);
#endif
	if (len == 0)
		text[0] = '\0';
}

/*
 * The process ends here, so what a handler must not call is called, with a
 * clock behind it: whoever held a lock that is needed now, SIGALRM ends us.
 */
static void
end_process(void)
{
	static char text[3072];
	sigset_t set;

	signal(SIGALRM, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	alarm(WATCHDOG_USUAL);
	put_backtrace(text, sizeof text);
	log_fatal("loop %u is stuck: %d s of processor time in one turn%s",
	    loop_number(dog.loop), dog.stuck, text);
	log_stop();
	abort();
}

static void
on_tick(int number)
{
	int64_t turn;

	if (dog.loop == NULL)
		return;
	turn = loop_now(dog.loop);
	dog.stuck = turn == dog.turn ? dog.stuck + 1 : 0;
	dog.turn = turn;
	if (dog.stuck >= dog.limit)
		end_process();
}

int
watchdog_start(struct loop *loop, int seconds, struct why *why)
{
	struct sigevent to = { .sigev_notify = SIGEV_THREAD_ID,
	    .sigev_signo = TICK };
	struct itimerspec second = { { 1, 0 }, { 1, 0 } };
	struct sigaction act = { .sa_handler = on_tick,
	    .sa_flags = SA_RESTART };
	sigset_t set;

	to.sigev_notify_thread_id = gettid();
	sigaction(TICK, &act, NULL);
	sigemptyset(&set);
	sigaddset(&set, TICK);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	if (timer_create(CLOCK_THREAD_CPUTIME_ID, &to, &dog.timer) < 0)
		return why_errno(why, "cannot watch a loop");
	dog.loop = loop;
	dog.limit = seconds;
	dog.turn = 0;
	dog.stuck = 0;
	timer_settime(dog.timer, 0, &second, NULL);
	return 0;
}

void
watchdog_stop(void)
{
	if (dog.loop == NULL)
		return;
	timer_delete(dog.timer);
	dog.loop = NULL;
}
