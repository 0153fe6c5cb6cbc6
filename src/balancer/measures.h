/* SPDX-License-Identifier: ISC */
/*
 * measures.h - series that are ours alone, weir_...: of the process, and
 * histograms of proxies. Loop 0.
 */
#ifndef WEIR_BALANCER_MEASURES_H
#define WEIR_BALANCER_MEASURES_H

#include "balancer/world.h"
#include "stat/sheet.h"

#define LB_MEASURES_PREFIX	"weir_"

/* Those of the process; name NULL ends it. */
struct lb_measure {
	const char *name, *help;
	void (*put)(struct sheet *);
};
extern const struct lb_measure lb_measures[];

/* Behind LB_MEASURES_PREFIX; returns to. */
const char *lb_measures_name(enum lb_spread_of, char to[64]);
void	lb_measures_head(enum lb_spread_of, struct sheet *);
/* A histogram of a proxy, where it counts such; else nothing. */
void	lb_measures_put(enum lb_spread_of, const struct lb_proxy *,
	    struct sheet *);

#endif
