/* SPDX-License-Identifier: ISC */
/*
 * errand.h - what a daemon and its helper (proc/runner) mean alike: which
 * programs there are, how one may end, how much of it is kept. Plain data,
 * any thread.
 */
#ifndef WEIR_PROC_ERRAND_H
#define WEIR_PROC_ERRAND_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

enum {
	RUNNER_OUTPUT = 2048,	/* bytes of output kept; the rest is read away */
	RUNNER_WORDS = 64,	/* arguments and variables of one run, together */
	RUNNER_TEXT = 8192,	/* their bytes */
	RUNNER_MOST = 1024	/* programs at a time, at most */
};

/*
 * One configured command. All strings are read by the helper's copy of the
 * process: they must stay as they are as long as the runner lives.
 */
struct runner_command {
	const char *const *argv;	/* ended by NULL; its first is the program */
	const char *path;		/* its $PATH, where it is also looked for;
					 * NULL: the daemon's */
	bool inherits;			/* the daemon's environment too */
	bool collects;			/* output and errors are handed to done() */
	bool changes_user;		/* to uid, gid, and no other groups */
	uid_t uid;
	gid_t gid;
};

enum runner_end {
	RUNNER_EXITED,		/* code: what it returned */
	RUNNER_KILLED,		/* code: the signal, not ours */
	RUNNER_TIMED_OUT,	/* its limit passed; code: 0 */
	RUNNER_FAILED,		/* not started; code: errno */
	RUNNER_LOST		/* the helper died meanwhile; code: 0 */
};

#endif
