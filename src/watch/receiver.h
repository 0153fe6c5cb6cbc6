/* SPDX-License-Identifier: ISC */
/*
 * receiver.h - a kind of receiver: how a message becomes a request, and what
 * the answer means. One variant a file; receivers.c is the table. Pure but
 * for the threads that receiver_slack remembers; loop 0.
 */
#ifndef WEIR_WATCH_RECEIVER_H
#define WEIR_WATCH_RECEIVER_H

#include <jansson.h>

#include "watch/message.h"
#include "watch/verdict.h"

enum { WT_HEADERS = 8, WT_HEADER = 512 };

struct wt_request {
	char *url, *body;		/* mem_drop */
	char header[WT_HEADERS][WT_HEADER];
	unsigned headers;
};

struct wt_receiver {
	const char *name;
	bool single;		/* one event a request */
	bool once;		/* a refused message is not sent as plain text */
	/* 0: here it is; 1: nothing to send, it counts as delivered; -1: why. */
	int	(*form)(struct wt_request *, const struct wt_message *,
		    struct why *);
	/* NULL: wt_verdict_of(). */
	enum wt_verdict (*judge)(const struct wt_answer *, int64_t *pause);
	/*
	 * Optional, after a delivery: a further request that keeps what was
	 * sent before up to date (0), or none (1). Its failure is logged.
	 */
	int	(*more)(struct wt_request *, const struct wt_message *,
		    const struct wt_answer *);
};

void	wt_request_header(struct wt_request *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* Takes the JSON; sets its content type. -1: no memory. */
int	wt_request_json(struct wt_request *, const char *url, json_t *,
	    struct why *);
void	wt_request_fini(struct wt_request *);
/* A JSON text, whatever bytes it has. */
json_t	*wt_request_text(const char *);

#endif
