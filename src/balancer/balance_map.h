/* SPDX-License-Identifier: ISC */
/*
 * balance_map.h - the map of the static algorithms: usable servers, each as
 * often as its weight says, evenly mixed. Under the proxy's lock, any
 * thread.
 */
#ifndef WEIR_BALANCER_BALANCE_MAP_H
#define WEIR_BALANCER_BALANCE_MAP_H

#include "balancer/balance.h"

/* Makes p->map anew from the usable servers. */
void	lb_balance_map_update(struct lb_proxy *);
/* The server at place n of the map; NULL: it is empty. */
struct lb_server *lb_balance_map_at(const struct lb_proxy *, uint32_t n);

#endif
