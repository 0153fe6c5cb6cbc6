/* SPDX-License-Identifier: ISC */
/*
 * names.h - things found by name while a text is read: a table that grows in
 * the text's arena, so that nothing of it is left to be freed. Zeroed, it is
 * empty; it must stay where it is. One thread.
 */
#ifndef WEIR_BASE_NAMES_H
#define WEIR_BASE_NAMES_H

#include "base/arena.h"

struct names_entry;

struct names {
	struct names_entry **rows;
	size_t room, count;
};

void	*names_find(const struct names *, struct text name);	/* or NULL */
/* Adds or replaces; the name is copied. */
void	 names_put(struct names *, struct arena *, struct text name,
	    void *value);
/* Adds what is not there; else the value that is. */
void	*names_keep(struct names *, struct arena *, struct text name,
	    void *value);

#endif
