/* SPDX-License-Identifier: ISC */
/*
 * cork.h - pieces collected for one send, and memory that lives until they
 * went. A few corks may be open at a time on a loop, one per conn; batch
 * memory is given back when the last of them closes. Private to net; one
 * loop's thread.
 */
#ifndef WEIR_NET_CORK_H
#define WEIR_NET_CORK_H

#include <sys/uio.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/die.h"
#include "base/text.h"

enum { CORK_PIECES = 64, CORK_MOST = 32, CORK_BATCH = 65536 };

struct cork {
	struct iovec piece[CORK_PIECES];
	int count;
	unsigned depth;			/* corks nest; 0: free */
	size_t len;
};

struct cork_block {
	struct cork_block *next;
	size_t used;
	char data[CORK_BATCH];
};

struct corks {
	struct cork *table[CORK_MOST];
	unsigned open;
	struct cork_block *batch;		/* the one in use first */
};

struct corks *cork_open_all(void);	/* dies: start only */
void	cork_close_all(struct corks **);
uint8_t	cork_take(struct corks *);	/* 1.. */
void	cork_give(struct corks *, uint8_t);

static inline struct cork *
cork_at(struct corks *s, uint8_t number)
{
	NEED(number > 0 && number <= CORK_MOST);
	return s->table[number - 1];
}

/* False when it is full: empty it, then add again. */
static inline bool
cork_add(struct cork *k, struct text t)
{
	struct iovec *last = &k->piece[k->count - (k->count > 0)];

	if (k->count > 0 && (char *)last->iov_base + last->iov_len == t.at) {
		last->iov_len += t.len;
		k->len += t.len;
		return true;
	}
	if (k->count == CORK_PIECES)
		return false;
	k->piece[k->count++] = (struct iovec){ (void *)(uintptr_t)t.at, t.len };
	k->len += t.len;
	return true;
}

char	*cork_batch(struct corks *, size_t len);

#endif
