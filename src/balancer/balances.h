/* SPDX-License-Identifier: ISC */
/*
 * balances.h - the table of all algorithms. Constant; any thread.
 */
#ifndef WEIR_BALANCER_BALANCES_H
#define WEIR_BALANCER_BALANCES_H

#include "balancer/balance.h"

const struct lb_balance *lb_balances_find(enum lb_algorithm);	/* constant */

#endif
