/* SPDX-License-Identifier: ISC */
/*
 * columns.h - what SHOW can show: a row per object, with who may see it and
 * its view. Constant; loop 0.
 */
#ifndef WEIR_POOLER_COLUMNS_H
#define WEIR_POOLER_COLUMNS_H

#include "pooler/view.h"

/* Who may; only what says otherwise is open to others than admins. */
enum pl_level { PL_LEVEL_ADMIN, PL_LEVEL_ANY };

/* Those that only look settable; not told by SHOW HELP. */
enum { PL_GROUP_PARAMETER = 0 };

struct pl_object {
	const char *name;
	enum pl_level level;
	unsigned group;			/* line of SHOW HELP, from 1 on */
	const struct pl_view *view;	/* NULL: SHOW HELP */
	const char *help;
};

extern const struct pl_object pl_objects[];
extern const unsigned pl_object_count;
/* Case is ignored; NULL: there is none of that name. */
const struct pl_object *pl_columns_find(const char *name);

#endif
