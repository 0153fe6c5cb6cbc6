/* SPDX-License-Identifier: ISC */
/*
 * pool.c - carries out what the ledger and the budgets decide: links, opens,
 * evicts, closes. The register of pools, sorted by database and user. Loop 0.
 */
#include "base/die.h"
#include "base/log.h"
#include "base/mem.h"
#include "compat.h"
#include "net/loop.h"
#include "pooler/pool.h"
#include "pooler/shard.h"
#include "pooler/variables.h"

enum { YIELD_AFTER = 500000 };	/* us */

struct pl_pool_list pl_pools = TAILQ_HEAD_INITIALIZER(pl_pools);
enum pl_activity pl_activity;
enum pl_leaving pl_leaving;
bool (*pl_pool_dial)(struct pl_pool *, struct pl_server *);
void (*pl_pool_check)(struct pl_server *);
void (*pl_pool_granted)(struct pl_client *);
void (*pl_pool_changed)(void);
static bool want_own(struct pl_pool *, struct pl_client *);
static void ready_own(struct pl_pool *, struct pl_server *);
static void serve_own(struct pl_pool *);

unsigned pl_pool_loops = 1;
static unsigned pools;

static int64_t
now(void)
{
	return loop_now(loop_here());
}

static struct pl_server *
server_of(struct pl_seat *seat)
{
	return (struct pl_server *)(void *)((char *)seat -
	    offsetof(struct pl_server, seat));
}

static struct pl_client *
client_of(struct pl_turn *turn)
{
	return (struct pl_client *)(void *)((char *)turn -
	    offsetof(struct pl_client, turn));
}

/* ---- the register ------------------------------------------------------ */

unsigned
pl_pool_count(void)
{
	return pools;
}

struct pl_pool *
pl_pool_find(struct pl_database *db, struct pl_credential *credential)
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
pl_pool_refresh(struct pl_pool *pool)
{
	const struct pl_settings *set = pl_settings();
	struct pl_database *db = pool->database;
	const struct pl_user *user = pool->credential->user;
	int size = pl_database_pool_size(db, user);

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
}

struct pl_pool *
pl_pool_get(struct pl_database *db, struct pl_credential *credential)
{
	static const struct pl_limits later;
	struct pl_pool *pool = pl_pool_find(db, credential);

	if (pool != NULL)
		return pool;
	pool = mem_zero(sizeof *pool);
	if (pool == NULL)
		return NULL;
	if (pl_shard_make(pool, pl_pool_loops) < 0 ||
	    pl_ledger_init(&pool->ledger, pl_pool_loops, &later) < 0) {
		mem_drop(pool->shards);
		mem_drop(pool);
		return NULL;
	}
	pool->database = db;
	pool->credential = credential;
	pl_pool_refresh(pool);
	insert_sorted(pool);
	TAILQ_INSERT_TAIL(&db->pools, pool, of_database);
	pools++;
	return pool;
}

void
pl_pool_free(struct pl_pool *pool)
{
	NEED(pl_pool_servers(pool) == 0 && pl_pool_clients(pool) == 0);
	pl_budget_leave(&pool->database->servers, &pool->db_place);
	pl_budget_leave(&pool->credential->user->servers, &pool->user_place);
	TAILQ_REMOVE(&pl_pools, pool, link);
	TAILQ_REMOVE(&pool->database->pools, pool, of_database);
	pl_ledger_fini(&pool->ledger);
	if (pool->defaults != NULL)
		pl_variables_drop(&pool->defaults);
	mem_drop(pool->welcome);
	mem_drop(pool->shards);
	mem_drop(pool);
	pools--;
}

unsigned
pl_pool_servers(const struct pl_pool *pool)
{
	unsigned n = 0;

	for (unsigned i = 0; i < pool->loops; i++)
		n += pl_shard_servers(&pool->shards[i]);
	return n;
}

unsigned
pl_pool_clients(const struct pl_pool *pool)
{
	unsigned n = 0;

	for (unsigned i = 0; i < pool->loops; i++)
		n += pl_shard_clients(&pool->shards[i]);
	return n;
}

bool
pl_pool_paused(const struct pl_pool *pool)
{
	return pl_activity != PL_RUNNING || pool->database->paused;
}

