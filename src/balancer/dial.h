/* SPDX-License-Identifier: ISC */
/*
 * dial.h - the socket that goes to a server: where it leads for this client,
 * where it comes from, and its options. On the caller's loop.
 */
#ifndef WEIR_BALANCER_DIAL_H
#define WEIR_BALANCER_DIAL_H

#include "balancer/server.h"

struct lb_dial {
	struct lb_server *server;	/* NULL: dispatch, transparent */
	const struct lb_proxy_conf *proxy;	/* the backend */
	struct address to;
	struct endpoint client;		/* for usesrc; family 0: none */
	int mark, tos;			/* -1: not set */
};

/* The server's address; without a port of its own, the one asked for. */
void	lb_dial_address(struct lb_server *, uint16_t port,
	    struct address *);
/* Does its port depend on the one that the client asked for? */
bool	lb_dial_follows(struct lb_server *);
/* A socket that is ready to connect to d->to; -1: errno tells. */
int	lb_dial_socket(const struct lb_dial *);

#endif
