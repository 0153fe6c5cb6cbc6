/* SPDX-License-Identifier: ISC */
/*
 * admin.h - the form of the statistics page: what is done to the servers
 * that it names. Loop 0.
 */
#ifndef WEIR_BALANCER_ADMIN_H
#define WEIR_BALANCER_ADMIN_H

#include "balancer/proxy.h"

struct lb_admin_act {
	const char *word;	/* of the form: "ready" */
	const char *text;	/* NULL: an old name, not offered any more */
	bool (*deed)(struct lb_server *);	/* false: it had no effect */
};
extern const struct lb_admin_act lb_admin_acts[];	/* ends with NULL */

/*
 * form: the body of the request. The outcome's word: DONE, NONE, PART, ERRP,
 * UNKN.
 */
const char *lb_admin_take(struct text form);
/* What such a word says to the user; NULL: nothing. bad: in red. */
const char *lb_admin_says(struct text word, bool *bad);

#endif
