/* SPDX-License-Identifier: ISC */
/* balances.c - the table of all algorithms. Constant. */
#include "balancer/balances.h"

static const struct lb_balance *const rows[] = {
	[LB_ALGO_ROUNDROBIN] = &lb_balance_roundrobin,
	[LB_ALGO_STATIC_RR] = &lb_balance_static,
	[LB_ALGO_LEASTCONN] = &lb_balance_leastconn,
	[LB_ALGO_FIRST] = &lb_balance_first,
	[LB_ALGO_RANDOM] = &lb_balance_random,
	[LB_ALGO_SOURCE] = &lb_balance_source,
	[LB_ALGO_HASH] = &lb_balance_hash,
	[LB_ALGO_RDP_COOKIE] = &lb_balance_hash,
};

const struct lb_balance *
lb_balances_find(enum lb_algorithm a)
{
	return rows[a];
}
