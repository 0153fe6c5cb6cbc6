/* SPDX-License-Identifier: ISC */
/*
 * residents.c - who lives on a loop, by number. A free place holds the number
 * of the next free one, made odd, which no pointer is.
 */
#include "base/die.h"
#include "base/mem.h"
#include "pooler/residents.h"

static int
widen(struct pl_residents *r)
{
	uint32_t room = r->room == 0 ? 64 : r->room * 2;
	void **table = mem_grow(r->table, room * sizeof *table);

	if (table == NULL)
		return -1;
	r->table = table;
	r->room = room;
	return 0;
}

static bool
is_free(const void *entry)
{
	return ((uintptr_t)entry & 1) != 0;
}

int
pl_residents_put(struct pl_residents *r, void *who, uint32_t *place)
{
	NEED(!is_free(who));
	if (r->free != 0) {
		*place = r->free - 1;
		r->free = (uint32_t)((uintptr_t)r->table[*place] >> 1);
	} else {
		if (r->end == r->room && widen(r) < 0)
			return -1;
		*place = r->end++;
	}
	r->table[*place] = who;
	r->count++;
	return 0;
}

void
pl_residents_drop(struct pl_residents *r, uint32_t place)
{
	NEED(pl_residents_at(r, place) != NULL);
	if (--r->count == 0) {
		mem_drop(r->table);
		*r = (struct pl_residents){ .table = NULL };
		return;
	}
	r->table[place] = (void *)((uintptr_t)r->free << 1 | 1);
	r->free = place + 1;
}

void *
pl_residents_at(const struct pl_residents *r, uint32_t place)
{
	return place >= r->end || is_free(r->table[place]) ? NULL :
	    r->table[place];
}
