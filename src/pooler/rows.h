/* SPDX-License-Identifier: ISC */
/*
 * rows.h - the lines of [databases], [users] and [peers] while a setup is
 * built: one growing array of rows per section, found by name. Belongs to
 * the setup being read. Loop 0.
 */
#ifndef WEIR_POOLER_ROWS_H
#define WEIR_POOLER_ROWS_H

#include "base/why.h"
#include "conf/key.h"

struct map;

struct pl_rows_kind {
	const struct key *keys;
	size_t size;			/* of a row */
	const char *string, *parameter;	/* what errors call them */
	void (*clear)(void *row);	/* frees what a row owns */
};

extern const struct pl_rows_kind pl_rows_databases, pl_rows_users,
    pl_rows_peers;

struct pl_rows {
	const struct pl_rows_kind *kind;
	char *at;
	unsigned count, room;
	struct map *by_name;		/* name -> index + 1 */
};

void	*pl_rows_at(const struct pl_rows *, unsigned);
void	*pl_rows_find(const struct pl_rows *, struct text name); /* or NULL */
/* Moves the row in, in place of one of that name; -1: no memory. */
int	 pl_rows_put(struct pl_rows *, struct text name, const void *row);
void	 pl_rows_free(struct pl_rows *);

/*
 * The settings of one line into a row. only_ours: others are refused. *ours
 * becomes the name of a setting of ours among them, or NULL.
 */
int	 pl_rows_fill(const struct pl_rows_kind *, void *row, struct text line,
	    bool only_ours, const char **ours, struct why *);

#endif
