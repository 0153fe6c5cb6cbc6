/* SPDX-License-Identifier: ISC */
/*
 * helper.h - the process behind proc/runner: what the two say to each other
 * and its whole life. Messages go over a socket that keeps them apart. The
 * helper has one thread and allocates nothing: it may be forked from a
 * process that has many.
 */
#ifndef WEIR_PROC_HELPER_H
#define WEIR_PROC_HELPER_H

#include <stddef.h>

#include "proc/errand.h"

struct helper_order {		/* daemon to helper; strings behind it */
	uint64_t run;
	int64_t limit, grace;	/* us */
	uint32_t command;
	uint16_t args, env;	/* how many strings of each */
	bool end;		/* not a new run: end this one */
	char text[RUNNER_TEXT];
};

struct helper_news {		/* helper to daemon: a run has ended */
	uint64_t run;
	int64_t took;
	int32_t end, code;	/* enum runner_end */
	uint32_t len;
	bool cut;
	char output[RUNNER_OUTPUT];
};

struct helper;

/* What the helper needs, made before the fork. NULL: no memory. */
struct helper *helper_new(const struct runner_command *, unsigned n,
	    unsigned most);
/* In the child: never returns. All descriptors but sock are closed. */
_Noreturn void helper_live(struct helper *, int sock);
void	helper_free(struct helper **);

#endif
