/* SPDX-License-Identifier: ISC */
/*
 * tour.h - ask every loop in turn, then answer at home. visit() runs once on
 * each loop's own thread, home included, in loop order; done() runs at home.
 * With one loop everything runs inside tour_run.
 *
 * A standstill is for changes of what all loops read without a lock: every
 * other loop comes to rest between two of its callbacks, change() runs at
 * home, all go on. It lasts microseconds; so nothing slow belongs in there.
 */
#ifndef WEIR_NET_TOUR_H
#define WEIR_NET_TOUR_H

#include "net/loop.h"

void	tour_run(struct loop *home, void (*visit)(struct loop *, void *),
	    void (*done)(void *), void *arg);

/*
 * -1: a loop did not come within a second; nothing was changed. A plain call
 * where there is no other loop, and inside of a change.
 */
int	tour_still(struct loop *home, void (*change)(void *), void *arg);

#endif
