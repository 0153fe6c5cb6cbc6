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
#include "pooler/roster.h"
#include "pooler/server.h"
#include "pooler/user.h"

extern struct pl_pool_list pl_pools;	/* sorted by database name, user name */
unsigned pl_pool_count(void);

void	pl_pool_init(void);		/* once, before any server */
extern unsigned pl_pool_loops;		/* how many there are, or will be; before the first pool */
struct pl_pool *pl_pool_find(struct pl_database *, struct pl_credential *);
struct pl_pool *pl_pool_get(struct pl_database *, struct pl_credential *);	/* NULL: no memory */
bool	pl_pool_free(struct pl_pool *);		/* no record names it; false: not now */
void	pl_pool_refresh(struct pl_pool *);	/* limits anew, from the settings in force */
static inline enum pl_pool_mode
pl_pool_mode(const struct pl_pool *pool)
{
	return (enum pl_pool_mode)pool->mode;
}

unsigned pl_pool_servers(const struct pl_pool *);	/* all states; loop 0 */
unsigned pl_pool_clients(const struct pl_pool *);
unsigned pl_pool_records(const struct pl_pool *);	/* what must go before it may: loop 0 */
unsigned pl_pool_seats(struct pl_pool *);	/* servers, as any loop may ask */
bool	pl_pool_has_waiting(struct pl_pool *);

/*
 * A client needs a server now. True: it is linked. False: it waits (or was
 * closed: look at its state); the grant comes through the relay's handlers.
 */
bool	pl_pool_want(struct pl_pool *, struct pl_client *);
/* The server did its work; goes through spec 10.3 release order. */
void	pl_pool_release(struct pl_pool *, struct pl_server *);
/* A server has logged in, or passed its test or reset: idle or granted. */
void	pl_pool_ready(struct pl_pool *, struct pl_server *);
/* Opens what is needed and allowed now (spec 10.5). Also after a server ended. */
void	pl_pool_grow(struct pl_pool *);
/* Serves those in line from what is idle: after RESUME. */
void	pl_pool_serve(struct pl_pool *);
/* The last attempt to connect or log in failed with this text. */
void	pl_pool_failed(struct pl_pool *, const char *error);
/* A free server goes to the used list: it must pass the check query first. */
void	pl_pool_retire(struct pl_pool *, struct pl_server *);
/* An idle server rests for long: the same; false: it was granted just now. */
bool	pl_pool_age(struct pl_pool *, struct pl_server *);
/* Is it to yield a server to another pool? From time to time; loop 0. */
void	pl_pool_weigh(struct pl_pool *);
/* Those in line are told that in vain, whatever loop they are on. */
void	pl_pool_refuse(struct pl_pool *, const char *sqlstate, const char *text);
/* None of its servers has ever logged in. */
bool	pl_pool_is_new(struct pl_pool *);
/* Books a server (ledger, permits) that the caller dials itself; NULL: refused. */
struct pl_server *pl_pool_open(struct pl_pool *, bool may_evict);
/* Marks every server close_needed; idle ones go by the janitor or at release. */
void	pl_pool_reconnect(struct pl_pool *);
/* Is its server_lifetime over, and time enough gone since the last such close? */
bool	pl_pool_outlived(const struct pl_pool *, const struct pl_server *, int64_t now);
/* Closes every client and every server, each told the reason. */
void	pl_pool_close_all(struct pl_pool *, const char *reason);
/* Opens one server for min_pool_size; false: not allowed now. */
bool	pl_pool_open_spare(struct pl_pool *);

/* Set by main: starts to connect and log in; false: it failed at once. */
extern bool (*pl_pool_dial)(struct pl_pool *, struct pl_server *);
/* Set by main: sends the check query / the reset query to a TESTED server. */
extern void (*pl_pool_check)(struct pl_server *);
/* Set by main: the client has got its server (or, logging in, its welcome). */
extern void (*pl_pool_granted)(struct pl_client *);

/* Set by main, or NULL: a server left (PAUSE may be waiting for that). */
extern void (*pl_pool_changed)(void);

/* The whole pooler is paused, suspended or leaving: one state, spec 2 and 8.3. */
enum pl_activity { PL_RUNNING, PL_PAUSED, PL_SUSPENDED };
enum pl_leaving { PL_STAYS, PL_WAIT_CLIENTS, PL_WAIT_SERVERS };
extern enum pl_activity pl_activity;
extern enum pl_leaving pl_leaving;
bool	pl_pool_paused(const struct pl_pool *);	/* globally or its database */

#endif
