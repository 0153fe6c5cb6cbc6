/* SPDX-License-Identifier: ISC */
/*
 * balance_hash.c - the same value goes to the same server: by a map of the
 * usable ones, or by a ring on which each has places of its own, so that a
 * server's coming or going moves only its own share. Without a value: round
 * robin. Pure, under the proxy's lock.
 */
#include "balancer/balance_map.h"
#include "balancer/digest.h"

/* A node of the ring. */
struct node {
	struct lb_server *server;
	uint32_t place;
	uint32_t away;			/* from what is looked for */
};

/* hash-balance-factor: nobody above so many percent of the average load. */
static bool
is_loaded(const struct lb_proxy *p, const struct lb_server *s)
{
	uint64_t factor = p->conf->balance.hash_factor;
	uint64_t share;

	if (factor == 0 || p->total_weight == 0)
		return false;
	share = (uint64_t)(p->served + 1) * s->eweight * factor;
	share = (share + 100ull * p->total_weight - 1) /
	    (100ull * p->total_weight);
	return s->served >= share;
}

static void
come_near(struct node *n, struct lb_server *s, uint32_t at, bool both_ways)
{
	for (unsigned i = 0; i < s->eweight; i++) {
		uint32_t place = lb_digest_avalanche(s->conf->id * 4096 + i);
		uint32_t away = place - at;

		if (both_ways && at - place < away)
			away = at - place;
		if (n->server == NULL || away < n->away)
			*n = (struct node){ s, place, away };
	}
}

/*
 * The nearest node, before or behind; from there on clockwise when its server
 * is not to be had.
 */
static struct lb_server *
find_on_ring(const struct lb_proxy *p, uint32_t at, const struct lb_server *not)
{
	struct node first = { 0 }, next = { 0 };

	for (unsigned i = 0; i < p->usable_count; i++)
		come_near(&first, p->usable[i], at, true);
	if (first.server == NULL ||
	    (first.server != not && !is_loaded(p, first.server)))
		return first.server;
	for (unsigned i = 0; i < p->usable_count; i++)
		if (p->usable[i] != not && !is_loaded(p, p->usable[i]))
			come_near(&next, p->usable[i], first.place, false);
	return next.server != NULL ? next.server : first.server;
}

static struct lb_server *
pick(struct lb_proxy *p, const struct lb_ask *ask)
{
	struct lb_server *s;

	if (!ask->hashed)
		return lb_balance_static.pick(p, ask);
	if (p->conf->balance.hash_type == LB_HASH_CONSISTENT)
		return find_on_ring(p, ask->hash, ask->not);
	s = lb_balance_map_at(p, ask->hash);
	for (uint32_t i = 1; s != NULL && s == ask->not && i < p->map_size;
	    i++)
		s = lb_balance_map_at(p, ask->hash + i);
	return s;
}

const struct lb_balance lb_balance_source = {
	.name = "source", .hash = true, .update = lb_balance_map_update,
	.pick = pick,
};

const struct lb_balance lb_balance_hash = {
	.name = "hash", .hash = true, .update = lb_balance_map_update,
	.pick = pick,
};
