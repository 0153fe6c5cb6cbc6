/* SPDX-License-Identifier: ISC */
/*
 * spread.h - how long things took at one proxy, as a histogram: waiting in
 * line, connecting, whole sessions. One share per loop; only its loop adds,
 * anybody may read and sum up.
 */
#ifndef WEIR_BALANCER_SPREAD_H
#define WEIR_BALANCER_SPREAD_H

#include <stdint.h>

enum lb_spread_of { LB_SPREAD_QUEUE, LB_SPREAD_CONNECT, LB_SPREAD_SESSION,
	LB_SPREADS };

enum { LB_SPREAD_STEPS = 12 };

struct lb_spread_row {
	const char *name, *help;
	double bounds[LB_SPREAD_STEPS];		/* s, inclusive, growing */
};
extern const struct lb_spread_row lb_spread_rows[LB_SPREADS];

struct lb_spread_sum {
	uint64_t of[LB_SPREAD_STEPS + 1];	/* the last: above all bounds */
	uint64_t us;
};

struct lb_spread;

/* An array of one per loop; dies: start only. */
struct lb_spread *lb_spread_new(void);
void	lb_spread_free(struct lb_spread **);
/* To the calling loop's own. */
void	lb_spread_add(struct lb_spread *, enum lb_spread_of, int64_t us);
void	lb_spread_take(const struct lb_spread *, enum lb_spread_of,
	    struct lb_spread_sum *);

#endif
