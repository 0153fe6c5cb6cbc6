/* SPDX-License-Identifier: ISC */
/*
 * janitor.h - what happens because time has passed: lifetimes, time-outs,
 * pool sizes, databases nobody uses, the end of a shutdown. Three times a
 * second, on loop 0. It acts only through pool, client and server.
 */
#ifndef WEIR_POOLER_JANITOR_H
#define WEIR_POOLER_JANITOR_H

#include <stdint.h>

struct loop;

void	pl_janitor_start(struct loop *);
void	pl_janitor_stop(void);
/* The rows of [users] are others now. After each reload. */
void	pl_janitor_refresh(void);
/* One round; the timer's, and tests'. */
void	pl_janitor_tick(int64_t now);

/* Set by main: a graceful shutdown has nothing left to wait for. */
extern void (*pl_janitor_exit)(void);

#endif
