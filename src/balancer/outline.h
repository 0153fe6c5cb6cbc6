/* SPDX-License-Identifier: ISC */
/*
 * outline.h - a setup as text, made to be compared with the setup of a
 * process that runs: first what must be the same for it to go on, line by
 * line, with digests of all files that were read; behind the line "loose"
 * what may change while it runs: numbers of the process, of proxies and of
 * their servers, and certificates; one object a line, parts parted by tabs.
 * First thread.
 */
#ifndef WEIR_BALANCER_OUTLINE_H
#define WEIR_BALANCER_OUTLINE_H

#include "balancer/files.h"
#include "balancer/settings.h"

#define LB_OUTLINE_LOOSE	"loose\n"

enum lb_outline_kind { LB_OUTLINE_INT, LB_OUTLINE_BOOL, LB_OUTLINE_TIME,
	LB_OUTLINE_BITS };

struct lb_outline_field {	/* a number that may change */
	const char *name;	/* NULL ends a table */
	enum lb_outline_kind kind;
	size_t at;		/* in the struct of the setup */
};
extern const struct lb_outline_field lb_outline_global[],
    lb_outline_proxy[], lb_outline_server[];

/*
 * "global\tNUMBERS", "cert\tPATH\tDIGESTS", "proxy\tNAME\tNUMBERS", behind each proxy its
 * servers: "server\tPROXY\tNAME\tWHO\tNUMBERS\tWORDS". WHO is what makes it
 * another server, WORDS make the same line for a server at run time ("!" and
 * a reason: it cannot be made so). NULL: no memory.
 */
char	*lb_outline_print(const struct lb_setup *, const struct lb_files *);
/* A certificate's file and that of its key, one behind the other. */
int	lb_outline_cert(const char *path, struct text *to, struct why *);

/* Is it what such a WHO says, as far as numbers and addresses tell? */
bool	lb_outline_is(const struct lb_server_conf *, struct text who);

/* Numbers of a line: the next, into the field of an object. */
void	lb_outline_store(const struct lb_outline_field *, void *object,
	    int64_t value);
int64_t	lb_outline_load(const struct lb_outline_field *, const void *object);

#endif
