/* SPDX-License-Identifier: ISC */
/*
 * columns.h - what SHOW can show: a row per object, each with its columns
 * and its source of rows. A walk reads one object row by row and may be
 * spread over many turns of the loop: it remembers slots and places, never
 * pointers. Rows of one walk need not be of one instant. Loop 0.
 */
#ifndef WEIR_POOLER_COLUMNS_H
#define WEIR_POOLER_COLUMNS_H

#include "net/resolver.h"
#include "pooler/settings.h"
#include "stat/column.h"

#define PL_VERSION_SHOWN	"1.25.2"	/* what we stand in for */
#define PL_VERSION_LINE		"PgBouncer " PL_VERSION_SHOWN		\
				" (Weir " PACKAGE_VERSION ")"

/* Who may; only what says otherwise is open to others than admins. */
enum pl_level { PL_LEVEL_ADMIN, PL_LEVEL_ANY };

struct pl_walk;

struct pl_object {
	const char *name;
	enum pl_level level;
	uint8_t group;			/* line of SHOW HELP; 0: not told */
	bool parameter;			/* one of those that only look settable */
	const struct column *columns;
	unsigned count;			/* 0: SHOW HELP */
	bool (*next)(struct pl_walk *);	/* to the next row; false: no more */
};

enum { PL_COLUMNS_MOST = 28 };

extern const struct pl_object pl_objects[];
extern const unsigned pl_object_count;
const struct pl_object *pl_columns_find(const char *name);	/* case ignored */

struct pl_walk *pl_columns_walk(const struct pl_object *);	/* NULL: no memory */
/* A new turn of the loop: what was remembered of the last one is gone. */
void	pl_columns_turn(struct pl_walk *);
/* The cells of the next row, until the next call; NULL: no more. */
const struct cell *pl_columns_next(struct pl_walk *);
void	pl_columns_end(struct pl_walk **);

/* Set by main. */
struct pl_listening {
	int fd;
	struct address at;
};
extern bool (*pl_columns_listener)(unsigned i, struct pl_listening *);
extern struct resolver *pl_columns_resolver;		/* or NULL */
void	pl_columns_set_peers(const struct pl_peer_row *, unsigned count);

#endif
