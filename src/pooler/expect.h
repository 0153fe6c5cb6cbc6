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

struct pl_expect {
	struct pl_expected *ring;	/* NULL while 'small' is enough */
	struct pl_expected small[4];	/* a power of two, see pl_expect_first */
	uint32_t room, first, count;	/* room: a power of two; 0: small */
	uint32_t syncs;			/* questions in it that end in ReadyForQuery */
};

static inline bool
pl_expect_empty(const struct pl_expect *e)
{
	return e->count == 0;
}

/* Holds the statement; -1: no memory, nothing added. */
int	pl_expect_add(struct pl_expect *, char type, enum pl_fate, struct pl_statement *);
static inline struct pl_expected *
pl_expect_first(struct pl_expect *e)		/* NULL: empty */
{
	if (e->count == 0)
		return NULL;
	return e->room == 0 ? &e->small[e->first & 3] :
	    &e->ring[e->first & (e->room - 1)];
}
struct pl_expected *pl_expect_at(struct pl_expect *, uint32_t i);	/* 0: the first */
void	pl_expect_next(struct pl_expect *);			/* drops the first */
void	pl_expect_clear(struct pl_expect *);			/* and its memory */

#endif
