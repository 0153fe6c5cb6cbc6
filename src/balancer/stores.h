/* SPDX-License-Identifier: ISC */
/*
 * stores.h - what an entry of a stick table can keep, one row each, in the
 * order in which tables are shown. Constant; any thread.
 */
#ifndef WEIR_BALANCER_STORES_H
#define WEIR_BALANCER_STORES_H

#include "balancer/settings.h"

struct lb_store_row {
	const char *name;
	enum lb_store store;
	char args;		/* 't' a period, 'n' a count, 'b' both; 0 */
};

enum { LB_STORE_ROWS = LB_STORES };

extern const struct lb_store_row lb_stores[LB_STORE_ROWS];

/* Is it counted over a period? */
bool	lb_stores_is_rate(enum lb_store);
const struct lb_store_row *lb_stores_find(struct text name);

#endif
