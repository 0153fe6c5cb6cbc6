/* SPDX-License-Identifier: ISC */
/*
 * history.h - the last hour of what is shown: a few numbers of each row,
 * kept every 30 s while there is a statistics page to show them. Loop 0.
 */
#ifndef WEIR_BALANCER_HISTORY_H
#define WEIR_BALANCER_HISTORY_H

#include "balancer/rows.h"
#include "stat/sheet.h"

/* Starts to keep them; nothing, when nobody can see them. */
void	lb_history_start(struct loop *);
void	lb_history_fini(void);

struct lb_history_walk {	/* an answer that is being written */
	struct lb_rows rows;
	bool begun, any;
};

/* As JSON: {"proxy/Frontend":{"scur":[...],...},...}; false: that was all. */
bool	lb_history_step(struct lb_history_walk *, struct sheet *);

#endif
