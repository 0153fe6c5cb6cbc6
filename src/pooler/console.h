/* SPDX-License-Identifier: ISC */
/*
 * console.h - the admin database: a client that speaks to us instead of a
 * server, in the simple or the extended protocol. Loop 0.
 */
#ifndef WEIR_POOLER_CONSOLE_H
#define WEIR_POOLER_CONSOLE_H

#include "pooler/client.h"

void	pl_console_init(void);		/* once, at start */

/*
 * Takes over a client of the console's database whose login is done: it is
 * ACTIVE, welcomed and counted, has user, database, pool and key, 'admin'
 * says whether it may do more than look, AuthenticationOk was sent, and
 * bytes that came after the login stand in 'pending'. Sends the rest of the
 * welcome.
 */
void	pl_console_start(struct pl_client *);

/*
 * A cancel request for this client: ends its wait for PAUSE or SUSPEND by a
 * RESUME, its wait for WAIT_CLOSE by an error.
 */
void	pl_console_cancel(struct pl_client *);

#endif
