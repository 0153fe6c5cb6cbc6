/* SPDX-License-Identifier: ISC */
/*
 * shard.h - what one loop has of a pool: its clients and servers by state,
 * how many they are, what they did. A loop touches its own shard only; sums
 * over all of them are for loop 0, in a standstill or with one loop exact,
 * else made of what a tour has copied. pool.c makes and frees them.
 */
#ifndef WEIR_POOLER_SHARD_H
#define WEIR_POOLER_SHARD_H

#include "net/loop.h"
#include "pooler/roster.h"

struct pl_shard {
	struct pl_pool *pool;
	uint16_t loop;

	/* State is list membership; indexed by enum pl_client_state, pl_server_state. */
	struct pl_client_list clients[PL_CLIENT_STATES];
	struct pl_server_list servers[PL_SERVER_STATES];
	unsigned client_count[PL_CLIENT_STATES];
	unsigned server_count[PL_SERVER_STATES];

	struct pl_stats stats;
	char apart[64];			/* no cache line is two loops' */
};

/* Of the calling loop; loop 0's before there are loops. */
static inline struct pl_shard *
pl_shard_here(const struct pl_pool *pool)
{
	const struct loop *here = loop_here();

	return &pool->shards[here == NULL ? 0 : loop_number(here)];
}

int	pl_shard_make(struct pl_pool *, unsigned loops);	/* and the lock; -1: no memory */
void	pl_shard_drop(struct pl_pool *);
/* One's own: all states but GONE. */
unsigned pl_shard_clients(const struct pl_shard *);
unsigned pl_shard_servers(const struct pl_shard *);

/* Sums. */
unsigned pl_shard_sum_clients(const struct pl_pool *, enum pl_client_state);
unsigned pl_shard_sum_servers(const struct pl_pool *, enum pl_server_state);
struct pl_stats pl_shard_sum_stats(const struct pl_pool *);

#endif
