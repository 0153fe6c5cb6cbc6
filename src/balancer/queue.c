/* SPDX-License-Identifier: ISC */
/*
 * queue.c - slots and lines of one backend, under its proxy's lock. Grants
 * are collected while the lock is held and posted when it is let go.
 */
#include "balancer/queue.h"
#include "base/die.h"

/* ---- lines ------------------------------------------------------------- */

static bool
goes_before(const struct lb_waiter *a, const struct lb_waiter *b)
{
	if (a->priority_class != b->priority_class)
		return a->priority_class < b->priority_class;
	return a->since < b->since;
}

static struct lb_waiters *
line_of(const struct lb_waiter *w)
{
	return w->line != NULL ? &w->line->queue : &w->proxy->queue;
}

static void
note_load(struct lb_server *s)
{
	if (s->proxy->balance->load != NULL)
		s->proxy->balance->load(s);
}

/* Most come last, so the place is looked for from the end. */
static void
stand_in(struct lb_waiter *w, struct lb_server *server)
{
	struct lb_waiters *line;
	struct lb_waiter *before;

	w->line = server;
	line = line_of(w);
	before = line->last;
	while (before != NULL && goes_before(w, before))
		before = before->prev;
	w->prev = before;
	w->next = before != NULL ? before->next : line->first;
	if (w->next != NULL)
		w->next->prev = w;
	else
		line->last = w;
	if (before != NULL)
		before->next = w;
	else
		line->first = w;
	w->waiting = true;
	w->proxy->queued++;
	if (++line->count > line->most)
		line->most = line->count;
	if (server != NULL)
		note_load(server);
}

static void
step_out(struct lb_waiter *w)
{
	struct lb_waiters *line = line_of(w);

	if (w->prev != NULL)
		w->prev->next = w->next;
	else
		line->first = w->next;
	if (w->next != NULL)
		w->next->prev = w->prev;
	else
		line->last = w->prev;
	w->next = w->prev = NULL;
	w->waiting = false;
	line->count--;
	w->proxy->queued--;
	if (w->line != NULL)
		note_load(w->line);
}

/* ---- slots ------------------------------------------------------------- */

static void
take_slot(struct lb_waiter *w, struct lb_server *s)
{
	w->granted = s;
	s->served++;
	w->proxy->served++;
	if (s->served > s->served_most)
		s->served_most = s->served;
	note_load(s);
}

static struct lb_waiter *
head_for(const struct lb_server *s)
{
	struct lb_waiter *own = s->queue.first, *all = s->proxy->queue.first;

	if (!lb_server_usable(s))
		return lb_server_reachable(s) ? own : NULL;
	if (own == NULL || (all != NULL && goes_before(all, own)))
		return all;
	return own;
}

/* Whoever has a slot of it now; chained by next. */
static void
fill(struct lb_server *s, struct lb_waiter **granted)
{
	struct lb_waiter *w;

	while (!lb_server_full(s) && (w = head_for(s)) != NULL) {
		step_out(w);
		take_slot(w, s);
		w->underway = true;
		w->next = *granted;
		*granted = w;
	}
}

static void
fill_all(struct lb_proxy *p, struct lb_waiter **granted)
{
	for (unsigned i = 0; i < p->server_count; i++)
		fill(p->servers[i], granted);
}

static void
tell(struct lb_waiter *granted)
{
	struct lb_waiter *next;

	for (; granted != NULL; granted = next) {
		next = granted->next;
		granted->next = NULL;
		loop_post(granted->loop, granted->call, granted);
	}
}

/* ---- what others call -------------------------------------------------- */

static bool
line_has_room(const struct lb_server *s)
{
	return s->conf->maxqueue == 0 ||
	    s->queue.count < (unsigned)s->conf->maxqueue;
}

static enum lb_seat
enter(struct lb_waiter *w, struct lb_proxy *p, const struct lb_ask *ask,
    struct lb_server *wanted)
{
	struct lb_server *s = wanted;

	w->ahead_server = w->ahead_backend = 0;
	if (s == NULL || !lb_server_reachable(s) ||
	    (lb_server_full(s) && !line_has_room(s))) {
		if (p->usable_count == 0)
			return LB_SEAT_NONE;
		s = p->balance->pick(p, ask);
		if (s != NULL && lb_server_full(s) && !line_has_room(s))
			s = NULL;
		if (s != NULL) {
			s->chosen++;
			p->chosen++;
		}
	}
	if (s != NULL && !lb_server_full(s)) {
		take_slot(w, s);
		return LB_SEAT_GRANTED;
	}
	stand_in(w, s);
	/* Its place in the line, as the log has it. */
	if (s != NULL)
		w->ahead_server = s->queue.count;
	else
		w->ahead_backend = p->queue.count;
	return LB_SEAT_WAITING;
}

enum lb_seat
lb_queue_enter(struct lb_waiter *w, struct lb_proxy *p,
    const struct lb_ask *ask, struct lb_server *wanted)
{
	enum lb_seat seat;

	NEED(!w->waiting && !w->underway);
	w->proxy = p;
	w->granted = NULL;
	w->loop = loop_here();
	lb_proxy_lock(p);
	seat = enter(w, p, ask, wanted);
	lb_proxy_unlock(p);
	return seat;
}

bool
lb_queue_leave(struct lb_waiter *w)
{
	bool waited;

	if (w->proxy == NULL)
		return false;
	lb_proxy_lock(w->proxy);
	waited = w->waiting;
	if (waited)
		step_out(w);
	lb_proxy_unlock(w->proxy);
	return waited;
}

void
lb_queue_release(struct lb_proxy *p, struct lb_server *s)
{
	struct lb_waiter *granted = NULL;

	lb_proxy_lock(p);
	NEED(s->served > 0);
	s->served--;
	p->served--;
	note_load(s);
	fill(s, &granted);
	lb_proxy_unlock(p);
	tell(granted);
}

void
lb_queue_serve(struct lb_proxy *p, int64_t now)
{
	struct lb_waiter *granted = NULL;

	lb_proxy_lock(p);
	fill_all(p, &granted);
	lb_proxy_unlock(p);
	tell(granted);
}

unsigned
lb_queue_spread(struct lb_server *s, int64_t now, unsigned *left)
{
	struct lb_waiter *granted = NULL, *w;
	struct lb_proxy *p = s->proxy;
	unsigned moved = 0;

	lb_proxy_lock(p);
	while ((w = s->queue.first) != NULL) {
		step_out(w);
		stand_in(w, NULL);
		moved++;
	}
	fill_all(p, &granted);
	*left = p->queue.count;
	lb_proxy_unlock(p);
	tell(granted);
	return moved;
}
