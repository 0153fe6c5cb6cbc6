/* SPDX-License-Identifier: ISC */
/*
 * growth.h - who may open a server, and who must give one up for another: the
 * budgets of databases and users, and the permits taken of them. Loop 0, but
 * for what is said of single calls.
 */
#ifndef WEIR_POOLER_GROWTH_H
#define WEIR_POOLER_GROWTH_H

#include "pooler/database.h"
#include "pooler/roster.h"
#include "pooler/server.h"
#include "pooler/user.h"

/* Opens what is needed and allowed now. Also after a server ended. Any loop. */
void	pl_growth_grow(struct pl_pool *);
/* The same for a client that waits from now on; a turn later with several loops. */
void	pl_growth_want(struct pl_pool *);
/* Opens one server for min_pool_size; false: not allowed now. */
bool	pl_growth_open_spare(struct pl_pool *);
/* Books a server (ledger, permits) that the caller dials itself; NULL: refused. */
struct pl_server *pl_growth_open(struct pl_pool *, bool may_evict);
/* Dials a booked one; false: it failed at once, and is closed. */
bool	pl_growth_start(struct pl_pool *, struct pl_server *);
/* Nothing forbids to connect now. */
bool	pl_growth_may_dial(const struct pl_pool *);
/* Its server that rests longest on this loop is closed; false: none rests. */
bool	pl_growth_evict_idle(struct pl_pool *);
/* The last attempt to connect or log in failed with this text. Any loop. */
void	pl_growth_failed(struct pl_pool *, const char *error);
/* A server's record is home: its permits go to whoever is next in line. */
void	pl_growth_give_back(struct pl_pool *);

/* Is it to yield a server to another pool? From time to time. */
void	pl_growth_weigh(struct pl_pool *);
/* Somebody else in its budgets' lines is to have one of its servers. */
bool	pl_growth_owes(struct pl_pool *);

static inline bool
pl_growth_has_claims(const struct pl_pool *pool)
{
	return pl_budget_first(&pool->database->servers) != NULL ||
	    pl_budget_first(&pool->credential->user->servers) != NULL;
}

/*
 * Asked of a server that is free, on any loop. Budgets and their lines are
 * loop 0's: where there are other loops it says beforehand which pools are to
 * yield, and looks again from time to time.
 */
static inline bool
pl_growth_must_yield(struct pl_pool *pool)
{
	if (!pool->shared)
		return pl_growth_has_claims(pool) && pl_growth_owes(pool);
	return atomic_load_explicit(&pool->yield, memory_order_relaxed) &&
	    atomic_exchange(&pool->yield, false);
}

/* Set by main: starts to connect and log in; false: it failed at once. */
extern bool (*pl_growth_dial)(struct pl_pool *, struct pl_server *);

#endif
