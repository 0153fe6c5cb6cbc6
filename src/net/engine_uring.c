/* SPDX-License-Identifier: ISC */
/*
 * engine_uring.c - the engine on io_uring. A lasting receive per socket fills
 * buffers of the ring; sends of a turn are collected, one per socket, and go
 * with one entry into the kernel; only what failed or fell short is told, and
 * comes back to the stream's stash. Linux only. Each loop has its own ring,
 * used by its thread alone.
 *
 * A wire is the ring's view of a conn: the kernel's answers name it by number
 * and generation, and it outlives the conn until the last of them has come.
 * Then its descriptor is closed.
 */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "net/batch.h"
#include "net/kept.h"
#include "net/ring.h"
#include "net/stream.h"

enum {
	PASSES = 16,			/* before libevent has its turn */
	FULL_IN_A_ROW = 2,		/* until it is bulk */
	BULK_LEAST = 16384	/* less: it is not any more */
};

/* Most that have ended are closed before that. */
static const int64_t end_wait = 50 * CLOCK_MS;

#define SEND_FLAGS	(MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL)

enum {
	WIRE_RECEIVE = 1 << 0,		/* under way, as the next two */
	WIRE_OUT = 1 << 1,		/* poll: connected, or room to send */
	WIRE_END = 1 << 2,		/* poll: the peer's end */
	WIRE_CANCELLED = 1 << 3,	/* the receive is to end */
	WIRE_DUE = 1 << 4,		/* on the list of those to receive */
	WIRE_BULK = 1 << 5,
	WIRE_ENDED = 1 << 6,		/* FIN was read */
	WIRE_FAILED = 1 << 7,		/* wire->error was read */
	WIRE_CUT = 1 << 8,		/* no more is taken from the peer */
	WIRE_POLLS = 1 << 9,		/* the receive only says that bytes are there */
	WIRE_TELLING = 1 << 10,		/* on the stack */
	WIRE_READY = 1 << 11,		/* bulk: read it directly */
	WIRE_WAITS = 1 << 12,		/* its end will be polled for */
	WIRE_UNDER_WAY = WIRE_RECEIVE | WIRE_OUT | WIRE_END | WIRE_TELLING
};

struct wire {
	struct conn *conn;		/* NULL: gone, only fd is left */
	struct kept *kept;
	struct wire *next_due;
	int fd;
	uint32_t slot, generation;
	int error;
	uint16_t flags;
	uint16_t sends;			/* its place in the batch, from 1 */
	uint8_t full;			/* buffers filled in a row */
};

struct driver {
	struct ring ring;
	struct event wake;
	struct slab *wires;
	uint32_t generation;
	struct wire *due;
	struct {			/* by name, of those that may be gone */
		uint64_t *at;
		unsigned count, room;
		struct timer timer;
	} ends;

	struct batch batch;
	unsigned looked;		/* at completions up to here, for
					   sends that failed */
	struct {			/* moved here to make room for more */
		struct io_uring_cqe *at;
		unsigned next, count, room;
	} aside;
	struct {			/* the receive being told */
		struct wire *wire;
		struct text rest;
	} now;
	uint16_t used[RING_BUFFERS];	/* to give back when the batch went */
	unsigned used_count;
	struct kept_shelf shelf;
};

/* ---- completions name what they are for: kind, generation, number */

enum what { WHAT_NOTHING, WHAT_RECEIVE, WHAT_OUT, WHAT_END, WHAT_SEND };

static uint64_t
name_of(enum what what, uint32_t generation, uint32_t slot)
{
	return (uint64_t)what << 60 |
	    (uint64_t)(generation & 0xfffffff) << 32 | slot;
}

static enum what
what_of(uint64_t name)
{
	return (enum what)(name >> 60);
}

static struct wire *
find_wire(const struct driver *d, uint64_t name)
{
	struct wire *w = slab_at(d->wires, (uint32_t)name);

	if (w == NULL ||
	    (w->generation & 0xfffffff) != (name >> 32 & 0xfffffff))
		return NULL;
	return w;
}

static struct driver *
driver_of(const struct conn *c)
{
	return c->home->part;
}

/* ---- requests */

static void
ask_room(struct driver *d, struct wire *w)
{
	struct io_uring_sqe *sqe;

	if (w->flags & WIRE_OUT)
		return;
	sqe = ring_sqe(&d->ring);
	io_uring_prep_poll_add(sqe, w->fd, POLLOUT);
	sqe->user_data = name_of(WHAT_OUT, w->generation, w->slot);
	w->flags |= WIRE_OUT;
}

