/* SPDX-License-Identifier: ISC */
/*
 * place.h - a reload that keeps the worker: the master sends the outline of
 * what it has read (outline.h), it is compared with that of what is served,
 * all that would follow is prepared and checked, and only then, while all
 * loops stand still, it is done. Where something stands in the way nothing
 * is changed, and the master hears what it is. Loop 0.
 */
#ifndef WEIR_BALANCER_PLACE_H
#define WEIR_BALANCER_PLACE_H

#include "net/loop.h"

enum { LB_PLACE_LETTER = 'P' };		/* of the master's connection */
#define LB_PLACE_DONE	"done: "	/* else it is a reason, or */
/*
 * certificates that it needs, a path a line: it is to be asked again, with
 * "pem" behind the outline, and behind that "PATH LENGTH\n" and the bytes of
 * each.
 */
#define LB_PLACE_NEED	"need:\n"
#define LB_PLACE_PEM	"pem\n"
enum { LB_PLACE_ANSWER = 64 * 1024 };	/* bytes, with a NUL */

/*
 * outline: of what is served; taken. maxconn: of proxies that have none of
 * their own, 0: the process's.
 */
void	lb_place_init(struct loop *, char *outline, unsigned maxconn);
void	lb_place_fini(void);
/* The master's connection; taken. */
void	lb_place_take(int fd);

#endif
