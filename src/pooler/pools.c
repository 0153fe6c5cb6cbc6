/* SPDX-License-Identifier: ISC */
/*
 * pools.c - the register: pools are made, kept in order, freed. Loop 0's; all
 * loops walk the lists, so they change in a standstill.
 */
#include "base/die.h"
#include "base/log.h"
#include "base/mem.h"
#include "compat.h"
#include "net/loop.h"
#include "net/tour.h"
#include "pooler/pools.h"
#include "pooler/shard.h"
#include "pooler/user.h"
#include "pooler/variables.h"

struct pl_pool_list pl_pools = TAILQ_HEAD_INITIALIZER(pl_pools);
enum pl_activity pl_activity;
enum pl_leaving pl_leaving;
unsigned pl_pools_loops = 1;
static unsigned pools;

unsigned
pl_pools_count(void)
{
	return pools;
}

struct pl_pool *
pl_pools_find(struct pl_database *db, struct pl_credential *credential)
{
	struct pl_pool *pool;

	TAILQ_FOREACH(pool, &db->pools, of_database)
		if (pool->credential == credential)
			return pool;
	return NULL;
}

static bool
stands_before(const struct pl_pool *a, const struct pl_pool *b)
{
	int c = strcmp(a->database->name, b->database->name);

	if (c == 0)
		c = strcmp(a->credential->user->name,
		    b->credential->user->name);
	return c < 0;
}

static void
insert_sorted(struct pl_pool *pool)
{
	struct pl_pool *at;

	TAILQ_FOREACH(at, &pl_pools, link)
		if (stands_before(pool, at))
			break;
	if (at != NULL)
		TAILQ_INSERT_BEFORE(at, pool, link);
	else
		TAILQ_INSERT_TAIL(&pl_pools, pool, link);
}

static enum pl_pool_mode
find_mode(const struct pl_pool *pool)
{
	const struct pl_user_row *user = pool->credential->user->row;
	const struct pl_database *db = pool->database;

	if (db->admin)
		return PL_MODE_STATEMENT;
	if (user != NULL && user->pool_mode != PL_MODE_UNSET)
		return user->pool_mode;
	if (db->row->pool_mode != PL_MODE_UNSET)
		return db->row->pool_mode;
	return pl_settings()->pool_mode;
}

void
pl_pools_refresh(struct pl_pool *pool)
{
	const struct pl_settings *set = pl_settings();
	struct pl_database *db = pool->database;
	const struct pl_user *user = pool->credential->user;
	int size = pl_database_pool_size(db, user);

	pl_roster_lock(pool);
	pool->ledger.limits = (struct pl_limits){
		.size = size > 0 ? size : 0,	/* below 0: no limit */
		.reserve = pl_database_reserve(db, user),
		.reserve_after = set->reserve_pool_timeout,
		.parallel = db->row->server_login_parallel > 0 ?
		    db->row->server_login_parallel :
		    set->server_login_parallel,
		.round_robin = set->server_round_robin != 0,
	};
	pool->mode = (uint8_t)find_mode(pool);
	pool->lifetime = pl_database_server_lifetime(db);
	pool->lifetime_gap = size > 0 ? pool->lifetime / size : 0;
	pl_roster_unlock(pool);
}

static void
free_whole(struct pl_pool *pool)
{
	pl_ledger_fini(&pool->ledger);
	pl_shard_drop(pool);
	if (pool->defaults != NULL)
		pl_variables_drop(&pool->defaults);
	mem_drop(pool->welcome);
	mem_drop(pool);
}

/* In a standstill. */
static void
enter_register(void *arg)
{
	struct pl_pool *pool = arg;

	insert_sorted(pool);
	TAILQ_INSERT_TAIL(&pool->database->pools, pool, of_database);
	pools++;
}

static void
leave_register(void *arg)
{
	struct pl_pool *pool = arg;

	TAILQ_REMOVE(&pl_pools, pool, link);
	TAILQ_REMOVE(&pool->database->pools, pool, of_database);
	pools--;
}

struct pl_pool *
pl_pools_get(struct pl_database *db, struct pl_credential *credential)
{
	static const struct pl_limits later;
	struct pl_pool *pool = pl_pools_find(db, credential);

	if (pool != NULL)
		return pool;
	pool = mem_zero(sizeof *pool);
	if (pool == NULL)
		return NULL;
	if (pl_shard_make(pool, pl_pools_loops) < 0 ||
	    pl_ledger_init(&pool->ledger, pl_pools_loops, &later) < 0) {
		free_whole(pool);
		return NULL;
	}
	pool->database = db;
	pool->credential = credential;
	pl_pools_refresh(pool);
	if (tour_still(loop_here(), enter_register, pool) == 0)
		return pool;
	log_error("cannot make a pool: a loop does not turn");
	free_whole(pool);
	return NULL;
}

unsigned
pl_pools_records(const struct pl_pool *pool)
{
	return pool->servers + pool->clients + pool->pins;
}

bool
pl_pools_free(struct pl_pool *pool)
{
	NEED(pl_pools_records(pool) == 0);
	if (tour_still(loop_here(), leave_register, pool) < 0)
		return false;
	pl_budget_leave(&pool->database->servers, &pool->db_place);
	pl_budget_leave(&pool->credential->user->servers, &pool->user_place);
	free_whole(pool);
	return true;
}
