/* SPDX-License-Identifier: ISC */
/*
 * commands_proxy.c - what is said about frontends and the process: opened
 * and shut, limits, counters set back. Loop 0.
 */
#include <stdio.h>

#include "balancer/check.h"
#include "balancer/commands_rows.h"
#include "balancer/door.h"
#include "balancer/stopping.h"
#include "balancer/targets.h"
#include "balancer/value.h"
#include "base/number.h"

/* ---- frontends --------------------------------------------------------- */

static void
tell_all(const struct lb_proxy *p, const char *what)
{
	char line[300];

	snprintf(line, sizeof line, "%s frontend %.200s.", what,
	    p->conf->name);
	lb_world_say(p, LB_LOG_WARNING, line);
}

static void
run_disable(struct talk *t, const struct command_line *l)
{
	struct lb_proxy *p = lb_targets_frontend(t, l->at[2]);

	if (p == NULL)
		return;
	if (p->state == LB_PROXY_STOPPED)
		lb_talk_refuse(t, "Frontend was previously shut down, cannot "
		    "disable.");
	else if (p->state == LB_PROXY_PAUSED)
		lb_talk_refuse(t, "All sockets are already disabled.");
	else {
		lb_door_pause(p);
		tell_all(p, "Paused");
	}
}

static void
run_enable(struct talk *t, const struct command_line *l)
{
	struct lb_proxy *p = lb_targets_frontend(t, l->at[2]);

	if (p == NULL)
		return;
	if (p->state == LB_PROXY_STOPPED)
		lb_talk_refuse(t, "Frontend was previously shut down, cannot "
		    "enable.");
	else if (p->state == LB_PROXY_OPEN)
		lb_talk_refuse(t, "All sockets are already enabled.");
	else {
		lb_door_resume(p);
		tell_all(p, "Resumed");
	}
}

static void
run_shutdown(struct talk *t, const struct command_line *l)
{
	struct lb_proxy *p = lb_targets_frontend(t, l->at[2]);

	if (p == NULL)
		return;
	if (p->state == LB_PROXY_STOPPED)
		lb_talk_refuse(t, "Frontend was already shut down.");
	else
		lb_stopping_proxy(p);
}

/* ---- limits ------------------------------------------------------------ */

/* A whole number in the range; false: told. */
static bool
read_number(struct talk *t, const char *word, const char *missing,
    int64_t most, unsigned *to)
{
	int64_t n;

	if (number_int(text_of(word), 10, INT32_MIN, INT32_MAX, &n,
	    NULL) < 0) {
		lb_talk_refuse(t, "%s", missing);
		return false;
	}
	if (n < 0 || n > most) {
		lb_talk_refuse(t, "Value out of range.");
		return false;
	}
	*to = (unsigned)n;
	return true;
}

static void
run_set_maxconn_frontend(struct talk *t, const struct command_line *l)
{
	struct lb_proxy *p = lb_targets_frontend(t, l->at[3]);
	unsigned n;

	if (p == NULL || !read_number(t, l->at[4], "Integer value expected.",
	    INT32_MAX, &n))
		return;
	p->maxconn = n;
	lb_door_look();
}

static void
run_set_maxconn_global(struct talk *t, const struct command_line *l)
{
	struct lb_world *w = lb_world();
	unsigned n;

	if (!read_number(t, l->at[3], "Expects an integer value.",
	    w->hard_maxconn, &n))
		return;
	w->maxconn = n > 0 ? n : w->hard_maxconn;
	lb_door_look();
}

