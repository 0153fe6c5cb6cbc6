/* SPDX-License-Identifier: ISC */
/*
 * page.h - the statistics as a page for people: one table a proxy, whole
 * without a script, written in slices. Loop 0.
 */
#ifndef WEIR_BALANCER_PAGE_H
#define WEIR_BALANCER_PAGE_H

#include "balancer/info.h"
#include "balancer/rows.h"
#include "stat/sheet.h"

struct lb_page {		/* one that is being written */
	struct lb_rows rows;
	const struct lb_proxy_conf *asker;
	struct lb_info info;
	bool admin;		/* with forms */
	bool no_refresh;
	char outcome[8];	/* of the form that was sent: "DONE"; or "" */
	char scope[64];		/* rows.scope lies here */

	bool begun, ended;
	unsigned open;		/* id of the proxy whose table is open; 0 */
	bool form;		/* and it has a form */
};

/* A few rows more; false: that was all. */
bool	lb_page_step(struct lb_page *, struct sheet *);

#endif
