/* SPDX-License-Identifier: ISC */
/*
 * fetch.h - HTTP by libcurl on the loop: one request, one answer, a time
 * limit over all of it. Names are asked of net/resolver first and given to
 * libcurl, which then starts no thread for them. A request belongs to its
 * asker until done() was called or wt_fetch_cancel(). Loop 0.
 */
#ifndef WEIR_WATCH_FETCH_H
#define WEIR_WATCH_FETCH_H

#include <stddef.h>

#include "base/text.h"
#include "net/loop.h"
#include "net/resolver.h"

struct wt_fetch;

struct wt_ask {			/* borrowed during the call; NULL: none */
	const char *url;
	const char *unix_path;		/* the request goes by this socket */
	const char *user, *password;
	const char *body;		/* POST; NULL: GET */
	size_t body_len;
	const char *const *headers;	/* ended by NULL */
	const char *ca_file, *cert_file, *key_file;
	bool tls_verify;
	int64_t connect_limit, limit;	/* us */
	size_t most;			/* of the answer's body */
	const char *proxy;		/* NULL: none */
};

enum wt_failure {
	WT_ANSWERED,			/* status and body are there */
	WT_TOO_LARGE,
	WT_TORN,			/* the body was not whole */
	WT_UNREACHED,			/* name, connection, TLS */
	WT_TIMED_OUT
};

struct wt_answer {
	enum wt_failure failure;
	const char *reason;		/* of the failure */
	int status;
	struct text body;
	bool framed;			/* by length or chunks */
	int64_t retry_after;		/* us; -1: not said */
	const char *node;		/* X-Weir-Node, or "" */
};

int	wt_fetch_init(struct loop *, struct resolver *, struct why *);
void	wt_fetch_fini(void);		/* cancels what is under way */

/* done() comes later, never inside this call. NULL: why. */
struct wt_fetch *wt_fetch_start(const struct wt_ask *,
	    void (*done)(void *arg, const struct wt_answer *), void *arg,
	    struct why *);
void	wt_fetch_cancel(struct wt_fetch **);

/* Of a header: seconds or a date; us from now, -1: neither. */
int64_t	wt_fetch_retry_after(struct text value, int64_t wall);

#endif
