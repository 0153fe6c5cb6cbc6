/* SPDX-License-Identifier: ISC */
/*
 * deadline.h - when to look at what: a heap of embedded marks by time. A mark
 * is not moved when its owner's deadline recedes; the owner is looked at too
 * early then, and sets it anew. Pure; one loop's.
 */
#ifndef WEIR_BALANCER_DEADLINE_H
#define WEIR_BALANCER_DEADLINE_H

#include <stdint.h>

struct lb_mark {
	int64_t at;		/* us; 0: not in the heap */
	uint32_t place;
};

struct lb_deadlines;

struct lb_deadlines *lb_deadline_new(void);	/* dies: start only */
void	lb_deadline_free(struct lb_deadlines **);
/* Sets or moves it; 0 takes it out. -1: no memory, it is out. */
int	lb_deadline_set(struct lb_deadlines *, struct lb_mark *, int64_t at);
/* The earliest; NULL: there is none. */
struct lb_mark *lb_deadline_first(const struct lb_deadlines *);

#endif
