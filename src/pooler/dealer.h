/* SPDX-License-Identifier: ISC */
/*
 * dealer.h - which loop a client lives on: the one with the fewest, from the
 * end of its login on. Loop 0.
 */
#ifndef WEIR_POOLER_DEALER_H
#define WEIR_POOLER_DEALER_H

#include "pooler/client.h"

void	pl_dealer_init(void);		/* once, before any client */
/*
 * A client is welcomed, linked to no server: true, it has left for another
 * loop, and is not to be touched any more.
 */
bool	pl_dealer_deal(struct pl_client *);

#endif
