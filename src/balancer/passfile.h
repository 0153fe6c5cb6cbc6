/* SPDX-License-Identifier: ISC */
/*
 * passfile.h - files with the passwords of checks that log in: lines of
 * host:port:database:user:password as ~/.pgpass has them ("*" is any, "\"
 * takes the next character as it is), or one password and nothing else. Read
 * before the rights go, kept in base/secret memory by the path. Loop 0.
 */
#ifndef WEIR_BALANCER_PASSFILE_H
#define WEIR_BALANCER_PASSFILE_H

#include "base/text.h"
#include "base/why.h"

struct lb_passfile_who {
	const char *host, *address;	/* as written; in numbers */
	const char *port, *database, *user;
};

/* -1: it cannot be read, or others than its owner may read it. Again: 0. */
int	lb_passfile_load(const char *path, struct why *);
/* The caller's, secret_drop it; NULL: none is there for them. */
char	*lb_passfile_find(const char *path, const struct lb_passfile_who *);
void	lb_passfile_fini(void);

/* The password that a text has for them: by the rules above. */
char	*lb_passfile_match(struct text, const struct lb_passfile_who *);

#endif
