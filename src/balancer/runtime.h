/* SPDX-License-Identifier: ISC */
/*
 * runtime.h - the runtime sockets, as far as listening sockets are asked for
 * on them. Loop 0.
 */
#ifndef WEIR_BALANCER_RUNTIME_H
#define WEIR_BALANCER_RUNTIME_H

#include "balancer/settings.h"
#include "net/loop.h"

/* Binds them, before rights are given up; how many failed (told). */
unsigned lb_runtime_open(const struct lb_global_conf *);
int	lb_runtime_start(struct loop *, struct why *);
void	lb_runtime_take(int fd, enum lb_level);	/* by the master's hand */
void	lb_runtime_fini(void);

#endif
