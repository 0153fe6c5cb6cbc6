/* SPDX-License-Identifier: ISC */
/*
 * control.h - what an operator does to databases and pools, by the console
 * or by a signal: pause, resume, kill, reconnect, suspend, leave. Changes
 * begin here at once; some are over only later, when servers have left:
 * pl_control_tick() carries them on. Loop 0, but for pl_control_heed().
 *
 * A database of NULL means all of them. Functions that return int say -1
 * with the text for the operator in why, and have changed nothing then.
 */
#ifndef WEIR_POOLER_CONTROL_H
#define WEIR_POOLER_CONTROL_H

#include "base/why.h"
#include "pooler/pool.h"

/* Is a pause in force that makes another one an error? */
int	pl_control_may_pause(struct why *);
int	pl_control_pause(struct pl_database *, struct why *);
int	pl_control_resume(struct pl_database *, struct why *);
int	pl_control_may_suspend(struct why *);
int	pl_control_suspend(struct why *);
int	pl_control_able(struct pl_database *, bool able, struct why *);
int	pl_control_kill(struct pl_database *, struct why *);
int	pl_control_reconnect(struct pl_database *, struct why *);
/* It may be on any loop: pl_control_hunted() tells when it was found (UNDONE: it is not). */
struct pl_hunt;
int	pl_control_kill_client(uint64_t id, struct pl_hunt **, struct why *);
/* May WAIT_CLOSE wait there? */
int	pl_control_may_wait(const struct pl_database *, struct why *);

/* What somebody may wait for, and whether it has come. */
enum pl_control_wait {
	PL_WAIT_PAUSE,			/* no server is left */
	PL_WAIT_CLOSE,			/* no server is marked close_needed */
	PL_WAIT_SUSPEND,		/* nothing is left to be sent */
	PL_WAIT_ROUND,			/* all loops have done it */
	PL_WAIT_HUNT			/* see pl_control_hunted() */
};
enum pl_control_outcome {
	PL_CONTROL_WAITS, PL_CONTROL_DONE, PL_CONTROL_UNDONE
};
/* UNDONE: it was resumed meanwhile. */
enum pl_control_outcome pl_control_look(enum pl_control_wait,
	    const struct pl_database *);
enum pl_control_outcome pl_control_hunted(const struct pl_hunt *);
void	pl_control_end_hunt(struct pl_hunt **);
/*
 * Where there are other loops: a number taken when the wait begins; looking
 * makes sense only when it was served.
 */
unsigned pl_control_ticket(enum pl_control_wait);
bool	pl_control_served(enum pl_control_wait, unsigned ticket);

/*
 * The process is to leave: WAIT_CLIENTS, WAIT_SERVERS. Listeners, log line
 * and service manager are the caller's affair. When the last one is gone,
 * pl_control_shutdown(PL_SHUTDOWN_NOW) is called.
 */
void	pl_control_leave(enum pl_leaving);

/*
 * Carries on what has begun. The janitor calls it three times a second;
 * pl_control_init() has it called when a server has left, too.
 */
void	pl_control_tick(void);
/* The part of a tick that each of the other loops does on its own. */
void	pl_control_heed(void);
void	pl_control_init(void);

/* SET key = value: -1: refused, why is for the log. */
int	pl_control_set(struct text key, struct text value, struct why *);

/* Set by the console: those who wait should look again. */
extern void (*pl_control_moved)(void);

/* Set by main. */
enum pl_shutdown { PL_SHUTDOWN_NOW, PL_SHUTDOWN_CLIENTS, PL_SHUTDOWN_SERVERS };
extern int (*pl_control_reload)(struct why *);
extern void (*pl_control_shutdown)(enum pl_shutdown);
extern void (*pl_control_listen)(bool on);	/* SUSPEND: accept or rest */
/* New settings are in force by SET; -1: TLS could not be made from them. */
extern int (*pl_control_applied)(struct text key, struct why *);

#endif