/* While nothing is received: the peer's end, and a reset after that. */
static void
ask_end(struct driver *d, struct wire *w)
{
	struct io_uring_sqe *sqe;

	if (w->flags & WIRE_END)
		return;
	sqe = ring_sqe(&d->ring);
	io_uring_prep_poll_multishot(sqe, w->fd, POLLRDHUP);
	sqe->user_data = name_of(WHAT_END, w->generation, w->slot);
	w->flags |= WIRE_END;
}

static bool
has_room_for_end(struct driver *d)
{
	unsigned room = d->ends.room == 0 ? 64 : 2 * d->ends.room;
	uint64_t *grown;

	if (d->ends.count < d->ends.room)
		return true;
	grown = mem_grow(d->ends.at, room * sizeof *grown);
	if (grown == NULL)
		return false;
	d->ends.at = grown;
	d->ends.room = room;
	return true;
}

/* Unless it is closed, or receives again, in a moment. */
static void
ask_end_soon(struct driver *d, struct wire *w)
{
	if (w->flags & (WIRE_END | WIRE_WAITS))
		return;
	if (!has_room_for_end(d)) {
		ask_end(d, w);
		return;
	}
	w->flags |= WIRE_WAITS;
	d->ends.at[d->ends.count++] = name_of(WHAT_END, w->generation,
	    w->slot);
	if (d->ends.count == 1)
		timer_after(&d->ends.timer, end_wait);
}

static void
ask_ends(void *arg)
{
	struct driver *d = arg;

	for (unsigned i = 0; i < d->ends.count; i++) {
		struct wire *w = find_wire(d, d->ends.at[i]);

		if (w == NULL || w->conn == NULL)
			continue;
		w->flags &= (uint16_t)~WIRE_WAITS;
		if (!(w->flags & WIRE_RECEIVE) && !(w->conn->flags &
		    (CONN_DEAD | CONN_LEAVING)))
			ask_end(d, w);
	}
	d->ends.count = 0;
}

static void
ask_cancel(struct driver *d, struct wire *w, enum what what)
{
	struct io_uring_sqe *sqe = ring_sqe(&d->ring);

	io_uring_prep_cancel64(sqe,
	    name_of(what, w->generation, w->slot), 0);
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	sqe->user_data = name_of(WHAT_NOTHING, 0, 0);
}

static void
cancel_receive(struct driver *d, struct wire *w)
{
	if ((w->flags & (WIRE_RECEIVE | WIRE_CANCELLED)) != WIRE_RECEIVE)
		return;
	w->flags |= WIRE_CANCELLED;
	ask_cancel(d, w, WHAT_RECEIVE);
}

/*
 * Of bulk only that it is there: it is read when what was sent on has made
 * room, as much as there is, into memory that is warm, or into a pipe.
 */
static void
ask_receive(struct driver *d, struct wire *w)
{
	struct io_uring_sqe *sqe = ring_sqe(&d->ring);

	if (w->flags & WIRE_BULK) {
		io_uring_prep_poll_add(sqe, w->fd, POLLIN | POLLRDHUP);
		w->flags |= WIRE_POLLS;
	} else {
		io_uring_prep_recv_multishot(sqe, w->fd, NULL, 0, 0);
		sqe->flags |= IOSQE_BUFFER_SELECT;
		sqe->buf_group = RING_GROUP;
		w->flags &= (uint16_t)~WIRE_POLLS;
	}
	sqe->user_data = name_of(WHAT_RECEIVE, w->generation, w->slot);
	w->flags |= WIRE_RECEIVE;
}

static void
receive_soon(struct driver *d, struct wire *w)
{
	if (w->flags & (WIRE_RECEIVE | WIRE_DUE | WIRE_ENDED | WIRE_FAILED))
		return;
	w->flags |= WIRE_DUE;
	w->next_due = d->due;
	d->due = w;
}

static void
ask_due(struct driver *d)
{
	struct wire *w;

	while ((w = d->due) != NULL) {
		d->due = w->next_due;
		w->flags &= (uint16_t)~WIRE_DUE;
		if (w->conn != NULL && !(w->conn->flags &
		    (CONN_DEAD | CONN_LEAVING)))
			ask_receive(d, w);
	}
}

