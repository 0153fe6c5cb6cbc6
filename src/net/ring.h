/* SPDX-License-Identifier: ISC */
/*
 * ring.h - one io_uring with its two groups of provided buffers: small ones
 * for messages, large ones for bulk. Made, used and ended by one loop's
 * thread. Linux only; private to engine_uring.
 */
#ifndef WEIR_NET_RING_H
#define WEIR_NET_RING_H

#include <liburing.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "base/why.h"

enum ring_kind { RING_SMALL, RING_BULK, RING_KINDS };
enum {
	RING_SMALL_COUNT = 256, RING_SMALL_SIZE = 4096,
	RING_BULK_COUNT = 4, RING_BULK_SIZE = 131072,
	RING_BUFFERS = RING_SMALL_COUNT + RING_BULK_COUNT
};

struct ring_group {
	struct io_uring_buf_ring *queue;
	char *base;
	unsigned count;			/* a power of two */
	size_t size;			/* of each */
	int added;			/* given back, not yet told */
};

struct ring {
	struct io_uring io;
	struct ring_group group[RING_KINDS];
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
char	*ring_buffer(const struct ring *, enum ring_kind, unsigned id);
bool	ring_owns(const struct ring *, const char *);
void	ring_give(struct ring *, enum ring_kind, unsigned id);
void	ring_tell_given(struct ring *);	/* of all that was given back */

#endif
