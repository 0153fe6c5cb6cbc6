/* SPDX-License-Identifier: ISC */
/*
 * chat.h - a connection on the turn's loop, for small talk: dialled or
 * accepted, bytes out, bytes in, an end and a limit over all of it. What is
 * asked of it never waits. A chat belongs to its asker until it is closed;
 * ended() is its last call and leaves the closing to the asker. One thread.
 */
#ifndef WEIR_VRRP_CHAT_H
#define WEIR_VRRP_CHAT_H

#include "base/address.h"
#include "base/why.h"

struct vr_chat;

struct vr_chat_handler {	/* each may be NULL but ended */
	void (*ready)(void *arg);		/* connected */
	void (*heard)(void *arg, struct text all);	/* what is not eaten */
	void (*ended)(void *arg, const char *reason);	/* NULL: the peer's end */
	/* All that was sent has gone; the asker's last words. */
	void (*drained)(void *arg);
};

/* limit: us for all of it, or until vr_chat_wait() is called. NULL: why; handlers are called later only. */
struct vr_chat *vr_chat_dial(const struct address *, int64_t limit,
	    const struct vr_chat_handler *, void *arg, struct why *);
struct vr_chat *vr_chat_accept(int fd, int64_t limit,
	    const struct vr_chat_handler *, void *arg);
int	vr_chat_send(struct vr_chat *, struct text);	/* copied; -1: no memory */
void	vr_chat_wait(struct vr_chat *, int64_t limit);	/* from now on */
void	vr_chat_eat(struct vr_chat *, size_t);		/* of what was heard */
void	vr_chat_close(struct vr_chat **);		/* at once */

#endif