static void
drop_due(struct driver *d, struct wire *w)
{
	struct wire **at = &d->due;

	if (!(w->flags & WIRE_DUE))
		return;
	while (*at != w)
		at = &(*at)->next_due;
	*at = w->next_due;
	w->flags &= (uint16_t)~WIRE_DUE;
}

/* ---- what was delivered and is not wanted yet */

static void
keep(struct driver *d, struct wire *w, struct text t)
{
	if (kept_add(&d->shelf, &w->kept, t) < 0) {
		w->flags |= WIRE_FAILED;
		w->error = ENOMEM;
		return;
	}
	/* The rest is TCP's to keep; but an end shall be heard of. */
	if (kept_bytes(w->kept).len > RING_BUFFER_SIZE &&
	    !(w->conn->flags & CONN_LEAVING)) {
		cancel_receive(d, w);
		ask_end(d, w);
	}
}

/* ---- the batch */

/* Is it sure to live until the batch went? */
static bool
lives_on(const struct driver *d, const char *at)
{
	return ring_owns(&d->ring, at) || kept_holds(&d->shelf, at);
}

/* Bytes that must be copied. */
static size_t
sum_mortal(const struct driver *d, const struct iovec *piece, int count)
{
	size_t len = 0;

	for (int i = 0; i < count; i++)
		if (!lives_on(d, piece[i].iov_base))
			len += piece[i].iov_len;
	return len;
}

static void
bury_wire(struct driver *d, struct wire *w)
{
	if (w->conn != NULL || (w->flags & WIRE_UNDER_WAY) || w->sends != 0)
		return;
	close(w->fd);
	slab_give(d->wires, w->slot);
}

static void
tell_refused(struct driver *d, struct outgoing *o, int went)
{
	struct wire *w = o->owner;
	struct conn *c = w->conn;

	if (c == NULL)
		return;
	c->home->refused(c, o->piece, (int)o->count, went);
	if ((c->flags & (CONN_STASHED | CONN_DEAD)) == CONN_STASHED)
		ask_room(d, w);
}

/* The oldest that was not told yet. */
static bool
next_completion(struct driver *d, struct io_uring_cqe *to)
{
	struct io_uring_cq *cq = &d->ring.io.cq;
	unsigned head = *cq->khead;

	if (d->aside.next < d->aside.count) {
		*to = d->aside.at[d->aside.next++];
		if (d->aside.next == d->aside.count)
			d->aside.next = d->aside.count = 0;
		return true;
	}
	if (head == d->looked)
		return false;
	*to = cq->cqes[head & cq->ring_mask];
	io_uring_cq_advance(&d->ring.io, 1);
	return true;
}

static void
move_aside(struct driver *d)
{
	struct io_uring_cq *cq = &d->ring.io.cq;
	unsigned head = *cq->khead, n = d->looked - head;

	if (d->aside.room - d->aside.count < n) {
		d->aside.room = 2 * d->aside.room + n;
		d->aside.at = mem_grow(d->aside.at,
		    d->aside.room * sizeof *d->aside.at);
		if (d->aside.at == NULL)
			die("out of memory for completions");
	}
	for (unsigned i = 0; i < n; i++)
		d->aside.at[d->aside.count++] =
		    cq->cqes[(head + i) & cq->ring_mask];
	io_uring_cq_advance(&d->ring.io, n);
	(void)io_uring_get_events(&d->ring.io);
}

/*
 * Only sends that did not go as a whole have a completion. All must be seen
 * before the batch ends: those too that the kernel had no room to tell.
 */
static void
look_for_refused(struct driver *d)
{
	struct io_uring_cq *cq = &d->ring.io.cq;

	for (;;) {
		unsigned tail = io_uring_smp_load_acquire(cq->ktail);

		for (; d->looked != tail; d->looked++) {
			struct io_uring_cqe *cqe =
			    &cq->cqes[d->looked & cq->ring_mask];

			if (what_of(cqe->user_data) == WHAT_SEND)
				tell_refused(d, &d->batch.out[(uint32_t)
				    cqe->user_data], cqe->res);
		}
		if (!io_uring_cq_has_overflow(&d->ring.io))
			return;
		move_aside(d);
	}
}

