/* SPDX-License-Identifier: ISC */
/*
 * worker.h - a process under a master: its end of the channel. Loop 0.
 */
#ifndef WEIR_PROC_WORKER_H
#define WEIR_PROC_WORKER_H

#include "net/loop.h"

struct worker_events {
	void (*taken)(int fd, char level);	/* a connection; the callee's */
	void (*told)(struct text);		/* a message */
	void (*orphaned)(void);			/* the master is gone */
};

/* After the fork; channel: to the master. */
void	worker_begin(int channel);
bool	worker_here(void);		/* is there a master? */
int	worker_watch(struct loop *, const struct worker_events *,
	    struct why *);
void	worker_ready(void);		/* tells the master: it serves */
void	worker_end(void);		/* before the loop is freed */

#endif
