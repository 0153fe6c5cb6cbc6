/* SPDX-License-Identifier: ISC */
/*
 * fates.h - what rules have attached to a session: the table entries that
 * count it, its variables, what is to be stored once a server was reached.
 * Most sessions have none of it and pay nothing. The session's, on its loop.
 */
#ifndef WEIR_BALANCER_FATES_H
#define WEIR_BALANCER_FATES_H

#include "balancer/flow.h"

enum { LB_FATES_TRACKS = 12 };	/* sc0 to sc11 */

struct lb_lookup;
struct lb_rule;
struct lb_table;
struct lb_entry;
struct lb_variable;

struct lb_track {
	struct lb_table *table;
	struct lb_entry *entry;		/* NULL: nothing is tracked here */
};

struct lb_promise {			/* stick store-request: a key to keep */
	struct lb_promise *next;
	struct lb_table *table;
	size_t len;
	char key[];
};

struct lb_capture {			/* for the log */
	struct lb_capture *next;
	size_t len;
	char text[];
};

struct lb_fates {
	struct lb_track tracks[LB_FATES_TRACKS];
	struct lb_promise *promises;
	struct lb_variable *variables;
	struct lb_capture *captures;	/* in the order of their rules */
	struct lb_hold *header;		/* PROXY, when it told more */
	struct lb_hold *answer;		/* of the server, while it is judged */
	const struct lb_rule *asking;	/* a do-resolve rule that waits, or */
	struct lb_lookup *lookup;	/* (NULL) has been told */
	struct endpoint found;		/* what; family 0: nothing */
	int mark, tos;			/* towards the server; -1: not set */
};

/* The session's, made when it has none; NULL: no memory. */
struct lb_fates *lb_fates_get(struct lb_session *);
void	lb_fates_promise(struct lb_session *, struct lb_table *,
	    struct text key);
void	lb_fates_capture(struct lb_session *, struct text);
/* What is in it was ended before, but for promises and captures. */
void	lb_fates_drop(struct lb_session *);

#endif
