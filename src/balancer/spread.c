/* SPDX-License-Identifier: ISC */
/*
 * spread.c - histograms per loop, written by plain stores of one thread as
 * counters are (counts.c).
 */
#include "balancer/counts.h"
#include "balancer/spread.h"
#include "base/mem.h"
#include "net/loop.h"

#define WAITS	{ .0001, .0005, .001, .005, .01, .05, .1, .5, 1, 5, 10, 60 }
#define LIVES	{ .001, .01, .1, 1, 10, 60, 300, 1800, 3600, 21600, 86400, \
		604800 }

const struct lb_spread_row lb_spread_rows[LB_SPREADS] = {
	[LB_SPREAD_QUEUE] = { "queue_seconds",
	    "how long sessions waited for a server, zero included", WAITS },
	[LB_SPREAD_CONNECT] = { "connect_seconds",
	    "how long the attempt took that reached the server, TLS included",
	    WAITS },
	[LB_SPREAD_SESSION] = { "session_seconds",
	    "how long sessions lasted, of the frontend they came in by",
	    LIVES },
};

struct lb_spread {
	struct lb_spread_sum of[LB_SPREADS];
	char apart[64];			/* from the next loop's */
};

struct lb_spread *
lb_spread_new(void)
{
	return mem_need(lb_counts_loops() * sizeof(struct lb_spread));
}

void
lb_spread_free(struct lb_spread **s)
{
	mem_drop(*s);
	*s = NULL;
}

static void
add(uint64_t *to, uint64_t more)
{
	__atomic_store_n(to, __atomic_load_n(to, __ATOMIC_RELAXED) + more,
	    __ATOMIC_RELAXED);
}

void
lb_spread_add(struct lb_spread *s, enum lb_spread_of which, int64_t us)
{
	struct lb_spread_sum *to = &s[loop_number(loop_here())].of[which];
	const double *bounds = lb_spread_rows[which].bounds;
	unsigned n = 0;

	if (us < 0)
		us = 0;
	while (n < LB_SPREAD_STEPS && (double)us > bounds[n] * 1e6)
		n++;
	add(&to->of[n], 1);
	add(&to->us, (uint64_t)us);
}

void
lb_spread_take(const struct lb_spread *s, enum lb_spread_of which,
    struct lb_spread_sum *to)
{
	*to = (struct lb_spread_sum){ .us = 0 };
	for (unsigned i = 0; i < lb_counts_loops(); i++) {
		const struct lb_spread_sum *one = &s[i].of[which];

		for (unsigned n = 0; n <= LB_SPREAD_STEPS; n++)
			to->of[n] += __atomic_load_n(&one->of[n],
			    __ATOMIC_RELAXED);
		to->us += __atomic_load_n(&one->us, __ATOMIC_RELAXED);
	}
}