/* ---- linking ----------------------------------------------------------- */

static void
link_pair(struct pl_pool *pool, struct pl_client *c, struct pl_server *s)
{
	c->server = s;
	s->client = c;
	c->fresh = true;
	c->mode = c->replication ? PL_MODE_SESSION :
	    (uint8_t)pl_pool_mode(pool);
	s->request_time = now();
	pl_server_enter(s, PL_SERVER_ACTIVE);
	if (c->state == PL_CLIENT_WAITING) {
		c->shard->stats.wait_time += (uint64_t)(s->request_time -
		    c->turn.since);
		pl_client_enter(c, PL_CLIENT_ACTIVE);
	}
}

/* An idle server that nobody shall have any more is closed on the way. */
static bool
close_obsolete(struct pl_server *s)
{
	if (s->dirty)
		pl_server_close(s, true, "idle server got dirty");
	else if (s->close_needed)
		pl_server_close(s, true, "obsolete connection");
	else
		return false;
	return true;
}

static void
carry_out(struct pl_pool *pool, struct pl_step step)
{
	struct pl_server *s;
	struct pl_client *c;

	if (step.act == PL_STEP_TEST) {
		s = server_of(step.seat);
		pl_server_enter(s, PL_SERVER_TESTED);
		pl_pool_check(s);
	} else if (step.act == PL_STEP_GRANT) {
		s = server_of(step.seat);
		c = client_of(step.turn);
		link_pair(pool, c, s);
		pl_pool_granted(c);
	}
}

/* Clients of a pool whose server cannot be reached hear so at once. */
static bool
fail_fast(struct pl_pool *pool, struct pl_client *c)
{
	if (!pool->last_connect_failed || pl_pool_servers(pool) > 0)
		return false;
	if (!c->welcomed)
		return false;
	pl_pool_grow(pool);		/* when it is time for another try */
	if (c->state != PL_CLIENT_GONE)
		pl_client_close(c, true, "server login has been failing, "
		    "cached error: %s (server_login_retry)",
		    pool->last_error);
	return c->state == PL_CLIENT_GONE;
}

/* A test first: what follows may evict servers that rest. */
static void
wait_in_line(struct pl_pool *pool, struct pl_client *c, struct pl_step step)
{
	c->told_wait = false;
	pl_client_enter(c, PL_CLIENT_WAITING);
	carry_out(pool, step);
	if (pl_leaving == PL_WAIT_SERVERS)
		pl_client_close(c, true, "server shutting down");
	else if (!pl_pool_paused(pool) && !fail_fast(pool, c))
		pl_pool_grow(pool);
}

bool
pl_pool_want(struct pl_pool *pool, struct pl_client *c)
{
	struct pl_step step;

	if (c->replication && !c->looks_up)
		return want_own(pool, c);
	pool->ledger.paused = pl_pool_paused(pool);
	for (;;) {
		c->turn.login = !c->welcomed;
		step = pl_ledger_want(&pool->ledger, &c->turn,
		    loop_number(loop_here()), now());
		if (step.act != PL_STEP_GRANT)
			break;
		if (!close_obsolete(server_of(step.seat))) {
			link_pair(pool, c, server_of(step.seat));
			return true;
		}
	}
	wait_in_line(pool, c, step);
	/* Growing may have failed within the calls above. */
	return c->server != NULL;
}

void
pl_pool_serve(struct pl_pool *pool)
{
	struct pl_step step;

	pool->ledger.paused = pl_pool_paused(pool);
	for (;;) {
		step = pl_ledger_serve(&pool->ledger, now());
		if (step.act == PL_STEP_REST || step.act == PL_STEP_WAIT)
			break;
		carry_out(pool, step);
	}
	serve_own(pool);
	pl_pool_grow(pool);
}

/* ---- limits that pools share ------------------------------------------- */

static bool
may_dial(const struct pl_pool *pool)
{
	if (pl_pool_paused(pool) || pl_leaving == PL_WAIT_SERVERS ||
	    pool->database->dead || pool->database->admin)
		return false;
	return !pool->last_connect_failed || now() - pool->last_connect >=
	    pl_settings()->server_login_retry;
}

