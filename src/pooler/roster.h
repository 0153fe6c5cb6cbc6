/* SPDX-License-Identifier: ISC */
/*
 * roster.h - what a pool consists of: whose it is, its shards (one of each
 * loop, shard.h), what it knows of its servers. pools.c owns it. Loop 0, but
 * for the shards and what is said of single fields.
 *
 * With several loops the ledger is everybody's, under the lock: a leaf, held
 * for list operations only. While a seat or a turn stands in the ledger its
 * server or client is not freed, so its name may be noted under the lock.
 */
#ifndef WEIR_POOLER_ROSTER_H
#define WEIR_POOLER_ROSTER_H

#include <sys/queue.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "pooler/budget.h"
#include "pooler/ledger.h"
#include "pooler/states.h"
#include "pooler/stats.h"

struct pl_credential;
struct pl_database;
struct pl_shard;
struct pl_values;

struct pl_pool {
	TAILQ_ENTRY(pl_pool) link;	/* all pools, sorted by database, user */
	TAILQ_ENTRY(pl_pool) of_database;
	struct pl_database *database;
	struct pl_credential *credential;	/* how servers are logged in to */
	bool shared;			/* there are several loops: lock */
	bool growing;			/* locked: loop 0 was asked to open servers */
	atomic_bool yield;		/* its next free server goes, another pool needs the permit */
	pthread_mutex_t lock;
	struct pl_ledger ledger;	/* locked */

	/* From the settings in force: pl_pools_refresh, in a standstill. */
	uint8_t mode;			/* enum pl_pool_mode */
	int64_t lifetime;		/* of a server; us */
	int64_t lifetime_gap;		/* between two that end by it */

	struct pl_budget_place db_place, user_place;

	struct pl_shard *shards;	/* clients, servers, counters by loop */
	unsigned loops;			/* how many shards */
	unsigned clients, servers;	/* records not yet come home, whatever loop they are on */
	unsigned pins;			/* orders under way that name it */
	/* Kills and reconnects so far, and when the last was: who is older heeds it on arrival. */
	_Atomic uint32_t era, killed, reconnected;

	/* What the first server said at login: ParameterStatus not tracked, and the tracked values. */
	bool welcome_ready;
	bool welcomed_all;		/* those who waited for it have been told */
	char *welcome;
	size_t welcome_len;
	struct pl_values *defaults;

	int64_t last_connect;		/* start of the last attempt */
	bool last_connect_failed, last_login_failed;	/* written under the lock */
	char last_error[100];		/* the same */
	_Atomic int64_t last_lifetime_close;

	struct pl_stats newer, older;	/* sums at the two marks of stats_period */
};

static inline void
pl_roster_lock(struct pl_pool *pool)
{
	if (__builtin_expect(pool->shared, 0))
		pthread_mutex_lock(&pool->lock);
}

static inline void
pl_roster_unlock(struct pl_pool *pool)
{
	if (__builtin_expect(pool->shared, 0))
		pthread_mutex_unlock(&pool->lock);
}

#endif
