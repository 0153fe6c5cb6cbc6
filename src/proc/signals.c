/* SPDX-License-Identifier: ISC */
/* signals.c - signals through libevent's own way into a loop. Loop 0. */
#include <event2/event.h>
#include <event2/event_struct.h>

#include <signal.h>
#include <string.h>

#include "base/die.h"
#include "proc/signals.h"

enum { MOST = 32 };

static struct watch {
	struct event event;
	void (*on)(void);
} watches[MOST];
static unsigned count;

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct watch *w = arg;

	w->on();
}

int
signals_watch(struct loop *loop, int number, void (*on)(void),
    struct why *why)
{
	struct watch *w = &watches[count];

	NEED(count < MOST);
	w->on = on;
	if (event_assign(&w->event, loop_base(loop), number,
	    EV_SIGNAL | EV_PERSIST, on_signal, w) < 0 ||
	    event_add(&w->event, NULL) < 0)
		return why_set(why, "cannot watch signal %d", number);
	count++;
	return 0;
}

void
signals_end(void)
{
	while (count > 0)
		event_del(&watches[--count].event);
}

void
signals_ignore_pipe(void)
{
	signal(SIGPIPE, SIG_IGN);
}
