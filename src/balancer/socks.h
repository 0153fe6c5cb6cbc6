/* SPDX-License-Identifier: ISC */
/* socks.h - what SOCKS4 asks and answers. Pure; any thread. */
#ifndef WEIR_BALANCER_SOCKS_H
#define WEIR_BALANCER_SOCKS_H

#include "base/address.h"

enum { LB_SOCKS_REQUEST = 16, LB_SOCKS_ANSWER = 8 };

/* To be connected to that; false: it has no IPv4 address. */
bool	lb_socks_ask(const struct address *, char to[LB_SOCKS_REQUEST]);
/* 1: granted; 0: there is more to come; -1: refused, or no answer at all. */
int	lb_socks_granted(struct text answer);

#endif
