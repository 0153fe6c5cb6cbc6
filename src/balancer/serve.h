/* SPDX-License-Identifier: ISC */
/*
 * serve.h - the life of a process that serves: background, sockets, rights,
 * loops, until a signal ends it. First thread.
 */
#ifndef WEIR_BALANCER_SERVE_H
#define WEIR_BALANCER_SERVE_H

#include "balancer/options.h"
#include "balancer/settings.h"

/* What a master has for its worker. */
struct lb_before {
	/* Connections to the worker before, as to its runtime socket; -1. */
	int sockets, legacy;		/* asked for the one, and the other */
	char *outline;			/* of the setup (outline.h), or NULL */
};

/* Takes the setup and the connections; the exit code. called: argv[0]. */
int	lb_serve(struct lb_setup *, const struct lb_options *,
	    const char *called, struct lb_before);

#endif
