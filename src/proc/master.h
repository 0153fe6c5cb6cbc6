/* SPDX-License-Identifier: ISC */
/*
 * master.h - the process that serves nothing and keeps workers alive: forks
 * them, speaks with each over a channel, hears of their end. To read its
 * configuration anew it begins a new life: the program is executed again
 * under the same number, and finds here what the life before it left. There
 * is one per process. First thread.
 *
 *	life 1	master_begin, master_fork -> worker; master_watch, run
 *	reload	master_exec
 *	life 2	master_begin: 'again'; master_fork -> worker; ...
 *
 * What a worker sees of this is proc/worker.h.
 */
#ifndef WEIR_PROC_MASTER_H
#define WEIR_PROC_MASTER_H

#include <sys/types.h>

#include <event2/event_struct.h>

#include "net/loop.h"

struct master_worker {
	struct master_worker *next;	/* the newest first */
	pid_t pid;
	int channel;			/* -1: closed */
	unsigned reloads;		/* it has lived through */
	int64_t since;			/* wall clock, seconds */
	bool ready, leaving;
	struct event event;
};

struct master {
	bool again;			/* not the first life */
	int64_t since;			/* of the first life */
	unsigned reloads, failed, placed;	/* all; of them in vain; of
						 * them in place */
	struct master_worker *workers;
	/* The caller's luggage, from life to life. */
	int door;			/* a listening socket; -1 */
	int asker;			/* who waits for the reload; -1 */
	unsigned flags, limit;
};

struct master_events {
	void (*ready)(struct master_worker *);
	/* status as of waitpid; it is off the list and freed after this. */
	void (*ended)(struct master_worker *, int status);
};

/* First of all: env is what a next life is to find. */
void	master_begin(char *const *env);
struct master *master_here(void);

/* The pid; 0: this is the worker now, no master any more. -1: why. */
pid_t	master_fork(struct why *);
/* Loop 0 of the master; from here on its signals are heard. */
int	master_watch(struct loop *, const struct master_events *,
	    struct why *);
/*
 * A stream to the worker, who takes the other end as a connection made to
 * it; level: what it may do. -1: why.
 */
int	master_connect(const struct master_worker *, char level,
	    struct why *);
/* One message to a worker, or nothing: it may be gone, or slow. */
void	master_tell(const struct master_worker *, struct text);
/* Sends the signal to all of them. */
void	master_signal(int number);
/* The next life; returns (-1) when there is none to be had. */
int	master_exec(char *const *argv, struct why *);
void	master_end(void);		/* before the loop is freed */

#endif
