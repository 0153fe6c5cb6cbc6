/* SPDX-License-Identifier: ISC */
/*
 * inspect.h - tcp-response rules: what the server says is held back until
 * they have judged it; the other direction flows meanwhile. On the session's
 * loop.
 */
#ifndef WEIR_BALANCER_INSPECT_H
#define WEIR_BALANCER_INSPECT_H

#include "balancer/flow.h"

/*
 * Set once, at start: how a session ends, and who hears that its answer was
 * let through.
 */
void	lb_inspect_init(void (*end)(struct lb_session *, const struct lb_end *),
	    void (*passed)(struct lb_session *));
/* The pipe has begun; the session may end in here. */
void	lb_inspect_start(struct lb_session *);
/* Bytes of the server that came too early for the pipe. -1: no memory. */
int	lb_inspect_keep(struct lb_session *, struct text);
/* They go their way, without rules. */
void	lb_inspect_release(struct lb_session *);
/* No more is waited for. */
void	lb_inspect_late(struct lb_session *);

#endif
