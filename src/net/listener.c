/* SPDX-License-Identifier: ISC */
/* listener.c - accept in batches; rest instead of spinning. Loop 0. */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/listener.h"
#include "net/timer.h"

enum { BATCH = 64, LONGEST = 65536 };	/* of a queue: the kernel's */
static const int64_t rest_time = CLOCK_SECOND, nap_time = 20 * CLOCK_MS;

struct listener {
	struct loop *loop;
	const struct listener_handler *handler;
	void *owner;
	int fd;				/* -1: freed, waits for its burial */
	int spare;			/* -1: none */
	int batch;			/* so many in a row */
	bool held;
	struct event ev;
	struct timer rest;
	bool woken;			/* it ends in a moment */
};

static int
accept_one(struct listener *l, struct address *peer)
{
	memset(peer, 0, sizeof *peer);
	peer->len = sizeof peer->un;
	return accept4(l->fd, &peer->sa, &peer->len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static void
open_spare(struct listener *l)
{
	if (l->spare < 0)
		l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Out of descriptors: the oldest waiter hears so instead of hanging. */
static void
refuse_one(struct listener *l)
{
	struct address peer;
	int fd;

	if (l->spare < 0)
		return;
	close(l->spare);
	l->spare = -1;
	fd = accept_one(l, &peer);
	if (fd >= 0 && l->handler->refused != NULL)
		l->handler->refused(l, fd);
	else if (fd >= 0)
		close(fd);
	if (l->fd >= 0)
		open_spare(l);
}

static void
have_rest(struct listener *l, int code)
{
	refuse_one(l);
	if (l->fd < 0)
		return;
	event_del(&l->ev);
	l->woken = false;
	timer_after(&l->rest, rest_time);
	l->handler->resting(l, code, loop_now(l->loop) + rest_time);
}

static bool
is_shortage(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOBUFS ||
	    code == ENOMEM;
}

static void
on_incoming(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;
	struct address peer;
	int got;

	/* The callee may hold or free it. */
	for (int i = 0; i < l->batch && l->fd >= 0 && !l->held; i++) {
		got = accept_one(l, &peer);
		if (got >= 0)
			l->handler->accepted(l, got, &peer);
		else if (is_shortage(errno)) {
			have_rest(l, errno);
			return;
		} else if (errno == EAGAIN || errno == EINVAL)
			return;
		/* else the one waiter went away: the next */
	}
}

static void
on_rested(void *arg)
{
	struct listener *l = arg;

	open_spare(l);
	if (!l->held)
		event_add(&l->ev, NULL);
}

struct listener *
listener_new(struct loop *loop, int fd, const struct listener_handler *handler,
    void *owner)
{
	struct listener *l = mem_zero(sizeof *l);

	if (l == NULL)
		return NULL;
	l->loop = loop;
	l->handler = handler;
	l->owner = owner;
	l->fd = fd;
	l->batch = BATCH;
	l->spare = -1;
	open_spare(l);
	timer_init(&l->rest, loop, on_rested, l);
	/* Level-triggered: what a batch leaves is told again. */
	event_assign(&l->ev, loop_base(loop), fd, EV_READ | EV_PERSIST,
	    on_incoming, l);
	if (event_add(&l->ev, NULL) < 0) {
		if (l->spare >= 0)
			close(l->spare);
		mem_drop(l);
		return NULL;
	}
	return l;
}

void
listener_free(struct listener **lp)
{
	struct listener *l = *lp;

	*lp = NULL;
	if (l == NULL || l->fd < 0)
		return;
	event_del(&l->ev);
	timer_stop(&l->rest);
	close(l->fd);
	l->fd = -1;
	if (l->spare >= 0)
		close(l->spare);
	l->spare = -1;
	loop_retire(l->loop, l, mem_drop);
}

void
listener_hold(struct listener *l)
{
	l->held = true;
	event_del(&l->ev);
}

void
listener_resume(struct listener *l)
{
	l->held = false;
	if (!timer_running(&l->rest))
		event_add(&l->ev, NULL);
}

void
listener_wake(struct listener *l)
{
	if (l->woken || !timer_running(&l->rest))
		return;
	l->woken = true;
	timer_after(&l->rest, nap_time);
}

void
listener_set_batch(struct listener *l, int most)
{
	l->batch = most;
}

void
listener_drain(struct listener *l)
{
	struct address peer;
	int got;

	for (int i = 0; i < LONGEST && l->fd >= 0 && !l->held; i++) {
		got = accept_one(l, &peer);
		if (got >= 0)
			l->handler->accepted(l, got, &peer);
		else if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

int
listener_fd(const struct listener *l)
{
	return l->fd;
}

void *
listener_owner(const struct listener *l)
{
	return l->owner;
}
