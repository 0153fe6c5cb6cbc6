/* SPDX-License-Identifier: ISC */
/*
 * config.h - how named texts (haproxy.cfg and what it is made of) become a
 * struct lb_setup. Reading has no effect on the process: files that the texts
 * name are asked for through the source. All errors are told in one go. The
 * setup belongs to the caller. Any one thread.
 */
#ifndef WEIR_BALANCER_CONFIG_H
#define WEIR_BALANCER_CONFIG_H

#include "balancer/report.h"
#include "balancer/settings.h"

struct lb_config_text {
	const char *name;		/* as the user named it */
	struct text text;
};

struct lb_config_source {
	const struct lb_config_text *texts;	/* in order: one configuration */
	unsigned count;
	void *arg;			/* of the functions */
	/*
	 * A file that a text names (values of an acl, an error page, a
	 * userlist, a crt-list): the bytes, good until the reading is over.
	 * -1: why->line is the system's text. NULL: there are no files.
	 */
	int (*fetch)(void *arg, const char *path, struct text *,
	    struct why *);
	/*
	 * A host name to an address (family: AF_INET, AF_INET6, AF_UNSPEC).
	 * -1: there is none. NULL: names stay unresolved, without a word.
	 */
	int (*resolve)(void *arg, const char *name, int family,
	    struct address *);
	/* The environment: NULL when not set. NULL: an empty one. */
	const char *(*getenv)(void *arg, const char *name);
	/* setenv, unsetenv (value NULL) of the global section; may be NULL. */
	void (*setenv)(void *arg, const char *name, const char *value);
	bool names_may_fail;		/* -dr */
	const char *localpeer;		/* -L, or NULL */
};

/*
 * NULL: refused, or out of memory (told too). Everything that there is to
 * tell goes to report, in order.
 */
struct lb_setup *lb_config_read(const struct lb_config_source *,
	    struct lb_report *);
void	lb_config_free(struct lb_setup **);

struct lb_proxy_conf *lb_config_frontend(const struct lb_setup *,
	    const char *name);		/* or NULL */
struct lb_proxy_conf *lb_config_backend(const struct lb_setup *,
	    const char *name);		/* or NULL */
struct lb_server_conf *lb_config_server(const struct lb_proxy_conf *,
	    const char *name);		/* or NULL */

#endif
