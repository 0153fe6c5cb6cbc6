/* SPDX-License-Identifier: ISC */
/*
 * overseer.h - the master's side of a balancer with a master: when a worker
 * is begun, what its end means, reloads, what the service manager and the
 * terminal hear. The mechanism is proc/master.h. First thread.
 */
#ifndef WEIR_BALANCER_OVERSEER_H
#define WEIR_BALANCER_OVERSEER_H

#include "balancer/options.h"
#include "balancer/settings.h"

/*
 * Takes the setup; NULL: it was refused, and the workers of the life before
 * go on. outline: of it (outline.h), taken; NULL: no reload is in place. The
 * exit code, of the master or of a worker.
 */
int	lb_overseer_serve(struct lb_setup *, char *outline,
	    const struct lb_options *, const char *called);

/*
 * A reload; hard: the old worker ends its sessions. asker: a descriptor that
 * gets "Success=1" or "=0" and what was told, or -1; taken.
 */
void	lb_overseer_reload(bool hard, int asker);

#endif
