/* SPDX-License-Identifier: ISC */
/*
 * netns.h - sockets in another network namespace, as "ip netns" names them.
 * Linux; any thread.
 */
#ifndef WEIR_NET_NETNS_H
#define WEIR_NET_NETNS_H

#include "base/why.h"

/* A descriptor of the namespace, for its user to keep; -1 with why. */
int	netns_open(const char *name, struct why *);
/* As socket(2), in it; -1: errno. The calling thread is back in its own. */
int	netns_socket(int ns, int family, int type, int protocol);

#endif
