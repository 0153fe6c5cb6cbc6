/* SPDX-License-Identifier: ISC */
/*
 * rights.h - what the process may do: its user, its limits, its privileges.
 * Called at start, by the only thread there is.
 */
#ifndef WEIR_PROC_RIGHTS_H
#define WEIR_PROC_RIGHTS_H

#include <stdbool.h>

#include "base/why.h"

struct rights_limits {		/* descriptors */
	long soft, hard;	/* as they are now; -1: without limit */
	long found;		/* soft limit before it was raised */
	long wanted;
};

bool	rights_root(void);	/* real or effective user 0 */
/*
 * Groups, group, user; the bounding set is emptied; going back is tried and
 * must fail. -1: "could not find user 'U' to switch to" or "failed to assume
 * identity of user 'U': ...".
 */
int	rights_become(const char *user, struct why *);
/* Raises the soft limit as far as wanted and allowed. */
void	rights_files(long wanted, struct rights_limits *);
/* No new privileges by exec, no core files, no tracing by others. */
void	rights_harden(void);

#endif
