/* SPDX-License-Identifier: ISC */
/*
 * janitor.c - three rounds a second over what can be due: logins, waiting
 * clients, servers, pools, databases. Idle clients, of which there may be
 * very many, are looked at only when a limit for them is set, and then a
 * slice of them each round. Each loop has its own rounds over its own shards;
 * what is kept here is a loop's own.
 *
 * Closing one end can close, link or open others, so no list is walked while
 * it happens: those that are due are noted first and then asked once more.
 * What is closed stays in memory until the turn is over.
 */
#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "net/loop.h"
#include "net/timer.h"
#include "pg/message.h"
#include "pooler/cancel.h"
#include "pooler/control.h"
#include "pooler/growth.h"
#include "pooler/janitor.h"
#include "pooler/pool.h"
#include "pooler/round.h"
#include "pooler/setup.h"
#include "pooler/shard.h"

enum {
	PERIOD = 333333,	/* us */
	BATCH = 64,		/* noted at once */
	MOST_CLOSED = 1000,	/* in one round: no loop stands still for it */
	SLICE = 2000		/* idle clients seen in one round, at least */
};

static _Thread_local struct timer timer;
static _Thread_local uint32_t hand;	/* slot of the idle client looked at last */

/* Of this round. */
static _Thread_local int64_t now;
static _Thread_local const struct pl_settings *set;
static _Thread_local unsigned closed;

static bool
is_over(int64_t since, int64_t limit)
{
	return limit > 0 && now - since > limit;
}

/* The user's own limit, else the one of all. */
#define LIMIT_OF(client, name)						\
	((client)->user != NULL && (client)->user->row != NULL &&	\
	    (client)->user->row->name > 0 ?				\
	    (client)->user->row->name : set->name)

/* ---- clients ----------------------------------------------------------- */

static const char *
why_login(const struct pl_client *c)
{
	return is_over(c->connect_time, set->client_login_timeout) ?
	    "client_login_timeout" : NULL;
}

/*
 * The wait begins when the request is seen, not when it is read: its bytes
 * may lie in the kernel until there is a server.
 */
static const char *
why_waiting(const struct pl_client *c)
{
	if (is_over(c->turn.since, LIMIT_OF(c, query_timeout)))
		return "query_timeout";
	if (is_over(c->turn.since, set->query_wait_timeout))
		return "query_wait_timeout";
	if (c->welcomed || why_login(c) == NULL)
		return NULL;
	return c->looks_up ? "client_login_timeout" :
	    "client_login_timeout (server down)";
}

static const char *
why_cancel(const struct pl_client *c)
{
	return is_over(c->request_time, set->cancel_wait_timeout) ?
	    "cancel_wait_timeout" : NULL;
}

static const char *
why_idle(const struct pl_client *c)
{
	if (c->server != NULL || !c->welcomed || c->database->admin)
		return NULL;
	return is_over(c->request_time, LIMIT_OF(c, client_idle_timeout)) ?
	    "client_idle_timeout" : NULL;
}

/* By state. ACTIVE ones are not walked in lists: see visit_idle(). */
static const struct {
	const char *(*why)(const struct pl_client *);
	bool tell;
} client_rows[PL_CLIENT_STATES] = {
	[PL_CLIENT_LOGIN] = { why_login, true },
	[PL_CLIENT_ACTIVE] = { why_idle, true },
	[PL_CLIENT_WAITING] = { why_waiting, true },
	[PL_CLIENT_WAITING_CANCEL] = { why_cancel, false }
};

static const char *
why_client(const struct pl_client *c)
{
	return client_rows[c->state].why == NULL ? NULL :
	    client_rows[c->state].why(c);
}

static void
check_client(struct pl_client *c)
{
	const char *why = why_client(c);

	if (why == NULL)
		return;
	closed++;
	pl_client_close(c, client_rows[c->state].tell, "%s", why);
}

static void
check_clients(const struct pl_client_list *list)
{
	struct pl_client *due[BATCH], *c;
	unsigned n;

	do {
		n = 0;
		TAILQ_FOREACH(c, list, link) {
			if (why_client(c) != NULL)
				due[n++] = c;
			if (n == BATCH)
				break;
		}
		for (unsigned i = 0; i < n; i++)
			check_client(due[i]);
	} while (n == BATCH && closed < MOST_CLOSED);
}

