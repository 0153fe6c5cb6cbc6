/* SPDX-License-Identifier: ISC */
/*
 * legacy.h - what a process leaves to its successor beside sockets: the state
 * and the weight of servers, counters, stick tables; as text, by name, so
 * that either may be another version with another configuration. What is
 * not known, or no longer the same server, is left out. Loop 0.
 */
#ifndef WEIR_BALANCER_LEGACY_H
#define WEIR_BALANCER_LEGACY_H

#include <stdio.h>

#include "base/text.h"
#include "base/why.h"

#define LB_LEGACY_FIRST	"weir-legacy 1\n"	/* its first line */

/* All but the tables (lb_tables_export), which go behind it. */
void	lb_legacy_write(FILE *);
/* Before anything is served and checked; false: it is not such a text. */
bool	lb_legacy_read(struct text);

/*
 * Asks a predecessor, if it is one of ours, over a connection to its runtime
 * socket (closed here), and takes what it says. Blocks; start only. -1: why,
 * also when it is another program.
 */
int	lb_legacy_fetch(int fd, struct why *);

#endif