static void
ask_sends(struct driver *d)
{
	for (unsigned i = 0; i < d->batch.count; i++) {
		struct outgoing *o = &d->batch.out[i];
		struct io_uring_sqe *sqe = ring_sqe(&d->ring);

		if (o->count == 1) {
			io_uring_prep_send(sqe, o->fd,
			    o->piece->iov_base, o->piece->iov_len,
			    SEND_FLAGS);
		} else {
			o->message = (struct msghdr){ .msg_iov = o->piece,
			    .msg_iovlen = o->count };
			io_uring_prep_sendmsg(sqe, o->fd, &o->message,
			    SEND_FLAGS);
		}
		sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
		sqe->user_data = name_of(WHAT_SEND, 0, i);
	}
}

static void
end_batch(struct driver *d)
{
	unsigned count = d->batch.count;

	batch_empty(&d->batch);
	for (unsigned i = 0; i < count; i++) {
		struct wire *w = d->batch.out[i].owner;

		w->sends = 0;
		bury_wire(d, w);
	}
}

/* Everything asked for goes. Nothing is told to a handler. */
static void
submit(struct driver *d, bool events)
{
	ask_sends(d);
	ring_submit(&d->ring, events);
	look_for_refused(d);
	end_batch(d);
}

/* Not from inside a handler, which may be using these. */
static void
give_back(struct driver *d)
{
	for (unsigned i = 0; i < d->used_count; i++)
		ring_give(&d->ring, d->used[i]);
	d->used_count = 0;
	ring_tell_given(&d->ring);
	kept_empty(&d->shelf);
}

/* At once; what did not go is asked for again when there is room. */
static ssize_t
send_now(struct driver *d, struct wire *w, const struct iovec *piece,
    int count, size_t len)
{
	const struct msghdr m = {
		.msg_iov = (struct iovec *)(uintptr_t)piece,
		.msg_iovlen = (size_t)count
	};
	ssize_t sent;

	do
		sent = sendmsg(w->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 ? errno == EAGAIN : (size_t)sent < len) {
		ask_room(d, w);
		errno = EAGAIN;
	}
	return sent;
}

static void
await_room(struct conn *c)
{
	if (c->wire != NULL)
		ask_room(driver_of(c), c->wire);
}

static void
settle(struct conn *c)
{
	if (c->wire != NULL && c->wire->sends != 0)
		submit(driver_of(c), false);
}

/*
 * Behind what was collected. For much at a time, where one entry more costs
 * nothing, but a source that hears too late that it must wait costs a copy;
 * or when there is no memory to collect it.
 */
static ssize_t
send_behind(struct conn *c, const struct iovec *piece, int count, size_t len)
{
	settle(c);
	errno = EAGAIN;
	if (c->flags & (CONN_STASHED | CONN_BROKEN))
		return -1;
	return send_now(driver_of(c), c->wire, piece, count, len);
}

static size_t
sum(const struct iovec *piece, int count)
{
	size_t len = 0;

	for (int i = 0; i < count; i++)
		len += piece[i].iov_len;
	return len;
}

static ssize_t
send_pieces(struct conn *c, const struct iovec *piece, int count)
{
	struct driver *d = driver_of(c);
	struct wire *w = c->wire;
	size_t len = count == 1 ? piece->iov_len : sum(piece, count);

	if (w == NULL) {
		errno = ENOMEM;
		return -1;
	}
	if (c->flags & CONN_STASHED)
		return send_now(d, w, piece, count, len);
	if (len >= BULK_LEAST)
		return send_behind(c, piece, count, len);
	if (!batch_fits(&d->batch, w->sends, count)) {
		submit(d, false);
		errno = EAGAIN;
		if (c->flags & (CONN_STASHED | CONN_BROKEN))
			return -1;
	}
	if (count == 1 && lives_on(d, piece->iov_base)) {
		w->sends = batch_place(&d->batch, w->sends, w, w->fd);
		batch_add(&d->batch, w->sends, piece->iov_base, len, false);
		return (ssize_t)len;
	}
	if (!batch_reserve(&d->batch, sum_mortal(d, piece, count)))
		return send_behind(c, piece, count, len);
	w->sends = batch_place(&d->batch, w->sends, w, w->fd);
	for (int i = 0; i < count; i++)
		batch_add(&d->batch, w->sends, piece[i].iov_base,
		    piece[i].iov_len, !lives_on(d, piece[i].iov_base));
	return (ssize_t)len;
}

static void
shut(struct conn *c)
{
	settle(c);
	if (!(c->flags & CONN_STASHED))
		(void)shutdown(c->fd, SHUT_WR);
}

