/* SPDX-License-Identifier: ISC */
/*
 * dial.h - connects to PostgreSQL and logs in: name, socket, TLS, startup,
 * authentication, connect_query. While it lasts the server is in LOGIN; then
 * it goes to its pool. On the server's loop.
 */
#ifndef WEIR_POOLER_DIAL_H
#define WEIR_POOLER_DIAL_H

#include "pooler/pool.h"

struct resolver;

void	pl_dial_init(struct resolver *);

/* False: it failed at once; the caller closes the server. */
bool	pl_dial_start(struct pl_pool *, struct pl_server *);
/* Only connects (no TLS, no login), sends the cancel key and ends. */
bool	pl_dial_cancel(struct pl_pool *, struct pl_server *, const uint8_t key[8],
	    const struct endpoint *same_host);
void	pl_dial_free(struct pl_server *);

#endif
