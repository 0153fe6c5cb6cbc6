/* SPDX-License-Identifier: ISC */
/*
 * algorithm.h - what an algorithm of balancing is, and what it is asked. Its
 * functions are pure and run under the proxy's lock, on any thread.
 */
#ifndef WEIR_BALANCER_ALGORITHM_H
#define WEIR_BALANCER_ALGORITHM_H

#include <stdbool.h>
#include <stdint.h>

struct lb_proxy;
struct lb_server;

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

#endif
