/* SPDX-License-Identifier: ISC */
/*
 * balance_map.c - the map of the static algorithms. Under the proxy's lock,
 * any thread.
 */
#include "balancer/balance_map.h"
#include "base/mem.h"

static unsigned
divisor(unsigned a, unsigned b)
{
	return b == 0 ? a : divisor(b, a % b);
}

/* Weights as small as they can be: their common factor does not matter. */
static unsigned
common_factor(const struct lb_proxy *p)
{
	unsigned factor = 0;

	for (unsigned i = 0; i < p->usable_count; i++)
		factor = divisor(p->usable[i]->eweight, factor);
	return factor > 0 ? factor : 1;
}

/*
 * Each place goes to whoever has saved up the most whole turns; the first of
 * the file among equals.
 */
static unsigned
fill_place(struct lb_proxy *p, int64_t total, unsigned factor)
{
	struct lb_server *best = NULL;
	unsigned place = 0;
	int64_t most = 0;

	for (unsigned i = 0; i < p->usable_count; i++) {
		struct lb_server *s = p->usable[i];
		int64_t turns;

		s->score += s->eweight / factor;
		turns = (s->score + total) / total;
		if (best == NULL || turns > most) {
			best = s;
			most = turns;
			place = i;
		}
	}
	if (best != NULL)
		best->score -= total;
	return place;
}

void
lb_balance_map_update(struct lb_proxy *p)
{
	unsigned factor = common_factor(p), total = p->total_weight / factor;
	unsigned *map = mem_get((total + 1) * sizeof *map);

	/* Without memory the old one serves, as far as it reaches. */
	if (map == NULL)
		return;
	for (unsigned i = 0; i < p->usable_count; i++)
		p->usable[i]->score = 0;
	for (unsigned i = 0; i < total; i++)
		map[i] = fill_place(p, total, factor);
	mem_drop(p->map);
	p->map = map;
	p->map_size = total;
}

struct lb_server *
lb_balance_map_at(const struct lb_proxy *p, uint32_t n)
{
	unsigned place;

	if (p->map_size == 0 || p->usable_count == 0)
		return NULL;
	place = p->map[n % p->map_size];
	return p->usable[place < p->usable_count ? place : 0];
}
