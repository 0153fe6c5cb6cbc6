/* SPDX-License-Identifier: ISC */
/*
 * channel.c - the sockets of a c-ares channel are events, its time-outs one
 * timer. Destroyed only at the end of a turn, never inside a call of the
 * library. Versions before 1.23 have no locks: the thread of one loop.
 */
#include <netdb.h>
#include <pthread.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/channel.h"
#include "net/timer.h"

struct watch {			/* a socket of the library's */
	struct watch *next;
	struct channel *channel;
	int fd;
	struct event ev;
};

struct channel {
	struct loop *loop;
	ares_channel ares;
	bool closed;
	struct timer timer;
	struct watch *watches;
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void
begin_library(void)
{
	(void)ares_library_init(ARES_LIB_INIT_ALL);
}

ares_channel
channel_ares(const struct channel *ch)
{
	return ch->ares;
}

void
channel_touch(struct channel *ch)
{
	struct timeval tv;

	if (ch->closed)
		return;
	if (ares_timeout(ch->ares, NULL, &tv) == NULL)
		timer_stop(&ch->timer);
	else
		timer_after(&ch->timer,
		    tv.tv_sec * CLOCK_SECOND + tv.tv_usec);
}

static void
on_timeout(void *arg)
{
	struct channel *ch = arg;

	ares_process_fd(ch->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	channel_touch(ch);
}

static void
on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct channel *ch = ((struct watch *)arg)->channel;

	ares_process_fd(ch->ares, what & EV_READ ? fd : ARES_SOCKET_BAD,
	    what & EV_WRITE ? fd : ARES_SOCKET_BAD);
	channel_touch(ch);
}

static struct watch *
need_watch(struct channel *ch, int fd)
{
	struct watch *w = ch->watches;

	while (w != NULL && w->fd != fd)
		w = w->next;
	if (w != NULL)
		return w;
	w = mem_zero(sizeof *w);
	if (w == NULL)
		return NULL;	/* its time-out will end the question */
	w->channel = ch;
	w->fd = fd;
	w->next = ch->watches;
	ch->watches = w;
	return w;
}

/* Not freed at once: its own event may be what led here. */
static void
drop_watch(struct channel *ch, int fd)
{
	for (struct watch **at = &ch->watches; *at != NULL;
	    at = &(*at)->next) {
		struct watch *w = *at;

		if (w->fd != fd)
			continue;
		*at = w->next;
		event_del(&w->ev);
		loop_retire(ch->loop, w, mem_drop);
		return;
	}
}

static void
on_socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct channel *ch = arg;
	struct watch *w;

	if (!readable && !writable) {
		drop_watch(ch, fd);
		return;
	}
	w = need_watch(ch, fd);
	if (w == NULL)
		return;
	if (event_initialized(&w->ev))
		event_del(&w->ev);
	event_assign(&w->ev, loop_base(ch->loop), fd,
	    (short)(EV_PERSIST | (readable ? EV_READ : 0) |
	    (writable ? EV_WRITE : 0)), on_socket, w);
	event_add(&w->ev, NULL);
}

struct channel *
channel_open(struct loop *l, struct ares_options *o, int mask,
    struct why *why)
{
	struct channel *ch = mem_zero(sizeof *ch);
	int code;

	pthread_once(&library_once, begin_library);
	if (ch == NULL) {
		why_set(why, "no memory for DNS");
		return NULL;
	}
	ch->loop = l;
	o->sock_state_cb = on_socket_state;
	o->sock_state_cb_data = ch;
	code = ares_init_options(&ch->ares, o, mask | ARES_OPT_SOCK_STATE_CB);
	if (code != ARES_SUCCESS) {
		why_set(why, "cannot start DNS: %s", ares_strerror(code));
		mem_drop(ch);
		return NULL;
	}
	timer_init(&ch->timer, l, on_timeout, ch);
	return ch;
}

static void
bury(void *arg)
{
	struct channel *ch = arg;

	timer_stop(&ch->timer);
	ares_destroy(ch->ares);
	mem_drop(ch);
}

void
channel_close(struct channel *ch)
{
	ch->closed = true;
	loop_retire(ch->loop, ch, bury);
}
