/* SPDX-License-Identifier: ISC */
/*
 * arena.h - base/arena under the balancer's names, which it had when it was
 * the only one to use it. One thread.
 */
#ifndef WEIR_BALANCER_ARENA_H
#define WEIR_BALANCER_ARENA_H

#include "base/arena.h"

#define lb_arena	arena
#define lb_arena_new	arena_new
#define lb_arena_free	arena_free
#define lb_arena_escape	arena_escape
#define lb_arena_get	arena_get
#define lb_arena_copy	arena_copy
#define lb_arena_print	arena_print
#define lb_arena_add	arena_add
#define LB_LIST		ARENA_LIST

#endif
