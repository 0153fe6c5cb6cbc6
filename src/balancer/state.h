/* SPDX-License-Identifier: ISC */
/*
 * state.h - the state of servers as lines of text: printed for "show servers
 * state", read again from a server-state file when the process starts. The
 * form is the original's; either reads what the other wrote. Loop 0.
 */
#ifndef WEIR_BALANCER_STATE_H
#define WEIR_BALANCER_STATE_H

#include "balancer/server.h"
#include "stat/sheet.h"

void	lb_state_head(struct sheet *);
void	lb_state_line(struct sheet *, const struct lb_server *, int64_t now);

#endif
