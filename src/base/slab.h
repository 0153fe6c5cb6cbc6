/* SPDX-License-Identifier: ISC */
/*
 * slab.h - objects of one size, in regions of about 64 KB, known by number.
 * A slot number stays with the object for its life and may be walked from 0
 * to slab_slots(): what died in between is skipped (NULL). An empty region
 * goes back to the system, so memory returns when objects leave.
 * One thread; a slab belongs to the loop that made it.
 */
#ifndef WEIR_BASE_SLAB_H
#define WEIR_BASE_SLAB_H

#include <stddef.h>
#include <stdint.h>

struct slab;

struct slab *slab_new(size_t object_size);		/* dies: start only */
void	 slab_free(struct slab **);			/* with all objects */
void	*slab_take(struct slab *, uint32_t *slot);	/* zeroed; NULL: no memory */
void	 slab_give(struct slab *, uint32_t slot);
void	*slab_at(const struct slab *, uint32_t slot);	/* NULL: not in use */
uint32_t slab_slots(const struct slab *);		/* one past the highest */
uint32_t slab_used(const struct slab *);		/* objects alive */
uint32_t slab_room(const struct slab *);		/* slots allocated */
size_t	 slab_bytes(const struct slab *);		/* held from the system */

#endif
