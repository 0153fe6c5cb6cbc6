/* SPDX-License-Identifier: ISC */
/*
 * session.h - conducts a session from its arrival to its log line: rules,
 * backend, slot, attempts to connect, the pipe, the end. On its loop.
 */
#ifndef WEIR_BALANCER_SESSION_H
#define WEIR_BALANCER_SESSION_H

#include "balancer/reasons.h"

struct lb_arrival;

/* On each loop, at its start; before anything arrives. */
void	lb_session_init(struct loop *);
void	lb_session_fini(struct loop *);	/* ends all of that loop */

/*
 * Who answers in place of a proxy that forwards nothing (stats, monitor):
 * gets the client's connection, its bytes so far, and ends the session by
 * lb_session_end; forget is told of that end, whoever brings it. Set once,
 * at start.
 */
void	lb_session_on_answer(void (*)(struct lb_session *),
	    void (*forget)(struct lb_session *));
/* What a server in real traffic did: observe. Set once, at start. */
void	lb_session_on_attempt(void (*)(struct lb_server *, bool good));

void	lb_session_take(const struct lb_arrival *);
/* From anywhere on its loop, once. */
void	lb_session_end(struct lb_session *, const struct lb_end *);

/* Those of the calling loop, by number; what is NULL is skipped. */
unsigned lb_session_slots(const struct loop *);
struct lb_session *lb_session_at(const struct loop *, unsigned slot);

/*
 * Ends, on all loops, those for which 'is' says so. Loop 0; done may be
 * NULL.
 */
void	lb_session_end_all(bool (*is)(const struct lb_session *, void *arg),
	    void *arg, const struct lb_end *, void (*done)(void *arg));

#endif
