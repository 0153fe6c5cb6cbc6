/* SPDX-License-Identifier: ISC */
/* shard.c - what one loop has of a pool, and sums over all loops. */
#include "base/mem.h"
#include "pooler/shard.h"

int
pl_shard_make(struct pl_pool *pool, unsigned loops)
{
	pool->shards = mem_zero(loops * sizeof *pool->shards);
	if (pool->shards == NULL)
		return -1;
	pool->loops = loops;
	pool->shared = loops > 1;
	pthread_mutex_init(&pool->lock, NULL);
	for (unsigned n = 0; n < loops; n++) {
		struct pl_shard *shard = &pool->shards[n];

		shard->pool = pool;
		shard->loop = (uint16_t)n;
		for (int i = 0; i < PL_CLIENT_STATES; i++)
			TAILQ_INIT(&shard->clients[i]);
		for (int i = 0; i < PL_SERVER_STATES; i++)
			TAILQ_INIT(&shard->servers[i]);
	}
	return 0;
}

void
pl_shard_drop(struct pl_pool *pool)
{
	if (pool->shards != NULL)
		pthread_mutex_destroy(&pool->lock);
	mem_drop(pool->shards);
	pool->shards = NULL;
}

unsigned
pl_shard_clients(const struct pl_shard *shard)
{
	unsigned n = 0;

	for (int i = 0; i < PL_CLIENT_GONE; i++)
		n += shard->client_count[i];
	return n;
}

unsigned
pl_shard_servers(const struct pl_shard *shard)
{
	unsigned n = 0;

	for (int i = 0; i < PL_SERVER_GONE; i++)
		n += shard->server_count[i];
	return n;
}

void
pl_shard_tell(const struct pl_shard *shard, struct pl_tally *to)
{
	memcpy(to->client_count, shard->client_count,
	    sizeof to->client_count);
	memcpy(to->server_count, shard->server_count,
	    sizeof to->server_count);
	to->stats = shard->stats;
}

unsigned
pl_shard_sum_clients(const struct pl_pool *pool, enum pl_client_state state)
{
	unsigned n = pool->shards->client_count[state];

	for (unsigned i = 1; i < pool->loops; i++)
		n += pool->shards[i].told.client_count[state];
	return n;
}

unsigned
pl_shard_sum_servers(const struct pl_pool *pool, enum pl_server_state state)
{
	unsigned n = pool->shards->server_count[state];

	for (unsigned i = 1; i < pool->loops; i++)
		n += pool->shards[i].told.server_count[state];
	return n;
}

struct pl_stats
pl_shard_sum_stats(const struct pl_pool *pool)
{
	struct pl_stats sum = pool->shards->stats;

	for (unsigned i = 1; i < pool->loops; i++)
		pl_stats_add(&sum, &pool->shards[i].told.stats);
	return sum;
}
