/* SPDX-License-Identifier: ISC */
/*
 * ring.c - set-up, the test whether all of it works here, the buffers,
 * entering the kernel. Needs Linux 6.1. One loop's thread.
 */
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "net/ring.h"

enum {
	TRIES = 1000
};

/* Requests between two entries, completions; the second where little memory
   may be locked, which newer kernels ask for. */
static const struct { unsigned requests, completions; } sizes[] = {
	{ 512, 8192 }, { 128, 512 }
};

/* ---- buffers */

static void *
map(size_t bytes)
{
	void *at = mem_refused() ? MAP_FAILED : mmap(NULL, bytes,
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

char *
ring_buffer(const struct ring *r, unsigned id)
{
	return r->buffers + (size_t)id * RING_BUFFER_SIZE;
}

bool
ring_owns(const struct ring *r, const char *at)
{
	return (size_t)(at - r->buffers) <
	    (size_t)RING_BUFFERS * RING_BUFFER_SIZE;
}

void
ring_give(struct ring *r, unsigned id)
{
	io_uring_buf_ring_add(r->queue, ring_buffer(r, id), RING_BUFFER_SIZE,
	    (unsigned short)id, io_uring_buf_ring_mask(RING_BUFFERS),
	    r->added++);
}

void
ring_tell_given(struct ring *r)
{
	if (r->added > 0)
		io_uring_buf_ring_advance(r->queue, r->added);
	r->added = 0;
}

static int
open_buffers(struct ring *r, struct why *why)
{
	struct io_uring_buf_reg where = { 0 };
	int code;

	r->queue = map(RING_BUFFERS * sizeof(struct io_uring_buf));
	r->buffers = map((size_t)RING_BUFFERS * RING_BUFFER_SIZE);
	if (r->queue == NULL || r->buffers == NULL)
		return why_set(why, "no memory for receive buffers");
	io_uring_buf_ring_init(r->queue);
	where.ring_addr = (uintptr_t)r->queue;
	where.ring_entries = RING_BUFFERS;
	where.bgid = RING_GROUP;
	code = io_uring_register_buf_ring(&r->io, &where, 0);
	if (code < 0)
		return why_set(why, "io_uring takes no buffer ring: %s",
		    strerror(-code));
	for (unsigned i = 0; i < RING_BUFFERS; i++)
		ring_give(r, i);
	ring_tell_given(r);
	return 0;
}

static void
close_buffers(struct ring *r)
{
	if (r->buffers != NULL)
		munmap(r->buffers, (size_t)RING_BUFFERS * RING_BUFFER_SIZE);
	if (r->queue != NULL)
		munmap(r->queue, RING_BUFFERS * sizeof(struct io_uring_buf));
}

/* ---- entering the kernel */

/* Short of memory, or of room for completions: again. */
static bool
is_passing(int code)
{
	return code == -EINTR || code == -EAGAIN || code == -EBUSY ||
	    code == -ENOMEM;
}

void
ring_submit(struct ring *r, bool events)
{
	int code;

	for (int i = 0; i < TRIES; i++) {
		code = events ? io_uring_submit_and_get_events(&r->io) :
		    io_uring_submit(&r->io);
		if (code < 0 && !is_passing(code))
			die("io_uring: %s", strerror(-code));
		if (code >= 0 && io_uring_sq_ready(&r->io) == 0)
			return;
		events = true;		/* makes room */
	}
}

struct io_uring_sqe *
ring_sqe(struct ring *r)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->io);

	while (sqe == NULL) {
		ring_submit(r, false);
		sqe = io_uring_get_sqe(&r->io);
	}
	return sqe;
}

bool
ring_pending(const struct ring *r)
{
	return io_uring_cq_ready(&r->io) > 0 ||
	    (IO_URING_READ_ONCE(*r->io.sq.kflags) &
	    (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

/* ---- does it work here? */

static int
await(struct ring *r, struct io_uring_cqe *got)
{
	struct __kernel_timespec limit = { .tv_sec = 1 };
	struct io_uring_cqe *cqe;
	int code = io_uring_submit_and_wait_timeout(&r->io, &cqe, 1, &limit,
	    NULL);

	if (code < 0)
		return code;
	*got = *cqe;
	io_uring_cqe_seen(&r->io, cqe);
	return 0;
}

/* One receive that gives a byte, stays armed, and ends with its socket. */
static int
try_receive(struct ring *r, int fd, int peer)
{
	struct io_uring_sqe *sqe = ring_sqe(r);
	struct io_uring_cqe got;
	int code;

	io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = RING_GROUP;
	if (send(peer, "", 1, MSG_NOSIGNAL) != 1)
		return -errno;
	code = await(r, &got);
	if (code < 0)
		return code;
	if (got.res < 0)
		return got.res;
	if (got.res != 1 || !(got.flags & IORING_CQE_F_BUFFER) ||
	    !(got.flags & IORING_CQE_F_MORE))
		return -EOPNOTSUPP;
	ring_give(r, got.flags >> IORING_CQE_BUFFER_SHIFT);
	ring_tell_given(r);
	(void)shutdown(peer, SHUT_WR);
	code = await(r, &got);
	return code == 0 && got.res != 0 ? -EOPNOTSUPP : code;
}

static int
probe(struct ring *r, struct why *why)
{
	int pair[2], code;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    pair) < 0)
		return why_errno(why, "cannot make a pair of sockets");
	code = try_receive(r, pair[0], pair[1]);
	close(pair[0]);
	close(pair[1]);
	if (code < 0)
		return why_set(why, "io_uring has no lasting receive: %s",
		    strerror(-code));
	return 0;
}

static int
set_up(struct ring *r)
{
	int code = -ENOMEM;

	for (unsigned i = 0; code == -ENOMEM &&
	    i < sizeof sizes / sizeof sizes[0]; i++) {
		struct io_uring_params p = {
			.flags = IORING_SETUP_SINGLE_ISSUER |
			    IORING_SETUP_DEFER_TASKRUN |
			    IORING_SETUP_COOP_TASKRUN |
			    IORING_SETUP_TASKRUN_FLAG |
			    IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE,
			.cq_entries = sizes[i].completions
		};

		code = io_uring_queue_init_params(sizes[i].requests, &r->io,
		    &p);
	}
	return code;
}

int
ring_open(struct ring *r, struct why *why)
{
	int code;

	memset(r, 0, sizeof *r);
	r->wake_fd = -1;
	r->io.ring_fd = -1;
	code = set_up(r);
	if (code < 0) {
		r->io.ring_fd = -1;
		return why_set(why, "io_uring cannot be set up: %s",
		    strerror(-code));
	}
	(void)io_uring_register_ring_fd(&r->io);	/* cheaper entries */
	if (open_buffers(r, why) < 0)
			return -1;
	if (probe(r, why) < 0)
		return -1;
	r->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (r->wake_fd < 0)
		return why_errno(why, "cannot make an event descriptor");
	code = io_uring_register_eventfd(&r->io, r->wake_fd);
	if (code < 0)
		return why_set(why, "io_uring wakes nobody: %s",
		    strerror(-code));
	return 0;
}

void
ring_close(struct ring *r)
{
	if (r->io.ring_fd >= 0)
		io_uring_queue_exit(&r->io);
	r->io.ring_fd = -1;
	close_buffers(r);
	if (r->wake_fd >= 0)
		close(r->wake_fd);
	r->wake_fd = -1;
}
