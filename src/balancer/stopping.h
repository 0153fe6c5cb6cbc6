/* SPDX-License-Identifier: ISC */
/*
 * stopping.h - signals: stop now, stop when the last session is gone, pause,
 * tell of states. Loop 0.
 */
#ifndef WEIR_BALANCER_STOPPING_H
#define WEIR_BALANCER_STOPPING_H

#include "net/loop.h"

int	lb_stopping_watch(struct loop *, struct why *);
/* The exit code the process ends with; 128 + a signal: by that signal. */
int	lb_stopping_code(void);
void	lb_stopping_soft(void);		/* as SIGUSR1 */
struct lb_proxy;
void	lb_stopping_proxy(struct lb_proxy *);	/* one, for good; is told */

#endif
