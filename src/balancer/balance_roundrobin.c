/* SPDX-License-Identifier: ISC */
/*
 * balance_roundrobin.c - turns by weight, spread evenly: each server has a
 * place in time at which it is due next, total weight / own weight behind the
 * one before. At start those without a place come in by weight, when nobody
 * is due. Pure, under the proxy's lock.
 */
#include "balancer/balance.h"

/*
 * Of a server: key is the whole part of its place, turn what is left in
 * 1/eweight, score 1 when it has a place. Of the proxy: turn is now.
 */

static bool
is_before(const struct lb_server *a, const struct lb_server *b)
{
	uint64_t left, right;

	if (a->key != b->key)
		return a->key < b->key;
	left = a->turn * b->eweight;
	right = b->turn * a->eweight;
	return left != right ? left < right : a->eweight > b->eweight;
}

static struct lb_server *
find_due(const struct lb_proxy *p, const struct lb_server *not)
{
	struct lb_server *due = NULL, *fresh = NULL;

	for (unsigned i = 0; i < p->usable_count; i++) {
		struct lb_server *s = p->usable[i];

		if (s == not || lb_server_full(s) || s->queue.count > 0)
			continue;
		if (s->score == 0) {
			if (fresh == NULL || s->eweight > fresh->eweight)
				fresh = s;
		} else if (due == NULL || is_before(s, due))
			due = s;
	}
	if (due != NULL && (due->key <= p->turn || fresh == NULL))
		return due;
	return fresh;
}

static struct lb_server *
pick(struct lb_proxy *p, const struct lb_ask *ask)
{
	struct lb_server *s = find_due(p, ask->not);
	uint64_t whole;

	/* Rather this one again than nobody. */
	if (s == NULL && ask->not != NULL)
		s = find_due(p, NULL);
	if (s == NULL)
		return NULL;
	if (s->score == 0) {
		s->key = p->turn;
		s->turn = 0;
		s->score = 1;
	}
	whole = p->total_weight + s->turn;
	s->key += whole / s->eweight;
	s->turn = whole % s->eweight;
	p->turn++;
	return s;
}

/* Who comes back joins at the end of this turn; a rest is of its weight. */
static void
update(struct lb_proxy *p)
{
	for (unsigned i = 0; i < p->server_count; i++) {
		struct lb_server *s = p->servers[i];

		if (!lb_server_usable(s)) {
			s->score = p->turn > 0 ? 2 : 0;
			continue;
		}
		if (s->turn >= s->eweight)
			s->turn = 0;
		if (s->score != 2)
			continue;
		s->score = 1;
		s->key = p->turn + p->total_weight / s->eweight;
		s->turn = 0;
	}
}

const struct lb_balance lb_balance_roundrobin = {
	.name = "roundrobin", .turns = true, .update = update, .pick = pick,
};
