/* SPDX-License-Identifier: ISC */
/*
 * pool.c - carries out what the ledger and the budgets decide: links, opens,
 * evicts, closes. The register of pools, sorted by database and user.
 *
 * What links and releases runs on the loop of the client and the server; the
 * register, the budgets, opening and replication are loop 0's. With several
 * loops the ledger is asked under the pool's lock, and what it decided about
 * a server or a client of another loop goes there as an order (mover.h).
 */
#include "base/die.h"
#include "base/log.h"
#include "base/mem.h"
#include "compat.h"
#include "net/loop.h"
#include "net/tour.h"
#include "pooler/mover.h"
#include "pooler/pool.h"
#include "pooler/shard.h"
#include "pooler/variables.h"

enum { YIELD_AFTER = 500000 };	/* us */
enum { OF_DATABASE, OF_USER };	/* whose budget an eviction is for */

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

static bool
is_home(void)
{
	const struct loop *here = loop_here();

	return here == NULL || loop_number(here) == 0;
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

/* All loops walk the lists: they change in a standstill. */
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
		free_whole(pool);
		return NULL;
	}
	pool->database = db;
	pool->credential = credential;
	pl_pool_refresh(pool);
	if (tour_still(loop_here(), enter_register, pool) == 0)
		return pool;
	log_error("cannot make a pool: a loop does not turn");
	free_whole(pool);
	return NULL;
}

bool
pl_pool_free(struct pl_pool *pool)
{
	NEED(pl_pool_records(pool) == 0);
	if (tour_still(loop_here(), leave_register, pool) < 0)
		return false;
	pl_budget_leave(&pool->database->servers, &pool->db_place);
	pl_budget_leave(&pool->credential->user->servers, &pool->user_place);
	free_whole(pool);
	return true;
}

/* With several loops those count that are not home yet: none is overlooked. */
unsigned
pl_pool_servers(const struct pl_pool *pool)
{
	return pool->shared ? pool->servers : pl_shard_servers(pool->shards);
}

unsigned
pl_pool_clients(const struct pl_pool *pool)
{
	return pool->shared ? pool->clients : pl_shard_clients(pool->shards);
}

unsigned
pl_pool_records(const struct pl_pool *pool)
{
	return pool->servers + pool->clients + pool->pins;
}

unsigned
pl_pool_seats(struct pl_pool *pool)
{
	unsigned n;

	if (!pool->shared)
		return pl_shard_servers(pool->shards);
	pl_roster_lock(pool);
	n = pool->ledger.seats;
	pl_roster_unlock(pool);
	return n;
}