static int64_t
first_since(const struct pl_pool *pool)
{
	const struct pl_turn *turn = pl_ledger_first(&pool->ledger);

	return turn == NULL ? now() : turn->since;
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
		if (!may_dial(pool) ||
		    pl_ledger_grow(&pool->ledger, now(), &reserve) == 0)
			pl_budget_leave(budget, place);	/* it asks again */
		else if (place->since == first_since(pool))
			return pool;
		else
			pl_budget_stand(budget, place, first_since(pool));
	}
	return NULL;
}

/*
 * A full budget would be theirs for ever who hold it now. So a free server
 * goes when its own pool does not need it and another does, and, since a
 * login costs more than a transaction, only after some time when both do.
 */
static bool
must_yield_to(const struct pl_pool *pool, struct pl_budget *budget,
    size_t place_at)
{
	struct pl_pool *other;

	if (pl_budget_first(budget) == NULL)
		return false;
	other = find_claimant(budget, place_at);
	if (other == NULL || other == pool)
		return false;
	return pool->ledger.waiting == 0 ||
	    first_since(pool) - first_since(other) > YIELD_AFTER;
}

static bool
must_yield(const struct pl_pool *pool)
{
	return must_yield_to(pool, &pool->database->servers,
	    offsetof(struct pl_pool, db_place)) ||
	    must_yield_to(pool, &pool->credential->user->servers,
	    offsetof(struct pl_pool, user_place));
}

/* ---- releasing --------------------------------------------------------- */

/* Not all at once: closings of one pool are spaced. */
bool
pl_pool_outlived(const struct pl_pool *pool, const struct pl_server *s,
    int64_t at)
{
	return at - s->connect_time >= pool->lifetime &&
	    at - pool->last_lifetime_close >= pool->lifetime_gap;
}

static bool
lifetime_over(struct pl_pool *pool, const struct pl_server *s)
{
	if (!pl_pool_outlived(pool, s, now()))
		return false;
	pool->last_lifetime_close = now();
	return true;
}

static bool
close_at_release(struct pl_pool *pool, struct pl_server *s)
{
	if (s->replication)
		pl_server_close(s, true, "replication client was closed");
	else if (s->dirty)
		pl_server_close(s, true, "idle server got dirty");
	else if (lifetime_over(pool, s))
		pl_server_close(s, true, "server lifetime over");
	else if (!pl_expect_empty(&s->expect))
		pl_server_close(s, true,
		    "client disconnected with query in progress");
	else if (s->close_needed)
		pl_server_close(s, true, "close_needed");
	else if (pl_activity == PL_PAUSED || pool->database->paused)
		pl_server_close(s, true, "pause mode");
	else if (must_yield(pool))
		pl_server_close(s, true, "evicted");
	else
		return false;
	return true;
}

void
pl_pool_release(struct pl_pool *pool, struct pl_server *s)
{
	const struct pl_settings *set = pl_settings();
	bool used = s->client == NULL || !s->client->fresh;
	enum pl_pool_mode mode = s->client != NULL ? s->client->mode :
	    pl_pool_mode(pool);

	if (s->client != NULL)
		s->client->server = NULL;
	s->client = NULL;
	s->request_time = now();
	if (close_at_release(pool, s))
		return;
	if (s->cancels > 0) {
		pl_server_enter(s, PL_SERVER_BEING_CANCELED);
	} else if (used && set->server_reset_query[0] != '\0' &&
	    (mode == PL_MODE_SESSION || set->server_reset_query_always)) {
		s->reset = true;
		pl_server_enter(s, PL_SERVER_TESTED);
		pl_pool_check(s);
	} else if (used && set->server_check_delay == 0 &&
	    set->server_check_query[0] != '\0') {
		pl_pool_retire(pool, s);
	} else {
		pl_pool_ready(pool, s);
	}
}

void
pl_pool_retire(struct pl_pool *pool, struct pl_server *s)
{
	bool paused = pool->ledger.paused;

	/* Nobody may be granted it before it was checked. */
	pool->ledger.paused = true;
	pl_ledger_release(&pool->ledger, &s->seat, now());
	pl_ledger_age(&pool->ledger, &s->seat);
	pool->ledger.paused = paused;
	pl_server_enter(s, PL_SERVER_USED);
	if (pool->ledger.waiting > 0)
		pl_pool_serve(pool);
}

