/* SPDX-License-Identifier: ISC */
/*
 * handover.h - descriptors that come from elsewhere: listening sockets of
 * the service manager ($LISTEN_FDS), and messages with descriptors between
 * an old and a new process over a unix socket. Any thread, but for the
 * inherited ones: the first, at start.
 */
#ifndef WEIR_PROC_HANDOVER_H
#define WEIR_PROC_HANDOVER_H

#include <sys/types.h>

#include <stddef.h>

#include "base/address.h"
#include "base/why.h"

enum { HANDOVER_MOST = 253 };	/* in one message: the kernel's limit */

/*
 * Sockets passed by the service manager: fd 'first' and those behind it,
 * made non-blocking and close-on-exec. 0: none. The same answer each time.
 */
unsigned handover_inherited(int *first);
/* Is fd a listening stream socket, and where? -1: why. */
int	handover_listening(int fd, struct address *, struct why *);

/*
 * One message with n descriptors; sends all of it or nothing (-1).
 * The descriptors stay open here.
 */
int	handover_send(int sock, struct text, const int *fds, unsigned n,
	    struct why *);
/*
 * What one read gives: bytes (0: the peer closed; -1: why, errno kept, also
 * EAGAIN) and up to HANDOVER_MOST descriptors, close-on-exec, the caller's.
 */
ssize_t	handover_receive(int sock, char *room, size_t size,
	    int fds[HANDOVER_MOST], unsigned *n, struct why *);

#endif
