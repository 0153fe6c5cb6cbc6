/* SPDX-License-Identifier: ISC */
/*
 * control.c - carries out what an operator asks for. Every change is a mark
 * (paused, close_needed, PL_SUSPENDED ...), set while all loops stand still,
 * and a walk that brings pools in line with it, on each loop; the same walk
 * is made again at each tick. Loop 0, but for pl_control_heed() and what is
 * said to be done on a loop.
 */
#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "net/tour.h"
#include "pooler/census.h"
#include "pooler/config.h"
#include "pooler/control.h"
#include "pooler/round.h"
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

/* ---- bringing all in line ----------------------------------------------- */

/* Servers nobody uses go at once, the others when they come free. */
static void
drain(struct pl_shard *shard)
{
	struct pl_server *s, *next;

	close_servers(&shard->servers[PL_SERVER_IDLE], true, "pause mode");
	close_servers(&shard->servers[PL_SERVER_USED], true, "pause mode");
	TAILQ_FOREACH_SAFE(s, &shard->servers[PL_SERVER_LOGIN], link, next)
		if (s->client == NULL)
			pl_server_close(s, false, "pause mode");
}

/* Who came, or was made, after the kill is none of its business. */
static void
heed_kill(struct pl_shard *shard)
{
	uint32_t killed = atomic_load(&shard->pool->killed);
	struct pl_client *c, *next_c;
	struct pl_server *s, *next_s;

	if (shard->killed == killed)
		return;
	shard->killed = killed;
	for (int i = 0; i < PL_CLIENT_GONE; i++)
		TAILQ_FOREACH_SAFE(c, &shard->clients[i], link, next_c)
			if (c->born < killed)
				pl_client_close(c, true, "database removed");
	for (int i = 0; i < PL_SERVER_GONE; i++)
		TAILQ_FOREACH_SAFE(s, &shard->servers[i], link, next_s)
			if (s->born < killed)
				pl_server_close(s, true, "database removed");
}

/* On each loop: what the marks ask of it. */
static void
heed(struct pl_pool *pool)
{
	struct pl_shard *shard = pl_shard_here(pool);

	heed_kill(shard);
	if (pl_pools_paused(pool) && pl_activity != PL_SUSPENDED)
		drain(shard);
}

/* The process leaves when servers have come free: nobody waits for one. */
static void
close_waiting(struct pl_pool *pool)
{
	if (pl_leaving == PL_WAIT_SERVERS)
		close_clients(&pl_shard_here(pool)->
		    clients[PL_CLIENT_WAITING], "server shutting down");
}

void
pl_control_heed(void)
{
	struct pl_pool *pool;

	TAILQ_FOREACH(pool, &pl_pools, link) {
		if (pool->database->admin)
			continue;
		heed(pool);
		close_waiting(pool);
	}
}

/* The ledger grants nothing while its pool is paused. */
static bool
update_ledger(struct pl_pool *pool)
{
	bool resumed, paused = pl_pools_paused(pool);

	pl_roster_lock(pool);
	resumed = pool->ledger.paused && !paused;
	pool->ledger.paused = paused;
	pl_roster_unlock(pool);
	return resumed;
}

static void
bring_in_line(bool serve)
{
	struct pl_pool *pool, *next;

	TAILQ_FOREACH_SAFE(pool, &pl_pools, link, next) {
		if (pool->database->admin)
			continue;
		heed(pool);
		if (update_ledger(pool) || (serve && !pl_pools_paused(pool)))
			pl_pool_serve(pool);
	}
}

static void
tell_moved(void)
{
	if (pl_control_moved != NULL)
		pl_control_moved();
}

/*
 * Rounds over the other loops, numbered: whoever asked for something to be
 * done there waits until its round is home.
 */
static unsigned rounds_begun, rounds_over;

struct control_round {
	struct pl_round round;
	unsigned number;
};

static void
visit_loop(struct pl_round *round)
{
	(void)round;
	pl_control_heed();
}

