/* SPDX-License-Identifier: ISC */
/*
 * downstream.h - what a logged-in server sends, on its way to its client:
 * matched with what was asked, tracked parameters noted, our own answers put
 * in; and the server's release when all is answered. On the server's loop.
 */
#ifndef WEIR_POOLER_DOWNSTREAM_H
#define WEIR_POOLER_DOWNSTREAM_H

#include "net/conn.h"
#include "pooler/client.h"
#include "pooler/server.h"

extern const struct conn_handler pl_downstream_handler;

/* What becomes of the server of a client that goes away: released
 * between transactions, else closed. */
void	pl_downstream_abandon(struct pl_client *, struct pl_server *);

/*
 * A tracked parameter as the server reports it (body of ParameterStatus);
 * for the login stage too. -1: malformed or no memory.
 */
int	pl_downstream_parameter(struct pl_server *, struct text body);

#endif
