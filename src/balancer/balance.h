/* SPDX-License-Identifier: ISC */
/*
 * balance.h - what an algorithm is. Pure: it sees the servers of a proxy,
 * under the proxy's lock, and names one.
 */
#ifndef WEIR_BALANCER_BALANCE_H
#define WEIR_BALANCER_BALANCE_H

#include "balancer/proxy.h"

struct lb_ask {			/* for whom */
	bool hashed;			/* hash has a value */
	uint32_t hash;
	uint32_t chance;		/* a random number */
	const struct lb_server *not;	/* rather not this one, or NULL */
	int64_t now;
};

struct lb_balance {
	const char *name;		/* as "algo" shows it */
	bool turns;			/* a retry goes to the next one */
	bool fixed;			/* weights change only to and from 0 */
	bool hash;			/* needs ask->hash */
	/* Who is usable, or a weight, changed; or NULL. */
	void (*update)(struct lb_proxy *);
	/* A server's load changed; or NULL. */
	void (*load)(struct lb_server *);
	/* NULL: all are full, wait in the backend's line. */
	struct lb_server *(*pick)(struct lb_proxy *, const struct lb_ask *);
};

extern const struct lb_balance lb_balance_roundrobin, lb_balance_static,
    lb_balance_leastconn, lb_balance_first, lb_balance_random,
    lb_balance_source, lb_balance_hash;

#endif
