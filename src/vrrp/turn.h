/* SPDX-License-Identifier: ISC */
/*
 * turn.h - the loop of a process that must be on time: descriptors and
 * timers, one ppoll. Timers are exact to tens of microseconds, and nothing
 * here is shared with a process that was forked from this one: the child
 * begins with vr_turn_init() again. Each process has one; no threads.
 */
#ifndef WEIR_VRRP_TURN_H
#define WEIR_VRRP_TURN_H

#include <stdbool.h>
#include <stdint.h>

struct vr_turn_timer {		/* embedded in its owner */
	int64_t at;		/* monotonic us; 0: not running */
	void (*fire)(void *arg);
	void *arg;
	struct vr_turn_timer *next;
	bool known;
};

void	vr_turn_init(void);	/* forgets all descriptors and timers */
/* ready(arg) when fd can be read (or has ended); NULL takes it out. */
void	vr_turn_watch(int fd, void (*ready)(void *arg), void *arg);
void	vr_turn_at(struct vr_turn_timer *, int64_t when);	/* one shot */
void	vr_turn_stop(struct vr_turn_timer *);
/* Before the timer's memory goes. */
void	vr_turn_forget(struct vr_turn_timer *);
int64_t	vr_turn_now(void);	/* read once after each wake-up */
/* before() is called when it wakes, ahead of the timers; after() at the end
 * of each turn, ahead of the sleep. */
void	vr_turn_before(void (*before)(void));
void	vr_turn_after(void (*after)(void));
/*
 * For who has real-time priority: the kernel kills a process that runs for so
 * long without a sleep (RLIMIT_RTTIME). It naps for a moment when it did not
 * sleep for 'spell'; asked for at the end of each turn, and by who takes
 * long within one. 0: never.
 */
void	vr_turn_spell(int64_t spell);
void	vr_turn_breathe(void);
int	vr_turn_run(void);	/* until vr_turn_end; its code */
void	vr_turn_end(int code);

#endif
