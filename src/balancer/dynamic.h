/* SPDX-License-Identifier: ISC */
/*
 * dynamic.h - servers that come and go while the process runs. Such a one
 * has a configuration of its own, in an arena of its own; it begins in
 * maintenance, its checks off. All loops stand still while lists change.
 * Loop 0.
 */
#ifndef WEIR_BALANCER_DYNAMIC_H
#define WEIR_BALANCER_DYNAMIC_H

#include "balancer/proxy.h"
#include "balancer/words.h"

/* words: "server", name, address, options. NULL: why has the reason. */
struct lb_server *lb_dynamic_add(struct lb_proxy *, const struct lb_words *,
	    struct why *);
/*
 * As the configuration would have it, in no list and without checks yet; and
 * the end of such a one. NULL: why.
 */
struct lb_server *lb_dynamic_make(struct lb_proxy *, const struct lb_words *,
	    struct why *);
void	lb_dynamic_drop(struct lb_server *);
/* Nothing but lists and sessions knows it. */
bool	lb_dynamic_may_go(const struct lb_server *);
/* -1: it must stay. */
int	lb_dynamic_remove(struct lb_server *, struct why *);
/* No session, no waiter, and nobody copies its state: it could go. */
bool	lb_dynamic_is_free(const struct lb_server *);

#endif