bool
pl_pool_has_waiting(struct pl_pool *pool)
{
	bool waits;

	/* Replication clients wait without a turn. */
	if (pl_shard_here(pool)->client_count[PL_CLIENT_WAITING] > 0)
		return true;
	pl_roster_lock(pool);
	waits = pool->ledger.waiting > 0;
	pl_roster_unlock(pool);
	return waits;
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

/* ---- orders ------------------------------------------------------------ */

/* Under the lock: who is meant by a step, to be carried out after it. */
static struct pl_move
note(struct pl_pool *pool, struct pl_step step)
{
	struct pl_move move = { .pool = pool, .act = step.act };

	if (step.seat != NULL)
		move.server = pl_mover_name_server(server_of(step.seat));
	if (step.turn != NULL)
		move.client = pl_mover_name_client(client_of(step.turn));
	return move;
}

/* On the client's loop: what it was granted has gone. */
static void
put_back(const struct pl_move *move)
{
	struct pl_client *c = pl_mover_client(&move->client);

	if (c == NULL || c->state != PL_CLIENT_WAITING)
		return;
	pl_roster_lock(move->pool);
	if (!c->turn.waiting)
		pl_ledger_rejoin(&move->pool->ledger, &c->turn);
	pl_roster_unlock(move->pool);
	pl_pool_serve(move->pool);
}

/* On the client's loop, and the server is here: it may have gone meanwhile. */
static void
deliver(struct pl_server *s, const struct pl_move *move)
{
	struct pl_client *c = pl_mover_client(&move->client);
	struct pl_pool *pool = move->pool;

	if (c == NULL || c->state != PL_CLIENT_WAITING) {
		pl_pool_ready(pool, s);
		return;
	}
	pl_roster_lock(pool);
	pl_ledger_withdraw(&pool->ledger, &c->turn);
	pl_roster_unlock(pool);
	link_pair(pool, c, s);
	pl_pool_granted(c);
}

static bool
heed_era(struct pl_pool *pool, struct pl_server *s)
{
	if (s->born < atomic_load(&pool->reconnected))
		s->close_needed = true;
	if (s->born < atomic_load(&pool->killed))
		pl_server_close(s, true, "database removed");
	return s->state == PL_SERVER_GONE || close_obsolete(s);
}

static void
on_arrival(struct pl_server *s, const struct pl_move *move)
{
	if (heed_era(move->pool, s))
		put_back(move);
	else
		deliver(s, move);
}

/* To the loop of the client that was granted it. */
static void
send_over(struct pl_server *s, const struct pl_move *move)
{
	pl_server_enter(s, PL_SERVER_IDLE);
	pl_mover_send_server(s, move, on_arrival);
}

/* On the loop of a server that rests. */
static void
bring(const struct pl_move *move)
{
	struct pl_server *s = pl_mover_server(&move->server);
	unsigned to = move->client.loop;

	if (s != NULL && !buffer_empty(&s->collect))
		s->dirty = true;	/* half a message that nobody asked for */
	if (s == NULL || close_obsolete(s))
		pl_mover_order(move, to, put_back);
	else if (to == s->shard->loop)
		deliver(s, move);
	else
		send_over(s, move);
}

static void
test(const struct pl_move *move)
{
	struct pl_server *s = pl_mover_server(&move->server);

	if (s == NULL)
		return;
	pl_server_enter(s, PL_SERVER_TESTED);
	pl_pool_check(s);
}

/* Of a server that rests. */
static void
carry_out(const struct pl_move *move)
{
	if (move->act == PL_STEP_TEST)
		pl_mover_order(move, move->server.loop, test);
	else if (move->act == PL_STEP_GRANT || move->act == PL_STEP_MOVE)
		pl_mover_order(move, move->server.loop, bring);
}

/* ---- wanting ----------------------------------------------------------- */

static void want_more(struct pl_pool *);

/* Clients of a pool whose server cannot be reached hear so at once. */
static bool
fail_fast(struct pl_pool *pool, struct pl_client *c)
{
	char error[sizeof pool->last_error];
	bool failed;

	pl_roster_lock(pool);
	failed = pool->last_connect_failed;
	if (failed)
		strlcpy(error, pool->last_error, sizeof error);
	pl_roster_unlock(pool);
	if (!failed || !c->welcomed || pl_pool_seats(pool) > 0)
		return false;
	want_more(pool);		/* when it is time for another try */
	if (c->state != PL_CLIENT_GONE)
		pl_client_close(c, true, "server login has been failing, "
		    "cached error: %s (server_login_retry)", error);
	return c->state == PL_CLIENT_GONE;
}

/* A test first: what follows may evict servers that rest. */
static void
get_ready_for(struct pl_pool *pool, struct pl_client *c,
    const struct pl_move *move)
{
	if (move != NULL)
		carry_out(move);
	if (pl_leaving == PL_WAIT_SERVERS)
		pl_client_close(c, true, "server shutting down");
	else if ((move == NULL || move->act != PL_STEP_MOVE) &&
	    !pl_pool_paused(pool) && !fail_fast(pool, c))
		want_more(pool);
}

/* Locked; lets go. It stands in line, and more may be done for it. */
static __attribute__((noinline)) void
wait_for(struct pl_pool *pool, struct pl_client *c, struct pl_step step)
{
	struct pl_move move = { .pool = NULL };

	if (step.act != PL_STEP_WAIT)
		move = note(pool, step);
	pl_roster_unlock(pool);
	pl_client_enter(c, PL_CLIENT_WAITING);
	get_ready_for(pool, c, move.pool == NULL ? NULL : &move);
}

/* From another loop, or one that must be tested first, or in line. */
static __attribute__((noinline)) bool
ask_ledger(struct pl_pool *pool, struct pl_client *c)
{
	struct pl_step step;

	for (;;) {
		c->turn.login = !c->welcomed;
		pl_roster_lock(pool);
		pool->ledger.paused = pl_pool_paused(pool);
		step = pl_ledger_want(&pool->ledger, &c->turn,
		    c->shard->loop, now());
		if (step.act != PL_STEP_GRANT)
			break;
		pl_roster_unlock(pool);
		if (!close_obsolete(server_of(step.seat))) {
			link_pair(pool, c, server_of(step.seat));
			return true;
		}
	}
	c->told_wait = false;
	/* The usual: nothing but a release can help. */
	if (step.act == PL_STEP_WAIT && pl_ledger_full(&pool->ledger) &&
	    !pool->last_connect_failed && pl_leaving != PL_WAIT_SERVERS) {
		pl_roster_unlock(pool);
		pl_client_enter(c, PL_CLIENT_WAITING);
		return false;
	}
	wait_for(pool, c, step);
	/* Growing may have failed within the calls above. */
	return c->server != NULL;
}

/* One that rests here, while nobody is in line: mostly there is one. */
static inline struct pl_server *
take_own(struct pl_pool *pool, struct pl_client *c)
{
	struct pl_seat *seat;

	pl_roster_lock(pool);
	pool->ledger.paused = pl_pool_paused(pool);
	seat = pl_ledger_take_own(&pool->ledger, &c->turn, c->shard->loop,
	    now());
	pl_roster_unlock(pool);
	return seat == NULL ? NULL : server_of(seat);
}

bool
pl_pool_want(struct pl_pool *pool, struct pl_client *c)
{
	struct pl_server *s;

	if (c->replication && !c->looks_up)
		return want_own(pool, c);
	s = take_own(pool, c);
	if (s == NULL || close_obsolete(s))
		return ask_ledger(pool, c);
	link_pair(pool, c, s);
	return true;
}

void
pl_pool_serve(struct pl_pool *pool)
{
	struct pl_move move;
	struct pl_step step;

	for (;;) {
		pl_roster_lock(pool);
		pool->ledger.paused = pl_pool_paused(pool);
		step = pl_ledger_serve(&pool->ledger, now());
		if (step.act == PL_STEP_REST)
			break;
		move = note(pool, step);
		pl_roster_unlock(pool);
		carry_out(&move);
	}
	pl_roster_unlock(pool);
	if (is_home())
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
		if (!may_dial(pool) || ask_growth(pool, &reserve) == 0)
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

static inline bool
has_claims(const struct pl_pool *pool)
{
	return pl_budget_first(&pool->database->servers) != NULL ||
	    pl_budget_first(&pool->credential->user->servers) != NULL;
}

static __attribute__((noinline)) bool
weigh(struct pl_pool *pool)
{
	return must_yield_to(pool, &pool->database->servers,
	    offsetof(struct pl_pool, db_place)) ||
	    must_yield_to(pool, &pool->credential->user->servers,
	    offsetof(struct pl_pool, user_place));
}

/*
 * Budgets and their lines are loop 0's: where there are other loops it says
 * beforehand which pools are to yield, and looks again from time to time.
 */
static bool
must_yield(struct pl_pool *pool)
{
	if (!pool->shared)
		return has_claims(pool) && weigh(pool);
	return atomic_load_explicit(&pool->yield, memory_order_relaxed) &&
	    atomic_exchange(&pool->yield, false);
}

void
pl_pool_weigh(struct pl_pool *pool)
{
	if (pool->shared)
		atomic_store(&pool->yield, weigh(pool));
}

/* ---- releasing --------------------------------------------------------- */

/* Not all at once: closings of one pool are spaced. */
bool
pl_pool_outlived(const struct pl_pool *pool, const struct pl_server *s,
    int64_t at)
{
	return at - s->connect_time >= pool->lifetime &&
	    at - atomic_load_explicit(&pool->last_lifetime_close,
	    memory_order_relaxed) >= pool->lifetime_gap;
}

static bool
lifetime_over(struct pl_pool *pool, const struct pl_server *s)
{
	int64_t at = now();

	if (!pl_pool_outlived(pool, s, at))
		return false;
	atomic_store_explicit(&pool->last_lifetime_close, at,
	    memory_order_relaxed);
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
	bool waits;

	pl_server_enter(s, PL_SERVER_USED);
	pl_roster_lock(pool);
	/* Nobody may be granted it before it was checked. */
	pool->ledger.paused = true;
	pl_ledger_release(&pool->ledger, &s->seat, now());
	pl_ledger_age(&pool->ledger, &s->seat);
	pool->ledger.paused = pl_pool_paused(pool);
	waits = pool->ledger.waiting > 0;
	pl_roster_unlock(pool);
	if (waits)
		pl_pool_serve(pool);
}

bool
pl_pool_age(struct pl_pool *pool, struct pl_server *s)
{
	bool idle;

	pl_roster_lock(pool);
	idle = s->seat.place == PL_SEAT_IDLE;	/* else it was just granted */
	if (idle)
		pl_ledger_age(&pool->ledger, &s->seat);
	pl_roster_unlock(pool);
	if (idle)
		pl_server_enter(s, PL_SERVER_USED);
	return idle;
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
			pl_roster_lock(pool);
			pl_ledger_withdraw(&pool->ledger, &c->turn);
			pl_roster_unlock(pool);
			pl_client_enter(c, PL_CLIENT_LOGIN);
			pl_pool_granted(c);
		}
}

static __attribute__((cold, noinline)) void
on_logged_in(struct pl_pool *pool)
{
	pl_roster_lock(pool);
	pool->last_connect_failed = pool->last_login_failed = false;
	pool->ledger.unlimited = false;
	pl_roster_unlock(pool);
	pool->dirty = false;
	if (pool->welcomed_all)
		return;
	pool->welcomed_all = true;
	welcome_waiting(pool);
}

/* Never inlined: the order's room would be made for every transaction. */
static __attribute__((noinline)) void
release_over(struct pl_pool *pool, struct pl_server *s, struct pl_step step)
{
	struct pl_move move = note(pool, step);

	pl_roster_unlock(pool);
	send_over(s, &move);
}

/* Locked; lets go. To the first in line, wherever. */
static __attribute__((noinline)) void
hand_on(struct pl_pool *pool, struct pl_server *s)
{
	struct pl_client *c;
	struct pl_step step;

	pool->ledger.paused = pl_pool_paused(pool);
	step = pl_ledger_release(&pool->ledger, &s->seat, now());
	if (__builtin_expect(step.act == PL_STEP_MOVE, 0)) {
		release_over(pool, s, step);
		return;
	}
	pl_roster_unlock(pool);
	if (step.act == PL_STEP_GRANT) {
		c = client_of(step.turn);
		link_pair(pool, c, s);
		pl_pool_granted(c);
	} else {
		pl_server_enter(s, PL_SERVER_IDLE);
	}
}

void
pl_pool_ready(struct pl_pool *pool, struct pl_server *s)
{
	if (s->state == PL_SERVER_LOGIN) {
		on_logged_in(pool);
		if (s->state == PL_SERVER_GONE)
			return;
	}
	if (s->replication) {
		ready_own(pool, s);
		return;
	}
	s->seat.last = s->close_needed;
	pl_roster_lock(pool);
	if (pl_ledger_rest_own(&pool->ledger, &s->seat, now())) {
		pl_roster_unlock(pool);
		pl_server_enter(s, PL_SERVER_IDLE);
		return;
	}
	hand_on(pool, s);
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

/* ---- evicting where servers are on several loops ----------------------- */

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

static void claim(struct pl_budget *, size_t place_at);

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
	struct pl_move move;
	struct pl_seat *seat;

	pl_roster_lock(pool);
	seat = pl_ledger_oldest(&pool->ledger);
	if (seat != NULL) {
		pl_ledger_take(&pool->ledger, seat);
		move = note(pool, (struct pl_step){ .seat = seat });
	}
	pl_roster_unlock(pool);
	if (seat == NULL)
		return;
	move.budget = budget;
	move.act = whose;
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

	if (pl_pool_loops > 1) {
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

	if (pl_pool_loops > 1) {
		evict_shared(NULL, user, &user->servers);
		return;
	}
	TAILQ_FOREACH(pool, &pl_pools, link)
		if (pool->credential->user == user)
			s = older(s, oldest_idle(pool));
	evict(s);
}

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
			pl_pool_weigh(pool);
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

static bool
start_dial(struct pl_pool *pool, struct pl_server *s)
{
	if (pl_pool_dial(pool, s))
		return true;
	pl_pool_failed(pool, "connect failed");
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
		pl_client_prefix(client_of(first), prefix);
	pl_roster_unlock(pool);
	log_line(LOG_LEVEL_WARNING, prefix,
	    "taking connection from reserve_pool");
}

static void
grow_here(struct pl_pool *pool)
{
	bool reserve;

	while (may_dial(pool)) {
		struct pl_server *s;

		if (ask_growth(pool, &reserve) == 0)
			return;
		s = pl_pool_open(pool, true);
		if (s == NULL)
			return;
		if (reserve)
			tell_reserve(pool);
		if (!start_dial(pool, s))
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
		pl_pool_open_spare(pool);
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
static void
want_more(struct pl_pool *pool)
{
	if (pool->shared)
		ask_home(pool);
	else
		grow_here(pool);
}

void
pl_pool_grow(struct pl_pool *pool)
{
	if (is_home())
		grow_here(pool);
	else
		ask_home(pool);
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
	pl_roster_lock(pool);
	pool->last_connect_failed = true;
	strlcpy(pool->last_error, error, sizeof pool->last_error);
	pl_roster_unlock(pool);
}

bool
pl_pool_is_new(struct pl_pool *pool)
{
	bool all;

	if (!pool->shared)
		return pl_shard_servers(pool->shards) ==
		    pool->shards->server_count[PL_SERVER_LOGIN];
	pl_roster_lock(pool);
	all = pool->ledger.seats == pool->ledger.fresh;
	pl_roster_unlock(pool);
	return all;
}

/* ---- to all loops ------------------------------------------------------ */

struct word {			/* what all clients of a pool are told */
	struct pl_pool *pool;
	char code[8], text[128];
};

static void
carry_round(struct pl_pool *pool, const char *code, const char *text,
    void (*visit)(struct loop *, void *), void (*done)(void *))
{
	struct word word = { .pool = pool }, *copy;

	strlcpy(word.code, code, sizeof word.code);
	strlcpy(word.text, text, sizeof word.text);
	if (!pool->shared) {
		visit(loop_here(), &word);
		return;
	}
	copy = mem_get(sizeof *copy);
	if (copy == NULL)
		die("out of memory for a message");
	*copy = word;
	pool->pins++;
	tour_run(loop_here(), visit, done, copy);
}

static void
end_round(void *arg)
{
	struct word *word = arg;

	word->pool->pins--;
	mem_drop(word);
}

static void
refuse_here(struct loop *loop, void *arg)
{
	const struct word *word = arg;
	struct pl_shard *shard = pl_shard_here(word->pool);
	struct pl_client *c, *next;

	TAILQ_FOREACH_SAFE(c, &shard->clients[PL_CLIENT_WAITING], link, next)
		pl_client_close_code(c, word->code, word->text);
}

void
pl_pool_refuse(struct pl_pool *pool, const char *code, const char *text)
{
	carry_round(pool, code, text, refuse_here, end_round);
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

static __attribute__((cold, noinline)) void
ready_own(struct pl_pool *pool, struct pl_server *s)
{
	struct pl_client *c = s->client;

	pl_roster_lock(pool);
	/* Its seat is never anybody else's. */
	pool->ledger.paused = true;
	pl_ledger_release(&pool->ledger, &s->seat, now());
	pl_ledger_take(&pool->ledger, &s->seat);
	pool->ledger.paused = pl_pool_paused(pool);
	pl_roster_unlock(pool);
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

/* The first in a budget's line tries again. */
static void
claim(struct pl_budget *budget, size_t place_at)
{
	struct pl_pool *pool = find_claimant(budget, place_at);

	if (pool != NULL)
		grow_here(pool);
}

static void
leave_seat(struct pl_pool *pool, struct pl_server *s)
{
	pl_roster_lock(pool);
	if (s->seat.place != PL_SEAT_NONE)
		pl_ledger_drop(&pool->ledger, &s->seat);
	pl_roster_unlock(pool);
}

/*
 * The seat is free at once; the permits when the record is home, so that
 * nobody opens another before this one is closed.
 */
static void
on_left(struct pl_pool *pool, struct pl_server *s)
{
	struct pl_user *user = pool->credential->user;

	if (!s->booked)
		return;
	leave_seat(pool, s);
	if (!is_home())
		return;
	s->booked = false;
	give_permits(pool);
	grow_next(&pool->database->servers,
	    offsetof(struct pl_pool, db_place));
	grow_next(&user->servers, offsetof(struct pl_pool, user_place));
	if (pl_pool_has_waiting(pool))
		pl_pool_serve(pool);
	if (pl_pool_changed != NULL)
		pl_pool_changed();
}

void
pl_pool_init(void)
{
	pl_server_left = on_left;
}

static void
mark_servers(void *arg)
{
	struct pl_pool *pool = arg;
	struct pl_server *s;

	pool->dirty = true;
	pool->ledger.unlimited = true;
	pool->reconnected = ++pool->era;
	for (unsigned n = 0; n < pool->loops; n++)
		for (int i = 0; i < PL_SERVER_GONE; i++)
			TAILQ_FOREACH(s, &pool->shards[n].servers[i], link)
				s->close_needed = true;
}

void
pl_pool_reconnect(struct pl_pool *pool)
{
	if (tour_still(loop_here(), mark_servers, pool) < 0)
		log_error("servers are not reconnected: a loop does not turn");
}

static void
close_here(struct loop *loop, void *arg)
{
	const struct word *word = arg;
	struct pl_shard *shard = pl_shard_here(word->pool);

	for (int i = 0; i < PL_CLIENT_GONE; i++) {
		struct pl_client *c, *next;

		TAILQ_FOREACH_SAFE(c, &shard->clients[i], link, next)
			pl_client_close(c, true, "%s", word->text);
	}
	for (int i = 0; i < PL_SERVER_GONE; i++) {
		struct pl_server *s, *next;

		TAILQ_FOREACH_SAFE(s, &shard->servers[i], link, next)
			pl_server_close(s, true, "%s", word->text);
	}
}

/* Who is between two loops now is older than this, and heeds it there. */
void
pl_pool_close_all(struct pl_pool *pool, const char *reason)
{
	pool->killed = ++pool->era;
	carry_round(pool, "", reason, close_here, end_round);
}