/* Who waits for long is told so, once for each wait. */
static void
tell_waiting(const struct pl_shard *shard)
{
	int64_t limit = set->query_wait_notify * CLOCK_SECOND;
	struct message_writer w;
	struct pl_client *c;
	char mem[256];

	w = message_writer(mem, sizeof mem, sizeof mem);
	message_add_notice(&w, TEXT("NOTICE"), TEXT("00000"),
	    TEXT("No server connection available in postgres backend, "
	    "client being queued"), TEXT_NONE);
	TAILQ_FOREACH(c, &shard->clients[PL_CLIENT_WAITING], link) {
		if (!is_over(c->turn.since, limit))
			break;		/* in the order of their arrival */
		if (c->told_wait || !c->welcomed || c->conn == NULL)
			continue;
		c->told_wait = true;
		conn_send(c->conn, message_written(&w));
	}
	message_writer_fini(&w);
}

static void
visit_clients(struct pl_shard *shard)
{
	check_clients(&shard->clients[PL_CLIENT_LOGIN]);
	check_clients(&shard->clients[PL_CLIENT_WAITING_CANCEL]);
	if (shard->client_count[PL_CLIENT_WAITING] == 0)
		return;
	check_clients(&shard->clients[PL_CLIENT_WAITING]);
	tell_waiting(shard);
}

static bool
has_idle_limit(void)
{
	const struct pl_setup *setup = pl_setup_now();

	if (set->client_idle_timeout > 0)
		return true;
	for (unsigned i = 0; setup != NULL && i < setup->user_count; i++)
		if (setup->users[i].client_idle_timeout > 0)
			return true;
	return false;
}

/* All slots within a second, or so many in a round that it takes longer. */
static void
visit_idle(void)
{
	uint32_t slots = pl_client_slots(), n = slots / 3;

	if (!has_idle_limit())
		return;
	if (n < SLICE)
		n = slots < SLICE ? slots : SLICE;
	for (; n > 0 && closed < MOST_CLOSED; n--) {
		struct pl_client *c;

		hand = hand + 1 < slots ? hand + 1 : 0;
		c = pl_client_at(hand);
		if (c != NULL && c->state == PL_CLIENT_ACTIVE)
			check_client(c);
	}
}

/* ---- servers ----------------------------------------------------------- */

static const char *
why_connecting(const struct pl_server *s)
{
	return is_over(s->connect_time, set->server_connect_timeout) ?
	    "connect timeout" : NULL;
}

/* One that does not even answer an empty query is as dead as one that does
 * not answer a login. */
static const char *
why_tested(const struct pl_server *s)
{
	int64_t since = s->seat.since > s->request_time ? s->seat.since :
	    s->request_time;

	return is_over(since, set->server_connect_timeout) ?
	    "check query timeout" : NULL;
}

static const char idle_for_long[] = "server idle timeout";

static unsigned
floor_of(const struct pl_pool *pool)
{
	int floor = pl_database_min_pool_size(pool->database);

	return floor > 0 ? (unsigned)floor : 0;
}

static const char *
why_resting(const struct pl_server *s)
{
	if (s->dirty)
		return "idle server got dirty";
	if (s->close_needed)
		return "database configuration changed";
	if (is_over(s->request_time, set->server_idle_timeout) &&
	    pl_pool_seats(s->pool) > floor_of(s->pool))
		return idle_for_long;
	if (pl_pool_outlived(s->pool, s, now))
		return "server lifetime over";
	return NULL;
}

static const char *
why_active(const struct pl_server *s)
{
	const struct pl_client *c = s->client;

	if (c == NULL || c->replication)
		return NULL;
	if (!c->welcomed && why_login(c) != NULL)
		return why_login(c);	/* auth_query does not answer */
	if (s->status == 'I')		/* between transactions */
		return s->close_needed && set->server_fast_close &&
		    c->mode == PL_MODE_SESSION && pl_expect_empty(&s->expect) ?
		    "database configuration changed" : NULL;
	if (is_over(c->request_time, LIMIT_OF(c, query_timeout)))
		return "query timeout";
	if (s->status != 0 &&
	    is_over(s->answer_time, LIMIT_OF(c, idle_transaction_timeout)))
		return "idle transaction timeout";
	if (c->xact_start != 0 &&
	    is_over(c->xact_start, LIMIT_OF(c, transaction_timeout)))
		return "transaction timeout";
	return NULL;
}

