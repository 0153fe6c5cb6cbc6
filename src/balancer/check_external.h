/* SPDX-License-Identifier: ISC */
/*
 * check_external.h - checks that are programs: the helper that runs them
 * (proc/runner), with one command for each proxy that has one. Loop 0.
 */
#ifndef WEIR_BALANCER_CHECK_EXTERNAL_H
#define WEIR_BALANCER_CHECK_EXTERNAL_H

#include "balancer/check.h"

/* When user and root are what they will be, before threads. -1: why. */
int	lb_check_external_fork(struct why *);
int	lb_check_external_home(struct loop *, struct why *);
void	lb_check_external_fini(void);

#endif
