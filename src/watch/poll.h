/* SPDX-License-Identifier: ISC */
/*
 * poll.h - one look at one source: which requests that takes, until there is
 * a page or a reason why there is none. Loop 0.
 */
#ifndef WEIR_WATCH_POLL_H
#define WEIR_WATCH_POLL_H

#include "watch/change.h"
#include "watch/fetch.h"

struct wt_poll;

struct wt_polled {		/* valid during the call */
	struct wt_page *page;	/* NULL: there is none */
	const char *reason;
	struct wt_answerer answerer;
};

/* done() comes later, never inside this call. NULL: why. */
struct wt_poll *wt_poll_start(struct loop *, const struct wt_source_row *,
	    const struct wt_settings *, void (*done)(void *arg,
	    const struct wt_polled *), void *arg, struct why *);
void	wt_poll_cancel(struct wt_poll **);

/* "node: lb1", "Pid: 7", "Uptime_sec: 30" of show info; pure. */
void	wt_poll_read_info(struct text, struct wt_answerer *, char node[WT_NODE]);

#endif