static void
run_set_rate(struct talk *t, const struct command_line *l)
{
	struct lb_world *w = lb_world();
	unsigned ignored;
	const struct {
		const char *word;
		unsigned *to;
	} rows[] = {
		{ "connections", &w->connection_limit },
		{ "sessions", &w->session_limit },
		{ "ssl-sessions", &w->tls_limit },
		{ "http-compression", &ignored },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].word, l->at[2]) == 0 &&
		    strcmp(l->at[3], "global") == 0) {
			if (read_number(t, l->at[4], "Expects an integer "
			    "value.", INT32_MAX, rows[i].to))
				lb_door_look();
			return;
		}
	lb_talk_refuse(t, "'set rate-limit' only supports :\n"
	    "   - 'connections global' to set the per-process maximum "
	    "connection rate\n"
	    "   - 'sessions global' to set the per-process maximum session "
	    "rate\n"
	    "   - 'ssl-sessions global' to set the per-process maximum SSL "
	    "session rate\n"
	    "   - 'http-compression global' to set the per-process maximum "
	    "compression speed in kB/s");
}

/* ---- counters ---------------------------------------------------------- */

static void
clear_server(struct lb_server *s, bool all)
{
	s->served_most = s->served;
	s->queue.most = s->queue.count;
	s->rate.most = 0;
	s->times.queue_most = s->times.connect_most = s->times.total_most = 0;
	if (!all)
		return;
	lb_counts_clear(s->counts);
	s->sessions = s->chosen = s->down_count = s->failed_checks =
	    s->observed = 0;
	s->times = (struct lb_times){ .queue = 0 };
	s->last_session = 0;
	s->down_time = 0;
}

static void
clear_doors(struct lb_proxy *p, bool all)
{
	for (struct lb_door *d = p->doors; d != NULL; d = d->next) {
		d->most = atomic_load(&d->sessions);
		if (!all)
			continue;
		d->total = d->connections = 0;
		lb_counts_clear(d->counts);
	}
}

static void
clear_proxy(struct lb_proxy *p, bool all)
{
	clear_doors(p, all);
	p->front_most = atomic_load(&p->front_sessions);
	p->session_rate.most = p->connection_rate.most = 0;
	lb_proxy_lock(p);
	p->most = p->sessions;
	p->queue.most = p->queue.count;
	p->rate.most = 0;
	p->times.queue_most = p->times.connect_most = p->times.total_most = 0;
	for (unsigned i = 0; i < p->server_count; i++)
		clear_server(p->servers[i], all);
	if (all) {
		p->front_total = p->front_connections = 0;
		p->total = p->chosen = p->down_count = 0;
		p->times = (struct lb_times){ .queue = 0 };
		p->last_session = 0;
		p->down_time = 0;
		lb_counts_clear(p->front);
		lb_counts_clear(p->back);
	}
	lb_proxy_unlock(p);
}

static void
clear_counters(bool all)
{
	struct lb_world *w = lb_world();

	for (unsigned i = 0; i < w->count; i++)
		clear_proxy(w->proxies[i], all);
	w->connection_rate.most = w->session_rate.most = w->tls_rate.most = 0;
}

static void
run_clear(struct talk *t, const struct command_line *l)
{
	clear_counters(false);
}

static void
run_clear_all(struct talk *t, const struct command_line *l)
{
	clear_counters(true);
}

const struct command lb_commands_proxy[] = {
	{ "disable frontend", "<frontend>", "temporarily disable specific "
	    "frontend", LB_LEVEL_ADMIN, run_disable },
	{ "enable frontend", "<frontend>", "re-enable specific frontend",
	    LB_LEVEL_ADMIN, run_enable },
	{ "shutdown frontend", "<frontend>", "stop a specific frontend",
	    LB_LEVEL_ADMIN, run_shutdown },
	{ "set maxconn frontend", "<frontend> <value>", "change a frontend's "
	    "maxconn setting", LB_LEVEL_ADMIN, run_set_maxconn_frontend },
	{ "set maxconn global", "<value>", "change the per-process maxconn "
	    "setting", LB_LEVEL_ADMIN, run_set_maxconn_global },
	{ "set rate-limit", "<setting> <value>", "change a rate limiting "
	    "value", LB_LEVEL_ADMIN, run_set_rate },
	{ "clear counters", NULL, "clear max statistics counters",
	    LB_LEVEL_OPERATOR, run_clear },
	{ "clear counters all", NULL, "clear all statistics counters",
	    LB_LEVEL_ADMIN, run_clear_all },
	{ NULL, NULL, NULL, 0, NULL }
};
