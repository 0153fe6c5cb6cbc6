/* SPDX-License-Identifier: ISC */
/*
 * tour.h - ask every loop in turn, then answer at home. visit() runs once on
 * each loop's own thread, home included, in loop order; done() runs at home.
 * With one loop everything runs inside tour_run.
 */
#ifndef WEIR_NET_TOUR_H
#define WEIR_NET_TOUR_H

#include "net/loop.h"

void	tour_run(struct loop *home, void (*visit)(struct loop *, void *),
	    void (*done)(void *), void *arg);

#endif
