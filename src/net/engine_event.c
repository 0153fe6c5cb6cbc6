/* SPDX-License-Identifier: ISC */
/*
 * engine_event.c - the engine on libevent: one edge-triggered event per
 * socket, registered once; recv and send at once. On the conn's own loop.
 */
#include <sys/socket.h>

#include <errno.h>

#include "net/stream.h"

static bool
works_anywhere(struct why *why)
{
	return true;
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

static void
unwatch(struct conn *c)
{
	event_del(&c->ev);
}

static enum engine_got
receive(struct conn *c, size_t most, struct text *to)
{
	char *scratch = c->home->scratch[c->home->nest];
	ssize_t got;

	do
		got = recv(c->fd, scratch, most, 0);
	while (__builtin_expect(got < 0, 0) && errno == EINTR);
	if (__builtin_expect(got > 0, 1)) {
		/*
		 * Less than asked: drained, the next edge will tell of more.
		 * Behind a FIN no edge comes: read on until the end.
		 */
		if ((size_t)got < most && !(c->flags & CONN_ENDED))
			c->flags &= ~(uint32_t)CONN_READABLE;
		*to = (struct text){ scratch, (size_t)got };
		return ENGINE_DATA;
	}
	c->flags &= ~(uint32_t)CONN_READABLE;
	if (got == 0)
		return ENGINE_EOF;
	return errno == EAGAIN ? ENGINE_NOTHING : ENGINE_ERROR;
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
		sent = sendmsg(c->fd, &m, MSG_NOSIGNAL);
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
		sent = send(c->fd, piece->iov_base, piece->iov_len,
		    MSG_NOSIGNAL);
	while (__builtin_expect(sent < 0, 0) && errno == EINTR);
	return sent;
}

static void
shut(struct conn *c)
{
	(void)shutdown(c->fd, SHUT_WR);
}

const struct engine engine_event = {
	.name = "event",
	.works = works_anywhere,
	.watch = watch,
	.unwatch = unwatch,
	.receive = receive,
	.send = send_pieces,
	.shut = shut,
};
