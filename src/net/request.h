/* SPDX-License-Identifier: ISC */
/*
 * request.h - an HTTP/1 request as it stands in a buffer: read strictly, cut
 * into slices of that buffer, and what its fields say. Pure; any thread.
 */
#ifndef WEIR_NET_REQUEST_H
#define WEIR_NET_REQUEST_H

#include <stdint.h>

#include "base/text.h"

struct request {
	struct text method, target;	/* as sent */
	struct text local;		/* path and query, of the target */
	struct text path, query;	/* query without its '?' */
	struct text fields;		/* lines, each with its CRLF */
	unsigned minor;			/* HTTP/1.x */
	size_t head_len;		/* up to the empty line and with it */
	size_t body_len;		/* announced */
	bool stays;			/* the connection, as far as it says */
	bool waits;			/* for 100-continue before its body */
};

/* 0: more is needed; 200; else the status to refuse it with. */
int	request_read(struct text all, struct request *);

/* The n-th value (from 0) of a field; names in any case. */
bool	request_field(const struct request *, const char *name, unsigned n,
	    struct text *value);
/* User and password of Basic authorization, into room; false: none. */
bool	request_basic(const struct request *, char *room, size_t len,
	    struct text *user, struct text *password);

/*
 * The next "name=value" of a form or query; %XX and + are undone in place,
 * so 'rest' must be the caller's own memory. False: none is left.
 */
bool	request_pair(char **rest, struct text *name, struct text *value);

#endif
