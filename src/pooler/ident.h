/* SPDX-License-Identifier: ISC */
/*
 * ident.h - auth_ident_file as data: which user of the system (or name of a
 * certificate) may log in as which user of PostgreSQL, by map. Immutable
 * after reading; owned by the setup. Any thread.
 */
#ifndef WEIR_POOLER_IDENT_H
#define WEIR_POOLER_IDENT_H

#include "base/text.h"

struct pl_ident;

/* Bad lines are told and skipped. NULL only for lack of memory. */
struct pl_ident *pl_ident_read(struct text,
	    void (*tell)(void *arg, const char *line), void *arg);
/* Has the one a bad line that was not there before (NULL: none was)? */
bool	pl_ident_worse(const struct pl_ident *, const struct pl_ident *before);
bool	pl_ident_has_map(const struct pl_ident *, struct text map);
/* May this system user be that user, by this map? */
bool	pl_ident_allows(const struct pl_ident *, struct text map,
	    struct text system_user, struct text user);
void	pl_ident_free(struct pl_ident **);

#endif