static void
on_round(struct pl_round *round)
{
	struct control_round *r = (struct control_round *)(void *)round;

	if (r->number > rounds_over)
		rounds_over = r->number;
	pl_round_forget(round);
	tell_moved();
}

static void
drop_round(struct pl_round *round)
{
	mem_drop(round);
}

static void
go_round(void)
{
	struct control_round *r = NULL;

	rounds_begun++;
	if (pl_round_others() != 0)
		r = mem_zero(sizeof *r);
	if (r == NULL) {
		rounds_over = rounds_begun;
		return;
	}
	r->number = rounds_begun;
	r->round.visit = visit_loop;
	r->round.done = on_round;
	r->round.drop = drop_round;
	pl_round_begin(&r->round, pl_round_others());
}

/* serve: those in line anyway, after a pause. */
static void
bring_all_in_line(bool serve)
{
	bring_in_line(serve);
	go_round();
	tell_moved();
}

/* What all loops read: nobody is in the middle of something. */
static int
change_all(void (*change)(void *), void *arg, struct why *why)
{
	if (tour_still(loop_here(), change, arg) == 0)
		return 0;
	return why_set(why, "nothing is changed: a loop does not turn");
}

/* ---- pause and resume --------------------------------------------------- */

int
pl_control_may_pause(struct why *why)
{
	if (pl_activity != PL_RUNNING)
		return why_set(why, "already suspended/paused");
	return 0;
}

static void
set_paused(void *db)
{
	if (db == NULL)
		pl_activity = PL_PAUSED;
	else
		((struct pl_database *)db)->paused = true;
}

