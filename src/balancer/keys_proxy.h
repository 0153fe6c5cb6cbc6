/* SPDX-License-Identifier: ISC */
/*
 * keys_proxy.h - keywords of defaults, frontend, listen and backend sections.
 * Constant; any thread.
 */
#ifndef WEIR_BALANCER_KEYS_PROXY_H
#define WEIR_BALANCER_KEYS_PROXY_H

#include "balancer/key.h"

extern const struct lb_key lb_keys_proxy[];	/* struct lb_proxy_conf */

/* A proxy without defaults. */
struct lb_proxy_conf *lb_keys_proxy_usual(struct lb_parse *);
/* A proxy that begins with what defaults say. */
struct lb_proxy_conf *lb_keys_proxy_from(struct lb_parse *,
	    const struct lb_proxy_conf *defaults);
/* "type ip size 1k ..." from at on; -1: told. */
int	lb_keys_proxy_table(struct lb_parse *, const struct lb_words *,
	    unsigned at, struct lb_table_conf *);

#endif
