/* SPDX-License-Identifier: ISC */
/*
 * watchdog.h - a loop that uses the processor for seconds without ending
 * its turn is stuck: its backtrace is written and the process aborts, so
 * that the supervisor starts a new one. Measured on the CPU clock of the
 * loop's thread, so a stopped process or a paused machine is never killed.
 * On the loop's own thread.
 */
#ifndef WEIR_PROC_WATCHDOG_H
#define WEIR_PROC_WATCHDOG_H

#include <stdint.h>

#include "net/loop.h"

enum { WATCHDOG_USUAL = 5 };		/* seconds of CPU */

/* Watches the loop of the calling thread. */
int	watchdog_start(struct loop *, int seconds, struct why *);
void	watchdog_stop(void);

#endif
