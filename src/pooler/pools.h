/* SPDX-License-Identifier: ISC */
/*
 * pools.h - the register of all pools, and whether they work, pause or leave.
 * Loop 0 makes and frees pools, in a standstill; every loop may walk them.
 */
#ifndef WEIR_POOLER_POOLS_H
#define WEIR_POOLER_POOLS_H

#include "pooler/database.h"
#include "pooler/roster.h"
#include "pooler/user.h"

extern struct pl_pool_list pl_pools;	/* sorted by database name, user name */
extern unsigned pl_pools_loops;		/* how many there are, or will be; before the first pool */

unsigned pl_pools_count(void);
struct pl_pool *pl_pools_find(struct pl_database *, struct pl_credential *);
struct pl_pool *pl_pools_get(struct pl_database *, struct pl_credential *);	/* NULL: no memory */
bool	pl_pools_free(struct pl_pool *);	/* no record names it; false: not now */
unsigned pl_pools_records(const struct pl_pool *);	/* what must go before it may: loop 0 */
void	pl_pools_refresh(struct pl_pool *);	/* limits anew, from the settings in force */

/* The whole pooler is paused, suspended or leaving: one state. */
enum pl_activity { PL_RUNNING, PL_PAUSED, PL_SUSPENDED };
enum pl_leaving { PL_STAYS, PL_WAIT_CLIENTS, PL_WAIT_SERVERS };
extern enum pl_activity pl_activity;
extern enum pl_leaving pl_leaving;
static inline bool			/* globally or its database */
pl_pools_paused(const struct pl_pool *pool)
{
	return pl_activity != PL_RUNNING || pool->database->paused;
}

#endif
