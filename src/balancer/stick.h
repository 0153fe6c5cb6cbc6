/* SPDX-License-Identifier: ISC */
/*
 * stick.h - stick lines of a backend: which server a client had, and keeping
 * which one it gets now. On the session's loop.
 */
#ifndef WEIR_BALANCER_STICK_H
#define WEIR_BALANCER_STICK_H

#include "balancer/judge.h"

/*
 * stick match, and the keys that stick store-request will keep. The server
 * to go to; NULL: none is known, or it is of no use now.
 */
struct lb_server *lb_stick_match(struct lb_scene *);
/* A server was reached: keeps it under all keys. */
void	lb_stick_store(struct lb_scene *);

#endif
