/* SPDX-License-Identifier: ISC */
/*
 * courier.h - carries a cancel request on to another pooler of the group
 * ([peers]): connects, sends the sixteen bytes, waits for the end. Loop 0.
 */
#ifndef WEIR_POOLER_COURIER_H
#define WEIR_POOLER_COURIER_H

#include "pooler/client.h"
#include "pooler/settings.h"

struct resolver;

void	pl_courier_init(struct resolver *);
/* The client is closed when it is over, or at once when it cannot be. */
void	pl_courier_send(struct pl_client *, const struct pl_peer_row *, const uint8_t key[8]);
void	pl_courier_client_left(struct pl_client *);

/* For SHOW PEER_POOLS: how many are under way to this peer. */
unsigned pl_courier_count(int peer_id);

#endif
