/* SPDX-License-Identifier: ISC */
/*
 * pool.c - carries out what the ledger decides: links, releases, moves,
 * closes. Pools are made in pools.c, servers opened and evicted by growth.c.
 *
 * What links and releases runs on the loop of the client and the server;
 * replication and the books of a server that left are loop 0's. With several
 * loops the ledger is asked under the pool's lock, and what it decided about
 * a server or a client of another loop goes there as an order (mover.h).
 */
#include "base/die.h"
#include "base/log.h"
#include "base/mem.h"
#include "compat.h"
#include "net/loop.h"
#include "net/tour.h"
#include "pooler/growth.h"
#include "pooler/mover.h"
#include "pooler/pool.h"
#include "pooler/shard.h"

void (*pl_pool_check)(struct pl_server *);
void (*pl_pool_granted)(struct pl_client *);
void (*pl_pool_changed)(void);
static bool want_own(struct pl_pool *, struct pl_client *);
static void ready_own(struct pl_pool *, struct pl_server *);
static void serve_own(struct pl_pool *);

static int64_t
now(void)
{
	return loop_now(loop_here());
}

/* ---- what there is of it ----------------------------------------------- */

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
		move.server = pl_mover_name_server(pl_server_of(step.seat));
	if (step.turn != NULL)
		move.client = pl_mover_name_client(pl_client_of(step.turn));
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

/*
 * What was said while it was between two loops. A reconnect lets it serve
 * the client it was granted to before: who asks again and again would else
 * leave no server alive long enough to serve anybody.
 */
static bool
heed_era(struct pl_pool *pool, struct pl_server *s)
{
	if (s->born < atomic_load(&pool->reconnected))
		s->close_needed = true;
	if (s->born < atomic_load(&pool->killed))
		pl_server_close(s, true, "database removed");
	else if (s->dirty)
		pl_server_close(s, true, "idle server got dirty");
	return s->state == PL_SERVER_GONE;
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
	pl_growth_want(pool);		/* when it is time for another try */
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
	    !pl_pools_paused(pool) && !fail_fast(pool, c))
		pl_growth_want(pool);
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
		pool->ledger.paused = pl_pools_paused(pool);
		step = pl_ledger_want(&pool->ledger, &c->turn,
		    c->shard->loop, now());
		if (step.act != PL_STEP_GRANT)
			break;
		pl_roster_unlock(pool);
		if (!close_obsolete(pl_server_of(step.seat))) {
			link_pair(pool, c, pl_server_of(step.seat));
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
	pool->ledger.paused = pl_pools_paused(pool);
	seat = pl_ledger_take_own(&pool->ledger, &c->turn, c->shard->loop,
	    now());
	pl_roster_unlock(pool);
	return seat == NULL ? NULL : pl_server_of(seat);
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
		pool->ledger.paused = pl_pools_paused(pool);
		step = pl_ledger_serve(&pool->ledger, now());
		if (step.act == PL_STEP_REST)
			break;
		move = note(pool, step);
		pl_roster_unlock(pool);
		carry_out(&move);
	}
	pl_roster_unlock(pool);
	if (pl_shard_is_home())
		serve_own(pool);
	pl_growth_grow(pool);
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
	else if (pl_growth_must_yield(pool))
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
	pool->ledger.paused = pl_pools_paused(pool);
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

bool
pl_pool_ask(struct pl_pool *pool, struct pl_server *s)
{
	bool idle;

	pl_roster_lock(pool);
	idle = s->seat.place == PL_SEAT_IDLE;
	if (idle)
		pl_ledger_probe(&pool->ledger, &s->seat, now());
	pl_roster_unlock(pool);
	if (!idle)
		return false;
	s->asked = true;
	pl_server_enter(s, PL_SERVER_TESTED);
	pl_pool_check(s);
	return true;
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

	pool->ledger.paused = pl_pools_paused(pool);
	step = pl_ledger_release(&pool->ledger, &s->seat, now());
	if (__builtin_expect(step.act == PL_STEP_MOVE, 0)) {
		release_over(pool, s, step);
		return;
	}
	pl_roster_unlock(pool);
	if (step.act == PL_STEP_GRANT) {
		c = pl_client_of(step.turn);
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
	    pl_growth_evict_idle(pool);
}

/* While it logs in the pair is linked, and the client held. */
static void
open_own(struct pl_pool *pool, struct pl_client *c)
{
	struct pl_server *s;

	if (!pl_growth_may_dial(pool) || !has_room(pool) ||
	    (s = pl_growth_open(pool, true)) == NULL)
		return;
	s->replication = s->setting_values = true;
	s->client = c;
	c->server = s;
	pl_growth_start(pool, s);
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
	pool->ledger.paused = pl_pools_paused(pool);
	pl_roster_unlock(pool);
	s->setting_values = false;
	link_pair(pool, c, s);
	pl_pool_granted(c);
}

/* ---- after a server ---------------------------------------------------- */

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
	if (!s->booked)
		return;
	leave_seat(pool, s);
	if (!pl_shard_is_home())
		return;
	s->booked = false;
	pl_growth_give_back(pool);
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

bool
pl_pool_give_up(struct pl_pool *pool, struct pl_server *s, unsigned keep)
{
	bool spare;

	if (!pool->shared)
		return pl_shard_servers(pool->shards) > keep;
	pl_roster_lock(pool);
	spare = pool->ledger.seats > keep && s->seat.place != PL_SEAT_NONE;
	if (spare)
		pl_ledger_drop(&pool->ledger, &s->seat);
	pl_roster_unlock(pool);
	return spare;
}

static void
mark_servers(void *arg)
{
	struct pl_pool *pool = arg;
	struct pl_server *s;

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
