/* SPDX-License-Identifier: ISC */
/* dealer.c - clients are dealt to loops after their login. Loop 0. */
#include "pooler/dealer.h"
#include "pooler/mover.h"
#include "pooler/pool.h"
#include "pooler/upstream.h"

enum { MOST_LOOPS = 64 };

static unsigned clients[MOST_LOOPS];	/* dealt to each, and not back home */

/* Loop 0 counts like the others; it wins where they are equal. */
static unsigned
find_emptiest(void)
{
	unsigned best = 0;

	for (unsigned i = 1; i < pl_pools_loops; i++)
		if (clients[i] < clients[best])
			best = i;
	return best;
}

/* What came to pass meanwhile did not reach it on the way. */
static void
on_arrival(struct pl_client *c)
{
	if (c->born < atomic_load(&c->pool->killed)) {
		pl_client_close(c, true, "database removed");
		return;
	}
	if (pl_activity == PL_SUSPENDED)
		conn_hold(c->conn);
	else if (!buffer_empty(&c->pending))
		pl_upstream_go(c);
}

bool
pl_dealer_deal(struct pl_client *c)
{
	unsigned loop;

	if (pl_pools_loops == 1 || c->state != PL_CLIENT_ACTIVE ||
	    c->server != NULL || c->replication || conn_ended(c->conn))
		return false;
	loop = find_emptiest();
	clients[loop]++;
	c->dealt = (uint16_t)(loop + 1);
	if (loop == 0)
		return false;
	pl_mover_send_client(c, loop, on_arrival);
	return true;
}

static void
on_home(struct pl_client *c)
{
	if (c->dealt > 0)
		clients[c->dealt - 1]--;
}

void
pl_dealer_init(void)
{
	pl_client_home = on_home;
}
