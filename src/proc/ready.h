/* SPDX-License-Identifier: ISC */
/*
 * ready.h - what the service manager hears: the notify protocol of systemd,
 * spoken directly (one datagram a message). All are silent when nobody
 * listens ($NOTIFY_SOCKET is not set). Loop 0.
 */
#ifndef WEIR_PROC_READY_H
#define WEIR_PROC_READY_H

#include <stdbool.h>

#include "net/loop.h"

void	ready_init(void);		/* reads the environment and cleans it */
bool	ready_heard(void);		/* is there somebody to tell? */
void	ready_up(void);			/* READY=1 */
void	ready_reloading(void);		/* RELOADING=1 and MONOTONIC_USEC */
void	ready_stopping(void);		/* STOPPING=1 */
void	ready_status(const char *text);	/* STATUS=text */
void	ready_say(const char *text);	/* a message in its own words */
/* $WATCHDOG_USEC is set: WATCHDOG=1 twice in that time. */
void	ready_beat(struct loop *);
void	ready_fini(void);

#endif
