/* SPDX-License-Identifier: ISC */
/*
 * runner.h - programs that a daemon must run (checks, notify scripts) are
 * never started by the process that reads the network. A helper, forked
 * while the process is still quiet, has a copy of the table of configured
 * commands; it is told a row's number, values for the environment and
 * further arguments, never a command line, and no shell reads any of them
 * (but a script without a #! line is sh's, as with any execvp()).
 *
 *	runner_new()	forks the helper: after the user is settled and
 *			before threads, loops and the first packet
 *	runner_home()	the loop that it belongs to from here on
 *	runner_run()	a program is to run; done() is called once, later
 *	runner_free()	the helper ends what runs (SIGTERM, later SIGKILL)
 *
 * A program starts with standard input at its end, output nowhere or
 * collected, no other descriptor, a process group of its own, signals as
 * usual, and dies by SIGTERM when the helper dies. The helper dies with the
 * daemon, however that ended. A helper that died is told by lost(), its
 * programs are told as RUNNER_LOST, and a new one is forked, at most one a
 * second (so the daemon must not have forbidden itself execve()).
 *
 * What a command is and how a program may end: proc/errand.h. The table
 * changes by a reload: make a new runner, free the old one when it is idle.
 * On the home loop, but for runner_new().
 */
#ifndef WEIR_PROC_RUNNER_H
#define WEIR_PROC_RUNNER_H

#include "base/why.h"
#include "net/loop.h"
#include "proc/runner_job.h"

struct runner;

/*
 * most: programs that run at the same time (1..RUNNER_MOST); the others wait
 * in the order asked for. lost() may be NULL.
 */
struct runner *runner_new(const struct runner_command *table, unsigned n,
	    unsigned most, struct why *);
int	runner_home(struct runner *, struct loop *, void (*lost)(void *arg),
	    void *arg, struct why *);

/* Everything is copied. The run's number; 0: why (too long, no memory). */
uint64_t runner_run(struct runner *, const struct runner_job *, struct why *);
/*
 * Ends a run: not started, it never is; else SIGTERM, after its grace
 * SIGKILL. done() is not called any more. Unknown numbers are ignored.
 */
void	runner_cancel(struct runner *, uint64_t run);

unsigned runner_count(const struct runner *);	/* running or waiting */
pid_t	runner_pid(const struct runner *);	/* the helper's; -1: none now */
/* No done() is called; what runs gets SIGTERM and a second more. */
void	runner_free(struct runner **);

#endif