/* ---- receiving */

/* Nothing more waits in the kernel, as far as known: it will tell. */
static void
run_dry(struct conn *c)
{
	struct wire *w = c->wire;

	c->flags &= ~(uint32_t)CONN_READABLE;
	w->flags &= (uint16_t)~WIRE_READY;
	receive_soon(driver_of(c), w);
}

/* Behind a FIN nothing will tell: read on until the end. */
static enum engine_got
receive_bulk(struct conn *c, size_t most, struct text *to)
{
	char *scratch = c->home->scratch[c->home->nest];
	struct wire *w = c->wire;
	ssize_t got;

	do
		got = recv(w->fd, scratch, most, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN) {
		run_dry(c);
		return ENGINE_NOTHING;
	}
	if (got <= 0) {
		w->error = got < 0 ? errno : 0;
		w->flags |= got < 0 ? WIRE_FAILED : WIRE_ENDED;
		w->flags &= (uint16_t)~WIRE_READY;
		c->flags &= ~(uint32_t)CONN_READABLE;
		if (got == 0)
			ask_end_soon(driver_of(c), w);
		return got < 0 ? ENGINE_ERROR : ENGINE_EOF;
	}
	if (got < BULK_LEAST)
		w->flags &= (uint16_t)~WIRE_BULK;
	if ((size_t)got < most && !(c->flags & CONN_ENDED))
		run_dry(c);
	*to = (struct text){ scratch, (size_t)got };
	return ENGINE_DATA;
}

static bool
holds(struct conn *c)
{
	const struct driver *d = driver_of(c);
	const struct wire *w = c->wire;

	return w != NULL && (w->kept != NULL ||
	    (d->now.wire == w && d->now.rest.len > 0));
}

/* What the engine has not touched is in the kernel: somebody else may move it. */
static bool
is_direct(struct conn *c)
{
	return c->wire != NULL && (c->wire->flags & WIRE_READY) &&
	    c->wire->kept == NULL;
}

static enum engine_got
receive(struct conn *c, size_t most, struct text *to)
{
	struct driver *d = driver_of(c);
	struct wire *w = c->wire;
	enum engine_got got = ENGINE_DATA;

	if (w == NULL) {
		c->flags &= ~(uint32_t)CONN_READABLE;
		return ENGINE_NOTHING;
	}
	if (w->kept != NULL) {
		*to = kept_serve(&d->shelf, &w->kept, most);
		if (w->kept == NULL)
			receive_soon(d, w);
	} else if (d->now.wire == w && d->now.rest.len > 0) {
		*to = d->now.rest;
		if (to->len > most)
			to->len = most;
		d->now.rest = text_from(d->now.rest, to->len);
	} else if (w->flags & WIRE_READY) {
		return receive_bulk(c, most, to);
	} else {
		got = w->flags & WIRE_FAILED ? ENGINE_ERROR :
		    w->flags & WIRE_ENDED ? ENGINE_EOF : ENGINE_NOTHING;
		receive_soon(d, w);
		errno = w->error;
	}
	if (got != ENGINE_DATA || (w->kept == NULL &&
	    !(w->flags & (WIRE_ENDED | WIRE_FAILED)) &&
	    (d->now.wire != w || d->now.rest.len == 0)))
		c->flags &= ~(uint32_t)CONN_READABLE;
	return got;
}

static void
discard(struct conn *c)
{
	char *scratch = c->home->scratch[c->home->nest];

	for (int i = 0; i < 4; i++)
		if (recv(c->fd, scratch, STREAM_SCRATCH, MSG_DONTWAIT) <
		    STREAM_SCRATCH)
			break;
}

/* The edge for what has come; what it leaves is kept. */
static void
tell(struct driver *d, struct wire *w, struct text t)
{
	struct conn *c = w->conn;
	short what = EV_READ;

	if ((w->flags & WIRE_ENDED) && w->error == 0)
		what |= EV_CLOSED;
	if (w->kept != NULL && t.len > 0) {
		keep(d, w, t);		/* behind what waits */
		t.len = 0;
	}
	d->now.wire = w;
	d->now.rest = t;
	c->home->edge(c, what);
	d->now.wire = NULL;
	if (w->conn != NULL && d->now.rest.len > 0)
		keep(d, w, d->now.rest);
	d->now.rest.len = 0;
}

