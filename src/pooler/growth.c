/* SPDX-License-Identifier: ISC */
/*
 * growth.c - budgets and permits: opens servers for those in line, evicts
 * what rests for others to be opened, and passes permits that came back to
 * whoever waits longest in a budget's line.
 *
 * Loop 0's, but for asking it to grow a pool and for carrying out an eviction
 * where the server is.
 */
#include "base/die.h"
#include "base/log.h"
#include "base/mem.h"
#include "compat.h"
#include "net/loop.h"
#include "pooler/growth.h"
#include "pooler/mover.h"
#include "pooler/pools.h"
#include "pooler/shard.h"

enum { YIELD_AFTER = 500000 };	/* us */
enum { OF_DATABASE, OF_USER };	/* whose budget an eviction is for */

bool (*pl_growth_dial)(struct pl_pool *, struct pl_server *);

static int64_t
now(void)
{
	return loop_now(loop_here());
}

/* ---- limits that pools share ------------------------------------------- */

bool
pl_growth_may_dial(const struct pl_pool *pool)
{
	if (pl_pools_paused(pool) || pl_leaving == PL_WAIT_SERVERS ||
	    pool->database->dead || pool->database->admin)
		return false;
	return !pool->last_connect_failed || now() - pool->last_connect >=
	    pl_settings()->server_login_retry;
}

static int64_t
first_since(struct pl_pool *pool)
{
	const struct pl_turn *turn;
	int64_t since;

	pl_roster_lock(pool);
	turn = pl_ledger_first(&pool->ledger);
	since = turn == NULL ? now() : turn->since;
	pl_roster_unlock(pool);
	return since;
}

/* How many servers it needs now and has room for. */
static unsigned
ask_growth(struct pl_pool *pool, bool *reserve)
{
	unsigned n;

	pl_roster_lock(pool);
	n = pl_ledger_grow(&pool->ledger, now(), reserve);
	pl_roster_unlock(pool);
	return n;
}

/* The pool in line whose first client has waited longest and may be helped. */
static struct pl_pool *
find_claimant(struct pl_budget *budget, size_t place_at)
{
	struct pl_budget_place *place;
	struct pl_pool *pool;
	bool reserve;

	while ((place = pl_budget_first(budget)) != NULL) {
		pool = (struct pl_pool *)(void *)((char *)place - place_at);
		if (!pl_growth_may_dial(pool) ||
		    ask_growth(pool, &reserve) == 0)
			pl_budget_leave(budget, place);	/* it asks again */
		else if (place->since == first_since(pool))
			return pool;
		else
			pl_budget_stand(budget, place, first_since(pool));
	}
	return NULL;
}

static bool
has_turns(struct pl_pool *pool)
{
	bool any;

	pl_roster_lock(pool);
	any = pool->ledger.waiting > 0;
	pl_roster_unlock(pool);
	return any;
}

/*
 * A full budget would be theirs for ever who hold it now. So a free server
 * goes when its own pool does not need it and another does, and, since a
 * login costs more than a transaction, only after some time when both do.
 */
static bool
must_yield_to(struct pl_pool *pool, struct pl_budget *budget,
    size_t place_at)
{
	struct pl_pool *other;

	if (pl_budget_first(budget) == NULL)
		return false;
	other = find_claimant(budget, place_at);
	if (other == NULL || other == pool)
		return false;
	/* One without anybody in line says now. */
	return !has_turns(pool) ||
	    first_since(pool) - first_since(other) > YIELD_AFTER;
}

bool
pl_growth_owes(struct pl_pool *pool)
{
	return must_yield_to(pool, &pool->database->servers,
	    offsetof(struct pl_pool, db_place)) ||
	    must_yield_to(pool, &pool->credential->user->servers,
	    offsetof(struct pl_pool, user_place));
}

void
pl_growth_weigh(struct pl_pool *pool)
{
	if (pool->shared)
		atomic_store(&pool->yield, pl_growth_owes(pool));
}

/* ---- evicting ---------------------------------------------------------- */

/* The idle server of these pools that rests longest; NULL: none. */
static struct pl_server *
older(struct pl_server *a, struct pl_server *b)
{
	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	return b->request_time < a->request_time ? b : a;
}

static struct pl_server *
oldest_idle(struct pl_pool *pool)
{
	struct pl_shard *shard = pl_shard_here(pool);

	return older(TAILQ_LAST(&shard->servers[PL_SERVER_IDLE],
	    pl_server_list), TAILQ_LAST(&shard->servers[PL_SERVER_USED],
	    pl_server_list));
}

static bool
evict(struct pl_server *s)
{
	if (s == NULL)
		return false;
	pl_server_close(s, true, "evicted");
	return true;
}

/* ---- evicting where servers are on several loops ----------------------- */

