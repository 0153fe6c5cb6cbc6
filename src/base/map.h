/* SPDX-License-Identifier: ISC */
/*
 * map.h - things found by a text key (uthash behind five calls). Keys are
 * copied; values are the caller's. NULL is an empty map. One thread.
 */
#ifndef WEIR_BASE_MAP_H
#define WEIR_BASE_MAP_H

#include "base/text.h"

struct map;

void	*map_find(const struct map *, struct text key);	/* NULL: not there */
/* Adds or replaces; -1: no memory. */
int	 map_put(struct map **, struct text key, void *value);
void	*map_drop(struct map **, struct text key);	/* the value, or NULL */
size_t	 map_count(const struct map *);
/* In the order of adding; visit may drop the entry it is given. */
void	 map_each(struct map *, void (*visit)(struct text key, void *value,
	    void *arg), void *arg);
void	 map_free(struct map **, void (*drop)(void *value));	/* drop: or NULL */

#endif
