/* SPDX-License-Identifier: ISC */
/*
 * mapfile.h - the file of a map_* converter: a key and a value a line. Read
 * with the setup, which owns it; immutable. Any thread.
 */
#ifndef WEIR_BALANCER_MAPFILE_H
#define WEIR_BALANCER_MAPFILE_H

#include "balancer/pattern.h"

struct lb_map_entry {
	struct lb_pattern key;
	const char *value;
};

struct lb_mapfile {
	enum lb_match how;
	bool expands;			/* map_regm: \1 in values */
	bool keys;			/* map_key: the key is the value */
	ARENA_LIST(const struct lb_map_entry) entries;	/* STR: sorted */
};

/* For the converter of that name; NULL with the reason. */
const struct lb_mapfile *lb_mapfile_read(struct lb_parse *, const char *path,
	    struct text converter, struct why *);
/* Of a map by exact texts; NULL: it is not there. */
const struct lb_map_entry *lb_mapfile_find(const struct lb_mapfile *,
	    struct text key);

#endif