static void
note_size(struct driver *d, struct wire *w, size_t len)
{
	if (w->flags & WIRE_CANCELLED)
		return;
	w->full = len == RING_BUFFER_SIZE ? (uint8_t)(w->full + 1) : 0;
	if (w->full < FULL_IN_A_ROW)
		return;
	w->full = 0;
	if (w->flags & WIRE_RECEIVE) {
		cancel_receive(d, w);
		w->flags |= WIRE_BULK;
	}
}

static void
note_end(struct wire *w, int code)
{
	if (code == 0) {
		w->flags |= w->error != 0 ? WIRE_FAILED : WIRE_ENDED;
	} else if (code != -ENOBUFS && code != -ECANCELED &&
	    code != -EINTR && code != -EAGAIN) {
		w->flags |= WIRE_FAILED;
		w->error = -code;
	}
}

/* Something was told of it: what now? */
static void
settle_wire(struct driver *d, struct wire *w)
{
	struct conn *c = w->conn;

	if (c == NULL) {
		bury_wire(d, w);
		return;
	}
	if (c->flags & CONN_LEAVING) {
		if (!(w->flags & WIRE_UNDER_WAY))
			c->home->edge(c, 0);
		return;
	}
	if (w->flags & WIRE_RECEIVE)
		return;
	if (w->flags & WIRE_ENDED)
		ask_end_soon(d, w);
	if ((c->flags & CONN_CONNECTING) || w->kept != NULL)
		return;
	if ((w->flags & WIRE_BULK) && (c->flags & CONN_HELD)) {
		c->flags |= CONN_READABLE;	/* maybe: it will ask */
		ask_end_soon(d, w);
	} else if (!(w->flags & WIRE_READY)) {
		receive_soon(d, w);
	}
}

/* Bulk: bytes, or the end, or an error wait; reading tells which. */
static void
on_ready(struct wire *w, int res)
{
	struct conn *c = w->conn;
	short what = EV_READ;

	if (res < 0 || c == NULL || (c->flags & CONN_LEAVING))
		return;
	if ((res & POLLRDHUP) && !(res & POLLERR))
		what |= EV_CLOSED;
	w->flags |= WIRE_READY;
	c->home->edge(c, what);
}

static void
on_received(struct driver *d, struct wire *w, int res, unsigned flags)
{
	struct text t = TEXT_NONE;
	unsigned id;

	if (!(flags & IORING_CQE_F_MORE))
		w->flags &= (uint16_t)~(WIRE_RECEIVE | WIRE_CANCELLED);
	if (w->flags & WIRE_POLLS) {
		on_ready(w, res);
		return;
	}
	if (res <= 0)
		note_end(w, res);
	if (flags & IORING_CQE_F_BUFFER) {
		id = flags >> IORING_CQE_BUFFER_SHIFT;
		t = (struct text){ ring_buffer(&d->ring, id),
		    res > 0 ? (size_t)res : 0 };
		d->used[d->used_count++] = (uint16_t)id;
		note_size(d, w, t.len);
	}
	if (w->conn != NULL &&
	    (t.len > 0 || (w->flags & (WIRE_ENDED | WIRE_FAILED))))
		tell(d, w, t);
}

static void
on_room(struct wire *w, int res)
{
	const short error = res < 0 || (res & (POLLERR | POLLHUP)) ?
	    EV_READ : 0;
	struct conn *c = w->conn;

	w->flags &= (uint16_t)~WIRE_OUT;
	if (c != NULL && !(c->flags & CONN_LEAVING))
		c->home->edge(c, (short)(EV_WRITE |
		    (c->flags & CONN_CONNECTING ? error : 0)));
}

static void
on_end(struct wire *w, int res, unsigned flags)
{
	struct conn *c = w->conn;
	int code = 0;
	socklen_t len = sizeof code;

	if (!(flags & IORING_CQE_F_MORE))
		w->flags &= (uint16_t)~WIRE_END;
	/* A receive tells by itself. */
	if (c == NULL || res < 0 || (c->flags & CONN_LEAVING) ||
	    (w->flags & WIRE_RECEIVE))
		return;
	if (res & POLLERR)
		(void)getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &code, &len);
	if (code != 0)
		w->error = code;
	else if (c->flags & CONN_ENDED)
		return;
	c->home->edge(c, code != 0 ? EV_READ : EV_READ | EV_CLOSED);
}

static int
find_error(struct conn *c)
{
	return c->wire == NULL ? 0 : c->wire->error;
}

