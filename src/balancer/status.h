/* SPDX-License-Identifier: ISC */
/*
 * status.h - what a proxy in "mode http" answers by itself: its statistics
 * as a page, CSV, JSON or metrics, the forms of that page, a monitor's
 * question, and what its rules say. Loop 0.
 */
#ifndef WEIR_BALANCER_STATUS_H
#define WEIR_BALANCER_STATUS_H

#include "net/loop.h"

/* Once, when the loops are there. */
void	lb_status_init(struct loop *);
void	lb_status_fini(void);

#endif
