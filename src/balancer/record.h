/* SPDX-License-Identifier: ISC */
/*
 * record.h - the log line of a session, written when it ends (or when it is
 * established, with logasap). On the session's loop.
 */
#ifndef WEIR_BALANCER_RECORD_H
#define WEIR_BALANCER_RECORD_H

#include "balancer/reasons.h"

/* end NULL: it goes on (logasap). */
void	lb_record_write(struct lb_session *, const struct lb_end *);
/* A format of the user's for it; how many bytes, NUL behind. */
size_t	lb_record_format(struct lb_session *, const struct lb_end *,
	    const struct lb_format *, char *to, size_t room);
/* A connection that failed before it was a session: a PROXY header, TLS. */
void	lb_record_failure(struct lb_session *, const char *text);

#endif
