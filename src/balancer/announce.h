/* SPDX-License-Identifier: ISC */
/*
 * announce.h - the PROXY header that a session's server is sent, with all
 * that its line asks for. On the session's loop.
 */
#ifndef WEIR_BALANCER_ANNOUNCE_H
#define WEIR_BALANCER_ANNOUNCE_H

#include "balancer/flow.h"

enum { LB_ANNOUNCE_ROOM = 4096 };

/* How many bytes; 0: it wants none. */
size_t	lb_announce_print(struct lb_session *, char to[LB_ANNOUNCE_ROOM]);

#endif
