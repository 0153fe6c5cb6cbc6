/* SPDX-License-Identifier: ISC */
/*
 * shelf.h - the statements one server has prepared, the least recently used
 * last. NULL is an empty shelf. The server's loop.
 */
#ifndef WEIR_POOLER_SHELF_H
#define WEIR_POOLER_SHELF_H

#include "pooler/statement.h"

struct pl_shelf;

/* True: it is there, and is now the most recently used. */
bool	pl_shelf_use(struct pl_shelf *, const struct pl_statement *);
int	pl_shelf_add(struct pl_shelf **, struct pl_statement *);	/* holds it, in front; -1: no memory */
bool	pl_shelf_drop(struct pl_shelf **, const struct pl_statement *);
/* The least recently used one but for 'not', when more than most are there. */
struct pl_statement *pl_shelf_surplus(const struct pl_shelf *, unsigned most, const struct pl_statement *not);
void	pl_shelf_clear(struct pl_shelf **);
unsigned pl_shelf_count(const struct pl_shelf *);

#endif
