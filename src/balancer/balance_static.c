/* SPDX-License-Identifier: ISC */
/*
 * balance_static.c - round robin over a map made once per change of states.
 * Pure, under the proxy's lock.
 */
#include "balancer/balance_map.h"

static struct lb_server *
pick(struct lb_proxy *p, const struct lb_ask *ask)
{
	struct lb_server *avoided = NULL;

	for (unsigned i = 0; i < p->map_size; i++) {
		uint32_t at = (p->map_turn + i) % p->map_size;
		struct lb_server *s = lb_balance_map_at(p, at);

		if (lb_server_full(s) || s->queue.count > 0)
			continue;
		if (s == ask->not) {
			avoided = s;
			continue;
		}
		p->map_turn = at + 1;
		return s;
	}
	return avoided;
}

const struct lb_balance lb_balance_static = {
	.name = "static-rr", .turns = true, .fixed = true,
	.update = lb_balance_map_update, .pick = pick,
};
