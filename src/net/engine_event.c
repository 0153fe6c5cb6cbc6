/* SPDX-License-Identifier: ISC */
/*
 * engine_event.c - the engine on libevent: one edge-triggered event per
 * socket, registered once; recv and send at once. On the conn's own loop.
 */
#include <sys/socket.h>

#include <errno.h>
#include <unistd.h>

#include "net/stream.h"

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

static void
unwatch(struct conn *c)
{
	event_del(&c->ev);
}

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
	.discard = discard,
	.error = find_error,
	.ending = is_ending,
	.send = send_pieces,
	.settle = take_nothing,
	.shut = shut,
};
