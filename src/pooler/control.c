/* SPDX-License-Identifier: ISC */
/*
 * control.c - carries out what an operator asks for. Every change is a mark
 * (paused, close_needed, PL_SUSPENDED ...) and a walk that brings pools in
 * line with it; the same walk is made again at each tick. Loop 0.
 */
#include "base/clock.h"
#include "pooler/config.h"
#include "pooler/control.h"
#include "pooler/shard.h"

void (*pl_control_moved)(void);
int (*pl_control_reload)(struct why *);
void (*pl_control_shutdown)(enum pl_shutdown);
void (*pl_control_listen)(bool);
int (*pl_control_applied)(struct text, struct why *);

static int64_t suspended_at;
static bool settled;			/* SUSPENDED, and nothing to be sent */

static bool
is_meant(const struct pl_pool *pool, const struct pl_database *db)
{
	return db == NULL ? !pool->database->admin : pool->database == db;
}

static int
refuse_admin(const struct pl_database *db, const char *what, struct why *why)
{
	if (db != NULL && db->admin)
		return why_set(why, "cannot %s admin db: %s", what, db->name);
	return 0;
}

/* Closing may close others of the list: always take the first. */
static void
close_servers(struct pl_server_list *list, bool tell, const char *reason)
{
	struct pl_server *s;

	while ((s = TAILQ_FIRST(list)) != NULL)
		pl_server_close(s, tell, "%s", reason);
}

static void
close_clients(struct pl_client_list *list, const char *reason)
{
	struct pl_client *c;

	while ((c = TAILQ_FIRST(list)) != NULL)
		pl_client_close(c, true, "%s", reason);
}

/* ---- pause and resume --------------------------------------------------- */

/* Servers nobody uses go at once, the others when they come free. */
static void
drain(struct pl_pool *pool)
{
	struct pl_shard *shard = pl_shard_here(pool);
	struct pl_server *s, *next;

	close_servers(&shard->servers[PL_SERVER_IDLE], true, "pause mode");
	close_servers(&shard->servers[PL_SERVER_USED], true, "pause mode");
	TAILQ_FOREACH_SAFE(s, &shard->servers[PL_SERVER_LOGIN], link, next)
		if (s->client == NULL)
			pl_server_close(s, false, "pause mode");
}

/* The ledger grants nothing while its pool is paused. */
static void
bring_in_line(struct pl_pool *pool)
{
	bool was = pool->ledger.paused;

	pool->ledger.paused = pl_pool_paused(pool);
	if (pool->ledger.paused && pl_activity != PL_SUSPENDED)
		drain(pool);
	else if (was && !pool->ledger.paused)
		pl_pool_serve(pool);
}

static void
bring_all_in_line(void)
{
	struct pl_pool *pool, *next;

	TAILQ_FOREACH_SAFE(pool, &pl_pools, link, next)
		if (!pool->database->admin)
			bring_in_line(pool);
	if (pl_control_moved != NULL)
		pl_control_moved();
}

int
pl_control_may_pause(struct why *why)
{
	if (pl_activity != PL_RUNNING)
		return why_set(why, "already suspended/paused");
	return 0;
}

int
pl_control_pause(struct pl_database *db, struct why *why)
{
	if (pl_control_may_pause(why) != 0 ||
	    refuse_admin(db, "pause", why) != 0)
		return -1;
	if (db == NULL)
		pl_activity = PL_PAUSED;
	else
		db->paused = true;
	bring_all_in_line();
	return 0;
}

/* ---- suspend ------------------------------------------------------------ */

int
pl_control_may_suspend(struct why *why)
{
	struct pl_database *db;

	if (pl_control_may_pause(why) != 0)
		return -1;
	TAILQ_FOREACH(db, &pl_databases, link)
		if (db->paused)
			return why_set(why,
			    "cannot suspend with paused databases");
	return 0;
}

static bool
is_console(const struct pl_client *c)
{
	return c->database != NULL && c->database->admin;
}

/* A client in line reads nothing anyway; a console must hear RESUME. */
static bool
is_held(const struct pl_client *c)
{
	return c != NULL && !is_console(c) && (c->state == PL_CLIENT_ACTIVE ||
	    c->state == PL_CLIENT_LOGIN);
}

