/* SPDX-License-Identifier: ISC */
/*
 * runner.c - a desk (proc/desk) on a loop: reads what the helper says, writes
 * when there is room, forks another helper when one died. On the home loop.
 */
#include <sys/wait.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "net/timer.h"
#include "proc/desk.h"
#include "proc/runner.h"

enum { MOST_DEPARTED = 16, PORTION = 64 };

struct runner {
	struct desk desk;
	struct loop *home;		/* NULL: not yet */
	struct event readable, writable;
	struct timer again;		/* a new helper */
	void (*lost)(void *);
	void *arg;
	bool closed;
};

/* ---- helpers that were let go ------------------------------------------ */

static pid_t departed[MOST_DEPARTED];	/* they end on their own, later */

static void
reap_departed(void)
{
	for (unsigned i = 0; i < MOST_DEPARTED; i++)
		if (departed[i] > 0 &&
		    waitpid(departed[i], NULL, WNOHANG) != 0)
			departed[i] = 0;
}

static void
depart(pid_t pid)
{
	reap_departed();
	for (unsigned i = 0; i < MOST_DEPARTED; i++)
		if (departed[i] == 0) {
			departed[i] = pid;
			return;
		}
}

struct runner *
runner_new(const struct runner_command *table, unsigned n, unsigned most,
    struct why *why)
{
	struct runner *r = mem_zero(sizeof *r);

	if (r == NULL) {
		why_set(why, "no memory for the helper");
		return NULL;
	}
	reap_departed();
	desk_init(&r->desk, table, n, most);
	if (desk_fork(&r->desk, why) == 0)
		return r;
	desk_fini(&r->desk);
	mem_drop(r);
	return NULL;
}

/* ---- the socket --------------------------------------------------------- */

static void
start_waiting(struct runner *r)
{
	if (r->home == NULL || r->closed)
		return;
	if (!desk_start(&r->desk))
		event_add(&r->writable, NULL);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	start_waiting(arg);
}

static void
unwatch(struct runner *r)
{
	event_del(&r->readable);
	event_del(&r->writable);
}

/* Those that ran are told; those that wait wait for the next helper. */
static void
lose_helper(struct runner *r)
{
	int64_t since = clock_now() - r->desk.forked;

	unwatch(r);
	desk_bury_helper(&r->desk);
	timer_after(&r->again, since < CLOCK_SECOND ? CLOCK_SECOND - since :
	    0);
	while (!r->closed && desk_tell_lost(&r->desk))
		;
	if (!r->closed && r->lost != NULL)
		r->lost(r->arg);
}

/* A portion: the loop has others to serve. */
static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct runner *r = arg;
	enum desk_heard heard = DESK_HEARD;

	for (unsigned i = 0; i < PORTION && heard == DESK_HEARD &&
	    !r->closed && r->desk.sock >= 0; i++)
		heard = desk_hear(&r->desk);
	if (heard == DESK_LOST)
		lose_helper(r);
	start_waiting(r);
}

/* ---- from the start to the end ----------------------------------------- */

static int
watch(struct runner *r, struct why *why)
{
	event_assign(&r->writable, loop_base(r->home), r->desk.sock, EV_WRITE,
	    on_writable, r);
	if (event_assign(&r->readable, loop_base(r->home), r->desk.sock,
	    EV_READ | EV_PERSIST, on_readable, r) < 0 ||
	    event_add(&r->readable, NULL) < 0)
		return why_set(why, "cannot hear the helper");
	return 0;
}

static void
on_again(void *arg)
{
	struct runner *r = arg;
	struct why why;

	reap_departed();
	if (desk_fork(&r->desk, &why) < 0 || watch(r, &why) < 0)
		timer_after(&r->again, CLOCK_SECOND);
	else
		start_waiting(r);
}

int
runner_home(struct runner *r, struct loop *home, void (*lost)(void *),
    void *arg, struct why *why)
{
	NEED(r->home == NULL && loop_here() == home);
	r->home = home;
	r->lost = lost;
	r->arg = arg;
	timer_init(&r->again, home, on_again, r);
	if (watch(r, why) < 0)
		return -1;
	start_waiting(r);
	return 0;
}

uint64_t
runner_run(struct runner *r, const struct runner_job *job, struct why *why)
{
	uint64_t run = desk_add(&r->desk, job, why);

	if (run != 0)
		start_waiting(r);
	return run;
}

void
runner_cancel(struct runner *r, uint64_t run)
{
	desk_cancel(&r->desk, run);
	start_waiting(r);
}

unsigned
runner_count(const struct runner *r)
{
	return r->desk.known;
}

pid_t
runner_pid(const struct runner *r)
{
	return r->desk.pid;
}

static void
bury(void *dead)
{
	mem_drop(dead);
}

void
runner_free(struct runner **runner)
{
	struct runner *r = *runner;

	*runner = NULL;
	if (r == NULL)
		return;
	r->closed = true;
	if (r->home != NULL) {
		timer_stop(&r->again);
		if (r->desk.sock >= 0)
			unwatch(r);
	}
	if (r->desk.pid > 0)
		depart(r->desk.pid);
	desk_fini(&r->desk);
	if (r->home != NULL)
		loop_retire(r->home, r, bury);
	else
		bury(r);
}
