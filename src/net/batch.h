/* SPDX-License-Identifier: ISC */
/*
 * batch.h - what a ring's sockets are to send, collected: one vector each,
 * and copies of those pieces that would not live so long. Goes into the
 * kernel with one entry; what did not go as a whole is told afterwards, by
 * its place here. One loop's thread; private to engine_uring.
 */
#ifndef WEIR_NET_BATCH_H
#define WEIR_NET_BATCH_H

#include <sys/socket.h>
#include <sys/uio.h>

#include <stdbool.h>
#include <stdint.h>

enum {
	BATCH_SENDS = 128,		/* sockets */
	BATCH_PIECES = 2048		/* of all of them */
};

struct block;

struct outgoing {			/* what one socket is to send */
	void *owner;
	int fd;
	unsigned count;
	struct iovec *piece;
	size_t len;
	struct msghdr message;
};

struct batch {
	unsigned count, pieces;
	struct block *copies;
	struct outgoing out[BATCH_SENDS];
	struct iovec piece[BATCH_PIECES];
};

/* Is there room for so many pieces more? place: 0 none yet, else from 1. */
bool	batch_fits(const struct batch *, unsigned place, int count);
/* Room for copies of so many bytes; false: no memory. */
bool	batch_reserve(struct batch *, size_t);
/* Where the pieces of a socket go. */
uint16_t batch_place(struct batch *, uint16_t place, void *owner, int fd);
void	batch_add(struct batch *, uint16_t place, char *, size_t, bool copy);
void	batch_empty(struct batch *);
void	batch_end(struct batch *);

#endif
