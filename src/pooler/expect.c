/* SPDX-License-Identifier: ISC */
/*
 * expect.c - the answers a server still owes. A ring that starts inside the
 * server; a large one goes back to the system when it ran empty.
 */
#include "base/die.h"
#include "base/mem.h"
#include "pooler/expect.h"
#include "pooler/statement.h"

enum { KEEP = 64 };		/* room that an empty ring may hold on to */

/* A ring twice as large, unrolled. */
static int
widen(struct pl_expect *e)
{
	uint32_t room = e->count * 2;
	struct pl_expected *ring;

	if (room > UINT32_MAX / sizeof *ring)
		return -1;
	ring = mem_get(room * sizeof *ring);
	if (ring == NULL)
		return -1;
	for (uint32_t i = 0; i < e->count; i++)
		ring[i] = *pl_expect_place(e, i);
	mem_drop(e->ring);
	e->ring = ring;
	e->room = room;
	e->first = 0;
	return 0;
}

int
pl_expect_add_rare(struct pl_expect *e, char type, enum pl_fate fate,
    struct pl_statement *statement)
{
	uint32_t room = e->room == 0 ? PL_EXPECT_SMALL : e->room;

	if (e->count == room && widen(e) == -1)
		return -1;
	if (statement != NULL)
		pl_statement_hold(statement);
	*pl_expect_place(e, e->count++) = (struct pl_expected){ type,
	    (uint8_t)fate, statement };
	return 0;
}

struct pl_expected *
pl_expect_at(struct pl_expect *e, uint32_t i)
{
	return i >= e->count ? NULL : pl_expect_place(e, i);
}

static void
drop_ring(struct pl_expect *e)
{
	mem_drop(e->ring);
	e->ring = NULL;
	e->room = e->first = 0;
}

void
pl_expect_next_rare(struct pl_expect *e)
{
	struct pl_expected *gone = pl_expect_first(e);

	NEED(gone != NULL);
	if (gone->statement != NULL)
		pl_statement_drop(&gone->statement);
	e->first++;
	if (--e->count == 0 && e->room > KEEP)
		drop_ring(e);
}

void
pl_expect_clear(struct pl_expect *e)
{
	while (e->count > 0)
		pl_expect_next(e);
	drop_ring(e);
}
