/* SPDX-License-Identifier: ISC */
/*
 * timer.h - one-shot and periodic timers, embedded in the object they serve
 * and ended with it. Coarse (a tick of the kernel). On the owner's loop.
 */
#ifndef WEIR_NET_TIMER_H
#define WEIR_NET_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/event_struct.h>

#include "net/loop.h"

struct timer {
	struct event ev;
	void (*fire)(void *arg);
	void *arg;
	int64_t period;			/* 0: one shot */
};

void	timer_init(struct timer *, struct loop *, void (*fire)(void *), void *arg);
void	timer_after(struct timer *, int64_t usec);	/* (re)start, one shot */
void	timer_every(struct timer *, int64_t usec);	/* (re)start, periodic */
void	timer_stop(struct timer *);			/* harmless when not running */
bool	timer_running(const struct timer *);

#endif
