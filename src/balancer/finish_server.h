/* SPDX-License-Identifier: ISC */
/*
 * finish_server.h - what can be said of a server line when all lines were
 * read; faults go to the parse's report. One thread.
 */
#ifndef WEIR_BALANCER_FINISH_SERVER_H
#define WEIR_BALANCER_FINISH_SERVER_H

#include "balancer/parse.h"

/* All but the two below. */
void	lb_finish_server_line(struct lb_parse *, struct lb_server_conf *);
/* A server that tracks itself, by way of others or not. */
void	lb_finish_server_rings(struct lb_parse *, struct lb_server_conf *);
/* Its name becomes an address. False: told, or to be told at the end. */
bool	lb_finish_server_address(struct lb_parse *, struct lb_server_conf *);

#endif
