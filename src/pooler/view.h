/* SPDX-License-Identifier: ISC */
/*
 * view.h - what one object of SHOW is: its columns and the source of its
 * rows; and the walk over them. A walk may be spread over many turns of the
 * loop: it remembers slots and places, never pointers. Rows of one walk need
 * not be of one instant.
 *
 * What lives on other loops comes from there: rows as plain copies, a page at
 * a time, by the same next() on that loop; numbers by a census before the
 * first row. A walk that has to wait for them says so, and calls ready().
 * Loop 0, but for next() of what is everywhere.
 */
#ifndef WEIR_POOLER_VIEW_H
#define WEIR_POOLER_VIEW_H

#include <stddef.h>

#include "base/address.h"
#include "net/resolver.h"
#include "pooler/seen.h"
#include "pooler/settings.h"
#include "stat/column.h"

enum { PL_VIEW_COLUMNS = 28, PL_VIEW_ROOM = 8192 };

struct pl_census;
struct pl_page;
struct pl_walk;

enum pl_view_from {
	PL_VIEW_HOME,			/* loop 0 knows it all */
	PL_VIEW_COUNTED,		/* numbers of all loops: a census first */
	PL_VIEW_LOOPS			/* rows of all loops */
};

struct pl_view {
	const struct column *columns;
	unsigned count;
	bool (*next)(struct pl_walk *);	/* sets row; false: no more (here) */
	enum pl_view_from from;
	size_t size;			/* of a row of LOOPS, a plain copy */
	void (*leave)(void *row);	/* what it holds; or NULL */
	uint64_t (*key)(const void *row);	/* who it is; 0: no matter */
};
#define PL_VIEW(table, next)						\
	{ table, sizeof table / sizeof table[0], next, PL_VIEW_HOME, 0,	\
	    NULL, NULL }
#define PL_VIEW_NUMBERS(table, next)					\
	{ table, sizeof table / sizeof table[0], next, PL_VIEW_COUNTED, 0, \
	    NULL, NULL }
#define PL_VIEW_EVERYWHERE(table, next, row, leave, key)		\
	{ table, sizeof table / sizeof table[0], next, PL_VIEW_LOOPS,	\
	    sizeof(row), leave, key }

struct pl_walk {
	const struct pl_view *view;
	uint32_t at;			/* number of the next row, or slot */
	unsigned phase;			/* of a view with several sources */
	unsigned loop;			/* whose rows */
	const void *here;		/* item before 'at', in this turn */
	void *row;			/* what the columns read from */
	bool has_row;			/* and what it holds must be left */
	void *kept;			/* a source's own, for all its rows */
	void (*drop)(void *kept);

	void (*ready)(void *arg);	/* what it waited for has come */
	void *arg;
	bool counted;			/* the census was taken */
	struct pl_census *census;	/* it is under way */
	struct pl_page *page;		/* of another loop's rows */
	struct pl_seen seen;		/* rows so far, where there are several loops */
	uint64_t missing;		/* loops that did not answer */

	struct cell cells[PL_VIEW_COLUMNS];
	_Alignas(max_align_t) char room[PL_VIEW_ROOM];
};

/* NULL: no memory. ready() may be NULL where nobody waits. */
struct pl_walk *pl_view_walk(const struct pl_view *, void (*ready)(void *),
	    void *arg);
/* A new turn of the loop: pointers of the last one are forgotten. */
void	pl_view_turn(struct pl_walk *);
/* The cells of the next row, until the next call; NULL: no more (for now). */
const struct cell *pl_view_next(struct pl_walk *);
bool	pl_view_waits(const struct pl_walk *);
void	pl_view_end(struct pl_walk **);

/* For sources: the row is made here, in the walk itself. */
void	*pl_view_make(struct pl_walk *, size_t);
void	pl_view_begin_phase(struct pl_walk *);
/*
 * The next item of a list with the entry 'link': the one behind the last,
 * or, in a new turn, the one with the number we have come to.
 */
#define PL_VIEW_ITEM(w, list, item) do {				\
	uint32_t n_ = 0;						\
									\
	item = (void *)(uintptr_t)(w)->here;				\
	if (item != NULL)						\
		item = TAILQ_NEXT(item, link);				\
	else								\
		for (item = TAILQ_FIRST(list); item != NULL &&		\
		    n_ < (w)->at; n_++)					\
			item = TAILQ_NEXT(item, link);			\
	(w)->at++;							\
	(w)->here = item;						\
} while (0)

/* Set by main. */
struct pl_listening {
	int fd;
	struct address at;
};
extern bool (*pl_view_listener)(unsigned i, struct pl_listening *);
extern struct resolver *pl_view_resolver;		/* or NULL */
extern const struct pl_peer_row *pl_view_peers;
extern unsigned pl_view_peer_count;

#endif
