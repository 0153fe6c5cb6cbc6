/* SPDX-License-Identifier: ISC */
/*
 * shard.h - what one loop has of a pool: its clients and servers by state,
 * how many they are, what they did. A loop touches its own shard only; sums
 * over all of them are for loop 0, and of what the others told it in the last
 * census (census.h). pools.c makes and frees them.
 */
#ifndef WEIR_POOLER_SHARD_H
#define WEIR_POOLER_SHARD_H

#include "net/loop.h"
#include "pooler/roster.h"

struct pl_tally {			/* numbers of a shard, at one instant */
	unsigned client_count[PL_CLIENT_STATES];
	unsigned server_count[PL_SERVER_STATES];
	unsigned closing;		/* servers marked close_needed; by a census that asks */
	struct pl_stats stats;
};

struct pl_shard {
	struct pl_pool *pool;
	uint16_t loop;
	uint32_t killed;		/* the kill of its pool that it has heeded */

	/* State is list membership; indexed by enum pl_client_state, pl_server_state. */
	struct pl_client_list clients[PL_CLIENT_STATES];
	struct pl_server_list servers[PL_SERVER_STATES];
	unsigned client_count[PL_CLIENT_STATES];
	unsigned server_count[PL_SERVER_STATES];

	struct pl_stats stats;
	char apart[64];			/* no cache line is two loops' */
	struct pl_tally told;		/* loop 0's: what it said last */
	char apart_too[64];
};

/* Of the calling loop; loop 0's before there are loops. */
static inline struct pl_shard *
pl_shard_here(const struct pl_pool *pool)
{
	const struct loop *here = loop_here();

	return &pool->shards[here == NULL ? 0 : loop_number(here)];
}

/* On loop 0, or before there are loops. */
static inline bool
pl_shard_is_home(void)
{
	const struct loop *here = loop_here();

	return here == NULL || loop_number(here) == 0;
}

int	pl_shard_make(struct pl_pool *, unsigned loops);	/* and the lock; -1: no memory */
void	pl_shard_drop(struct pl_pool *);
/* One's own: all states but GONE. */
unsigned pl_shard_clients(const struct pl_shard *);
unsigned pl_shard_servers(const struct pl_shard *);

/* Its numbers now, by its own loop. */
void	pl_shard_tell(const struct pl_shard *, struct pl_tally *);

/* Sums, on loop 0. */
unsigned pl_shard_sum_clients(const struct pl_pool *, enum pl_client_state);
unsigned pl_shard_sum_servers(const struct pl_pool *, enum pl_server_state);
struct pl_stats pl_shard_sum_stats(const struct pl_pool *);

#endif
