/* SPDX-License-Identifier: ISC */
/*
 * finish.h - what can only be said when all is read: names find their
 * objects, what was not given gets its value, what does not fit is told. One
 * thread.
 */
#ifndef WEIR_BALANCER_FINISH_H
#define WEIR_BALANCER_FINISH_H

#include "balancer/parse.h"

void	lb_finish_all(struct lb_parse *);
/* One server that was read behind all others. */
void	lb_finish_server(struct lb_parse *, struct lb_server_conf *);
/* Can this frontend send to that backend? */
bool	lb_finish_reaches(const struct lb_proxy_conf *front,
	    const struct lb_proxy_conf *back);

#endif
