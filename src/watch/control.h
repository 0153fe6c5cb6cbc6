/* SPDX-License-Identifier: ISC */
/*
 * control.h - where the watcher answers: /metrics, /healthz and /status, on
 * the control socket and where metrics_listen says. What cannot be had is a
 * warning. Loop 0; wt_control_ask() in a process of its own.
 */
#ifndef WEIR_WATCH_CONTROL_H
#define WEIR_WATCH_CONTROL_H

#include "net/loop.h"
#include "watch/config.h"

/* The control socket and metrics_listen; one that fails is logged. */
void	wt_control_open(struct loop *, const struct wt_config *);
void	wt_control_close(void);

/* Where the socket is; the caller's. NULL: no memory. */
char	*wt_control_path(const struct wt_config *);
/* Asks the running one; the body is the caller's. -1: why. */
int	wt_control_ask(const char *socket, const char *page, char **body,
	    struct why *);

#endif
