/* SPDX-License-Identifier: ISC */
/*
 * balance_random.c - some are drawn by weight, the least loaded of them is
 * taken; equals by their rate. Pure: chance is given. Under the proxy's lock.
 */
#include "balancer/balance.h"

static struct lb_server *
draw(const struct lb_proxy *p, uint32_t chance)
{
	uint64_t at = ((uint64_t)p->total_weight * chance) >> 32;

	for (unsigned i = 0; i < p->usable_count; i++) {
		if (at < p->usable[i]->eweight)
			return p->usable[i];
		at -= p->usable[i]->eweight;
	}
	return NULL;
}

static bool
is_lighter(const struct lb_server *a, const struct lb_server *b, int64_t now)
{
	uint64_t left = (uint64_t)a->served * b->eweight;
	uint64_t right = (uint64_t)b->served * a->eweight;

	return left != right ? left < right :
	    rate_read(&a->rate, now) < rate_read(&b->rate, now);
}

static struct lb_server *
pick(struct lb_proxy *p, const struct lb_ask *ask)
{
	unsigned draws = p->conf->balance.draws > 0 ?
	    p->conf->balance.draws : 2;
	uint32_t chance = ask->chance;
	struct lb_server *best = NULL, *s;

	for (unsigned i = 0; i < draws; i++) {
		s = draw(p, chance);
		chance = chance * 1664525u + 1013904223u;
		chance ^= chance >> 16;
		if (s == NULL || (s == ask->not && p->usable_count > 1))
			continue;
		if (best == NULL || is_lighter(s, best, ask->now))
			best = s;
	}
	if (best == NULL && ask->not != NULL)
		for (unsigned i = 0; i < p->usable_count; i++)
			if (p->usable[i] != ask->not)
				best = p->usable[i];
	return best != NULL && lb_server_full(best) ? NULL : best;
}

const struct lb_balance lb_balance_random = {
	.name = "random", .turns = true, .pick = pick,
};
