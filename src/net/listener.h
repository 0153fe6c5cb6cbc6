/* SPDX-License-Identifier: ISC */
/*
 * listener.h - accepts on one listening socket, up to 64 at a time, and
 * rests when descriptors run out (one spare descriptor lets it take and
 * close the oldest waiter with an answer). Loop 0.
 */
#ifndef WEIR_NET_LISTENER_H
#define WEIR_NET_LISTENER_H

#include "base/address.h"
#include "net/loop.h"

struct listener;

struct listener_handler {
	/* A new non-blocking descriptor, the peer's address; the callee owns fd. */
	void (*accepted)(struct listener *, int fd, const struct address *peer);
	/* accept() failed for want of descriptors or memory; it rests until 'until'. */
	void (*resting)(struct listener *, int code, int64_t until);
	/* optional: fd accepted only to be refused; close it (the callee). */
	void (*refused)(struct listener *, int fd);
};

struct listener *listener_new(struct loop *, int fd, const struct listener_handler *, void *owner);
void	listener_free(struct listener **);	/* closes fd */
void	listener_hold(struct listener *);	/* stop accepting, keep the socket */
void	listener_resume(struct listener *);
/* How many it takes in a row; 64 unless told. */
void	listener_set_batch(struct listener *, int most);
/* Descriptors came back: a rest ends in a moment. */
void	listener_wake(struct listener *);
/* Accepts all who wait now; for one that is about to go. */
void	listener_drain(struct listener *);
int	listener_fd(const struct listener *);
void	*listener_owner(const struct listener *);

#endif
