/* SPDX-License-Identifier: ISC */
/*
 * census.c - asking all loops for their numbers, so many pools at a time.
 * Loop 0, but for count().
 */
#include "base/mem.h"
#include "net/conn.h"
#include "pooler/census.h"
#include "pooler/pool.h"
#include "pooler/round.h"
#include "pooler/shard.h"

enum { SLICE = 256 };			/* pools in one turn */

struct own {				/* of a loop */
	uint64_t conns, conn_bytes, lent;
};

struct pl_census {
	struct pl_round round;
	void (*done)(void *, uint64_t);
	void *arg;
	bool closing;
	uint64_t loops;			/* that are asked */
	struct pl_pool *next;		/* first of the next slice */
	unsigned count;
	struct pl_pool *pools[SLICE];	/* this slice: pinned */
	struct own own[PL_ROUND_LOOPS];
	struct pl_tally tallies[];	/* by loop, pool */
};

static struct own told[PL_ROUND_LOOPS];

/* ---- on each loop ------------------------------------------------------- */

static void
count_own(struct own *own)
{
	struct loop *here = loop_here();

	own->conns = conn_count(here);
	own->conn_bytes = conn_bytes(here);
	own->lent = stock_lent(loop_stock(here));
}

static unsigned
count_closing(const struct pl_shard *shard)
{
	const struct pl_server *s;
	unsigned n = 0;

	for (int i = 0; i < PL_SERVER_GONE; i++)
		TAILQ_FOREACH(s, &shard->servers[i], link)
			n += s->close_needed;
	return n;
}

static void
count(struct pl_round *round)
{
	struct pl_census *c = (struct pl_census *)(void *)round;
	unsigned loop = pl_round_here();

	count_own(&c->own[loop]);
	for (unsigned i = 0; i < c->count; i++) {
		const struct pl_shard *shard = &c->pools[i]->shards[loop];
		struct pl_tally *tally = &c->tallies[loop * SLICE + i];

		pl_shard_tell(shard, tally);
		if (c->closing)
			tally->closing = count_closing(shard);
	}
}

/* ---- at home ------------------------------------------------------------ */

static void
keep(struct pl_round *round, unsigned loop)
{
	struct pl_census *c = (struct pl_census *)(void *)round;

	told[loop] = c->own[loop];
	for (unsigned i = 0; i < c->count; i++)
		c->pools[i]->shards[loop].told =
		    c->tallies[loop * SLICE + i];
}

/* Pools that are pinned are not freed: loops look at them. */
static void
end_slice(struct pl_census *c)
{
	while (c->count > 0)
		c->pools[--c->count]->pins--;
	if (c->next != NULL)
		c->next->pins--;
	c->next = NULL;
}

static void
take_slice(struct pl_census *c)
{
	struct pl_pool *pool = c->next != NULL ? c->next :
	    TAILQ_FIRST(&pl_pools);

	end_slice(c);
	for (; pool != NULL && c->count < SLICE;
	    pool = TAILQ_NEXT(pool, link)) {
		pool->pins++;
		c->pools[c->count++] = pool;
	}
	c->next = pool;
	if (pool != NULL)
		pool->pins++;
}

static void
on_slice(struct pl_round *round)
{
	struct pl_census *c = (struct pl_census *)(void *)round;

	if (round->away == 0 && c->next != NULL) {
		take_slice(c);
		pl_round_begin(round, c->loops);
		return;
	}
	c->done(c->arg, round->away);
	pl_round_forget(round);
}

static void
drop(struct pl_round *round)
{
	struct pl_census *c = (struct pl_census *)(void *)round;

	end_slice(c);
	mem_drop(c);
}

struct pl_census *
pl_census_take(bool closing, void (*done)(void *, uint64_t), void *arg)
{
	uint64_t others = pl_round_others();
	struct pl_census *c;

	c = others == 0 ? NULL : mem_zero(sizeof *c +
	    loop_count() * SLICE * sizeof c->tallies[0]);
	if (c == NULL) {
		done(arg, others);
		return NULL;
	}
	c->round.visit = count;
	c->round.heard = keep;
	c->round.done = on_slice;
	c->round.drop = drop;
	c->done = done;
	c->arg = arg;
	c->closing = closing;
	c->loops = others;
	take_slice(c);
	pl_round_begin(&c->round, others);
	return c;
}

void
pl_census_forget(struct pl_census **cp)
{
	if (*cp != NULL)
		pl_round_forget(&(*cp)->round);
	*cp = NULL;
}

/* ---- sums --------------------------------------------------------------- */

static struct own
add_up(void)
{
	struct own sum;

	count_own(&sum);
	for (unsigned i = 1; i < loop_count() && i < PL_ROUND_LOOPS; i++) {
		sum.conns += told[i].conns;
		sum.conn_bytes += told[i].conn_bytes;
		sum.lent += told[i].lent;
	}
	return sum;
}

unsigned
pl_census_closing(const struct pl_pool *pool)
{
	unsigned n = count_closing(pool->shards);

	for (unsigned i = 1; i < pool->loops; i++)
		n += pool->shards[i].told.closing;
	return n;
}

uint64_t
pl_census_conns(void)
{
	return add_up().conns;
}

uint64_t
pl_census_conn_bytes(void)
{
	return add_up().conn_bytes;
}

uint64_t
pl_census_lent(void)
{
	return add_up().lent;
}
