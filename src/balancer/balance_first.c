/* SPDX-License-Identifier: ISC */
/*
 * balance_first.c - the first by id that is not full. Pure, under the
 * proxy's lock.
 */
#include "balancer/balance.h"

static struct lb_server *
pick(struct lb_proxy *p, const struct lb_ask *ask)
{
	struct lb_server *best = NULL, *avoided = NULL;

	for (unsigned i = 0; i < p->usable_count; i++) {
		struct lb_server *s = p->usable[i];

		if (lb_server_full(s) || s->queue.count > 0)
			continue;
		if (s == ask->not)
			avoided = s;
		else if (best == NULL || s->conf->id < best->conf->id)
			best = s;
	}
	return best != NULL ? best : avoided;
}

const struct lb_balance lb_balance_first = {
	.name = "first", .turns = true, .pick = pick,
};
