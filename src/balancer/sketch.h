/* SPDX-License-Identifier: ISC */
/*
 * sketch.h - a format of the user's where there is no session: in a check.
 * Aliases of the server have a value, the rest prints "-". Loop 0.
 */
#ifndef WEIR_BALANCER_SKETCH_H
#define WEIR_BALANCER_SKETCH_H

#include "balancer/server.h"

/* How many bytes, NUL behind. */
size_t	lb_sketch_format(const struct lb_server *, const struct lb_format *,
	    char *to, size_t room);

#endif
