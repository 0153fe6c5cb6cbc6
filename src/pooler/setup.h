/* SPDX-License-Identifier: ISC */
/*
 * setup.h - puts a read configuration in force: users, databases, pools and
 * settings follow it, what it dropped is closed. Loop 0.
 */
#ifndef WEIR_POOLER_SETUP_H
#define WEIR_POOLER_SETUP_H

#include "base/why.h"
#include "pooler/settings.h"

/* The one in force; NULL before the first. */
const struct pl_setup *pl_setup_now(void);

/* Takes the setup, also when it says -1 (first: TLS cannot be set up). */
int	pl_setup_apply(struct pl_setup *, bool first, struct why *);

/* Logs what the first reading had to say, once: when the log is open. */
void	pl_setup_tell(void);

/* Some settings were changed by SET; -1: TLS could not be made from them. */
int	pl_setup_settings_changed(struct why *);


/* The end: closes all that is open (loops run), then frees all (they do not). */
void	pl_setup_end(void);
void	pl_setup_fini(void);
/* Closes all that belongs to a database and forgets it when that is done. */
struct pl_database;
void	pl_setup_drop_database(struct pl_database *);

#endif
