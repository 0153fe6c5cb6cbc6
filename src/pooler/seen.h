/* SPDX-License-Identifier: ISC */
/*
 * seen.h - numbers that were met already: who moves from loop to loop while
 * all loops are looked at one after the other is shown once. Owned by a walk.
 */
#ifndef WEIR_POOLER_SEEN_H
#define WEIR_POOLER_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pl_seen {			/* all zero: none */
	uint64_t *table;		/* 0: a free place */
	size_t room, count;
};

/* Is it new? Never 0. Without memory all are. */
bool	pl_seen_add(struct pl_seen *, uint64_t number);
void	pl_seen_clear(struct pl_seen *);

#endif
