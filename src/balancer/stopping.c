/* SPDX-License-Identifier: ISC */
/* stopping.c - the end, in several ways. Loop 0. */
#include <signal.h>
#include <stdio.h>

#include "balancer/console.h"
#include "balancer/door.h"
#include "balancer/session.h"
#include "balancer/stopping.h"
#include "balancer/takeover.h"
#include "balancer/world.h"
#include "base/clock.h"
#include "net/timer.h"
#include "proc/ready.h"
#include "proc/signals.h"

static struct loop *home;
static int exit_code;
static struct timer watch_timer, hard_timer, grace_timer, drain_timer;

static void
end(int code)
{
	exit_code = code;
	loop_stop(home);
}

static void
on_term(void)
{
	end(128 + SIGTERM);
}

static void
on_int(void)
{
	end(128 + SIGINT);
}

/* ---- soft -------------------------------------------------------------- */

static void
on_watch(void *arg)
{
	if (atomic_load(&lb_world()->sessions) == 0)
		end(0);
}

static bool
is_any(const struct lb_session *s, void *arg)
{
	return true;
}

static void
on_swept(void *arg)
{
	lb_world_say(NULL, LB_LOG_WARNING,
	    "Some tasks resisted to hard-stop, exiting now.");
	end(0);
}

static void
stop_hard(const char *text)
{
	timer_stop(&hard_timer);
	timer_stop(&drain_timer);
	lb_world_say(NULL, LB_LOG_WARNING, text);
	lb_session_end_all(is_any, NULL, &lb_end_killed, on_swept);
}

static void
on_hard(void *arg)
{
	stop_hard("soft-stop running for too long, performing a hard-stop.");
}

/* What could not go to the successor has had its time. */
static void
on_drained(void *arg)
{
	stop_hard("takeover_drain is over: ending the sessions that the new "
	    "process could not take.");
}

void
lb_stopping_proxy(struct lb_proxy *p)
{
	char line[300];
	uint64_t back;

	if (p->state == LB_PROXY_STOPPED)
		return;
	/* A socket that is ours alone takes its queue with it. */
	lb_door_drain(p);
	lb_door_stop(p);
	lb_proxy_lock(p);
	back = p->total;
	lb_proxy_unlock(p);
	snprintf(line, sizeof line, "Proxy %.200s stopped (cumulated conns: "
	    "FE: %llu, BE: %llu).", p->conf->name,
	    (unsigned long long)p->front_connections,
	    (unsigned long long)back);
	lb_world_say(p, LB_LOG_WARNING, line);
}

static void
stop_all(void *arg)
{
	const struct lb_global_conf *g = &lb_world()->setup->global;

	lb_console_stop();
	for (unsigned i = 0; i < lb_world()->count; i++)
		lb_stopping_proxy(lb_world()->proxies[i]);
	if (g->hard_stop_after > 0)
		timer_after(&hard_timer, g->hard_stop_after);
	if (g->takeover_drain > 0 && lb_takeover_given())
		timer_after(&drain_timer, g->takeover_drain);
	timer_every(&watch_timer, 20 * CLOCK_MS);
}

void
lb_stopping_soft(void)
{
	const struct lb_global_conf *g = &lb_world()->setup->global;
	char line[100];

	if (lb_world()->stopping)
		return;
	lb_world()->stopping = true;
	ready_stopping();
	if (g->grace == 0) {
		stop_all(NULL);
		return;
	}
	snprintf(line, sizeof line, "Scheduling a soft-stop in %lld ms.",
	    (long long)(g->grace / CLOCK_MS));
	lb_logs_say(LB_LOG_NOTICE, line);
	timer_after(&grace_timer, g->grace);
}

/* ---- pause, resume, tell ----------------------------------------------- */

/* Only who listens was open. */
static void
tell_change(const struct lb_proxy *p, const char *what)
{
	char line[300];

	if (p->doors == NULL)
		return;
	snprintf(line, sizeof line, "%s %s %.200s.", what, p->conf->kind,
	    p->conf->name);
	lb_world_say(p, LB_LOG_WARNING, line);
}

