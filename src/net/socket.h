/* SPDX-License-Identifier: ISC */
/*
 * socket.h - open, options, bind, connect: the system calls with their
 * reasons. Any thread.
 */
#ifndef WEIR_NET_SOCKET_H
#define WEIR_NET_SOCKET_H

#include "base/address.h"

struct socket_options {		/* 0: leave as the system has it */
	bool keepalive;
	int keepcnt, keepidle, keepintvl;	/* count, s, s */
	int user_timeout;			/* ms */
	int buffer;				/* bytes, both directions */
};

/* Listening, non-blocking, close-on-exec. EADDRINUSE is tried again for 1 s. */
int	socket_listen(const struct address *, int backlog, bool reuseport,
	    bool defer_accept, struct why *);	/* fd or -1 */
/* Options of an accepted or dialled TCP socket; TCP_NODELAY always. */
void	socket_tune(int fd, const struct socket_options *);
int	socket_peer(int fd, struct address *);
/*
 * Segments are signed with that key (RFC 2385): those of this peer, or of
 * all of a family when it has no address (len 0). -1: errno tells.
 */
int	socket_sign(int fd, const char *key, int family,
	    const struct address *peer);
int	socket_local(int fd, struct address *);
/* Of a unix peer: -1 when the system does not tell. */
int	socket_unix_peer(int fd, int *pid, int *uid, int *gid);

#endif
