/* SPDX-License-Identifier: ISC */
/*
 * keys.h - every setting of the pooler, one row each. Constant; any thread.
 */
#ifndef WEIR_POOLER_KEYS_H
#define WEIR_POOLER_KEYS_H

#include "conf/key.h"
#include "pooler/settings.h"

extern const struct key pl_keys_pgbouncer[];	/* struct pl_settings */
extern const struct key pl_keys_databases[];	/* struct pl_database_row */
extern const struct key pl_keys_users[];	/* struct pl_user_row */
extern const struct key pl_keys_peers[];	/* struct pl_peer_row */

/* Do both rows say the same in all their fields (the names aside)? */
bool	pl_keys_same_database(const struct pl_database_row *,
	    const struct pl_database_row *);

/* --list-settings */
void	pl_keys_list(FILE *, enum key_form);

#endif
