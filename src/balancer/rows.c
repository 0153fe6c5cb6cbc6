/* SPDX-License-Identifier: ISC */
/*
 * rows.c - copies the numbers of one object, under its proxy's lock where
 * other loops change them; walks by numbers, never by pointers, so that what
 * comes or goes between two slices of an answer does no harm. Loop 0.
 */
#include <stdio.h>

#include "balancer/check.h"
#include "balancer/rows.h"
#include "base/clock.h"

/* ---- numbers ----------------------------------------------------------- */

static int64_t
seconds(int64_t us)
{
	return us > 0 ? us / CLOCK_SECOND : 0;
}

static int64_t
age(int64_t since, int64_t now)
{
	return since == 0 ? -1 : seconds(now - since);
}

static unsigned
whole_weight(uint64_t scaled)
{
	return (unsigned)((scaled + LB_WEIGHT_SCALE - 1) / LB_WEIGHT_SCALE);
}

static void
sum_up(struct lb_row *r, const struct lb_counts *c)
{
	for (unsigned i = 0; i < LB_COUNTERS; i++)
		r->counts[i] = lb_counts_sum(c, (enum lb_counter)i);
}

static void
set_status(struct lb_row *r, const char *text)
{
	snprintf(r->status, sizeof r->status, "%s", text);
}

/* Rules and handshakes come before there is a session. */
static void
take_unborn(struct lb_row *r)
{
	r->stot -= r->counts[LB_COUNT_DCON] + r->counts[LB_COUNT_DSES] +
	    r->counts[LB_COUNT_UNBORN];
}

/* ---- one of each kind -------------------------------------------------- */

static void
fill_frontend(struct lb_row *r, struct lb_proxy *p, int64_t now)
{
	static const char *const states[] = { "OPEN", "PAUSED", "STOP" };

	r->name = "FRONTEND";
	r->scur = atomic_load_explicit(&p->front_sessions,
	    memory_order_relaxed);
	r->smax = p->front_most;
	r->slim = p->maxconn > 0 ? p->maxconn : lb_world()->maxconn;
	r->stot = p->front_total;
	r->conn_tot = p->front_connections;
	r->rate = rate_read(&p->session_rate, now);
	r->rate_max = p->session_rate.most;
	r->conn_rate = rate_read(&p->connection_rate, now);
	r->conn_rate_max = p->connection_rate.most;
	r->req_rate = rate_read(&p->request_rate, now);
	r->req_rate_max = p->request_rate.most;
	sum_up(r, p->front);
	take_unborn(r);
	set_status(r, states[p->state]);
}

static void
fill_listener(struct lb_row *r, const struct lb_door *d)
{
	bool full;

	r->name = d->name;
	r->id = d->number;
	r->scur = atomic_load_explicit(&d->sessions, memory_order_relaxed);
	r->smax = d->most;
	r->slim = (unsigned)d->conf->maxconn;
	r->stot = d->total;
	r->conn_tot = d->connections;
	sum_up(r, d->counts);
	full = d->conf->maxconn > 0 && r->scur >= r->slim;
	set_status(r, d->proxy->state == LB_PROXY_STOPPED ? "STOP" :
	    d->proxy->state == LB_PROXY_PAUSED ? "PAUSED" :
	    full ? "FULL" : d->held ? "WAITING" : "OPEN");
}

static bool
is_passing(const struct lb_server *s)
{
	return s->checks[0] != NULL &&
	    lb_check_rows[s->checks[0]->status].result == LB_RESULT_PASSED;
}

static void
count_servers(struct lb_row *r, const struct lb_proxy *p)
{
	r->uweight = 0;
	for (unsigned i = 0; i < p->server_count; i++) {
		const struct lb_server *s = p->servers[i];

		if (s->state != LB_SERVER_STOPPED)
			r->up++;
		if (is_passing(s))
			r->passing++;
	}
	for (unsigned i = 0; i < p->usable_count; i++)
		r->uweight += p->usable[i]->weight;
}