static void claim(struct pl_budget *, size_t place_at);

static int64_t
oldest_since(struct pl_pool *pool)
{
	const struct pl_seat *seat;
	int64_t since;

	pl_roster_lock(pool);
	seat = pl_ledger_oldest(&pool->ledger);
	since = seat == NULL ? INT64_MAX : seat->since;
	pl_roster_unlock(pool);
	return since;
}

/* At home, behind the server that was closed. */
static void
on_evicted(void *arg)
{
	struct pl_move *move = arg;

	move->pool->pins--;
	move->budget->coming--;
	claim(move->budget, move->act == OF_USER ?
	    offsetof(struct pl_pool, user_place) :
	    offsetof(struct pl_pool, db_place));
	mem_drop(move);
}

static void
send_answer(void *arg)
{
	loop_post(loop_at(0), on_evicted, arg);
}

static void
evict_named(const struct pl_move *order)
{
	struct pl_server *s = pl_mover_server(&order->server);
	struct pl_move *answer = mem_get(sizeof *answer);

	if (answer == NULL)
		die("out of memory for a message");
	*answer = *order;
	evict(s);
	/* Buried after the server, so it comes home after it. */
	loop_retire(loop_here(), answer, send_answer);
}

/* The oldest of a pool, if it has not just been granted: told to go. */
static void
evict_oldest(struct pl_pool *pool, struct pl_budget *budget, int whose)
{
	struct pl_move move = { .pool = pool, .budget = budget, .act = whose };
	struct pl_seat *seat;

	pl_roster_lock(pool);
	seat = pl_ledger_oldest(&pool->ledger);
	if (seat != NULL) {
		pl_ledger_take(&pool->ledger, seat);
		move.server = pl_mover_name_server(pl_server_of(seat));
	}
	pl_roster_unlock(pool);
	if (seat == NULL)
		return;
	budget->coming++;
	pool->pins++;
	pl_mover_order(&move, move.server.loop, evict_named);
}

/* One at a time: when its permit has come home, others may be asked for. */
static void
evict_shared(const struct pl_database *db, const struct pl_user *user,
    struct pl_budget *budget)
{
	int64_t since, best = INT64_MAX;
	struct pl_pool *pool, *oldest = NULL;

	if (budget->coming > 0)
		return;
	TAILQ_FOREACH(pool, &pl_pools, link) {
		if ((db != NULL && pool->database != db) ||
		    (user != NULL && pool->credential->user != user))
			continue;
		since = oldest_since(pool);
		if (since < best) {
			best = since;
			oldest = pool;
		}
	}
	if (oldest != NULL)
		evict_oldest(oldest, budget, db != NULL ? OF_DATABASE :
		    OF_USER);
}

static void
evict_of_database(struct pl_database *db)
{
	struct pl_server *s = NULL;
	struct pl_pool *pool;

	if (pl_pools_loops > 1) {
		evict_shared(db, NULL, &db->servers);
		return;
	}
	TAILQ_FOREACH(pool, &db->pools, of_database)
		s = older(s, oldest_idle(pool));
	evict(s);
}

static void
evict_of_user(struct pl_user *user)
{
	struct pl_server *s = NULL;
	struct pl_pool *pool;

	if (pl_pools_loops > 1) {
		evict_shared(NULL, user, &user->servers);
		return;
	}
	TAILQ_FOREACH(pool, &pl_pools, link)
		if (pool->credential->user == user)
			s = older(s, oldest_idle(pool));
	evict(s);
}

bool
pl_growth_evict_idle(struct pl_pool *pool)
{
	return evict(oldest_idle(pool));
}

/* ---- growing ----------------------------------------------------------- */

/* Somebody stands in a budget's line: who is to make room? */
static void
weigh_all(const struct pl_pool *claimant)
{
	struct pl_pool *pool;

	if (!claimant->shared)
		return;
	TAILQ_FOREACH(pool, &pl_pools, link)
		if (pool->database == claimant->database ||
		    pool->credential->user == claimant->credential->user)
			pl_growth_weigh(pool);
}

/* Both permits, or none. */
static bool
take_permits(struct pl_pool *pool, bool may_evict)
{
	struct pl_budget *db = &pool->database->servers;
	struct pl_user *user = pool->credential->user;
	int most = pl_database_max_servers(pool->database);
	int64_t since = first_since(pool);

	if (!pl_budget_has(db, most) && may_evict)
		evict_of_database(pool->database);
	if (!pl_budget_take(db, most, &pool->db_place, since))
		return false;
	most = pl_user_max_servers(user);
	if (!pl_budget_has(&user->servers, most) && may_evict)
		evict_of_user(user);
	if (pl_budget_take(&user->servers, most, &pool->user_place, since))
		return true;
	pl_budget_give(db);
	return false;
}

