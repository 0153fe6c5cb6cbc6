/* SPDX-License-Identifier: ISC */
/*
 * targets.h - the proxies and servers that commands name; what is not there
 * is told to the operator. Loop 0.
 */
#ifndef WEIR_BALANCER_TARGETS_H
#define WEIR_BALANCER_TARGETS_H

#include "balancer/talk.h"
#include "balancer/world.h"

/* "be/s", "#3/#1"; NULL: told. */
struct lb_server *lb_targets_server(struct talk *, const char *);
/* NULL: told. Names or "#" and the number. */
struct lb_proxy *lb_targets_frontend(struct talk *, const char *);
/* For listings, which say it otherwise: NULL, and nothing is told. */
struct lb_proxy *lb_targets_find(const char *name, unsigned is);
/* "be/s" cut in two; false: told, there is no name of a server. */
bool	lb_targets_cut(struct talk *, const char *, char backend[256],
	    const char **server);

#endif
