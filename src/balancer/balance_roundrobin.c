/* SPDX-License-Identifier: ISC */
/*
 * balance_roundrobin.c - turns by weight, spread evenly: each server is due
 * at a place of a circle, total weight / own weight behind its last one. As
 * many sessions as the total weight make a round; who is due behind its end
 * waits for the next one, which all begin by weight. In which order equals
 * come, and where somebody who joins is put, is the original's, as observed.
 * Pure, under the proxy's lock.
 */
#include "balancer/balance.h"

/*
 * Of a server: key is the whole part of where it is due, turn what is left
 * in 1/eweight.
 */

enum { FINE = 4096 };			/* of a place, for the order */

static void
stand(struct lb_server *s, enum lb_spot_line line)
{
	s->spot.line = line;
	s->spot.order = ++s->proxy->circle.order;
}

/* By where it is due. */
static void
stand_in_circle(struct lb_server *s)
{
	stand(s, s->key >= s->proxy->circle.end ? LB_SPOT_NEXT :
	    LB_SPOT_CURRENT);
}

/* The heavier first, within a place. */
static int64_t
rank_of(const struct lb_server *s)
{
	int64_t weight = s->spot.weight;

	if (s->spot.line == LB_SPOT_FRESH)
		return -weight;
	return (int64_t)s->key * FINE + (int64_t)s->turn - weight;
}

static bool
is_before(const struct lb_server *a, const struct lb_server *b)
{
	int64_t left = rank_of(a), right = rank_of(b);

	return left != right ? left < right : a->spot.order < b->spot.order;
}

static struct lb_server *
find_first(const struct lb_proxy *p, enum lb_spot_line line,
    const struct lb_server *not)
{
	struct lb_server *first = NULL;

	for (unsigned i = 0; i < p->usable_count; i++) {
		struct lb_server *s = p->usable[i];

		if (s->spot.line != line || s == not || lb_server_full(s) ||
		    s->queue.count > 0)
			continue;
		if (first == NULL || is_before(s, first))
			first = s;
	}
	return first;
}

/* Who is not due yet lets go those who have not begun this round. */
static struct lb_server *
find_due(const struct lb_proxy *p, const struct lb_server *not)
{
	struct lb_server *due = find_first(p, LB_SPOT_CURRENT, not), *fresh;

	if (due != NULL && due->key <= p->circle.place)
		return due;
	fresh = find_first(p, LB_SPOT_FRESH, not);
	if (fresh != NULL)
		return fresh;
	/* Rather one of the next round than nobody. */
	return due != NULL ? due : find_first(p, LB_SPOT_NEXT, not);
}

static bool
is_over(const struct lb_proxy *p)
{
	for (unsigned i = 0; i < p->usable_count; i++)
		if (p->usable[i]->spot.line != LB_SPOT_NEXT)
			return false;
	return p->usable_count > 0;
}

static void
begin_round(struct lb_proxy *p)
{
	p->circle.round++;
	p->circle.place = 0;
	p->circle.end = p->total_weight;
	for (unsigned i = 0; i < p->usable_count; i++) {
		p->usable[i]->spot.line = LB_SPOT_FRESH;
		p->usable[i]->spot.round = p->circle.round;
	}
}

static void
take(struct lb_server *s)
{
	struct lb_proxy *p = s->proxy;
	unsigned weight = s->spot.weight;

	if (s->spot.line == LB_SPOT_FRESH) {
		s->key = p->circle.place;
		s->turn = 0;
	}
	s->spot.last = s->key;
	s->key += p->total_weight / weight;
	s->turn += p->total_weight % weight;
	if (s->turn >= weight) {
		s->turn -= weight;
		s->key++;
	}
	stand_in_circle(s);
	p->circle.place++;
}

static struct lb_server *
pick(struct lb_proxy *p, const struct lb_ask *ask)
{
	struct lb_server *s;

	if (is_over(p))
		begin_round(p);
	s = find_due(p, ask->not);
	/* Rather this one again than nobody. */
	if (s == NULL && ask->not != NULL)
		s = find_due(p, NULL);
	if (s != NULL)
		take(s);
	return s;
}

/* ---- who comes and goes ------------------------------------------------ */

/* Where its share of the rest begins. Who left in this round lengthens it. */
static void
join(struct lb_server *s)
{
	struct lb_proxy *p = s->proxy;
	uint64_t rest = p->total_weight > p->circle.place ?
	    p->total_weight - p->circle.place : 0;

	if (s->spot.round == p->circle.round)
		p->circle.end = p->total_weight;
	s->key = p->circle.place + rest / s->spot.weight;
	s->turn = 0;
	stand_in_circle(s);
}

/* Due as if it had come last with this weight; not at once, nor later. */
static void
move(struct lb_server *s)
{
	struct lb_proxy *p = s->proxy;
	uint64_t step = p->total_weight / s->spot.weight;

	if (s->turn >= s->spot.weight)
		s->turn = 0;
	if (s->spot.line != LB_SPOT_CURRENT) {
		stand(s, s->spot.line);
		return;
	}
	if (s->key > s->spot.last + step)
		s->key = s->spot.last + step;
	if (s->key <= p->circle.place + 1)
		s->key = p->circle.place + step;
	s->turn = 0;
	stand_in_circle(s);
}

static void
place(struct lb_server *s, unsigned weight)
{
	unsigned was = s->spot.weight;

	s->spot.weight = weight;
	if (weight == 0)
		s->spot.line = LB_SPOT_NONE;
	else if (was == 0)
		join(s);
	else if (was != weight)
		move(s);
}

/* Nobody was there: all begin. */
static void
start(struct lb_proxy *p)
{
	p->circle.place = 0;
	p->circle.end = p->total_weight;
	for (unsigned i = 0; i < p->usable_count; i++) {
		p->usable[i]->spot.weight = p->usable[i]->eweight;
		stand(p->usable[i], LB_SPOT_FRESH);
	}
}

static bool
is_chosen_from(const struct lb_server *s)
{
	const struct lb_proxy *p = s->proxy;

	for (unsigned i = 0; i < p->usable_count; i++)
		if (p->usable[i] == s)
			return true;
	return false;
}

static void
update(struct lb_proxy *p)
{
	bool anybody = p->circle.end > 0;

	if (p->circle.end > p->total_weight)
		p->circle.end = p->total_weight;
	for (unsigned i = 0; i < p->server_count; i++) {
		struct lb_server *s = p->servers[i];
		bool in = lb_server_usable(s) &&
		    s->conf->backup == p->on_backup &&
		    (!p->on_backup || is_chosen_from(s));

		if (!in)
			place(s, 0);
		else if (anybody)
			place(s, s->eweight);
	}
	if (!anybody)
		start(p);
}

const struct lb_balance lb_balance_roundrobin = {
	.name = "roundrobin", .turns = true, .update = update, .pick = pick,
};