/* The first answer of a pool's first server: those who wait to log in. */
static void
welcome_waiting(struct pl_pool *pool)
{
	struct pl_shard *shard = pl_shard_here(pool);
	struct pl_client *c, *next;

	TAILQ_FOREACH_SAFE(c, &shard->clients[PL_CLIENT_WAITING], link, next)
		if (!c->welcomed && c->login != NULL && !c->looks_up &&
		    !c->replication) {
			shard->stats.wait_time += (uint64_t)(now() -
			    c->turn.since);
			pl_ledger_withdraw(&pool->ledger, &c->turn);
			pl_client_enter(c, PL_CLIENT_LOGIN);
			pl_pool_granted(c);
		}
}

void
pl_pool_ready(struct pl_pool *pool, struct pl_server *s)
{
	struct pl_step step;

	if (s->state == PL_SERVER_LOGIN) {
		pool->last_connect_failed = pool->last_login_failed = false;
		pool->ledger.unlimited = false;
		pool->dirty = false;
		if (!pool->welcomed_all) {
			pool->welcomed_all = true;
			welcome_waiting(pool);
		}
		if (s->state == PL_SERVER_GONE)
			return;
	}
	if (s->replication) {
		ready_own(pool, s);
		return;
	}
	pool->ledger.paused = pl_pool_paused(pool);
	s->seat.last = s->close_needed;
	step = pl_ledger_release(&pool->ledger, &s->seat, now());
	if (step.act == PL_STEP_GRANT)
		carry_out(pool, step);
	else
		pl_server_enter(s, PL_SERVER_IDLE);
}

/* ---- growing ----------------------------------------------------------- */

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

static bool
evict_of_database(struct pl_database *db)
{
	struct pl_server *s = NULL;
	struct pl_pool *pool;

	TAILQ_FOREACH(pool, &db->pools, of_database)
		s = older(s, oldest_idle(pool));
	return evict(s);
}

