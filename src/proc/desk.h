/* SPDX-License-Identifier: ISC */
/*
 * desk.h - the daemon's side of a helper, whatever loop it lives on: forks it,
 * keeps who waits and who runs, speaks to it over its socket. Its owner
 * (proc/runner on a loop, the VRRP daemon on its own) watches the socket and
 * calls when there is something to read or room to write. Embedded in its
 * owner; one thread.
 */
#ifndef WEIR_PROC_DESK_H
#define WEIR_PROC_DESK_H

#include <sys/queue.h>

#include "base/why.h"
#include "proc/runner_job.h"

struct helper;
struct desk_run;
TAILQ_HEAD(desk_runs, desk_run);

struct desk {
	const struct runner_command *table;
	unsigned rows, most;		/* most: that run at a time */
	struct helper *helper;
	pid_t pid;			/* -1: none */
	int sock;			/* -1: none */
	int64_t forked;			/* when */
	uint64_t last;			/* number given */
	struct desk_runs waiting, running;
	unsigned known, busy;		/* all; of them running */
};

void	desk_init(struct desk *, const struct runner_command *, unsigned rows,
	    unsigned most);
/* A (new) helper; -1: why. */
int	desk_fork(struct desk *, struct why *);
/* Everything is copied. The run's number; 0: why. It waits for desk_start. */
uint64_t desk_add(struct desk *, const struct runner_job *, struct why *);
/* Sends what may start. False: the socket is full, call again in a while. */
bool	desk_start(struct desk *);
/* Ends a run, done() is not called any more; desk_start tells the helper. */
void	desk_cancel(struct desk *, uint64_t run);

enum desk_heard { DESK_NOTHING, DESK_HEARD, DESK_LOST };
/* One piece of news; its done() is called, and may end the owner. */
enum desk_heard desk_hear(struct desk *);
/* The helper is gone: it is reaped; its runs stay until desk_tell_lost. */
void	desk_bury_helper(struct desk *);
/* One run that was lost with it is told so. False: there is none left. */
bool	desk_tell_lost(struct desk *);
/* Nobody is told any more. */
void	desk_silence(struct desk *);
void	desk_hang_up(struct desk *);	/* closes the socket: the helper ends */
void	desk_fini(struct desk *);	/* forgets all runs */

#endif
