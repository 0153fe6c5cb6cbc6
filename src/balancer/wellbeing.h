/* SPDX-License-Identifier: ISC */
/*
 * wellbeing.h - /metrics and /healthz on an address of their own
 * (metrics_listen). Loop 0.
 */
#ifndef WEIR_BALANCER_WELLBEING_H
#define WEIR_BALANCER_WELLBEING_H

#include "base/why.h"
#include "net/loop.h"

/* Nothing, when nobody wants it. */
int	lb_wellbeing_start(struct loop *, struct why *);
void	lb_wellbeing_fini(void);

#endif
