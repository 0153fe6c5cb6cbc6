/* SPDX-License-Identifier: ISC */
/*
 * names.h - which statement a client means by a name. NULL is an empty map,
 * so a client without named statements costs one pointer. The client's loop.
 */
#ifndef WEIR_POOLER_NAMES_H
#define WEIR_POOLER_NAMES_H

#include "pooler/statement.h"

struct pl_names;

struct pl_statement *pl_names_find(const struct pl_names *, struct text name);
int	pl_names_put(struct pl_names **, struct text name, struct pl_statement *);	/* holds it; -1: no memory */
bool	pl_names_drop(struct pl_names **, struct text name);	/* false: was not there */
void	pl_names_clear(struct pl_names **);
unsigned pl_names_count(const struct pl_names *);

#endif
