/* SPDX-License-Identifier: ISC */
/*
 * kept.h - bytes that an engine received and nobody wanted yet: one block a
 * stream, from a shelf of small ones. What was served from a block may be on
 * its way: a block that is done with is spent, and empty shelves go back when
 * all of it went. One loop's thread; private to engine_uring.
 */
#ifndef WEIR_NET_KEPT_H
#define WEIR_NET_KEPT_H

#include "base/text.h"

struct kept;

struct kept_shelf {
	struct kept *spent, *spare;
	unsigned spares;
};

/* Puts bytes behind what is kept, if anything; -1: no memory. */
int	kept_add(struct kept_shelf *, struct kept **, struct text);
/* The next bytes, at most 'most'. With the last of them the block is spent. */
struct text kept_serve(struct kept_shelf *, struct kept **, size_t most);
struct text kept_bytes(const struct kept *);	/* NULL: none */
void	kept_spend(struct kept_shelf *, struct kept **);	/* NULL is harmless */
/* Is it in the block that was spent last: the one being served, if any is? */
bool	kept_holds(const struct kept_shelf *, const char *);
void	kept_empty(struct kept_shelf *);	/* what was spent went */
void	kept_end(struct kept_shelf *);

#endif
