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
/*
 * The answer to the oldest unanswered Parse of this statement: kept, or
 * refused, and then its name is free again.
 */
void	pl_names_settle(struct pl_names **, const struct pl_statement *, bool kept);
/*
 * A Close whose turn has not come yet: the name is free at once, but when an
 * error before it makes the server skip the Close, it stands again.
 */
bool	pl_names_close(struct pl_names *, struct text name);	/* false: not there */
void	pl_names_closed(struct pl_names **, const struct pl_statement *, bool done);
/* DEALLOCATE ALL was done: all names go, but for those still unanswered. */
void	pl_names_forget(struct pl_names **);
void	pl_names_clear(struct pl_names **);
unsigned pl_names_count(const struct pl_names *);

#endif