static bool
evict_of_user(const struct pl_user *user)
{
	struct pl_server *s = NULL;
	struct pl_pool *pool;

	TAILQ_FOREACH(pool, &pl_pools, link)
		if (pool->credential->user == user)
			s = older(s, oldest_idle(pool));
	return evict(s);
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
pl_pool_open(struct pl_pool *pool, bool may_evict)
{
	struct pl_server *s;

	if (!take_permits(pool, may_evict))
		return NULL;
	s = pl_server_new(pool);
	if (s == NULL) {
		give_permits(pool);
		return NULL;
	}
	pl_ledger_add(&pool->ledger, &s->seat, loop_number(loop_here()),
	    now());
	s->booked = true;
	pool->last_connect = now();
	pl_server_log(s, LOG_LEVEL_DEBUG, "launching new connection");
	return s;
}

static bool
start_dial(struct pl_pool *pool, struct pl_server *s)
{
	if (pl_pool_dial(pool, s))
		return true;
	pl_pool_failed(pool, "connect failed");
	pl_server_close(s, false, "connect failed");
	return false;
}

void
pl_pool_grow(struct pl_pool *pool)
{
	bool reserve;

	while (may_dial(pool)) {
		struct pl_turn *first = pl_ledger_first(&pool->ledger);
		struct pl_server *s;

		if (pl_ledger_grow(&pool->ledger, now(), &reserve) == 0)
			return;
		s = pl_pool_open(pool, true);
		if (s == NULL)
			return;
		if (reserve)
			pl_client_log(client_of(first), LOG_LEVEL_WARNING,
			    "taking connection from reserve_pool");
		if (!start_dial(pool, s))
			return;
	}
}

bool
pl_pool_open_spare(struct pl_pool *pool)
{
	struct pl_server *s;

	if (!may_dial(pool) || pool->ledger.fresh > 0 ||
	    (s = pl_pool_open(pool, false)) == NULL)
		return false;
	return start_dial(pool, s);
}

void
pl_pool_failed(struct pl_pool *pool, const char *error)
{
	pool->last_connect_failed = true;
	strlcpy(pool->last_error, error, sizeof pool->last_error);
}

/* ---- replication: a server of one client ------------------------------- */

static bool
has_room(struct pl_pool *pool)
{
	int size = pool->ledger.limits.size;

	return size == 0 || pl_pool_servers(pool) < (unsigned)size ||
	    evict(oldest_idle(pool));
}

/* While it logs in the pair is linked, and the client held. */
static void
open_own(struct pl_pool *pool, struct pl_client *c)
{
	struct pl_server *s;

	if (!may_dial(pool) || !has_room(pool) ||
	    (s = pl_pool_open(pool, true)) == NULL)
		return;
	s->replication = s->setting_values = true;
	s->client = c;
	c->server = s;
	start_dial(pool, s);
}

static bool
want_own(struct pl_pool *pool, struct pl_client *c)
{
	c->told_wait = false;
	c->turn.since = now();
	pl_client_enter(c, PL_CLIENT_WAITING);
	if (pl_leaving == PL_WAIT_SERVERS)
		pl_client_close(c, true, "server shutting down");
	else
		open_own(pool, c);
	return false;
}

static void
serve_own(struct pl_pool *pool)
{
	struct pl_shard *shard = pl_shard_here(pool);
	struct pl_client *c, *next;

	TAILQ_FOREACH_SAFE(c, &shard->clients[PL_CLIENT_WAITING], link, next)
		if (c->replication && !c->looks_up && c->server == NULL)
			open_own(pool, c);
}

static void
ready_own(struct pl_pool *pool, struct pl_server *s)
{
	bool paused = pool->ledger.paused;
	struct pl_client *c = s->client;

	/* Its seat is never anybody else's. */
	pool->ledger.paused = true;
	pl_ledger_release(&pool->ledger, &s->seat, now());
	pl_ledger_take(&pool->ledger, &s->seat);
	pool->ledger.paused = paused;
	s->setting_values = false;
	link_pair(pool, c, s);
	pl_pool_granted(c);
}

/* ---- after a server ---------------------------------------------------- */

static void
grow_next(struct pl_budget *budget, size_t place_at)
{
	struct pl_pool *pool;

	while (pl_budget_has(budget, budget->most) &&
	    (pool = find_claimant(budget, place_at)) != NULL) {
		pl_budget_leave(budget, pl_budget_first(budget));
		pl_pool_grow(pool);
	}
}

static void
on_left(struct pl_pool *pool, struct pl_server *s)
{
	struct pl_user *user = pool->credential->user;

	if (!s->booked)
		return;
	s->booked = false;
	pl_ledger_drop(&pool->ledger, &s->seat);
	give_permits(pool);
	grow_next(&pool->database->servers,
	    offsetof(struct pl_pool, db_place));
	grow_next(&user->servers, offsetof(struct pl_pool, user_place));
	if (pl_shard_here(pool)->client_count[PL_CLIENT_WAITING] > 0)
		pl_pool_serve(pool);
	if (pl_pool_changed != NULL)
		pl_pool_changed();
}

void
pl_pool_init(void)
{
	pl_server_left = on_left;
}

void
pl_pool_reconnect(struct pl_pool *pool)
{
	pool->dirty = true;
	pool->ledger.unlimited = true;
	for (int i = 0; i < PL_SERVER_GONE; i++) {
		struct pl_server *s;

		TAILQ_FOREACH(s, &pl_shard_here(pool)->servers[i], link)
			s->close_needed = true;
	}
}

void
pl_pool_close_all(struct pl_pool *pool, const char *reason)
{
	struct pl_shard *shard = pl_shard_here(pool);

	for (int i = 0; i < PL_CLIENT_GONE; i++) {
		struct pl_client *c, *next;

		TAILQ_FOREACH_SAFE(c, &shard->clients[i], link, next)
			pl_client_close(c, true, "%s", reason);
	}
	for (int i = 0; i < PL_SERVER_GONE; i++) {
		struct pl_server *s, *next;

		TAILQ_FOREACH_SAFE(s, &shard->servers[i], link, next)
			pl_server_close(s, true, "%s", reason);
	}
}
