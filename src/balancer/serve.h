/* SPDX-License-Identifier: ISC */
/*
 * serve.h - the life of a process that serves: background, sockets, rights,
 * loops, until a signal ends it. First thread.
 */
#ifndef WEIR_BALANCER_SERVE_H
#define WEIR_BALANCER_SERVE_H

#include "balancer/options.h"
#include "balancer/settings.h"

/*
 * Takes the setup; the exit code. called: argv[0]; before: a connection to
 * the worker before, which gives its sockets, or -1.
 */
int	lb_serve(struct lb_setup *, const struct lb_options *,
	    const char *called, int before);

#endif
