/* SPDX-License-Identifier: ISC */
/*
 * pipe.h - bytes both ways between the two ends of a session: forwarded as
 * they come, held back while the other end does not take them, half-closes
 * passed on. On the session's loop.
 */
#ifndef WEIR_BALANCER_PIPE_H
#define WEIR_BALANCER_PIPE_H

#include "balancer/flow.h"

/*
 * Set once, at start: what is called when a session in the pipe comes to its
 * end, and when its deadline may have come nearer.
 */
void	lb_pipe_init(void (*end)(struct lb_session *, const struct lb_end *),
	    void (*nearer)(struct lb_session *));

/*
 * Both ends are up: from here on the pipe hears of them. What the session
 * held goes to the server first.
 */
void	lb_pipe_start(struct lb_session *);

/*
 * Bytes of the server that another had held: they are sent, and the pipe
 * hears of the server from here on. And: the server has said all.
 */
void	lb_pipe_answer(struct lb_session *, struct text);
void	lb_pipe_answer_ended(struct lb_session *);

/* Seen from its time-outs: when must it end, and by which; 0: never. */
int64_t	lb_pipe_deadline(const struct lb_session *, const struct lb_end **);

/* The loop's counters hear of all bytes so far. */
void	lb_pipe_tell(struct lb_session *);
void	lb_pipe_tell_all(struct loop *);
/* Of a session that ends. */
void	lb_pipe_forget(struct lb_session *);

#endif
