/* SPDX-License-Identifier: ISC */
/*
 * arena.h - memory of one setup: given out piece by piece, freed as a whole.
 * Whoever makes the arena names a place to jump to when memory ends, so that
 * a parser needs no check at each piece; nothing else may be held on the way
 * there. One thread.
 */
#ifndef WEIR_BALANCER_ARENA_H
#define WEIR_BALANCER_ARENA_H

#include <setjmp.h>

#include "base/text.h"

struct lb_arena;

struct lb_arena *lb_arena_new(void);			/* NULL: no memory */
void	 lb_arena_free(struct lb_arena **);		/* all that it gave */
/* Where to go when memory ends; NULL: the process ends (die). */
void	 lb_arena_escape(struct lb_arena *, jmp_buf *);

void	*lb_arena_get(struct lb_arena *, size_t)	/* zeroed */
	    __attribute__((returns_nonnull));
char	*lb_arena_copy(struct lb_arena *, struct text)	/* NUL behind it */
	    __attribute__((returns_nonnull));
char	*lb_arena_print(struct lb_arena *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3), returns_nonnull));

/*
 * A growing array of pointers. A copy of the struct that holds one must set
 * its room to its count: the pieces are shared, what is added is not.
 */
#define LB_LIST(type)	struct { type **at; unsigned count, room; }
#define lb_arena_add(arena, list, item)					\
	((list)->at = lb_arena_room(arena, (list)->at, (list)->count,	\
	    &(list)->room), (list)->at[(list)->count++] = (item))
/* For lb_arena_add alone: the same array, or a larger copy. */
void	*lb_arena_room(struct lb_arena *, void *at, unsigned count,
	    unsigned *room) __attribute__((returns_nonnull));

#endif
