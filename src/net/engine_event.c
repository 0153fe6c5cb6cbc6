/* SPDX-License-Identifier: ISC */
/*
 * engine_event.c - the engine on libevent: one edge-triggered event per
 * socket, registered once; recv and send at once. On the conn's own loop.
 */
#include <sys/socket.h>
#include <sys/syscall.h>

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/stream.h"

enum { LOOK_EVERY = 300000 };		/* usec */

/* It keeps nothing of its own. */
static void *
open_nothing(struct loop *l, struct why *why)
{
	return l;
}

static void
do_nothing(void *part)
{
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	c->home->edge(c, what);
}

static int
watch(struct conn *c)
{
	event_assign(&c->ev, loop_base(c->home->loop), c->fd,
	    EV_READ | EV_WRITE | EV_CLOSED | EV_PERSIST | EV_ET, on_event, c);
	return event_add(&c->ev, NULL);
}

/*
 * ---- The end that hides behind bytes. A reset that arrives together with
 * the last bytes makes one edge, which libevent tells as if it were of bytes
 * alone; a second one never comes. So whose socket was read empty and has
 * been silent since is asked once, a moment later.
 */
static void
forget(struct conn *c)
{
	struct home *h = c->home;
	struct conn *last = h->doubts[h->doubted--];

	h->doubts[c->doubt] = last;
	last->doubt = c->doubt;
	c->doubt = 0;
	if (h->doubted == 0)
		timer_stop(&h->doubt);
}

static void
look(struct conn *c)
{
	struct pollfd fd = { .fd = c->fd };

	if (poll(&fd, 1, 0) > 0 && (fd.revents & (POLLERR | POLLHUP)))
		c->home->edge(c, EV_READ);
}

/* From the last one on: whoever goes is replaced by one that was seen. */
static void
look_round(void *arg)
{
	struct home *h = arg;

	for (uint32_t i = h->doubted; i > 0; i--) {
		struct conn *c;

		if (i > h->doubted)
			continue;
		c = h->doubts[i];
		if (c->flags & CONN_FRESH) {
			c->flags &= ~(uint32_t)CONN_FRESH;
			continue;
		}
		forget(c);
		look(c);
	}
}

static bool
make_room(struct home *h)
{
	uint32_t room = h->doubts_room == 0 ? 64 : 2 * h->doubts_room;
	struct conn **grown = mem_grow(h->doubts, room * sizeof *grown);

	if (grown == NULL)
		return false;
	if (h->doubts == NULL)
		timer_init(&h->doubt, h->loop, look_round, h);
	h->doubts = grown;
	h->doubts_room = room;
	return true;
}

/* Without memory the look is left out. */
static void
doubt(struct conn *c)
{
	struct home *h = c->home;

	c->flags |= CONN_FRESH;
	if (c->doubt != 0 ||
	    (h->doubted + 1 >= h->doubts_room && !make_room(h)))
		return;
	if (h->doubted == 0)
		timer_every(&h->doubt, LOOK_EVERY);
	c->doubt = ++h->doubted;
	h->doubts[c->doubt] = c;
}

static void
unwatch(struct conn *c)
{
	if (c->doubt != 0)
		forget(c);
	c->flags &= ~(uint32_t)CONN_FRESH;
	event_del(&c->ev);
}

/*
 * Once a process had a second thread (the log's writer is one), libc makes
 * recv(), send() and sendmsg() points where a thread can be cancelled, at
 * the price of two locked instructions each. Nobody is cancelled here.
 */
#ifndef LIBC_WATCHED
static inline ssize_t
recv_plain(int fd, void *to, size_t room)
{
	return syscall(SYS_recvfrom, fd, to, room, 0, NULL, NULL);
}

static inline ssize_t
send_plain(int fd, const void *at, size_t len)
{
	return syscall(SYS_sendto, fd, at, len, MSG_NOSIGNAL, NULL, 0);
}

static inline ssize_t
sendmsg_plain(int fd, const struct msghdr *m)
{
	return syscall(SYS_sendmsg, fd, m, MSG_NOSIGNAL);
}
#else
static inline ssize_t
recv_plain(int fd, void *to, size_t room)
{
	return recv(fd, to, room, 0);
}

