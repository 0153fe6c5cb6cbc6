/* SPDX-License-Identifier: ISC */
/*
 * visit.h - a client of a proxy that answers itself: its requests, one after
 * the other, and the answers, long ones in slices between which the loop
 * turns. What is answered is another's matter (status.c). All on loop 0,
 * where such clients are dealt; a visit belongs to its session.
 */
#ifndef WEIR_BALANCER_VISIT_H
#define WEIR_BALANCER_VISIT_H

#include "balancer/flow.h"
#include "net/request.h"
#include "stat/sheet.h"

struct lb_reply {
	int status;
	const char *type;	/* content-type; NULL: none */
	struct sheet head;	/* more header lines, each with its CRLF */
	struct sheet body;	/* all of it, unless 'more' is there */
	/* A little more of a long body; false: that was the last. */
	bool (*more)(void *part, struct sheet *);
	void *part;		/* mem_drop()ped at the end */
	int64_t delay;		/* us before it is sent: tarpit */
	bool closes;		/* the connection ends with it */
	bool silent;		/* nothing is sent, it just ends */
	bool counted;		/* it was a request to the program itself */
};

/* On loop 0, once; before anything arrives. */
void	lb_visit_init(void (*decide)(struct lb_session *,
	    const struct request *, struct text body, struct lb_reply *));
/* A session that is to be answered. */
void	lb_visit_begin(struct lb_session *);
/* It ends: by itself, or from anywhere. */
void	lb_visit_forget(struct lb_session *);

/* The text of a status, as the original has it, as an HTML body. */
void	lb_visit_refuse(struct lb_reply *, int status);

#endif
