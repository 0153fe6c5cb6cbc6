/* SPDX-License-Identifier: ISC */
/*
 * http.h - a strict and small answerer of HTTP/1 requests, for status pages:
 * GET and HEAD, one request a connection, a head of at most 16 KiB within
 * 10 s, no bodies. The page is made by the owner's function while it is
 * asked for, or in slices. One loop's thread.
 */
#ifndef WEIR_NET_HTTP_H
#define WEIR_NET_HTTP_H

#include "base/address.h"
#include "net/loop.h"

struct http;

struct http_page {
	int status;			/* 200 unless changed */
	const char *type;		/* "text/plain; charset=utf-8" */
	char *body;			/* mem_drop()ed by the answerer; NULL: empty */
	bool later;			/* nothing is said now, see http_answer */
	/*
	 * Instead of a body: the next slice of one, good until the next call.
	 * 1: there is more; 0: that was the last; -1: it breaks off. The loop turns in between, and waits for
	 * a client that is slow. forget: it is over, however it ended.
	 */
	int (*more)(void *part, struct text *slice);
	void (*forget)(void *part);
	void *part;
};

/* Listens; a unix socket left behind by nobody is removed. NULL: why. */
struct http *http_open(struct loop *, const struct address *,
	    void (*serve)(void *arg, struct text path, struct http_page *),
	    void *arg, struct why *);
/* One page for all whose serve() said 'later'; the body stays the caller's. */
void	http_answer(struct http *, const struct http_page *);
void	http_close(struct http **);	/* with all its connections */
unsigned http_count(const struct http *);	/* connections */

#endif