static inline ssize_t
send_plain(int fd, const void *at, size_t len)
{
	return send(fd, at, len, MSG_NOSIGNAL);
}

static inline ssize_t
sendmsg_plain(int fd, const struct msghdr *m)
{
	return sendmsg(fd, m, MSG_NOSIGNAL);
}
#endif

static bool
is_quiet(struct conn *c)
{
	return true;
}

static void
take_nothing(struct conn *c)
{
}

static void
drop(struct conn *c)
{
	close(c->fd);
}

static enum engine_got
receive(struct conn *c, size_t most, struct text *to)
{
	char *scratch = c->home->scratch[c->home->nest];
	ssize_t got;

	do
		got = recv_plain(c->fd, scratch, most);
	while (__builtin_expect(got < 0, 0) && errno == EINTR);
	if (__builtin_expect(got > 0, 1)) {
		/*
		 * Less than asked: drained, the next edge will tell of more.
		 * Behind a FIN no edge comes: read on until the end.
		 */
		if ((size_t)got < most && !(c->flags & CONN_ENDED)) {
			c->flags &= ~(uint32_t)CONN_READABLE;
			if (!(c->flags & CONN_FRESH))
				doubt(c);
		}
		*to = (struct text){ scratch, (size_t)got };
		return ENGINE_DATA;
	}
	c->flags &= ~(uint32_t)CONN_READABLE;
	if (got == 0)
		return ENGINE_EOF;
	return errno == EAGAIN ? ENGINE_NOTHING : ENGINE_ERROR;
}

/* All that waits is in the kernel. */
static bool
is_direct(struct conn *c)
{
	return true;
}

static bool
holds_nothing(struct conn *c)
{
	return false;
}

static void
run_dry(struct conn *c)
{
	c->flags &= ~(uint32_t)CONN_READABLE;
	if (!(c->flags & CONN_FRESH))
		doubt(c);
}

static ssize_t
send_vector(struct conn *c, const struct iovec *piece, int count)
{
	/* The iovec is only read; sendmsg's type does not say so. */
	const struct msghdr m = {
		.msg_iov = (struct iovec *)(uintptr_t)piece,
		.msg_iovlen = (size_t)count
	};
	ssize_t sent;

	do
		sent = sendmsg_plain(c->fd, &m);
	while (__builtin_expect(sent < 0, 0) && errno == EINTR);
	return sent;
}

static ssize_t
send_pieces(struct conn *c, const struct iovec *piece, int count)
{
	ssize_t sent;

	if (count != 1)
		return send_vector(c, piece, count);
	do
		sent = send_plain(c->fd, piece->iov_base, piece->iov_len);
	while (__builtin_expect(sent < 0, 0) && errno == EINTR);
	return sent;
}

static void
discard(struct conn *c)
{
	char *scratch = c->home->scratch[c->home->nest];

	for (int i = 0; i < 4 && (c->flags & CONN_READABLE); i++)
		if (recv(c->fd, scratch, STREAM_SCRATCH, 0) <
		    STREAM_SCRATCH)
			break;
}

static int
find_error(struct conn *c)
{
	int code = 0;
	socklen_t len = sizeof code;

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0)
		return errno;
	return code;
}

static bool
is_ending(struct conn *c)
{
	return false;
}

static void
shut(struct conn *c)
{
	(void)shutdown(c->fd, SHUT_WR);
}

const struct engine engine_event = {
	.name = "event",
	.open = open_nothing,
	.close = do_nothing,
	.flush = do_nothing,
	.watch = watch,
	.unwatch = unwatch,
	.quiet = is_quiet,
	.part = take_nothing,
	.drop = drop,
	.receive = receive,
	.holds = holds_nothing,
	.direct = is_direct,
	.dry = run_dry,
	.await_room = take_nothing,	/* the edge comes anyway */
	.discard = discard,
	.error = find_error,
	.ending = is_ending,
	.send = send_pieces,
	.settle = take_nothing,
	.shut = shut,
};
