/* SPDX-License-Identifier: ISC */
/*
 * state.h - the state of servers as lines of text: printed for "show servers
 * state", and written so by whoever keeps it in a file (state_file.h reads that
 * again). The form is the original's. Loop 0.
 */
#ifndef WEIR_BALANCER_STATE_H
#define WEIR_BALANCER_STATE_H

#include "balancer/server.h"
#include "stat/sheet.h"

void	lb_state_head(struct sheet *);	/* version and names of the fields */
/* One server; now: monotonic us. */
void	lb_state_line(struct sheet *, const struct lb_server *, int64_t now);

#endif
