/* SPDX-License-Identifier: ISC */
/* worker.c - the end of the channel that is not the master's. Loop 0. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "proc/handover.h"
#include "proc/worker.h"

static int channel = -1;
static bool under_master, watching;
static struct event event;
static const struct worker_events *events;

void
worker_begin(int fd)
{
	channel = fd;
	under_master = true;
}

bool
worker_here(void)
{
	return under_master;
}

static void
on_channel(evutil_socket_t fd, short what, void *arg)
{
	static int fds[HANDOVER_MOST];
	struct why why;
	unsigned n;
	char room[256];
	ssize_t got = handover_receive(channel, room, sizeof room, fds, &n,
	    &why);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		worker_end();
		events->orphaned();
		return;
	}
	if (n == 0)
		events->told((struct text){ room, (size_t)got });
	while (n > 0) {
		n--;
		fcntl(fds[n], F_SETFL, fcntl(fds[n], F_GETFL) | O_NONBLOCK);
		events->taken(fds[n], room[0]);
	}
}

int
worker_watch(struct loop *loop, const struct worker_events *on,
    struct why *why)
{
	events = on;
	if (event_assign(&event, loop_base(loop), channel,
	    EV_READ | EV_PERSIST, on_channel, NULL) < 0 ||
	    event_add(&event, NULL) < 0)
		return why_set(why, "cannot watch the master");
	watching = true;
	return 0;
}

void
worker_ready(void)
{
	if (channel >= 0 && write(channel, "R", 1) < 0)
		return;		/* it is gone: on_channel hears of that */
}

void
worker_end(void)
{
	if (watching)
		event_del(&event);
	watching = false;
	if (channel >= 0)
		close(channel);
	channel = -1;
}
