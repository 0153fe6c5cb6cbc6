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

#include "base/text.h"

enum { CORK_PIECES = 64, CORK_MOST = 32, CORK_BATCH = 65536 };

struct cork {
	struct iovec piece[CORK_PIECES];
	int count;
	unsigned depth;			/* corks nest; 0: free */
	size_t len;
};

struct corks;

struct corks *cork_open_all(void);	/* dies: start only */
void	cork_close_all(struct corks **);
uint8_t	cork_take(struct corks *);	/* 1.. */
void	cork_give(struct corks *, uint8_t);
struct cork *cork_at(struct corks *, uint8_t);
/* False when it is full: empty it, then add again. */
bool	cork_add(struct cork *, struct text);
char	*cork_batch(struct corks *, size_t len);

#endif