/* Being cancelled: the cancel requests have a limit of their own. */
static const char *(*const why_server[PL_SERVER_STATES])
    (const struct pl_server *) = {
	[PL_SERVER_LOGIN] = why_connecting,
	[PL_SERVER_IDLE] = why_resting,
	[PL_SERVER_USED] = why_resting,
	[PL_SERVER_TESTED] = why_tested,
	[PL_SERVER_ACTIVE] = why_active,
	[PL_SERVER_ACTIVE_CANCEL] = why_connecting
};

static void
check_server(struct pl_server *s)
{
	const char *why = why_server[s->state] == NULL ? NULL :
	    why_server[s->state](s);

	if (why == NULL || (why == idle_for_long &&
	    !pl_pool_give_up(s->pool, s, floor_of(s->pool))))
		return;
	if (s->state == PL_SERVER_LOGIN)
		pl_growth_failed(s->pool, why);
	if (pl_pool_outlived(s->pool, s, now))
		s->pool->last_lifetime_close = now;
	closed++;
	pl_server_close(s, true, "%s", why);
}

static void
check_servers(struct pl_shard *shard, enum pl_server_state state)
{
	struct pl_server *due[BATCH], *s;
	unsigned n;

	do {
		n = 0;
		TAILQ_FOREACH(s, &shard->servers[state], link) {
			if (why_server[state](s) != NULL)
				due[n++] = s;
			if (n == BATCH)
				break;
		}
		for (unsigned i = 0; i < n; i++)
			check_server(due[i]);
	} while (n == BATCH && closed < MOST_CLOSED);
}

/* Idle for so long that it must pass the check query before its next use. */
static void
age_idle(struct pl_pool *pool)
{
	struct pl_shard *shard = pl_shard_here(pool);
	struct pl_server *s, *next;

	if (set->server_check_query[0] == '\0')
		return;
	TAILQ_FOREACH_SAFE(s, &shard->servers[PL_SERVER_IDLE], link, next) {
		if (now - s->request_time <= set->server_check_delay)
			continue;
		pl_pool_age(pool, s);
	}
}

static bool
close_oldest(struct pl_pool *pool, enum pl_server_state state, unsigned most)
{
	struct pl_server *s = TAILQ_LAST(&pl_shard_here(pool)->
	    servers[state], pl_server_list);

	if (s == NULL || !pl_pool_give_up(pool, s, most))
		return false;
	closed++;
	pl_server_close(s, true, "too many servers in the pool");
	return true;
}

/*
 * After a reload that made the pool smaller, and of the reserve. Each loop
 * closes of its own, as long as there are too many.
 */
static void
close_surplus(struct pl_pool *pool)
{
	const struct pl_limits *limits = &pool->ledger.limits;
	unsigned most = (unsigned)(limits->size + limits->reserve);

	if (limits->size == 0)
		return;
	while (close_oldest(pool, PL_SERVER_USED, most) ||
	    close_oldest(pool, PL_SERVER_IDLE, most))
		continue;
}

/* min_pool_size: one more in each round, and only where somebody may come. */
static void
keep_floor(struct pl_pool *pool)
{
	const struct pl_database *db = pool->database;
	int floor = pl_database_min_pool_size(db);
	int size = pool->ledger.limits.size;

	if (size > 0 && floor > size)
		floor = size;
	if (floor <= 0 || pl_pool_servers(pool) >= (unsigned)floor ||
	    pl_leaving != PL_STAYS || pl_pools_paused(pool))
		return;
	if (pl_pool_clients(pool) > 0 ||
	    (db->forced != NULL && !db->automatic))
		pl_growth_open_spare(pool);
}

static void
visit_servers(struct pl_pool *pool)
{
	struct pl_shard *shard = pl_shard_here(pool);

	for (int state = 0; state < PL_SERVER_STATES; state++)
		if (shard->server_count[state] > 0 &&
		    why_server[state] != NULL)
			check_servers(shard, (enum pl_server_state)state);
	age_idle(pool);
	close_surplus(pool);
}

