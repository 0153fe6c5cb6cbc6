/* SPDX-License-Identifier: ISC */
/*
 * buffer.h - a queue of bytes in chunks borrowed from a stock: stashes,
 * pages, collected messages. An empty buffer holds no chunk. The stock keeps
 * a few free chunks of each size class (4, 16, 64 KB) and gives the rest
 * back to the system. One thread: both belong to one loop; a buffer that
 * moves to another loop is re-stocked with buffer_adopt.
 */
#ifndef WEIR_BASE_BUFFER_H
#define WEIR_BASE_BUFFER_H

#include <sys/uio.h>

#include "base/text.h"

struct stock;
struct chunk;

struct buffer {
	struct chunk *first, *last;
	size_t len;			/* bytes held */
};

struct stock *stock_new(void);		/* dies: start only */
void	stock_free(struct stock **);
size_t	stock_lent(const struct stock *);	/* bytes of chunks in use */

static inline bool
buffer_empty(const struct buffer *b)
{
	return b->len == 0;
}

int	buffer_add(struct buffer *, struct stock *, struct text); /* -1: no memory, nothing added */
/* Puts n bytes of room at the end and returns where (contiguous), n <= 64 KB. */
char	*buffer_room(struct buffer *, struct stock *, size_t n);
struct text buffer_front(const struct buffer *);	/* the first piece, borrowed */
/* Up to most pieces for writev; returns how many. */
int	buffer_pieces(const struct buffer *, struct iovec *, int most);
void	buffer_eat(struct buffer *, struct stock *, size_t n);
void	buffer_copy(const struct buffer *, char *to);	/* all len bytes */
void	buffer_fini(struct buffer *, struct stock *);	/* gives all chunks back */
void	buffer_adopt(struct buffer *, struct stock *from, struct stock *to);

#endif