/* A receive that still runs is made to end, behind what has come. */
static bool
is_ending(struct conn *c)
{
	struct wire *w = c->wire;

	if (w == NULL || w->kept != NULL ||
	    (w->flags & (WIRE_ENDED | WIRE_FAILED)))
		return false;
	if (!(w->flags & WIRE_CUT))
		(void)shutdown(w->fd, SHUT_RD);
	w->flags |= WIRE_CUT;
	return true;
}

/* ---- passes: submit, collect, tell */

static void
on_completion(struct driver *d, uint64_t name, int res, unsigned flags)
{
	enum what what = what_of(name);
	struct wire *w;

	if (what == WHAT_NOTHING || what == WHAT_SEND)
		return;
	w = find_wire(d, name);
	NEED(w != NULL);
	w->flags |= WIRE_TELLING;
	if (what == WHAT_RECEIVE)
		on_received(d, w, res, flags);
	else if (what == WHAT_OUT)
		on_room(w, res);
	else
		on_end(w, res, flags);
	w->flags &= (uint16_t)~WIRE_TELLING;
	settle_wire(d, w);
}

static void
collect(struct driver *d)
{
	unsigned most = d->aside.count - d->aside.next + d->looked -
	    *d->ring.io.cq.khead;
	struct io_uring_cqe cqe;

	for (; most > 0 && next_completion(d, &cqe); most--)
		on_completion(d, cqe.user_data, cqe.res, cqe.flags);
}

static bool
has_work(const struct driver *d)
{
	return d->batch.count > 0 || d->due != NULL || d->aside.count > 0 ||
	    io_uring_sq_ready(&d->ring.io) > 0;
}

static void
pass(struct driver *d)
{
	ask_due(d);
	submit(d, true);
	give_back(d);
	collect(d);
}

static void
on_ring(evutil_socket_t fd, short what, void *arg)
{
	const uint64_t one = 1;
	struct driver *d = arg;

	io_uring_cq_eventfd_toggle(&d->ring.io, false);
	for (int i = 0; i < PASSES; i++) {
		pass(d);
		if (has_work(d) || ring_pending(&d->ring))
			continue;
		/* What comes from here on wakes; what came before is seen. */
		io_uring_cq_eventfd_toggle(&d->ring.io, true);
		atomic_thread_fence(memory_order_seq_cst);
		if (!ring_pending(&d->ring))
			return;
		io_uring_cq_eventfd_toggle(&d->ring.io, false);
	}
	io_uring_cq_eventfd_toggle(&d->ring.io, true);
	(void)!write(d->ring.wake_fd, &one, sizeof one);
}

static void
flush(void *part)
{
	struct driver *d = part;

	if (has_work(d)) {
		ask_due(d);
		submit(d, false);
	}
	if (d->used_count > 0 || d->shelf.spent != NULL)
		give_back(d);
}

/* ---- coming and going */

static int
watch(struct conn *c)
{
	struct driver *d = driver_of(c);
	uint32_t slot;
	struct wire *w = slab_take(d->wires, &slot);

	c->wire = w;
	if (w == NULL) {
		errno = ENOMEM;
		return -1;
	}
	w->conn = c;
	w->fd = c->fd;
	w->slot = slot;
	w->generation = ++d->generation;
	if (c->flags & (CONN_CONNECTING | CONN_STASHED))
		ask_room(d, w);
	if (!(c->flags & CONN_CONNECTING))
		receive_soon(d, w);
	return 0;
}

static void
unwatch(struct conn *c)
{
	struct driver *d = driver_of(c);
	struct wire *w = c->wire;

	if (w == NULL)
		return;
	if ((c->flags & CONN_LEAVING) && w->sends != 0)
		submit(d, false);
	drop_due(d, w);
	cancel_receive(d, w);
	if (w->flags & WIRE_OUT)
		ask_cancel(d, w, WHAT_OUT);
	if (w->flags & WIRE_END)
		ask_cancel(d, w, WHAT_END);
}

static bool
is_quiet(struct conn *c)
{
	return c->wire == NULL || !(c->wire->flags & WIRE_UNDER_WAY);
}

static void
part_with(struct conn *c)
{
	struct driver *d = driver_of(c);
	struct wire *w = c->wire;

	if (w == NULL)
		return;
	if (w->kept != NULL || w->error != 0)
		c->home->carry(c, kept_bytes(w->kept), w->error);
	kept_spend(&d->shelf, &w->kept);
	c->flags &= ~(uint32_t)CONN_READABLE;
	c->wire = NULL;
	slab_give(d->wires, w->slot);
}

