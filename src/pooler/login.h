/* SPDX-License-Identifier: ISC */
/*
 * login.h - a client's way from accept to its welcome: first packets, TLS,
 * who it is, whether it may, and the parameters of its server. On the
 * client's loop; with one loop the registers are at hand.
 */
#ifndef WEIR_POOLER_LOGIN_H
#define WEIR_POOLER_LOGIN_H

#include "pooler/client.h"

/* A connection was accepted; fd is taken. NULL: no memory. */
struct pl_client *pl_login_new(struct loop *, int fd, const struct endpoint *peer);

/* Its pool has a server or a welcome for it; behind the login it goes on. */
void	pl_login_granted(struct pl_client *);
void	pl_login_free(struct pl_client *);

/* Set by main: the console takes a client over. */
extern void (*pl_login_console)(struct pl_client *);

#endif