/* What is loop 0's to do. The reserve, a retry: only time brings them on. */
static void
visit_pool(struct pl_pool *pool)
{
	keep_floor(pool);
	pl_growth_weigh(pool);
	if (pl_pool_has_waiting(pool))
		pl_pool_serve(pool);
}

/* ---- databases --------------------------------------------------------- */

static bool
is_used(const struct pl_database *db)
{
	const struct pl_pool *pool;

	if (db->clients > 0)
		return true;
	TAILQ_FOREACH(pool, &db->pools, of_database)
		if (pl_pool_clients(pool) > 0 || pl_pool_servers(pool) > 0)
			return true;
	return false;
}

/* Those that are closed but not buried, those that log in or look up. */
static bool
is_known(const struct pl_database *db)
{
	const struct pl_pool *pool;

	TAILQ_FOREACH(pool, &db->pools, of_database)
		if (pl_pools_records(pool) > 0)
			return true;
	for (uint32_t i = 0; i < pl_client_slots(); i++) {
		const struct pl_client *c = pl_client_at(i);

		if (c != NULL && c->database == db)
			return true;
	}
	return false;
}

static void
drop_database(struct pl_database *db)
{
	while (!TAILQ_EMPTY(&db->pools))
		if (!pl_pools_free(TAILQ_FIRST(&db->pools)))
			return;		/* in another round */
	pl_database_free(db);
}

static bool
is_due(struct pl_database *db)
{
	if (db->dead)
		return !is_used(db);
	if (!db->automatic)
		return false;
	if (db->idle_since == 0 || is_used(db))
		db->idle_since = now;
	return !db->paused && !db->disabled &&
	    is_over(db->idle_since, set->autodb_idle_timeout);
}

static void
visit_database(struct pl_database *db)
{
	if (is_due(db)) {
		if (is_known(db))
			return;
		if (!db->dead)
			log_warning("dropping database '%s' as it does not "
			    "exist anymore or inactive auto-database",
			    db->name);
		drop_database(db);
	} else if (db->forced != NULL && !db->automatic && !db->dead &&
	    TAILQ_EMPTY(&db->pools) && pl_database_min_pool_size(db) > 0) {
		pl_pools_get(db, db->forced);	/* its floor needs no client */
	}
}

/* ---- rounds ------------------------------------------------------------ */

static void
visit_pools(bool home)
{
	struct pl_pool *pool;

	TAILQ_FOREACH(pool, &pl_pools, link) {
		visit_clients(pl_shard_here(pool));
		/* One that is dropped has no servers to look after. */
		if (pool->database->admin || pool->database->dead)
			continue;
		visit_servers(pool);
		if (home)
			visit_pool(pool);
	}
}

static void
visit_all(bool home)
{
	struct pl_database *db, *next;

	if (home)
		check_clients(&pl_client_logins);
	visit_pools(home);
	visit_idle();
	if (!home)
		return;
	pl_cancel_tick();
	TAILQ_FOREACH_SAFE(db, &pl_databases, link, next)
		if (!db->admin)
			visit_database(db);
}

void
pl_janitor_tick(int64_t at)
{
	bool home = pl_round_here() == 0;

	now = at;
	set = pl_settings();
	closed = 0;
	/* Suspended: all stays as it is, for the successor to take. */
	if (pl_activity != PL_SUSPENDED)
		visit_all(home);
	if (home)
		pl_control_tick();
	else
		pl_control_heed();
}

static void
on_timer(void *loop)
{
	pl_janitor_tick(loop_now(loop));
}

static void
start_here(void *arg)
{
	struct loop *here = loop_here();

	(void)arg;
	timer_init(&timer, here, on_timer, here);
	timer_every(&timer, PERIOD);
}

void
pl_janitor_start(struct loop *home)
{
	NEED(loop_here() == home);
	start_here(NULL);
	for (unsigned n = 1; n < loop_count(); n++)
		loop_post(loop_at(n), start_here, NULL);
}

void
pl_janitor_stop(void)
{
	timer_stop(&timer);
}
