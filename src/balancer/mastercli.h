/* SPDX-License-Identifier: ISC */
/*
 * mastercli.h - the master's own socket (-S): its processes, reloads, and
 * what is said to a worker through it. Loop 0 of the master.
 */
#ifndef WEIR_BALANCER_MASTERCLI_H
#define WEIR_BALANCER_MASTERCLI_H

#include "net/loop.h"

struct lb_mastercli_host {	/* who carries a reload out; constant */
	/* asker: a descriptor that gets the outcome; the callee's. */
	void (*reload)(bool hard, int asker);
	const char *(*told)(void);	/* at the start of this life */
};

/*
 * Reads "ADDRESS[,OPTION...]"; *fd -1: the socket is bound and comes there.
 * -1: refused, and told.
 */
int	lb_mastercli_open(const char *words, int *fd);
int	lb_mastercli_start(struct loop *, int fd,
	    const struct lb_mastercli_host *, struct why *);
void	lb_mastercli_fini(void);	/* ends all talks */

#endif
