/* SPDX-License-Identifier: ISC */
/*
 * mover.h - what goes from loop to loop: orders about a server or a client
 * that lives elsewhere, and servers and clients themselves. An order names
 * its subjects and never points at them: on the loop where one lives, its
 * name finds it, or nobody when it has gone. Who travels is in no list and
 * in no table, so nothing can happen to it before it arrives.
 */
#ifndef WEIR_POOLER_MOVER_H
#define WEIR_POOLER_MOVER_H

#include "pooler/client.h"
#include "pooler/server.h"

struct pl_budget;

struct pl_name {
	uint64_t id;			/* 0: nobody */
	uint32_t place;
	uint16_t loop;
};

struct pl_move {			/* an order; its reader knows what it says */
	struct pl_pool *pool;
	struct pl_name server, client;
	struct pl_budget *budget;
	int act;
};

/* While it stands in the ledger, under the lock; or on its loop. */
struct pl_name pl_mover_name_client(const struct pl_client *);
struct pl_name pl_mover_name_server(const struct pl_server *);
/* On the loop that the name says; NULL: gone. */
struct pl_client *pl_mover_client(const struct pl_name *);
struct pl_server *pl_mover_server(const struct pl_name *);

/* carry_out runs on that loop: in this call when it is this one. */
void	pl_mover_order(const struct pl_move *, unsigned loop,
	    void (*carry_out)(const struct pl_move *));
/* An idle server, linked to nobody: to the client's loop. */
void	pl_mover_send_server(struct pl_server *, const struct pl_move *,
	    void (*arrived)(struct pl_server *, const struct pl_move *));
/* A client that is linked to no server; what it sent already goes with it. */
void	pl_mover_send_client(struct pl_client *, unsigned loop,
	    void (*arrived)(struct pl_client *));

#endif