static void
on_pause(void)
{
	for (unsigned i = 0; i < lb_world()->count; i++) {
		struct lb_proxy *p = lb_world()->proxies[i];

		if (p->state != LB_PROXY_OPEN)
			continue;
		lb_door_let_go(p);
		tell_change(p, "Paused");
	}
}

static void
on_resume(void)
{
	for (unsigned i = 0; i < lb_world()->count; i++) {
		struct lb_proxy *p = lb_world()->proxies[i];

		if (p->state != LB_PROXY_PAUSED)
			continue;
		lb_door_hold_again(p);
		tell_change(p, "Resumed");
	}
}

static void
tell_server(const struct lb_server *s)
{
	char line[400];

	snprintf(line, sizeof line, "SIGHUP: Server %.100s/%.100s is %s. "
	    "Conn: %u act, %u pend, %llu tot.", s->proxy->conf->name,
	    s->conf->name, s->state != LB_SERVER_STOPPED ? "UP" : "DOWN",
	    s->served, s->queue.count, (unsigned long long)s->sessions);
	lb_logs_say(LB_LOG_WARNING, line);
	lb_world_log(s->proxy, LB_LOG_NOTICE, line);
}

static void
how_served(const struct lb_proxy *p, char *to, size_t room)
{
	if (p->server_count == 0)
		snprintf(to, room, "has no servers.");
	else if (p->active == 0)
		snprintf(to, room, p->backups > 0 ? "is running on backup "
		    "servers !" : "has no server available !");
	else
		snprintf(to, room, "has %u active servers and %u backup "
		    "servers available.", p->active, p->backups);
}

static void
tell_proxy(struct lb_proxy *p)
{
	char line[500], how[100];

	for (unsigned i = 0; i < p->server_count; i++)
		tell_server(p->servers[i]);
	lb_proxy_lock(p);
	how_served(p, how, sizeof how);
	snprintf(line, sizeof line, "SIGHUP: Proxy %.100s %s Conn: "
	    "act(FE+BE): %u+%u, %u pend (%u unass), tot(FE+BE): %llu+%llu.",
	    p->conf->name, how, atomic_load(&p->front_sessions), p->sessions, p->queued,
	    p->queue.count, (unsigned long long)p->front_total,
	    (unsigned long long)p->total);
	lb_proxy_unlock(p);
	lb_logs_say(LB_LOG_WARNING, line);
	lb_world_log(p, LB_LOG_NOTICE, line);
}

static void
on_hangup(void)
{
	char line[300];

	for (unsigned i = 0; i < lb_world()->count; i++) {
		struct lb_proxy *p = lb_world()->proxies[i];

		snprintf(line, sizeof line, "SIGHUP received, dumping "
		    "servers states for proxy %.200s.", p->conf->name);
		lb_logs_say(LB_LOG_WARNING, line);
		lb_world_log(p, LB_LOG_NOTICE, line);
		tell_proxy(p);
	}
}

static void
on_nothing(void)
{
}

int
lb_stopping_watch(struct loop *loop, struct why *why)
{
	static const struct {
		int number;
		void (*on)(void);
	} rows[] = {
		{ SIGTERM, on_term }, { SIGINT, on_int },
		{ SIGUSR1, lb_stopping_soft }, { SIGHUP, on_hangup },
		{ SIGTTOU, on_pause }, { SIGTTIN, on_resume },
		{ SIGUSR2, on_nothing }, { SIGQUIT, on_nothing },
	};

	home = loop;
	timer_init(&watch_timer, loop, on_watch, NULL);
	timer_init(&hard_timer, loop, on_hard, NULL);
	timer_init(&grace_timer, loop, stop_all, NULL);
	timer_init(&drain_timer, loop, on_drained, NULL);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (signals_watch(loop, rows[i].number, rows[i].on, why) < 0)
			return -1;
	return 0;
}

int
lb_stopping_code(void)
{
	return exit_code;
}
