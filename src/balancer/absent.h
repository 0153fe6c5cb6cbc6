/* SPDX-License-Identifier: ISC */
/*
 * absent.h - the one list of what a configuration may ask for and this
 * program does not carry out yet: told at start, never passed over. First
 * thread.
 */
#ifndef WEIR_BALANCER_ABSENT_H
#define WEIR_BALANCER_ABSENT_H

#include "balancer/settings.h"

/* 0, or 1: something is asked for without which it must not serve. */
int	lb_absent_tell(const struct lb_setup *);

#endif