/* FIN both ways. */
static bool
has_said_all(const struct conn *c)
{
	return (c->wire->flags & WIRE_ENDED) && (c->flags & CONN_SHUT) &&
	    !(c->flags & (CONN_STASHED | CONN_HANDSHAKE));
}

static void
drop(struct conn *c)
{
	struct driver *d = driver_of(c);
	struct wire *w = c->wire;

	if (w == NULL) {
		close(c->fd);
		return;
	}
	kept_spend(&d->shelf, &w->kept);
	if (w->sends != 0)
		submit(d, false);
	/*
	 * The descriptor stays for a moment, the connection does not: the
	 * peer may count it before it sees the one that takes its place.
	 */
	if ((w->flags & WIRE_UNDER_WAY) && !(c->flags & CONN_RESET) &&
	    !has_said_all(c))
		(void)shutdown(w->fd, SHUT_RDWR);
	c->wire = NULL;
	w->conn = NULL;
	bury_wire(d, w);
}

/* ---- the ring of a loop */

static void
free_driver(struct driver *d)
{
	ring_close(&d->ring);
	slab_free(&d->wires);
	kept_end(&d->shelf);
	batch_end(&d->batch);
	mem_drop(d->aside.at);
	mem_drop(d->ends.at);
	mem_drop(d);
}

static void *
open_ring(struct loop *l, struct why *why)
{
	struct driver *d = mem_zero(sizeof *d);

	if (d == NULL) {
		why_set(why, "no memory for a ring");
		return NULL;
	}
	d->wires = slab_new(sizeof(struct wire));
	if (ring_open(&d->ring, why) < 0) {
		free_driver(d);
		return NULL;
	}
	d->looked = *d->ring.io.cq.khead;
	timer_init(&d->ends.timer, l, ask_ends, d);
	/* Edge-triggered: each write is an edge, so nobody needs to read. */
	event_assign(&d->wake, loop_base(l), d->ring.wake_fd,
	    EV_READ | EV_PERSIST | EV_ET, on_ring, d);
	if (event_add(&d->wake, NULL) < 0) {
		why_set(why, "cannot watch a ring");
		free_driver(d);
		return NULL;
	}
	return d;
}

/* Of a stream that nobody closed the descriptor is not ours to close. */
static void
end_wire(struct driver *d, struct wire *w)
{
	if (w->conn != NULL) {
		w->conn = NULL;
		w->fd = -1;
	}
	kept_spend(&d->shelf, &w->kept);
	cancel_receive(d, w);
	if (w->flags & WIRE_OUT)
		ask_cancel(d, w, WHAT_OUT);
	if (w->flags & WIRE_END)
		ask_cancel(d, w, WHAT_END);
	bury_wire(d, w);
}

/*
 * What is under way ends in order: a ring that is torn down by the kernel
 * keeps its sockets, and their ports, for some time.
 */
static void
close_ring(void *part)
{
	struct __kernel_timespec pause = { .tv_nsec = 1000000 };
	struct driver *d = part;
	struct io_uring_cqe *cqe;
	struct wire *w;

	event_del(&d->wake);
	timer_stop(&d->ends.timer);
	submit(d, false);
	d->due = NULL;
	for (uint32_t i = 0; i < slab_slots(d->wires); i++)
		if ((w = slab_at(d->wires, i)) != NULL)
			end_wire(d, w);
	for (int i = 0; i < 100 && slab_used(d->wires) > 0; i++) {
		submit(d, true);
		collect(d);
		if (slab_used(d->wires) > 0)
			(void)io_uring_wait_cqe_timeout(&d->ring.io, &cqe,
			    &pause);
	}
	free_driver(d);
}

const struct engine engine_uring = {
	.name = "uring",
	.open = open_ring,
	.close = close_ring,
	.flush = flush,
	.watch = watch,
	.unwatch = unwatch,
	.quiet = is_quiet,
	.part = part_with,
	.drop = drop,
	.receive = receive,
	.holds = holds,
	.direct = is_direct,
	.dry = run_dry,
	.await_room = await_room,
	.discard = discard,
	.error = find_error,
	.ending = is_ending,
	.send = send_pieces,
	.settle = settle,
	.shut = shut,
};
