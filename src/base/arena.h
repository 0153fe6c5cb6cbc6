/* SPDX-License-Identifier: ISC */
/*
 * arena.h - memory of one setup: given out piece by piece, freed as a whole.
 * Whoever makes the arena names a place to jump to when memory ends, so that
 * a parser needs no check at each piece; nothing else may be held on the way
 * there. One thread.
 */
#ifndef WEIR_BASE_ARENA_H
#define WEIR_BASE_ARENA_H

#include <setjmp.h>

#include "base/text.h"

struct arena;

struct arena *arena_new(void);			/* NULL: no memory */
void	 arena_free(struct arena **);		/* all that it gave */
/* Where to go when memory ends; NULL: the process ends (die). */
void	 arena_escape(struct arena *, jmp_buf *);

void	*arena_get(struct arena *, size_t)	/* zeroed */
	    __attribute__((returns_nonnull));
char	*arena_copy(struct arena *, struct text)	/* NUL behind it */
	    __attribute__((returns_nonnull));
char	*arena_print(struct arena *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3), returns_nonnull));

/*
 * A growing array of pointers. A copy of the struct that holds one must set
 * its room to its count: the pieces are shared, what is added is not.
 */
#define ARENA_LIST(type)	struct { type **at; unsigned count, room; }
#define arena_add(arena, list, item)					\
	((list)->at = arena_room(arena, (list)->at, (list)->count,	\
	    &(list)->room), (list)->at[(list)->count++] = (item))
/* For arena_add alone: the same array, or a larger copy. */
void	*arena_room(struct arena *, void *at, unsigned count,
	    unsigned *room) __attribute__((returns_nonnull));

#endif
