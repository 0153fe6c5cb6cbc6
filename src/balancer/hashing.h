/* SPDX-License-Identifier: ISC */
/*
 * hashing.h - the value by which a session is balanced: its address, or what
 * an expression says. On the session's loop.
 */
#ifndef WEIR_BALANCER_HASHING_H
#define WEIR_BALANCER_HASHING_H

#include "balancer/flow.h"

/* False: it has no such address, or the expression no value. */
bool	lb_hashing_key(struct lb_session *, uint32_t *);

#endif
