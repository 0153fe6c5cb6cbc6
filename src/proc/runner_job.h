/* SPDX-License-Identifier: ISC */
/*
 * runner_job.h - what is to be run and what came of it, as plain data; for
 * proc/runner and whoever drives a helper on another loop. Any thread.
 */
#ifndef WEIR_PROC_RUNNER_JOB_H
#define WEIR_PROC_RUNNER_JOB_H

#include "base/text.h"
#include "proc/errand.h"

struct runner_result {
	enum runner_end end;
	int code;
	int64_t took;		/* us, from start to end */
	struct text output;	/* borrowed: done()'s, until it returns */
	bool cut;		/* there was more */
};

struct runner_job {
	unsigned command;		/* row of the table */
	const char *const *args;	/* behind the row's; ended by NULL; or NULL */
	const char *const *env;		/* "NAME=value"; ended by NULL; or NULL */
	int64_t limit;			/* us; then SIGTERM to its group; 0: none */
	int64_t grace;			/* us more; then SIGKILL */
	uint64_t key;			/* not 0: those of one key run one after the
					 * other, in the order asked for */
	void (*done)(void *arg, const struct runner_result *);	/* or NULL */
	void *arg;
};

#endif
