/* SPDX-License-Identifier: ISC */
/*
 * finding.h - what a name in a configuration means: the first of that name in
 * the order of the file; NULL: there is none. The setup's. One thread.
 */
#ifndef WEIR_BALANCER_FINDING_H
#define WEIR_BALANCER_FINDING_H

#include "balancer/parse.h"

/* is: one of LB_IS_*. */
struct lb_proxy_conf *lb_finding_proxy(const struct lb_setup *, unsigned is,
	    const char *name);
/* NULL of no proxy, too. */
struct lb_server_conf *lb_finding_server(const struct lb_proxy_conf *,
	    const char *name);
/* "backend/server", or "server" of the own section; *missing: which of both. */
struct lb_server_conf *lb_finding_path(struct lb_parse *,
	    const struct lb_proxy_conf *own, const char *path,
	    const char **missing);
/* Without a name the proxy's own. */
struct lb_table_conf *lb_finding_table(const struct lb_setup *,
	    const struct lb_proxy_conf *own, const char *name);
struct lb_userlist_conf *lb_finding_userlist(const struct lb_setup *,
	    const char *name);

#endif