/* Stops reading everywhere; true: nothing waits to be sent. */
static bool
hold_all(bool cut)
{
	struct pl_client *c;
	struct pl_server *s;
	bool all = true;

	for (uint32_t i = 0; i < pl_client_slots(); i++) {
		c = pl_client_at(i);
		if (!is_held(c))
			continue;
		conn_hold(c->conn);
		if (conn_full(c->conn) && cut)
			pl_client_close(c, true, "suspend_timeout");
		else if (conn_full(c->conn))
			all = false;
	}
	for (uint32_t i = 0; i < pl_server_slots(); i++) {
		s = pl_server_at(i);
		if (s == NULL || s->conn == NULL)
			continue;
		conn_hold(s->conn);
		if (conn_full(s->conn) && cut)
			pl_server_close(s, true, "suspend_timeout");
		else if (conn_full(s->conn))
			all = false;
	}
	return all;
}

static void
keep_suspended(void)
{
	bool late = clock_now() - suspended_at > pl_settings()->suspend_timeout;

	if (!settled && (hold_all(late) || late))
		settled = true;
}

int
pl_control_suspend(struct why *why)
{
	if (pl_control_may_suspend(why) != 0)
		return -1;
	pl_activity = PL_SUSPENDED;
	suspended_at = clock_now();
	settled = false;
	if (pl_control_listen != NULL)
		pl_control_listen(false);
	keep_suspended();
	bring_all_in_line();
	return 0;
}

/* Whose peer is full stays held: the peer's drained() lets it go. */
static void
let_go_all(void)
{
	struct pl_client *c;
	struct pl_server *s;

	for (uint32_t i = 0; i < pl_client_slots(); i++) {
		c = pl_client_at(i);
		if (is_held(c) &&
		    (c->server == NULL || !conn_full(c->server->conn)))
			conn_resume(c->conn);
	}
	for (uint32_t i = 0; i < pl_server_slots(); i++) {
		s = pl_server_at(i);
		if (s != NULL && s->conn != NULL &&
		    (s->client == NULL || !conn_full(s->client->conn)))
			conn_resume(s->conn);
	}
	if (pl_control_listen != NULL)
		pl_control_listen(true);
}

int
pl_control_resume(struct pl_database *db, struct why *why)
{
	enum pl_activity was = pl_activity;

	if (pl_leaving != PL_STAYS)
		return why_set(why, "pooler is shutting down");
	if (db != NULL) {
		if (!db->paused)
			return why_set(why, "database %s is not paused",
			    db->name);
		db->paused = false;
	} else if (was == PL_RUNNING)
		return why_set(why, "pooler is not paused/suspended");
	else
		pl_activity = PL_RUNNING;
	if (db == NULL && was == PL_SUSPENDED)
		let_go_all();
	bring_all_in_line();
	return 0;
}

/* ---- the others --------------------------------------------------------- */

int
pl_control_able(struct pl_database *db, bool able, struct why *why)
{
	if (refuse_admin(db, "disable", why) != 0)
		return -1;
	db->disabled = !able;
	return 0;
}

/* Who comes now waits for a new server to tell the welcome. */
static void
kill_pool(struct pl_pool *pool)
{
	pool->welcome_ready = pool->welcomed_all = false;
	pl_pool_close_all(pool, "database removed");
}

int
pl_control_kill(struct pl_database *db, struct why *why)
{
	struct pl_pool *pool, *next;

	if (refuse_admin(db, "kill", why) != 0)
		return -1;
	if (db != NULL)
		db->paused = true;
	TAILQ_FOREACH(pool, &pl_pools, link)
		if (is_meant(pool, db))
			pool->database->paused = true;
	TAILQ_FOREACH_SAFE(pool, &pl_pools, link, next)
		if (is_meant(pool, db))
			kill_pool(pool);
	bring_all_in_line();
	return 0;
}

int
pl_control_kill_client(uint64_t id, struct why *why)
{
	struct pl_client *c = pl_client_by_id(id);

	if (c == NULL)
		return why_set(why, "client not found");
	pl_client_close(c, true, "admin forced disconnect");
	return 0;
}

int
pl_control_reconnect(struct pl_database *db, struct why *why)
{
	struct pl_pool *pool;

	if (refuse_admin(db, "reconnect", why) != 0)
		return -1;
	TAILQ_FOREACH(pool, &pl_pools, link)
		if (is_meant(pool, db)) {
			pool->welcome_ready = pool->welcomed_all = false;
			pl_pool_reconnect(pool);
		}
	return 0;
}

