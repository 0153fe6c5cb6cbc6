/* SPDX-License-Identifier: ISC */
/*
 * lookup.h - auth_query: asks PostgreSQL for a user's secret, on a server of
 * the pool (auth database, auth_user) that the client borrows for one
 * question. No setting of the client ever reaches that server (R6).
 * On the client's loop.
 */
#ifndef WEIR_POOLER_LOOKUP_H
#define WEIR_POOLER_LOOKUP_H

#include "pooler/client.h"
#include "pooler/user.h"

struct pl_lookup_answer {
	const char *failed;		/* what the client is told; NULL: went well */
	bool found;			/* a row came */
	struct text name, secret;	/* secret.at NULL: SQL's NULL */
};

/* Is auth_user set for this database? Its name, or NULL. */
const char *pl_lookup_user(const struct pl_database *);

/*
 * done() is called later, or within this call when it fails at once. The
 * client may be closed instead (limits, time-outs); then done() never comes.
 */
void	pl_lookup_start(struct pl_client *, struct pl_database *, const char *user,
	    void (*done)(struct pl_client *, const struct pl_lookup_answer *));
/* The client goes away in the middle of it. */
void	pl_lookup_free(struct pl_client *);
/* The client has got its server. */
void	pl_lookup_granted(struct pl_client *);

#endif
