/* SPDX-License-Identifier: ISC */
/*
 * slab.c - regions of equal slots. A region knows which of its slots are
 * free by a bitmap; the slab keeps the lowest region that may have room, so
 * that objects gather in low regions and high ones can be given back.
 * One thread.
 */
#include <sys/mman.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/slab.h"

enum { REGION_BYTES = 65536, MAX_PER_REGION = 2048 };

struct region {
	char *objects;				/* NULL: given back */
	uint32_t used;
	uint64_t busy[MAX_PER_REGION / 64];
};

struct slab {
	size_t size;
	uint32_t per_region;
	uint32_t regions;			/* entries in table */
	uint32_t first_free;			/* no room in regions below */
	uint32_t used;
	uint32_t mapped;			/* regions that have memory */
	struct region **table;
};

struct slab *
slab_new(size_t size)
{
	struct slab *s = mem_need(sizeof *s);

	NEED(size > 0 && size <= REGION_BYTES);
	s->size = (size + 15) & ~(size_t)15;
	s->per_region = (uint32_t)(REGION_BYTES / s->size);
	if (s->per_region > MAX_PER_REGION)
		s->per_region = MAX_PER_REGION;
	return s;
}

static void
unmap(struct slab *s, struct region *r)
{
	munmap(r->objects, REGION_BYTES);
	r->objects = NULL;
	s->mapped--;
}

void
slab_free(struct slab **sp)
{
	struct slab *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	for (uint32_t i = 0; i < s->regions; i++) {
		if (s->table[i]->objects != NULL)
			unmap(s, s->table[i]);
		mem_drop(s->table[i]);
	}
	mem_drop(s->table);
	mem_drop(s);
}

static struct region *
add_region(struct slab *s)
{
	struct region **table, *r;

	table = mem_grow(s->table, (s->regions + 1) * sizeof *table);
	if (table == NULL)
		return NULL;
	s->table = table;
	r = mem_zero(sizeof *r);
	if (r != NULL)
		table[s->regions++] = r;
	return r;
}

static int
map(struct slab *s, struct region *r)
{
	void *at;

	if (mem_refused())
		return -1;
	at = mmap(NULL, REGION_BYTES, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return -1;
	r->objects = at;
	s->mapped++;
	return 0;
}

static uint32_t
take_bit(struct region *r)
{
	for (uint32_t i = 0; ; i++) {
		int bit;

		if (~r->busy[i] == 0)
			continue;
		bit = __builtin_ctzll(~r->busy[i]);
		r->busy[i] |= 1ULL << bit;
		return i * 64 + (uint32_t)bit;
	}
}

void *
slab_take(struct slab *s, uint32_t *slot)
{
	struct region *r;
	uint32_t i = s->first_free, bit;
	void *at;

	while (i < s->regions && s->table[i]->used == s->per_region)
		i++;
	s->first_free = i;
	r = i < s->regions ? s->table[i] : add_region(s);
	if (r == NULL || (r->objects == NULL && map(s, r) < 0))
		return NULL;
	bit = take_bit(r);
	r->used++;
	s->used++;
	*slot = i * s->per_region + bit;
	at = r->objects + bit * s->size;
	memset(at, 0, s->size);
	return at;
}

void
slab_give(struct slab *s, uint32_t slot)
{
	uint32_t i = slot / s->per_region, bit = slot % s->per_region;
	struct region *r;

	NEED(slab_at(s, slot) != NULL);
	r = s->table[i];
	r->busy[bit / 64] &= ~(1ULL << (bit % 64));
	r->used--;
	s->used--;
	if (i < s->first_free)
		s->first_free = i;
	/* Region 0 stays, so that one client coming and going is cheap. */
	if (r->used == 0 && i > 0)
		unmap(s, r);
}

void *
slab_at(const struct slab *s, uint32_t slot)
{
	uint32_t i = slot / s->per_region, bit = slot % s->per_region;

	if (i >= s->regions ||
	    (s->table[i]->busy[bit / 64] & 1ULL << (bit % 64)) == 0)
		return NULL;
	return s->table[i]->objects + bit * s->size;
}

uint32_t
slab_slots(const struct slab *s)
{
	return s->regions * s->per_region;
}

uint32_t
slab_used(const struct slab *s)
{
	return s->used;
}

uint32_t
slab_room(const struct slab *s)
{
	return s->mapped * s->per_region;
}

size_t
slab_bytes(const struct slab *s)
{
	return (size_t)s->mapped * REGION_BYTES;
}
