/* SPDX-License-Identifier: ISC */
/*
 * expect.h - the answers a server still owes, in order: what was asked, and
 * what becomes of its answer. Pure. One per server; a small ring that grows.
 */
#ifndef WEIR_POOLER_EXPECT_H
#define WEIR_POOLER_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pl_statement;

enum pl_fate {
	PL_FORWARD,		/* the answer goes to the client */
	PL_SWALLOW,		/* it was our own question */
	PL_INVENT		/* nothing was asked; we answer when its turn comes */
};

struct pl_expected {
	char type;		/* of the question: Q F S P B D E C (Close) c f */
	uint8_t fate;		/* enum pl_fate */
	struct pl_statement *statement;	/* Parse, Close of a named one: held; else NULL */
};

enum { PL_EXPECT_SMALL = 8 };	/* a power of two; Parse to Sync, and a bit */

struct pl_expect {
	struct pl_expected *ring;	/* NULL while 'small' is enough */
	struct pl_expected small[PL_EXPECT_SMALL];
	uint32_t room, first, count;	/* room: a power of two; 0: small */
};

static inline bool
pl_expect_empty(const struct pl_expect *e)
{
	return e->count == 0;
}

/* The i-th place, be there a question or not. */
static inline struct pl_expected *
pl_expect_place(struct pl_expect *e, uint32_t i)
{
	return e->room == 0 ? &e->small[(e->first + i) & (PL_EXPECT_SMALL - 1)] :
	    &e->ring[(e->first + i) & (e->room - 1)];
}

static inline struct pl_expected *
pl_expect_first(struct pl_expect *e)		/* NULL: empty */
{
	return e->count == 0 ? NULL : pl_expect_place(e, 0);
}

int	pl_expect_add_rare(struct pl_expect *, char type, enum pl_fate, struct pl_statement *);
void	pl_expect_next_rare(struct pl_expect *);

/* Holds the statement; -1: no memory, nothing added. */
static inline int
pl_expect_add(struct pl_expect *e, char type, enum pl_fate fate,
    struct pl_statement *statement)
{
	struct pl_expected *q;

	if (statement != NULL || e->room != 0 || e->count == PL_EXPECT_SMALL)
		return pl_expect_add_rare(e, type, fate, statement);
	q = &e->small[(e->first + e->count++) & (PL_EXPECT_SMALL - 1)];
	q->type = type;
	q->fate = (uint8_t)fate;
	q->statement = NULL;
	return 0;
}

/* Drops the first: there is one. */
static inline void
pl_expect_next(struct pl_expect *e)
{
	const struct pl_expected *gone = pl_expect_place(e, 0);

	if (gone->statement != NULL || e->room != 0 || e->count == 0) {
		pl_expect_next_rare(e);
		return;
	}
	e->first++;
	e->count--;
}

struct pl_expected *pl_expect_at(struct pl_expect *, uint32_t i);	/* 0: the first */
void	pl_expect_clear(struct pl_expect *);			/* and its memory */

#endif
