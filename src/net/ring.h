/* SPDX-License-Identifier: ISC */
/*
 * ring.h - one io_uring with the buffers it receives messages into. Made,
 * used and ended by one loop's thread. Linux only; private to engine_uring.
 */
#ifndef WEIR_NET_RING_H
#define WEIR_NET_RING_H

#include <liburing.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "base/why.h"

enum {
	RING_GROUP = 0,			/* the number of the buffers' group */
	RING_BUFFERS = 256,		/* a power of two */
	RING_BUFFER_SIZE = 4096
};

struct ring {
	struct io_uring io;
	struct io_uring_buf_ring *queue;	/* buffers the kernel may fill */
	char *buffers;
	int added;			/* given back, not yet told */
	int wake_fd;			/* told of completions; -1: none */
};

/* -1 with why: io_uring cannot be had here, or lacks what is needed. */
int	ring_open(struct ring *, struct why *);
void	ring_close(struct ring *);

/* Room for one more; hands the queue to the kernel when it is full. */
struct io_uring_sqe *ring_sqe(struct ring *);
/* What is queued goes; 'events': completions are collected as well. */
void	ring_submit(struct ring *, bool events);
/* The kernel has completions that were not collected. */
bool	ring_pending(const struct ring *);

/* The bytes of a completed receive, and which buffer they lie in. */
char	*ring_buffer(const struct ring *, unsigned id);
bool	ring_owns(const struct ring *, const char *);
void	ring_give(struct ring *, unsigned id);
void	ring_tell_given(struct ring *);	/* of all that was given back */

#endif
