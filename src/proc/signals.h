/* SPDX-License-Identifier: ISC */
/*
 * signals.h - signals become events of loop 0, where a handler may do
 * anything. Other threads have all signals blocked. Loop 0.
 */
#ifndef WEIR_PROC_SIGNALS_H
#define WEIR_PROC_SIGNALS_H

#include "net/loop.h"

int	signals_watch(struct loop *, int number, void (*on)(void), struct why *);
void	signals_end(void);	/* back to what they were; before the loop goes */
void	signals_ignore_pipe(void);

#endif
