/* SPDX-License-Identifier: ISC */
/*
 * janitor.h - what happens because time has passed: lifetimes, time-outs,
 * pool sizes, databases nobody uses; and what control.h has begun is carried
 * on. Three times a second, on loop 0. It acts through pool, client, server.
 */
#ifndef WEIR_POOLER_JANITOR_H
#define WEIR_POOLER_JANITOR_H

#include <stdint.h>

struct loop;

void	pl_janitor_start(struct loop *);
void	pl_janitor_stop(void);
/* One round; the timer's, and tests'. */
void	pl_janitor_tick(int64_t now);

#endif
