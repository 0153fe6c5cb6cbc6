/* SPDX-License-Identifier: ISC */
/* health.c - changes of state, and what follows from them. Loop 0. */
#include <stdarg.h>
#include <stdio.h>

#include "balancer/health.h"
#include "balancer/queue.h"
#include "balancer/world.h"
#include "base/clock.h"
#include "net/timer.h"

enum { LINE = 1024 };

static struct loop *home;
static void (*shut_sessions)(struct lb_server *, enum lb_shut);
static struct timer slow_timer;

static void move(struct lb_server *, enum lb_server_state,
    const char *how, bool admin);

/* ---- lines ------------------------------------------------------------- */

struct line {
	char at[LINE];
	size_t len;
};

static void add(struct line *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
add(struct line *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->at + l->len, sizeof l->at - l->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		l->len += (size_t)n;
	if (l->len >= sizeof l->at)
		l->len = sizeof l->at - 1;
}

static void
add_cause(struct line *l, const struct lb_cause *c)
{
	if (c == NULL)
		return;
	add(l, ", reason: %s", c->desc);
	if (c->code >= 0)
		add(l, ", code: %d", c->code);
	if (c->info != NULL && c->info[0] != '\0')
		add(l, ", info: \"%s\"", c->info);
	if (c->duration >= 0)
		add(l, ", check duration: %lldms", (long long)c->duration);
}

static void
tell(const struct lb_server *s, enum lb_log_level level, const char *text)
{
	lb_logs_say_of(s->proxy->conf->name, LB_LOG_WARNING, text);
	lb_world_log(s->proxy, level, text);
}

/* ---- the backend as a whole -------------------------------------------- */

/* Nobody is left: told once, when it happens. */
static void
tell_deserted(const struct lb_proxy *p)
{
	const char *kind = p->conf->is & LB_IS_FRONTEND ? "proxy" : "backend";
	struct line l = { .len = 0 };

	add(&l, "%s '%s' has no server available!", kind, p->conf->name);
	lb_logs_say_of(p->conf->name, LB_LOG_EMERG, l.at);
	l.len = 0;
	add(&l, "%s %s has no server available!", kind, p->conf->name);
	lb_world_log(p, LB_LOG_EMERG, l.at);
}

struct after {			/* what the change did */
	unsigned active, backups, served, moved, left;
	bool on_backup, deserted;
};

/* The state as it is to be; then who may serve, and who waited for whom. */
static struct after
change(struct lb_server *s, enum lb_server_state state, unsigned admin)
{
	struct lb_proxy *p = s->proxy;
	int64_t now = loop_now(home);
	struct after a;
	bool was_up;

	lb_proxy_lock(p);
	was_up = p->up;
	s->admin = admin;
	if (state == LB_SERVER_STOPPED && s->state != LB_SERVER_STOPPED &&
	    (admin & LB_ADMIN_MAINT) == 0)
		s->down_count++;
	if (state != s->state)
		lb_server_enter(s, state, now);
	lb_proxy_recount(p, now);
	a.active = p->active;
	a.backups = p->backups;
	a.on_backup = p->active == 0 && p->backups > 0;
	a.served = s->served;
	a.deserted = was_up && !p->up;
	lb_proxy_unlock(p);
	a.moved = 0;
	a.left = 0;
	if (state == LB_SERVER_STOPPED)
		a.moved = lb_queue_spread(s, now, &a.left);
	else
		lb_queue_serve(p, now);
	return a;
}

/* ---- those that copy its state ----------------------------------------- */

static void
lead_trackers(struct lb_server *s)
{
	char how[256];

	for (struct lb_server *t = s->trackers; t != NULL;
	    t = t->next_tracker) {
		bool maint = (s->admin & LB_ADMIN_MAINT) != 0;
		bool drain = (s->admin & LB_ADMIN_DRAIN) != 0;
		unsigned admin = t->admin &
		    ~(unsigned)(LB_ADMIN_IMAINT | LB_ADMIN_IDRAIN);

		admin |= maint ? LB_ADMIN_IMAINT : 0;
		admin |= drain ? LB_ADMIN_IDRAIN : 0;
		snprintf(how, sizeof how, " via %s/%s", s->proxy->conf->name,
		    s->conf->name);
		if (admin != t->admin)
			lb_health_admin(t, admin & ~t->admin,
			    t->admin & ~admin, how);
		else if (!maint && t->state != s->state)
			move(t, s->state, how, false);
	}
}

/* ---- up and down ------------------------------------------------------- */

static void
tell_move(const struct lb_server *s, enum lb_server_state state,
    const char *how, const struct after *a)
{
	struct line l = { .len = 0 };

	add(&l, "%sServer %s/%s is %s%s.", s->conf->backup ? "Backup " : "",
	    s->proxy->conf->name, s->conf->name,
	    state == LB_SERVER_STOPPED ? "DOWN" :
	    state == LB_SERVER_STOPPING ? "stopping" : "UP", how);
	if (state == LB_SERVER_STOPPED)
		add(&l, " %u active and %u backup servers left.%s %u sessions "
		    "active, %u requeued, %u remaining in queue.", a->active,
		    a->backups, a->on_backup ? " Running on backup." : "",
		    a->served, a->moved, a->left);
	else
		add(&l, " %u active and %u backup servers online.%s %u "
		    "sessions requeued, %u total in queue.", a->active,
		    a->backups, a->on_backup ? " Running on backup." : "",
		    a->moved, a->left);
	tell(s, state == LB_SERVER_STOPPED ? LB_LOG_ALERT : LB_LOG_NOTICE,
	    l.at);
}

/* Said again whenever something else about the server was said. */
static void
tell_drain(const struct lb_server *s)
{
	struct line l = { .len = 0 };

	if ((s->admin & LB_ADMIN_FDRAIN) == 0)
		return;
	add(&l, "%sServer %s/%s remains in forced drain mode.",
	    s->conf->backup ? "Backup " : "", s->proxy->conf->name,
	    s->conf->name);
	tell(s, LB_LOG_NOTICE, l.at);
}

static void
move(struct lb_server *s, enum lb_server_state state, const char *how,
    bool admin)
{
	bool rises = s->state == LB_SERVER_STOPPED;
	struct after a;

	if (state == LB_SERVER_RUNNING && rises && s->conf->slowstart > 0)
		state = LB_SERVER_STARTING;
	if (state == s->state)
		return;
	a = change(s, state, s->admin);
	tell_move(s, state, how, &a);
	tell_drain(s);
	if (a.deserted)
		tell_deserted(s->proxy);
	if (state == LB_SERVER_STOPPED && s->conf->down_shuts_sessions)
		shut_sessions(s, LB_SHUT_DOWN);
	if (rises && !s->conf->backup && s->conf->up_shuts_backups)
		shut_sessions(s, LB_SHUT_BACKUPS);
	lead_trackers(s);
}

/* ---- results of checks ------------------------------------------------- */

static void
tell_result(const struct lb_server *s, bool agent,
    const struct lb_cause *cause)
{
	const struct lb_verdict *v = &s->verdicts[agent];
	bool stopped = !lb_verdict_up(v);
	struct line l = { .len = 0 };
	int h, n;

	lb_verdict_share(v, &h, &n);
	add(&l, "%s check for %sserver %s/%s %s", agent ? "Agent" : "Health",
	    s->conf->backup ? "backup " : "", s->proxy->conf->name,
	    s->conf->name, cause->result == LB_RESULT_PASSED ? "succeeded" :
	    cause->result == LB_RESULT_CONDITIONAL ?
	    "conditionally succeeded" : "failed");
	add_cause(&l, cause);
	add(&l, ", status: %d/%d %s.", h, n, stopped ? "DOWN" :
	    s->weight == 0 ? "DRAIN" : "UP");
	tell(s, LB_LOG_NOTICE, l.at);
}

static bool
logs_results(const struct lb_server *s)
{
	return (s->proxy->conf->options &
	    (1u << LB_OPT_LOG_HEALTH_CHECKS)) != 0;
}

/* The other of check and agent may hold it down. */
static bool
is_held_down(const struct lb_server *s, bool by_agent)
{
	return s->checked[by_agent] && !lb_verdict_up(&s->verdicts[by_agent]);
}

static bool
is_telling(enum lb_result r)
{
	return r != LB_RESULT_UNKNOWN && r != LB_RESULT_NEUTRAL;
}

void
lb_health_take(struct lb_server *s, bool agent, const struct lb_cause *cause)
{
	struct lb_verdict *v = &s->verdicts[agent];
	bool up = s->state != LB_SERVER_STOPPED;
	int before = v->health;
	enum lb_ruling ruling;
	struct line how = { .len = 0 };

	if (cause->result == LB_RESULT_FAILED && before > 0 && !cause->idle)
		s->failed_checks++;
	ruling = lb_verdict_take(v, cause->idle ? LB_RESULT_NEUTRAL :
	    cause->result, up, s->state == LB_SERVER_STOPPING);
	if (logs_results(s) && is_telling(cause->result) &&
	    (cause->changed || v->health != before))
		tell_result(s, agent, cause);
	if (s->admin & LB_ADMIN_MAINT)
		return;
	if (!logs_results(s))
		add_cause(&how, cause);
	if (ruling == LB_RULING_DOWN)
		move(s, LB_SERVER_STOPPED, how.at, false);
	else if (ruling == LB_RULING_UP && !is_held_down(s, !agent))
		move(s, LB_SERVER_RUNNING, how.at, false);
	else if (ruling == LB_RULING_STOPPING && !is_held_down(s, !agent))
		move(s, LB_SERVER_STOPPING, how.at, false);
}

void
lb_health_force(struct lb_server *s, bool agent, enum lb_server_state state,
    const char *why)
{
	struct lb_verdict *v = &s->verdicts[agent];

	if (s->checked[agent])
		v->health = state == LB_SERVER_STOPPED ? 0 :
		    v->rise + v->fall - 1;
	if ((s->admin & LB_ADMIN_MAINT) == 0)
		move(s, state, why, true);
}

/* ---- maintenance and drain --------------------------------------------- */

static enum lb_server_state
state_after(const struct lb_server *s)
{
	const struct lb_server *from = s->track;

	if (s->address.len == 0)
		return LB_SERVER_STOPPED;
	if (from != NULL)
		return from->state;
	return is_held_down(s, false) || is_held_down(s, true) ?
	    LB_SERVER_STOPPED : LB_SERVER_RUNNING;
}

static void
tell_admin(const struct lb_server *s, unsigned old, bool was_down,
    const char *why, const struct after *a)
{
	const bool maint = (s->admin & LB_ADMIN_MAINT) != 0;
	const bool had_maint = (old & LB_ADMIN_MAINT) != 0;
	const bool drain = (s->admin & LB_ADMIN_DRAIN) != 0;
	const bool forced = ((old ^ s->admin) &
	    (LB_ADMIN_FMAINT | LB_ADMIN_FDRAIN)) != 0;
	enum lb_log_level level = LB_LOG_NOTICE;
	struct line l = { .len = 0 };

	add(&l, "%sServer %s/%s ", s->conf->backup ? "Backup " : "",
	    s->proxy->conf->name, s->conf->name);
	if (maint && was_down)
		add(&l, "was DOWN and now enters maintenance%s.", why);
	else if (maint) {
		level = LB_LOG_ALERT;
		add(&l, "is going DOWN for maintenance%s. %u active and %u "
		    "backup servers left.%s %u sessions active, %u requeued, "
		    "%u remaining in queue.", why, a->active, a->backups,
		    a->on_backup ? " Running on backup." : "", a->served,
		    a->moved, a->left);
	} else if (had_maint && (old & LB_ADMIN_RMAINT))
		add(&l, "('%s') is %s/%s (resolves again)%s.",
		    s->hostname != NULL ? s->hostname : "",
		    s->state == LB_SERVER_STOPPED ? "DOWN" : "UP",
		    drain ? "DRAIN" : "READY", why);
	else if (had_maint)
		add(&l, "is %s/%s (leaving %smaintenance)%s.",
		    s->state == LB_SERVER_STOPPED ? "DOWN" : "UP",
		    drain ? "DRAIN" : "READY", forced ? "forced " : "", why);
	else if (drain)
		add(&l, "enters drain state%s. %u active and %u backup "
		    "servers online.%s %u sessions requeued, %u total in "
		    "queue.", why, a->active, a->backups,
		    a->on_backup ? " Running on backup." : "", a->moved,
		    a->left);
	else
		add(&l, "is %s (leaving %sdrain)%s.",
		    s->state == LB_SERVER_STOPPED ? "DOWN" : "UP",
		    forced ? "forced " : "", why);
	tell(s, level, l.at);
}

static void
tell_resolved(const struct lb_server *s)
{
	struct line l = { .len = 0 };

	add(&l, "%sServer %s/%s ('%s') resolves again but remains in "
	    "maintenance.", s->conf->backup ? "Backup " : "",
	    s->proxy->conf->name, s->conf->name,
	    s->hostname != NULL ? s->hostname : "");
	tell(s, LB_LOG_NOTICE, l.at);
}

void
lb_health_admin(struct lb_server *s, unsigned set, unsigned clear,
    const char *why)
{
	unsigned old = s->admin, admin = (old & ~clear) | set;
	bool was_down = s->state == LB_SERVER_STOPPED;
	bool maint = (admin & LB_ADMIN_MAINT) != 0;
	enum lb_server_state state = s->state;
	struct after a;

	if (admin == old)
		return;
	if (maint)
		state = LB_SERVER_STOPPED;
	else if (old & LB_ADMIN_MAINT) {
		lb_verdict_start(&s->verdicts[0], s->verdicts[0].rise,
		    s->verdicts[0].fall);
		state = state_after(s);
	}
	a = change(s, state, admin);
	/* A second reason for the same is not told. */
	if (maint != ((old & LB_ADMIN_MAINT) != 0) || (!maint &&
	    ((admin ^ old) & LB_ADMIN_DRAIN)))
		tell_admin(s, old, was_down, why, &a);
	else if (maint && (old & ~admin & LB_ADMIN_RMAINT))
		tell_resolved(s);
	if (!maint && (old & LB_ADMIN_MAINT))
		tell_drain(s);
	if (a.deserted)
		tell_deserted(s->proxy);
	if (maint && !was_down && s->conf->down_shuts_sessions)
		shut_sessions(s, LB_SHUT_DOWN);
	if (was_down && s->state != LB_SERVER_STOPPED && !s->conf->backup &&
	    s->conf->up_shuts_backups)
		shut_sessions(s, LB_SHUT_BACKUPS);
	lead_trackers(s);
}

/* ---- weights and limits ------------------------------------------------ */

void
lb_health_weigh(struct lb_server *s, unsigned weight)
{
	bool was_up, is_up;

	lb_proxy_lock(s->proxy);
	was_up = s->proxy->up;
	s->weight = weight;
	lb_proxy_recount(s->proxy, loop_now(home));
	is_up = s->proxy->up;
	lb_proxy_unlock(s->proxy);
	if (was_up && !is_up)
		tell_deserted(s->proxy);
	lb_queue_serve(s->proxy, loop_now(home));
}

void
lb_health_place(struct lb_server *s, const struct address *to)
{
	lb_proxy_lock(s->proxy);
	s->address = *to;
	lb_proxy_recount(s->proxy, loop_now(home));
	lb_proxy_unlock(s->proxy);
}

void
lb_health_limit(struct lb_server *s, unsigned maxconn)
{
	lb_proxy_lock(s->proxy);
	s->maxconn = maxconn;
	lb_proxy_unlock(s->proxy);
	lb_queue_serve(s->proxy, loop_now(home));
}

void
lb_health_move(struct lb_server *s, const struct address *to,
    enum lb_port_kind kind, uint16_t offset)
{
	lb_proxy_lock(s->proxy);
	s->address = *to;
	s->port_kind = kind;
	s->port_offset = offset;
	lb_proxy_unlock(s->proxy);
}

/* Slow starters gain weight as time goes by. */
static void
on_slow_timer(void *arg)
{
	for (unsigned i = 0; i < lb_world()->count; i++) {
		struct lb_proxy *p = lb_world()->proxies[i];
		bool any = false;

		lb_proxy_lock(p);
		for (unsigned n = 0; n < p->server_count; n++)
			any = any || p->servers[n]->state ==
			    LB_SERVER_STARTING;
		if (any)
			lb_proxy_recount(p, loop_now(home));
		lb_proxy_unlock(p);
		if (any)
			lb_queue_serve(p, loop_now(home));
	}
}

void
lb_health_init(struct loop *loop,
    void (*shut)(struct lb_server *, enum lb_shut))
{
	home = loop;
	shut_sessions = shut;
	timer_init(&slow_timer, loop, on_slow_timer, NULL);
	timer_every(&slow_timer, CLOCK_SECOND);
}

void
lb_health_fini(void)
{
	timer_stop(&slow_timer);
}