int
pl_control_may_wait(const struct pl_database *db, struct why *why)
{
	return refuse_admin(db, "wait in", why);
}

static void
bury_settings(void *old)
{
	const struct pl_settings *dead = old;

	pl_config_free_settings(&dead);
}

int
pl_control_set(struct text key, struct text value, struct why *why)
{
	const struct pl_settings *fresh;
	void *old;

	fresh = pl_config_set(pl_settings(), key, value, why);
	if (fresh == NULL)
		return -1;
	old = (void *)(uintptr_t)pl_settings_swap(fresh);
	/* Others may read the old ones until the turn ends. */
	if (loop_here() != NULL)
		loop_retire(loop_here(), old, bury_settings);
	else
		bury_settings(old);
	return 0;
}

/* ---- waiting ------------------------------------------------------------ */

static bool
is_closing(const struct pl_pool *pool)
{
	struct pl_server *s;

	for (int i = 0; i < PL_SERVER_GONE; i++)
		TAILQ_FOREACH(s, &pl_shard_here(pool)->servers[i], link)
			if (s->close_needed)
				return true;
	return false;
}

static bool
has_servers(const struct pl_pool *pool)
{
	return pl_pool_servers(pool) > 0;
}

static enum pl_control_outcome
look_at_pools(const struct pl_database *db,
    bool (*holds_up)(const struct pl_pool *))
{
	struct pl_pool *pool;

	TAILQ_FOREACH(pool, &pl_pools, link)
		if (is_meant(pool, db) && holds_up(pool))
			return PL_CONTROL_WAITS;
	return PL_CONTROL_DONE;
}

enum pl_control_outcome
pl_control_look(enum pl_control_wait what, const struct pl_database *db)
{
	bool paused = db != NULL ? db->paused : pl_activity == PL_PAUSED;

	switch (what) {
	case PL_WAIT_PAUSE:
		if (!paused)
			return PL_CONTROL_UNDONE;
		return look_at_pools(db, has_servers);
	case PL_WAIT_CLOSE:
		return look_at_pools(db, is_closing);
	case PL_WAIT_SUSPEND:
		break;
	}
	if (pl_activity != PL_SUSPENDED)
		return PL_CONTROL_UNDONE;
	return settled ? PL_CONTROL_DONE : PL_CONTROL_WAITS;
}

/* ---- leaving ------------------------------------------------------------ */

static void
leave_on(void)
{
	static bool over;
	struct pl_pool *pool;
	bool gone;

	if (pl_leaving == PL_STAYS || over)
		return;
	if (pl_leaving == PL_WAIT_SERVERS)
		TAILQ_FOREACH(pool, &pl_pools, link)
			if (!pool->database->admin)
				close_clients(&pl_shard_here(pool)->
				    clients[PL_CLIENT_WAITING],
				    "server shutting down");
	gone = pl_leaving == PL_WAIT_CLIENTS ? pl_client_count() == 0 :
	    pl_server_count() == 0;
	if (!gone)
		return;
	over = true;
	log_info("%s connections dropped, exiting",
	    pl_leaving == PL_WAIT_CLIENTS ? "client" : "server");
	pl_control_shutdown(PL_SHUTDOWN_NOW);
}

void
pl_control_leave(enum pl_leaving how)
{
	pl_leaving = how;
	if (how == PL_WAIT_SERVERS)
		pl_activity = PL_PAUSED;
	bring_all_in_line();
}

/* ---- from time to time -------------------------------------------------- */

void
pl_control_tick(void)
{
	static bool inside;

	if (inside)
		return;
	inside = true;
	if (pl_activity == PL_SUSPENDED)
		keep_suspended();
	bring_all_in_line();
	leave_on();
	inside = false;
}

static void
run_tick(struct loop_job *job)
{
	(void)job;
	pl_control_tick();
}

/* Not at once: it is called from the middle of a close. */
static void
on_pool_changed(void)
{
	static struct loop_job job = { .run = run_tick };

	loop_soon(loop_here(), &job);
}

void
pl_control_init(void)
{
	pl_pool_changed = on_pool_changed;
}
