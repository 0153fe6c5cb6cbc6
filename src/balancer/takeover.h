/* SPDX-License-Identifier: ISC */
/*
 * takeover.h - listening sockets from the process before, and to the one
 * after, in the manner of the original's "_getsocks": so either may be one.
 * Fetching: at start, first thread; giving: loop 0.
 */
#ifndef WEIR_BALANCER_TAKEOVER_H
#define WEIR_BALANCER_TAKEOVER_H

#include "base/why.h"
#include "net/conn.h"

/*
 * Asks a process for its sockets; those that bind lines want go to door, the
 * others are closed. Blocks; start only, when the world stands. fd: a
 * connection to its runtime socket, which is closed.
 */
int	lb_takeover_fetch(int fd, struct why *);
/* A connection to such a socket; -1: why. */
int	lb_takeover_dial(const char *path, struct why *);

/*
 * Hands all our listening sockets to whoever asked on this connection, which
 * is ours from here on. Never blocks. Loop 0.
 */
void	lb_takeover_give(struct conn *);
bool	lb_takeover_given(void);	/* it was done: we are the old one */

#endif
