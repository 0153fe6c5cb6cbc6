/* SPDX-License-Identifier: ISC */
/*
 * residents.h - who lives on a loop, by number: SHOW, the janitor and letters
 * from other loops find a record by its place, as none of them may keep a
 * pointer over a turn. A place stays with its resident; what left is skipped.
 * One table per loop and kind; only that loop touches it.
 */
#ifndef WEIR_POOLER_RESIDENTS_H
#define WEIR_POOLER_RESIDENTS_H

#include <stdint.h>

struct pl_residents {
	void **table;		/* a resident, or the next free place (odd) */
	uint32_t room, end;	/* allocated; one past the highest ever used */
	uint32_t count;
	uint32_t free;		/* 1 + the free place to take next; 0: none */
};

/* -1: no memory. */
int	pl_residents_put(struct pl_residents *, void *, uint32_t *place);
/* The table goes with the last of them. */
void	pl_residents_drop(struct pl_residents *, uint32_t place);
void	*pl_residents_at(const struct pl_residents *, uint32_t place);	/* NULL: nobody */

#endif
