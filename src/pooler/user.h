/* SPDX-License-Identifier: ISC */
/*
 * user.h - who may log in, and with what secret servers are answered.
 * A user is a global name: limits, overrides, counters. A credential is a
 * name with a secret as one source gave it: auth_file (one per user), a
 * database's user=/password=, an answer of auth_query (kept per database).
 * Loop 0 owns the register; pointers stay good for the life of the process,
 * what a reload takes away is only marked.
 */
#ifndef WEIR_POOLER_USER_H
#define WEIR_POOLER_USER_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "pooler/budget.h"
#include "pooler/settings.h"
#include "pooler/userlist.h"

struct pl_credential {
	struct pl_user *user;		/* never NULL */
	char *secret;			/* base/secret memory; NULL: none */
	uint8_t kind;			/* enum pl_secret_kind */
	bool impossible;		/* auth_query said NULL: matches nothing */
	bool has_keys;			/* SCRAM pass-through: both keys are known */
	uint8_t client_key[32], server_key[32];
	char *built;			/* SCRAM secret made from the plain one; cached */
};

struct pl_user {
	TAILQ_ENTRY(pl_user) link;	/* all users, sorted by name */
	char *name;
	bool listed;			/* in auth_file */
	const struct pl_user_row *row;	/* [users]; NULL: none */
	struct pl_credential own;	/* from auth_file */
	struct pl_budget servers;	/* max_user_connections */
	int clients;			/* logged in, for max_user_client_connections */
};

TAILQ_HEAD(pl_user_list, pl_user);
extern struct pl_user_list pl_users;
unsigned pl_user_count(void);

void	pl_user_fini(void);		/* nobody points at one any more */
struct pl_user *pl_user_find(struct text name);		/* NULL: unknown */
struct pl_user *pl_user_get(struct text name);		/* made when unknown; NULL: no memory */
struct pl_credential *pl_credential_new(struct pl_user *);	/* NULL: no memory */
void	pl_credential_free(struct pl_credential **);
/* Sets or clears (TEXT_NONE) a credential's secret and tells its kind. */
int	pl_credential_set(struct pl_credential *, struct text secret);
void	pl_credential_wipe(struct pl_credential *);

/* The value in force: the user's, else the database's, else the global one. */
struct pl_database;
int	pl_user_max_servers(const struct pl_user *);	/* 0: no limit */
int	pl_user_max_clients(const struct pl_user *);
bool	pl_user_is_admin(const struct pl_user *);	/* in admin_users */
bool	pl_user_is_stats(const struct pl_user *);	/* in stats_users */

#endif
