/* SPDX-License-Identifier: ISC */
/*
 * janitor.h - what happens because time has passed: lifetimes, time-outs,
 * pool sizes, databases nobody uses; and what control.h has begun is carried
 * on. Three times a second, on each loop for those who live on it, and on
 * loop 0 for what exists once. It acts through pool, client, server.
 */
#ifndef WEIR_POOLER_JANITOR_H
#define WEIR_POOLER_JANITOR_H

#include <stdint.h>

struct loop;

void	pl_janitor_start(struct loop *home);	/* the rounds of all loops */
void	pl_janitor_stop(void);			/* loop 0's: the others end with their loops */
/* One round of the calling loop; the timer's, and tests'. */
void	pl_janitor_tick(int64_t now);

#endif