static void
fill_backend(struct lb_row *r, struct lb_proxy *p, int64_t now)
{
	r->name = "BACKEND";
	lb_proxy_lock(p);
	r->qcur = p->queue.count;
	r->qmax = p->queue.most;
	r->scur = p->sessions;
	r->smax = p->most;
	r->slim = p->fullconn;
	r->stot = p->total;
	r->lbtot = p->chosen;
	r->chkdown = p->down_count;
	r->act = p->active;
	r->bck = p->backups;
	r->weight = whole_weight(p->total_weight);
	r->lastchg = seconds(now - p->changed);
	r->downtime = seconds(p->down_time + (p->up ? 0 : now - p->changed));
	r->lastsess = age(p->last_session, now);
	r->rate = rate_read(&p->rate, now);
	r->rate_max = p->rate.most;
	r->times = p->times;
	count_servers(r, p);
	set_status(r, p->up ? "UP" : "DOWN");
	lb_proxy_unlock(p);
	sum_up(r, p->back);
}

static bool
runs(const struct lb_check *c)
{
	return c != NULL && (c->state & LB_CHECK_ENABLED) != 0;
}

static void
fill_server(struct lb_row *r, struct lb_server *s, int64_t now)
{
	r->name = s->conf->name;
	r->id = s->conf->id;
	r->checked = runs(s->checks[0]);
	r->agent_checked = runs(s->checks[1]);
	lb_proxy_lock(s->proxy);
	r->qcur = s->queue.count;
	r->qmax = s->queue.most;
	r->scur = s->served;
	r->smax = s->served_most;
	r->slim = s->maxconn;
	r->stot = s->sessions;
	r->lbtot = s->chosen;
	r->chkdown = s->down_count;
	r->act = !s->conf->backup;
	r->bck = s->conf->backup;
	r->weight = whole_weight(s->eweight);
	r->uweight = s->weight;
	r->lastchg = seconds(now - s->changed);
	r->downtime = seconds(s->down_time + (s->state != LB_SERVER_STOPPED ?
	    0 : now - s->changed));
	r->lastsess = age(s->last_session, now);
	r->rate = rate_read(&s->rate, now);
	r->rate_max = s->rate.most;
	r->times = s->times;
	r->throttle = s->state == LB_SERVER_STARTING ?
	    lb_server_throttle(s, now) : 0;
	lb_server_status(s, r->status);
	lb_proxy_unlock(s->proxy);
	sum_up(r, s->counts);
}

void
lb_rows_fill(struct lb_row *r, unsigned kind, struct lb_proxy *p,
    struct lb_server *s, struct lb_door *d)
{
	int64_t now = loop_now(loop_here());

	memset(r, 0, offsetof(struct lb_row, counts));
	r->kind = kind;
	r->proxy = p;
	r->server = s;
	r->door = d;
	r->http = p->conf->mode == LB_MODE_HTTP;
	r->lastsess = -1;
	if (kind == LB_ROW_FRONTEND)
		fill_frontend(r, p, now);
	else if (kind == LB_ROW_LISTENER)
		fill_listener(r, d);
	else if (kind == LB_ROW_SERVER)
		fill_server(r, s, now);
	else
		fill_backend(r, p, now);
}

struct record
lb_rows_record(const struct lb_row *r)
{
	static const struct {
		char letter;
		const char *word;
	} names[] = {
		[LB_ROW_FRONTEND] = { 'F', "Frontend" },
		[LB_ROW_BACKEND] = { 'B', "Backend" },
		[LB_ROW_SERVER] = { 'S', "Server" },
		[LB_ROW_LISTENER] = { 'L', "Listener" },
	};

	return (struct record){ r->kind, names[r->kind].letter,
	    names[r->kind].word, r->proxy->conf->id, r->id, r };
}

/* ---- which ------------------------------------------------------------- */

void
lb_rows_init(struct lb_rows *w)
{
	*w = (struct lb_rows){ .proxy = -1, .kinds = LB_ROW_ALL,
	    .object = -1 };
}

/* "stats scope" of the page that asks. */
static bool
is_in_view(const struct lb_proxy *asker, const struct lb_proxy *p)
{
	const struct lb_stats_conf *stats;

	if (asker == NULL || asker->conf->stats.scopes.count == 0)
		return true;
	stats = &asker->conf->stats;
	for (unsigned i = 0; i < stats->scopes.count; i++)
		if (strcmp(stats->scopes.at[i], p->conf->name) == 0 ||
		    (strcmp(stats->scopes.at[i], ".") == 0 && p == asker))
			return true;
	return false;
}

