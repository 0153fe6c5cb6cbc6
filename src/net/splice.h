/* SPDX-License-Identifier: ISC */
/*
 * splice.h - bulk that passes from one plain stream to another inside the
 * kernel, through a pipe, without being seen. Private to net/conn, which
 * calls these where it would read or send; both ends are of one loop. Only
 * the counts are for everybody.
 *
 * A splice belongs to its two ends. While the pipe holds something the one it
 * goes to counts as full (CONN_STASHED), so whoever holds the source for a
 * stash holds it for this too.
 */
#ifndef WEIR_NET_SPLICE_H
#define WEIR_NET_SPLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/engine.h"

struct conn;
struct pipes;
struct splice;

/* -1: no pipe can be had, or too many are in use: go on copying. */
int	splice_begin(struct conn *from, struct conn *to);
struct conn *splice_target(const struct conn *from);	/* NULL: gone */
/*
 * Moves what waits, into an empty pipe. ENGINE_DATA: *moved bytes left the source; errno of
 * ENGINE_ERROR is the source's. *over: it is bulk no more: splice_end.
 */
enum engine_got splice_in(struct conn *from, size_t *moved, bool *over);
/* The rest of the pipe; -1: errno tells, EAGAIN when there is no room. */
int	splice_out(struct conn *to);
/* The source goes its own ways again; what the pipe holds still goes. */
void	splice_end(struct conn *from);
/* Either end is gone for good. */
void	splice_leave(struct conn *);

/* The pipes of a loop that nobody uses now. */
void	splice_close_all(struct pipes **);

struct splice_counts {		/* of all loops */
	uint64_t used, spare;	/* pipes */
	uint64_t bytes;		/* that left a pipe, since the start */
};
struct splice_counts splice_count(void);	/* any thread */

#endif
