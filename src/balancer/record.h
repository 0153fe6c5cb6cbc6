/* SPDX-License-Identifier: ISC */
/*
 * record.h - the log line of a session, written when it ends (or when it is
 * established, with logasap). On the session's loop.
 */
#ifndef WEIR_BALANCER_RECORD_H
#define WEIR_BALANCER_RECORD_H

#include "balancer/logformat.h"
#include "balancer/reasons.h"

/* end NULL: it goes on (logasap). */
void	lb_record_write(struct lb_session *, const struct lb_end *);
/* A format of the user's for it; how many bytes, NUL behind. */
size_t	lb_record_format(struct lb_session *, const struct lb_end *,
	    const struct lb_format *, char *to, size_t room);
/* Where there is no session: an alias of the process; 0 bytes: it is none. */
size_t	lb_record_alone(const struct lb_part *, char *to, size_t room);
/* The value of a part in the manner that its flags ask for. */
size_t	lb_record_wrap(const struct lb_part *, struct text value, char *to,
	    size_t room);
/* A connection that failed before it was a session: a PROXY header, TLS. */
void	lb_record_failure(struct lb_session *, const char *text);

#endif
