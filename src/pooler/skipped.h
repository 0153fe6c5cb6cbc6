/* SPDX-License-Identifier: ISC */
/*
 * skipped.h - which lines of a file were skipped when it was read, so that a
 * reload can tell a new fault from one that was there before. Belongs to the
 * file's object; the texts are slices of its copy. Pure.
 */
#ifndef WEIR_POOLER_SKIPPED_H
#define WEIR_POOLER_SKIPPED_H

#include "base/text.h"

struct pl_skipped {
	struct text *lines;
	unsigned count, room;
};

/* -1: no memory. */
int	pl_skipped_add(struct pl_skipped *, struct text);
/* Is there a line in it that 'before' (or NULL) did not have? */
bool	pl_skipped_worse(const struct pl_skipped *,
	    const struct pl_skipped *before);
void	pl_skipped_free(struct pl_skipped *);

#endif
