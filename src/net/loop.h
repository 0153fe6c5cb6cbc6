/* SPDX-License-Identifier: ISC */
/*
 * loop.h - one event base, its clock, its chunk stock, its mailbox. A loop is
 * made and run by one thread and only that thread touches it, but for
 * loop_post. Objects have a home loop; NEED(loop_here() == home) guards them.
 */
#ifndef WEIR_NET_LOOP_H
#define WEIR_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/why.h"

struct loop;
struct event_base;
struct engine;

/*
 * Makes a loop in the calling thread, after any fork. Loop 0 is the first.
 * The engine is chosen here: what WEIR_ENGINE names, else what loop_set_engine
 * named, else the first that works. NULL with why.
 */
struct loop *loop_new(struct why *);
void	loop_free(struct loop **);
void	loop_run(struct loop *);	/* until loop_stop; ends the last turn in order */
void	loop_stop(struct loop *);	/* from its own thread, or posted */

/* The thread's own, for the two calls below alone. */
extern _Thread_local struct loop *loop_mine;
extern _Thread_local int64_t loop_turn;		/* 0: not read in this turn */
int64_t	loop_read_clock(void);

static inline struct loop *
loop_here(void)			/* the calling thread's; NULL: none */
{
	return loop_mine;
}

static inline int64_t
loop_now(const struct loop *l)	/* monotonic us, read once per turn */
{
	return loop_turn != 0 ? loop_turn : loop_read_clock();
}

unsigned loop_number(const struct loop *);	/* 0, 1, ... */
unsigned loop_count(void);
struct loop *loop_at(unsigned number);

struct stock *loop_stock(struct loop *);	/* chunks of its buffers */
struct event_base *loop_base(struct loop *);	/* libevent's */
void	loop_set_engine(const char *name);	/* "auto", or one; before the first */
const char *loop_engine(const struct loop *);	/* "event" or "uring" */

/* From any thread: call(arg) runs on 'to' in a turn to come, in order. */
void	loop_post(struct loop *to, void (*call)(void *), void *arg);
/* The same, where 'to' may have ended: false, and nothing was posted. */
bool	loop_offer(struct loop *to, void (*call)(void *), void *arg);

/*
 * Work for the end of this turn, before the loop sleeps again. The job is
 * embedded in its owner; adding it twice before it ran is adding it once.
 */
struct loop_job {
	struct loop_job *next;
	void (*run)(struct loop_job *);
	uint8_t queued;
};
/* The job is the caller's; once more while it is queued is harmless. */
void	loop_soon(struct loop *, struct loop_job *);
void	loop_soon_cancel(struct loop *, struct loop_job *);

/* bury(dead) is called when the turn is over: nothing is freed in a callback. */
void	loop_retire(struct loop *, void *dead, void (*bury)(void *));

/* Called once in each turn after its events (housekeeping); NULL ends it. */
void	loop_set_after(struct loop *, void (*after)(void *), void *arg);

/* For net/conn: the engine, and what the streams keep per loop. */
const struct engine *loop_driver(const struct loop *);
void	*loop_driver_part(const struct loop *);	/* the engine's own */
void	*loop_part(const struct loop *);
void	loop_set_part(struct loop *, void *part, void (*end)(void *));

#endif
