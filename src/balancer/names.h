/* SPDX-License-Identifier: ISC */
/*
 * names.h - servers whose address is a name: what answers make of them. One
 * name may fill many servers (server-template), a service record names
 * server and port, and who is not named any more goes into maintenance.
 * Loop 0.
 */
#ifndef WEIR_BALANCER_NAMES_H
#define WEIR_BALANCER_NAMES_H

#include "balancer/server.h"
#include "net/loop.h"

void	lb_names_init(struct loop *);	/* asks for all names; dies */
void	lb_names_fini(void);

/*
 * "set server fqdn": the address follows. by: behind the text of the change
 * ("'stats socket command'"). said gets what is to be answered; -1: why not.
 */
int	lb_names_set(struct lb_server *, const char *fqdn, const char *by,
	    char *said, size_t room, struct why *);

#endif
