/* SPDX-License-Identifier: ISC */
/*
 * facts.h - what only a loop itself knows of itself: sessions, memory, time
 * on the CPU. Asked of all loops in a tour; the answer comes on loop 0.
 */
#ifndef WEIR_BALANCER_FACTS_H
#define WEIR_BALANCER_FACTS_H

#include "net/loop.h"

struct lb_facts {		/* of one loop */
	unsigned sessions;
	uint32_t conns;
	uint64_t conn_bytes, buffer_bytes;
	int64_t cpu;			/* us, ever */
};

/* done gets all of them, by number of the loop; they are gone after it. */
void	lb_facts_take(struct loop *home,
	    void (*done)(const struct lb_facts *, unsigned count, void *arg),
	    void *arg);

#endif
