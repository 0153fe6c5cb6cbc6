/* SPDX-License-Identifier: ISC */
/*
 * balance.h - the algorithms, each from its own file. Pure: they see the
 * servers of a proxy, under the proxy's lock, and name one. Any thread.
 */
#ifndef WEIR_BALANCER_BALANCE_H
#define WEIR_BALANCER_BALANCE_H

#include "balancer/proxy.h"

extern const struct lb_balance lb_balance_roundrobin, lb_balance_static,
    lb_balance_leastconn, lb_balance_first, lb_balance_random,
    lb_balance_source, lb_balance_hash;

#endif