static void
give_permits(struct pl_pool *pool)
{
	pl_budget_give(&pool->database->servers);
	pl_budget_give(&pool->credential->user->servers);
}

struct pl_server *
pl_growth_open(struct pl_pool *pool, bool may_evict)
{
	struct pl_server *s;

	if (!take_permits(pool, may_evict)) {
		weigh_all(pool);
		return NULL;
	}
	s = pl_server_new(pool);
	if (s == NULL) {
		give_permits(pool);
		return NULL;
	}
	pl_roster_lock(pool);
	pl_ledger_add(&pool->ledger, &s->seat, s->shard->loop, now());
	pl_roster_unlock(pool);
	s->booked = true;
	pool->last_connect = now();
	pl_server_log(s, LOG_LEVEL_DEBUG, "launching new connection");
	return s;
}

void
pl_growth_failed(struct pl_pool *pool, const char *error)
{
	pl_roster_lock(pool);
	pool->last_connect_failed = true;
	strlcpy(pool->last_error, error, sizeof pool->last_error);
	pl_roster_unlock(pool);
}

bool
pl_growth_start(struct pl_pool *pool, struct pl_server *s)
{
	if (pl_growth_dial(pool, s))
		return true;
	pl_growth_failed(pool, "connect failed");
	pl_server_close(s, false, "connect failed");
	return false;
}

/* For whom the reserve is opened. */
static void
tell_reserve(struct pl_pool *pool)
{
	struct pl_turn *first;
	char prefix[PL_PREFIX] = "";

	pl_roster_lock(pool);
	first = pl_ledger_first(&pool->ledger);
	if (first != NULL)
		pl_client_prefix(pl_client_of(first), prefix);
	pl_roster_unlock(pool);
	log_line(LOG_LEVEL_WARNING, prefix,
	    "taking connection from reserve_pool");
}

static void
grow_here(struct pl_pool *pool)
{
	bool reserve;

	while (pl_growth_may_dial(pool)) {
		struct pl_server *s;

		if (ask_growth(pool, &reserve) == 0)
			return;
		s = pl_growth_open(pool, true);
		if (s == NULL)
			return;
		if (reserve)
			tell_reserve(pool);
		if (!pl_growth_start(pool, s))
			return;
	}
}

static void
on_asked(void *arg)
{
	struct pl_pool *pool = arg;

	pl_roster_lock(pool);
	pool->growing = false;
	pl_roster_unlock(pool);
	/* Who asked may have been told of the failure, and gone. */
	if (pool->last_connect_failed)
		pl_growth_open_spare(pool);
	grow_here(pool);
}

/* One request under way for each pool, and only when it makes sense. */
static void
ask_home(struct pl_pool *pool)
{
	bool reserve, ask;

	pl_roster_lock(pool);
	ask = !pool->growing &&
	    pl_ledger_grow(&pool->ledger, now(), &reserve) > 0;
	if (ask)
		pool->growing = true;
	pl_roster_unlock(pool);
	/* Who asks is of this pool and here: it comes home after this. */
	if (ask)
		loop_post(loop_at(0), on_asked, pool);
}

/* A turn later, where another loop may be about to release one. */
void
pl_growth_want(struct pl_pool *pool)
{
	if (pool->shared)
		ask_home(pool);
	else
		grow_here(pool);
}

void
pl_growth_grow(struct pl_pool *pool)
{
	if (pl_shard_is_home())
		grow_here(pool);
	else
		ask_home(pool);
}

bool
pl_growth_open_spare(struct pl_pool *pool)
{
	struct pl_server *s;

	if (!pl_growth_may_dial(pool) || pool->ledger.fresh > 0 ||
	    (s = pl_growth_open(pool, false)) == NULL)
		return false;
	return pl_growth_start(pool, s);
}

/* ---- after a server ---------------------------------------------------- */

static void
grow_next(struct pl_budget *budget, size_t place_at)
{
	struct pl_pool *pool;

	while (pl_budget_has(budget, budget->most) &&
	    (pool = find_claimant(budget, place_at)) != NULL) {
		pl_budget_leave(budget, pl_budget_first(budget));
		pl_growth_grow(pool);
	}
}

void
pl_growth_give_back(struct pl_pool *pool)
{
	give_permits(pool);
	grow_next(&pool->database->servers,
	    offsetof(struct pl_pool, db_place));
	grow_next(&pool->credential->user->servers,
	    offsetof(struct pl_pool, user_place));
}

/* The first in a budget's line tries again. */
static void
claim(struct pl_budget *budget, size_t place_at)
{
	struct pl_pool *pool = find_claimant(budget, place_at);

	if (pool != NULL)
		grow_here(pool);
}
