/* SPDX-License-Identifier: ISC */
/*
 * cancel.h - cancel keys of clients, and cancel requests on their way to the
 * server. A server with a cancel in flight is given to nobody (R17), and stays
 * on its loop. Loop 0, but for what is said of single calls.
 */
#ifndef WEIR_POOLER_CANCEL_H
#define WEIR_POOLER_CANCEL_H

#include "pooler/client.h"
#include "pooler/pool.h"

/* A fresh random key, with our peer id when there is one. -1: no randomness. */
int	pl_cancel_make_key(uint8_t key[8]);
/* A connection turned out to be a cancel request. */
void	pl_cancel_request(struct pl_client *, const uint8_t key[8]);
/* The connection of a request, or one that it was for, has gone; on its loop. */
void	pl_cancel_client_left(struct pl_client *);
void	pl_cancel_left(struct pl_server *);
/* Starts what waits for room: from time to time. */
void	pl_cancel_tick(void);

/* Set by main: a request for a console's client. */
extern void (*pl_cancel_console)(struct pl_client *);

#endif