int
pl_control_pause(struct pl_database *db, struct why *why)
{
	if (pl_control_may_pause(why) != 0 ||
	    refuse_admin(db, "pause", why) != 0 ||
	    change_all(set_paused, db, why) != 0)
		return -1;
	bring_all_in_line(false);
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

/* True: nothing waits to be sent to it. */
static bool
hold_client(struct pl_client *c, bool cut)
{
	if (!is_held(c))
		return true;
	conn_hold(c->conn);
	if (!conn_full(c->conn))
		return true;
	if (cut)
		pl_client_close(c, true, "suspend_timeout");
	return cut;
}

static bool
hold_server(struct pl_server *s, bool cut)
{
	if (s == NULL || s->conn == NULL)
		return true;
	conn_hold(s->conn);
	if (!conn_full(s->conn))
		return true;
	if (cut)
		pl_server_close(s, true, "suspend_timeout");
	return cut;
}

/* Stops reading on this loop; true: nothing waits to be sent. */
static bool
hold_all(bool cut)
{
	bool all = true;

	for (uint32_t i = 0; i < pl_client_slots(); i++)
		all &= hold_client(pl_client_at(i), cut);
	for (uint32_t i = 0; i < pl_server_slots(); i++)
		all &= hold_server(pl_server_at(i), cut);
	return all;
}

struct hold_round {
	struct pl_round round;
	bool cut;
	bool sent[PL_ROUND_LOOPS];
};

static bool holding;			/* such a round is under way */

static void
hold_loop(struct pl_round *round)
{
	struct hold_round *h = (struct hold_round *)(void *)round;

	h->sent[pl_round_here()] = hold_all(h->cut);
}

static void
on_held(struct pl_round *round)
{
	struct hold_round *h = (struct hold_round *)(void *)round;
	bool all = round->away == 0;

	for (unsigned i = 0; i < loop_count(); i++)
		all = all && h->sent[i];
	holding = false;
	if (pl_activity == PL_SUSPENDED && (all || h->cut)) {
		settled = true;
		tell_moved();
	}
	pl_round_forget(round);
}

static void
keep_suspended(void)
{
	struct hold_round *h;

	if (settled || holding)
		return;
	h = mem_zero(sizeof *h);
	if (h == NULL)
		return;			/* at the next tick */
	h->cut = clock_now() - suspended_at > pl_settings()->suspend_timeout;
	h->round.visit = hold_loop;
	h->round.done = on_held;
	h->round.drop = drop_round;
	holding = true;
	pl_round_begin(&h->round, pl_round_all());
}

static void
set_suspended(void *arg)
{
	(void)arg;
	pl_activity = PL_SUSPENDED;
}

int
pl_control_suspend(struct why *why)
{
	if (pl_control_may_suspend(why) != 0 ||
	    change_all(set_suspended, NULL, why) != 0)
		return -1;
	suspended_at = clock_now();
	settled = false;
	if (pl_control_listen != NULL)
		pl_control_listen(false);
	keep_suspended();
	bring_all_in_line(false);
	return 0;
}

/* Whose peer is full stays held: the peer's drained() lets it go. */
static void
let_go_loop(struct pl_round *round)
{
	struct pl_client *c;
	struct pl_server *s;

	(void)round;
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
}

static void
let_go_all(void)
{
	struct pl_round *round = pl_pools_loops == 1 ? NULL :
	    mem_zero(sizeof *round);

	if (pl_pools_loops == 1)
		let_go_loop(NULL);
	else if (round == NULL)
		die("out of memory to go on");
	else {
		round->visit = let_go_loop;
		round->done = pl_round_forget;
		round->drop = drop_round;
		pl_round_begin(round, pl_round_all());
	}
	if (pl_control_listen != NULL)
		pl_control_listen(true);
}

static void
set_resumed(void *db)
{
	if (db == NULL)
		pl_activity = PL_RUNNING;
	else
		((struct pl_database *)db)->paused = false;
}

static int
may_resume(const struct pl_database *db, struct why *why)
{
	if (pl_leaving != PL_STAYS)
		return why_set(why, "pooler is shutting down");
	if (db != NULL && !db->paused)
		return why_set(why, "database %s is not paused", db->name);
	if (db == NULL && pl_activity == PL_RUNNING)
		return why_set(why, "pooler is not paused/suspended");
	return 0;
}

int
pl_control_resume(struct pl_database *db, struct why *why)
{
	enum pl_activity was = pl_activity;

	if (may_resume(db, why) != 0 || change_all(set_resumed, db, why) != 0)
		return -1;
	if (db == NULL && was == PL_SUSPENDED)
		let_go_all();
	bring_all_in_line(true);
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

static void
set_killed(void *db)
{
	struct pl_pool *pool;

	if (db != NULL)
		((struct pl_database *)db)->paused = true;
	TAILQ_FOREACH(pool, &pl_pools, link)
		if (is_meant(pool, db))
			pool->database->paused = true;
}

int
pl_control_kill(struct pl_database *db, struct why *why)
{
	struct pl_pool *pool, *next;

	if (refuse_admin(db, "kill", why) != 0 ||
	    change_all(set_killed, db, why) != 0)
		return -1;
	TAILQ_FOREACH_SAFE(pool, &pl_pools, link, next)
		if (is_meant(pool, db))
			kill_pool(pool);
	bring_all_in_line(false);
	return 0;
}

/* ---- one client --------------------------------------------------------- */

struct pl_hunt {
	struct pl_round round;
	uint64_t id;
	bool found[PL_ROUND_LOOPS];	/* each by its loop */
	bool over, caught;
};

static void
hunt_loop(struct pl_round *round)
{
	struct pl_hunt *h = (struct pl_hunt *)(void *)round;
	struct pl_client *c = pl_client_by_id(h->id);

	if (c == NULL)
		return;
	h->found[pl_round_here()] = true;
	pl_client_close(c, true, "admin forced disconnect");
}

static void
on_caught(struct pl_round *round, unsigned loop)
{
	struct pl_hunt *h = (struct pl_hunt *)(void *)round;

	h->caught |= h->found[loop];
}

static void
on_hunted(struct pl_round *round)
{
	struct pl_hunt *h = (struct pl_hunt *)(void *)round;

	h->over = true;
	tell_moved();
}

int
pl_control_kill_client(uint64_t id, struct pl_hunt **hunt, struct why *why)
{
	struct pl_hunt *h = mem_zero(sizeof *h);

	*hunt = h;
	if (h == NULL)
		return why_set(why, "out of memory");
	h->id = id;
	h->round.visit = hunt_loop;
	h->round.heard = on_caught;
	h->round.done = on_hunted;
	h->round.drop = drop_round;
	pl_round_begin(&h->round, pl_round_all());
	return 0;
}

enum pl_control_outcome
pl_control_hunted(const struct pl_hunt *h)
{
	if (h->caught)
		return PL_CONTROL_DONE;
	return h->over ? PL_CONTROL_UNDONE : PL_CONTROL_WAITS;
}

void
pl_control_end_hunt(struct pl_hunt **h)
{
	if (*h != NULL)
		pl_round_forget(&(*h)->round);
	*h = NULL;
}

/* ---- the others --------------------------------------------------------- */

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
	if (old == fresh) {
		pl_config_free_settings(&fresh);
		return why_set(why, "a loop does not turn");
	}
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
	return pl_census_closing(pool) > 0;
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

/*
 * Servers of other loops that are to be closed are counted by a census, one
 * at a time, and again at the next tick while somebody waits for none.
 */
static struct pl_census *closing_census;
static unsigned closing_begun, closing_over;
static bool closing_wanted;

static void
on_closing_counted(void *arg, uint64_t missing)
{
	(void)arg;
	(void)missing;
	closing_census = NULL;
	closing_over = closing_begun;
	tell_moved();
}

static void
count_closing(void)
{
	if (closing_census != NULL || pl_round_others() == 0)
		return;
	closing_wanted = false;
	closing_begun++;
	closing_census = pl_census_take(true, on_closing_counted, NULL);
}

static enum pl_control_outcome
look_at_closing(const struct pl_database *db)
{
	enum pl_control_outcome outcome = look_at_pools(db, is_closing);

	closing_wanted |= outcome == PL_CONTROL_WAITS;
	return outcome;
}

unsigned
pl_control_ticket(enum pl_control_wait what)
{
	if (pl_round_others() == 0)
		return 0;
	return what == PL_WAIT_CLOSE ? closing_begun + 1 :
	    what == PL_WAIT_ROUND ? rounds_begun : 0;
}

bool
pl_control_served(enum pl_control_wait what, unsigned ticket)
{
	if (what != PL_WAIT_CLOSE)
		return rounds_over >= ticket;
	if (closing_over < ticket)
		count_closing();
	return closing_over >= ticket;
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
		return look_at_closing(db);
	case PL_WAIT_SUSPEND:
		if (pl_activity != PL_SUSPENDED)
			return PL_CONTROL_UNDONE;
		return settled ? PL_CONTROL_DONE : PL_CONTROL_WAITS;
	case PL_WAIT_ROUND:
	case PL_WAIT_HUNT:
		break;
	}
	return PL_CONTROL_DONE;
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
	TAILQ_FOREACH(pool, &pl_pools, link)
		if (!pool->database->admin)
			close_waiting(pool);
	gone = pl_leaving == PL_WAIT_CLIENTS ? pl_client_count() == 0 :
	    pl_server_count() == 0;
	if (!gone)
		return;
	over = true;
	log_info("%s connections dropped, exiting",
	    pl_leaving == PL_WAIT_CLIENTS ? "client" : "server");
	pl_control_shutdown(PL_SHUTDOWN_NOW);
}

static void
set_leaving(void *how)
{
	pl_leaving = *(const enum pl_leaving *)how;
	if (pl_leaving == PL_WAIT_SERVERS)
		pl_activity = PL_PAUSED;
}

/* It must end, whether all loops turn or not. */
void
pl_control_leave(enum pl_leaving how)
{
	struct why why;

	if (change_all(set_leaving, &how, &why) != 0) {
		log_error("%s", why.line);
		set_leaving(&how);
	}
	bring_all_in_line(false);
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
	bring_in_line(false);
	if (closing_wanted)
		count_closing();
	tell_moved();
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
