/* SPDX-License-Identifier: ISC */
/*
 * pool.h - the clients and servers of one (database, credential); carries
 * out what the ledger decides. Lives as long as its database. Which loop may
 * call what is in pool.c.
 */
#ifndef WEIR_POOLER_POOL_H
#define WEIR_POOLER_POOL_H

#include "base/text.h"
#include "pooler/client.h"
#include "pooler/database.h"
#include "pooler/pools.h"
#include "pooler/roster.h"
#include "pooler/server.h"
#include "pooler/user.h"

void	pl_pool_init(void);		/* once, before any server */
static inline enum pl_pool_mode
pl_pool_mode(const struct pl_pool *pool)
{
	return (enum pl_pool_mode)pool->mode;
}

unsigned pl_pool_servers(const struct pl_pool *);	/* all states; loop 0 */
unsigned pl_pool_clients(const struct pl_pool *);
unsigned pl_pool_seats(struct pl_pool *);	/* servers, as any loop may ask */
/*
 * May this idle server of the caller's loop be closed so that `keep` stay?
 * It gives up its seat then, so that two loops never close one too many.
 */
bool	pl_pool_give_up(struct pl_pool *, struct pl_server *, unsigned keep);
bool	pl_pool_has_waiting(struct pl_pool *);

/*
 * A client needs a server now. True: it is linked. False: it waits (or was
 * closed: look at its state); the grant comes through the relay's handlers.
 */
bool	pl_pool_want(struct pl_pool *, struct pl_client *);
/* The server did its work: it is closed, reset, tested or handed on. */
void	pl_pool_release(struct pl_pool *, struct pl_server *);
/* A server has logged in, or passed its test or reset: idle or granted. */
void	pl_pool_ready(struct pl_pool *, struct pl_server *);
/* Serves those in line from what is idle: after RESUME. */
void	pl_pool_serve(struct pl_pool *);
/* A free server goes to the used list: it must pass the check query first. */
void	pl_pool_retire(struct pl_pool *, struct pl_server *);
/* An idle server rests for long: the same; false: it was granted just now. */
bool	pl_pool_age(struct pl_pool *, struct pl_server *);
/* It is asked an empty query; false: it was granted just now. */
bool	pl_pool_ask(struct pl_pool *, struct pl_server *);
/* Those in line are told that in vain, whatever loop they are on. */
void	pl_pool_refuse(struct pl_pool *, const char *sqlstate, const char *text);
/* None of its servers has ever logged in. */
bool	pl_pool_is_new(struct pl_pool *);
/* Marks every server close_needed; idle ones go by the janitor or at release. */
void	pl_pool_reconnect(struct pl_pool *);
/* Is its server_lifetime over, and time enough gone since the last such close? */
bool	pl_pool_outlived(const struct pl_pool *, const struct pl_server *, int64_t now);
/* Closes every client and every server, each told the reason. */
void	pl_pool_close_all(struct pl_pool *, const char *reason);

/* Set by main: sends the check query / the reset query to a TESTED server. */
extern void (*pl_pool_check)(struct pl_server *);
/* Set by main: the client has got its server (or, logging in, its welcome). */
extern void (*pl_pool_granted)(struct pl_client *);

/* Set by main, or NULL: a server left (PAUSE may be waiting for that). */
extern void (*pl_pool_changed)(void);

#endif
