/* SPDX-License-Identifier: ISC */
/* server.c - state, weight and limits of a server. Under its proxy's lock. */
#include <stdio.h>

#include "balancer/server.h"

bool
lb_server_reachable(const struct lb_server *s)
{
	return s->state != LB_SERVER_STOPPED &&
	    (s->admin & LB_ADMIN_MAINT) == 0 && s->address.len > 0;
}

bool
lb_server_usable(const struct lb_server *s)
{
	return lb_server_reachable(s) && s->state != LB_SERVER_STOPPING &&
	    (s->admin & LB_ADMIN_DRAIN) == 0 && s->eweight > 0;
}

unsigned
lb_server_throttle(const struct lb_server *s, int64_t now)
{
	int64_t slow = s->conf->slowstart, passed;

	if (s->state != LB_SERVER_STARTING || slow <= 0 ||
	    now >= s->changed + slow)
		return 100;
	passed = now - s->changed;
	return passed < 0 ? 1 : (unsigned)(passed * 100 / slow) + 1;
}

/* Between minconn and maxconn by how full the backend is. */
static unsigned
limit_by_load(const struct lb_server *s)
{
	uint64_t full = *s->full;
	uint64_t least = (uint64_t)s->conf->minconn, most = s->maxconn;
	uint64_t share;

	if (most == 0 || least == 0 || least >= most || full == 0 ||
	    *s->crowd >= full)
		return (unsigned)most;
	share = most * *s->crowd / full;
	return (unsigned)(share > least ? share : least);
}

unsigned
lb_server_limit(const struct lb_server *s)
{
	unsigned limit = limit_by_load(s);
	uint64_t whole = (uint64_t)s->weight * LB_WEIGHT_SCALE;

	if (limit == 0 || s->state != LB_SERVER_STARTING || whole == 0 ||
	    s->conf->slowstart <= 0 || s->eweight >= whole)
		return limit;
	limit = (unsigned)(limit * s->eweight / whole);
	return limit > 0 ? limit : 1;
}

bool
lb_server_full(const struct lb_server *s)
{
	return s->maxconn > 0 && s->served >= lb_server_limit(s);
}

/* Slowstart is over. */
static void
enter_full(struct lb_server *s)
{
	s->state = LB_SERVER_RUNNING;
}

void
lb_server_weigh(struct lb_server *s, int64_t now)
{
	unsigned whole = s->weight * LB_WEIGHT_SCALE;

	s->eweight = whole * lb_server_throttle(s, now) / 100;
	if (s->eweight == 0 && whole > 0)
		s->eweight = 1;
	if (s->state == LB_SERVER_STARTING &&
	    lb_server_throttle(s, now) == 100)
		enter_full(s);
}

static bool
is_down(enum lb_server_state state)
{
	return state == LB_SERVER_STOPPED;
}

void
lb_server_enter(struct lb_server *s, enum lb_server_state state, int64_t now)
{
	if (is_down(s->state) && !is_down(state))
		s->down_time += now - s->changed;
	s->state = state;
	s->changed = now;
	s->errors = 0;
	lb_server_weigh(s, now);
}

/* ---- how it is shown --------------------------------------------------- */

static const char *
show_maintenance(const struct lb_server *s, char *buf)
{
	const struct lb_server *from = s->track;

	if (s->admin & LB_ADMIN_RMAINT)
		snprintf(buf, LB_SERVER_STATUS, "MAINT (resolution)");
	else if ((s->admin & LB_ADMIN_IMAINT) && from != NULL &&
	    (s->admin & LB_ADMIN_FMAINT) == 0)
		snprintf(buf, LB_SERVER_STATUS, "MAINT (via %.50s/%.50s)",
		    from->conf->proxy->name, from->conf->name);
	else
		snprintf(buf, LB_SERVER_STATUS, "MAINT");
	return buf;
}

/* Its own checks, or those of the one that it tracks in the end. */
static const struct lb_server *
find_checked(const struct lb_server *s)
{
	while (s->track != NULL)
		s = s->track;
	return s;
}

static const char *
word_of(const struct lb_server *s, bool checked)
{
	if (s->state == LB_SERVER_STOPPED)
		return "DOWN";
	if (s->admin & LB_ADMIN_DRAIN)
		return "DRAIN";
	if (s->state == LB_SERVER_STOPPING)
		return "NOLB";
	return checked ? "UP" : "no check";
}

const char *
lb_server_status(const struct lb_server *s, char buf[LB_SERVER_STATUS])
{
	const struct lb_server *from = find_checked(s);
	bool stopped = s->state == LB_SERVER_STOPPED;
	const char *word;
	int h, n;

	if (s->admin & LB_ADMIN_MAINT)
		return show_maintenance(s, buf);
	word = word_of(s, from->checked[0] || from->checked[1]);
	if (from->checked[1] && stopped && from->verdicts[1].health == 0) {
		snprintf(buf, LB_SERVER_STATUS, "DOWN (agent)");
		return buf;
	}
	snprintf(buf, LB_SERVER_STATUS, "%s", word);
	if (!from->checked[0])
		return buf;
	lb_verdict_share(&from->verdicts[0], &h, &n);
	if (stopped ? h > 0 : h < n)
		snprintf(buf, LB_SERVER_STATUS, "%s %d/%d", word, h, n);
	return buf;
}
