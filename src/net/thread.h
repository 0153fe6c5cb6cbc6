/* SPDX-License-Identifier: ISC */
/*
 * thread.h - N loops on N threads: loop 0 in the calling thread, the others
 * in threads of their own with all signals blocked. Also side threads for
 * blocking work. Called from loop 0's thread.
 */
#ifndef WEIR_NET_THREAD_H
#define WEIR_NET_THREAD_H

#include "net/loop.h"

/* Makes loops 0..n-1, starts the threads of 1..n-1; setup runs on each. */
int	thread_start(unsigned n, void (*setup)(struct loop *), struct why *);
void	thread_stop(void);		/* stops loops 1..n-1 and joins */

/* work(arg) on a side thread, then done(arg) posted to 'home'. -1: refused. */
int	thread_side(struct loop *home, void (*work)(void *), void (*done)(void *), void *arg);

#endif
