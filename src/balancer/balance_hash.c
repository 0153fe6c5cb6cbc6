/* SPDX-License-Identifier: ISC */
/*
 * balance_hash.c - the same value goes to the same server: by a map of the
 * usable ones, or by a ring on which each has places of its own, so that a
 * server's coming or going moves only its own share. Without a value: round
 * robin. Pure, under the proxy's lock.
 */
#include "balancer/balance_map.h"
#include "balancer/digest.h"

/* How far clockwise the server's nearest place is from 'at'. */
static uint32_t
distance(const struct lb_server *s, uint32_t at)
{
	uint32_t least = UINT32_MAX;

	for (unsigned i = 0; i < s->eweight; i++) {
		uint32_t d = lb_digest_avalanche(s->conf->id * 4096 + i) -
		    at;

		if (d < least)
			least = d;
	}
	return least;
}

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

static struct lb_server *
find_on_ring(const struct lb_proxy *p, uint32_t at, const struct lb_server *not)
{
	struct lb_server *best = NULL, *last = NULL;
	uint32_t least = 0, last_least = 0;

	for (unsigned i = 0; i < p->usable_count; i++) {
		struct lb_server *s = p->usable[i];
		uint32_t d = distance(s, at);

		if (last == NULL || d < last_least) {
			last = s;
			last_least = d;
		}
		if (s == not || is_loaded(p, s))
			continue;
		if (best == NULL || d < least) {
			best = s;
			least = d;
		}
	}
	return best != NULL ? best : last;
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
