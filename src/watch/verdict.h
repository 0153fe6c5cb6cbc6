/* SPDX-License-Identifier: ISC */
/*
 * verdict.h - what a receiver's answer means for the message that was sent:
 * the table of answers. Pure; loop 0.
 */
#ifndef WEIR_WATCH_VERDICT_H
#define WEIR_WATCH_VERDICT_H

#include "watch/fetch.h"

enum wt_verdict {
	WT_DELIVERED,
	WT_TOO_FAST,		/* the receiver pauses */
	WT_PASSING,		/* again, later and later */
	WT_BAD_MESSAGE,		/* once more as plain text, then set aside */
	WT_BAD_RECEIVER		/* kept; tried every 10 minutes */
};

/* pause: us; of WT_TOO_FAST, or asked for with WT_PASSING (else 0). */
enum wt_verdict wt_verdict_of(const struct wt_answer *, int64_t *pause);
/* "404 no_service", "connection refused"; control bytes replaced. */
const char *wt_verdict_reason(const struct wt_answer *, char to[128]);
/* 1 s, 2, 4 ... 60 s, each a fifth more or less by chance (0..99). */
int64_t	wt_verdict_backoff(unsigned tries, unsigned chance);

#endif
