/* SPDX-License-Identifier: ISC */
/*
 * config.h - how an existing pgbouncer.ini (with its side file, userlist,
 * HBA file and ident map) becomes a struct pl_setup. Reading has no effect
 * on the running process; errors of the file are all reported in one go and
 * leave nothing behind. Loop 0 (and the start, before there are loops).
 */
#ifndef WEIR_POOLER_CONFIG_H
#define WEIR_POOLER_CONFIG_H

#include <sys/stat.h>

#include "base/why.h"
#include "pooler/settings.h"

struct pl_config_source {
	const char *path;		/* the ini, as given by the user */
	int verbose;			/* -v: how often */
	bool origins;			/* remember them: pl_config_origin() */
	/* What is in force: NULL at start. */
	const struct pl_settings *now;
	/*
	 * How files are read and looked at, as file_read() and stat() do
	 * it; NULL: from the file system.
	 */
	int (*load)(const char *path, struct text *, struct why *);
	int (*status)(const char *path, struct stat *);
};

/*
 * Reads everything. previous: the setup in force, NULL at start. On failure
 * NULL; then every line (notes and errors) went to report, in order, and why
 * holds the last error. On success the notes are in the setup.
 */
struct pl_setup *pl_config_read(const struct pl_config_source *,
	    const struct pl_setup *previous, void (*report)(void *arg,
	    enum log_level, const char *line), void *arg, struct why *);
void	pl_config_free(struct pl_setup **);

/* The row of that name (but for "*"), or NULL. */
const struct pl_database_row *pl_config_database(const struct pl_setup *,
	    struct text name);

/*
 * Where a setting of [pgbouncer] or a row of another section comes from:
 * "FILE:LINE", more of them when a side file adds to it; NULL: a default.
 */
const char *pl_config_origin(const struct pl_setup *, const char *section,
	    const char *name);

/* Moves the settings out of a setup that is being applied. */
const struct pl_settings *pl_config_take_settings(struct pl_setup *);

/*
 * SET key = value: new settings that differ from 'now' in one key, or NULL
 * with the reason. A key that cannot be changed at run time is not an error:
 * the new settings are the same as the old.
 */
const struct pl_settings *pl_config_set(const struct pl_settings *now,
	    struct text key, struct text value, struct why *);
void	pl_config_free_settings(const struct pl_settings **);

/* The settings of a process without a file (tests): all defaults. */
const struct pl_settings *pl_config_usual(const char *path);

/* SHOW CONFIG: row i, false behind the last (98 rows, in order). */
struct pl_config_line {
	const char *key, *value, *usual;	/* NULL: unset */
	bool changeable;
	char scratch[KEY_SHOW];			/* value may lie in it */
};
bool	pl_config_show(const struct pl_settings *, unsigned i,
	    struct pl_config_line *);

#endif
