/* SPDX-License-Identifier: ISC */
/* fetches.h - every fetch, one row. Constant; any thread. */
#ifndef WEIR_BALANCER_FETCHES_H
#define WEIR_BALANCER_FETCHES_H

#include "balancer/sample.h"

extern const struct lb_fetch lb_fetches[];	/* ends with a NULL name */

const struct lb_fetch *lb_fetches_find(struct text name);	/* or NULL */

#endif
