/* SPDX-License-Identifier: ISC */
/*
 * database.h - one entry of [databases], or one made from '*', with what it
 * is doing now. Loop 0 owns the register.
 */
#ifndef WEIR_POOLER_DATABASE_H
#define WEIR_POOLER_DATABASE_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "pooler/budget.h"
#include "pooler/settings.h"
#include "pooler/user.h"

struct pl_pool;
TAILQ_HEAD(pl_pool_list, pl_pool);

struct pl_database {
	TAILQ_ENTRY(pl_database) link;	/* all, sorted by name */
	char *name;
	const struct pl_database_row *row;	/* of the setup in force, or 'made' */
	struct pl_database_row *made;	/* automatic: '*' with this name; owned */
	bool admin;			/* the console, "pgbouncer" */
	bool automatic;			/* made from '*' */
	bool paused, disabled;
	bool dead;			/* dropped; waits for its last pool */
	struct pl_budget servers;	/* max_db_connections */
	int clients;			/* logged in */
	int64_t idle_since;		/* automatic: last time it had a client or server */
	struct pl_credential *forced;	/* user= (and password=); NULL: the client's own */
	struct map *looked_up;		/* auth_query answers: name -> struct pl_credential */
	struct pl_pool_list pools;
	char ill[120];			/* healthz.h; empty: well */
	unsigned next_host;		/* round robin over row->hosts */
};

TAILQ_HEAD(pl_database_list, pl_database);
extern struct pl_database_list pl_databases;
unsigned pl_database_count(void);
extern struct pl_database *pl_database_admin;	/* the console */

struct pl_database *pl_database_find(struct text name);	/* no registration */
/* As find, but makes an automatic one from '*' when there is such an entry. */
struct pl_database *pl_database_get(struct text name);
/* One of the file (row stays the setup's), or the console. NULL: no memory. */
struct pl_database *pl_database_new(struct text name, const struct pl_database_row *);
void	pl_database_free(struct pl_database *);	/* it has no pool */
/* Points an automatic one at what '*' says now. */
int	pl_database_remake(struct pl_database *, const struct pl_database_row *fallback);
/* Makes or renews the forced user's credential as the row says. */
int	pl_database_force(struct pl_database *);
extern const struct pl_database_row *pl_database_fallback;	/* "*", or NULL */

int	pl_database_pool_size(const struct pl_database *, const struct pl_user *);
int	pl_database_min_pool_size(const struct pl_database *);
int	pl_database_reserve(const struct pl_database *, const struct pl_user *);
int	pl_database_max_servers(const struct pl_database *);	/* 0: no limit */
int	pl_database_max_clients(const struct pl_database *);
int64_t	pl_database_server_lifetime(const struct pl_database *);	/* us */

#endif