static bool
wants_proxy(const struct lb_rows *w, const struct lb_proxy *p)
{
	if (p->conf->disabled || (w->proxy >= 0 && p->conf->id != w->proxy))
		return false;
	if (w->scope.len > 0 && memmem(p->conf->name, strlen(p->conf->name),
	    w->scope.at, w->scope.len) == NULL)
		return false;
	return is_in_view(w->asker, p);
}

static bool
wants_server(const struct lb_rows *w, const struct lb_server *s)
{
	if (w->object >= 0 && s->conf->id != w->object)
		return false;
	if (w->no_maint && (s->admin & LB_ADMIN_MAINT) != 0)
		return false;
	return !w->up || s->state != LB_SERVER_STOPPED;
}

/* ---- the way ----------------------------------------------------------- */

enum step { STEP_FRONTEND, STEP_LISTENERS, STEP_SERVERS, STEP_BACKEND,
	STEP_END };

static struct lb_door *
door_at(const struct lb_proxy *p, unsigned number)
{
	struct lb_door *d = p->doors;

	while (d != NULL && number-- > 0)
		d = d->next;
	return d;
}

static struct lb_door *
next_listener(struct lb_rows *w, const struct lb_proxy *p)
{
	struct lb_door *d;

	if ((p->conf->options & (1u << LB_OPT_SOCKET_STATS)) == 0)
		return NULL;
	while ((d = door_at(p, w->number++)) != NULL)
		if (w->object < 0 || d->number == w->object)
			return d;
	return NULL;
}

static struct lb_server *
next_server(struct lb_rows *w, const struct lb_proxy *p)
{
	while (w->number < p->server_count) {
		struct lb_server *s = p->servers[w->number++];

		if (wants_server(w, s))
			return s;
	}
	return NULL;
}

static void
go_on(struct lb_rows *w)
{
	w->step++;
	w->number = 0;
}

static bool
has_step(const struct lb_rows *w, const struct lb_proxy *p)
{
	static const unsigned kinds[] = { LB_ROW_FRONTEND, LB_ROW_LISTENER,
	    LB_ROW_SERVER, LB_ROW_BACKEND };
	unsigned side = w->step <= STEP_LISTENERS ? LB_IS_FRONTEND :
	    LB_IS_BACKEND;

	return (w->kinds & kinds[w->step]) != 0 &&
	    (p->conf->is & side) != 0;
}

/* Not all servers are shown: so many of them are there. */
static void
tell_hidden(const struct lb_rows *w, struct lb_row *r)
{
	size_t len = strlen(r->status);

	if (w->up || w->no_maint)
		snprintf(r->status + len, sizeof r->status - len,
		    " (%u/%u)", r->up, r->proxy->server_count);
}

/* The next row of this proxy; false: it has none any more. */
static bool
next_of(struct lb_rows *w, struct lb_proxy *p, struct lb_row *r)
{
	struct lb_server *s;
	struct lb_door *d;

	for (; w->step < STEP_END; go_on(w)) {
		if (!has_step(w, p))
			continue;
		if (w->step == STEP_LISTENERS) {
			if ((d = next_listener(w, p)) == NULL)
				continue;
			lb_rows_fill(r, LB_ROW_LISTENER, p, NULL, d);
		} else if (w->step == STEP_SERVERS) {
			if ((s = next_server(w, p)) == NULL)
				continue;
			lb_rows_fill(r, LB_ROW_SERVER, p, s, NULL);
		} else if (w->number++ == 0) {
			lb_rows_fill(r, w->step == STEP_FRONTEND ?
			    LB_ROW_FRONTEND : LB_ROW_BACKEND, p, NULL, NULL);
			if (w->step == STEP_BACKEND)
				tell_hidden(w, r);
		} else
			continue;
		r->legends = w->legends;
		return true;
	}
	return false;
}

static void
leave_proxy(struct lb_rows *w)
{
	w->at++;
	w->step = w->number = 0;
}

bool
lb_rows_next(struct lb_rows *w, struct lb_row *r)
{
	for (; w->at < lb_world()->count; leave_proxy(w)) {
		struct lb_proxy *p = lb_world()->proxies[w->at];

		if (wants_proxy(w, p) && next_of(w, p, r))
			return true;
	}
	return false;
}

struct lb_proxy *
lb_rows_proxy(struct lb_rows *w)
{
	while (w->at < lb_world()->count) {
		struct lb_proxy *p = lb_world()->proxies[w->at];

		leave_proxy(w);
		if (wants_proxy(w, p))
			return p;
	}
	return NULL;
}
