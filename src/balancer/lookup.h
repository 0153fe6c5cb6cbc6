/* SPDX-License-Identifier: ISC */
/*
 * lookup.h - the address of a name for one session (do-resolve): loop 0,
 * which has the resolvers, is asked, and the answer comes back to the loop
 * that asked. One question ends with the first end of a resolution; sessions
 * that want the same name at the same time share it.
 */
#ifndef WEIR_BALANCER_LOOKUP_H
#define WEIR_BALANCER_LOOKUP_H

#include "balancer/settings.h"

struct lb_lookup;

/*
 * told() is called once, on the calling loop and never inside this call,
 * with the address (NULL: there is none); the lookup is gone then. ipv4: of
 * both families the first to ask for. NULL: no memory.
 */
struct lb_lookup *lb_lookup_begin(const struct lb_resolvers_conf *,
	    struct text name, bool ipv4,
	    void (*told)(void *arg, const struct address *), void *arg);
/* On the loop that asked: told() is not called any more. NULL is allowed. */
void	lb_lookup_leave(struct lb_lookup **);
/* Those that were not told yet; loop 0, behind sessions and resolutions. */
void	lb_lookup_fini(void);

#endif
