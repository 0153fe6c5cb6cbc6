/* SPDX-License-Identifier: ISC */
/* timer.c - timers on the owner's loop. */
#include <event2/event.h>

#include "base/clock.h"
#include "net/timer.h"

static void
start(struct timer *t, int64_t usec)
{
	struct timeval tv;

	if (usec < 0)
		usec = 0;
	tv = (struct timeval){ usec / CLOCK_SECOND, usec % CLOCK_SECOND };
	event_add(&t->ev, &tv);
}

static void
on_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct timer *t = arg;

	/* Before the call, which may stop it or free its owner. */
	if (t->period > 0)
		start(t, t->period);
	t->fire(t->arg);
}

void
timer_init(struct timer *t, struct loop *l, void (*fire)(void *), void *arg)
{
	t->fire = fire;
	t->arg = arg;
	t->period = 0;
	event_assign(&t->ev, loop_base(l), -1, 0, on_timeout, t);
}

void
timer_after(struct timer *t, int64_t usec)
{
	t->period = 0;
	start(t, usec);
}

void
timer_every(struct timer *t, int64_t usec)
{
	t->period = usec;
	start(t, usec);
}

void
timer_stop(struct timer *t)
{
	if (t->ev.ev_base != NULL)
		event_del(&t->ev);
}

bool
timer_running(const struct timer *t)
{
	return t->ev.ev_base != NULL && event_pending(&t->ev, EV_TIMEOUT, NULL);
}
