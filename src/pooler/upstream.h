/* SPDX-License-Identifier: ISC */
/*
 * upstream.h - what a logged-in client sends, on its way to a server: takes
 * a server when one is needed, keeps parameters in step, renames prepared
 * statements, books what answers are to come. On the client's loop.
 */
#ifndef WEIR_POOLER_UPSTREAM_H
#define WEIR_POOLER_UPSTREAM_H

#include "net/conn.h"
#include "pooler/client.h"

extern const struct conn_handler pl_upstream_handler;

/* The client has a server now, or its server is in step: go on. */
void	pl_upstream_go(struct pl_client *);
/* Linked, but nothing was asked of the server: it goes straight back. */
void	pl_upstream_give_back(struct pl_client *);

#endif
