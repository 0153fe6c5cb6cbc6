/* SPDX-License-Identifier: ISC */
/* seen.c - a set of numbers: a table at most half full, a power of two. */
#include "base/die.h"
#include "base/mem.h"
#include "pooler/seen.h"

/* Its place, or the free one for it. */
static uint64_t *
find(const struct pl_seen *s, uint64_t number)
{
	size_t i = (size_t)(number * 0x9e3779b97f4a7c15u >> 20);

	for (i &= s->room - 1; s->table[i] != 0 && s->table[i] != number;
	    i = (i + 1) & (s->room - 1))
		;
	return &s->table[i];
}

static bool
widen(struct pl_seen *s)
{
	struct pl_seen wide = { .room = s->room == 0 ? 64 : s->room * 2,
	    .count = s->count };

	wide.table = mem_zero(wide.room * sizeof *wide.table);
	if (wide.table == NULL)
		return false;
	for (size_t i = 0; i < s->room; i++)
		if (s->table[i] != 0)
			*find(&wide, s->table[i]) = s->table[i];
	mem_drop(s->table);
	*s = wide;
	return true;
}

bool
pl_seen_add(struct pl_seen *s, uint64_t number)
{
	uint64_t *place;

	NEED(number != 0);
	if (2 * s->count >= s->room && !widen(s))
		return true;
	place = find(s, number);
	if (*place == number)
		return false;
	*place = number;
	s->count++;
	return true;
}

void
pl_seen_clear(struct pl_seen *s)
{
	mem_drop(s->table);
	*s = (struct pl_seen){ .table = NULL };
}
