/* SPDX-License-Identifier: ISC */
/*
 * channel.h - a channel of c-ares driven by a loop. Private to net/dns and
 * net/nameserver; one loop's thread.
 */
#ifndef WEIR_NET_CHANNEL_H
#define WEIR_NET_CHANNEL_H

#include <ares.h>

#include "base/why.h"
#include "net/loop.h"

struct channel;

/* The options are the library's; NULL: why (which may be NULL). */
struct channel *channel_open(struct loop *, struct ares_options *, int mask,
	    struct why *why);
ares_channel channel_ares(const struct channel *);
void	channel_touch(struct channel *);	/* after each call into it */
/*
 * Goes at the end of the turn: the questions under way are told as
 * ARES_EDESTRUCTION then.
 */
void	channel_close(struct channel *);

#endif
