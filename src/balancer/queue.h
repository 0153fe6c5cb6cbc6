/* SPDX-License-Identifier: ISC */
/*
 * queue.h - who gets a slot of a server now, and who waits in which line:
 * choosing and queueing in one place. All of it runs under the
 * proxy's lock, which these take and let go; who is granted later hears of
 * it on his own loop.
 */
#ifndef WEIR_BALANCER_QUEUE_H
#define WEIR_BALANCER_QUEUE_H

#include "balancer/balance.h"
#include "net/loop.h"

struct lb_waiter {		/* embedded in a session */
	struct lb_waiter *next, *prev;
	struct lb_proxy *proxy;
	struct lb_server *line;		/* whose; NULL: the backend's */
	struct lb_server *granted;	/* set before 'call' is posted */
	struct loop *loop;
	void (*call)(void *);		/* on that loop, with the waiter */
	int32_t priority_class;
	int64_t offset;			/* us, of a rule */
	int64_t since;			/* arrival + offset */
	bool waiting;			/* in a line */
	bool underway;			/* granted, the call is posted */
	unsigned ahead_server, ahead_backend;	/* when it came: sq, bq */
};

enum lb_seat {
	LB_SEAT_GRANTED,	/* w->granted: a slot of it is taken */
	LB_SEAT_WAITING,	/* the call comes */
	LB_SEAT_NONE		/* no server is usable */
};

/*
 * wanted: a server that it is bound to (use-server, stick, a retry), or NULL.
 * A wanted one that is full makes it wait in its line.
 */
enum lb_seat lb_queue_enter(struct lb_waiter *, struct lb_proxy *,
	    const struct lb_ask *, struct lb_server *wanted);
/* Leaves the line; false: it is not in one (was granted meanwhile). */
bool	lb_queue_leave(struct lb_waiter *);
/* Gives a slot back: whoever waits for it is granted. */
void	lb_queue_release(struct lb_proxy *, struct lb_server *);
/* Slots may have come up by a change of states, weights, limits. */
void	lb_queue_serve(struct lb_proxy *, int64_t now);
/*
 * Takes all out of a server's line and lets them choose anew; how many. For
 * a server that went down; left: how many still wait in the backend.
 */
unsigned lb_queue_spread(struct lb_server *, int64_t now, unsigned *left);

#endif
